"""On record: when each sweep ran, how long it took, how much it settled, what went wrong.

A sweep that has not come to its end lately is an alarm: its promises are kept late, and nobody
would notice (``/health``, the supervisors' page).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from balagh.database import fetch

# Each of the worker's sweeps, and how long ago its last good end may be.
PATIENCE: Mapping[str, timedelta] = {
    "sweep": timedelta(minutes=5),
    "clocks": timedelta(minutes=5),
    "remind": timedelta(minutes=5),
    "tell_staff": timedelta(minutes=5),
    "leave_none_behind": timedelta(minutes=5),
    "tidy": timedelta(hours=3),
}
# For so long runs are kept.
KEPT = timedelta(days=7)


class Last(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep's last good run (none when there was none yet): when, how many it settled, how many
    milliseconds it took; ``error``: what stopped a later one. ``since``: the first run on record of
    any sweep, so that a new installation is given time."""

    sweep: str
    since: datetime | None = None
    ended_at: datetime | None
    done: int
    took: int
    error: str | None

    def silent(self, now: datetime) -> bool:
        """Whether it should have come to its end again by now."""
        latest = self.ended_at or self.since
        return latest is None or now - latest > PATIENCE[self.sweep]


async def begin(sweep: str, now: datetime) -> int:
    """The id of the run that begins."""
    rows = await fetch(
        "INSERT INTO sweep_run (sweep, started_at) VALUES ($1, $2) RETURNING id", sweep, now
    )
    return int(rows[0]["id"])


async def end(run: int, now: datetime, done: int) -> None:
    """It came to its end and settled ``done``."""
    await fetch("UPDATE sweep_run SET ended_at = $2, done = $3 WHERE id = $1", run, now, done)


async def fail(run: int, error: str) -> None:
    """Something stopped it; ``error`` names the fault, never what it was about."""
    await fetch("UPDATE sweep_run SET error = $2 WHERE id = $1", run, error)


async def latest() -> list[Last]:
    """Every sweep's last good run, in the order of ``PATIENCE``."""
    rows = await fetch(
        "SELECT w.sweep, (SELECT min((SELECT started_at FROM sweep_run f WHERE f.sweep = one.sweep "
        " ORDER BY f.started_at LIMIT 1)) FROM unnest($1::text[]) AS one (sweep)) AS since, "
        "g.ended_at, "
        "coalesce(g.done, 0) AS done, "
        "coalesce(extract(epoch FROM g.ended_at - g.started_at) * 1000, 0)::int AS took, "
        "(SELECT error FROM sweep_run f WHERE f.sweep = w.sweep AND f.error IS NOT NULL "
        " AND f.started_at > coalesce(g.started_at, '-infinity') ORDER BY f.started_at DESC LIMIT 1"
        ") AS error "
        "FROM unnest($1::text[]) WITH ORDINALITY AS w (sweep, place) LEFT JOIN LATERAL "
        "(SELECT * FROM sweep_run r WHERE r.sweep = w.sweep AND r.ended_at IS NOT NULL "
        " ORDER BY r.started_at DESC LIMIT 1) g ON true ORDER BY w.place",
        list(PATIENCE),
    )
    return [Last(**row) for row in rows]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run worth reading: it settled ``done`` in ``took`` milliseconds, was stopped by ``error``,
    or never came to its end (no ``ended_at``)."""

    sweep: str
    started_at: datetime
    ended_at: datetime | None
    done: int
    took: int
    error: str | None


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep's last 24 hours: how many good runs, how many were settled, the longest in
    milliseconds, and how many were stopped or never came to their end."""

    runs: int = 0
    done: int = 0
    longest: int = 0
    failed: int = 0


# Begun so long ago, a run without an end has died with its worker.
_DEAD = timedelta(minutes=15)


async def day(now: datetime) -> dict[str, Day]:
    """By sweep; those that did not run are missing."""
    rows = await fetch(
        "SELECT sweep, count(ended_at)::int AS runs, coalesce(sum(done), 0)::int AS done, "
        "coalesce(max(extract(epoch FROM ended_at - started_at) * 1000), 0)::int AS longest, "
        "(count(*) FILTER (WHERE error IS NOT NULL OR ended_at IS NULL AND started_at <= $2))::int "
        "AS failed FROM sweep_run WHERE sweep = ANY($3) AND started_at > $1 GROUP BY sweep",
        now - timedelta(days=1), now - _DEAD, list(PATIENCE),
    )  # fmt: skip
    return {
        row["sweep"]: Day(
            runs=row["runs"], done=row["done"], longest=row["longest"], failed=row["failed"]
        )
        for row in rows
    }


async def runs(now: datetime, limit: int = 50) -> list[Run]:
    """The latest runs of the last 24 hours that settled something or did not end well, the newest
    first; deliveries among them only when they were stopped."""
    rows = await fetch(
        "SELECT sweep, started_at, ended_at, done, "
        "coalesce(extract(epoch FROM ended_at - started_at) * 1000, 0)::int AS took, error "
        "FROM sweep_run WHERE started_at > $1 AND (done > 0 AND sweep = ANY($4) "
        "OR error IS NOT NULL OR ended_at IS NULL AND started_at <= $2) "
        "ORDER BY started_at DESC, id DESC LIMIT $3",
        now - timedelta(days=1), now - _DEAD, limit, list(PATIENCE),
    )  # fmt: skip
    return [Run(**row) for row in rows]


async def forget(now: datetime) -> None:
    """Runs of more than a week ago go."""
    await fetch("DELETE FROM sweep_run WHERE started_at < $1", now - KEPT)
