"""What a crash would send twice, and how it is kept few."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from time import monotonic

import asyncpg

from balagh.database import fetch, one_connection
from balagh.notices.transports import NotReadyError, Ready

# Messages of one channel.
IN_HAND = 7

# Sent is sent, even if the lease ran out meanwhile and somebody else is at it; but not when it was
# begun anew by hand meanwhile, to a corrected address perhaps: then it has to go there.
_SENT = """
UPDATE notice SET state = 'sent', sent_at = $4, provider_id = ours.name, error = NULL,
  attempts = attempts + 1
FROM unnest($1::bigint[], $2::smallint[], $3::text[]) AS ours (id, resent, name)
WHERE notice.id = ours.id AND notice.resent = ours.resent AND state = 'waiting'
"""


# What no second try will mend: a fault of the statement or of what it is given.
_HOPELESS = (
    asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.SyntaxOrAccessError,
    TypeError, ValueError,
)  # fmt: skip


class InHand:
    """The messages that the other side may have and that are not noted as sent: what a crash would
    send twice. Never more than ``IN_HAND`` (decision 122).

    What was taken is noted at once, in one statement for all that were taken while the one before
    was under way. What keeps it from that (a database that is away, a lock, a deadlock) is borne
    until ``until``: it is tried again, and nothing more is begun meanwhile.
    """

    def __init__(self, now: datetime, until: float, stopping: Callable[[], bool]) -> None:
        """``until``: by ``time.monotonic()``."""
        self.noted = 0
        self._now = now
        self._until = until
        self._stopping = stopping
        self._free = asyncio.Semaphore(IN_HAND)
        self._taken: list[tuple[int, int, str | None]] = []
        self._writing: asyncio.Task[None] | None = None
        self._broken: Exception | None = None

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Ready]:
        """For one message: what to await before it is handed over. Unless the block raises, the
        other side has taken it, and ``taken`` must follow."""
        begun = False

        async def ready() -> None:
            nonlocal begun
            if begun:
                return
            await self._free.acquire()
            if self._broken:
                self._free.release()
                raise NotReadyError("what was sent before could not be noted") from self._broken
            begun = True

        try:
            yield ready
        except BaseException:
            if begun:
                self._free.release()
            raise

    def taken(self, id: int, resent: int, provider_id: str | None) -> None:
        self._taken.append((id, resent, provider_id))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def settled(self) -> None:
        """Returns when all is noted; ``NotReadyError`` when it cannot be."""
        while self._writing is not None:
            await asyncio.wait([self._writing])
        if self._taken:
            raise NotReadyError("what was sent could not be noted") from self._broken

    async def _write(self) -> None:
        while self._taken:
            try:
                await self._note()
            except Exception as error:
                if self._broken is None:
                    # Whoever waits is told, one by one.
                    self._free.release()
                self._broken = error
                if isinstance(error, _HOPELESS) or self._stopping() or monotonic() > self._until:
                    break
                await asyncio.sleep(0.5)
        self._writing = None

    async def _note(self) -> None:
        async with one_connection():
            while noted := len(self._taken):
                # In their order, so that two workers with the same rows wait for each other.
                await fetch(_SENT, *zip(*sorted(self._taken), strict=True), self._now)
                del self._taken[:noted]
                self.noted += noted
                for _ in range(noted):
                    self._free.release()
