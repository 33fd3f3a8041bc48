"""Who has a report: given by hand, taken next, passed on. ``act`` and ``submit`` give it by rule.

Specification 1: "assigns". A change of hands is no change of the report: its version stays, so that
nobody who writes an answer meanwhile is told that something changed, nor is the beneficiary. What
settles a race is the hands themselves: it is given from whom it was seen with, or not at all.
"""

import json
from datetime import datetime
from typing import Any

import msgspec

from balagh.database import fetch, fetch_one
from balagh.reports.cases import Case, Desk, Side, scope
from balagh.reports.hands import HOLDERS, OPEN, Colleague
from balagh.reports.lifecycle import Role, State

# As the partial indexes say it.
_OPEN = ", ".join(f"'{state}'" for state in State if state in OPEN)
_HOLDERS = ", ".join(f"'{role}'" for role in Role if role in HOLDERS)
# Where each side keeps who has it, and what waits there for somebody to take it.
_COLUMN: dict[Side, str] = {"amer": "assignee_id", "agency": "officer_id"}
_WAITS: dict[Side, str] = {
    "amer": "'received','under_review','answered','reopen_requested'",
    "agency": "'in_progress'",
}


class Given(msgspec.Struct, frozen=True):
    """It changed hands."""


class Elsewhere(msgspec.Struct, frozen=True):
    """It was not with whom it was seen any more, or nobody could be given it: who has it now, and
    who gave it to them when, if anybody did."""

    holder_id: int | None
    by_ar: str | None = None
    by_en: str | None = None
    at: datetime | None = None


def holder_of(desk: Desk, case: Case) -> int | None:
    """Who of the desk's side has it."""
    return case.assignee_id if desk.side == "amer" else case.officer_id


# Written with what it did: the event is the side's own, and whoever gets it has not seen it yet.
_WRITTEN = """
logged AS (
  INSERT INTO event (report_id, at, action, actor, staff_id, public, side, data)
  SELECT id, {at}, 'assign', 'staff', {by}, false, '{side}', hands(had, has) FROM moved
), anew AS (
  UPDATE case_view SET version = 0 FROM moved
  WHERE case_view.report_id = moved.id AND staff_id = has AND has <> {by}
), audited AS (
  INSERT INTO audit (at, staff_id, action, subject, data)
  SELECT {at}, {by}, 'assign', 'report:' || id,
    jsonb_strip_nulls(jsonb_build_object('from', had, 'to', has)) FROM moved
)
"""


async def give(
    desk: Desk, report: int, seen: int | None, to: int | None, now: datetime
) -> Given | Elsewhere:
    """Gives the report that was seen with ``seen`` to ``to``; ``None``: nobody. Whether the desk
    may is asked before (``hands.hinder``); here, that it is theirs and open, and ``to`` there."""
    column = _COLUMN[desk.side]
    condition, arguments = scope(desk, 7)
    row = await fetch_one(
        f"""
        WITH moved AS (
          -- Only from whom it was seen with: whoever waits here for another finds nothing.
          UPDATE report r SET {column} = $2
          WHERE r.id = $1 AND r.{column} IS NOT DISTINCT FROM $3 AND r.state IN ({_OPEN})
            AND {condition}
            AND ($2::bigint IS NULL OR EXISTS (
              SELECT FROM staff WHERE id = $2 AND active AND role IN ({_HOLDERS})
                AND agency_id IS NOT DISTINCT FROM $6))
          RETURNING r.id, $3::bigint AS had, $2::bigint AS has
        ), {_WRITTEN.format(at="$4", by="$5", side=desk.side)}
        SELECT id FROM moved
        """,  # noqa: S608
        report, to, seen, now, desk.staff_id, desk.agency_id, *arguments,
    )  # fmt: skip
    return Given() if row is not None else await _elsewhere(desk, report)


async def _elsewhere(desk: Desk, report: int) -> Elsewhere:
    condition, arguments = scope(desk, 3)
    row = await fetch_one(
        f"""
        SELECT r.{_COLUMN[desk.side]} AS holder_id, e.name_ar AS by_ar, e.name_en AS by_en, e.at
        FROM report r LEFT JOIN LATERAL (
          SELECT e.at, s.name_ar, s.name_en FROM event e LEFT JOIN staff s ON s.id = e.staff_id
          WHERE e.report_id = r.id AND e.action = 'assign' AND e.side = $2
          ORDER BY e.at DESC, e.id DESC LIMIT 1
        ) e ON true
        WHERE r.id = $1 AND {condition}
        """,  # noqa: S608
        report, desk.side, *arguments,
    )  # fmt: skip
    return Elsewhere(None) if row is None else Elsewhere(**row)


async def take_next(desk: Desk, now: datetime) -> str | None:
    """Gives the desk what waits for somebody and is due first, and returns its number; none when
    nothing waits. Any number of desks at once get a different one each."""
    # What somebody else is just about is passed over; only when nothing else is left it is waited
    # for, because they may leave it.
    return await _take(desk, now, "SKIP LOCKED") or await _take(desk, now, "")


