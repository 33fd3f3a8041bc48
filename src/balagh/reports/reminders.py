"""Tells people that a report that came too early can be filed now (specification 3.1, 6).

The promise is ``draft.remind_on``; this looks for the days that have come. It may run late, twice
or side by side: each reminder is told once, and a draft that is gone or was changed meanwhile is
left alone. Whether the day is still right is judged anew, because the calendar may have changed; a
day that came nearer by a change is found by ``judge_again``.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from balagh.database import fetch
from balagh.directory.lookup import Catalogue
from balagh.reports import casework, stop_links
from balagh.reports.choices import Choices
from balagh.reports.eligibility import Failure, possible_on
from balagh.reports.fields import Answers, Situation, service_of
from balagh.reports.kinds import KINDS
from balagh.reports.telling_channels import Reach, fallback, ways
from balagh.reports.wizard import Kind, asked_of, parse
from balagh.workdays import Calendar

# Hours after midnight, on the clock of the portal's zone.
AT = 8
_BATCH = 200

_FOUND = """
SELECT d.id, d.kind, d.answers, d.updated_at, d.remind_on, d.person_id,
  p.name, p.phone, p.email, p.language, p.notify_sms, p.notify_email
FROM draft d JOIN person p ON p.id = d.person_id
WHERE d.remind_on %s $1 AND d.id > $2 ORDER BY d.id LIMIT $3
"""
_DUE, _COMING = _FOUND % "<=", _FOUND % ">"
_SETTLE = """
WITH decided AS (
  SELECT * FROM jsonb_to_recordset($1::jsonb)
    AS x (id uuid, seen timestamptz, was date, later date, notices jsonb)
), due AS (
  -- 1. Only what is still as it was read; whoever holds one settles it, or its answer is new.
  SELECT d.id, x.was, x.later, x.notices FROM draft d JOIN decided x ON x.id = d.id
  WHERE d.remind_on = x.was AND d.updated_at = x.seen FOR UPDATE OF d SKIP LOCKED
), settled AS (
  UPDATE draft SET remind_on = due.later FROM due WHERE draft.id = due.id
  RETURNING draft.id, due.was, due.notices
)
INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
SELECT 'draft:' || settled.id || ':may_file_now:' || settled.was || ':' || n.channel,
  'may_file_now', n.channel, n.recipient, n.language, n.data, $2, $2
FROM settled, jsonb_to_recordset(settled.notices)
  AS n (channel text, recipient text, language text, data jsonb)
