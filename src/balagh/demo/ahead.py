"""By how much the demonstration's clock is ahead: a file of the data folder, read by each of its
processes. Nothing of this is loaded by ``balagh serve``."""

from datetime import timedelta
from pathlib import Path

from balagh import clock


def install(data: Path) -> None:
    """In each process of the demonstration, before it asks for the time."""
    clock.run_ahead(lambda: ahead(data))


def ahead(data: Path) -> timedelta:
    try:
        return timedelta(seconds=float(_file(data).read_text("ascii")))
    except FileNotFoundError:
        return timedelta()


def move(data: Path, by: timedelta) -> None:
    """Moves the clock on."""
    # Whole or not at all: the other processes read it at any moment.
    made = _file(data).with_suffix(".new")
    made.write_text(str((ahead(data) + by).total_seconds()), "ascii")
    made.replace(_file(data))


def _file(data: Path) -> Path:
    return data / "clock"
