"""The worker as people run it: its own process, woken, stopped, killed, without a database."""

import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs
from tests.notices.outbox import put, row, settings_for
from tests.notices.servers import MailServer, gateway, mail_server
from tests.reports import filed

from balagh import clock
from balagh.database import fetch
from balagh.directory import holidays, importing, lookup, sheets
from balagh.files.store import Store
from balagh.jobs import clocks, remind, tidy
from balagh.notices.overdue import LATE
from balagh.people.tables import Session, SignInAttempt
from balagh.reports import deliveries, sweeps
from balagh.reports.sweeps import PATIENCE
from balagh.settings import Settings
from balagh.waking import Waker

pytestmark = pytest.mark.usefixtures("db")

TO = "noura@example.com"
PHONE = "+966550000001"


@pytest.fixture(autouse=True)
async def no_jobs(db: None) -> None:
    """SAQ makes its own tables when something first connects."""
    if await fetch("SELECT 1 FROM pg_tables WHERE tablename = 'saq_jobs'"):
        await fetch("DELETE FROM saq_jobs")


async def until(holds: Callable[[], Awaitable[object]], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.05)


def environment(**settings: str) -> dict[str, str]:
    """The test's environment with these settings and no others of Balagh's but the database."""
    database = os.environ["BALAGH_DATABASE_URL"]
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("BALAGH_")},
        "BALAGH_DATABASE_URL": database,
        "BALAGH_SECRET_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "BALAGH_SMTP_HOST": "127.0.0.1",
        "BALAGH_MAIL_FROM": "balagh@example.sa",
        **{f"BALAGH_{name.upper()}": value for name, value in settings.items()},
    }


async def start(**settings: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "balagh.jobs", "--demo",
        env=environment(**settings), stdout=PIPE, stderr=PIPE,
    )  # fmt: skip


@asynccontextmanager
async def working(server: MailServer, **settings: str) -> AsyncIterator[Process]:
    process = await start(smtp_port=str(server.port), **settings)
    assert process.stderr is not None
    try:
        async with asyncio.timeout(20):
            async for line in process.stderr:
                if b"worker started" in line:
                    break
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@asynccontextmanager
async def waker(settings: Settings | None = None) -> AsyncIterator[Waker]:
    made = Waker(settings or settings_for())
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def stopped(process: Process, number: int = signal.SIGTERM) -> tuple[int, float]:
    """Exit status, seconds."""
    began = time.monotonic()
    process.send_signal(number)
    async with asyncio.timeout(15):
        status = await process.wait()
    return status, time.monotonic() - began


async def jobs() -> list[dict[str, Any]]:
    """None before SAQ has made its tables."""
    if not await fetch("SELECT FROM pg_tables WHERE tablename = 'saq_jobs'"):
        return []
    return [dict(r) for r in await fetch("SELECT * FROM saq_jobs WHERE key LIKE 'deliver:%'")]


async def test_a_woken_worker_delivers_at_once_and_stops_when_told() -> None:
    async with mail_server() as server, gateway() as told:  # noqa: SIM117 - the line would not fit
        async with waker() as bell, working(server, sms_url=told.url) as process:
            for n in range(3):
                # One after the other, so that each wake-up meets the end of another's delivery.
                ids = [await put(TO, now=clock.now()), await put(PHONE, now=clock.now())]
                began = time.monotonic()
                bell.wake()

                async def sent(ids: list[int] = ids) -> bool:
                    return all([(await row(id))["state"] == "sent" for id in ids])

                await until(sent)
                assert time.monotonic() - began < 3, n
            status, seconds = await stopped(process)
    assert (status, len(server.mails), len(told.requests)) == (0, 3, 3)
    assert seconds < 4
    assert await jobs() == []


async def test_a_stopping_worker_finishes_what_is_in_hand() -> None:
    async with mail_server() as server, waker() as bell, working(server) as process:
        server.delay = 1.5
        for n in range(20):
            await put(f"person{n}@example.com", now=clock.now())
        bell.wake()
        await asyncio.wait_for(server.busy.wait(), 10)
        status, seconds = await stopped(process, signal.SIGINT)
        assert (status, len(server.mails)) == (0, 4)
        assert seconds < 6
    states = await fetch("SELECT state, attempts, count(*) AS n FROM notice GROUP BY 1, 2")
    assert {tuple(r.values()) for r in states} == {("sent", 1, 4), ("waiting", 0, 16)}