ON CONFLICT (key) DO NOTHING RETURNING 1
"""


class World(msgspec.Struct, frozen=True, kw_only=True):
    """What the conditions are judged by, and how people are told; ``sms``: whether there is a
    gateway."""

    known: Catalogue
    calendar: Calendar
    zone: ZoneInfo
    public_url: str
    secret_key: bytes
    sms: bool


async def sweep(now: datetime, world: World) -> int:
    """Settles every reminder whose day has come, from 08:00 on; how many messages that made."""
    told, after = 0, UUID(int=0)
    while rows := await fetch(_DUE, _last(now, world), after, _BATCH):
        decided = await _decide(rows, now, world)
        told += len(await fetch(_SETTLE, json.dumps(decided, default=str), now))
        after = rows[-1]["id"]
    return told


async def judge_again(now: datetime, world: World) -> int:
    """Once the calendar has changed: the days that are still to come, earlier or later by it; how
    many moved. Nobody is told here: ``sweep`` does it on the day."""
    moved, after = 0, UUID(int=0)
    today = now.astimezone(world.zone).date()
    while rows := await fetch(_COMING, _last(now, world), after, _BATCH):
        decided = []
        for row, (values, failures) in zip(rows, await _judged(rows, now, world), strict=True):
            # It can be filed already; or another obstacle came up, and the day stays what it was.
            later = possible_on(failures) or (row["remind_on"] if failures else today)
            if later != row["remind_on"] and service_of(values) is not None:
                decided.append(_decision(row, later, []))
        await fetch(_SETTLE, json.dumps(decided, default=str), now)
        moved += len(decided)
        after = rows[-1]["id"]
    return moved


def _last(now: datetime, world: World) -> date:
    """The last day that has come: the wall clock's reading of eight hours ago, today from 08:00
    on."""
    return (now.astimezone(world.zone).replace(tzinfo=None) - timedelta(hours=AT)).date()


async def _decide(
    rows: Sequence[asyncpg.Record], now: datetime, world: World
) -> list[dict[str, Any]]:
    """For each draft its messages, or the day on which to look again, or neither."""
    decided = []
    for row, (values, failures) in zip(rows, await _judged(rows, now, world), strict=True):
        # Another obstacle came up, or the service is open again: the message would not be true, and
        # the draft's pages say what is the matter.
        untrue = failures or service_of(values) is None
        notices = [] if untrue else _notices(row, values, world, now)
        decided.append(_decision(row, possible_on(failures), notices))
    return decided


def _decision(
    row: asyncpg.Record, later: date | None, notices: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "id": row["id"],
        "seen": row["updated_at"].isoformat(),
        "was": row["remind_on"],
        "later": later,
        "notices": notices,
    }


async def _judged(
    rows: Sequence[asyncpg.Record], now: datetime, world: World
) -> list[tuple[dict[str, Any], Sequence[Failure]]]:
    """For each draft what it says, and what stands in the way of filing it today."""
    directory = Choices(world.known, "ar")
    situation = Situation(today=now.astimezone(world.zone).date(), directory=directory)
    understood = [
        _understood(KINDS[row["kind"]], _answers(row), situation)
        for row in rows
    ]  # fmt: skip
    return [
        (values, KINDS[row["kind"]].failing(values, situation, world.calendar, number))
        for row, values, number in zip(
            rows, understood, await _earlier(rows, understood), strict=True
        )
    ]


def _answers(row: asyncpg.Record) -> Answers:
    return asked_of(
        json.loads(row["answers"]), name=row["name"], phone=row["phone"], email=row["email"]
    )


def _understood(kind: Kind, answers: Answers, situation: Situation) -> dict[str, Any]:
    """All that the answers say, whether or not every step before is answered."""
    values: dict[str, Any] = {}
    for step in kind.steps:
        if step.shown(answers, situation):
            values |= parse(step, answers, values, situation)[0]
    return values


async def _earlier(
    rows: Sequence[asyncpg.Record], understood: Sequence[Mapping[str, Any]]
) -> list[str]:
    """For each draft the number of a live report that is the same: one statement for each kind."""
    found = [""] * len(rows)
    for kind in KINDS.values():
        keys = {
            place: (row["person_id"], key)
            for place, (row, values) in enumerate(zip(rows, understood, strict=True))
            if row["kind"] == kind.code and (key := kind.once.key(values)) is not None
        }
        if keys:
            numbers = await casework.earlier(kind, list(keys.values()))
            for place, number in zip(keys, numbers, strict=True):
                found[place] = number
    return found


def _notices(
    row: asyncpg.Record, values: Mapping[str, Any], world: World, now: datetime
) -> list[dict[str, Any]]:
    provider = values.get("platform") or values["agency"]
    service = service_of(values)
    data = {
        "name": values.get("name") or row["name"],
        # As people know it.
        "provider_ar": getattr(provider, "short_ar", provider.name_ar),
        "provider_en": getattr(provider, "short_en", provider.name_en),
        "service_ar": getattr(service, "name_ar", service),
        "service_en": getattr(service, "name_en", service),
        "reference": values.get("reference") or "",
        "link": f"{world.public_url}/drafts/{row['id']}",
        "unsubscribe": stop_links.address(
            row["person_id"],
            now,
            public_url=world.public_url,
            secret_key=world.secret_key,
            language=row["language"],
        ),
    }
    reach = Reach(
        phone=values.get("phone") or row["phone"],
        email=values.get("email") or row["email"],
        notify_sms=row["notify_sms"],
        notify_email=row["notify_email"],
    )
    return [
        {
            "channel": way.channel,
            "recipient": way.recipient,
            "language": row["language"],
            "data": {**data, **fallback(way)},
        }
        for way in ways(reach, sms=world.sms)
    ]
