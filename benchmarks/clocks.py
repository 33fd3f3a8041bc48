"""The sweep of deadlines, 10,000 due of 1,000,000, beside the same as one bare statement; then a
changed calendar that moves every open report, beside a bare UPDATE of the same rows.

Both flag the same reports and write the same notices and events, in turn, on one server; between
runs what was written is undone and the table cleaned. The bare statement knows no rules: it writes
as many bytes of notice for each due report and nothing else. ``BALAGH_BENCH_DATA`` names a folder
in which the filled server is kept for the next time.
"""

import asyncio
import os
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import uvloop

from balagh import clock
from balagh.database import fetch_one, pool, transaction
from balagh.directory import importing, sheets
from balagh.directory.holidays import load_calendar
from balagh.embedded import EmbeddedServer
from balagh.migrations import migrate
from balagh.reports import clock_sweep, recounting
from benchmarks import inbox

DUE = 10_000
_WORLD = clock_sweep.World(
    zone=ZoneInfo("Asia/Riyadh"), public_url="https://balagh.example.sa", sms=False,
    reminder_hours=24,
)  # fmt: skip
# All that a due report must cause, in one statement: the notice, the flag, the event.
_BARE = """
WITH due AS (
  SELECT r.id, r.due_at, r.number, r.kind, r.title, r.submitted_at, r.language, p.name,
    coalesce(r.email, p.email) AS email, a.name_ar, a.name_en
  FROM report r JOIN person p ON p.id = r.person_id
    JOIN agency a ON a.id = coalesce(r.referred_agency_id, r.agency_id)
  WHERE r.state IN ('received','under_review','in_progress','answered')
    AND r.late_told_due IS DISTINCT FROM r.due_at AND r.due_at <= $1
  ORDER BY r.due_at, r.id LIMIT $2 FOR UPDATE OF r SKIP LOCKED
), told AS (
  INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
  SELECT 'report:' || id || ':late:' || due_at::date || ':email', 'late', 'email', email, language,
    jsonb_build_object('name', name, 'number', number, 'title', title, 'kind', kind,
      'agency_ar', name_ar, 'agency_en', name_en, 'due_on', due_at::date,
      'submitted_at', submitted_at, 'link', 'https://balagh.example.sa/reports/' || number), $1, $1
  FROM due
  ON CONFLICT (key) DO NOTHING
), flagged AS (
  UPDATE report SET late_told_due = report.due_at FROM due WHERE report.id = due.id
  RETURNING report.id
)
INSERT INTO event (report_id, at, action, actor) SELECT id, $1, 'late', 'clock' FROM flagged
"""


def run(*, rounds: int, rows: int) -> None:
    """Prints seconds for both, their ratio, and milliseconds with nothing due; then the same of a
    changed calendar, per 10,000 reports moved."""
    kept = os.environ.get("BALAGH_BENCH_DATA")
    with tempfile.TemporaryDirectory(prefix="balagh-bench-") as folder:
        server = EmbeddedServer(Path(kept or folder), durable=False)
        server.start()
        try:
            server.create_database("balagh")
            os.environ["BALAGH_DATABASE_URL"] = server.url()
            uvloop.run(_measure(server.url(), rounds, rows))
        finally:
            server.stop()


async def _measure(url: str, rounds: int, rows: int) -> None:
    await migrate()
    async with pool(2):
        if await fetch_one("SELECT FROM report LIMIT 1") is None:
            await importing.import_files(sheets.load(sheets.SAMPLE))
            began = time.monotonic()
            await inbox.fill(url, rows)
            print(f"{rows:,} reports after {time.monotonic() - began:.0f} s", flush=True)
        now = clock.now()
        # Without the limits that the product's connections set for a statement.
        connection = await asyncpg.connect(url)
        bare: list[float] = []
        swept: list[float] = []
        for number in range(rounds):
            await _prepare(connection)
            began = time.perf_counter()
            await connection.fetch(_BARE, now, 2 * DUE)
            bare.append(time.perf_counter() - began)
            await _check()
            await _prepare(connection)
            began = time.perf_counter()
            done = await clock_sweep.sweep(now, _WORLD)
            swept.append(time.perf_counter() - began)
            assert done.late == DUE, done
            await _check()
            print(
                f"round {number + 1}: bare {bare[-1]:.2f} s, sweep {swept[-1]:.2f} s, "
                f"ratio {swept[-1] / bare[-1]:.2f}",
                flush=True,
            )
        idle = []
        for _ in range(50):
            began = time.perf_counter()
            assert (await clock_sweep.sweep(now, _WORLD)).total == 0
            idle.append(time.perf_counter() - began)
            await asyncio.sleep(0.01)
        ratio = statistics.median(swept) / statistics.median(bare)
        print(
            f"sweep of {DUE:,} due of {rows:,} / bare statement: {ratio:.2f}; nothing due: "
            f"{statistics.median(idle) * 1000:.1f} ms"
        )
        await _move(connection, rounds)
        await connection.close()