async def test_a_stopping_worker_does_not_wait_for_ever() -> None:
    async with mail_server() as server, waker() as bell, working(server) as process:
        server.hang = True
        id = await put(TO, now=clock.now())
        bell.wake()
        await until(lambda: _is(server.open_at_most == 1))
        status, seconds = await stopped(process)
        assert status == 0
        # Whoever started it kills it after 10 s.
        assert seconds < 10
    assert (await row(id))["state"] == "waiting"


async def _is(value: bool) -> bool:
    return value


async def test_a_killed_worker_loses_nothing() -> None:
    async with mail_server() as server, waker() as bell:
        id = await put(TO, now=clock.now())
        async with working(server) as process:
            # 1. The server has the message, the worker does not know it yet.
            server.forget_reply = True
            bell.wake()
            await until(lambda: _is(len(server.mails) == 1))
            process.send_signal(signal.SIGKILL)
            await process.wait()
        server.forget_reply = False
        claimed = await row(id)
        assert (claimed["state"], claimed["attempts"]) == ("waiting", 0)
        lease = claimed["next_attempt_at"] - clock.now()
        assert timedelta(minutes=1) < lease < timedelta(minutes=3)
        # 2. The lease runs out.
        await fetch("UPDATE notice SET next_attempt_at = now()")
        # 3. The dead delivery's key is freed when its heart has not beaten for 20 s.

        async def sent() -> bool:
            return bool((await row(id))["state"] == "sent")

        async with working(server):
            await until(sent, seconds=60)
        assert len(server.mails) == 2
    assert {str(m["Message-ID"]) for m in server.mails} == {f"<notice-{id}@example.sa>"}


async def test_a_thousand_calls_are_one_delivery_for_each_channel() -> None:
    async with waker() as bell:
        for _ in range(1000):
            bell.wake()
        await until(jobs)
        await asyncio.sleep(0.5)
    assert sorted(job["key"] for job in await jobs()) == ["deliver:email", "deliver:sms"]


async def test_a_call_during_a_delivery_is_repeated_after_it() -> None:
    async with waker() as bell:
        bell.wake()
        await until(jobs)
        # As a worker that is at it: its key is taken.
        await fetch("UPDATE saq_jobs SET status = 'active' WHERE key LIKE 'deliver:%'")
        bell.wake()
        await asyncio.sleep(0.4)
        assert {job["status"] for job in await jobs()} == {"active"}
        await fetch("DELETE FROM saq_jobs WHERE key LIKE 'deliver:%'")

        async def queued() -> bool:
            return [job["status"] for job in await jobs()] == ["queued", "queued"]

        await until(queued, seconds=3)


