"""A changed calendar counts the open due dates again, and says which reports moved.

Specification 5: working days follow the official holidays, corrected by the administrator. A report
knows from which day and how many working days are counted (``due_from``, ``due_days``), so what is
due can be counted again by another calendar at any time.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from balagh.database import fetch
from balagh.reports import deadlines
from balagh.workdays import Calendar


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """An open report whose answer is due on another day; ``was_on``, ``due_on``: the last days on
    which it is in time."""

    number: str
    kind: str
    was_on: date
    due_on: date


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """How many move from one day to another."""

    was_on: date
    due_on: date
    reports: int


class Foreseen(msgspec.Struct, frozen=True, kw_only=True):
    """What a calendar would move. ``told``: of them were told that they are late, and are so no
    more; ``late``: become late by it at once; ``moves``: the first of them, by date."""

    reports: int
    told: int
    late: int
    shifts: tuple[Shift, ...]
    moves: tuple[Move, ...]


# While data is missing the date stands still, but it is what the rest is counted from.
_OPEN = "('received','under_review','missing_data','in_progress','answered')"
_COUNTED = f"""
SELECT due_from, due_days, NULL::date AS submitted_on FROM report WHERE state IN {_OPEN}
UNION
SELECT NULL, 1, (submitted_at AT TIME ZONE $1)::date FROM report
WHERE state IN {_OPEN} AND checked_at IS NULL
"""  # noqa: S608
_JOINED = f"""
FROM report r JOIN unnest($1::date[], $2::smallint[], $3::timestamptz[])
  AS n (due_from, due_days, due_at)
  ON n.due_from = r.due_from AND n.due_days = r.due_days
WHERE r.state IN {_OPEN} AND r.due_at <> n.due_at
"""
_MOVED = f"""
SELECT r.id, r.number, r.kind, r.due_at AS was, n.due_at AS now {_JOINED}
ORDER BY r.due_at, r.id
"""
_SHIFTS = f"""
SELECT r.due_at AS was, n.due_at AS now, count(*) AS reports,
  count(*) FILTER (WHERE r.late_told_due = r.due_at AND n.due_at > $4) AS told,
  count(*) FILTER (WHERE r.state <> 'missing_data' AND n.due_at <= $4 AND r.due_at > $4) AS late
{_JOINED} GROUP BY 1, 2 ORDER BY 1, 2
"""
# Its version moves with it: whoever acts on what they saw before would write the old date back.
_MOVE = """
WITH moved AS (
  UPDATE report r SET due_at = n.due_at, version = version + 1,
    -- Somebody who was told that it is late is not told again of a day that has passed as well.
    late_told_due = CASE WHEN r.late_told_due = r.due_at AND n.due_at <= $4 THEN n.due_at
                         ELSE r.late_told_due END
  FROM unnest($1::bigint[], $2::timestamptz[], $3::date[], $7::date[])
    AS n (id, due_at, due_on, was_on)
  WHERE r.id = n.id RETURNING r.id, n.due_on, n.was_on
)
INSERT INTO event (report_id, at, action, actor, staff_id, data)
SELECT id, $4, 'move_due', 'staff', $5,
  $6::jsonb || jsonb_build_object('due_on', due_on, 'was_on', was_on)
FROM moved
"""
_CHECK = f"""
UPDATE report r SET completeness_due_at = n.due_at
FROM unnest($2::date[], $3::timestamptz[]) AS n (submitted_on, due_at)
WHERE r.state IN {_OPEN} AND r.checked_at IS NULL
  AND (r.submitted_at AT TIME ZONE $1)::date = n.submitted_on
  AND r.completeness_due_at <> n.due_at
"""  # noqa: S608
_PAUSED = """
SELECT id, due_at, data_asked_at, paused_working_days FROM report
WHERE state = 'missing_data' AND data_asked_at IS NOT NULL
"""


async def foresee(calendar: Calendar, zone: ZoneInfo, now: datetime, most: int = 50) -> Foreseen:
    """What ``calendar`` would move, with the first ``most`` by name; changes nothing."""
    answers, _ = await _counted(calendar, zone)
    shifts = await fetch(_SHIFTS, *answers, now)
    first = await fetch(_MOVED + " LIMIT $4", *answers, most) if shifts else []
    return Foreseen(
        reports=sum(row["reports"] for row in shifts),
        told=sum(row["told"] for row in shifts),
        late=sum(row["late"] for row in shifts),
        shifts=tuple(
            Shift(reports=row["reports"], **_days(row["was"], row["now"], zone)) for row in shifts
        ),
        moves=tuple(
            Move(
                number=row["number"],
                kind=row["kind"],
                **_days(row["was"], row["now"], zone),
            )
            for row in first
        ),
    )


async def recount(
    calendar: Calendar, zone: ZoneInfo, now: datetime, *, staff_id: int, reason: dict[str, Any]
) -> int:
    """Moves them, each with an entry that says why; how many there were.

    In the transaction that changes the calendar, with ``calendar`` as it is changed there.
    ``reason``: ``reason_ar`` and ``reason_en``, and ``change``, by whose id they are found again
    (``calendar_changes.moved``).
    """
    answers, checks = await _counted(calendar, zone)
    found = await fetch(_MOVED + " FOR UPDATE OF r", *answers)
    if found:
        await fetch(
            _MOVE,
            [row["id"] for row in found],
            [row["now"] for row in found],
            [deadlines.due_day(row["now"], zone) for row in found],
            now, staff_id, json.dumps(reason, ensure_ascii=False),
            [deadlines.due_day(row["was"], zone) for row in found],
        )  # fmt: skip
    await fetch(_CHECK, zone.key, *checks)
    await _paused(calendar, zone)
    return len(found)


def _days(was: datetime, now: datetime, zone: ZoneInfo) -> dict[str, date]:
    return {"was_on": deadlines.due_day(was, zone), "due_on": deadlines.due_day(now, zone)}


_Answers = tuple[list[date], list[int], list[datetime]]
_Checks = tuple[list[date], list[datetime]]


async def _counted(calendar: Calendar, zone: ZoneInfo) -> tuple[_Answers, _Checks]:
    """Each beginning that an open report has, with the end that this calendar gives it."""
    answers: _Answers = ([], [], [])
    checks: _Checks = ([], [])
    for row in await fetch(_COUNTED, zone.key):
        since = row["due_from"] or row["submitted_on"]
        end = deadlines.end_of(calendar.after(since, row["due_days"]), zone)
        columns: Sequence[list[object]] = answers if row["due_from"] else checks  # type: ignore[assignment]
        values = (since, row["due_days"], end) if row["due_from"] else (since, end)
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    return answers, checks


async def _paused(calendar: Calendar, zone: ZoneInfo) -> None:
    """What was left of the time when data was asked for, by this calendar."""
    ids, left = [], []
    for row in await fetch(_PAUSED):
        asked_on = row["data_asked_at"].astimezone(zone).date()
        days = max(1, len(calendar.days_between(asked_on, deadlines.due_day(row["due_at"], zone))))
        if days != row["paused_working_days"]:
            ids.append(row["id"])
            left.append(days)
    if ids:
        await fetch(
            "UPDATE report r SET paused_working_days = n.days, version = version + 1 "
            "FROM unnest($1::bigint[], $2::smallint[]) AS n (id, days) WHERE r.id = n.id",
            ids, left,
        )  # fmt: skip
