"""The worker: ``python -m balagh.jobs``.

Jobs only wake. The promise is the outbox row, never the job: SAQ runs a job at most once, forgets
it when it is done, and cannot take part in our transactions. So a job says "look now", and
``sweep`` says it every minute for whatever was missed.

Ways of SAQ 0.26 that shaped this, each seen in its source: ``group_key`` keeps jobs that have none
from running; ``Worker.stop`` waits its whole grace period for its own idle loops.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import psycopg
import saq
import structlog
import uvloop
from psycopg_pool import PoolTimeout
from saq.queue.postgres import PostgresQueue
from saq.types import Context

from balagh import clock, database, logs
from balagh.directory.holidays import calendar
from balagh.directory.lookup import catalogue
from balagh.files.store import Store
from balagh.notices import circuit
from balagh.notices.delivery import CHANNELS, deliver_due
from balagh.notices.quiet_hours import QuietHours
from balagh.notices.transports import Transport
from balagh.notices.transports.email import EmailTransport
from balagh.notices.transports.sms import SmsTransport
from balagh.people import invitations, lockout, sessions, unsent, verification
from balagh.people.tables import Session, SignInAttempt
from balagh.processes import AWAY
from balagh.reports import (
    answer_links,
    assignment,
    calendar_changes,
    clock_sweep,
    deliveries,
    digests,
    evidence_links,
    official_calendar,
    pending,
    reminders,
    sweeps,
)
from balagh.reports.tables import Attachment
from balagh.settings import Settings, SettingsError, load
from balagh.waking import DRAIN, SILENT, ask, open_queue

# Seconds.
_BEAT = 5
_STOP = 7.0
_NOTING = 1.0
# Between a file and its record lies one statement.
_UPLOAD = timedelta(hours=1)

_log = structlog.get_logger()


async def deliver(context: Context, *, channel: str) -> None:
    """Sends what is due on one channel until nothing is; what came of it is on record."""
    worker, loop = cast("_Worker", context["worker"]), asyncio.get_running_loop()
    end = loop.time() + DRAIN
    while not worker.event.is_set() and loop.time() < end:
        now = clock.now()
        try:
            batch = await deliver_due(
                worker.transports,
                now,
                channels=(channel,),
                zone=ZoneInfo(worker.settings.zone),
                stopping=worker.event.is_set,
                quiet=worker.quiet,
            )
        except BaseException as error:
            await _noted(deliveries.fail(channel, now, type(error).__name__))
            raise
        if batch.total == 0:
            break
        await deliveries.note(channel, now, clock.now(), batch)
    await worker.transports[channel].rest()


async def sweep(context: Context) -> None:
    """Every minute: whatever no wake-up was heard for, and what was put off until now."""
    async with _on_record("sweep"):
        await _look(context)


async def clocks(context: Context) -> None:
    """Every minute: what is late is told, who was asked for data reminded, and cancelled in the
    end."""
    settings, now = cast("_Worker", context["worker"]).settings, clock.now()
    world = clock_sweep.World(
        zone=ZoneInfo(settings.zone),
        public_url=settings.public_url,
        sms=settings.sms_url is not None,
        reminder_hours=settings.missing_data_reminder_hours,
    )
    async with _on_record("clocks") as run:
        fault: Exception | None = None
        try:
            # First: what is not late by the calendar as it is now is not told so.
            run.done += await _count_again(world.zone, settings, now)
        except Exception as error:
            # Whoever waits for the end of a time does not wait for the calendar.
            fault = error
        swept = await clock_sweep.sweep(now, world)
        run.done += swept.total
        if swept.total:
            _log.info(
                "clocks", expired=swept.expired, reminded=swept.reminded, late=swept.late,
                promised=swept.promised,
            )  # fmt: skip
            await _look(context)
        if fault is not None:
            raise fault


async def _count_again(zone: ZoneInfo, settings: Settings, now: datetime) -> int:
    """Due dates that a changed calendar moves: what its change missed, and all of them when the
    official one changed."""
    week = calendar_changes.World(weekend=frozenset(settings.weekend), zone=zone)
    moved = await calendar_changes.settle(week, now) + await official_calendar.follow(week, now)
    if moved:
        _log.info("due dates moved by the calendar", reports=moved)
    return moved


async def remind(context: Context) -> None:
    """Every minute: those who can file now what came too early are told, from 08:00 on."""
    async with _on_record("remind") as run:
        run.done = await _remind(context)
    if run.done:
        _log.info("reminders written", notices=run.done)
        await _look(context)


async def _remind(context: Context) -> int:
    settings, now = cast("_Worker", context["worker"]).settings, clock.now()
    world = reminders.World(
        known=await catalogue(now),
        calendar=await calendar(frozenset(settings.weekend), now),
        zone=ZoneInfo(settings.zone),
        public_url=settings.public_url,
        secret_key=settings.secret_key,
        sms=settings.sms_url is not None,
    )
    # Settled a minute after they were made, they are in the calendar that this process has.
    if changes := await calendar_changes.unjudged():
        moved = await reminders.judge_again(now, world)
        await calendar_changes.judged(changes, now)
        if moved:
            _log.info("reminders moved by the calendar", drafts=moved)
    return await reminders.sweep(now, world)


async def tell_staff(context: Context) -> None:
    """Every minute: staff are told what is theirs, once a day or at once, as they chose."""
    settings, now = cast("_Worker", context["worker"]).settings, clock.now()
    async with _on_record("tell_staff") as run:
        world = digests.World(
            calendar=await calendar(frozenset(settings.weekend), now),
            zone=ZoneInfo(settings.zone),
            at=settings.digest_hour,
            public_url=settings.public_url,
            secret_key=settings.secret_key,
        )
        run.done = await digests.sweep(now, world)
    if run.done:
        _log.info("staff told", notices=run.done)
        await _look(context)


async def leave_none_behind(context: Context) -> None:
    """Every minute: what is with somebody who has left goes to others, or waits for anybody."""
    async with _on_record("leave_none_behind") as run:
        run.done = await assignment.leave_none_behind(clock.now())
    if run.done:
        _log.info("reports of people who left given away", reports=run.done)


async def tidy(context: Context) -> None:
    """Every hour: sessions, begun sign-ins, codes, links and failed sign-ins that have run out are
    deleted, forms that nobody came back for, updates that can no longer be confirmed with their
    files, files whose upload did not come to its end, and old records of sweeps."""
    async with _on_record("tidy") as run:
        run.done = await _tidy(context)


async def _tidy(context: Context) -> int:
    now = clock.now()
    await SignInAttempt.delete().where(SignInAttempt.expires_at <= now)
    # A day later, so that a form sent when its session was over still finds it.
    await Session.delete().where(Session.expires_at <= now - sessions.REMEMBERED)
    await unsent.forget_old(before=now - unsent.LIFETIME)
    await verification.forget(now)
    # Whoever reads the database later must not find a way into a report.
    await answer_links.forget(now)
    await evidence_links.forget(now)
    await invitations.forget(now)
    await lockout.forget(now)
    await sweeps.forget(now)
    store = cast("_Worker", context["worker"]).store
    # Records first: bytes that are left behind are swept away below, an hour later.
    forgotten = await pending.forget(now)
    if forgotten:
        for file in forgotten:
            await store.delete(file)
        _log.info("files of updates that were never confirmed deleted", files=len(forgotten))
    if swept := await store.sweep_orphans(_recorded, clock.of_the_machine() - _UPLOAD):
        _log.info("files without a record deleted", files=swept)
    return len(forgotten) + swept


async def _recorded(files: Sequence[UUID]) -> set[UUID]:
    found = await Attachment.select(Attachment.id).where(Attachment.id.is_in(list(files)))
    return {row["id"] for row in found}


async def at_once(settings: Settings) -> None:
    """What keeps promises each minute, here and now, in a process without a worker, on record as
    always. Whoever calls it wakes the deliveries."""
    context = cast("Context", {"worker": SimpleNamespace(settings=settings)})
    for job in (clocks, remind, tell_staff, leave_none_behind):
        await job(context)


class _Worker(saq.Worker[Context]):
    """A worker that owns its transports and stops when its work in hand is done."""

    def __init__(
        self,
        queue: PostgresQueue,
        transports: dict[str, Transport],
        store: Store,
        settings: Settings,
    ) -> None:
        super().__init__(
            queue,
            functions=[deliver],
            cron_jobs=[
                _regular(sweep, "* * * * *", timeout=30),
                _regular(clocks, "* * * * *", timeout=300),
                _regular(remind, "* * * * *", timeout=300),
                _regular(tell_staff, "* * * * *", timeout=300),
                _regular(leave_none_behind, "* * * * *", timeout=60),
                _regular(tidy, "7 * * * *", timeout=600, retries=3),
            ],
            before_process=_begin_beating,
            after_process=_end_beating,
            concurrency=4,
            # How soon a job is seen to have died with its worker; see `SILENT`.
            timers={"schedule": 1, "worker_info": 10, "sweep": 10, "abort": 1},
            shutdown_grace_period_s=1,
        )
        self.beats: dict[int, asyncio.Task[None]] = {}
        self.transports = transports
        self.store = store
        self.settings = settings
        self.quiet = QuietHours.of(settings)

    async def catch_up(self) -> None:
        """What has come since a worker last ran is looked for now, not with the next minute."""
        for function in (sweep, clocks):
            await self.queue.enqueue(
                function.__name__, key=f"catch-up:{function.__name__}", timeout=300,
                heartbeat=SILENT, ttl=-1,
            )  # fmt: skip

    async def stop(self) -> None:
        self.event.set()
        if in_hand := [context["task"] for context in self.job_task_contexts.values()]:
            await asyncio.wait(in_hand, timeout=_STOP)
        await super().stop()


def _regular(
    function: Callable[[Context], Awaitable[None]], when: str, *, timeout: int, retries: int = 2
) -> saq.CronJob[Context]:
    """Without a heartbeat, a run that died with its worker would hold its key for the whole
    ``timeout`` (seconds), and no clock would be looked at meanwhile."""
    return saq.CronJob(function, when, timeout=timeout, heartbeat=SILENT, retries=retries, ttl=-1)


async def run(settings: Settings) -> None:
    """Works until SIGTERM or SIGINT, then at most 10 s to finish what is in hand.

    Raises ``OSError``, ``asyncpg`` or ``psycopg`` errors when the database cannot be reached.
    """
    url = settings.database_url
    if url is None:
        raise SettingsError(
            "BALAGH_DATABASE_URL is missing. The worker uses the database that `balagh serve` runs."
        )
    transports: dict[str, Transport] = {
        "email": EmailTransport(settings),
        "sms": SmsTransport(settings),
    }
    queue = open_queue(url, connections=4)
    async with database.pool(settings.database_pool):
        try:
            await queue.connect()
            _log.info("worker started")
            store = Store(settings.data / "files")
            worker = _Worker(queue, transports, store, settings)
            if settings.sms_url is None:
                await circuit.forget("sms")
            await worker.catch_up()
            await worker.start()
        finally:
            await queue.pool.close()
            for transport in transports.values():
                await transport.close()
    _log.info("worker stopped")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 stopped as asked, 2 bad settings, 75 (``AWAY``) no database."""
    parser = argparse.ArgumentParser(prog="python -m balagh.jobs", description=__doc__)
    parser.add_argument("--demo", action="store_true", help="no identity provider is needed")
    chosen = parser.parse_args(arguments)
    try:
        settings = load(os.environ, demo=chosen.demo)
        logs.configure(settings.log_level)
        if settings.database_url:
            # From a *_FILE secret, perhaps; the engine reads the variable.
            os.environ["BALAGH_DATABASE_URL"] = settings.database_url
        uvloop.run(run(settings))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (OSError, asyncpg.PostgresError, psycopg.Error, PoolTimeout) as error:
        print(f"The worker cannot use the database: {error}", file=sys.stderr)
        return AWAY
    return 0


