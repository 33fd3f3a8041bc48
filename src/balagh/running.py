"""What `balagh serve` and `balagh demo` run, and the database they and the other commands use."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import msgspec

from balagh.embedded import EmbeddedServer, FolderInUseError, claim
from balagh.processes import Child
from balagh.settings import Settings

_PACKAGE = Path(__file__).resolve().parent
# Connections that may wait to be accepted, and that each web process holds at once, idle ones too.
_BACKLOG, _BACKPRESSURE = 2048, 1024
# Milliseconds that a client may take to send the head of a request, or hold an idle connection.
_HEADER_TIMEOUT = 10_000
# Seconds for requests in hand when asked to stop; the supervisor waits a little longer.
_DRAIN = 10
GRACE = _DRAIN + 2.0
# Seconds until the web server must answer.
_READY = 60.0


class Database(msgspec.Struct, frozen=True):
    """Where it is, and what starts it again when it dies: runs until cancelled, returns at once for
    one that is not ours."""

    url: str
    keep: Callable[[], Awaitable[None]]


class NotReadyError(RuntimeError):
    """A sentence: the web server does not answer."""


@contextmanager
def database(settings: Settings, *, alone: bool = False) -> Iterator[Database]:
    """The database, for as long as the block runs; the engine will use it.

    Without ``BALAGH_DATABASE_URL`` that is our own server in the data folder, started and stopped
    here, unless a `balagh serve` runs it already, which is shared. ``alone``: then raises
    ``FolderInUseError`` instead. Raises ``EmbeddedError``.
    """
    with ExitStack() as stack:
        if settings.database_url:
            found = Database(settings.database_url, _nothing_to_keep)
        else:
            found = _embedded(settings, stack, alone=alone)
        os.environ.pop("BALAGH_DATABASE_URL_FILE", None)
        os.environ["BALAGH_DATABASE_URL"] = found.url
        yield found


def web(settings: Settings, target: str, environ: Mapping[str, str]) -> Child:
    """The web server with the application that ``target`` makes: ``file:function``, the file by its
    place in this package or by its whole path.

    No access log: addresses tell what a person reads. HTTP/1 without WebSockets is all we use.
    """
    file, function = target.rsplit(":", 1)
    options = {
        # Given a module's name, or no folder, granian looks in the current folder first: for every
        # module, the standard library's too.
        "--working-dir": _PACKAGE.parent,
        "--interface": "asgi",
        "--host": settings.host,
        "--port": settings.port,
        "--workers": settings.web_processes,
        "--http": "1",
        "--loop": "uvloop",
        "--backlog": _BACKLOG,
        "--backpressure": _BACKPRESSURE,
        "--http1-header-read-timeout": _HEADER_TIMEOUT,
        "--workers-kill-timeout": _DRAIN,
        "--log-level": "warning",
    }
    flags = ("--factory", "--no-ws", "--no-access-log", "--respawn-failed-workers")
    arguments = [str(part) for option in options.items() for part in option]
    argv = python("granian", f"{_PACKAGE / file}:{function}", *arguments, *flags)
    return Child("web", argv, environ)


def worker(environ: Mapping[str, str]) -> Child:
    """The process that sends messages and watches the clocks."""
    return Child("worker", python("balagh.jobs"), environ)


def python(module: str, *arguments: str) -> list[str]:
    """Runs a module with this Python; ``-P``: never one that lies in the current folder."""
    return [sys.executable, "-P", "-m", module, *arguments]


async def answering(settings: Settings, path: str = "/health", within: float = _READY) -> None:
    """Returns when the web server answers 200; after ``within`` seconds, ``NotReadyError``."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    address = f"http://[{host}]" if ":" in host else f"http://{host}"
    end = time.monotonic() + within
    async with httpx.AsyncClient(base_url=f"{address}:{settings.port}", trust_env=False) as client:
        while time.monotonic() < end:
            with suppress(httpx.HTTPError):
                if (await client.get(path, timeout=5)).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.1)
    raise NotReadyError(
        f"The web server did not answer on port {settings.port} within {within:.0f} seconds; "
        "what it wrote above says why."
    )


async def _nothing_to_keep() -> None:
    """Whoever runs that database starts it again."""


def _embedded(settings: Settings, stack: ExitStack, *, alone: bool) -> Database:
    server = EmbeddedServer(settings.data)
    try:
        stack.enter_context(claim(settings.data))
    except FolderInUseError:
        if alone or not server.running():
            raise
        return Database(server.url(), _nothing_to_keep)
    stack.callback(server.stop)
    server.start()
    server.create_database("balagh")
    return Database(server.url(), server.keep)
