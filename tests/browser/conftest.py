"""The whole product as `balagh demo` runs it, and Chromium to use it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
from piccolo.engine.postgres import PostgresEngine
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from balagh.embedded import EmbeddedServer
from balagh.processes import free_port

# Without these, Chromium looks for its maker's servers at every start.
ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # A page lives for less than a second here: to optimise its scripts, axe above all, costs more
    # than they take.
    "--js-flags=--no-opt,--no-maglev",
)

# The shell without windows needs half the time of the whole browser; either will do.
CHROMIUM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"

Visiting = Callable[..., AbstractAsyncContextManager[Page]]

# Where the demonstration at that address keeps its data.
DATA: dict[str, Path] = {}


@pytest.fixture(scope="session")
def demo_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="balagh-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def demo(demo_folder: Path) -> Iterator[str]:
    """Its address. Started once for each process of the tests, with a folder of its own."""
    with demonstration(demo_folder) as address:
        DATA[address] = demo_folder / "data"
        yield address


@contextmanager
def demonstration(folder: Path) -> Iterator[str]:
    """`balagh demo` with its data in that folder, until left: its address."""
    port = free_port()
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "balagh.cli", "demo", "--port", str(port),
             "--data", f"{folder}/data"],
            stdout=output, stderr=output,
            env={k: v for k, v in os.environ.items() if not k.startswith("BALAGH_")},
        )  # fmt: skip
    try:
        address = f"http://localhost:{port}"
        _wait(address, process, log)
        yield address
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def database(demo: str, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demonstration's own, for what stands just so."""
    use_database(demo_folder / "data", monkeypatch)


def use_database(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on ``fetch`` asks the database of the demonstration that keeps its data there."""
    engine = PostgresEngine(config={"dsn": EmbeddedServer(data).url()})
    monkeypatch.setattr("balagh.database.engine", lambda: engine)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{address}/health", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise RuntimeError(f"the demonstration did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest.fixture
def visiting(demo: str, chromium: Browser) -> Visiting:
    """``async with visiting("noura", width=360) as page``: a browser of its own, signed in as that
    member of the cast, or as nobody."""

    @asynccontextmanager
    async def open_page(
        key: str = "",
        *,
        language: str = "ar",
        width: int = 360,
        scripts: bool = True,
        dark: bool = False,
        **options: object,
    ) -> AsyncIterator[Page]:
        context = await chromium.new_context(
            base_url=demo,
            viewport={"width": width, "height": 780},
            java_script_enabled=scripts,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            **options,  # type: ignore[arg-type]
        )
        context.set_default_timeout(15_000)
        await context.add_cookies([{"name": "lang", "value": language, "url": demo}])
        if key:
            await sign_in(context, demo, key)
        try:
            yield await context.new_page()
        finally:
            await context.close()

    return open_page


async def sign_in(context: BrowserContext, demo: str, key: str) -> None:
    """As the demonstration's page does it."""
    answer = await context.request.post(
        f"{demo}/demo/sign-in",
        form={"key": key, "next": "/"},
        headers={"Origin": demo},
        max_redirects=0,
    )
    assert answer.status == 303, answer.status
