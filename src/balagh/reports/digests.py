"""Tells staff what is theirs: once a day or at once, exactly once, whatever breaks (specification
6: "new in my inbox, due tomorrow, overdue (a daily digest by default)").

``staff.told_until`` is how far somebody was told. Each look is one transaction over members that it
has locked: it reads what happened from there up to ``until``, writes their message into the outbox
and moves ``told_until``. So nothing falls between two looks or into both, however late they come
and however many workers look; an outage costs time and no message.

``until`` is a minute ago (``_SETTLED``): what happens now may be written by a transaction that is
still under way. Titles and texts are not told: they hold personal data.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from balagh.database import fetch, transaction
from balagh.people import unsubscribing
from balagh.people.staff_notices import KINDS, How, Kind
from balagh.reports import deadlines
from balagh.reports.digest_found import FIND
from balagh.reports.digest_words import Item, message
from balagh.reports.undelivered import TOLD_BY_EMAIL
from balagh.workdays import Calendar

# Longer than any transaction of ours (``database``: statements 10 s, idle 15 s).
_SETTLED = timedelta(minutes=1)
# Rows that one kind shows; the rest is counted.
ROWS = 10
# Members held by one transaction.
_BATCH = 50
# What is new is not looked for further back; what is due is told however old it is.
_BACK = timedelta(days=31)
# Whoever is told at once and had nothing moves on this often.
_MOVES = timedelta(hours=1)
_DAY = timedelta(days=1)


class World(msgspec.Struct, frozen=True, kw_only=True):
    """``at``: when the digest comes on working days."""

    calendar: Calendar
    zone: ZoneInfo
    at: time
    public_url: str
    secret_key: bytes


class _Member(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    role: str
    agency_id: int | None
    name_ar: str
    name_en: str
    email: str
    language: str
    how: How
    without: list[Kind]
    told_until: datetime


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What one member is told of. Instants and days: after the first, up to the second."""

    id: int
    role: str
    agency_id: int | None
    kinds: tuple[Kind, ...]
    digest: bool
    new_from: datetime
    until: datetime
    due_from: datetime
    due_to: datetime
    over_from: datetime
    over_to: datetime
    check_from: datetime
    check_to: datetime
    promise_from: date
    promise_to: date


# Whoever is away is told when they are back. Whoever is in hand elsewhere is not waited for. One
# digest a day: when its hour was moved later, what came since the one is in the next day's.
_CLAIM = """
SELECT id, role, agency_id, name_ar, name_en, email, language, notify AS how,
  notify_without AS without, coalesce(told_until, created_at) AS told_until
FROM staff
WHERE active AND role <> 'administrator' AND id > $1
  AND (away_from IS NULL OR $2 < away_from OR $2 >= away_until)
  AND (notify = 'each' AND coalesce(told_until, created_at) < $2
    OR notify = 'digest' AND coalesce(told_until, created_at) < $3
      AND NOT EXISTS (SELECT FROM notice WHERE key = 'digest:' || staff.id || ':' || $5::text))
ORDER BY id LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED
"""

# What waits for a team, for whoever leads it: by agency, and Amer's under none. Of what could not
# be delivered, what nobody was told otherwise.
_WAITS = f"""
SELECT NULL::bigint AS agency_id, count(*) AS waiting,
  (SELECT count(*) FROM notice n WHERE n.state = 'failed' AND n.dismissed_at IS NULL
   AND NOT {TOLD_BY_EMAIL}) AS undelivered
FROM report r WHERE r.assignee_id IS NULL
  AND r.state IN ('received','under_review','answered','reopen_requested')
UNION ALL
SELECT r.referred_agency_id, count(*), 0 FROM report r
WHERE r.officer_id IS NULL AND r.state = 'in_progress'
  AND r.referred_agency_id = ANY($1::bigint[]) GROUP BY r.referred_agency_id
"""  # noqa: S608

# For this transaction: planned for the stretch that is asked about. From a session's sixth look on
# PostgreSQL may plan for any stretch; a month's look took 9 s from then on, and so 0.4 s.
_PLANNED = "SELECT set_config('plan_cache_mode', 'force_custom_plan', true)"

# Only whoever is told, or had nothing to be told ($4), is told up to $3.
_WRITE = """
WITH told AS (
  INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
  SELECT n.key, 'staff_digest', 'email', n.recipient, n.language, n.data, $1, $1
  FROM jsonb_to_recordset($2::jsonb) AS n (key text, recipient text, language text, data jsonb)
  ON CONFLICT (key) DO NOTHING
  RETURNING split_part(key, ':', 2)::bigint AS staff_id
), moved AS (
  UPDATE staff SET told_until = $3
  WHERE id = ANY($4::bigint[]) OR id IN (SELECT staff_id FROM told)
)
SELECT count(*) AS n FROM told
"""


async def sweep(now: datetime, world: World) -> int:
    """Tells everybody who is to be told by now; how many messages that made."""
    until = now - _SETTLED
    day, told, after = until.astimezone(world.zone).date().isoformat(), 0, 0
    while True:
        async with transaction():
            rows = await fetch(_CLAIM, after, until, _todays(until, world), _BATCH, day)
            members = [msgspec.convert(dict(row), _Member) for row in rows]
            if members:
                told += await _tell(members, until, now, world)
        if len(members) < _BATCH:
            return told
        after = members[-1].id


