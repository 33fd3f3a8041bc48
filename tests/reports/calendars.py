"""The real calendar of Saudi Arabia, for the tables of the rules."""

from datetime import date

from balagh.directory.holidays import official
from balagh.workdays import Calendar

WEEKEND = frozenset({4, 5})
HOLIDAYS = {day: name for year in range(2021, 2030) for day, name in official(year).items()}
SAUDI = Calendar(weekend=WEEKEND, holidays=HOLIDAYS)


def corrected(*, off: tuple[date, ...] = (), worked: tuple[date, ...] = ()) -> Calendar:
    """With the administrator's corrections."""
    holidays = {day: name for day, name in HOLIDAYS.items() if day not in worked}
    return Calendar(
        weekend=WEEKEND,
        holidays={**holidays, **dict.fromkeys(off, "declared")},
        extra_working=frozenset(worked),
    )
