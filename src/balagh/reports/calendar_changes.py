"""What an administrator changes in the calendar of working days, and which reports move with it.

Specification 5. A change and the due dates that it moves are one transaction, one after another:
whoever decided by a calendar that somebody changed meanwhile is told so. Every process keeps the
calendar for half a minute, so reports may be counted by the former one for that long; ``settle``
counts those again once nobody has it any more. That the official calendar itself changes is
``official_calendar``'s.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from balagh.database import fetch, fetch_one, transaction
from balagh.directory import holidays
from balagh.directory.holidays import Correction
from balagh.directory.snapshots import MAX_AGE
from balagh.i18n import LANGUAGES, N_, Language
from balagh.people import audit
from balagh.reports import recounting
from balagh.reports.recounting import Foreseen, Move

# Days that may be declared afterwards: by decree at once, entered a little later.
BEFORE = timedelta(days=30)
# Days at once: longer than any Eid.
MOST = 31
# A page of what was changed, and of what moved.
PAGE = 50
# Not a lock of the table: what a sweep notes there would wait for a change.
_LOCK = "hashtextextended('calendar', 0)"
# Twice as long as any process keeps the calendar: a page that began before has ended.
SETTLED = 2 * MAX_AGE


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """From ``first`` to ``last``: worked, off, or (``working`` none) as the official calendar has
    it. ``replaces``: days declared before, in whose place it comes."""

    first: date
    last: date
    working: bool | None
    name_ar: str = ""
    name_en: str = ""
    replaces: tuple[date, date] | None = None


class Unfit(StrEnum):
    """Why a change cannot be."""

    BACKWARDS = "backwards"
    LONG = "long"
    PAST = "past"
    FAR = "far"
    TWICE = "twice"
    NOTHING = "nothing"


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A change that was made: by whom (none when the official calendar itself changed), and how
    many reports it moved."""

    id: int
    at: datetime
    first_day: date
    last_day: date
    working: bool | None
    name_ar: str
    name_en: str
    moved: int
    staff_ar: str | None
    staff_en: str | None


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Which week is worked, and where."""

    weekend: Collection[int]
    zone: ZoneInfo

    def today(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()


_MADE = """
SELECT c.id, c.at, c.first_day, c.last_day, c.working, c.name_ar, c.name_en, c.moved,
  s.name_ar AS staff_ar, s.name_en AS staff_en
