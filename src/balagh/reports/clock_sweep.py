"""What the clock does to reports: tells that one is late, reminds of missing data and of promises,
cancels.

Specification 4 and 5. The promise is in the columns (``due_at``, ``data_asked_at``,
``data_due_at``); this looks for what has come. It may run late, twice or side by side: each batch
is one transaction over rows that it has locked, and what it settles is no longer due. Whoever acts
at the same instant either goes first, and the row is not due any more, or finds the report changed.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from balagh.database import fetch, transaction
from balagh.reports import moments, promise_reminders
from balagh.reports.acting import Notice
from balagh.reports.clocks import Clock, come
from balagh.reports.lifecycle import Action, State
from balagh.reports.moments import MOMENTS, Addressee, Moment

# Rows held by one transaction: as many as are settled in well under a second.
_BATCH = 1000


class World(msgspec.Struct, frozen=True, kw_only=True):
    """How people are told, and when they are reminded; ``sms``: whether there is a gateway."""

    zone: ZoneInfo
    public_url: str
    sms: bool
    reminder_hours: int


class Swept(msgspec.Struct):
    """How many reports were cancelled, how many people reminded and told that it is late, of how
    many promised dates agencies were reminded."""

    expired: int = 0
    reminded: int = 0
    late: int = 0
    promised: int = 0

    @property
    def total(self) -> int:
        return self.expired + self.reminded + self.late + self.promised


class _Due(msgspec.Struct, frozen=True, kw_only=True):
    """A report that may have come to an end of its time, and whom to tell."""

    id: int
    version: int
    state: State
    due_at: datetime
    late_told_due: datetime | None
    data_asked_at: datetime | None
    data_reminded_at: datetime | None
    data_due_at: datetime | None
    items: tuple[str, ...]
    to: Addressee


_FOUND = """
SELECT r.id, r.version, r.state, r.due_at, r.late_told_due, r.data_asked_at, r.data_reminded_at,
  r.data_due_at, p.name, coalesce(r.phone, p.phone) AS phone, coalesce(r.email, p.email) AS email,
  p.notify_sms, p.notify_email, r.language, r.number, r.kind, r.title,
  a.name_ar AS agency_ar, a.name_en AS agency_en, r.submitted_at,
  r.part_of IS NOT NULL AS part,
  CASE WHEN r.state = 'missing_data' THEN
    (SELECT e.data->'items' FROM event e WHERE e.report_id = r.id AND e.action = 'request_data'
     ORDER BY e.at DESC, e.id DESC LIMIT 1) END AS items
FROM report r JOIN person p ON p.id = r.person_id
  JOIN agency a ON a.id = coalesce(r.referred_agency_id, r.agency_id)
WHERE %s LIMIT $2 FOR UPDATE OF r SKIP LOCKED
"""
# The conditions are those of the partial indexes, so that a million reports cost what is due costs.
_EXPIRED = _FOUND % "r.state = 'missing_data' AND r.data_due_at <= $1 ORDER BY r.data_due_at"
_UNREMINDED = _FOUND % (
    "r.state = 'missing_data' AND r.data_reminded_at IS NULL AND r.data_asked_at <= $1 "
    "ORDER BY r.data_asked_at, r.id"
)
_LATE = _FOUND % (
    "r.state IN ('received','under_review','in_progress','answered') "
    "AND r.late_told_due IS DISTINCT FROM r.due_at AND r.due_at <= $1 ORDER BY r.due_at, r.id"
)

_TELL = """
told AS (
  INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
  SELECT n.key, n.moment, n.channel, n.recipient, n.language, n.data, $1, $1
  FROM jsonb_to_recordset($3::jsonb) AS n
    (key text, moment text, channel text, recipient text, language text, data jsonb)
  -- Each moment once, whatever happens.
  ON CONFLICT (key) DO NOTHING
)
"""
_EXPIRE = f"""
WITH {_TELL}, moved AS (
  UPDATE report SET state = 'cancelled', version = version + 1, ended_at = $1, data_due_at = NULL,
    data_asked_at = NULL, data_reminded_at = NULL, paused_working_days = NULL, resume_state = NULL
  WHERE id = ANY($2::bigint[]) RETURNING id
)
INSERT INTO event (report_id, at, action, from_state, to_state, actor)
SELECT id, $1, 'expire', 'missing_data', 'cancelled', 'clock' FROM moved
"""  # noqa: S608
_REMIND = f"""
WITH {_TELL}
UPDATE report SET data_reminded_at = $1 WHERE id = ANY($2::bigint[])
"""  # noqa: S608
_FLAG = f"""
WITH {_TELL}, flagged AS (
  UPDATE report SET late_told_due = due_at WHERE id = ANY($2::bigint[])
  RETURNING id, state, referred_agency_id
)
-- Who had it then, nobody could tell later: the agency is named where it was the agency.
INSERT INTO event (report_id, at, action, actor, data)
SELECT f.id, $1, 'late', 'clock', CASE WHEN f.state = 'in_progress'
  THEN jsonb_build_object('agency_ar', a.name_ar, 'agency_en', a.name_en) ELSE '{{}}'::jsonb END
