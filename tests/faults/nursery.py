"""Starts workers quickly: a process that has imported everything forks one for each line it reads.

What runs in the fork is ``balagh.jobs.main``, which ``python -m balagh.jobs`` runs too; only the
second that Python takes to import it is saved.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

_LOOP = """
import os, signal, sys
from balagh import jobs
for line in sys.stdin:
    started = os.fork()
    if started == 0:
        os.setsid()
        sys.exit(jobs.main(["--demo"]))
    print(started, flush=True)
    os.waitpid(started, 0)
    print("gone", flush=True)
"""


class Nursery:
    """One worker at a time. ``pid``: the running one's, or 0."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = 0

    async def start(self) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(b"start\n")
        self.pid = int(await self._process.stdout.readline())
        return self.pid

    def kill(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGTERM)

    async def gone(self, seconds: float = 15) -> None:
        """Returns when the worker has ended."""
        assert self._process.stdout
        async with asyncio.timeout(seconds):
            assert await self._process.stdout.readline() == b"gone\n"
        self.pid = 0


@asynccontextmanager
async def nursery(environ: Mapping[str, str], log: Path) -> AsyncIterator[Nursery]:
    """``log``: what the workers write."""
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _LOOP, env=dict(environ), stdin=PIPE, stdout=PIPE, stderr=errors
        )
    made = Nursery(process)
    try:
        yield made
    finally:
        made.kill()
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
