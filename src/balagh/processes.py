"""Runs a few programs side by side: restarts what dies, and leaves nothing running behind.

Knows nothing of what the programs do. Each child leads a process group of its own, so that Ctrl-C
reaches only us and we decide the order, and so that what a child leaves behind can be ended too.
Where the system has ``setpriv`` (every Linux), the kernel sends the children SIGTERM when we die,
whatever killed us.
"""

import asyncio
import errno
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from types import FrameType

import msgspec
import structlog

log = structlog.stdlib.get_logger(__name__)

# A child that lived this long (seconds) was well; its next death is counted as the first.
STEADY = 30.0
# So many deaths in a row, each sooner than that, and there is no point in going on.
DEATHS = 5
# The status of a child that cannot work because of something outside, a database that is away:
# it is started again for as long as that takes (sysexits.h, EX_TEMPFAIL).
AWAY = 75
# Seconds before the first restart; doubled each time, at most the second.
PAUSES = (0.5, 15.0)
# Seconds a child has to finish what it is doing once asked to stop.
GRACE = 10.0


_interrupted = threading.Event()


class Child(msgspec.Struct, frozen=True):
    """A program to keep running: its ``name`` in messages, its arguments, its environment."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]


class PortError(RuntimeError):
    """A sentence: why nobody can listen there."""


class ChildFailedError(RuntimeError):
    """A sentence: which program would not stay up."""


def mortal(argv: Sequence[str], when_we_die: str = "TERM", parent: int | None = None) -> list[str]:
    """``argv`` so that the kernel sends it the signal when the calling *thread* dies (prctl(2),
    PR_SET_PDEATHSIG): start it from the main thread.

    ``parent``: the process that starts it. When that died before the kernel was asked there is no
    signal to come, so the program is not started at all.
    """
    setpriv = _setpriv()
    if setpriv is None:
        return list(argv)
    asked = [setpriv, "--pdeathsig", when_we_die, "--"]
    if parent is not None:
        asked += ["sh", "-c", 'test "$PPID" = "$0" && exec "$@"', str(parent)]
    return [*asked, *argv]


@cache
def _setpriv() -> str | None:
    return shutil.which("setpriv")


def check_port(host: str, port: int) -> None:
    """Raises ``PortError`` when we could not listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                reason = "another program listens there already. Stop it or choose another port."
            else:
                reason = f"{error.strerror or error}."
            raise PortError(f"Balagh cannot listen on {host} port {port}: {reason}") from error


def free_port() -> int:
    """A port of the loopback address on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stop_as_by_interrupt() -> None:
    """From now on SIGTERM and SIGHUP end us as Ctrl-C does: by ``KeyboardInterrupt``, through every
    ``finally``."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        # What is raised in a callback of C code or in a destructor is lost: `supervise` looks.
        _interrupted.set()
        raise KeyboardInterrupt

    for number in _stop_signals():
        signal.signal(number, interrupt)


def _stop_signals() -> list[signal.Signals]:
    asked = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    return [number for number in asked if signal.getsignal(number) != signal.SIG_IGN]  # nohup(1)


async def supervise(
    children: Sequence[Child],
    started: Callable[[], Awaitable[None]] | None = None,
    *,
    grace: float = GRACE,
) -> None:
    """Runs the children until SIGINT, SIGTERM or SIGHUP, then stops them all and returns.

    A second signal does not wait for them to finish. ``started`` runs beside them, to wait until
    they answer and say so, or for as long as they run; what it raises ends everything. Raises
    ``ChildFailedError`` when one keeps ending by itself, unless it says that something is ``AWAY``.
    """
    if _interrupted.is_set():
        raise KeyboardInterrupt
    stop, hurry = asyncio.Event(), asyncio.Event()

    def asked() -> None:
        (hurry if stop.is_set() else stop).set()

    async def until_asked() -> None:
        if started:
            await started()
        await stop.wait()

    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _stop_signals()}
    for number in before:
        loop.add_signal_handler(number, asked)
    tasks = [asyncio.create_task(_keep(child, grace, hurry)) for child in children]
    tasks += [asyncio.create_task(stop.wait()), asyncio.create_task(until_asked())]  # type: ignore[arg-type]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def _keep(child: Child, grace: float, hurry: asyncio.Event) -> None:
    """Runs the child again and again until cancelled, which stops it."""
    deaths = tries = 0
    while True:
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *mortal(child.argv, parent=os.getpid()),
            env=dict(child.env),
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code = await process.wait()
        finally:
            await _end(process, grace, hurry)
        if time.monotonic() - began > STEADY:
            deaths = tries = 0
        tries += 1
        # What is away is no fault of the child's, nor that somebody killed it (a negative code; the
        # kernel when memory is short, say). Neither says anything of earlier deaths.
        deaths += code >= 0 and code != AWAY
        if deaths == DEATHS:
            raise ChildFailedError(
                f"{child.name} stopped {deaths} times in a row (the last time with code {code}); "
                "what it wrote above says why."
            )
        pause = min(PAUSES[0] * 2 ** min(tries - 1, 10), PAUSES[1])
        log.warning(
            "A process died and is started again", process=child.name, status=code, pause=pause
        )
        await asyncio.sleep(pause)


async def _end(process: asyncio.subprocess.Process, grace: float, hurry: asyncio.Event) -> None:
    """Asks the process to stop, waits for at most ``grace`` seconds, then ends its whole group."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
        waits = [asyncio.create_task(process.wait()), asyncio.create_task(hurry.wait())]
        await asyncio.wait(waits, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
