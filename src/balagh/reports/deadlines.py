"""When things are due (specification 5). Instants are time zone aware; a day ends at its midnight
in the portal's zone."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from balagh import workdays
from balagh.workdays import Calendar


def resolution(submitted_at: datetime, calendar: Calendar, zone: ZoneInfo, days: int) -> datetime:
    """The end of working day number ``days``; day 1 is the working day after the submission."""
    submitted_on = submitted_at.astimezone(zone).date()
    return end_of(calendar.after(submitted_on, days), zone)


def completeness(submitted_at: datetime, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """When the completeness check is due: at the end of working day 1."""
    return resolution(submitted_at, calendar, zone, 1)


def reopening(closed_at: datetime, zone: ZoneInfo, days: int) -> datetime | None:
    """Until when reopening can be asked for: the end of the day that many days after the closing,
    so that the day that people are told is whole; ``None`` where nothing is reopened (0 days)."""
    if days == 0:
        return None
    return end_of(closed_at.astimezone(zone).date() + timedelta(days=days), zone)


class Counted(msgspec.Struct, frozen=True):
    """A day on the way to a due date. ``place``: which working day it is, 0 for one that is not
    worked; ``holiday``: what the calendar calls it, if it is one."""

    day: date
    place: int
    holiday: object | None = None


def counting(
    since: date, days: int, pauses: Sequence[date], calendar: Calendar
) -> tuple[date, int]:
    """What is counted now of ``days`` working days after ``since``: from which day, and how many.

    ``pauses``: on which day data was asked for and on which it came, in turn; after an odd one it
    stands still, and the days are those that are left, at least one.
    """
    for place, day in enumerate(pauses):
        if place % 2:
            since = day
        else:
            days = max(1, len(calendar.days_between(day, calendar.after(since, days))))
    return since, days


def counted(since: date, days: int, calendar: Calendar) -> list[Counted]:
    """Day by day from the one after ``since`` to working day number ``days``."""
    found: list[Counted] = []
    day, place = since, 0
    while place < days:
        day += timedelta(days=1)
        worked = calendar.is_working(day)
        place += worked
        found.append(
            Counted(day, place if worked else 0, None if worked else calendar.holidays.get(day))
        )
    return found


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The midnight that ends the day."""
    return workdays.end_of(day, zone)


def due_day(due_at: datetime, zone: ZoneInfo) -> date:
    """The last day on which it is in time: the one that ``due_at`` ends."""
    return workdays.last_day(due_at, zone)
