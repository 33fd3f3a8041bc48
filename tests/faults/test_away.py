"""A worker and a web process that begin while PostgreSQL is away."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs
from tests.faults.counts import PATIENT, times
from tests.faults.sink import sink
from tests.faults.test_killed_database import DATA, FILE, migrate
from tests.test_jobs import environment

from balagh import processes, running
from balagh.embedded import EmbeddedServer
from balagh.settings import load

pytestmark = PATIENT

ROUNDS = times(10, 1)


async def test_they_are_started_until_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that more deaths in a row than end everything else take seconds.
    monkeypatch.setattr(processes, "PAUSES", (0.01, 0.05))
    server = EmbeddedServer(tmp_path)
    server.start()
    monkeypatch.setenv("BALAGH_DATABASE_URL", server.url())
    try:
        server.create_database("balagh")
        async with sink() as mails:
            environ = {
                **environment(
                    smtp_port=str(mails.port), log_level="error", data=str(tmp_path / "data"),
                    port=str(processes.free_port()), oidc_issuer="https://id.example.sa",
                    oidc_client_id="balagh",
                ),
            }  # fmt: skip
            await migrate(environ)
            for number in range(ROUNDS):
                server.stop()
                await _round(server, environ, number)
            assert len(mails.arrived) == ROUNDS
    finally:
        server.destroy()


async def _round(server: EmbeddedServer, environ: dict[str, str], number: int) -> None:
    settings = load(environ)
    children = [
        running.worker(environ),
        running.web(settings, "app.py:create_from_environment", environ),
    ]
    with capture_logs() as said:
        task = asyncio.create_task(processes.supervise(children, grace=running.GRACE))
        async with asyncio.timeout(120), httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{settings.port}"
        ) as client:  # fmt: skip
            while len(_deaths(said)) <= processes.DEATHS or await _status(client) != 503:
                assert not task.done(), task
                await asyncio.sleep(0.05)
            page = await client.get("/health")
            assert (page.status_code, page.headers["retry-after"]) == (503, "15")
            assert "ما حفظته" in page.text
            server.start()
            await _filed(server.url(), number)
            while await _status(client) != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            while await _waiting(server.url()):  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.05)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    # The web server begins at once, and says on its pages that it cannot.
    assert {(line["process"], line["status"]) for line in _deaths(said)} == {
        ("worker", processes.AWAY)
    }


def _deaths(said: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [line for line in said if "started again" in line["event"]]


async def _status(client: httpx.AsyncClient) -> int:
    with suppress(httpx.HTTPError):
        return (await client.get("/health")).status_code
    return 0


async def _filed(url: str, number: int) -> None:
    connection = await asyncpg.connect(url)
    await connection.fetch(FILE, str(3000000000 + number), f"a{number}@example.sa", DATA)
    # It is not late: one notice.
    await connection.execute("UPDATE report SET late_told_due = due_at")
    await connection.close()


async def _waiting(url: str) -> bool:
    connection = await asyncpg.connect(url)
    try:
        return bool(await connection.fetchval("SELECT count(*) FROM notice WHERE state <> 'sent'"))
    finally:
        await connection.close()
