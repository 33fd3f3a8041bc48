"""The deadlines of a report, as data: what runs, from when, how long, and what happens at its end.

Specification 5. ``docs/deadlines.md`` and the sweeps derive from ``DEADLINES``. Pure: ``now`` is
given. A deadline has come at its instant, not after it.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

import msgspec

from balagh.reports.lifecycle import State

Unit = Literal["working days", "clock hours", "days", "date"]


class Clock(StrEnum):
    """What is counted."""

    RESOLUTION = "resolution"
    COMPLETENESS = "completeness"
    REMINDER = "missing_data_reminder"
    MISSING_DATA = "missing_data"
    REOPENING = "reopening"
    PROMISE = "promise"
    PROMISE_AGAIN = "promise_again"
    RATING = "rating"
    MAY_FILE = "may_file_now"


class Deadline(msgspec.Struct, frozen=True, kw_only=True):
    """``runs``: in which states; ``since``: from what; ``limit``: a number, or the setting that
    holds it; ``then``: what happens."""

    clock: Clock
    runs: frozenset[State]
    since: str
    limit: int | str
    unit: Unit
    then: str


# Not while data is missing: the resolution clock stands still. Not once reopening is asked for: a
# new time begins when it is accepted.
RUNNING = frozenset({State.RECEIVED, State.UNDER_REVIEW, State.IN_PROGRESS, State.ANSWERED})
_REVIEW = frozenset({State.RECEIVED, State.UNDER_REVIEW})
_MISSING = frozenset({State.MISSING_DATA})

DEADLINES = (
    Deadline(
        clock=Clock.RESOLUTION,
        runs=RUNNING,
        since="submission, or the day on which the clock went on or reopening was accepted",
        limit="resolution_days",
        unit="working days",
        then="the beneficiary is told once that it is late; staff see it as overdue",
    ),
    Deadline(
        clock=Clock.COMPLETENESS,
        runs=_REVIEW,
        since="submission",
        limit=1,
        unit="working days",
        then="staff see it as due; a request for data is marked as late",
    ),
    Deadline(
        clock=Clock.REMINDER,
        runs=_MISSING,
        since="the request for data",
        limit="missing_data_reminder_hours",
        unit="clock hours",
        then="the beneficiary is reminded once",
    ),
    Deadline(
        clock=Clock.MISSING_DATA,
        runs=_MISSING,
        since="the request for data",
        limit="missing_data_hours",
        unit="clock hours",
        then="the report is cancelled, and the beneficiary is told",
    ),
    Deadline(
        clock=Clock.REOPENING,
        runs=frozenset({State.CLOSED}),
        since="closing (complaints)",
        limit="reopen_days",
        unit="days",
        then="reopening can no longer be asked for from the end of that day on",
    ),
    Deadline(
        clock=Clock.RATING,
        runs=frozenset({State.CLOSED, State.REJECTED}),
        since="closing or rejection",
        limit=30,
        unit="days",
        then="from the end of that day on the two surveys can no longer be answered or changed",
    ),
    Deadline(
        clock=Clock.PROMISE,
        runs=frozenset({State.CLOSED}),
        since="the date that the agency promised, while nothing was marked as delivered",
        limit=0,
        unit="date",
        then="the agency is reminded from 08:00 on",
    ),
    Deadline(
        clock=Clock.PROMISE_AGAIN,
        runs=frozenset({State.CLOSED}),
        since="the date that the agency promised, while nothing was marked as delivered",
        limit=7,
        unit="days",
        then="the agency is reminded once more from 08:00 on",
    ),
    Deadline(
        clock=Clock.MAY_FILE,
        runs=frozenset(),
        since="the first day on which a draft can be filed",
        limit=0,
        unit="date",
        then="the beneficiary is told from 08:00 on",
    ),
)


class Facts(Protocol):
    """What it depends on, as ``report`` has it."""

    @property
    def state(self) -> State: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def late_told_due(self) -> datetime | None: ...
    @property
    def data_asked_at(self) -> datetime | None: ...
    @property
    def data_reminded_at(self) -> datetime | None: ...
    @property
    def data_due_at(self) -> datetime | None: ...


def come(report: Facts, now: datetime, *, reminder_hours: int) -> Clock | None:
    """The clock whose end has come and that nobody has acted on yet; the weightiest one.

    A reminder is worth nothing once the time itself is over, so expiry goes before it: after an
    outage nobody is reminded of what can no longer be done.
    """
    if report.state is State.MISSING_DATA:
        if report.data_due_at is not None and now >= report.data_due_at:
            return Clock.MISSING_DATA
        asked = report.data_asked_at
        reminded = report.data_reminded_at is not None
        if asked is not None and not reminded and now >= asked + timedelta(hours=reminder_hours):
            return Clock.REMINDER
        return None
    if report.state in RUNNING and now >= report.due_at != report.late_told_due:
        return Clock.RESOLUTION
    return None


# How often an agency is reminded of a date: when it comes, and once more after a week.
PROMISE_TIMES = 2
_WEEK = timedelta(days=7)
# Nobody is told of a day before this hour of it.
_MORNING = timedelta(hours=8)


def promise_come(
    promised_on: date | None, told: int, now: datetime, zone: ZoneInfo
) -> Clock | None:
    """Which reminder of a promise that was not kept has come; ``told``: how many were sent.

    A week after the date the first is worth nothing any more: after an outage one is sent, not two.
    """
    if promised_on is None or told >= PROMISE_TIMES:
        return None
    day = morning_of(now, zone)
    if day >= promised_on + _WEEK:
        return Clock.PROMISE_AGAIN
    return Clock.PROMISE if told == 0 and day >= promised_on else None


def morning_of(now: datetime, zone: ZoneInfo) -> date:
    """The day whose 08:00 was last."""
    return (now.astimezone(zone).replace(tzinfo=None) - _MORNING).date()


def as_markdown() -> str:
    """``docs/deadlines.md``."""
    lines = [
        "# Deadlines",
        "",
        "<!-- Made from src/balagh/reports/clocks.py by `just docs`. Change it there. -->",
        "",
        "| what runs | while | from | limit | then |",
        "|---|---|---|---|---|",
    ]
    for row in DEADLINES:
        states = ", ".join(state.value for state in State if state in row.runs) or "draft"
        limit = f"`BALAGH_{row.limit.upper()}`" if isinstance(row.limit, str) else str(row.limit)
        amount = "that day" if row.unit == "date" else f"{limit} {row.unit}"
        lines.append(f"| {row.clock.value} | {states} | {row.since} | {amount} | {row.then} |")
    lines += [
        "",
        "A working day ends at its midnight in `BALAGH_ZONE`; a deadline has come at its instant. "
        "While data is missing the resolution clock stands still: the working days that were left, "
        "at least one, are counted again from the day on which the data comes. How many those were "
        "is itself counted by the calendar as it is now: a report keeps the days of its pauses "
        "(`deadlines.counting`).",
        "",
        "A changed calendar counts `resolution`, `completeness` (of whatever is open, checked or "
        "not) and the working days that are left while data is missing again (`recounting.py`), "
        "and a minute after it is settled the day of `may_file_now`, earlier or later. That is so "
        "for what an administrator declares (`calendar_changes.py`) and when the official calendar "
        "itself changes, by `BALAGH_WEEKEND` or a newer library (`official_calendar.py`). Clock "
        "hours, days and promised dates do not depend on it. When the first reminder of a promise "
        "was missed for a week, only the second is sent.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(as_markdown())
