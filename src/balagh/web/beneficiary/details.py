"""«تفاصيل الطلب»: one report, who has it and until when, its story, what was filed."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from litestar import Response, Router, get
from litestar.params import FromPath
from markupsafe import Markup

from balagh.directory.lookup import catalogue, forget
from balagh.i18n import N_, Language
from balagh.reports import behalf, deadlines, inboxes, ratings, surveys, timeline
from balagh.reports.allowed import allowed
from balagh.reports.behalf import Behalf
from balagh.reports.choices import Choices
from balagh.reports.fields import NOT_LISTED, Situation
from balagh.reports.inboxes import Happening, ReportFile, WholeReport
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import STATE_TEXT, Action, Role, State
from balagh.web import views
from balagh.web.beneficiary.own import own_report, subtitle
from balagh.web.beneficiary.telling import agency_of
from balagh.web.page import AnyRequest, render
from balagh.web.telling import Teller, teller_of


class ClockView(msgspec.Struct, frozen=True):
    """Who holds the clock now, until which day, and how much of it is left; ``counted``: how that
    day comes about, and ``since``: after which."""

    holder: str
    due_label: str
    due_on: date
    remaining: str
    since: date | None = None
    counted: list[str] = []


class SurveyView(msgspec.Struct, frozen=True):
    """``done``: answered already; ``url`` leads to changing it."""

    text: str
    url: str
    done: str


class SaidView(msgspec.Struct, frozen=True):
    label: str
    text: str


class MomentView(msgspec.Struct, frozen=True):
    """``said``: in the person's own words; ``files``: that came with it."""

    title: str
    when_text: str
    text: Markup
    current: bool
    said: list[SaidView]
    files: list[views.FileView]


class AnswerView(msgspec.Struct, frozen=True):
    """``promised_on``: until when an accepted request becomes real."""

    heading: str
    text: str
    kind: str
    promised_on: date | None


class ActionView(msgspec.Struct, frozen=True):
    """``note``: until when, where there is an end."""

    url: str
    text: str
    note: str = ""


# What a beneficiary does themselves, and where.
_ACTIONS = {
    Action.UPDATE: ("update", N_("Update the request")),
    Action.REQUEST_REOPENING: ("reopening", N_("Ask for reopening")),
    Action.CANCEL: ("cancellation", N_("Cancel the report")),
}
_ANSWERS = {
    "solved": (N_("The agency's answer"), "ok"),
    "accepted": (N_("The agency accepted the request"), "ok"),
    "refused": (N_("The agency refused the request. Its reasons:"), "wa"),
}
# For so long the page says once more what the person has just done.
_JUST = timedelta(minutes=30)


@get("/reports/{number:str}")
async def details(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """One report: who has it and until when, its story, what was filed."""
    report = await own_report(request, number)
    teller = await teller_of(request)
    language = teller.language
    files = await inboxes.files_of(report.id)
    agency = agency_of(report, language)
    ended = report.state in timeline.ENDED
    actions = _actions(report, teller)
    return render(
        request,
        "beneficiary/report.html",
        state=report.state.value,
        state_text=language.text(STATE_TEXT[report.state]),
        title=report.title,
        report_url=f"/reports/{report.number}",
        subtitle=subtitle(report, teller),
        just_done=_just_done(report, agency, teller),
        missing=report.missing,
        update=actions.get(Action.UPDATE),
        reopening=actions.get(Action.REQUEST_REOPENING),
        cancellation=actions.get(Action.CANCEL),
        clock=None if ended else _clock(report, agency, teller),
        timeline=_moments(await inboxes.happenings(report.id), files, agency, teller, ended=ended),
        rows=await _rows(report, teller),
        files=[views.file_view(file, language) for file in files if file.event_id is None],
        answer=_answer(report, language),
        surveys=await _surveys(report, teller),
    )


def _actions(report: WholeReport, teller: Teller) -> dict[Action, ActionView]:
    """What the life cycle lets the person do now."""
    language = teller.language
    found = {}
    for action in allowed(report, Role.BENEFICIARY, teller.now):
        slug, text = _ACTIONS[action]
        note = ""
        if action is Action.REQUEST_REOPENING and report.reopen_until:
            day = report.reopen_until.astimezone(teller.zone).date()
            note = language.text(
                "If the problem is still there, you may ask for reopening until {day}.",
                day=language.date(day),
            )
        url = f"/reports/{report.number}/{slug}"
        found[action] = ActionView(url, language.text(text), note)
    return found


def _just_done(report: WholeReport, agency: str, teller: Teller) -> str:
    """What the person did a moment ago, and what comes of it."""
    led, language = report.led, teller.language
    if led is None or led.actor != "beneficiary" or teller.now - led.at > _JUST:
        return ""
    if led.action == Action.UPDATE:
        return language.text(
            "Thank you. The report went back to {holder}, and you will have an answer by {day}.",
            holder=language.text(timeline.holder(report.state, agency)),
            day=language.date(deadlines.due_day(report.due_at, teller.zone)),
        )
    if led.action == Action.CANCEL:
        return language.text("The report is cancelled. You may file it again at any time.")
    if led.action == Action.REQUEST_REOPENING:
        return language.text(
            "Your request for reopening has been received. Amer centre decides on it and tells you."
        )
    return ""


def _answer(report: WholeReport, language: Language) -> AnswerView | None:
    """The agency's answer, once Amer centre has let it stand."""
    shown = report.state in (State.CLOSED, State.REOPEN_REQUESTED)
    if not shown or not report.answer or report.outcome is None:
        return None
    heading, kind = _ANSWERS[report.outcome]
    return AnswerView(language.text(heading), report.answer, kind, report.promised_on)


def _clock(report: WholeReport, agency: str, teller: Teller) -> ClockView | None:
    language = teller.language
    holder = language.text(timeline.holder(report.state, agency))
    if report.state is State.REOPEN_REQUESTED:
        # The old promise was kept or broken; the new one begins when reopening is accepted.
        return None
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
        report.due_from,
        teller.counted(report.due_from, report.due_days),
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
    happenings: Sequence[Happening],
    files: Sequence[ReportFile],
    agency: str,
    teller: Teller,
    *,
    ended: bool,
) -> list[MomentView]:
    language = teller.language
    found = []
    for place, happening in enumerate(happenings):
        told = timeline.telling(happening.action, happening.to_state, happening.actor)
        data = json.loads(happening.data)
        filled = timeline.values(data, agency, language)
        found.append(
            MomentView(
                language.text(told.title),
                teller.when(happening.at),
                language.markup(told.text, **filled),
                current=place == 0 and not ended,
                said=_said(happening, data, language),
                files=[
                    views.file_view(file, language)
                    for file in files
                    if file.event_id == happening.id
                ],
            )
        )
    return found


def _said(happening: Happening, data: Mapping[str, Any], language: Language) -> list[SaidView]:
    """The person's own words, where the sentence does not hold them."""
    said = [
        SaidView(answer["item"], answer["text"])
        for answer in data.get("answers", ())
        if answer["text"]
    ]
    reason = data.get("reason")
    if reason and happening.action in (Action.CANCEL, Action.REQUEST_REOPENING):
        said.append(SaidView(language.text("Your reason"), reason))
    return said


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