async def test_a_portal_without_a_worker_or_database_goes_on() -> None:
    settings = settings_for(database_url="postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
    with capture_logs() as logs:
        async with waker(settings) as bell:
            bell.wake()
            await until(lambda: _is(bool(logs)), seconds=15)
    assert logs[0]["event"] == "worker not woken"


async def test_the_sweep_asks_for_both_channels() -> None:
    async with waker() as bell:
        bell.wake()
        await until(jobs)
    await fetch("DELETE FROM saq_jobs")
    async with mail_server() as server, working(server) as process:
        # `sweep` is due every minute; here its first run is brought forward.
        async def scheduled() -> bool:
            return bool(await fetch("SELECT 1 FROM saq_jobs WHERE key = 'cron:sweep'"))

        await until(scheduled)
        id = await put(TO, now=clock.now())
        await fetch("UPDATE saq_jobs SET scheduled = 0 WHERE key = 'cron:sweep'")

        async def sent() -> bool:
            return bool((await row(id))["state"] == "sent")

        await until(sent)
        assert process.returncode is None


async def test_what_has_run_out_is_tidied_away(tmp_path: Path) -> None:
    now = clock.now()
    past, future = now - timedelta(minutes=1), now + timedelta(minutes=1)
    await fetch("INSERT INTO person (name, created_at) VALUES ('نورة', $1)", past)
    for n, expires in enumerate((past, future)):
        hashed = bytes([n]) * 32
        await fetch(
            "INSERT INTO session (token_hash, person_id, created_at, seen_at, expires_at, "
            "unsent, unsent_at) VALUES ($1, 1, $2, $2, $3, '{}', $4)",
            # A session is known for a day after its end, a form that it could not send an hour.
            hashed, past, expires - timedelta(days=1), now - timedelta(minutes=61 - 2 * n),
        )  # fmt: skip
        await fetch(
            "INSERT INTO sign_in_attempt (state_hash, browser_hash, nonce, verifier, return_to, "
            "expires_at) VALUES ($1, $1, 'n', 'v', '/', $2)",
            hashed, expires,
        )  # fmt: skip
    await tidy(worker_with(Store(tmp_path)))
    (left,) = await Session.select(Session.token_hash, Session.unsent)
    assert left == {"token_hash": b"\x01" * 32, "unsent": "{}"}
    await fetch("UPDATE session SET unsent_at = $1", now - timedelta(minutes=61))
    await tidy(worker_with(Store(tmp_path)))
    assert await Session.select(Session.unsent) == [{"unsent": None}]
    assert await SignInAttempt.select(SignInAttempt.state_hash) == [{"state_hash": b"\x01" * 32}]


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(hours=2)])
async def test_files_whose_upload_was_cut_off_are_tidied_away(
    tmp_path: Path, request: pytest.FixtureRequest, ahead: timedelta
) -> None:
    store, now = Store(tmp_path), clock.now()
    recorded, orphan, on_its_way = uuid4(), uuid4(), uuid4()
    await fetch("INSERT INTO person (name, created_at) VALUES ('نورة', $1)", now)
    await fetch(
        "INSERT INTO attachment (id, person_id, draft_id, name, media_type, size, sha256, "
        "added_at) VALUES ($1, 1, $2, 'a.png', 'image/png', 8, '\\x00', $3)",
        recorded, uuid4(), now,
    )  # fmt: skip
    for id in (recorded, orphan, on_its_way):
        await store.put(id, b"evidence")
    if ahead:
        # As in the demonstration: files are dated by the machine's clock.
        request.addfinalizer(lambda: clock.run_ahead(timedelta))
        clock.run_ahead(lambda: ahead)
    for id in (recorded, orphan):
        made_at = (now - timedelta(minutes=61)).timestamp()
        os.utime(tmp_path / id.hex[:2] / id.hex[2:4] / str(id), (made_at, made_at))
    await tidy(worker_with(store))
    assert await store.read(recorded) == await store.read(on_its_way) == b"evidence"
    with pytest.raises(FileNotFoundError):
        await store.read(orphan)


async def test_a_delivery_is_on_record_by_what_came_of_it() -> None:
    async with mail_server() as server, working(server, sms_url="http://127.0.0.1:1"):
        server.answer = lambda to: {
            "no@example.com": "550 no",
            "later@example.com": "450 later",
        }.get(to, "250 OK")
        for to in (TO, "khalid@example.com", "no@example.com", "later@example.com"):
            await put(to, now=clock.now())
        async with waker() as bell:
            bell.wake()

            async def done() -> bool:
                return len(await on_record("email%")) == 3

            await until(done)
    assert {(row["sweep"], row["done"]) for row in await on_record("email%")} == {
        ("email", 2), ("email:put_off", 1), ("email:failed", 1),
    }  # fmt: skip
    # It was looked for SMS too, as when a worker starts; that came to nothing and leaves no row.
    assert await on_record("sms%") == []


async def test_a_delivery_that_fails_is_on_record_and_an_alarm() -> None:
    """As when the worker's account of the database lacks a right."""
    now = clock.now()
    await fetch("ALTER TABLE message_text RENAME TO message_text_away")
    try:
        async with mail_server() as server, working(server), waker() as bell:
            id = await put(TO, now=now - LATE + timedelta(seconds=30))
            bell.wake()

            async def failed() -> bool:
                return len(await on_record("email")) > 1

            await until(failed)
    finally:
        await fetch("ALTER TABLE message_text_away RENAME TO message_text")
    assert {(row["error"], row["done"]) for row in await on_record("email")} == {
        ("UndefinedTableError", 0)
    }
    # However often it is taken and given back, it is known since when it is due.
    assert (await row(id))["next_attempt_at"] == now - LATE + timedelta(seconds=30)
    assert await deliveries.stuck(now, None) == []
    (stuck,) = await deliveries.stuck(now + timedelta(minutes=1), None)
    assert stuck.channel == "email"


