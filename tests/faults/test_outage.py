"""The worker was away while the time of ten thousand reports came."""

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.faults.counts import PATIENT, times
from tests.faults.many import due
from tests.faults.nursery import nursery
from tests.faults.sink import sink
from tests.test_jobs import environment

from balagh.database import fetch

pytestmark = [PATIENT, pytest.mark.usefixtures("db")]

MANY = times(10_000, 300)
# Seconds, from the worker's return until the last of them is told.
WITHIN = 60.0


async def test_all_are_flagged_and_told_soon_after_the_workers_return(tmp_path: Path) -> None:
    await due(MANY)
    await fetch("DROP TABLE IF EXISTS saq_jobs, saq_stats, saq_versions")
    async with sink() as server:
        environ = environment(smtp_port=str(server.port), log_level="warning")
        async with nursery(environ, tmp_path / "log") as workers:
            began = time.monotonic()
            await workers.start()
            while len(server.order) < MANY:
                assert time.monotonic() - began < WITHIN, f"{len(server.order)} of {MANY} told"
                await asyncio.sleep(0.1)
            took = time.monotonic() - began
            workers.stop()
            await workers.gone()
    print(f"{MANY} reports flagged and told within {took:.1f} s")
    assert Counter(to for to, _ in server.order) == {f"p{n}@example.sa": 1 for n in range(MANY)}
    (row,) = await fetch(
        "SELECT (SELECT count(*) FROM report WHERE late_told_due = due_at) AS flagged, "
        "(SELECT count(*) FROM event WHERE action = 'late' AND actor = 'clock') AS events, "
        "(SELECT count(*) FROM notice WHERE moment = 'late' AND state = 'sent' AND attempts = 1) "
        "AS told"
    )
    assert tuple(row.values()) == (MANY, MANY, MANY)