FROM flagged f LEFT JOIN agency a ON a.id = f.referred_agency_id
"""  # noqa: S608


async def sweep(now: datetime, world: World) -> Swept:
    """Settles all that has come by ``now``: expiry before reminders before lateness."""
    return Swept(
        expired=await _settle(Clock.MISSING_DATA, _EXPIRED, now, now, world, _expired, _EXPIRE),
        reminded=await _settle(
            Clock.REMINDER,
            _UNREMINDED,
            now,
            now - timedelta(hours=world.reminder_hours),
            world,
            _reminded,
            _REMIND,
        ),
        late=await _settle(Clock.RESOLUTION, _LATE, now, now, world, _late, _FLAG),
        promised=await promise_reminders.remind(now, world.zone, world.public_url),
    )


_Tell = Callable[[_Due, World], tuple[Notice, ...]]


async def _settle(
    clock: Clock, find: str, now: datetime, until: datetime, world: World, tell: _Tell, write: str
) -> int:
    """Batch after batch, until none is left that nobody else has in hand."""
    settled = 0
    while True:
        async with transaction():
            rows = [_read(row) for row in await fetch(find, until, _BATCH)]
            due = [
                one for one in rows if come(one, now, reminder_hours=world.reminder_hours) is clock
            ]
            if due:
                notices = [_keyed(one, notice) for one in due for notice in tell(one, world)]
                written = msgspec.json.encode(notices).decode()
                await fetch(write, now, [one.id for one in due], written)
        settled += len(due)
        if not due or len(rows) < _BATCH:
            return settled


def _expired(due: _Due, world: World) -> tuple[Notice, ...]:
    new_link = f"{world.public_url}/new/{due.to.kind}"
    return _told(MOMENTS[Action.EXPIRE], due, world, **_missing(due), new_link=new_link)


def _reminded(due: _Due, world: World) -> tuple[Notice, ...]:
    update_link = f"{world.public_url}/reports/{due.to.number}/update"
    return _told(moments.REMINDER, due, world, **_missing(due), update_link=update_link)


def _late(due: _Due, world: World) -> tuple[Notice, ...]:
    return _told(moments.LATE, due, world)


def _missing(due: _Due) -> dict[str, Any]:
    assert due.data_due_at is not None
    return {"items": list(due.items), "data_due_at": due.data_due_at.isoformat()}


def _told(moment: Moment, due: _Due, world: World, **more: Any) -> tuple[Notice, ...]:
    return moments.notices(
        moment, due.to, public_url=world.public_url, sms=world.sms, zone=world.zone, **more
    )


def _keyed(due: _Due, notice: Notice) -> dict[str, Any]:
    """With the key that makes it happen once: of each version of a report, or of each deadline."""
    occasion = str(due.version)
    if notice.moment == moments.LATE.name:
        occasion = due.due_at.date().isoformat()
    key = f"report:{due.id}:{notice.moment}:{occasion}:{notice.channel}"
    return {
        "key": key, "moment": notice.moment, "channel": notice.channel,
        "recipient": notice.recipient, "language": notice.language, "data": notice.data,
    }  # fmt: skip


_OF_ADDRESSEE = Addressee.__struct_fields__
_OF_REPORT = tuple(name for name in _Due.__struct_fields__ if name not in ("state", "items", "to"))
_addressee, _report = itemgetter(*_OF_ADDRESSEE), itemgetter(*_OF_REPORT)


def _read(row: asyncpg.Record) -> _Due:
    items: Sequence[str] = json.loads(row["items"]) if row["items"] else ()
    return _Due(
        **dict(zip(_OF_REPORT, _report(row), strict=True)),
        state=State(row["state"]),
        items=tuple(items),
        to=Addressee(**dict(zip(_OF_ADDRESSEE, _addressee(row), strict=True))),
    )
