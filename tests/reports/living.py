"""A report lived through in the database, with every message that comes of it, at its instant.

The sweeps look a second before each end of a time, at that instant, at each midnight of the week
after, and not at all while the worker is down. How things are done: ``doing``.
"""

from datetime import date, datetime, timedelta

import msgspec
from tests.reports import filed
from tests.reports.doing import EARLY, KEY, PUBLIC, RIYADH, Doing, at

from balagh.database import fetch
from balagh.directory import lookup
from balagh.reports import clock_sweep, deadlines, reminders
from balagh.reports.clocks import RUNNING
from balagh.reports.lifecycle import Action, State

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
WORLD = clock_sweep.World(zone=RIYADH, public_url=PUBLIC, sms=False, reminder_hours=24)


class Lived(msgspec.Struct, frozen=True):
    """``story``: what happens; ``told``: every message of it and its instant, in that order."""

    name: str
    story: list[str]
    told: list[str]


class Life(Doing):
    """``told``: moment and instant of each message, with ``@2`` where it is the second report's."""

    def __init__(self) -> None:
        super().__init__()
        self.working = True
        self.told: list[str] = []
        self._seen = 0
        self._watched: set[datetime] = set()

    async def begin(self, when: str) -> None:
        self.now = at(when)
        self.person = await filed.person()
        self.reviewer = await filed.reviewer()

    async def happens(self, what: str) -> None:
        """``2026-11-23 09:00 refer``, ``… refer@2`` of the second report; ``!``: it is refused;
        ``down``, ``up``: the worker; ``off``, ``worked``, ``official`` and days: declared."""
        day, time, deed, *more = what.split()
        await self.until(at(f"{day} {time}"))
        deed, _, place = deed.partition("@")
        n = int(place or 1)
        if deed in ("down", "up"):
            self.working = deed == "up"
            if self.working:
                await self.look(self.now)
        elif deed in ("off", "worked", "official"):
            for each in more:
                await self.declare(deed, date.fromisoformat(each))
                if self.working:
                    await self.look(self.now)
        elif deed == "file":
            await self.file(*more)
        elif deed == "draft":
            await self.keep(EARLY)
        elif deed == "split":
            await self.split(*more)
        elif deed == "deliver":
            await self.deliver(n)
        else:
            promised_on = date.fromisoformat(more[0]) if more else None
            await self.act(Action(deed.lstrip("!")), n, promised_on, refused=deed[0] == "!")
        await self.read(self.now)
        await self.explained()

    async def until(self, end: datetime) -> None:
        """Time passes, with the sweeps at each instant at which something could happen."""
        while self.working:
            coming = [one for one in await self.instants() if self.now < one <= end]
            midnights = [one for one in self._watched if self.now < one <= end]
            if not coming and not midnights:
                break
            first = min(coming + midnights)
            if first in coming:
                # Not a second too early; and what is told is not told again the week after.
                await self.look(max(self.now, first - SECOND), quiet=True)
                midnight = deadlines.end_of(first.astimezone(RIYADH).date(), RIYADH)
                self._watched |= {midnight + n * DAY for n in range(7)}
            self.now = first
            await self.look(first, quiet=first not in coming)
        self.now = end
        if self.working:
            await self.look(end, quiet=end not in await self.instants())

    async def instants(self) -> set[datetime]:
        """At which a time of one of the reports, or of the draft, ends."""
        found: set[datetime | None] = set()
        for row in await fetch("SELECT * FROM report"):
            asked, promised = row["data_asked_at"], row["promised_on"]
            found |= {row["due_at"], row["data_due_at"], asked and asked + DAY}
            if promised and row["state"] == "closed":
                morning = at(f"{promised} 08:00")
                found |= {morning, morning + 7 * DAY}
        for row in await fetch("SELECT remind_on FROM draft WHERE remind_on IS NOT NULL"):
            found.add(at(f"{row['remind_on']} 08:00"))
        return {one for one in found if one is not None}

    async def look(self, now: datetime, *, quiet: bool = False) -> None:
        await self.sweep(now)
        # And once more: what is settled is settled.
        assert await self.sweep(now) == 0
        await self.read(now, quiet=quiet)
        await self.explained()

    async def sweep(self, now: datetime) -> int:
        world = reminders.World(
            known=await lookup.catalogue(now), calendar=await self.calendar(), zone=RIYADH,
            public_url=PUBLIC, secret_key=KEY, sms=False,
        )  # fmt: skip
        return await reminders.sweep(now, world) + (await clock_sweep.sweep(now, WORLD)).total

    async def read(self, now: datetime, *, quiet: bool = False) -> None:
        """What was told since one looked last: now, and nothing where nothing is due."""
        rows = await fetch(
            "SELECT id, moment, created_at, data->>'number' AS number FROM notice WHERE id > $1 "
            "ORDER BY id",
            self._seen,
        )
        assert not (quiet and rows), f"at the wrong time: {rows}"
        for row in rows:
            assert row["created_at"] == now, row
            place = self.numbers.index(row["number"]) if row["number"] in self.numbers else 0
            local = now.astimezone(RIYADH)
            self.told.append(
                f"{row['moment']} {local:%Y-%m-%d %H:%M}" + (f" @{place + 1}" if place else "")
            )
            self._seen = row["id"]

    async def explained(self) -> None:
        """Each open report's date is the one that its pages count to."""
        calendar = await self.calendar()
        for row in await fetch("SELECT * FROM report"):
            if row["state"] in (*RUNNING, State.MISSING_DATA):
                since, count = deadlines.counting(
                    row["due_from"], row["due_days"], row["pauses"], calendar
                )
                days = deadlines.counted(since, count, calendar)
                assert days[-1].day == deadlines.due_day(row["due_at"], RIYADH)
            if row["state"] in (State.RECEIVED, State.UNDER_REVIEW) and not row["checked_at"]:
                since = row["submitted_at"].astimezone(RIYADH).date()
                check = deadlines.counted(since, 1, calendar)[-1].day
                assert check == deadlines.due_day(row["completeness_due_at"], RIYADH)
