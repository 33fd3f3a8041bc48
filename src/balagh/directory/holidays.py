"""Official holidays and the administrator's corrections of them (specification 5).

The official ones come from the ``holidays`` library: Founding Day (22 February, since 2022), Eid
al-Fitr (four days from the day after 29 Ramadan), the day of Arafah with Eid al-Adha (four days
from 9 Dhu al-Hijjah), National Day (23 September), and one-off days declared by decree. It also
gives the *observed* days: when one falls on Friday or Saturday, the working day that makes up for
it (National Day on a Friday: the Thursday before; on a Saturday: the Sunday after; Eids: the days
after). Future Eids follow the Umm al-Qura calendar; the sighting of the moon may move them by a
day, and government offices often close longer than that. The ``calendar_day`` table corrects both.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import cache

import holidays as library
import msgspec

from balagh.database import fetch
from balagh.directory.snapshots import Snapshot
from balagh.workdays import Calendar

# Years on each side of the day asked about. No clock of the specification reaches further; days
# beyond are counted by the weekend alone.
YEARS = 2


class Holiday(msgspec.Struct, frozen=True):
    """Names of a day off, in both languages."""

    name_ar: str
    name_en: str


# The month begins when the moon is seen: until then the library counts ahead.
_BY_THE_MOON = ("Eid", "Arafah")


def estimated(day: date, name: Holiday, today: date) -> bool:
    """Whether an official holiday may still move by a day, because it is of the Hijri calendar."""
    return day >= today and any(word in name.name_en for word in _BY_THE_MOON)


@cache
def official(year: int) -> Mapping[date, Holiday]:
    """The official holidays of a Gregorian year, observed days included, by day."""
    arabic = library.country_holidays("SA", years=year, language="ar")
    english = library.country_holidays("SA", years=year, language="en_US")
    return {day: Holiday(name, english[day]) for day, name in sorted(arabic.items())}


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A day that an administrator declared: worked, or off; and what it is called."""

    working: bool
    name_ar: str
    name_en: str


async def corrections(first: date, last: date) -> dict[date, Correction]:
    """What was declared of these days, by day, read afresh."""
    rows = await fetch(
        "SELECT day, working, name_ar, name_en FROM calendar_day WHERE day BETWEEN $1 AND $2 "
        "ORDER BY day",
        first, last,
    )  # fmt: skip
    return {
        row["day"]: Correction(
            working=row["working"], name_ar=row["name_ar"], name_en=row["name_en"]
        )
        for row in rows
    }


async def load_calendar(weekend: Collection[int], around: date) -> Calendar:
    """The calendar of the years ``around`` − 2 to ``around`` + 2, corrections read afresh.

    ``weekend``: days of the week not worked, Monday = 0.
    """
    return corrected(weekend, around, await corrections(*reach(around)))


def reach(around: date) -> tuple[date, date]:
    """The first and the last day that a calendar ``around`` that day knows."""
    return date(around.year - YEARS, 1, 1), date(around.year + YEARS, 12, 31)


def corrected(
    weekend: Collection[int], around: date, declared: Mapping[date, Correction]
) -> Calendar:
    """The calendar as it is with these corrections. Pure."""
    first, last = reach(around)
    years = range(first.year, last.year + 1)
    days = {day: name for year in years for day, name in official(year).items()}
    extra_working = set()
    for day, one in declared.items():
        if one.working:
            days.pop(day, None)
            extra_working.add(day)
        else:
            days[day] = Holiday(one.name_ar, one.name_en)
    return Calendar(
        weekend=frozenset(weekend), holidays=days, extra_working=frozenset(extra_working)
    )


async def calendar(weekend: Collection[int], now: datetime) -> Calendar:
    """As ``load_calendar``, kept by the process: a correction counts at most 30 s after it is made.

    Ask before opening a transaction, not inside: a renewal takes a second connection.
    """
    key = frozenset(weekend)
    if key not in _snapshots:
        _snapshots[key] = Snapshot(lambda at: load_calendar(key, at.date()))
    return await _snapshots[key].at(now)


def forget() -> None:
    """The next ``calendar()`` of this process reads again: after a correction, between tests."""
    for snapshot in _snapshots.values():
        snapshot.forget()


_snapshots: dict[frozenset[int], Snapshot[Calendar]] = {}
