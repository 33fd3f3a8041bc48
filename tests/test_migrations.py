"""The schema is brought up to date quietly, once, all or nothing; what is in the way is said."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from tests.reports import filed

from balagh import database, migrations
from balagh.database import fetch
from balagh.directory.holidays import load_calendar
from balagh.embedded import EmbeddedServer
from balagh.migrations import MigrationError, migrate, pending
from balagh.reports.recounting import recount


@pytest.fixture
async def fresh(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[asyncpg.Connection]:
    """An empty database of its own, that the engine names for the length of the test, without a
    pool; yields a connection to another database of the server."""
    usual = database.engine()
    admin = await asyncpg.connect(server.url("postgres"))
    await admin.execute("DROP DATABASE IF EXISTS fresh WITH (FORCE)")
    await admin.execute("CREATE DATABASE fresh")
    pool, url = usual.pool, usual.config["dsn"]
    usual.pool = None
    usual.config["dsn"] = server.url("fresh")
    try:
        yield admin
    finally:
        usual.pool, usual.config["dsn"] = pool, url
        await admin.execute("DROP DATABASE IF EXISTS fresh WITH (FORCE)")
        await admin.execute("DROP ROLE IF EXISTS limited")
        await admin.close()


async def _tables(server: EmbeddedServer) -> set[str]:
    connection = await asyncpg.connect(server.url("fresh"))
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await connection.close()
    return {row["tablename"] for row in rows}


async def test_an_empty_database_gets_everything_once_and_in_silence(
    fresh: asyncpg.Connection, server: EmbeddedServer, capfd: pytest.CaptureFixture[str]
) -> None:
    waiting = await pending()
    assert waiting
    assert await migrate() == waiting
    assert {"report", "notice", "migration"} <= await _tables(server)
    assert await pending() == []
    assert await migrate() == []
    assert capfd.readouterr() == ("", "")


async def test_two_that_start_together_migrate_one_after_the_other(
    fresh: asyncpg.Connection,
) -> None:
    # Two processes: the engine belongs to one event loop and one process.
    program = (
        "import asyncio; from balagh.migrations import migrate; print(*asyncio.run(migrate()))"
    )
    env = {
        **os.environ,
        "BALAGH_DATABASE_URL": database.engine().config["dsn"],
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    both = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program),
            env=env,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]
    said = [(await each.communicate())[0].decode().split() for each in both]
    assert [each.returncode for each in both] == [0, 0]
    assert sorted(map(bool, said)) == [False, True]


async def test_nothing_is_left_of_a_migration_that_failed(
    fresh: asyncpg.Connection, server: EmbeddedServer
) -> None:
    connection = await asyncpg.connect(server.url("fresh"))
    await connection.execute("CREATE TABLE report (in_the_way int)")
    await connection.close()
    with pytest.raises(asyncpg.DuplicateTableError):
        await migrate()
    assert await _tables(server) == {"report"}


async def test_a_user_without_rights_is_told_what_is_missing(
    fresh: asyncpg.Connection, server: EmbeddedServer
) -> None:
    await fresh.execute("CREATE ROLE limited LOGIN")
    database.engine().config["dsn"] = server.url("fresh").replace("postgres@", "limited@")
    with pytest.raises(MigrationError, match=r"permission denied.*ALTER DATABASE.*pg_trgm"):
        await migrate()
    # The owner of the database needs nobody's help, not even for the extension.
    await fresh.execute("ALTER DATABASE fresh OWNER TO limited")
    assert await migrate()


async def test_an_old_server_is_refused(
    fresh: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "OLDEST", 99)
    with pytest.raises(MigrationError, match=r"is PostgreSQL \d+; Balagh needs 99 or newer"):
        await migrate()


async def test_what_was_counted_before_pauses_were_kept_stays(
    fresh: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the migration nor the first counting after it moves a report that went on after a
    pause, or that waits for data a second time."""
    until = ForwardsMigrationManager("balagh", migration_id="2026-11-25T06:00:00:000000")
    with monkeypatch.context() as former:
        former.setattr(migrations, "_manager", lambda: until)
        await migrate()
    monday = datetime(2026, 11, 30, 21, tzinfo=UTC)
    checked = {"checked_at": filed.FILED_AT, "due_at": monday,
               "completeness_due_at": datetime(2026, 11, 23, 21, tzinfo=UTC)}  # fmt: skip
    person = await filed.person()
    # The data came on Thursday 26; two days were left.
    await filed.report(
        person, "under_review", submitted_at=filed.FILED_AT, due_from=date(2026, 11, 26),
        due_days=2, **checked,
    )  # fmt: skip
    # It came on Tuesday 24, with four days left; on Thursday data was asked for again.
    asked = datetime(2026, 11, 26, 8, tzinfo=UTC)
    await filed.report(
        person, "missing_data", submitted_at=filed.FILED_AT, due_from=date(2026, 11, 24),
        due_days=4, data_asked_at=asked, paused_working_days=2, **checked,
    )  # fmt: skip
    before = [dict(row) for row in await fetch("SELECT * FROM report ORDER BY id")]
    await migrate()
    calendar = await load_calendar(frozenset({4, 5}), date(2026, 11, 26))
    async with database.transaction():
        moved = await recount(
            calendar, ZoneInfo("Asia/Riyadh"), asked, staff_id=await filed.reviewer(), reason={}
        )
    assert moved == 0
    after = [dict(row) for row in await fetch("SELECT * FROM report ORDER BY id")]
    assert after == [{**row, "pauses": []} for row in before]