async def test_every_sweep_of_a_worker_is_on_record() -> None:
    now = clock.now()
    await filed.report(await filed.person(), now=now, due_at=now - timedelta(minutes=5))
    async with mail_server() as server, working(server) as process:
        # Each is due within a minute or an hour; here they are brought forward.
        async def scheduled() -> bool:
            rows = await fetch("SELECT key FROM saq_jobs WHERE key LIKE 'cron:%'")
            return {row["key"] for row in rows} == {f"cron:{name}" for name in PATIENCE}

        await until(scheduled)
        await fetch(
            "UPDATE saq_jobs SET scheduled = 0 WHERE key = ANY($1)",
            [f"cron:{name}" for name in PATIENCE],
        )

        async def ended() -> bool:
            rows = await fetch(
                "SELECT sweep, sum(done) AS done FROM sweep_run WHERE ended_at IS NOT NULL "
                "GROUP BY sweep"
            )
            done = {row["sweep"]: row["done"] for row in rows}
            return {*done} >= {*PATIENCE} and done["clocks"] == 1

        await until(ended, seconds=20)
        assert process.returncode is None
    assert [last.sweep for last in await sweeps.latest() if last.silent(clock.now())] == []


async def test_a_sweep_that_is_stopped_says_by_what() -> None:
    """By a fault, and by whoever cancels it: SAQ when its time is over, or the worker's end."""
    context: Any = {"worker": SimpleNamespace(settings=settings_for())}
    await fetch("ALTER TABLE report RENAME TO report_away")
    try:
        with pytest.raises(asyncpg.UndefinedTableError):
            await clocks(context)
    finally:
        await fetch("ALTER TABLE report_away RENAME TO report")
    (failed,) = await on_record("clocks")
    assert (failed["error"], failed["ended_at"]) == ("UndefinedTableError", None)

    connection = await asyncpg.connect(os.environ["BALAGH_DATABASE_URL"])
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE report")
            job = asyncio.create_task(clocks(context))

            async def waits() -> bool:
                rows = await connection.fetch("SELECT FROM pg_locks WHERE NOT granted")
                return bool(rows)

            await until(waits)
            job.cancel()
            with pytest.raises(asyncio.CancelledError):
                await job
    finally:
        await connection.close()
    assert [row["error"] for row in await on_record("clocks")] == [
        "UndefinedTableError", "CancelledError",
    ]  # fmt: skip


async def on_record(sweep: str) -> list[dict[str, Any]]:
    rows = await fetch("SELECT * FROM sweep_run WHERE sweep LIKE $1 ORDER BY id", sweep)
    return [dict(row) for row in rows]


def worker_with(store: Store) -> Any:
    """What a job is given."""
    return {"worker": SimpleNamespace(store=store)}


@pytest.mark.parametrize(
    ("settings", "status", "says"),
    [
        ({"database_url": "postgresql://nobody@127.0.0.1:1/none"}, 75, "cannot use the database"),
        ({"smtp_port": "many"}, 2, "BALAGH_SMTP_PORT"),
        ({"smtp_prt": "25"}, 2, "BALAGH_SMTP_PORT"),
    ],
)
async def test_a_worker_that_cannot_work_says_why(
    settings: dict[str, str], status: int, says: str
) -> None:
    process = await start(**settings)
    async with asyncio.timeout(30):
        _, errors = await process.communicate()
    assert process.returncode == status
    assert says in errors.decode()
    assert "Traceback" not in errors.decode()


async def test_a_reminder_is_written_and_the_delivery_asked_for() -> None:
    outcome = await importing.import_files(sheets.load(sheets.SAMPLE))
    assert not outcome.problems
    lookup.forget()
    holidays.forget()
    # Long enough ago for any hour of the day on which this runs.
    due = clock.now().date() - timedelta(days=2)
    filed = due - timedelta(days=60)
    answers = {"ground": "no_response_time", "agency": "momah", "platform": "balady",
               "service": "balady-licence-renew", "delivery_channel": "web", "reference": "A-1",
               "filed_on_day": filed.day, "filed_on_month": filed.month,
               "filed_on_year": filed.year}  # fmt: skip
    typed = {name: str(value) for name, value in answers.items()}
    await fetch(
        "INSERT INTO person (name, email, created_at) VALUES ('نورة', $1, $2)", TO, clock.now()
    )
    await fetch(
        "INSERT INTO draft (id, person_id, kind, answers, remind_on, created_at, updated_at) "
        "VALUES ($1, 1, 'complaint', $2, $3, $4, $4)",
        uuid4(), json.dumps(typed), due, clock.now(),
    )  # fmt: skip
    settings = settings_for()
    asked: list[str] = []

    async def enqueue(_name: str, *, key: str, **_options: object) -> None:
        asked.append(key)

    queue = SimpleNamespace(enqueue=enqueue)
    context: Any = {
        "worker": SimpleNamespace(settings=settings),
        "job": SimpleNamespace(get_queue=lambda: queue),
    }
    await remind(context)
    (told,) = await fetch("SELECT moment, recipient FROM notice")
    assert tuple(told) == ("may_file_now", TO)
    assert asked == ["deliver:email", "deliver:sms"]
    await remind(context)
    assert len(asked) == 2