async def _take(desk: Desk, now: datetime, locked: str) -> str | None:
    column = _COLUMN[desk.side]
    condition, arguments = scope(desk, 3)
    row = await fetch_one(
        f"""
        WITH first AS (
          SELECT r.id FROM report r
          WHERE r.{column} IS NULL AND r.state IN ({_WAITS[desk.side]}) AND {condition}
          ORDER BY r.due_at, r.id LIMIT 1 FOR UPDATE OF r {locked}
        ), moved AS (
          UPDATE report SET {column} = $1 FROM first WHERE report.id = first.id
          RETURNING report.id, number, NULL::bigint AS had, $1::bigint AS has
        ), {_WRITTEN.format(at="$2", by="$1", side=desk.side)}
        SELECT number FROM moved
        """,  # noqa: S608
        desk.staff_id, now, *arguments,
    )  # fmt: skip
    return None if row is None else str(row["number"])


async def pass_on(
    desk: Desk, holder: int, to: int, now: datetime, *, due_before: datetime | None = None
) -> int:
    """Gives every open report that ``holder`` has to ``to``, or those that are due before that
    instant; returns how many. What somebody else gives away meanwhile goes where they said."""
    column = _COLUMN[desk.side]
    condition, arguments = scope(desk, 7)
    rows = await fetch(
        f"""
        WITH theirs AS (
          SELECT r.id FROM report r
          WHERE r.{column} = $1 AND r.state IN ({_OPEN}) AND {condition}
            AND ($6::timestamptz IS NULL OR r.due_at <= $6)
            AND EXISTS (SELECT FROM staff WHERE id = $2 AND active AND role IN ({_HOLDERS})
              AND agency_id IS NOT DISTINCT FROM $5)
          ORDER BY r.id FOR UPDATE OF r
        ), moved AS (
          UPDATE report SET {column} = $2 FROM theirs WHERE report.id = theirs.id
          RETURNING report.id, $1::bigint AS had, $2::bigint AS has
        ), {_WRITTEN.format(at="$3", by="$4", side=desk.side)}
        SELECT id FROM moved
        """,  # noqa: S608
        holder, to, now, desk.staff_id, desk.agency_id, due_before, *arguments,
    )  # fmt: skip
    return len(rows)


async def leave_none_behind(now: datetime) -> int:
    """What is with somebody who no longer works on it goes to whom a rule names, or waits for
    anybody; returns how many. Every minute: nobody has to think of it when somebody leaves."""
    return sum([len(await _left(side, now)) for side in _COLUMN])


async def leave(staff: int, now: datetime) -> list[int]:
    """As they leave, within the transaction in which they do: what is with them goes to whom a rule
    names now, or waits for anybody; returns which reports."""
    return sorted({id for side in _COLUMN for id in await _left(side, now, staff)})


async def _left(side: Side, now: datetime, staff: int | None = None) -> list[int]:
    """``staff``: theirs alone, whatever they are from now on."""
    column = _COLUMN[side]
    agency = "NULL::bigint" if side == "amer" else "report.referred_agency_id"
    own = "s.agency_id IS NULL" if side == "amer" else "s.agency_id = r.referred_agency_id"
    fit = f"s.active AND s.role IN ({_HOLDERS}) AND {own}"
    # The sweep comes again; who leaves leaves nothing.
    whose, locked = (f"NOT ({fit})", "SKIP LOCKED") if staff is None else ("s.id = $2", "")
    told = "" if side == "amer" else "|| jsonb_build_object('agency', moved.agency)"
    rows = await fetch(
        f"""
        WITH left_behind AS (
          SELECT r.id, s.id AS had FROM staff s JOIN report r ON r.{column} = s.id
          WHERE {whose} AND r.state IN ({_OPEN})
          FOR UPDATE OF r {locked}
        ), moved AS (
          UPDATE report SET {column} = by_rule({agency}, agency_id, service_id, kind, $1)
          FROM left_behind WHERE report.id = left_behind.id
          RETURNING report.id, had, {column} AS has, {agency} AS agency
        )
        INSERT INTO event (report_id, at, action, actor, public, side, data)
        SELECT id, $1, 'assign', 'clock', false, '{side}', hands(had, has) {told} FROM moved
        RETURNING report_id AS id
        """,  # noqa: S608
        now, *(() if staff is None else (staff,)),
    )  # fmt: skip
    return [row["id"] for row in rows]


_COLLEAGUES = """
SELECT s.id, s.role, s.agency_id, s.name_ar, s.name_en, s.active, s.away_from, s.away_until,
  s.deputy_id,
  (SELECT count(*) FROM report r WHERE r.{column} = s.id AND r.state IN ({open})) AS load
FROM staff s WHERE s.agency_id IS NOT DISTINCT FROM $1 AND s.role <> 'administrator'
ORDER BY s.name_{language}, s.id
"""


async def colleagues(desk: Desk, language: str) -> dict[int, Colleague]:
    """Everybody of the desk's side, by id, sorted by name; those too who have left."""
    assert language in ("ar", "en")
    rows = await fetch(
        _COLLEAGUES.format(column=_COLUMN[desk.side], open=_OPEN, language=language),
        desk.agency_id,
    )
    return {row["id"]: msgspec.convert(dict(row), Colleague) for row in rows}


def told(data: str | dict[str, Any], language: str) -> tuple[str, str]:
    """From whom to whom, as an entry ``assign`` tells it: names, empty where it was nobody."""
    read = json.loads(data) if isinstance(data, str) else data
    return read.get(f"from_{language}", ""), read.get(f"to_{language}", "")
