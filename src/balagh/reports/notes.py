"""Internal notes, and who is addressed in them: entries that the beneficiary never sees.

A note moves nothing and changes no version, so that writing one never meets somebody else's action.
It is not deleted and not changed: another note corrects it.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from balagh.database import fetch, fetch_one
from balagh.reports.cases import AMER, Desk, Side, scope
from balagh.reports.lifecycle import Entry
from balagh.reports.mentions import Colleague


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """``side``: whose own it is, none: for all staff that see the report. ``mentions``: whom it
    addresses; ``form``: the id of the form it was written in, which makes one note however often it
    is sent."""

    text: str
    side: Side | None
    mentions: Sequence[int] = ()
    form: str


async def colleagues(desk: Desk) -> list[Colleague]:
    """Who works at the same side and may see what that desk sees, without the asking themselves."""
    rows = await fetch(
        "SELECT id, name_ar, name_en FROM staff WHERE active AND id <> $1 "
        "AND agency_id IS NOT DISTINCT FROM $2 AND ($2 IS NOT NULL OR role = ANY($3::text[])) "
        "ORDER BY id",
        desk.staff_id, desk.agency_id, sorted(AMER),
    )  # fmt: skip
    return [Colleague(**row) for row in rows]


async def named(ids: Sequence[int]) -> list[Colleague]:
    """Those members of staff, whoever left since included: for notes that address them."""
    if not ids:
        return []
    rows = await fetch(
        "SELECT id, name_ar, name_en FROM staff WHERE id = ANY($1::bigint[])", list(ids)
    )
    return [Colleague(**row) for row in rows]


async def write(desk: Desk, report: int, note: Note, now: datetime) -> bool:
    """Adds the note with its mentions; false when the desk may not see the report (any more)."""
    condition, arguments = scope(desk, 9)
    row = await fetch_one(
        f"""
WITH seen AS (
  SELECT r.id FROM report r WHERE r.id = $1 AND {condition}
), noted AS (
  INSERT INTO event (report_id, at, action, actor, staff_id, public, side, data)
  SELECT id, $2, $3, 'staff', $4, false, $5, $6::jsonb FROM seen
  -- Sent again after a lost answer, or pressed twice.
  WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.report_id = $1 AND e.staff_id = $4
                    AND e.action = $3 AND e.data->>'form' = $7)
  RETURNING id
), addressed AS (
  INSERT INTO mention (event_id, staff_id) SELECT noted.id, m.id FROM noted, unnest($8::bigint[]) AS m (id)
), audited AS (
  INSERT INTO audit (at, staff_id, action, subject, data)
  SELECT $2, $4, $3, 'report:' || $1::bigint, jsonb_build_object('event', id) FROM noted
)
SELECT id FROM seen
""",  # noqa: S608, E501
        report, now, Entry.NOTE.value, desk.staff_id, note.side,
        json.dumps(_data(note), ensure_ascii=False), note.form, sorted(set(note.mentions)),
        *arguments,
    )  # fmt: skip
    return row is not None


def _data(note: Note) -> dict[str, Any]:
    found: dict[str, Any] = {"text": note.text, "form": note.form}
    return found | ({"mentions": sorted(set(note.mentions))} if note.mentions else {})


class Mentioned(msgspec.Struct, frozen=True, kw_only=True):
    """A note that addresses somebody; ``by_ar``, ``by_en``: who wrote it."""

    id: int
    at: datetime
    number: str
    title: str
    text: str
    by_ar: str
    by_en: str
    read_at: datetime | None


async def mentioning(
    desk: Desk, *, before: int | None = None, limit: int = 30
) -> tuple[list[Mentioned], bool]:
    """The notes that address whoever asks, of reports that they may see, the newest first; and
    whether there are older ones. ``before`` continues after that mention."""
    condition, arguments = scope(desk, 4)
    rows = await fetch(
        "SELECT m.id, e.at, r.number, r.title, e.data->>'text' AS text, "  # noqa: S608
        "s.name_ar AS by_ar, s.name_en AS by_en, m.read_at "
        "FROM mention m JOIN event e ON e.id = m.event_id JOIN report r ON r.id = e.report_id "
        "JOIN staff s ON s.id = e.staff_id "
        f"WHERE m.staff_id = $1 AND ($2::bigint IS NULL OR m.id < $2) AND {condition} "
        "ORDER BY m.id DESC LIMIT $3",
        desk.staff_id, before, limit + 1, *arguments,
    )  # fmt: skip
    found = [msgspec.convert(dict(row), Mentioned) for row in rows]
    return found[:limit], len(found) > limit


async def read(desk: Desk, report: int, now: datetime) -> int:
    """Whoever opened the report has read where it addresses them; returns how many were new."""
    rows = await fetch(
        "UPDATE mention SET read_at = $3 FROM event e WHERE mention.event_id = e.id "
        "AND e.report_id = $2 AND mention.staff_id = $1 AND mention.read_at IS NULL "
        "RETURNING mention.id",
        desk.staff_id, report, now,
    )  # fmt: skip
    return len(rows)
