"""A new telephone number or e-mail address counts once its owner has read the code sent there.

A code has six digits, is good for ten minutes and five attempts, and can be had once a minute and
five times an hour: whoever guesses has 25 chances in a million an hour. The database keeps a keyed
hash, bound to person, channel and address, so that a code is worth nothing to anybody else or for
any other address. The code itself is only in the outbox row that carries it, and goes from there
when it is used, superseded or over; a row that still waits goes with it, because there is nothing
left to tell.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from balagh.database import fetch, fetch_one
from balagh.people import keys

Channel = Literal["sms", "email"]

LIFETIME = timedelta(minutes=10)
ATTEMPTS = 5
PAUSE = timedelta(minutes=1)
AN_HOUR = timedelta(hours=1)
CODES_AN_HOUR = 5


_ITS_CODES = (
    "split_part(key, ':', 1) = 'person' AND split_part(key, ':', 2) = {person}::text "
    "AND moment = 'verification_code' AND channel = $2 AND data ? 'code'"
)


class Pending(msgspec.Struct, frozen=True):
    """The address that was asked for last. ``live``: its code can still be used; ``again_at``: when
    the next code can be had."""

    address: str
    live: bool
    again_at: datetime


class Sent(msgspec.Struct, frozen=True):
    """A code is on its way."""


class TooSoon(msgspec.Struct, frozen=True):
    """No code was sent; the next can be had then."""

    again_at: datetime


class Wrong(msgspec.Struct, frozen=True):
    """Not this code; ``left`` attempts remain, and with none the code is void."""

    left: int


class Over(msgspec.Struct, frozen=True):
    """There is no code that could be used: over, used up, or never asked for."""


class Right(msgspec.Struct, frozen=True):
    """The code of that address; ``again`` when it was used before."""

    address: str
    again: bool = False


_SEND = f"""
WITH asked AS (
  -- 1. The limits are judged by the row that is changed: two requests at once take turns here.
  INSERT INTO verification AS v
    (person_id, channel, address, code_hash, created_at, expires_at, sent_at)
  VALUES ($1::bigint, $2, $3, $4, $5, $6, ARRAY[$5::timestamptz])
  ON CONFLICT (person_id, channel) DO UPDATE SET address = $3, code_hash = $4, attempts = 0,
    created_at = $5, expires_at = $6,
    sent_at = (v.sent_at || $5::timestamptz)
      [greatest(1, cardinality(v.sent_at) - {CODES_AN_HOUR - 2}):]
  WHERE v.created_at <= $7
    AND (cardinality(v.sent_at) < {CODES_AN_HOUR} OR v.sent_at[1] <= $8)
  RETURNING id, person_id
), unsent AS (
  -- 2. An earlier code is worth nothing any more: it is not sent, and not kept where it was.
  DELETE FROM notice USING asked
  WHERE {_ITS_CODES.format(person="asked.person_id")} AND state = 'waiting'
), sent AS (
  UPDATE notice SET data = data - 'code' FROM asked
  WHERE {_ITS_CODES.format(person="asked.person_id")} AND state <> 'waiting'
)
INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
SELECT 'person:' || person.id || ':verification_code:' || $9::text || ':' || $2,
  'verification_code', $2, $3, person.language,
  jsonb_build_object('name', person.name, 'code', $10::text), $5, $5
