"""Has a receipt set, in a process of its own that cannot do much (``child``)."""

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import msgspec

from balagh.reports.receipts.contents import Contents

# Each takes a processor for 70 ms; further ones wait their turn.
_AT_ONCE = 2
# Seconds a receipt may take; and that a person waits for it, turn included.
_SECONDS = 10.0
_PATIENCE = 15.0
_CHILD = Path(__file__).with_name("child.py")

_turns = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="receipt")


class PrintingError(RuntimeError):
    """No receipt; the sentence says why and holds nothing that a person wrote."""


async def printed(contents: Contents, filed_at: datetime) -> bytes:
    """The receipt as PDF/UA-1. The same contents give the same bytes. Raises ``PrintingError``."""
    given = b"%d\n%s" % (filed_at.timestamp(), msgspec.json.encode(contents))
    setting = asyncio.get_running_loop().run_in_executor(_turns, _in_child, given)
    try:
        return await asyncio.wait_for(setting, _PATIENCE)
    except TimeoutError as error:
        raise PrintingError(f"its turn did not come within {_PATIENCE:g} seconds") from error


def _in_child(given: bytes) -> bytes:
    try:
        answer = subprocess.run(  # noqa: S603 - no part of the command comes from outside
            [sys.executable, "-I", str(_CHILD)],
            input=given,
            stdout=subprocess.PIPE,
            # Ours, until it reads what is given: why it cannot start is in the log.
            stderr=None,
            # One thread: a page is not worth more, and each claims memory.
            env={"RAYON_NUM_THREADS": "1"},
            cwd="/",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PrintingError(f"it took more than {_SECONDS:g} seconds") from None
    if answer.returncode == 1 and answer.stdout:
        raise PrintingError(answer.stdout.decode(errors="replace"))
    if answer.returncode != 0 or not answer.stdout.startswith(b"%PDF-"):
        raise PrintingError(f"the process ended with status {answer.returncode}")
    return answer.stdout
