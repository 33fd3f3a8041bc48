"""The queue of jobs, and what wakes the worker.

A way of SAQ 0.26 that shaped this, seen in its source: a key stays taken while its job runs (and
for the rest of the second unless ``ttl`` is -1), so a wake-up can be refused and is tried again.
"""

import asyncio

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from saq.queue.postgres import PostgresQueue

from balagh import database
from balagh.notices.delivery import CHANNELS
from balagh.settings import Settings

# Seconds: how long a delivery goes on, and after how long without a heartbeat a job has died.
DRAIN = 600
SILENT = 20
_COALESCE = 0.2
_WAKE_AGAIN = (0.2, 0.4, 0.8, 1.6)

_log = structlog.get_logger()


class Waker:
    """Tells the worker that the outbox has something new; lives in each web process.

    ``start`` and ``stop`` with the application; ``wake`` after a transaction that wrote notices. It
    only sets a flag: a task of its own does the rest, at most once in 200 ms. If the worker cannot
    be woken the notice still goes out, with the next sweep.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database_url or str(database.engine().config["dsn"])
        self._asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="waker")

    async def stop(self) -> None:
        if self._task is not None:
            # Python 3.11's wait_for, under the pool, can swallow a cancellation; then again.
            while not self._task.done():
                self._task.cancel()
                await asyncio.wait((self._task,), timeout=1)
            if not self._task.cancelled():
                self._task.result()
            self._task = None

    def wake(self) -> None:
        """Returns at once; call it from the event loop as often as you like."""
        self._asked.set()

    async def _run(self) -> None:
        queue = open_queue(self._url, connections=1)
        try:
            while True:
                await self._asked.wait()
                self._asked.clear()
                try:
                    await queue.connect()
                    await self._wake(queue)
                except (psycopg.Error, PoolTimeout, OSError) as error:
                    _log.warning("worker not woken", reason=type(error).__name__)
                await asyncio.sleep(_COALESCE)
        finally:
            await queue.pool.close()

    async def _wake(self, queue: PostgresQueue) -> None:
        """A refused key means that a delivery is under way, which may or may not have looked before
        our rows were there; ask again until one that begins later is accepted."""
        refused = list(CHANNELS)
        for pause in (*_WAKE_AGAIN, 0):
            refused = [channel for channel in refused if not await ask(queue, channel)]
            if not refused:
                return
            await asyncio.sleep(pause)


def open_queue(url: str, connections: int) -> PostgresQueue:
    """A queue with a small pool of its own, which ``connect`` opens."""
    pool = AsyncConnectionPool(
        url,
        min_size=1,
        max_size=connections,
        timeout=10,
        open=False,
        check=AsyncConnectionPool.check_connection,
        kwargs={"autocommit": True, "application_name": "balagh jobs"},
    )
    return PostgresQueue(
        pool=pool, name="balagh", min_size=1, max_size=connections, manage_pool_lifecycle=True
    )


async def ask(queue: PostgresQueue, channel: str) -> bool:
    """Enqueues a delivery; false if one is queued or running already, in any process."""
    job = await queue.enqueue(
        "deliver",
        key=f"deliver:{channel}",
        channel=channel,
        timeout=DRAIN + 240,
        heartbeat=SILENT,
        retries=3,
        retry_delay=2.0,
        ttl=-1,
    )
    return job is not None