FROM calendar_change c LEFT JOIN staff s ON s.id = c.staff_id
"""


async def refusal(change: Change, world: World, now: datetime) -> Unfit | None:
    """Why it cannot be, as things stand."""
    today = world.today(now)
    return unfit(change, await holidays.corrections(*holidays.reach(today)), world, today)


async def foresee(change: Change, world: World, now: datetime) -> Foreseen | Unfit:
    """Which reports it would move; changes nothing."""
    today = world.today(now)
    before = await holidays.corrections(*holidays.reach(today))
    if wrong := unfit(change, before, world, today):
        return wrong
    calendar = holidays.corrected(world.weekend, today, _after(change, before))
    return await recounting.foresee(calendar, world.zone, now)


async def make(
    change: Change, world: World, now: datetime, *, as_of: int, staff_id: int
) -> Made | Unfit | int:
    """Writes it and moves what it moves; the number is its id.

    ``as_of``: the newest change that was seen. When there is a newer one, that is returned and
    nothing is done.
    """
    today = world.today(now)
    async with transaction():
        await one_after_another()
        other = await newest()
        if other is not None and other.id != as_of:
            return other
        before = await holidays.corrections(*holidays.reach(today))
        if wrong := unfit(change, before, world, today):
            return wrong
        names = _names(change, before)
        rows = await fetch(
            "INSERT INTO calendar_change (at, staff_id, first_day, last_day, working, name_ar, "
            "name_en) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
            now, staff_id, change.first, change.last, change.working, *names,
        )  # fmt: skip
        id = int(rows[0]["id"])
        await _write(change)
        await move(id, staff_id, change.working, names, world, now)
        await audit.record(
            staff_id, "change_calendar", f"calendar_change:{id}", now,
            {"first_day": change.first.isoformat(), "last_day": change.last.isoformat(),
             "working": change.working},
        )  # fmt: skip
    holidays.forget()
    return id


async def settle(world: World, now: datetime) -> int:
    """Moves what other processes counted by the former calendar after it was changed; how many
    reports. For the clock's sweep: repeatable, and safe with several workers.

    Counted from when it is seen here: then it holds, however long it took to be made.
    """
    open_ones = await fetch("SELECT id, seen_at FROM calendar_change WHERE settled_at IS NULL")
    if unseen := [row["id"] for row in open_ones if row["seen_at"] is None]:
        await fetch(
            "UPDATE calendar_change SET seen_at = $2 WHERE id = ANY($1) AND seen_at IS NULL",
            unseen, now,
        )  # fmt: skip
    due = "settled_at IS NULL AND seen_at <= $1"
    before = now - SETTLED
    if not any(row["seen_at"] and row["seen_at"] <= before for row in open_ones):
        return 0
    async with transaction():
        if not await nobody_else():
            return 0
        row = await fetch_one(
            "SELECT id, staff_id, working, name_ar, name_en FROM calendar_change "  # noqa: S608
            f"WHERE {due} ORDER BY id DESC LIMIT 1",
            before,
        )
        if row is None:
            return 0
        names = (row["name_ar"], row["name_en"])
        moved = await move(row["id"], row["staff_id"], row["working"], names, world, now)
        await fetch(f"UPDATE calendar_change SET settled_at = $2 WHERE {due}", before, now)  # noqa: S608
    return moved


async def unjudged() -> list[int]:
    """Changes that are settled, and by which the days were not judged yet on which drafts can be
    filed."""
    rows = await fetch(
        "SELECT id FROM calendar_change WHERE judged_at IS NULL AND settled_at IS NOT NULL"
    )
    return [row["id"] for row in rows]


async def judged(ids: Sequence[int], now: datetime) -> None:
    """They were."""
    await fetch("UPDATE calendar_change SET judged_at = $2 WHERE id = ANY($1)", list(ids), now)


async def one_after_another() -> None:
    """In a transaction: nobody else changes the calendar or settles a change until it ends. Waits
    for one that moves tens of thousands of reports, longer than a statement may."""
    await fetch("SET LOCAL lock_timeout = '60s'")
    await fetch("SET LOCAL statement_timeout = '60s'")
    await fetch(f"SELECT pg_advisory_xact_lock({_LOCK})")
    await fetch("SET LOCAL lock_timeout TO DEFAULT")
    await fetch("SET LOCAL statement_timeout TO DEFAULT")


async def nobody_else() -> bool:
    """As ``one_after_another``, for the clock's sweep, which does not wait: whether it is so."""
    row = await fetch_one(f"SELECT pg_try_advisory_xact_lock({_LOCK}) AS ours")
    return row is not None and bool(row["ours"])


async def move(
    id: int, staff_id: int | None, working: bool | None, names: tuple[str, str], world: World,
    now: datetime,
) -> int:  # fmt: skip
    """In the transaction of change ``id``: counts all that is open by the calendar as it is now;
    how many reports moved."""
    reason: dict[str, Any] = {"change": id}
    for code, name in zip(LANGUAGES, names, strict=True):
        said = name
        if working is None and staff_id is not None:
            said = Language.of(code).text(N_("{name} no longer applies"), name=name)
        reason[f"reason_{code}"] = said
    calendar = await holidays.load_calendar(world.weekend, world.today(now))
    moved = await recounting.recount(calendar, world.zone, now, staff_id=staff_id, reason=reason)
    await fetch("UPDATE calendar_change SET moved = moved + $2 WHERE id = $1", id, moved)
    return moved


