"""Looks at a file that somebody sends, and answers with what to keep or why not (specification 3.1,
supporting documents). Only what ``child`` wrote anew is ever kept.
"""

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import msgspec
import structlog

from balagh.files.formats import HEAD, KEPT_AS, MAX_BYTES, recognise
from balagh.files.names import display_name
from balagh.i18n import N_

REASONS: dict[str, str] = {
    "too_large": N_(
        "This file is larger than 10 MB. Send a smaller one, such as a screenshot, or only the "
        "pages that matter."
    ),
    "empty": N_("This file is empty. Check it on your device, then choose it again."),
    "type_not_allowed": N_(
        "Files of this type cannot be added. Choose an image (JPG, PNG, WebP or HEIC) or a PDF, or "
        "take a screenshot of what you want to show."
    ),
    "animated": N_("This image moves. Take a screenshot of the moment that matters and add that."),
    "broken": N_(
        "This file is damaged or incomplete. Open it on your device: if it opens, save it again or "
        "take a screenshot, and add that."
    ),
    "too_many_pixels": N_(
        "This image has more than 40 million pixels. Send it in a smaller size, or take a "
        "screenshot of it."
    ),
    "encrypted": N_(
        "This PDF is protected with a password or restrictions. Save or print it as a new PDF "
        "without protection, or take a screenshot, and add that."
    ),
    "active_content": N_(
        "This PDF contains scripts or other content that runs by itself. Print it as a new PDF, or "
        "take a screenshot, and add that."
    ),
    "embedded_files": N_(
        "This PDF has other files inside it. Print it as a new PDF, and add the files inside it "
        "one by one."
    ),
    "too_many_pages": N_("This PDF has more than 200 pages. Send only the pages that matter."),
    "took_too_long": N_(
        "This file is too complex to check. Print it as a new PDF or take a screenshot, and add "
        "that."
    ),
    "busy": N_("Many files are being checked at the moment. Wait a minute, then add it again."),
}

# Each may take a processor and 0.7 GiB; further files wait their turn.
_AT_ONCE = 2
# Seconds a check may take; and that a person waits, turn included: less than proxies wait.
_SECONDS = 40.0
_PATIENCE = 50.0
# The processor's limit, and the system's answer when memory runs out.
_TOO_MUCH = {signal.SIGXCPU, signal.SIGKILL}
_CHILD = Path(__file__).with_name("child.py")

# A thread waits for each. Who leaves while waiting is not checked any more.
_turns = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="inspection")
_log = structlog.get_logger("balagh.files")


class Accepted(msgspec.Struct, frozen=True):
    """What to keep: ``data`` written anew, its real media type, and the name to show."""

    data: bytes
    media_type: str
    name: str

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.data).digest()


class Refused(msgspec.Struct, frozen=True):
    """``code`` is a key of ``REASONS``; ``reason`` the msgid that says why and what to do next."""

    code: str

    @property
    def reason(self) -> str:
        return REASONS[self.code]


class InspectionError(RuntimeError):
    """The inspection itself failed, which is our fault and not the file's."""


async def inspect(sent: IO[bytes], name: str) -> Accepted | Refused:
    """Checks a file as sent, under the name that the browser gave; that name decides nothing.

    ``sent`` is read when its turn comes, so that many that wait do not fill the memory. Raises
    ``InspectionError`` when the checking process cannot run.
    """
    size = sent.seek(0, os.SEEK_END)
    sent.seek(0)
    if size == 0:
        return Refused("empty")
    if size > MAX_BYTES:
        return Refused("too_large")
    # Told without a process: most refusals are an honest mistake about the type.
    if recognise(sent.read(HEAD)) is None:
        return Refused("type_not_allowed")
    checking = asyncio.get_running_loop().run_in_executor(_turns, _in_child, sent)
    try:
        verdict, data = await asyncio.wait_for(checking, _PATIENCE)
    except TimeoutError:
        _log.warning("file not checked in time", waited=_PATIENCE, size=size)
        return Refused("busy")
    if verdict.code is not None:
        _log.info("file refused", reason=verdict.code, fault=verdict.fault, size=size)
        return Refused(verdict.code)
    # The child opened a stranger's file, so its word is not taken either.
    found = recognise(data)
    if found is None or verdict.media_type != KEPT_AS.get(found):
        raise InspectionError(f"the checked file is no {verdict.media_type}")
    if len(data) > MAX_BYTES:
        return Refused("too_large")
    return Accepted(data, KEPT_AS[found], display_name(name, KEPT_AS[found]))


class _Verdict(msgspec.Struct, frozen=True):
    code: str | None = None
    media_type: str | None = None
    fault: str | None = None


def _in_child(sent: IO[bytes]) -> tuple[_Verdict, bytes]:
    """Its verdict and the bytes to keep. Blocks, for ``_SECONDS`` at most."""
    status, answer = _run(sent)
    if status is None or -status in _TOO_MUCH:
        return _Verdict(code="took_too_long", fault="time"), b""
    if status < 0:
        return _Verdict(code="broken", fault=f"signal {-status}"), b""
    if status > 0:
        raise InspectionError(f"the checking process ended with status {status}")
    head, _, data = answer.partition(b"\n")
    try:
        verdict = msgspec.json.decode(head, type=_Verdict)
    except msgspec.DecodeError as error:
        raise InspectionError("the checking process answered nonsense") from error
    if verdict.code is not None and verdict.code not in REASONS:
        raise InspectionError("the checking process gave an unknown verdict")
    return verdict, data


def _run(sent: IO[bytes]) -> tuple[int | None, bytes]:
    """The exit status, none when the time was up, and what was answered.

    File and answer are in anonymous memory: no pipe to fill up, nothing on a disk, and the process
    cannot write more than its file size limit.
    """
    with (
        os.fdopen(os.memfd_create("file"), "w+b") as file,
        os.fdopen(os.memfd_create("answer"), "w+b") as answer,
    ):
        sent.seek(0)
        shutil.copyfileobj(sent, file)
        file.seek(0)
        child = subprocess.Popen(  # noqa: S603 - no part of the command comes from outside
            [sys.executable, "-I", str(_CHILD)],
            stdin=file,
            stdout=answer,
            # Ours, for as long as no file has been opened: why it cannot start is in the log.
            stderr=None,
            env={},
            cwd="/",
            start_new_session=True,
        )
        try:
            status = child.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            if child.returncode is None:
                # The whole session: also what it may have started.
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        answer.seek(0)
        return status, answer.read()
