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
    from tests import emptied

    await emptied.all_tables()


@pytest.fixture
async def sample(migrated: None) -> None:
    """As ``db``, with the sample catalogue."""
    from tests import emptied

    await emptied.all_but_the_sample()
