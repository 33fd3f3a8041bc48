"""Working days, counted (specification 5). Pure: weekend and holidays are arguments."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

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
