"""Whether a channel takes anything at all: after five failures of the way in a row it is open, and
one message at a time tries it, with growing pauses, until one gets through.

So an outage costs a few messages an attempt, and not each of those that wait. The state is a row
for each channel, because every worker has to keep to it and a new one must not begin by trying.
Decision 117.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import SystemRandom

import msgspec
import structlog

from balagh.database import fetch
from balagh.notices.transports import DeliveryError, Fault

# Failures of the way in a row that open it.
LIMIT = 5
# Minutes until the first, second, … probe. The worker looks every minute, so these are the least.
PAUSES = (0.5, 1, 2, 5)
# The longest that the other side can keep us away by asking for it.
_LONGEST = timedelta(hours=1)
# Longer than one message can take, so that no second probe goes out beside it.
_PROBE = timedelta(seconds=45)

_log = structlog.get_logger()
_random = SystemRandom()

_STATE = "SELECT failures, probes, opened_at, retry_at FROM circuit WHERE channel = $1"

# Of several workers one gets it, and only when there is something to try it with.
_TAKE = """
UPDATE circuit SET retry_at = $3
WHERE channel = $1 AND opened_at IS NOT NULL AND retry_at <= $2 AND EXISTS (
  SELECT FROM notice WHERE state = 'waiting' AND channel = $1 AND next_attempt_at <= $2)
RETURNING channel
"""

_STRAIN = """
INSERT INTO circuit AS c (channel, failures, probes, opened_at, retry_at, reason)
VALUES ($1, 1, 0, NULL, NULL, $4)
ON CONFLICT (channel) DO UPDATE SET failures = c.failures + 1, reason = $4,
  opened_at = CASE WHEN c.failures + 1 >= $5 THEN coalesce(c.opened_at, $2) END,
  retry_at = CASE WHEN c.failures + 1 >= $5 THEN greatest(c.retry_at, $3) END
RETURNING failures, opened_at
"""

_AGAIN = """
UPDATE circuit SET probes = probes + 1, reason = $3, retry_at = $2
WHERE channel = $1 AND opened_at IS NOT NULL
"""

_EASE = """
UPDATE circuit SET failures = 0, probes = 0, opened_at = NULL, retry_at = NULL
FROM (SELECT channel, opened_at FROM circuit WHERE channel = $1 FOR UPDATE) AS was
WHERE circuit.channel = was.channel AND circuit.failures > 0
RETURNING was.opened_at
"""


class Open(msgspec.Struct, frozen=True):
    """A channel that takes nothing, since when, and what it said last."""

    channel: str
    since: datetime
    reason: str


class Circuit:
    """One channel's, as a batch met it and as its own messages change it."""

    def __init__(
        self,
        channel: str,
        *,
        failures: int = 0,
        probes: int = 0,
        since: datetime | None = None,
        probe: bool = False,
    ) -> None:
        self.channel = channel
        # Since when nothing gets through; None: all is well.
        self.since = since
        # One message is to try it.
        self.probe = probe
        self._failures = failures
        self._probes = probes

    @property
    def passable(self) -> bool:
        """Whether a message may be sent."""
        return self.since is None or self.probe

    def limit(self, wanted: int) -> int:
        """How many messages may be claimed."""
        return wanted if self.since is None else int(self.probe)

    async def failed(self, error: DeliveryError, now: datetime) -> None:
        """A message did not get through; one that was refused for itself shows that the way is
        free."""
        if error.fault is Fault.UNTRIED:
            return
        if error.fault is Fault.MESSAGE:
            await self.passed(now)
        elif self.probe:
            again = now + _pause(self._probes + 1, error.retry_after)
            await fetch(_AGAIN, self.channel, again, error.reason)
        else:
            again = now + _pause(0, error.retry_after)
            rows = await fetch(_STRAIN, self.channel, now, again, error.reason, LIMIT)
            self._failures, self.since = rows[0].values()
            # Counted in the row, so that one of several workers says it.
            if self._failures == LIMIT:
                _log.error("channel closed", channel=self.channel, reason=error.reason)

    async def passed(self, now: datetime) -> None:
        """A message got through. Costs nothing while all is well."""
        if self._failures == 0:
            return
        self._failures, self.since, self.probe = 0, None, False
        rows = await fetch(_EASE, self.channel)
        if rows and (since := rows[0]["opened_at"]) is not None:
            seconds = round((now - since).total_seconds())
            _log.warning("channel works again", channel=self.channel, closed_seconds=seconds)


async def circuit_of(channel: str, now: datetime) -> Circuit:
    """As it is at ``now``; takes the probe when one is due, so that no other worker does."""
    rows = await fetch(_STATE, channel)
    if not rows:
        return Circuit(channel)
    failures, probes, since, retry_at = rows[0].values()
    due = since is not None and retry_at <= now
    probe = due and bool(await fetch(_TAKE, channel, now, now + _PROBE))
    return Circuit(channel, failures=failures, probes=probes, since=since, probe=probe)


async def forget(channel: str) -> None:
    """There is no such way any more."""
    await fetch("DELETE FROM circuit WHERE channel = $1", channel)


async def open_now() -> Sequence[Open]:
    """The channels that take nothing."""
    rows = await fetch(
        "SELECT channel, opened_at, reason FROM circuit WHERE opened_at IS NOT NULL ORDER BY 1"
    )
    return [Open(*row.values()) for row in rows]


def _pause(step: int, retry_after: float | None) -> timedelta:
    """Up to a fifth more or less; at least as long as the other side asked for."""
    minutes = PAUSES[min(step, len(PAUSES) - 1)] * _random.uniform(0.8, 1.2)
    return max(timedelta(minutes=minutes), min(timedelta(seconds=retry_after or 0), _LONGEST))
