"""What `serve` and `demo` run, with the real web server and the real database."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import asyncpg
import httpx
import pytest

from balagh import running
from balagh.embedded import FolderInUseError
from balagh.processes import free_port, supervise
from balagh.settings import Settings, load

# Answers /slow after a second; /who with the number of its process.
APPLICATION = """
import asyncio, decimal, os
def create():
    async def application(scope, receive, send):
        if scope["type"] != "http":
            return
        if scope["path"] == "/slow":
            await asyncio.sleep(1)
        body = str(os.getpid()).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})
    return application
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    environ = {
        "BALAGH_SECRET_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "BALAGH_PORT": str(free_port()),
        "BALAGH_DATA": str(tmp_path / "data"),
    }
    return load(environ, demo=True)


@pytest.fixture
def environ() -> Mapping[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@pytest.fixture
def target(tmp_path: Path) -> str:
    file = tmp_path / "tiny_application.py"
    file.write_text(APPLICATION)
    return f"{file}:create"


@pytest.fixture
def database_url_kept() -> Iterator[None]:
    """``running.database`` names its database in the environment."""
    before = os.environ.get("BALAGH_DATABASE_URL")
    yield
    os.environ.pop("BALAGH_DATABASE_URL", None)
    if before is not None:
        os.environ["BALAGH_DATABASE_URL"] = before


async def test_requests_in_hand_are_answered_when_told_to_stop(
    settings: Settings, environ: Mapping[str, str], target: str
) -> None:
    up = asyncio.Event()

    async def started() -> None:
        await running.answering(settings)
        up.set()

    web = running.web(settings, target, environ)
    serving = asyncio.create_task(supervise([web], started, grace=running.GRACE))
    await asyncio.wait_for(up.wait(), 30)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.port}") as client:
        asked = asyncio.create_task(client.get("/slow", timeout=10))
        await asyncio.sleep(0.4)
        os.kill(os.getpid(), signal.SIGTERM)
        assert (await asked).status_code == 200
        await asyncio.wait_for(serving, running.GRACE)
        with pytest.raises(httpx.ConnectError):
            await client.get("/")


async def test_a_web_process_that_dies_is_replaced(
    settings: Settings, environ: Mapping[str, str], target: str
) -> None:
    up = asyncio.Event()

    async def started() -> None:
        await running.answering(settings)
        up.set()

    web = running.web(settings, target, environ)
    serving = asyncio.create_task(supervise([web], started, grace=running.GRACE))
    await asyncio.wait_for(up.wait(), 30)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.port}") as client:
        first = int((await client.get("/who")).text)
        os.kill(first, signal.SIGKILL)
        end = time.monotonic() + 20
        second = first
        while second == first and time.monotonic() < end:
            await asyncio.sleep(0.2)
            try:
                second = int((await client.get("/who")).text)
            except httpx.HTTPError:
                continue
        assert second != first
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(serving, running.GRACE)


async def test_files_of_the_current_folder_are_not_taken_for_modules(
    settings: Settings,
    environ: Mapping[str, str],
    target: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    somewhere = tmp_path / "somewhere"
    somewhere.mkdir()
    # One of the standard library's that everything loads, and what would make it all a package.
    (somewhere / "numbers.py").write_text("raise SystemExit('the wrong module')")
    (somewhere / "__init__.py").touch()
    monkeypatch.chdir(somewhere)
    web = running.web(settings, target, environ)

    async def started() -> None:
        await running.answering(settings, within=20)
        os.kill(os.getpid(), signal.SIGTERM)

    await supervise([web], started, grace=running.GRACE)


async def test_an_application_that_does_not_come_up_is_not_waited_for_for_ever(
    settings: Settings,
) -> None:
    with pytest.raises(running.NotReadyError, match=f"did not answer on port {settings.port}"):
        await running.answering(settings, within=0.5)


def test_our_own_database_is_shared_but_run_once(
    settings: Settings, database_url_kept: None
) -> None:
    async def answer(url: str) -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval("SELECT current_database()")
        finally:
            await connection.close()

    with running.database(settings, alone=True) as database:
        url = database.url
        assert os.environ["BALAGH_DATABASE_URL"] == url
        assert asyncio.run(answer(url)) == "balagh"
        with running.database(settings) as shared:
            assert shared.url == url
        # The one that shared it left it running.
        assert asyncio.run(answer(url)) == "balagh"
        with pytest.raises(FolderInUseError), running.database(settings, alone=True):
            pytest.fail("two ran it")
    with pytest.raises((OSError, asyncpg.PostgresError)):
        asyncio.run(answer(url))


def test_a_database_that_is_named_is_used(settings: Settings, database_url_kept: None) -> None:
    named = "postgresql://balagh@db.example.sa/balagh"
    with running.database(
        load({**_least(settings), "BALAGH_DATABASE_URL": named}, demo=True)
    ) as database:
        assert database.url == named
    assert not settings.data.exists()


def _least(settings: Settings) -> dict[str, str]:
    return {
        "BALAGH_SECRET_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "BALAGH_DATA": str(settings.data),
    }
