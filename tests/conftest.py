"""A real PostgreSQL for every test that asks for one, and the cast."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from balagh.embedded import EmbeddedServer


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """An embedded server for this test process; gone at its end."""
    with tempfile.TemporaryDirectory(prefix="balagh-test-", ignore_cleanup_errors=True) as folder:
        started = EmbeddedServer(Path(folder), durable=False)
        started.start()
        started.create_database("balagh")
        os.environ["BALAGH_DATABASE_URL"] = started.url()
        try:
            yield started
        finally:
            started.destroy()


@pytest.fixture(scope="session")
async def migrated(server: EmbeddedServer) -> AsyncIterator[None]:
    """The schema, and an open pool on it."""
    from balagh.database import pool
    from balagh.migrations import migrate

    await migrate()
    async with pool(20):
        yield


@pytest.fixture
async def db(migrated: None) -> None:
    """An empty database."""
    from balagh.database import fetch

    rows = await fetch(
        "SELECT string_agg(quote_ident(tablename), ', ') AS names FROM pg_tables "
        "WHERE schemaname = 'public' AND tablename <> 'migration' AND tablename NOT LIKE 'saq%' "
        # The audit log is only added to, by tests too.
        "AND tablename <> 'audit'"
    )
    await fetch(f"TRUNCATE {rows[0]['names']} RESTART IDENTITY CASCADE")
