"""«تفاصيل الطلب»: one report, who has it and until when, its story, what was filed."""

from datetime import date, timedelta
from typing import Any

import msgspec
from litestar import Response, Router, get
from litestar.params import FromPath
from markupsafe import Markup

from balagh.i18n import N_
from balagh.reports import deadlines, inboxes, ratings, surveys, timeline
from balagh.reports.allowed import allowed
from balagh.reports.inboxes import Part, ReportLine, WholeReport
from balagh.reports.lifecycle import STATE_TEXT, Action, Role, State
from balagh.web import views
from balagh.web.beneficiary.own import own_report, subtitle
from balagh.web.beneficiary.telling import (
    agency_of,
    answered,
    members,
    sentence,
    story_state,
)
from balagh.web.counting import CountingView, agreeing, counting
from balagh.web.filing import filing_of
from balagh.web.moments import moment_views
from balagh.web.page import AnyRequest, render
from balagh.web.telling import Teller, teller_of


class ClockView(msgspec.Struct, frozen=True):
    """Who holds the clock now, until which day, and how much of it is left."""

    holder: str
    due_label: str
    due_on: date
    remaining: str
    counting: CountingView | None


class SurveyView(msgspec.Struct, frozen=True):
    """``done``: answered already; ``url`` leads to changing it."""

    text: str
    url: str
    done: str


class AnswerView(msgspec.Struct, frozen=True):
    """``promised_on``: until when an accepted request becomes real; ``delivered``: the day on which
    it did."""

    heading: str
    text: str
    kind: str
    promised_on: date | None
    delivered: date | None


class ActionView(msgspec.Struct, frozen=True):
    """``note``: until when, where there is an end."""

    url: str
    text: str
    note: str = ""


class PartView(msgspec.Struct, frozen=True, kw_only=True):
    """One agency's part of a story: how it stands, its answer, and what can be done about it.
    ``url``: its own page, empty for the report that this page is of."""

    agency: str
    state: str
    state_text: str
    sentence: Markup
    counting: CountingView | None
    answer: AnswerView | None
    update: ActionView | None
    reopening: ActionView | None
    cancellation: ActionView | None
    url: str


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
    teller = await agreeing(await teller_of(request), members(report))
    language = teller.language
    files = await inboxes.files_of(report.id)
    agency = agency_of(report, language)
    ended = report.state in timeline.ENDED
    actions = _actions(report, teller)
    state, state_text = story_state(report, language)
    # Of several agencies each has its own section, with what can be done about its part.
    parts = [_part(one, report, teller) for one in members(report)] if report.parts else []
    return render(
        request,
        "beneficiary/report.html",
        state=state.value,
        state_text=state_text,
        title=report.title,
        report_url=f"/reports/{report.number}",
        subtitle=subtitle(report, teller),
        just_done=_just_done(report, agency, teller),
        missing=report.missing,
        update=actions.get(Action.UPDATE),
        reopening=None if parts else actions.get(Action.REQUEST_REOPENING),
        cancellation=None if parts else actions.get(Action.CANCEL),
        parts=parts,
        answered=answered(report, language),
        whole_url=f"/reports/{report.whole}" if report.whole else "",
        whole=views.number(report.whole) if report.whole else "",
        clock=None if ended or parts else _clock(report, agency, teller),
        timeline=moment_views(
            await inboxes.happenings(report.id),
            files,
            agency,
            teller,
            kind=report.kind,
            ended=ended,
        ),
        rows=await _rows(report, teller),
        files=[views.file_view(file, language) for file in files if file.event_id is None],
        answer=None if parts else _answer(report, teller),
        surveys=await _surveys(report, teller),
    )


def _part(one: ReportLine | Part, whole: WholeReport, teller: Teller) -> PartView:
    language = teller.language
    agency = agency_of(one, language)
    actions = _actions(one, teller)
    own = one is whole
    return PartView(
        agency=agency,
        state=one.state.value,
        state_text=language.text(STATE_TEXT[one.state]),
        sentence=sentence(one, agency, teller),
        counting=counting(one, teller, of=agency),
        answer=_answer(whole if isinstance(one, ReportLine) else one, teller),
        update=actions.get(Action.UPDATE),
        reopening=actions.get(Action.REQUEST_REOPENING),
        cancellation=actions.get(Action.CANCEL),
        url="" if own else f"/reports/{one.number}",
    )


def _actions(report: ReportLine | Part, teller: Teller) -> dict[Action, ActionView]:
    """What the life cycle lets the person do now."""
    language = teller.language
    found = {}
    for action in allowed(report, Role.BENEFICIARY, teller.now):
        slug, text = _ACTIONS[action]
        note = ""
        if action is Action.REQUEST_REOPENING and report.reopen_until:
            day = deadlines.due_day(report.reopen_until, teller.zone)
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


def _answer(report: WholeReport | Part, teller: Teller) -> AnswerView | None:
    """The agency's answer, once Amer centre has let it stand."""
    shown = report.state in (State.CLOSED, State.REOPEN_REQUESTED)
    if not shown or not report.answer or report.outcome is None:
        return None
    heading, kind = _ANSWERS[report.outcome]
    done = report.delivered_at
    return AnswerView(
        teller.language.text(heading),
        report.answer,
        kind,
        report.promised_on,
        done.astimezone(teller.zone).date() if done else None,
    )


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
        counted = counting(report, teller)
        return ClockView(holder, language.text("Complete it by"), day, left, counted)
    return ClockView(
        holder,
        language.text("Answer by the end of"),
        deadlines.due_day(report.due_at, teller.zone),
        teller.until(report.due_at),
        counting(report, teller),
    )


async def _surveys(report: WholeReport, teller: Teller) -> list[SurveyView]:
    """What can be rated now, and what was."""
    open_now = [
        surveys.SURVEYS[code]
        for code in surveys.after(report.state, part=report.whole is not None)
        if surveys.may_rate(code, report.state, report.ended_at, teller.now, teller.zone)
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


async def _rows(report: WholeReport, teller: Teller) -> list[views.RowView]:
    """What was filed, by the same declaration that asked for it."""
    found = await filing_of(report, teller)
    return [*found.rows(), *found.behalf_rows()]


router = Router("/", route_handlers=[details])