FROM asked JOIN person ON person.id = asked.person_id
RETURNING id
"""  # noqa: S608
_NO_MORE = f"""
WITH unsent AS (
  DELETE FROM notice WHERE {_ITS_CODES.format(person="($1::bigint)")} AND state = 'waiting'
)
UPDATE notice SET data = data - 'code'
WHERE {_ITS_CODES.format(person="($1::bigint)")} AND state <> 'waiting'
"""  # noqa: S608


async def send(
    person: int, channel: Channel, address: str, *, secret_key: bytes, now: datetime
) -> Sent | TooSoon:
    """Sends a code to that address, by its own channel, unless too many were sent already.

    ``address``: E.164 or an e-mail address. Wake the worker afterwards.
    """
    code = f"{secrets.randbelow(10**6):06}"
    row = await fetch_one(
        _SEND,
        person, channel, address, _hash(person, channel, address, code, secret_key), now,
        now + LIFETIME, now - PAUSE, now - AN_HOUR, now.isoformat(), code,
    )  # fmt: skip
    if row is not None:
        return Sent()
    found = await pending(person, channel, now)
    assert found is not None, "what limits is there"
    return TooSoon(found.again_at)


async def pending(person: int, channel: Channel, now: datetime) -> Pending | None:
    """What the person asked for last on that channel, if anything."""
    row = await fetch_one(
        "SELECT address, attempts, created_at, expires_at, sent_at FROM verification "
        "WHERE person_id = $1 AND channel = $2",
        person, channel,
    )  # fmt: skip
    if row is None:
        return None
    again = row["created_at"] + PAUSE
    if len(row["sent_at"]) >= CODES_AN_HOUR:
        again = max(again, row["sent_at"][0] + AN_HOUR)
    live = row["expires_at"] > now and row["attempts"] < ATTEMPTS
    return Pending(row["address"], live, again)


async def use(
    person: int, channel: Channel, code: str, *, secret_key: bytes, now: datetime
) -> Right | Wrong | Over:
    """Uses the code, once. Within a transaction that does what it was for."""
    # 1. Every attempt counts before it is judged, and takes its turn: the row is locked.
    row = await fetch_one(
        "UPDATE verification SET attempts = attempts + 1 WHERE person_id = $1 AND channel = $2 "
        "AND expires_at > $3 AND attempts < $4 RETURNING id, address, code_hash, attempts",
        person, channel, now, ATTEMPTS,
    )  # fmt: skip
    if row is None:
        return await _used_before(person, channel, code, secret_key)
    given = _hash(person, channel, row["address"], code, secret_key)
    if not hmac.compare_digest(given, row["code_hash"]):
        if row["attempts"] >= ATTEMPTS:
            await fetch(_NO_MORE, person, channel)
        return Wrong(ATTEMPTS - row["attempts"])
    # 2. Used.
    await fetch("UPDATE verification SET expires_at = $2 WHERE id = $1", row["id"], now)
    await fetch(_NO_MORE, person, channel)
    return Right(row["address"])


async def forget(now: datetime) -> None:
    """Deletes what is over for a day, and codes that are over. For the sweep."""
    await fetch("DELETE FROM verification WHERE expires_at < $1", now - timedelta(days=1))
    await fetch(
        "UPDATE notice SET data = data - 'code' WHERE moment = 'verification_code' "
        "AND data ? 'code' AND state <> 'waiting' AND created_at BETWEEN $1 AND $2",
        now - timedelta(days=2), now - LIFETIME,
    )  # fmt: skip
    await fetch(
        "DELETE FROM notice WHERE moment = 'verification_code' AND state = 'waiting' "
        "AND created_at <= $1",
        now - LIFETIME,
    )


async def _used_before(person: int, channel: Channel, code: str, secret_key: bytes) -> Right | Over:
    """The same form sent twice: the second is told what the first did. Nothing is done, so nothing
    is gained by guessing."""
    row = await fetch_one(
        "SELECT v.address, v.code_hash FROM verification v JOIN person ON person.id = v.person_id "
        "WHERE v.person_id = $1 AND v.channel = $2 "
        "AND v.address = CASE v.channel WHEN 'sms' THEN person.phone ELSE person.email END",
        person, channel,
    )  # fmt: skip
    if row is not None and hmac.compare_digest(
        _hash(person, channel, row["address"], code, secret_key), row["code_hash"]
    ):
        return Right(row["address"], again=True)
    return Over()


def _hash(person: int, channel: Channel, address: str, code: str, secret_key: bytes) -> bytes:
    key = keys.derive(secret_key, keys.VERIFICATION_CODE)
    return hmac.digest(key, f"{person}:{channel}:{address}:{code}".encode(), "sha256")
