"""The worker is killed (SIGKILL) in each phase of a message's way, again and again."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import asyncpg
import pytest
from tests.faults.counts import PATIENT, SEED, times
from tests.faults.nursery import Nursery, nursery
from tests.faults.sink import Sink, sink
from tests.notices.outbox import put
from tests.test_jobs import environment

from balagh import clock
from balagh.database import engine, fetch

pytestmark = [PATIENT, pytest.mark.usefixtures("db")]

KILLS = times(200, 12)
# Notices that each round adds, to half as many people.
NEW = 6
# Before MAIL is answered; between DATA and the final 250; with the 250 said, not yet noted.
PHASES = ("mail", "data", "taken")


async def test_none_is_missing_and_only_what_was_in_hand_comes_twice(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    killed: Counter[str] = Counter()
    # How often each notice was in hand (in DATA, or taken and not noted) when a worker was killed.
    in_hand: Counter[int] = Counter()
    put_in: list[int] = []
    async with sink() as server:
        environ = environment(smtp_port=str(server.port), log_level="error")
        async with nursery(environ, tmp_path / "log") as workers:
            for number in range(KILLS):
                put_in += await _round(number)
                phase = PHASES[number % len(PHASES)]
                waiting = len(put_in) - len(set(server.arrived) & set(put_in))
                nth = chance.randint(max(1, waiting - NEW + 1), max(1, waiting - 1))
                in_hand.update(await _killed_in(phase, nth, server, workers))
                killed[phase] += 1
            # The last one finishes all.
            await _two_minutes_later()
            await workers.start()
            async with asyncio.timeout(60):
                while await _waiting():  # noqa: ASYNC110 - another process does it
                    await asyncio.sleep(0.05)
            workers.stop()
            await workers.gone()
    said = f"seed {SEED}, kills {dict(killed)}"
    assert set(server.arrived) == set(put_in), said
    twice = {n: len(came) - 1 for n, came in server.arrived.items() if len(came) > 1}
    assert all(more <= in_hand[n] for n, more in twice.items()), (said, twice, in_hand)
    # Killed after the 250 was said, so the message must have come again: the test did hit it.
    assert sum(twice.values()) >= killed["taken"], (said, twice)
    assert all(len(set(came)) == 1 for came in server.arrived.values()), said
    for recipient in {to for to, _ in server.order}:
        firsts = list(dict.fromkeys(n for to, n in server.order if to == recipient))
        assert firsts == sorted(firsts), (said, recipient)
    rows = await fetch("SELECT state, count(*) AS n FROM notice GROUP BY 1")
    assert {row["state"]: row["n"] for row in rows} == {"sent": len(put_in)}
    print(f"{said}: {len(put_in)} notices, none missing, {sum(twice.values())} came twice, "
          f"{sum(in_hand.values())} were in hand")  # fmt: skip


async def _round(number: int) -> list[int]:
    """New notices, two for each of some people."""
    ids = [await put(f"r{number}-{n % (NEW // 2)}@example.sa", now=clock.now()) for n in range(NEW)]
    await _two_minutes_later()
    return ids


async def _two_minutes_later() -> None:
    """The leases of who was killed have run out, and its jobs are seen to be dead."""
    await fetch("UPDATE notice SET next_attempt_at = $1 WHERE state = 'waiting'", clock.now())
    if await fetch("SELECT FROM pg_tables WHERE tablename = 'saq_jobs'"):
        await fetch("DELETE FROM saq_jobs")


async def _killed_in(phase: str, nth: int, server: Sink, workers: Nursery) -> set[int]:
    """Starts a worker and kills it when its ``nth`` message (from 1) is in that phase. Returns the
    notices in hand then: in DATA, or taken and not noted."""
    seen, dead, inside = 0, asyncio.Event(), set[int]()
    lock = await asyncpg.connect(engine().config["dsn"])
    noting: asyncio.Task[None] | None = None

    async def hook(now_in: str, notice: int) -> None:
        nonlocal seen, noting
        if dead.is_set() or now_in != phase:
            return
        seen += 1
        if seen != nth:
            return
        if phase == "taken":
            # It reads the 250, and waits to note it until it is killed.
            await lock.execute("BEGIN")
            await lock.execute("SELECT FROM notice WHERE id = $1 FOR UPDATE", notice)
            noting = asyncio.create_task(_kill_noting())
        else:
            kill()

    async def _kill_noting() -> None:
        while not (found := await _noting()):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        kill()
        await fetch("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid", found)

    def kill() -> None:
        workers.kill()
        inside.update(server.inside)
        dead.set()

    server.hook = hook
    try:
        await workers.start()
        async with asyncio.timeout(30):
            await dead.wait()
            await workers.gone()
            if noting:
                await noting
        # What the dead one's connections had begun is over.
        while await fetch(  # noqa: ASYNC110 - the server does it
            "SELECT FROM pg_stat_activity WHERE application_name = 'balagh' AND state = 'active' "
            "AND query LIKE '%UPDATE notice%' AND pid <> pg_backend_pid() "
            "AND wait_event_type IS DISTINCT FROM 'Lock'"
        ):
            await asyncio.sleep(0.005)
    finally:
        await lock.close()
    rows = await fetch("SELECT id FROM notice WHERE state = 'waiting'")
    return inside | ({row["id"] for row in rows} & set(server.arrived))


async def _noting() -> list[int]:
    rows = await fetch(
        "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
        "AND query LIKE '%state = ''sent''%' AND application_name = 'balagh'"
    )
    return [row["pid"] for row in rows]


async def _waiting() -> bool:
    return bool(await fetch("SELECT FROM notice WHERE state = 'waiting' LIMIT 1"))
