"""A PostgreSQL that is killed, and what is a minute later in it."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import asyncpg


def kill(postmaster: int) -> None:
    """It and its children, at once."""
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    for pid in (postmaster, *map(int, children)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def a_minute_later(url: str) -> None:
    """Leases have run out, dead jobs are seen, and it is time for every minute's jobs."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "UPDATE notice SET next_attempt_at = now() WHERE state = 'waiting'"
        )
        # What died is stuck as long as its heart may be silent; the rest waits for the minute.
        if await connection.fetch("SELECT FROM pg_tables WHERE tablename = 'saq_jobs'"):
            await connection.execute(
                "DELETE FROM saq_jobs WHERE status = 'active' AND key LIKE 'deliver:%'"
            )
            await connection.execute(
                "UPDATE saq_jobs SET scheduled = extract(epoch FROM now())::int "
                "WHERE status = 'queued' AND key IN ('cron:sweep', 'cron:clocks')"
            )
    finally:
        await connection.close()
