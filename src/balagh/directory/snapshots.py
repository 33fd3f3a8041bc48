"""A value read from the database and kept by the process for a short while.

The catalogue and the calendar are small, change rarely and are read on every step of the wizard.
Each process keeps its own copy, so a change made elsewhere is seen at most ``MAX_AGE`` later.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from datetime import datetime, timedelta
from typing import Generic, TypeVar

MAX_AGE = timedelta(seconds=30)

T = TypeVar("T")


class Snapshot(Generic[T]):
    """``await snapshot.at(now)``: the value, read again when the one held is ``MAX_AGE`` old."""

    def __init__(self, read: Callable[[datetime], Awaitable[T]]) -> None:
        self._read = read
        self._held: tuple[datetime, T] | None = None
        self._reading: asyncio.Task[T] | None = None

    async def at(self, now: datetime) -> T:
        """The value, at most ``MAX_AGE`` old at ``now``; callers that come together share one read.

        A ``now`` before the time of the held value (a test, a clock set back) reads again.
        """
        if self._held:
            read_at, value = self._held
            if read_at <= now < read_at + MAX_AGE:
                return value
        if self._reading is None:
            # An empty context: inside a caller's transaction the read would see, and keep for
            # everybody, rows that may yet be rolled back.
            self._reading = asyncio.create_task(self._refresh(now), context=Context())
        # Shielded: one caller that hangs up must not take the value from the others.
        return await asyncio.shield(self._reading)

    def forget(self) -> None:
        """The next caller reads again, also when a read that began earlier is still under way."""
        self._held = None
        self._reading = None

    async def _refresh(self, now: datetime) -> T:
        this = asyncio.current_task()
        try:
            value = await self._read(now)
            if self._reading is this:
                self._held = (now, value)
            return value
        finally:
            if self._reading is this:
                self._reading = None
