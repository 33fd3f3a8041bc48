"""The audit log: what staff did and whose data they saw. Ids only, never what they read or wrote.

It is only added to: the database refuses changes, numbers the entries without gaps and chains them,
each hash covering the one before (``schema_003.sql``). What is done to a report is written by the
same statement that does it (``reports.acting``); ``record`` is for everything else.

In a transaction it comes last: the chain is held by whoever writes until they commit.

``verify`` finds what somebody with rights over the database changed. Entries cut off at the end
leave a whole chain behind: that is found only by a ``head`` that was noted elsewhere.
"""

import json
import re
from datetime import datetime
from typing import Any, Literal

import msgspec

from balagh.database import fetch, fetch_one

# Entries that one statement looks at: well under its time limit.
_BATCH = 50_000


async def record(
    staff_id: int | None,
    action: str,
    subject: str,
    now: datetime,
    data: dict[str, Any] | None = None,
) -> None:
    """Adds an entry. ``subject``: what it was done to, as ``kind:id`` (``report:15``, ``staff:3``,
    ``inbox``); ``data``: what else tells it, without personal data."""
    await fetch(
        "INSERT INTO audit (at, staff_id, action, subject, data) "
        "VALUES ($1, $2, $3, $4, $5::jsonb)",
        now, staff_id, action, subject, json.dumps(data or {}),
    )  # fmt: skip


class Head(msgspec.Struct, frozen=True):
    """An entry by its number, and the hash that covers it and all before it."""

    id: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.id}:{self.hash.hex()}"


class Break(msgspec.Struct, frozen=True):
    """The first entry that is not as it was written. ``out_of_order``: what belongs at this number
    stands at a later one."""

    id: int
    why: Literal["changed", "missing", "out_of_order"]


# $1: the entry before the first one that is checked, whose hash is taken as it stands.
_CHECK = """
WITH part AS (
  SELECT entry, lag((entry).id) OVER w AS before, lag((entry).hash) OVER w AS previous
  FROM (SELECT a AS entry FROM audit a WHERE a.id >= $1 ORDER BY a.id LIMIT $2) chain
  WINDOW w AS (ORDER BY (entry).id)
), checked AS (
  SELECT (entry).id AS id, coalesce(before, $1) AS before, previous,
    CASE WHEN (entry).id <> coalesce(before, $1) + 1 THEN 'missing'
         WHEN (entry).hash <> audit_hash(coalesce(previous, ''), entry) THEN 'changed' END AS why
  FROM part WHERE (entry).id > $1
)
(SELECT id, before, previous, why FROM checked WHERE why IS NOT NULL ORDER BY id LIMIT 1)
UNION ALL
(SELECT id, before, previous, why FROM checked ORDER BY id DESC LIMIT 1)
"""
_ELSEWHERE = """
SELECT 1 FROM audit a WHERE a.id > $1 AND a.id <= $1 + $3
  AND a.hash = audit_hash(coalesce($2::bytea, ''),
    ROW($1::bigint, a.at, a.staff_id, a.action, a.subject, a.data, a.hash)::audit) LIMIT 1
"""


async def verify(from_id: int = 1) -> Break | None:
    """The first break in the chain from that entry on, or none. Entries that are written meanwhile
    do no harm."""
    last = from_id - 1
    if last and await entry(last) is None:
        return Break(last, "missing")
    while rows := await fetch(_CHECK, last, _BATCH):
        found = rows[0]
        if found["why"] == "missing":
            return Break(found["before"] + 1, "missing")
        if found["why"] == "changed":
            moved = await fetch(_ELSEWHERE, found["id"], found["previous"], _BATCH)
            return Break(found["id"], "out_of_order" if moved else "changed")
        last = found["id"]
    return None


async def head() -> Head | None:
    """The last entry, to be noted where the database's masters cannot reach it; none in an empty
    log."""
    row = await fetch_one("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1")
    return None if row is None else Head(**row)


async def entry(id: int) -> Head | None:
    """The entry with that number as it stands, to be compared with one that was noted."""
    row = await fetch_one("SELECT id, hash FROM audit WHERE id = $1", id)
    return None if row is None else Head(**row)


def noted(text: str) -> Head:
    """What ``str(head)`` was. Raises ``ValueError`` when it is none."""
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
    if found is None:
        raise ValueError("a head is written NUMBER:HASH")
    return Head(int(found[1]), bytes.fromhex(found[2]))