async def _tell(members: Sequence[_Member], until: datetime, now: datetime, world: World) -> int:
    asked = [_asked(one, until, world) for one in members]
    since = min(one.new_from for one in asked)
    if until - since > _MOVES:
        await fetch(_PLANNED)
    found = await fetch(FIND, msgspec.json.encode(asked).decode(), since, until, ROWS)
    items: dict[int, list[Item]] = {}
    for row in found:
        named = {name: row[name] for name in Item.__struct_fields__}
        items.setdefault(row["member"], []).append(Item(**named))
    waits = await _waits(members)
    notices, moved = [], []
    for one, of in zip(members, asked, strict=True):
        waiting, undelivered = waits.get(one.agency_id, (0, 0)) if _leads(one) else (0, 0)
        said = message(
            items.get(one.id, ()),
            language=one.language,
            role=one.role,
            digest=of.digest,
            today=until.astimezone(world.zone).date(),
            zone=world.zone,
            waiting=waiting,
            undelivered=undelivered if one.role == "supervisor" else 0,
            public_url=world.public_url,
        )
        if said is not None:
            notices.append(_notice(one, said, until, world))
        elif of.digest or _moves(one, until, world):
            moved.append(one.id)
    rows = await fetch(_WRITE, now, json.dumps(notices), until, moved)
    return int(rows[0]["n"])


def _asked(one: _Member, until: datetime, world: World) -> _Asked:
    """In a digest all that is due or overdue; at once each when its morning comes: due on the
    working day before, overdue and unchecked on the first morning after, whatever came between."""
    digest = one.how == "digest"
    today = until.astimezone(world.zone).date()
    long_ago = until - 10_000 * _DAY
    fixed: dict[str, Any] = {
        "id": one.id, "role": one.role, "agency_id": one.agency_id, "digest": digest,
        "kinds": tuple(kind for kind in KINDS.get(one.role, ()) if kind not in one.without),
        "new_from": max(one.told_until, until - _BACK), "until": until,
    }  # fmt: skip
    if digest:
        last = world.calendar.after(today, 1)
        return _Asked(
            **fixed,
            due_from=until, due_to=deadlines.end_of(last, world.zone),
            over_from=long_ago, over_to=until,
            check_from=long_ago, check_to=deadlines.end_of(today, world.zone),
            promise_from=long_ago.date(), promise_to=last,
        )  # fmt: skip
    before, morning = _morning(one.told_until, world), _morning(until, world)
    told, last = (world.calendar.after(day, 1) for day in (before, morning))
    return _Asked(
        **fixed,
        due_from=max(deadlines.end_of(told, world.zone), until),
        due_to=deadlines.end_of(last, world.zone),
        over_from=_at(before, world), over_to=_at(morning, world),
        check_from=deadlines.end_of(before, world.zone),
        check_to=deadlines.end_of(morning, world.zone),
        promise_from=told, promise_to=last,
    )  # fmt: skip


async def _waits(members: Sequence[_Member]) -> dict[int | None, tuple[int, int]]:
    leaders = [one for one in members if _leads(one)]
    if not leaders:
        return {}
    rows = await fetch(_WAITS, [one.agency_id for one in leaders if one.agency_id is not None])
    return {row["agency_id"]: (row["waiting"], row["undelivered"]) for row in rows}


def _leads(one: _Member) -> bool:
    """Whoever leads a team hears in the digest what waits for it."""
    return one.how == "digest" and one.role in ("supervisor", "agency_manager")


def _notice(one: _Member, said: dict[str, Any], until: datetime, world: World) -> dict[str, Any]:
    """Under the key that makes it happen once: a day's digest, or what came up to that instant."""
    day = until.astimezone(world.zone).date().isoformat()
    occasion = day if one.how == "digest" else until.isoformat()
    token = unsubscribing.token(one.id, until + unsubscribing.LIFETIME, world.secret_key)
    data = {
        "name_ar": one.name_ar,
        "name_en": one.name_en,
        "unsubscribe": f"{world.public_url}/unsubscribe/{token}",
        **said,
    }
    return {
        "key": f"digest:{one.id}:{occasion}",
        "recipient": one.email,
        "language": one.language,
        "data": data,
    }


def _moves(one: _Member, until: datetime, world: World) -> bool:
    return until - one.told_until >= _MOVES or _morning(one.told_until, world) != _morning(
        until, world
    )


def _todays(until: datetime, world: World) -> datetime:
    """Today's digest is due to whoever was told nothing since then; before its hour, and where
    today is not worked, to nobody."""
    day = until.astimezone(world.zone).date()
    if world.calendar.is_working(day) and until >= _at(day, world):
        return _at(day, world)
    return until - 100_000 * _DAY


def _morning(at: datetime, world: World) -> date:
    """The last working day whose morning has come."""
    day = at.astimezone(world.zone).date()
    if at < _at(day, world):
        day -= _DAY
    while not world.calendar.is_working(day):
        day -= _DAY
    return day


def _at(day: date, world: World) -> datetime:
    return datetime.combine(day, world.at, world.zone)
