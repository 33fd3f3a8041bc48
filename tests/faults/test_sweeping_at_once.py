"""Two processes sweep the same due reports at the same instant."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.faults.counts import PATIENT, times
from tests.reports import filed
from tests.test_jobs import environment

from balagh import clock
from balagh.database import engine, fetch

pytestmark = [PATIENT, pytest.mark.usefixtures("db")]

ROUNDS = times(100, 10)
# Of each kind, in each round.
EACH = 3
# Sweeps once for each line it reads, and prints how many it settled. Its argument: how many
# reports one transaction holds; with few, each finds what the other has left.
_SWEEPER = """
import asyncio, sys
from zoneinfo import ZoneInfo
from balagh import clock
from balagh.database import pool
from balagh.reports import clock_sweep
world = clock_sweep.World(zone=ZoneInfo("Asia/Riyadh"), public_url="https://balagh.example.sa",
                          sms=False, reminder_hours=24)
clock_sweep._BATCH = int(sys.argv[1])
async def main():
    async with pool(1):
        print("ready", flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print((await clock_sweep.sweep(clock.now(), world)).total, flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("batch", ["500", "2"])
async def test_each_report_moves_once_and_is_told_once(tmp_path: Path, batch: str) -> None:
    both = Counter[bool]()
    lock = await asyncpg.connect(engine().config["dsn"])
    async with _sweepers(tmp_path / "log", batch) as sweepers:
        for _ in range(ROUNDS):
            await _come_due()
            # Held until both have asked for the same rows: then they begin together.
            await lock.execute("BEGIN; LOCK TABLE report IN ACCESS EXCLUSIVE MODE")
            for one in sweepers:
                assert one.stdin
                one.stdin.write(b"sweep\n")
            while (await fetch(_ASKING))[0]["n"] < len(sweepers):  # noqa: ASYNC110
                await asyncio.sleep(0.002)
            await lock.execute("COMMIT")
            settled = [int(await _line(one)) for one in sweepers]
            both[all(settled)] += 1
            # Who found the rest in the other's hands left it to them.
            assert sum(settled) == 3 * EACH, settled
    await lock.close()
    print(f"{ROUNDS} rounds, in {both[True]} both settled some")
    rows = await fetch("SELECT action, count(*) AS n, count(DISTINCT report_id) AS reports "
                       "FROM event WHERE actor = 'clock' GROUP BY 1")  # fmt: skip
    each = ROUNDS * EACH
    assert {row["action"]: (row["n"], row["reports"]) for row in rows} == {
        "expire": (each, each), "late": (each, each),
    }  # fmt: skip
    rows = await fetch("SELECT moment, count(*) AS n, count(DISTINCT data->>'number') AS reports "
                       "FROM notice GROUP BY 1")  # fmt: skip
    assert sorted((row["n"], row["reports"]) for row in rows) == [(each, each)] * 3


# Waiting for the table's lock.
_ASKING = """
SELECT count(*) AS n FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE OF r SKIP LOCKED%'
"""


async def _come_due() -> None:
    """Reports that are late, asked for data a day ago, and to be cancelled now."""
    now, past = clock.now(), clock.now() - timedelta(minutes=1)
    for _ in range(EACH):
        person = await filed.person(phone=None)
        told: dict[str, Any] = {"phone": None, "now": now}
        await filed.report(person, due_at=past, **told)
        asked: dict[str, Any] = {
            "completeness_due_at": now,
            "due_at": now + timedelta(days=4),
            **told,
        }
        await filed.report(
            person, "missing_data", **asked, data_asked_at=now - timedelta(hours=25),
            data_due_at=now + timedelta(hours=23),
        )  # fmt: skip
        await filed.report(
            person, "missing_data", **asked, data_asked_at=now - timedelta(hours=49),
            data_reminded_at=now - timedelta(hours=25), data_due_at=past,
        )  # fmt: skip


@asynccontextmanager
async def _sweepers(log: Path, batch: str) -> AsyncIterator[list[Process]]:
    with log.open("ab") as errors:
        made = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", _SWEEPER, batch,
                env=environment(), stdin=PIPE, stdout=PIPE, stderr=errors,
            )
            for _ in range(2)
        ]  # fmt: skip
    try:
        for one in made:
            assert await _line(one) == b"ready\n"
        yield made
    finally:
        for one in made:
            one.kill()
            await one.wait()


async def _line(process: Process) -> bytes:
    assert process.stdout
    async with asyncio.timeout(60):
        return await process.stdout.readline()
