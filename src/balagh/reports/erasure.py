"""A person asks for their data to be erased (Personal Data Protection Law, 4 and 18).

What nobody else needs goes at once: drafts and their files. Reports are kept for as long as the
centre must keep its records; its staff answers the request.
"""

import json
from datetime import datetime
from uuid import UUID

import msgspec

from balagh.database import fetch, fetch_one, transaction
from balagh.reports import telling_channels
from balagh.reports.telling_channels import Reach


class Standing(msgspec.Struct, frozen=True):
    """``asked_at``: none when nothing was asked for; ``drafts``, ``reports``: how many there are,
    ``working`` of them not ended."""

    asked_at: datetime | None
    drafts: int
    reports: int
    working: int


async def standing(person: int) -> Standing:
    """What there is to erase, and whether it was asked for."""
    row = await fetch_one(
        """
        SELECT erasure_asked_at AS asked_at,
          (SELECT count(*) FROM draft WHERE person_id = $1) AS drafts,
          (SELECT count(*) FROM report WHERE person_id = $1 AND part_of IS NULL) AS reports,
          -- One of several parts counts as the whole, which is not over before it.
          (SELECT count(DISTINCT coalesce(part_of, id)) FROM report WHERE person_id = $1
            AND state NOT IN ('closed', 'cancelled', 'rejected')) AS working
        FROM person WHERE id = $1
        """,
        person,
    )
    assert row is not None, "a person who is signed in exists"
    return Standing(**row)


async def ask(
    person: int, *, drafts: bool, sms: bool, answer_days: int, now: datetime
) -> list[UUID]:
    """Notes the request and confirms it by message; a second one changes nothing.

    ``drafts``: whether drafts go now; returns the files whose bytes can go. ``sms``: whether this
    installation has a gateway; ``answer_days``: by when the centre answers. Wake the worker
    afterwards.
    """
    async with transaction():
        # 1. Whoever notes it writes the message; a second request waits here and finds it noted.
        row = await fetch_one(
            "UPDATE person SET erasure_asked_at = $2 WHERE id = $1 AND erasure_asked_at IS NULL "
            "RETURNING name, phone, email, notify_sms, notify_email, language",
            person, now,
        )  # fmt: skip
        if row is None:
            return []
        ways = telling_channels.ways(
            Reach.of(row),
            sms=sms,
        )
        data = {"name": row["name"], "asked_at": now.isoformat(), "days": answer_days}
        await fetch(
            "INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, "
            "created_at) SELECT 'person:' || $1::bigint || ':erasure_asked:' || $2::text || ':' || "
            "n.channel, 'erasure_asked', n.channel, n.recipient, $3, n.data::jsonb, $4, $4 "
            "FROM unnest($5::text[], $6::text[], $7::text[]) AS n (channel, recipient, data)",
            person, now.isoformat(), row["language"], now,
            [way.channel for way in ways], [way.recipient for way in ways],
            [json.dumps(data | telling_channels.fallback(way)) for way in ways],
        )  # fmt: skip
        # 2. Drafts are locked first, so that a file that is being added is seen or refused.
        if not drafts:
            return []
        await fetch("SELECT 1 FROM draft WHERE person_id = $1 ORDER BY id FOR UPDATE", person)
        gone = await fetch("DELETE FROM draft WHERE person_id = $1 RETURNING id", person)
        files = await fetch(
            "DELETE FROM attachment WHERE draft_id = ANY($1::uuid[]) AND report_id IS NULL "
            "RETURNING id",
            [draft["id"] for draft in gone],
        )
    return [file["id"] for file in files]


async def withdraw(person: int) -> None:
    """As if it had not been asked for; what was deleted stays deleted."""
    await fetch("UPDATE person SET erasure_asked_at = NULL WHERE id = $1", person)
