"""Who holds the clock and until when, in words (specification 5, 7)."""

from datetime import datetime

from markupsafe import Markup, escape

from balagh.i18n import Language, isolate
from balagh.reports import deadlines, timeline
from balagh.reports.allowed import allowed
from balagh.reports.inboxes import Part, ReportLine
from balagh.reports.lifecycle import STATE_TEXT, Action, Role, State
from balagh.reports.ratings import Subject
from balagh.web import views
from balagh.web.telling import Teller


def agency_of(report: ReportLine | Part | Subject, language: Language) -> str:
    return report.agency_ar if language.code == "ar" else report.agency_en


def members(line: ReportLine) -> tuple[ReportLine | Part, ...]:
    """The report and its parts, an agency each: one story."""
    return (line, *line.parts)


def story_lead(line: ReportLine) -> ReportLine | Part:
    """What of the story comes first: what waits for the person, else what is still worked on."""
    found = members(line)
    waiting = [one for one in found if one.state is State.MISSING_DATA]
    working = [one for one in found if one.state not in timeline.ENDED]
    return (waiting or working or [line])[0]


def story_state(line: ReportLine, language: Language) -> tuple[State, str]:
    """The state that stands for the whole story, and its name."""
    state = story_lead(line).state
    return state, language.text(STATE_TEXT[state])


def story_sentence(line: ReportLine, teller: Teller) -> Markup:
    """As ``sentence``; of several agencies how many have answered, and what waits for the person or
    comes next."""
    language, lead = teller.language, story_lead(line)
    own = sentence(lead, agency_of(lead, language), teller)
    said = answered(line, language)
    return Markup(" ").join([said, own]) if said else own


def answered(line: ReportLine, language: Language) -> Markup:
    """How many of several agencies have answered; empty where there is one."""
    counted = [one for one in members(line) if one.state not in (State.CANCELLED, State.REJECTED)]
    if not line.parts or not counted:
        return Markup("")
    done = (State.ANSWERED, State.CLOSED, State.REOPEN_REQUESTED)
    return language.markup(
        "Agencies that answered: {n} of {count}.",
        n=views.strong(isolate(sum(one.state in done for one in counted))),
        count=isolate(len(counted)),
    )


def sentence(line: ReportLine | Part, agency: str, teller: Teller) -> Markup:
    """Who holds the clock, and until when; once it is over, how it ended and what can be done."""
    language = teller.language
    if line.state is State.MISSING_DATA and line.data_due_at:
        return _missing(line, line.data_due_at, teller)
    if line.state is State.CLOSED:
        return _closed(line, views.strong(agency), teller)
    if line.state is State.REJECTED:
        reason = shortened(str(line.led.data.get("reason", ""))) if line.led else ""
        if reason:
            return language.markup("Amer centre rejected it: {reason}", reason=isolate(reason))
        return escape(language.text("Amer centre rejected it. The reason is in the details."))
    if line.state is State.CANCELLED:
        if line.led and line.led.action == Action.EXPIRE:
            return escape(
                language.text("The missing data did not come in time. You may file it again.")
            )
        return escape(language.text("You cancelled it. You may file it again."))
    if line.state is State.REOPEN_REQUESTED:
        return escape(language.text("Amer centre decides on your request for reopening."))
    holder = timeline.holder(line.state, agency)
    return language.markup(
        "Now with {holder}. Answer by {day}: {left}.",
        holder=views.strong(language.text(holder)),
        day=language.date(deadlines.due_day(line.due_at, teller.zone), year=False),
        left=teller.until(line.due_at),
    )


def shortened(text: str, longest: int = 140) -> str:
    """As much of a text as a card holds, whole words."""
    one_line = " ".join(text.split())
    if len(one_line) <= longest:
        return one_line
    return one_line[:longest].rsplit(" ", 1)[0] + "…"


def _missing(line: ReportLine | Part, due: datetime, teller: Teller) -> Markup:
    language = teller.language
    when = views.strong(teller.instant(due))
    if teller.now >= due:
        return language.markup(
            "The data did not come by {when}, so the report is cancelled. You may file it again.",
            when=when,
        )
    if not line.missing:
        return language.markup(
            "The report lacks data. It is cancelled if it is not completed by {when}.", when=when
        )
    return language.markup(
        "Missing: {items}. The report is cancelled if it is not completed by {when}.",
        items=views.strong(isolate(language.text(", ").join(line.missing))),
        when=when,
    )


def _closed(line: ReportLine | Part, agency: Markup, teller: Teller) -> Markup:
    language = teller.language
    if Action.REQUEST_REOPENING in allowed(line, Role.BENEFICIARY, teller.now):
        assert line.reopen_until is not None
        return language.markup(
            "{agency} answered. You may ask for reopening until {day}.",
            agency=agency,
            day=language.date(
                deadlines.due_day(line.reopen_until, teller.zone), weekday=False, year=False
            ),
        )
    if line.delivered_at:
        return language.markup(
            "{agency} delivered it on {day}.",
            agency=agency,
            day=language.date(line.delivered_at.astimezone(teller.zone).date(), weekday=False),
        )
    if line.outcome == "accepted" and line.promised_on:
        return language.markup(
            "{agency} accepted it, for {day}.",
            agency=agency,
            day=language.date(line.promised_on, weekday=False),
        )
    if line.outcome == "refused":
        return language.markup(
            "{agency} refused it. Its reasons are in the details.", agency=agency
        )
    return language.markup("{agency} answered.", agency=agency)
