"""The person's own report, and what acting on it needs from the installation."""

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException
from markupsafe import Markup, escape

from balagh.i18n import N_, grouped, isolate
from balagh.reports import deadlines, inboxes, numbers, timeline
from balagh.reports.allowed import Why
from balagh.reports.inboxes import WholeReport
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import STATE_TEXT, Action, Role, transition
from balagh.reports.standing import Standing, Terms, after
from balagh.web import views
from balagh.web.beneficiary.telling import agency_of
from balagh.web.beneficiary.visits import person_id
from balagh.web.page import AnyRequest, render, settings_of
from balagh.web.telling import Teller

LONGEST = 20_000

# Why → heading, text, and what can be done now.
_REFUSALS: dict[Why, tuple[str, str, tuple[str, ...]]] = {
    Why.NOTHING_MISSING: (
        N_("This report does not lack data now"),
        N_("A report is updated only while data is asked for. Now it is: {state}."),
        (N_("To add or correct something, call {phone}: the staff of Amer centre enter it."),),
    ),
    Why.DATA_TOO_LATE: (
        N_("The time for completing the data is over"),
        N_("The data was needed by {data_due}, so the report is cancelled."),
        (
            N_("You may file the report again, with the data that was missing."),
            N_("If you could not send it in time, call {phone}."),
        ),
    ),
    Why.ALREADY_ENDED: (
        N_("This report has ended already"),
        N_("There is nothing left to cancel. Now it is: {state}."),
        (N_("If you still need something, call {phone}."),),
    ),
    Why.ALREADY_ANSWERED: (
        N_("This report can no longer be cancelled"),
        N_("{agency} has answered it. Now it is: {state}."),
        (N_("If you no longer need the report, you need not do anything."),),
    ),
    Why.NOT_CLOSED: (
        N_("This report is still open"),
        N_("Reopening is asked for once a complaint has been closed. Now it is: {state}."),
        (N_("To add something to it, call {phone}."),),
    ),
    Why.NOT_REOPENED: (
        N_("This report cannot be reopened"),
        N_("Only a complaint that was closed with an answer is reopened. Now it is: {state}."),
        (N_("You may file a new report."), N_("If you have a question about it, call {phone}.")),
    ),
    Why.OTHER_KIND: (
        N_("This report cannot be reopened"),
        N_("Only complaints are reopened."),
        (N_("You may file a new report."), N_("If you have a question about it, call {phone}.")),
    ),
    Why.WINDOW_OVER: (
        N_("The time for asking to reopen is over"),
        N_("It could be asked for until {reopen_until}."),
        (
            N_("If the problem is still there, file a new report."),
            N_("If you could not ask in time, call {phone}."),
        ),
    ),
    Why.ASKED_ALREADY: (
        N_("You have asked for reopening already"),
        N_("Amer centre decides on it, and you are told."),
        (N_("To add something to your request, call {phone}."),),
    ),
}
_NEW = (Why.DATA_TOO_LATE, Why.NOT_REOPENED, Why.OTHER_KIND, Why.WINDOW_OVER)


async def own_report(request: AnyRequest, number: str) -> WholeReport:
    """The person's report; somebody else's is as absent as one that does not exist."""
    report = await inboxes.report_of(person_id(request), numbers.parse(number) or "")
    if report is None:
        raise NotFoundException
    return report


def subtitle(report: WholeReport, teller: Teller) -> Markup:
    return teller.language.markup(
        "{kind} no. {number}",
        kind=teller.language.text(KINDS[report.kind].name),
        number=isolate(grouped(report.number)),
    )


def standing_after(
    request: AnyRequest, report: WholeReport, action: Action, teller: Teller
) -> Standing:
    """How the report stands once the beneficiary did that."""
    settings = settings_of(request)
    row = transition(report.state, action, Role.BENEFICIARY)
    assert row is not None, "it was asked whether this is allowed"
    terms = Terms(
        calendar=teller.calendar,
        zone=teller.zone,
        resolution_days=settings.resolution_days,
        missing_data_hours=settings.missing_data_hours,
        reopen_days=settings.reopen_days,
    )
    return after(report.standing(), row, teller.now, terms)


def latest(report: WholeReport, teller: Teller) -> Markup:
    """What was done last, by whom and when, in a sentence."""
    last = report.last
    if last is None:
        return Markup("")
    language = teller.language
    told = timeline.telling(last.action, None, last.actor, last.data)
    values = timeline.values(last.data, agency_of(report, language), language)
    return language.markup(
        "{when}: {what}", when=teller.when(last.at), what=language.markup(told.text, **values)
    )


def impossible(
    request: AnyRequest,
    report: WholeReport,
    why: Why,
    teller: Teller,
    *,
    typed: tuple[tuple[str, str], ...] = (),
    at: str | None = None,
) -> Response[Any]:
    """Why it cannot be done, what happened last, what can be done instead; and what was typed, so
    that nobody has to write it again. ``typed``: label and text."""
    language, zone = teller.language, teller.zone
    heading, text, todo = _REFUSALS[why]
    due, until = report.data_due_at, report.reopen_until
    known = {
        "state": views.strong(teller.language.text(STATE_TEXT[report.state])),
        "agency": views.strong(agency_of(report, language)),
        "phone": Markup('<a href="tel:199099"><bdi>199099</bdi></a>'),
        "data_due": teller.instant(due) if due else "",
        "reopen_until": language.date(deadlines.due_day(until, zone)) if until else "",
    }
    return render(
        request,
        "beneficiary/impossible.html",
        heading=language.text(heading),
        # Without a window there is no day that it could end on.
        text="" if why is Why.WINDOW_OVER and until is None else language.markup(text, **known),
        latest=latest(report, teller),
        todo=[language.markup(line, **known) for line in todo],
        again_url="",
        new_url=f"/new/{report.kind}" if why in _NEW else "",
        report_url=f"/reports/{report.number}",
        typed=typed,
        status=200 if request.method == "GET" else 409,
        at=at,
    )


def overtaken(
    request: AnyRequest,
    report: WholeReport,
    teller: Teller,
    *,
    typed: tuple[tuple[str, str], ...],
    again_url: str,
    at: str,
) -> Response[Any]:
    """Something else is asked for than when the page was opened: what happened, and what was typed
    to take along."""
    return render(
        request,
        "beneficiary/impossible.html",
        heading=teller.language.text(N_("The report changed meanwhile")),
        text=escape(
            teller.language.text(N_("What is asked for now is not what this page was opened for."))
        ),
        latest=latest(report, teller),
        todo=[],
        new_url="",
        again_url=again_url,
        report_url=f"/reports/{report.number}",
        typed=typed,
        status=409,
        at=at,
    )
