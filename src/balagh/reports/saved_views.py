"""Filters of the inbox that somebody keeps under a name, for themselves or for their whole side."""

from datetime import datetime

import asyncpg
import msgspec

from balagh.database import fetch
from balagh.reports.cases import Desk

LONGEST_NAME = 60
LONGEST_QUERY = 1000
# A person's own; more than that nobody finds again.
MOST = 50


class SavedView(msgspec.Struct, frozen=True):
    """``query``: of the inbox's address; ``own``: of who asks, else shared by ``owner_ar``,
    ``owner_en``."""

    id: int
    name: str
    query: str
    shared: bool
    own: bool
    owner_ar: str
    owner_en: str


async def saved_views(desk: Desk) -> list[SavedView]:
    """Those of who asks, then those that colleagues of the same side share; by name."""
    rows = await fetch(
        "SELECT v.id, v.name, v.query, v.shared, v.staff_id = $1 AS own, "
        "s.name_ar AS owner_ar, s.name_en AS owner_en "
        "FROM saved_view v JOIN staff s ON s.id = v.staff_id "
        "WHERE v.staff_id = $1 "
        "OR (v.shared AND s.active AND s.agency_id IS NOT DISTINCT FROM $2) "
        "ORDER BY own DESC, v.name, v.id",
        desk.staff_id, desk.agency_id,
    )  # fmt: skip
    return [SavedView(**row) for row in rows]


async def save(desk: Desk, name: str, query: str, *, shared: bool, now: datetime) -> bool:
    """Keeps the filter; under a name that the person has already it takes the other's place. False
    when they have too many."""
    rows = await fetch(
        "INSERT INTO saved_view (staff_id, name, query, shared, created_at) "
        "SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM saved_view "
        "WHERE staff_id = $1 AND name <> $2) < $6 "
        "ON CONFLICT (staff_id, name) DO UPDATE SET query = $3, shared = $4 RETURNING id",
        desk.staff_id, name, query, shared, now, MOST,
    )  # fmt: skip
    return bool(rows)


async def own_view(desk: Desk, view: int) -> SavedView | None:
    """The person's own view with that id."""
    return next((one for one in await saved_views(desk) if one.own and one.id == view), None)


async def change(desk: Desk, view: int, name: str, *, shared: bool) -> bool:
    """Renames and shares the person's own view; false when another of theirs has that name."""
    try:
        await fetch(
            "UPDATE saved_view SET name = $3, shared = $4 WHERE id = $2 AND staff_id = $1",
            desk.staff_id, view, name, shared,
        )  # fmt: skip
    except asyncpg.UniqueViolationError:
        return False
    return True


async def delete(desk: Desk, view: int) -> None:
    """Deletes the person's own view; again changes nothing."""
    await fetch("DELETE FROM saved_view WHERE id = $2 AND staff_id = $1", desk.staff_id, view)
