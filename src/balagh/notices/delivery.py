"""Sends what the outbox holds: at least once, in each recipient's order, safe with several workers.

Specification 6: "A message that fails is retried with growing pauses; an SMS that fails for good
falls back to e-mail." How it holds under crashes is in ``docs/notices.md``.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from secrets import SystemRandom
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import structlog

from balagh.database import fetch
from balagh.notices import circuit as circuits
from balagh.notices.circuit import Circuit, circuit_of
from balagh.notices.fallback import DAY, FALLBACK, overdue
from balagh.notices.in_hand import InHand
from balagh.notices.messages import render
from balagh.notices.moments import MOMENTS
from balagh.notices.quiet_hours import URGENT, QuietHours
from balagh.notices.texts import RIYADH, Words, words_now
from balagh.notices.transports import (
    DeliveryError,
    Fault,
    NotReadyError,
    Outgoing,
    Transport,
)

CHANNELS = ("email", "sms")

# Minutes after the first, second, … failed attempt; about a day in all, then the notice has failed.
PAUSES = (1, 2, 5, 15, 30, *[60] * 23)
# Messages of one channel on their way at once, and so SMTP connections in use.
LANES = 4
# The longest that one message may take, whatever the other side does.
_SENDING = timedelta(seconds=20)
# For so long a claimed message is its worker's.
LEASE = timedelta(minutes=2)
# A later message to the same recipient waits this many attempts for an earlier one, then passes it:
# half an hour out of order is better than a deadline told too late.
PATIENCE = 5

_log = structlog.get_logger()
_random = SystemRandom()

# The lease is the new next_attempt_at: if we die, the row is due again by itself, and no attempt is
# lost, because only those count whose end we know. Only the first waiting row of a recipient can be
# claimed, so two workers never overtake each other. Several workers skip each other's locked rows;
# one that waited for nothing sees the lease and passes on.
_CLAIM = """
WITH due AS (
  SELECT notice.id, notice.next_attempt_at AS due_at FROM notice
  WHERE {due}
  ORDER BY next_attempt_at, id
  LIMIT {limit}
  FOR UPDATE OF notice SKIP LOCKED
)
UPDATE notice SET next_attempt_at = {lease}
FROM due WHERE notice.id = due.id
RETURNING notice.id, moment, channel, recipient, language, data, attempts, resent,
  created_at, due_at
"""

# What may be sent on the channel $2 at $1, which $3 (``PATIENCE``) attempts hold up no more.
DUE = """
  state = 'waiting' AND next_attempt_at <= $1 AND channel = $2
    AND (SELECT true FROM notice AS earlier
      WHERE earlier.state = 'waiting' AND earlier.channel = notice.channel
        AND earlier.recipient = notice.recipient AND earlier.id < notice.id
        AND earlier.attempts < $3
      LIMIT 1) IS NULL
"""

# In quiet hours: what is urgent, and what waits before it for the same phone, which rings anyway,
# so that nothing is told out of order. Nothing is written: a moved clock or setting holds at once.
_QUIET = """
    AND (moment = ANY($4) OR (
      SELECT true FROM notice AS later
      WHERE later.state = 'waiting' AND later.channel = notice.channel
        AND later.recipient = notice.recipient AND later.id > notice.id
        AND later.moment = ANY($4) AND later.next_attempt_at <= $1
      LIMIT 1))
