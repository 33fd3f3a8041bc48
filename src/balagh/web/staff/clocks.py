"""When a report is due and what is left, in the words of those who work on it (specification 5)."""

from datetime import datetime

import msgspec

from balagh.reports import deadlines
from balagh.reports.cases import Case
from balagh.reports.lifecycle import State
from balagh.reports.timeline import ENDED
from balagh.web.telling import Teller

# Where the completeness check is still open.
REVIEW = (State.RECEIVED, State.UNDER_REVIEW)


class DueView(msgspec.Struct, frozen=True):
    """``mark``: ``late``, ``today``, ``still`` (the clock stands), or nothing."""

    label: str
    day: str
    left: str
    mark: str = ""


class CheckView(msgspec.Struct, frozen=True):
    """A thing that was done, is due, or is late."""

    text: str
    mark: str = ""


def due_view(case: Case, teller: Teller) -> DueView | None:
    """What the clock says now; none where none runs and nothing ended."""
    language, zone = teller.language, teller.zone
    if case.state in ENDED:
        if case.ended_at is None:
            return None
        day = case.ended_at.astimezone(zone).date()
        return DueView(language.text("Ended on"), language.date(day), "", "still")
    if case.state is State.REOPEN_REQUESTED:
        return DueView(
            language.text("Due"),
            language.text("a decision on reopening"),
            language.text("The time begins anew when it is accepted."),
            "still",
        )
    if case.state is State.MISSING_DATA and case.data_due_at is not None:
        return DueView(
            language.text("Data due"),
            teller.instant(case.data_due_at),
            language.text("{left}; the clock stands", left=teller.hours(case.data_due_at)),
            "still",
        )
    last = deadlines.due_day(case.due_at, zone)
    late, today = teller.now >= case.due_at, teller.now.astimezone(zone).date()
    if late:
        left, mark = _overdue(case.due_at, teller), "late"
    elif last == today:
        left, mark = language.text("due today"), "today"
    else:
        left, mark = teller.until(case.due_at), ""
    return DueView(language.text("Due"), language.date(last), left, mark)


def check_view(case: Case, teller: Teller) -> CheckView | None:
    """The completeness check: done, due or late; none where it was never done and is over."""
    language, zone = teller.language, teller.zone
    due = case.completeness_due_at
    if case.checked_at is not None:
        if case.checked_at >= due:
            return CheckView(language.text("Completeness check done late"), "late")
        return CheckView(language.text("Completeness check done"), "kept")
    if case.state not in REVIEW:
        return None
    if teller.now >= due:
        return CheckView(language.text("Completeness check is late"), "late")
    last = deadlines.due_day(due, zone)
    if last == teller.now.astimezone(zone).date():
        return CheckView(language.text("Completeness check due today"), "today")
    return CheckView(
        language.text("Completeness check due {day}", day=language.date(last, year=False))
    )


def age(at: datetime, teller: Teller) -> str:
    """How long ago, in working days; empty for what came today."""
    first, today = (moment.astimezone(teller.zone).date() for moment in (at, teller.now))
    days = len(teller.calendar.days_between(first, today))
    if first == today:
        return ""
    return teller.language.plural("{n} working day ago", "{n} working days ago", days)


def _overdue(due: datetime, teller: Teller) -> str:
    last = deadlines.due_day(due, teller.zone)
    days = len(teller.calendar.days_between(last, teller.now.astimezone(teller.zone).date()))
    if days == 0:
        return teller.language.text("overdue")
    return teller.language.plural("overdue by {n} working day", "overdue by {n} working days", days)
