"""Working days, counted (specification 5). Pure: weekend and holidays are arguments."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

_DAY = timedelta(days=1)


class Calendar(msgspec.Struct, frozen=True):
    """Which days are worked. ``weekend``: days of the week, Monday = 0; ``holidays``: by day, with
    their names; ``extra_working``: days worked although weekend or holiday."""

    weekend: frozenset[int]
    holidays: Mapping[date, object]
    extra_working: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        if day in self.extra_working:
            return True
        return day.weekday() not in self.weekend and day not in self.holidays

    def after(self, day: date, count: int) -> date:
        """The working day number ``count`` (≥ 1) after ``day``, which itself never counts."""
        if count < 1:
            raise ValueError("working days are counted from 1")
        for found in self._from(day):
            count -= 1
            if count == 0:
                return found
        raise AssertionError("days do not end")

    def days_between(self, first: date, last: date) -> list[date]:
        """The working days after ``first``, up to and including ``last``."""
        found: list[date] = []
        for day in self._from(first):
            if day > last:
                return found
            found.append(day)
        return found

    def _from(self, day: date) -> Iterator[date]:
        while True:
            day += _DAY
            if self.is_working(day):
                yield day


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The midnight that ends the day; where summer time skips it, the instant at which it does."""
    # By way of UTC: a time of day that does not exist equals no instant of another zone.
    midnight = datetime.combine(day + _DAY, time(), zone)
    return midnight.astimezone(UTC).astimezone(zone)


def last_day(end: datetime, zone: ZoneInfo) -> date:
    """The last day before that instant: the one that it ends, where it ends one."""
    # In UTC: on the clock on the wall the moment before may be one that does not exist.
    return (end.astimezone(UTC) - timedelta(microseconds=1)).astimezone(zone).date()