"""
DUE_QUIET = f"{DUE}{_QUIET}"
_CLAIM_ANY = _CLAIM.format(due=DUE, limit="$4", lease="$5")
_CLAIM_QUIET = _CLAIM.format(due=DUE_QUIET, limit="$5", lease="$6")

# Each claim's lease ends later than the one before it, so it tells whether the row is still ours.
_RETRY = """
UPDATE notice SET next_attempt_at = $3, error = $4, attempts = least(attempts + 1, 1000)
WHERE id = $1 AND next_attempt_at = $2 AND state = 'waiting'
"""

_FAILED = """
WITH failed AS (
  UPDATE notice SET state = 'failed', failed_at = $3, error = $4, attempts = attempts + 1
  WHERE id = $1 AND next_attempt_at = $2 AND state = 'waiting'
  RETURNING *
)
"""
_FAIL = f"{_FAILED}{FALLBACK}"

# What is over by now has nothing left to tell.
_OVER = """
DELETE FROM notice WHERE id = $1 AND next_attempt_at = $2 AND state = 'waiting'
"""

# As it was: by how long something has been due it is seen that nothing goes out (``overdue``).
_RELEASE = """
UPDATE notice SET next_attempt_at = claimed.due_at
FROM unnest($1::bigint[], $2::timestamptz[]) AS claimed (id, due_at)
WHERE notice.id = claimed.id AND next_attempt_at = $3 AND state = 'waiting'
"""


class Delivered(msgspec.Struct):
    """How many messages of a batch went which way; released ones (we were told to stop) count
    nowhere."""

    sent: int = 0
    retried: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        return self.sent + self.retried + self.failed


class _Claim(msgspec.Struct, frozen=True):
    """``attempts``: how many failed before this one; ``due_at``: since when it was due; ``lease``:
    until when it is ours."""

    id: int
    moment: str
    channel: str
    recipient: str
    language: str
    data: dict[str, Any]
    attempts: int
    resent: int
    created_at: datetime
    due_at: datetime
    lease: datetime


async def deliver_due(
    transports: Mapping[str, Transport],
    now: datetime,
    limit: int = 200,
    *,
    channels: Iterable[str] = CHANNELS,
    zone: ZoneInfo = RIYADH,
    stopping: Callable[[], bool] = lambda: False,
    quiet: QuietHours | None = None,
) -> Delivered:
    """Claims up to ``limit`` messages of each channel that are due at ``now`` and sends them.

    Returns when each was taken, put off or given up. A batch holds at most one message for each
    recipient, so call again until ``total`` is 0. When ``stopping()`` turns true, messages in hand
    are finished and the rest goes back to the outbox. The same happens when a channel turns out to
    take nothing; then one message tries it from time to time, and ``total`` is 0 in between.
    ``zone``: of the times in the messages; ``quiet``: when SMS that are not urgent wait.
    """
    delivered = Delivered()
    done = await asyncio.gather(
        *(_deliver(transports[channel], channel, now, limit, stopping, delivered, zone, quiet)
          for channel in channels),
        return_exceptions=True,
    )  # fmt: skip
    for result in done:
        if result is not None:
            raise result
    return delivered


async def _deliver(
    transport: Transport,
    channel: str,
    now: datetime,
    limit: int,
    stopping: Callable[[], bool],
    delivered: Delivered,
    zone: ZoneInfo,
    quiet: QuietHours | None,
) -> None:
    # No message is begun whose lease could run out meanwhile, so a slow server makes batches
    # smaller and nobody's wait after a crash longer.
    began = monotonic()
    end = began + (LEASE - _SENDING).total_seconds()
    circuit = await circuit_of(channel, now)
    if channel == "sms" and circuit.since is not None and circuit.since <= now - DAY:
        delivered.failed += await _give_up(now)
    if not (wanted := circuit.limit(limit)):
        return
    held = quiet is not None and channel == "sms" and quiet.at(now)
    claims = deque(await _claim(channel, now, wanted, held=held))
    in_hand = InHand(now, end, stopping)
    try:
        # As they are now, once for the batch.
        words = await words_now(zone) if claims else Words(zone)
        batch = _Batch(transport, channel, now, began, words, circuit, in_hand, delivered)

        async def lane() -> None:
            while claims and not stopping() and circuit.passable and monotonic() < end:
                claim = claims.popleft()
                try:
                    await batch.attempt(claim)
                except NotReadyError:
                    # Nobody has it.
                    claims.append(claim)
                    raise

        # Every lane finishes what it has begun, even when another meets a broken database.
        for result in await asyncio.gather(*(lane() for _ in range(LANES)), return_exceptions=True):
            if result is not None:
                raise result
    finally:
        try:
            await in_hand.settled()
        finally:
            delivered.sent += in_hand.noted
            await _release(claims)


async def _give_up(now: datetime) -> int:
    if failed := await overdue(now):
        _log.error("notices failed", channel="sms", notices=failed, reason="closed for a day")
    return failed


async def _claim(channel: str, now: datetime, limit: int, *, held: bool) -> list[_Claim]:
    lease = now + LEASE
    rows = (
        await fetch(_CLAIM_QUIET, now, channel, PATIENCE, list(URGENT), limit, lease)
        if held
        else await fetch(_CLAIM_ANY, now, channel, PATIENCE, limit, lease)
    )
    claims = [
        _Claim(**{**row, "data": msgspec.json.decode(row["data"]), "lease": lease})
        for row in map(dict, rows)
    ]
    return sorted(claims, key=lambda claim: claim.id)


class _Batch:
    """One message after the other, by several lanes side by side."""

    def __init__(
        self,
        transport: Transport,
        channel: str,
        now: datetime,
        began: float,
        words: Words,
        circuit: Circuit,
        in_hand: InHand,
        delivered: Delivered,
    ) -> None:
        self._transport = transport
        self._now = now
        self._began = began
        self._words = words
        self._circuit = circuit
        self._in_hand = in_hand
        self._delivered = delivered
        self._log = _log.bind(channel=channel)

    async def attempt(self, claim: _Claim) -> None:
        attempts = claim.attempts + 1
        named = {"notice": claim.id, "moment": claim.moment, "attempts": attempts}
        if self._over(claim):
            await fetch(_OVER, claim.id, claim.lease)
            self._delivered.failed += 1
            self._log.warning("notice over", **named)
            return
        try:
            provider_id = await self._send(claim)
        except DeliveryError as error:
            now = self._instant()
            # While nothing gets through, the one that tries is none the worse for it, and is
            # there for a next time when it is the only one.
            probe = self._circuit.probe and error.fault in (Fault.WAY, Fault.ACCOUNT)
            if error.permanent or (attempts > len(PAUSES) and not probe):
                await fetch(_FAIL, claim.id, claim.lease, now, error.reason)
                self._delivered.failed += 1
                self._log.error("notice failed", **named, reason=error.reason)
            else:
                minutes = circuits.PAUSES[-1] if probe else PAUSES[min(attempts, len(PAUSES)) - 1]
                again = now + _pause(minutes, error.retry_after)
                await fetch(_RETRY, claim.id, claim.lease, again, error.reason)
                self._delivered.retried += 1
                # Somebody has to mend our password, balance or sender name.
                account = error.fault is Fault.ACCOUNT
                loud = self._log.error if account else self._log.warning
                loud("notice put off", **named, reason=error.reason)
            await self._circuit.failed(error, now)
        else:
            self._in_hand.taken(claim.id, claim.resent, provider_id)
            self._log.info("notice sent", **named)
            await self._circuit.passed(self._now)

    def _instant(self) -> datetime:
        return self._now + timedelta(seconds=int(monotonic() - self._began))

    def _over(self, claim: _Claim) -> bool:
        moment = MOMENTS.get(claim.moment)
        if moment is None or moment.good_for is None:
            return False
        return self._instant() >= claim.created_at + moment.good_for

    async def _send(self, claim: _Claim) -> str | None:
        try:
            content = render(claim.moment, claim.channel, claim.language, claim.data, self._words)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # A fault of ours: the people it is meant for should not lose the message to it, so it
            # waits for the mended program.
            reason = f"the message could not be written: {type(error).__name__}"
            raise DeliveryError(permanent=False, reason=reason, fault=Fault.UNTRIED) from error
        notice = Outgoing(
            claim.id, claim.recipient, claim.language, claim.created_at, content, claim.resent
        )
        try:
            async with self._in_hand.one() as ready, asyncio.timeout(_SENDING.total_seconds()):
                return _name(await self._transport.send(notice, ready))
        except TimeoutError as error:
            reason = "no answer in time"
            raise DeliveryError(permanent=False, reason=reason, fault=Fault.WAY) from error


def _name(given: str | None) -> str | None:
    """What the other side calls a message, so that any row can hold it, whatever it is."""
    return "".join(sign for sign in given or "" if " " <= sign <= "~")[:200] or None


def _pause(minutes: float, retry_after: float | None) -> timedelta:
    """Up to a fifth more or less, so that messages that failed together do not return together; at
    least as long as the other side asked for."""
    about = minutes * _random.uniform(0.8, 1.2)
    return max(timedelta(minutes=about), timedelta(seconds=retry_after or 0))


async def _release(claims: Sequence[_Claim]) -> None:
    if claims:
        ids, due = [claim.id for claim in claims], [claim.due_at for claim in claims]
        await fetch(_RELEASE, ids, due, claims[0].lease)
