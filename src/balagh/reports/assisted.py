"""Drafts that staff makes for callers, as whoever made them sees them."""

from datetime import datetime
from uuid import UUID

import msgspec

from balagh.database import fetch


class CallersDraft(msgspec.Struct, frozen=True, kw_only=True):
    """``title``: as typed so far, may be empty; ``person``: the caller's name."""

    id: UUID
    kind: str
    title: str
    person_id: int
    person: str
    updated_at: datetime


async def drafts(staff: int, person: int | None = None) -> list[CallersDraft]:
    """The open drafts that this member of staff made (for that caller), the latest touched
    first."""
    rows = await fetch(
        "SELECT d.id, d.kind, coalesce(d.answers ->> 'title', '') AS title, d.person_id, "
        "p.name AS person, d.updated_at FROM draft d JOIN person p ON p.id = d.person_id "
        "WHERE d.filed_by = $1 AND ($2::bigint IS NULL OR d.person_id = $2) "
        "ORDER BY d.updated_at DESC LIMIT 50",
        staff, person,
    )  # fmt: skip
    return [msgspec.convert(dict(row), CallersDraft) for row in rows]