def unfit(
    change: Change, before: Mapping[date, Correction], world: World, today: date
) -> Unfit | None:
    """What is wrong with it; ``before``: what is declared already. Pure."""
    if change.last < change.first:
        return Unfit.BACKWARDS
    if (change.last - change.first).days >= MOST:
        return Unfit.LONG
    if change.last > holidays.reach(today)[1]:
        return Unfit.FAR
    if min(change.first, (change.replaces or (change.first,))[0]) < today - BEFORE:
        return Unfit.PAST
    declared = {day for day in _days(change.first, change.last) if day in before}
    if change.working is None:
        return None if declared else Unfit.NOTHING
    if change.replaces:
        declared -= {*_days(*change.replaces)}
    if declared:
        return Unfit.TWICE
    now_, then = (
        holidays.corrected(world.weekend, today, each) for each in (before, _after(change, before))
    )
    touched = [*_days(change.first, change.last), *(_days(*change.replaces or (today, today)))]
    if not change.replaces and all(now_.is_working(d) == then.is_working(d) for d in touched):
        return Unfit.NOTHING
    return None


async def newest() -> Made | None:
    """The last change; none when nothing was ever changed."""
    row = await fetch_one(_MADE + "ORDER BY c.id DESC LIMIT 1")
    return Made(**row) if row else None


async def history(limit: int = 20) -> list[Made]:
    """The last changes, the newest first."""
    return [Made(**row) for row in await fetch(_MADE + "ORDER BY c.id DESC LIMIT $1", limit)]


async def made(id: int) -> Made | None:
    row = await fetch_one(_MADE + "WHERE c.id = $1", id)
    return Made(**row) if row else None


async def moved(id: int, after: int = 0) -> tuple[list[Move], int | None]:
    """The reports that moved with a change, a page of them, and after which one the next begins."""
    rows = await fetch(
        "SELECT e.id, r.number, r.kind, (e.data->>'was_on')::date AS was_on, "
        "(e.data->>'due_on')::date AS due_on, (e.data->>'had')::int AS had, "
        "(e.data->>'left')::int AS left "
        "FROM event e JOIN report r ON r.id = e.report_id "
        "WHERE e.action = 'move_due' AND (e.data->>'change')::bigint = $1 AND e.id > $2 "
        "ORDER BY e.id LIMIT $3",
        id, after, PAGE + 1,
    )  # fmt: skip
    moves = [Move(**{name: row[name] for name in Move.__struct_fields__}) for row in rows[:PAGE]]
    return moves, rows[PAGE - 1]["id"] if len(rows) > PAGE else None


async def _write(change: Change) -> None:
    spans = [(change.first, change.last), *([change.replaces] if change.replaces else [])]
    for span in spans:
        await fetch("DELETE FROM calendar_day WHERE day BETWEEN $1 AND $2", *span)
    if change.working is not None:
        await fetch(
            "INSERT INTO calendar_day (day, working, name_ar, name_en) "
            "SELECT unnest($1::date[]), $2, $3, $4",
            _days(change.first, change.last), change.working, change.name_ar, change.name_en,
        )  # fmt: skip


def _after(change: Change, before: Mapping[date, Correction]) -> dict[date, Correction]:
    """What is declared once the change is made."""
    gone = {*_days(change.first, change.last), *(_days(*change.replaces or (date.max, date.min)))}
    kept = {day: one for day, one in before.items() if day not in gone}
    if change.working is None:
        return kept
    new = Correction(working=change.working, name_ar=change.name_ar, name_en=change.name_en)
    return kept | dict.fromkeys(_days(change.first, change.last), new)


def _names(change: Change, before: Mapping[date, Correction]) -> tuple[str, str]:
    """Its names; of what is taken back, those that it had."""
    if change.working is not None:
        return change.name_ar, change.name_en
    one = next(before[day] for day in _days(change.first, change.last) if day in before)
    return one.name_ar, one.name_en


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(n) for n in range((last - first).days + 1)]
