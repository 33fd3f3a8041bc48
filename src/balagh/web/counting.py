"""How a due date comes about, in words, day by day (specification 5); told alike to the beneficiary
and to staff."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Protocol

import msgspec

from balagh.directory import holidays
from balagh.reports import deadlines
from balagh.reports.clocks import RUNNING
from balagh.reports.lifecycle import State
from balagh.web.telling import Teller


class Facts(Protocol):
    """What it depends on, as ``report`` has it."""

    @property
    def state(self) -> State: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def due_from(self) -> date: ...
    @property
    def due_days(self) -> int: ...
    @property
    def pauses(self) -> Sequence[date]: ...
    @property
    def paused_working_days(self) -> int | None: ...


class Reckoning(msgspec.Struct, frozen=True):
    """A sentence, and the days that it announces, a line each."""

    lead: str
    days: list[str] = []


class CountingView(msgspec.Struct, frozen=True):
    """``summary``: the question that it answers; ``of``: what it is about, for who does not see
    beside what it stands."""

    summary: str
    reckonings: list[Reckoning]
    of: str = ""


async def agreeing(teller: Teller, reports: Iterable[Facts]) -> Teller:
    """The teller, with a calendar by which these dates come about: that of this process may be the
    one before the last change, for some seconds."""
    if all(_explained(report, teller) for report in reports if report.state in RUNNING):
        return teller
    holidays.forget()
    fresh = await holidays.calendar(teller.calendar.weekend, teller.now)
    return msgspec.structs.replace(teller, calendar=fresh)


def counting(report: Facts, teller: Teller, *, of: str = "") -> CountingView | None:
    """How the day of the answer is counted; while the clock stands, what is left. None where no
    clock runs, and where the calendar does not explain the date."""
    language = teller.language
    if report.state is State.MISSING_DATA and report.paused_working_days:
        lead = language.plural(
            "{n} working day was left when the clock stopped. It is counted from the day after the "
            "clock goes on.",
            "{n} working days were left when the clock stopped. They are counted from the day "
            "after the clock goes on.",
            report.paused_working_days,
        )
        summary = language.text("What is left of the time for the answer?")
        return CountingView(summary, [Reckoning(lead)], of)
    if report.state not in RUNNING or not _explained(report, teller):
        return None
    since, count = _beginning(report, teller)
    lead = language.text("Working days are counted after {day}:", day=language.date(since))
    days = teller.counted(since, count)
    summary = language.text("How is this date counted?")
    return CountingView(summary, [Reckoning(lead, days)], of)


def check_counting(submitted_at: datetime, due_at: datetime, teller: Teller) -> Reckoning | None:
    """How the day of the completeness check is counted; none where the calendar does not explain
    it."""
    since = submitted_at.astimezone(teller.zone).date()
    if not _ends(since, 1, due_at, teller):
        return None
    lead = teller.language.text(
        "The completeness check, counted after {day}:", day=teller.language.date(since)
    )
    return Reckoning(lead, teller.counted(since, 1))


def _beginning(report: Facts, teller: Teller) -> tuple[date, int]:
    """After which day how many working days are counted."""
    return deadlines.counting(report.due_from, report.due_days, report.pauses, teller.calendar)


def _explained(report: Facts, teller: Teller) -> bool:
    return _ends(*_beginning(report, teller), report.due_at, teller)


def _ends(since: date, days: int, due_at: datetime, teller: Teller) -> bool:
    return teller.calendar.after(since, days) == deadlines.due_day(due_at, teller.zone)
