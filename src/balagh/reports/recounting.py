"""A changed calendar counts the open due dates again, and says which reports moved.

Specification 5: working days follow the official holidays, corrected by the administrator. A report
knows from which day, how many working days, and with which pauses are counted (``due_from``,
``due_days``, ``pauses``), so what is due can be counted again by another calendar at any time.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from balagh.database import fetch
from balagh.reports import deadlines
from balagh.workdays import Calendar

# Reports that one statement moves: a fraction of a second, where 10 s are a fault (database.py).
SLICE = 1000


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """From which day to which: the last days on which an answer is in time. While data is missing
    no date is promised: then it is how many working days are left, ``had`` and ``left``."""

    was_on: date | None = None
    due_on: date | None = None
    had: int | None = None
    left: int | None = None


class Move(Moved, frozen=True, kw_only=True):
    """An open report whose time moves."""

    number: str
    kind: str


class Shift(Moved, frozen=True, kw_only=True):
    """How many move in the same way."""

    reports: int


class Foreseen(msgspec.Struct, frozen=True, kw_only=True):
    """What a calendar would move. ``told``: of them were told that they are late, and are so no
    more; ``late``: become late by it at once; ``moves``: the first of them, by date."""

    reports: int
    told: int
    late: int
    shifts: tuple[Shift, ...]
    moves: tuple[Move, ...]


_OPEN = "('received','under_review','missing_data','in_progress','answered')"
# What its dates are counted from. While data is missing the last day is that on which it was asked
# for; an odd number of days says so.
_COUNTED = """
r.due_from, r.due_days,
CASE WHEN r.state = 'missing_data' AND r.data_asked_at IS NOT NULL
  THEN array_append(r.pauses, (r.data_asked_at AT TIME ZONE $1)::date) ELSE r.pauses END AS pauses,
r.due_at, r.paused_working_days AS had,
(r.submitted_at AT TIME ZONE $1)::date AS submitted_on, r.completeness_due_at AS check_at
"""
_ALIKE = f"""
SELECT {_COUNTED}, coalesce(r.late_told_due = r.due_at, false) AS told, array_agg(r.id) AS ids
FROM report r WHERE r.state IN {_OPEN} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""  # noqa: S608
_HELD = f"""
SELECT r.id, {_COUNTED} FROM report r WHERE r.id = ANY($2::bigint[]) AND r.state IN {_OPEN}
ORDER BY r.id FOR UPDATE
"""  # noqa: S608
_MOVE = """
WITH moved AS (
  UPDATE report r SET due_at = n.due_at, completeness_due_at = n.check_at,
    paused_working_days = n.days,
    -- Whoever acts on what they saw before would write the old date back.
    version = version + (n.said IS NOT NULL)::int,
    -- Somebody who was told that it is late is not told again of a day that has passed as well.
    late_told_due = CASE WHEN r.late_told_due = r.due_at AND n.due_at <= $1 THEN n.due_at
                         ELSE r.late_told_due END
  FROM unnest($2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::smallint[], $6::text[])
    AS n (id, due_at, check_at, days, said)
  WHERE r.id = n.id RETURNING r.id, n.said
)
INSERT INTO event (report_id, at, action, actor, staff_id, data)
SELECT id, $1, 'move_due', CASE WHEN $7::bigint IS NULL THEN 'clock' ELSE 'staff' END, $7,
  $8::jsonb || said::jsonb
FROM moved WHERE said IS NOT NULL ORDER BY id
"""


async def foresee(calendar: Calendar, zone: ZoneInfo, now: datetime, most: int = 50) -> Foreseen:
    """What ``calendar`` would move, with the first ``most`` by name; changes nothing."""
    counting, shifts = _Counting(calendar, zone), Counter[Moved]()
    told, late = 0, 0
    found: list[tuple[datetime, int, Moved]] = []
    for row in await fetch(_ALIKE, zone.key):
        after = counting.of(row)
        if after is None or after.moved is None:
            continue
        reports = len(row["ids"])
        shifts[after.moved] += reports
        if after.moved.left is None:
            told += reports if row["told"] and after.due_at > now else 0
            late += reports if after.due_at <= now < row["due_at"] else 0
        found += [(row["due_at"], id, after.moved) for id in row["ids"]]
    first = {id: moved for _, id, moved in sorted(found, key=lambda one: one[:2])[:most]}
    rows = await fetch(
        "SELECT id, number, kind FROM report WHERE id = ANY($1::bigint[])", list(first)
    )
    named = {row["id"]: (row["number"], row["kind"]) for row in rows}
    return Foreseen(
        reports=shifts.total(),
        told=told,
        late=late,
        shifts=tuple(
            Shift(**msgspec.structs.asdict(moved), reports=shifts[moved])
            for moved in sorted(shifts, key=_in_order)
        ),
        moves=tuple(
            Move(**msgspec.structs.asdict(moved), number=named[id][0], kind=named[id][1])
            for id, moved in first.items()
            if id in named
        ),
    )


