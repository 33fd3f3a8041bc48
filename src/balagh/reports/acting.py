"""Doing something to a filed report: one statement, and nothing when somebody else was first.

Specification 4: "Every action is an event with actor, time, and what changed. Two people acting on
one report at once: the second is told what changed and loses nothing they typed."
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from balagh.database import fetch_one
from balagh.reports.lifecycle import Action, Entry
from balagh.reports.standing import Standing
from balagh.reports.telling_channels import Reach, fallback, ways


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A message to the beneficiary: ``moment`` names its words, ``data`` is all that they need."""

    moment: str
    channel: Literal["sms", "email"]
    recipient: str
    language: str
    data: dict[str, Any]


def to_all(
    reach: Reach, moment: str, language: str, data: dict[str, Any], *, sms: bool
) -> tuple[Notice, ...]:
    """The messages of one moment, on every channel on which somebody is told. ``sms``: whether this
    installation has a gateway."""
    return tuple(
        Notice(
            moment=moment,
            channel=way.channel,
            recipient=way.recipient,
            language=language,
            data=data | fallback(way),
        )
        for way in ways(reach, sms=sms)
    )


class Internal(msgspec.Struct, frozen=True, kw_only=True):
    """An entry for staff alone. ``side``: whose own (Amer's, the agency's), none: all that see the
    report."""

    action: Entry
    data: dict[str, Any]
    side: Literal["amer", "agency"] | None = None


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """Something done to a report that was seen as ``version`` of it and stood as ``before``.

    ``after``: from ``standing.after``. ``data``: what everybody is told of it, the beneficiary too
    where ``public``; ``internal``: what staff alone read; ``files``: the pending files that come
    with it.
    """

    report: int
    version: int
    action: Action
    before: Standing
    after: Standing
    actor: Literal["beneficiary", "staff", "clock"]
    staff: int | None = None
    public: bool = True
    data: dict[str, Any] = {}
    files: tuple[UUID, ...] = ()
    notices: tuple[Notice, ...] = ()
    internal: tuple[Internal, ...] = ()


class Done(msgspec.Struct, frozen=True):
    """``event``: its id."""

    event: int


class Overtaken(msgspec.Struct, frozen=True):
    """Somebody else was first. Who did what is read anew by whoever asks, as they may know it."""


# With the types that the statement casts to.
_STANDING = {
    "state": "text",
    "due_at": "timestamptz",
    "due_from": "date",
    "due_days": "smallint",
    "pauses": "date[]",
    "data_asked_at": "timestamptz",
    "data_due_at": "timestamptz",
    "paused_working_days": "smallint",
    "resume_state": "text",
    "ended_at": "timestamptz",
    "reopen_until": "timestamptz",
    "outcome": "text",
    "answer": "text",
    "promised_on": "date",
    "referred_agency_id": "bigint",
    "referred_at": "timestamptz",
    "priority": "text",
    "acknowledged_at": "timestamptz",
    "checked_at": "timestamptz",
}
_FIRST = 13
_CHANGES = ", ".join(
    f"{name} = ${place}::{kind}" for place, (name, kind) in enumerate(_STANDING.items(), _FIRST)
)
_AGENCY = f"${_FIRST + list(_STANDING).index('referred_agency_id')}"
_ASKED = _FIRST + list(_STANDING).index("data_asked_at")
ACT = f"""
WITH moved AS (
  -- 1. Only if it is still what the actor saw: whoever waits here for another finds nothing. Who at
  -- the agency has it goes with the agency, and is not the actor's to say: it may have changed
  -- since they looked (reports.assignment).
  UPDATE report SET version = version + 1, {_CHANGES},
    officer_id = CASE
      WHEN referred_agency_id = {_AGENCY} THEN officer_id
      WHEN {_AGENCY} IS NOT NULL THEN by_rule({_AGENCY}, agency_id, service_id, kind, $4)
    END,
    -- Each request for data is reminded of once.
    data_reminded_at = CASE WHEN data_asked_at = ${_ASKED}::timestamptz THEN data_reminded_at END
  WHERE id = $1 AND version = $2 AND state = $3
  RETURNING id, version, referred_agency_id, officer_id
), logged AS (
  INSERT INTO event (report_id, at, action, from_state, to_state, actor, staff_id, public, data)
  SELECT id, $4, $5, $3, ${_FIRST}, $6, $7, $8, $9::jsonb FROM moved RETURNING id
), internal AS (
  -- What only staff read of it, as an entry of its own.
  INSERT INTO event (report_id, at, action, actor, staff_id, public, side, data)
  SELECT id, $4, n.action, 'staff', $7, false, n.side, n.data
  FROM moved, jsonb_to_recordset($12::jsonb) AS n (action text, side text, data jsonb)
), ruled AS (
  INSERT INTO event (report_id, at, action, actor, public, side, data)
  SELECT moved.id, $4, 'assign', 'clock', false, 'agency',
    hands(NULL, officer_id) || jsonb_build_object('agency', referred_agency_id)
  FROM moved, logged WHERE $5 = 'refer' AND officer_id IS NOT NULL
), audited AS (
  INSERT INTO audit (at, staff_id, action, subject, data)
  SELECT $4, $7, $5, 'report:' || id, jsonb_build_object('version', version)
  FROM moved WHERE $6 = 'staff'
), kept AS (
  UPDATE attachment SET event_id = logged.id, pending_action = NULL FROM logged
  WHERE attachment.report_id = $1 AND attachment.id = ANY($10::uuid[])
    AND attachment.pending_action = $5
), written AS (
  -- What the beneficiary wrote is in the event now, unless somebody else was faster.
  DELETE FROM action_draft USING moved
  WHERE action_draft.report_id = moved.id AND action_draft.action = $5 AND $6 = 'beneficiary'
), told AS (
  -- 2. Each moment once: its key holds the version that this made.
  INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
  SELECT 'report:' || moved.id || ':' || n.moment || ':' || moved.version || ':' || n.channel,
    n.moment, n.channel, n.recipient, n.language, n.data, $4, $4
  FROM moved, jsonb_to_recordset($11::jsonb)
    AS n (moment text, channel text, recipient text, language text, data jsonb)
)
SELECT id FROM logged
"""  # noqa: S608


async def act(deed: Deed, now: datetime) -> Done | Overtaken:
    """Does it, with its event and its messages, or nothing when somebody else was first."""
    row = await fetch_one(
        ACT,
        deed.report, deed.version, deed.before.state.value, now, deed.action.value, deed.actor,
        deed.staff, deed.public, _json(deed.data), list(deed.files), _json(deed.notices),
        _json(deed.internal),
        *(getattr(deed.after, name) for name in _STANDING),
    )  # fmt: skip
    return Overtaken() if row is None else Done(row["id"])


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
