"""PostgreSQL is killed (SIGKILL, all of it) and comes back, again and again, while reports are
filed, deadlines come, and the worker that `balagh serve` runs delivers."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from tests.faults.counts import PATIENT, SEED, times
from tests.faults.database import a_minute_later, kill
from tests.faults.sink import Sink, sink
from tests.test_jobs import environment

from balagh import running
from balagh.embedded import EmbeddedServer
from balagh.notices.in_hand import IN_HAND
from balagh.processes import supervise

pytestmark = PATIENT

KILLS = times(50, 3)
# One statement, as the submission's: a report that is late already, and the notice of its receipt.
FILE = """
WITH filed AS (
  INSERT INTO report (number, draft_id, person_id, kind, ground, state, language, email, agency_id,
    service_name, title, description, submitted_at, due_at, completeness_due_at, due_from, due_days)
  SELECT $1, gen_random_uuid(), p.id, 'complaint', 'outage', 'under_review', 'ar', $2, a.id,
    'تجديد الرخصة', 'لم تُجدَّد', 'سددت ولم تُجدَّد.', now(), now() - interval '1 hour',
    now() + interval '1 day', current_date, 5
  FROM person p, agency a LIMIT 1 RETURNING id
)
INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
SELECT 'report:' || id || ':opened:1:email', 'late', 'email', $2, 'ar', $3, now(), now() FROM filed
RETURNING id
"""
DATA = """{"name": "نورة العتيبي", "number": "7302641185", "title": "تعطل الدفع",
"kind": "complaint", "agency_ar": "وزارة", "agency_en": "Ministry", "due_on": "2026-11-30",
"submitted_at": "2026-11-23T08:00:00+00:00", "link": "https://balagh.example.sa/reports/1"}"""


class Filing:
    """Whoever files: what was accepted, and what nobody can know because the answer was lost."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.accepted: list[str] = []
        self.unknown: set[str] = set()
        self._next = 3000000000

    async def run(self) -> None:
        while True:
            try:
                connection = await asyncpg.connect(self._url, timeout=5)
                while True:
                    self._next += 1
                    to = f"f{self._next}@example.sa"
                    self.unknown.add(to)
                    await connection.fetch(FILE, str(self._next), to, DATA)
                    self.unknown.discard(to)
                    self.accepted.append(to)
                    await asyncio.sleep(0.05)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await asyncio.sleep(0.02)


@asynccontextmanager
async def serving(environ: dict[str, str]) -> AsyncIterator[asyncio.Task[None]]:
    """The worker as `balagh serve` runs it, supervised."""
    task = asyncio.create_task(supervise([running.worker(environ)], grace=running.GRACE))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_nothing_accepted_is_lost_and_each_moment_comes_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(SEED)
    server = EmbeddedServer(tmp_path)
    server.start()
    monkeypatch.setenv("BALAGH_DATABASE_URL", server.url())
    try:
        server.create_database("balagh")
        async with sink() as mails:
            environ = {
                **environment(smtp_port=str(mails.port), log_level="error"),
                "BALAGH_DATA": str(tmp_path / "data"),
                "BALAGH_OIDC_ISSUER": "https://id.example.sa", "BALAGH_OIDC_CLIENT_ID": "balagh",
            }  # fmt: skip
            await migrate(environ)
            filing = Filing(server.url())
            busy = asyncio.create_task(filing.run())
            async with serving(environ) as worker:
                await _until(lambda: bool(mails.order), 30)
                for _ in range(KILLS):
                    assert server._process
                    await asyncio.sleep(chance.uniform(0.1, 0.8))
                    kill(server._process.pid)
                    server._process.wait()
                    await asyncio.sleep(chance.uniform(0, 0.3))
                    server.start()
                    assert not worker.done()
                    await a_minute_later(server.url())
                await asyncio.sleep(0.5)
                busy.cancel()
                await asyncio.gather(busy, return_exceptions=True)
                # It finds everything by itself: nobody starts it again.
                await _settled(server.url(), mails)
                assert not worker.done()
            await _judge(server.url(), filing, mails)
    finally:
        server.destroy()


async def _judge(url: str, filing: Filing, mails: Sink) -> None:
    said = f"seed {SEED}, {KILLS} kills"
    connection = await asyncpg.connect(url)
    notices = await connection.fetch("SELECT id, key, recipient, state FROM notice")
    reports = await connection.fetch("SELECT email FROM report WHERE number >= '3'")
    late = await connection.fetch(
        "SELECT report_id, count(*) AS n FROM event WHERE action = 'late' GROUP BY 1"
    )
    await connection.close()
    there = {row["email"] for row in reports}
    assert set(filing.accepted) <= there <= set(filing.accepted) | filing.unknown, said
    assert len(late) == len(reports), said
    assert {row["n"] for row in late} == {1}, said
    # Two for each report: that it was filed, that it is late.
    assert Counter(row["recipient"] for row in notices) == dict.fromkeys(there, 2), said
    assert {row["state"] for row in notices} == {"sent"}, said
    assert set(mails.arrived) == {row["id"] for row in notices}, said
    assert all(len(set(came)) == 1 for came in mails.arrived.values()), said
    # Twice only what was sent and could not be noted because the database had just died.
    twice = sum(len(came) - 1 for came in mails.arrived.values())
    assert twice <= IN_HAND * KILLS, (said, twice)
    print(f"{said}: {len(filing.accepted)} reports accepted, {len(filing.unknown)} unanswered, "
          f"{len(notices)} notices, {twice} came twice")  # fmt: skip


async def _settled(url: str, mails: Sink) -> None:
    async with asyncio.timeout(240):
        while True:
            connection = await asyncpg.connect(url)
            (row,) = await connection.fetch(
                "SELECT (SELECT count(*) FROM notice WHERE state <> 'sent') AS waiting, "
                "(SELECT count(*) FROM report WHERE late_told_due IS DISTINCT FROM due_at) AS due"
            )
            await connection.close()
            if tuple(row.values()) == (0, 0):
                return
            # Another minute, in two seconds.
            await asyncio.sleep(2)
            await a_minute_later(url)


async def migrate(environ: dict[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *running.python("balagh.cli", "migrate"), env=environ
    )
    assert await process.wait() == 0
    connection = await asyncpg.connect(environ["BALAGH_DATABASE_URL"])
    await connection.execute(
        "INSERT INTO person (name, created_at) VALUES ('نورة سعد القحطاني', now()); "
        "INSERT INTO agency (code, name_ar, short_ar, name_en, short_en) "
        "VALUES ('momah', 'وزارة', 'وزارة', 'Ministry', 'Ministry')"
    )
    await connection.close()


async def _until(holds: object, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # type: ignore[operator]  # noqa: ASYNC110
            await asyncio.sleep(0.05)
