"""The process that sets a receipt. ``python -I child.py``: what is on it as JSON on standard input,
the PDF on standard output; started and timed by ``printing``.

The typesetter is a large program, and titles are written by strangers: here it has little memory
and time, an own folder, no environment; and what it keeps in memory ends with it.

Exit status 1: not made, and why on standard output, without anything that a person wrote.
"""

import os
import re
import resource
import signal
import sys
from pathlib import Path

import typst

_HERE = Path(__file__).parent
# Measured (docs/decisions/060): 230 MB of addresses (50 of them filled), 70 ms of a processor.
_MEMORY = 512 * 1024 * 1024
# Seconds of a processor, and by the clock: it ends by itself should its parent be killed.
_CPU_SECONDS, _SECONDS = 5, 20
_ANSWER = 1024 * 1024


def main() -> int:
    signal.alarm(_SECONDS)
    _limit(
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _ANSWER),
    )
    # From here on a crash would quote a person's words: not into our log.
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
    filed_at, _, data = sys.stdin.buffer.read().partition(b"\n")
    try:
        made = _set(data.decode(), int(filed_at))
    except typst.TypstError as error:
        # The words between backticks are quoted from the page.
        sys.stdout.write(re.sub(r"`.*`", "…", str(error.message), flags=re.DOTALL))
        return 1
    except BaseException as fault:
        sys.stdout.write(type(fault).__name__)
        return 1
    sys.stdout.buffer.write(made)
    return 0


def _set(data: str, filed_at: int) -> bytes:
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(_HERE / "fonts")],
    )
    made = typst.compile(
        str(_HERE / "receipt.typ"),
        # Nothing outside can be read, and inside are but the template, the fonts and this code.
        root=str(_HERE),
        font_paths=fonts,
        ignore_system_fonts=True,
        sys_inputs={"data": data},
        format="pdf",
        pdf_standards=["ua-1"],
        # Its date is the report's: the same receipt is the same file, byte by byte.
        timestamp=filed_at,
    )
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


def _limit(*limits: tuple[int, int]) -> None:
    """A limit never rises above what this process was given."""
    for which, wanted in limits:
        _, hard = resource.getrlimit(which)
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(which, (value, value))


if __name__ == "__main__":
    sys.exit(main())