async def recount(
    calendar: Calendar,
    zone: ZoneInfo,
    now: datetime,
    *,
    staff_id: int | None,
    reason: dict[str, Any],
) -> int:
    """Moves them, each with an entry that says why; how many there were.

    In the transaction that changes the calendar, with ``calendar`` as it is changed there.
    ``staff_id``: who changed it, none when nobody did; ``reason``: ``reason_ar`` and ``reason_en``,
    and ``change``, by whose id they are found again (``calendar_changes.moved``).
    """
    counting, said = _Counting(calendar, zone), json.dumps(reason, ensure_ascii=False)
    ids: list[int] = []
    for row in await fetch(_ALIKE, zone.key):
        if counting.of(row) is not None:
            ids += row["ids"]
    moved = 0
    for some in _slices(sorted(ids)):
        # Read again once they are held: whoever acted on one meanwhile was first.
        held = [(row["id"], counting.of(row)) for row in await fetch(_HELD, zone.key, some)]
        changed = [(id, after) for id, after in held if after is not None]
        await fetch(
            _MOVE,
            now,
            [id for id, _ in changed],
            [after.due_at for _, after in changed],
            [after.check_at for _, after in changed],
            [after.days for _, after in changed],
            [after.moved and _said(after.moved) for _, after in changed],
            staff_id,
            said,
        )
        moved += sum(after.moved is not None for _, after in changed)
    return moved


class _After(msgspec.Struct, frozen=True):
    """Columns of a report as they are by the calendar. ``days``: those left while data is missing;
    ``moved``: what people are told of it, none where nothing that they know of changes."""

    due_at: datetime
    check_at: datetime
    days: int | None
    moved: Moved | None


class _Counting:
    """By one calendar. Most reports are counted from a few days: each is counted once."""

    def __init__(self, calendar: Calendar, zone: ZoneInfo) -> None:
        self._calendar, self._zone = calendar, zone
        self._ends: dict[tuple[date, int, tuple[date, ...]], datetime] = {}
        self._left: dict[tuple[date, int, tuple[date, ...]], int] = {}

    def of(self, row: asyncpg.Record) -> _After | None:
        """What changes; none where all is as it should be."""
        since, days, pauses = row["due_from"], row["due_days"], tuple(row["pauses"])
        paused = len(pauses) % 2 == 1
        # While data is missing the date stands still, but it is what the rest is counted from.
        due_at = self._end(since, days, pauses[:-1] if paused else pauses)
        check_at = self._end(row["submitted_on"], 1, ())
        left = self._left_of(since, days, pauses) if paused else row["had"]
        if (due_at, check_at, left) == (row["due_at"], row["check_at"], row["had"]):
            return None
        moved = None
        if paused and left != row["had"]:
            moved = Moved(had=row["had"], left=left)
        elif not paused and due_at != row["due_at"]:
            was_on, due_on = (
                deadlines.due_day(each, self._zone) for each in (row["due_at"], due_at)
            )
            moved = Moved(was_on=was_on, due_on=due_on)
        return _After(due_at, check_at, left, moved)

    def _end(self, since: date, days: int, pauses: tuple[date, ...]) -> datetime:
        key = (since, days, pauses)
        if key not in self._ends:
            counted = deadlines.counting(since, days, pauses, self._calendar)
            self._ends[key] = deadlines.end_of(self._calendar.after(*counted), self._zone)
        return self._ends[key]

    def _left_of(self, since: date, days: int, pauses: tuple[date, ...]) -> int:
        key = (since, days, pauses)
        if key not in self._left:
            self._left[key] = deadlines.counting(since, days, pauses, self._calendar)[1]
        return self._left[key]


def _said(moved: Moved) -> str:
    """For the event."""
    return msgspec.json.encode(
        {name: value for name, value in msgspec.structs.asdict(moved).items() if value is not None}
    ).decode()


def _in_order(moved: Moved) -> tuple[bool, tuple[date, date] | tuple[int, int]]:
    """Dates first, then days left; each from the earliest."""
    if moved.was_on is not None and moved.due_on is not None:
        return False, (moved.was_on, moved.due_on)
    return True, (moved.had or 0, moved.left or 0)


def _slices(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for at in range(0, len(ids), SLICE):
        yield ids[at : at + SLICE]
