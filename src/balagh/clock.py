"""The one place from which the product reads the time.

Rules never call this: they are given ``now``. Handlers, jobs and the command line read it once
per request or run and pass it down.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, time zone aware, in UTC."""
    return datetime.now(UTC)
