"""The one place from which the product reads the time.

Rules never call this: they are given ``now``. Handlers, jobs and the command line read it once
per request or run and pass it down. The demonstration moves it forward (``demo/clock.py``).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_ahead: Callable[[], timedelta] = timedelta


def now() -> datetime:
    """The present instant, time zone aware, in UTC."""
    return of_the_machine() + _ahead()


def of_the_machine() -> datetime:
    """The present instant by the machine's own clock, never moved: what files are dated by."""
    return datetime.now(UTC)


def run_ahead(by: Callable[[], timedelta]) -> None:
    """From now on the time is ahead of the real one by what ``by`` says when it is asked."""
    global _ahead
    _ahead = by
