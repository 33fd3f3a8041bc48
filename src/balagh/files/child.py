"""The process that opens a stranger's file. ``python -I child.py``: the file on standard input, the
verdict on standard output; started and timed by ``inspection``.

Decoders of pictures and documents are large programs in C that meet hostile input. So they run
where a crash costs one file and nothing is within reach: no environment, little memory and time, no
file or connection can be opened.

Output: one line of JSON, ``{"code": …, "fault": …}`` for a refusal or ``{"media_type": …}``, and
after it the bytes to keep.
"""

import json
import os
import resource
import signal
import sys
from pathlib import Path

# Measured (docs/decisions/021): the worst picture of 40 megapixels needs 0.7 GiB of addresses.
_MEMORY = 1024 * 1024 * 1024
# Seconds of a processor, and by the clock: it ends by itself should its parent be killed.
_CPU_SECONDS, _SECONDS = 30, 60
# Bytes of the answer, which is a file in memory: the largest that is kept, and the line before it.
_ANSWER = 11 * 1024 * 1024


def main() -> None:
    """Never raises over a file; a fault of ours is in the log and in the exit status."""
    signal.alarm(_SECONDS)
    _limit(
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _ANSWER),
    )
    # People's pages go before files.
    os.nice(10)
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from balagh.files import documents, pictures
    from balagh.files.formats import RefusedError, recognise

    # Everything is loaded. Decoders quote what they read in their complaints: not into our log.
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
    # From here on nothing can be opened, not even in the place of something that is closed.
    _limit((resource.RLIMIT_NOFILE, 0))
    raw = sys.stdin.buffer.read()
    made = b""
    verdict: dict[str, str]
    try:
        format = recognise(raw)
        if format is None:
            raise RefusedError("type_not_allowed")
        if format != "heic":
            # No process or thread; the HEIC decoder works in a thread of its own.
            _limit((resource.RLIMIT_NPROC, 0))
        if format == "pdf":
            made, media_type = documents.remake(raw), "application/pdf"
        else:
            made, media_type = pictures.remake(raw, format)
        verdict = {"media_type": media_type}
    except RefusedError as refused:
        verdict = {"code": refused.code}
    except MemoryError:
        verdict = {"code": "took_too_long", "fault": "MemoryError"}
    except Exception as fault:
        # Decoders raise whatever they like over a file they cannot read. Only the name of the fault
        # goes to the log: its text may quote the file.
        verdict = {"code": "broken", "fault": type(fault).__name__}
    sys.stdout.buffer.write(json.dumps(verdict).encode() + b"\n" + made)
    sys.stdout.buffer.flush()


def _limit(*limits: tuple[int, int]) -> None:
    """A limit never rises above what this process was given."""
    for which, wanted in limits:
        _, hard = resource.getrlimit(which)
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(which, (value, value))


if __name__ == "__main__":
    main()