_OPEN = "('received','under_review','missing_data','in_progress','answered')"
# No event, no reason, no day counted: only what the rows and their indexes cost.
_BARE_MOVE = f"UPDATE report SET due_at = due_at + interval '1 day', version = version + 1 WHERE state IN {_OPEN}"  # noqa: E501


async def _move(connection: asyncpg.Connection, rounds: int) -> None:
    """What every open report is due by is what the preparation wrote, so that all of them move by
    the calendar; each round is undone."""
    now = clock.now()
    calendar = await load_calendar(frozenset({4, 5}), now.date())
    bare: list[float] = []
    moved: list[float] = []
    for number in range(rounds):
        await _prepare(connection)
        undone = connection.transaction()
        await undone.start()
        began = time.perf_counter()
        status = await connection.execute(_BARE_MOVE)
        reports = int(status.removeprefix("UPDATE "))
        bare.append((time.perf_counter() - began) / reports * 10_000)
        await undone.rollback()
        await _prepare(connection)
        began = time.perf_counter()
        foreseen = await recounting.foresee(calendar, _WORLD.zone, now)
        looked = time.perf_counter() - began
        async with transaction() as change:
            began = time.perf_counter()
            count = await recounting.recount(
                calendar, _WORLD.zone, now, staff_id=None, reason={"change": 0}
            )
            moved.append((time.perf_counter() - began) / count * 10_000)
            await change.rollback()
        # Of those whose data is missing the days left are told, where they are others.
        assert foreseen.reports == count > reports * 0.9, (foreseen.reports, count, reports)
        print(
            f"round {number + 1}: per 10,000 of {count:,} moved: bare {bare[-1]:.2f} s, "
            f"changed calendar {moved[-1]:.2f} s, ratio {moved[-1] / bare[-1]:.2f}; "
            f"preview of all {looked:.2f} s",
            flush=True,
        )
    ratio = statistics.median(moved) / statistics.median(bare)
    print(
        f"changed calendar / bare UPDATE: {ratio:.2f}; "
        f"{statistics.median(moved):.2f} s per 10,000 reports"
    )


async def _prepare(connection: asyncpg.Connection) -> None:
    """Nothing told, exactly ``DUE`` open reports due an hour ago, nothing else of the clock's."""
    await connection.execute("TRUNCATE notice")
    await connection.execute("DELETE FROM event WHERE actor = 'clock'")
    later, before = clock.now() + timedelta(days=9), clock.now() - timedelta(hours=1)
    await connection.execute("UPDATE person SET email = 'p' || id || '@example.sa' WHERE id IN (SELECT "  # noqa: E501
                "person_id FROM report WHERE state IN ('received','under_review','in_progress',"
                "'answered')) AND email IS NULL")  # fmt: skip
    await connection.execute(
        "UPDATE report SET late_told_due = NULL, due_at = CASE WHEN id IN (SELECT id FROM report "
        "WHERE state IN ('received','under_review','in_progress','answered') ORDER BY id LIMIT $1) "
        "THEN $2::timestamptz ELSE $3::timestamptz END "
        "WHERE state IN ('received','under_review','in_progress','answered')",
        DUE, before, later,
    )  # fmt: skip
    await connection.execute(
        "UPDATE report SET data_due_at = $1, data_asked_at = $1 WHERE state = 'missing_data'", later
    )
    for table in ("report", "event", "notice"):
        await connection.execute(f"VACUUM ANALYZE {table}")
    await connection.execute("CHECKPOINT")


async def _check() -> None:
    row = await fetch_one(
        "SELECT (SELECT count(*) FROM notice) AS told, "
        "(SELECT count(*) FROM event WHERE actor = 'clock') AS events"
    )
    assert row is not None
    assert tuple(row.values()) == (DUE, DUE), row