async def test_a_fault_of_the_calendar_stops_no_clock() -> None:
    """What waits for the end of a time is done; then the fault is raised, and on record."""
    person, now = await filed.person(), clock.now()
    asked = now - timedelta(hours=49)
    await filed.report(
        person, "missing_data", now=now, data_asked_at=asked, data_due_at=now - timedelta(hours=1)
    )
    await filed.report(
        person, "missing_data", now=now, data_asked_at=now - timedelta(hours=25),
        data_due_at=now + timedelta(hours=23),
    )  # fmt: skip
    await filed.report(person, "in_progress", now=now, due_at=now - timedelta(hours=1))
    queue = SimpleNamespace(enqueue=_nothing)
    context: Any = {
        "worker": SimpleNamespace(settings=settings_for()),
        "job": SimpleNamespace(get_queue=lambda: queue),
    }
    await fetch("ALTER TABLE calendar_change RENAME TO calendar_change_away")
    try:
        with pytest.raises(asyncpg.UndefinedTableError):
            await clocks(context)
    finally:
        await fetch("ALTER TABLE calendar_change_away RENAME TO calendar_change")
    told = await fetch("SELECT DISTINCT moment FROM notice")
    assert {row["moment"] for row in told} == {"expired", "missing_data_reminder", "late"}
    (run,) = await fetch("SELECT error, ended_at FROM sweep_run WHERE sweep = 'clocks'")
    assert tuple(run) == ("UndefinedTableError", None)
    # And once it is mended, it is the official calendar that is noted.
    await clocks(context)
    assert len(await fetch("SELECT FROM official_calendar")) == 1


async def _nothing(*_given: object, **_options: object) -> None:
    """Wakes nobody."""


async def test_a_changed_calendar_moves_the_days_of_reminders() -> None:
    """A minute after it is seen, and once."""
    await importing.import_files(sheets.load(sheets.SAMPLE))
    lookup.forget()
    holidays.forget()
    now = clock.now()
    answers = {"ground": "no_response_time", "agency": "momah", "platform": "balady",
               "service": "balady-licence-renew", "delivery_channel": "web", "reference": "A-1",
               "filed_on_day": now.day, "filed_on_month": now.month,
               "filed_on_year": now.year}  # fmt: skip
    far = now.date() + timedelta(days=90)
    await fetch("INSERT INTO person (name, email, created_at) VALUES ('نورة', $1, $2)", TO, now)
    await fetch(
        "INSERT INTO draft (id, person_id, kind, answers, remind_on, created_at, updated_at) "
        "VALUES ($1, 1, 'complaint', $2, $3, $4, $4)",
        uuid4(), json.dumps({name: str(value) for name, value in answers.items()}), far, now,
    )  # fmt: skip
    await fetch(
        "INSERT INTO calendar_change (at, first_day, last_day, name_ar, name_en) "
        "VALUES ($1, $2, $2, 'عيد', 'Eid')",
        now, now.date(),
    )  # fmt: skip
    context: Any = {"worker": SimpleNamespace(settings=settings_for())}
    await remind(context)
    assert await _promised() == far
    await fetch("UPDATE calendar_change SET settled_at = $1", now)
    await remind(context)
    assert now.date() < await _promised() < far
    (change,) = await fetch("SELECT judged_at FROM calendar_change")
    assert change["judged_at"] >= now


async def _promised() -> date:
    (draft,) = await fetch("SELECT remind_on FROM draft")
    found: date = draft["remind_on"]
    return found