async def _look(context: Context) -> None:
    if "job" in context:
        for channel in CHANNELS:
            await ask(cast("PostgresQueue", context["job"].get_queue()), channel)


class _Run(msgspec.Struct):
    """``done``: how many were settled."""

    done: int = 0


@asynccontextmanager
async def _on_record(sweep: str) -> AsyncIterator[_Run]:
    """Notes when it ran, how much it settled, or which fault stopped it."""
    run, id = _Run(), await sweeps.begin(sweep, clock.now())
    try:
        yield run
    except BaseException as error:
        await _noted(sweeps.fail(id, type(error).__name__))
        raise
    await sweeps.end(id, clock.now(), run.done)


async def _noted(noting: Coroutine[Any, Any, None]) -> None:
    """Whoever cancels a job (its time is over, the worker stops) waits for this, but not for ever.
    What keeps it from being noted does not take the place of the fault itself."""
    task = asyncio.create_task(noting)
    done, _ = await asyncio.wait([task], timeout=_NOTING)
    error = task.exception() if done else TimeoutError()
    if error is not None:
        _log.warning("fault not noted", reason=type(error).__name__)


async def _begin_beating(context: Context) -> None:
    """Without it, a job that died with its worker would hold its key for the whole timeout."""
    job = context["job"]

    async def beat() -> None:
        while True:
            await asyncio.sleep(_BEAT)
            try:
                await job.update()
            except (psycopg.Error, PoolTimeout, OSError) as error:
                # The database is away; the next beat is heard when it is back.
                _log.warning("no heartbeat", job=job.function, reason=type(error).__name__)

    worker = cast("_Worker", context["worker"])
    worker.beats[id(job)] = asyncio.create_task(beat(), name="heartbeat")


async def _end_beating(context: Context) -> None:
    task = cast("_Worker", context["worker"]).beats.pop(id(context["job"]))
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


if __name__ == "__main__":
    sys.exit(main())
