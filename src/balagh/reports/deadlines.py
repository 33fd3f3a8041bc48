"""When things are due (specification 5). Instants are time zone aware; a day ends at its midnight
in the portal's zone."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from balagh.workdays import Calendar


def resolution(submitted_at: datetime, calendar: Calendar, zone: ZoneInfo, days: int) -> datetime:
    """The end of working day number ``days``; day 1 is the working day after the submission."""
    submitted_on = submitted_at.astimezone(zone).date()
    return end_of(calendar.after(submitted_on, days), zone)


def completeness(submitted_at: datetime, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """When the completeness check is due: at the end of working day 1."""
    return resolution(submitted_at, calendar, zone, 1)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The midnight that ends the day."""
    return datetime.combine(day + timedelta(days=1), time(), zone)


def due_day(due_at: datetime, zone: ZoneInfo) -> date:
    """The last day on which it is in time: the one that ``due_at`` ends."""
    return (due_at.astimezone(zone) - timedelta(microseconds=1)).date()
