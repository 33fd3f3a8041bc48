"""Deliveries on record, as sweeps are: how many messages went which way, how long it took, what
went wrong. One that found nothing to do leaves no row.

A row of ``sweep_run`` for each way that messages of a batch went (``email``: sent, with the faults
too; ``email:put_off``; ``email:failed``).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from balagh.database import fetch
from balagh.notices import overdue
from balagh.notices.delivery import CHANNELS, Delivered
from balagh.notices.overdue import LATE, Overdue
from balagh.notices.quiet_hours import QuietHours


def put_off(channel: str) -> str:
    """Under which name messages that were put off are on record."""
    return f"{channel}:put_off"


def failed(channel: str) -> str:
    """Under which name messages that failed for good are on record."""
    return f"{channel}:failed"


async def note(channel: str, began: datetime, ended: datetime, went: Delivered) -> None:
    """What came of a batch."""
    ways = (
        (channel, went.sent), (put_off(channel), went.retried), (failed(channel), went.failed),
    )  # fmt: skip
    if some := [(way, messages) for way, messages in ways if messages]:
        await fetch(
            "INSERT INTO sweep_run (sweep, started_at, ended_at, done) "
            "SELECT way, $3, $4, messages FROM unnest($1::text[], $2::int[]) AS w (way, messages)",
            *zip(*some, strict=True), began, ended,
        )  # fmt: skip


async def fail(channel: str, began: datetime, error: str) -> None:
    """Something stopped it; ``error`` names the fault, never what it was about."""
    await fetch(
        "INSERT INTO sweep_run (sweep, started_at, error) VALUES ($1, $2, $3)",
        channel, began, error,
    )  # fmt: skip


async def stuck(now: datetime, quiet: QuietHours | None) -> list[Overdue]:
    """The channels on which something is overdue and nothing has gone any way for as long: an
    alarm. After an outage, or a night of quiet hours, much is overdue and on its way."""
    late = await overdue.channels(now, quiet)
    going = await _going([one.channel for one in late], now - LATE) if late else set()
    return [one for one in late if one.channel not in going]


async def _going(channels: Sequence[str], since: datetime) -> set[str]:
    rows = await fetch(
        "SELECT c.channel FROM unnest($1::text[], $3::text[], $4::text[]) "
        "AS c (channel, put_off, failed) WHERE EXISTS (SELECT FROM sweep_run r "
        "WHERE r.sweep IN (c.channel, c.put_off, c.failed) AND r.started_at >= $2 "
        "AND r.ended_at IS NOT NULL)",
        channels, since, *_other_ways(channels),
    )  # fmt: skip
    return {row["channel"] for row in rows}


class Lately(msgspec.Struct, frozen=True, kw_only=True):
    """A channel's last 24 hours: when messages went last; how many were sent, put off, given up;
    the longest batch in milliseconds; how many deliveries were stopped, and the fault that stopped
    one since messages went last."""

    channel: str
    last: datetime | None
    sent: int
    put_off: int
    failed: int
    longest: int
    stopped: int
    error: str | None


async def lately(now: datetime) -> list[Lately]:
    """Every channel, in their order."""
    rows = await fetch(
        "SELECT c.channel, max(r.ended_at) AS last, "
        "coalesce(sum(r.done) FILTER (WHERE r.sweep = c.channel), 0)::int AS sent, "
        "coalesce(sum(r.done) FILTER (WHERE r.sweep = c.put_off), 0)::int AS put_off, "
        "coalesce(sum(r.done) FILTER (WHERE r.sweep = c.failed), 0)::int AS failed, "
        "coalesce(max(extract(epoch FROM r.ended_at - r.started_at) * 1000), 0)::int AS longest, "
        "count(r.error)::int AS stopped, "
        "(SELECT f.error FROM sweep_run f WHERE f.sweep = c.channel AND f.error IS NOT NULL "
        " AND f.started_at > greatest($2, max(r.ended_at)) ORDER BY f.started_at DESC LIMIT 1"
        ") AS error "
        "FROM unnest($1::text[], $3::text[], $4::text[]) WITH ORDINALITY "
        "AS c (channel, put_off, failed, place) LEFT JOIN sweep_run r "
        "ON r.sweep IN (c.channel, c.put_off, c.failed) AND r.started_at > $2 "
        "GROUP BY c.channel, c.put_off, c.failed, c.place ORDER BY c.place",
        list(CHANNELS), now - timedelta(days=1), *_other_ways(CHANNELS),
    )  # fmt: skip
    return [Lately(**row) for row in rows]


def _other_ways(channels: Sequence[str]) -> tuple[list[str], list[str]]:
    return [put_off(one) for one in channels], [failed(one) for one in channels]
