"""The official calendar changes without anybody declaring it: by a setting (``BALAGH_WEEKEND``), or
by a newer version of the library that knows the holidays.

Specification 5: what is open is counted by the calendar as it is now. What the calendar said when
that was last done is on record, and the clock's sweep compares. Processes of both kinds may run for
a while (an upgrade of one after another), so what is new has to be met for a minute by everybody
before it counts.
"""

from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from balagh.database import fetch, fetch_one, transaction
from balagh.directory import holidays
from balagh.i18n import LANGUAGES, N_, Language
from balagh.reports import calendar_changes
from balagh.reports.calendar_changes import SETTLED, World

NAME = N_("official calendar updated")


class Said(msgspec.Struct, frozen=True):
    """What it says of the days from ``first`` to ``last``. ``weekend``: days of the week, Monday =
    0; ``days``: the holidays."""

    first: date
    last: date
    weekend: tuple[int, ...]
    days: tuple[date, ...]

    def off(self) -> set[date]:
        span = (self.last - self.first).days + 1
        every = (self.first + timedelta(n) for n in range(span))
        return {day for day in every if day.weekday() in self.weekend} | {*self.days}


async def follow(world: World, now: datetime) -> int:
    """Moves what a changed official calendar moves; how many reports. For the clock's sweep:
    repeatable, and once among several workers.

    The first time it only notes what the calendar says: by what was counted before is not known.
    """
    says = _says(world, now)
    row = await fetch_one("SELECT said, coming, coming_since FROM official_calendar")
    if row is None:
        await fetch(
            "INSERT INTO official_calendar (said) VALUES ($1) ON CONFLICT DO NOTHING", _json(says)
        )
        return 0
    said = msgspec.json.decode(row["said"], type=Said)
    if not differing(said, says):
        # Somebody still works by it; or it is another year, of which nothing was counted yet.
        if row["coming"] is not None or said != says:
            await fetch(
                "UPDATE official_calendar SET said = $2, coming = NULL, coming_since = NULL "
                "WHERE said = $1",
                row["said"], _json(says),
            )  # fmt: skip
        return 0
    if row["coming"] is None or msgspec.json.decode(row["coming"], type=Said) != says:
        await fetch(
            "UPDATE official_calendar SET coming = $2, coming_since = $3 WHERE said = $1",
            row["said"], _json(says), now,
        )  # fmt: skip
        return 0
    if now < row["coming_since"] + SETTLED:
        return 0
    return await _move(row["said"], says, differing(said, says), world, now)


def differing(before: Said, after: Said) -> list[date]:
    """The days of which they say different things, of those that both know."""
    first, last = max(before.first, after.first), min(before.last, after.last)
    return sorted(day for day in before.off() ^ after.off() if first <= day <= last)


async def _move(said: str, says: Said, days: list[date], world: World, now: datetime) -> int:
    async with transaction():
        if not await calendar_changes.nobody_else():
            return 0
        noted = await fetch(
            "UPDATE official_calendar SET said = $2, coming = NULL, coming_since = NULL "
            "WHERE said = $1 AND coming = $2 RETURNING 1",
            said, _json(says),
        )  # fmt: skip
        if not noted:
            # Another worker was first, or met somebody who works by the former.
            return 0
        names = {code: Language.of(code).text(NAME) for code in LANGUAGES}
        rows = await fetch(
            "INSERT INTO calendar_change (at, first_day, last_day, name_ar, name_en) "
            "VALUES ($1, $2, $3, $4, $5) RETURNING id",
            now, days[0], days[-1], names["ar"], names["en"],
        )  # fmt: skip
        id = int(rows[0]["id"])
        return await calendar_changes.move(id, None, None, (names["ar"], names["en"]), world, now)


def _says(world: World, now: datetime) -> Said:
    first, last = holidays.reach(world.today(now))
    years = range(first.year, last.year + 1)
    days = sorted(day for year in years for day in holidays.official(year) if first <= day <= last)
    return Said(first, last, tuple(sorted(world.weekend)), tuple(dict.fromkeys(days)))


def _json(said: Any) -> str:
    return msgspec.json.encode(said).decode()
