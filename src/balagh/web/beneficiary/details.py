"""«تفاصيل الطلب»: one report, who has it and until when, its story, what was filed."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from litestar import Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from markupsafe import Markup

from balagh.directory.lookup import catalogue, forget
from balagh.i18n import grouped, isolate
from balagh.reports import behalf, deadlines, inboxes, numbers, ratings, surveys, timeline
from balagh.reports.behalf import Behalf
from balagh.reports.choices import Choices
from balagh.reports.fields import NOT_LISTED, Situation
from balagh.reports.inboxes import Happening, WholeReport
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import STATE_TEXT, State
from balagh.web import views
from balagh.web.beneficiary.telling import Teller, agency_of, teller_of, verdict
from balagh.web.beneficiary.visits import person_id
from balagh.web.page import AnyRequest, render


class ClockView(msgspec.Struct, frozen=True):
    """Who holds the clock now, until which day, and how much of it is left."""

    holder: str
    due_label: str
    due_on: date
    remaining: str


class SurveyView(msgspec.Struct, frozen=True):
    """``done``: answered already; ``url`` leads to changing it."""

    text: str
    url: str
    done: str


class MomentView(msgspec.Struct, frozen=True):
    title: str
    when_text: str
    text: Markup
    current: bool


@get("/reports/{number:str}")
async def details(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """One report: who has it and until when, its story, what was filed."""
    person = person_id(request)
    report = await inboxes.report_of(person, numbers.parse(number) or "")
    if report is None:
        raise NotFoundException
    teller = await teller_of(request)
    language = teller.language
    files = await inboxes.files_of(report.id)
    agency = agency_of(report, language)
    ended = report.state in timeline.ENDED
    return render(
        request,
        "beneficiary/report.html",
        state=report.state.value,
        state_text=language.text(STATE_TEXT[report.state]),
        title=report.title,
        report_url=f"/reports/{report.number}",
        subtitle=language.markup(
            "{kind} no. {number}",
            kind=language.text(KINDS[report.kind].name),
            number=isolate(grouped(report.number)),
        ),
        clock=None if ended else _clock(report, agency, teller),
        timeline=_moments(await inboxes.happenings(report.id), agency, teller, ended=ended),
        rows=await _rows(report, teller),
        files=[views.file_view(file, language) for file in files],
        answer=report.answer if report.state is State.CLOSED else None,
        verdict=verdict(report.outcome, report.promised_on, language),
        surveys=await _surveys(report, teller),
    )


def _clock(report: WholeReport, agency: str, teller: Teller) -> ClockView:
    language = teller.language
    holder = language.text(timeline.holder(report.state, agency))
    if report.state is State.MISSING_DATA and report.data_due_at:
        due = report.data_due_at
        left = f"{language.time(due, teller.zone)} · {teller.hours(due)}"
        day = due.astimezone(teller.zone).date()
        return ClockView(holder, language.text("Complete it by"), day, left)
    return ClockView(
        holder,
        language.text("Answer by the end of"),
        deadlines.due_day(report.due_at, teller.zone),
        teller.until(report.due_at),
    )


async def _surveys(report: WholeReport, teller: Teller) -> list[SurveyView]:
    """What can be rated now, and what was."""
    open_now = [
        surveys.SURVEYS[code]
        for code in surveys.after(report.state)
        if surveys.may_rate(code, report.state, report.ended_at, teller.now)
    ]
    found = await ratings.ratings_of(report.id) if open_now else {}
    text = teller.language.text
    return [
        SurveyView(
            text(survey.invitation),
            f"/reports/{report.number}/rating/{survey.code}",
            done=text(
                "{survey}: you rated it {score} of 5.",
                survey=text(survey.name),
                score=found[survey.code].score,
            )
            if survey.code in found
            else "",
        )
        for survey in open_now
    ]


def _moments(
    happenings: Sequence[Happening], agency: str, teller: Teller, *, ended: bool
) -> list[MomentView]:
    language = teller.language
    comma = language.text(", ")
    found = []
    for place, happening in enumerate(happenings):
        told = timeline.telling(happening.action, happening.to_state)
        filled = timeline.values(json.loads(happening.data), agency, comma)
        found.append(
            MomentView(
                language.text(told.title),
                teller.when(happening.at),
                language.markup(told.text, **filled),
                current=place == 0 and not ended,
            )
        )
    return found


async def _rows(report: WholeReport, teller: Teller) -> list[views.RowView]:
    """What was filed, by the same declaration that asked for it."""
    known = await catalogue(teller.now)
    if report.agency_id not in known.agencies or report.service_id not in (None, *known.services):
        # Filed through another process, which has seen the newest catalogue already.
        forget()
        known = await catalogue(teller.now)
    choices = Choices(known, teller.language.code)
    kind = KINDS[report.kind]
    values: dict[str, Any] = {
        name: getattr(report, name)
        for name in ("ground", "matter", "reference", "filed_on", "response_days", "closed_on")
    }
    values |= {
        "service": NOT_LISTED,
        "service_name": report.service_name,
        "title": report.title,
        "description": report.description,
    }
    values["agency"] = known.agencies[report.agency_id]
    if report.platform_id is not None:
        values["platform"] = known.platforms[report.platform_id]
    if report.service_id is not None:
        values["service"] = known.services[report.service_id]
    if report.delivery_channel is not None:
        values["delivery_channel"] = choices.channel(report.delivery_channel)
    if report.still_happening is not None:
        values["still_happening"] = "yes" if report.still_happening else "no"
    answers = {"ground": report.ground or ""}
    situation = Situation(today=teller.now.astimezone(teller.zone).date(), directory=choices)
    rows = [
        row
        for step in kind.steps
        if step.shown(answers, situation)
        for row in views.answer_rows(step, answers, values, teller.language)
    ]
    return [*rows, *_behalf_rows(report, teller)]


def _behalf_rows(report: WholeReport, teller: Teller) -> list[views.RowView]:
    whom = Behalf(
        account_type=report.account_type,
        name=report.organisation_name,
        number=report.organisation_number,
    )
    if not whom.organisation:
        return []
    return views.field_rows(behalf.FIELDS, whom.values(), teller.language)


router = Router("/", route_handlers=[details])
