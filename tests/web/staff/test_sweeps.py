"""The sweeps on record: the supervisors' page and the alarm of ``/health`` go by one rule."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.notices.outbox import put
from tests.reports import filed
from tests.reports.filed import NOW
from tests.web.conftest import Clock, Visiting

from balagh.notices.overdue import LATE
from balagh.reports import sweeps
from balagh.reports.sweeps import PATIENCE

MINUTE = timedelta(minutes=1)


async def ran(
    sweep: str, at: datetime, took: timedelta | None = MINUTE / 60, **columns: Any
) -> None:
    ended = at + took if took is not None else None
    await filed.insert("sweep_run", sweep=sweep, started_at=at, ended_at=ended, **columns)


async def all_good() -> None:
    for sweep in PATIENCE:
        await ran(sweep, NOW - MINUTE)


async def health(visiting: Visiting, path: str = "/health/worker") -> tuple[int, list[str]]:
    async with visiting() as one:
        answer = await one.client.get(path)
        return answer.status_code, answer.json().get("silent", [])


@pytest.mark.parametrize("stopped", list(PATIENCE))
async def test_one_that_stops_is_an_alarm(
    visiting: Visiting, at_desk: Visiting, time: Clock, stopped: str
) -> None:
    await all_good()
    assert await health(visiting) == (200, [])
    # All others go on; this one has died within its next run.
    end = NOW - MINUTE + MINUTE / 60 + PATIENCE[stopped]
    await ran(stopped, NOW, None)
    for sweep in PATIENCE:
        if sweep != stopped:
            await ran(sweep, end - MINUTE)
    for now, silent in ((end, []), (end + timedelta(microseconds=1), [stopped])):
        time.now = now
        async with at_desk("majed") as majed:
            assert await health(visiting) == (503 if silent else 200, silent)
            # The process itself is well.
            assert await health(visiting, "/health") == (200, silent)
            page = await majed.open("/sweeps")
            assert ("1 sweep is late" in page.text) == bool(silent)
            assert ("late: at most" in page.text) == bool(silent)
    # And is none any more when it ends again.
    await ran(stopped, time.now)
    assert await health(visiting) == (200, [])


async def test_one_that_is_stopped_by_a_fault_is_an_alarm(visiting: Visiting, time: Clock) -> None:
    await all_good()
    for minute in range(10):
        await ran("clocks", NOW + minute * MINUTE, None, error="UndefinedColumnError")
    time.now = NOW + 10 * MINUTE
    assert "clocks" in (await health(visiting))[1]


async def test_a_worker_that_never_began_is_an_alarm(visiting: Visiting) -> None:
    assert await health(visiting) == (503, list(PATIENCE))


LATE_AT = NOW - LATE - MINUTE


@pytest.mark.parametrize(
    ("recorded", "alarm"),
    [
        ([], True),
        # Something goes, if not this: much is on its way.
        ([("email", LATE)], False),
        ([("email:put_off", LATE)], False),
        ([("email:failed", LATE)], False),
        ([("email", LATE + MINUTE)], True),
        ([("sms", MINUTE)], True),
        ([("email", MINUTE, "UndefinedTableError")], True),
        ([("email", 2 * MINUTE), ("email", MINUTE, "UndefinedTableError")], False),
    ],
)
async def test_a_channel_on_which_nothing_goes_out_is_an_alarm(
    visiting: Visiting, at_desk: Visiting, recorded: list[tuple[Any, ...]], alarm: bool
) -> None:
    await all_good()
    for channel, before, *error in recorded:
        if error:
            await ran(channel, NOW - before, None, error=error[0])
        else:
            await ran(channel, NOW - before, done=3)
    await put("noura@example.com", now=LATE_AT)
    async with visiting() as one:
        answer = await one.client.get("/health/worker")
        assert answer.status_code == (503 if alarm else 200)
        assert answer.json() == (
            {"status": "alarm", "stuck": {"email": LATE_AT.isoformat()}}
            if alarm
            else {"status": "ok"}
        )
        assert (await one.client.get("/health")).status_code == 200
    async with at_desk("majed") as majed:
        page = await majed.open("/sweeps")
        assert ("Messages are due and do not go out." in page.text) == alarm
        assert ("something is due since: Today, 11:14 am" in page.text) == alarm
        assert ("All sweeps come to their end." in page.text) == (not alarm)


async def test_deliveries_on_the_page(at_desk: Visiting) -> None:
    await all_good()
    await ran("email", NOW - 3 * MINUTE, 2 * MINUTE / 60, done=40)
    await ran("email:put_off", NOW - 3 * MINUTE, 2 * MINUTE / 60, done=2)
    await ran("email", NOW - 2 * MINUTE, done=1)
    await ran("email:failed", NOW - 2 * MINUTE, done=1)
    await ran("email", NOW - timedelta(hours=25), MINUTE, done=700)
    await ran("email", NOW - MINUTE, None, error="CancelledError")
    await ran("sms", NOW - MINUTE, None, error="UndefinedTableError")
    await ran("sms", NOW - MINUTE / 2, done=5)
    async with at_desk("majed") as majed:
        page = await majed.open("/sweeps")
    cut = "Cut off: the worker was stopped, or it took too long"
    # Went out, put off, given up, the longest, stopped.
    assert f"E-mail {cut} Today, 11:28 am 41 2 1 2.0 s 1" in page.text
    # What went after a fault says that it is mended.
    assert "SMS Today, 11:29 am 5 0 0 1.0 s 1" in page.text
    # Below: those that were stopped, and none of those that were not.
    assert f"Delivery of e-mail {cut}" in page.text
    assert "Delivery of SMS Stopped: UndefinedTableError" in page.text
    assert page.text.count("Delivery of") == 2


async def test_the_page(at_desk: Visiting) -> None:
    await all_good()
    await ran("clocks", NOW - 2 * MINUTE, MINUTE, done=12)
    await ran("clocks", NOW - MINUTE / 2, None, error="TimeoutError")
    await ran("remind", NOW - 20 * MINUTE, None)
    await ran("tidy", NOW - timedelta(hours=25), MINUTE, done=7)
    async with at_desk("majed") as majed:
        page = await majed.open("/sweeps")
        assert page.h1 == "Sweeps"
        assert "All sweeps come to their end." in page.text
        assert page.text.count("Stopped: TimeoutError") == 2
        assert page.text.count("Never came to its end") == 1
        # Two good runs, 12 settled, 60 s the longest, one stopped.
        assert "2 12 60.0 s 1" in page.text
        # What was before is over.
        assert (
            "Deletes sessions, links, codes and files that have run out Today, 11:29 am "
            "(1.0 s) 0 1 0 1.0 s 0" in page.text
        )
        part = await majed.client.get("/sweeps/now")
        assert part.status_code == 200
        assert "<html" not in part.text


@pytest.mark.parametrize(
    ("key", "status"), [("abeer", 200), ("hind", 404), ("reem", 404), ("fahd", 404)]
)
async def test_who_sees_it(at_desk: Visiting, key: str, status: int) -> None:
    async with at_desk(key) as one:
        assert (await one.open("/sweeps")).status == status
        assert (await one.client.get("/sweeps/now")).status_code == status


async def test_each_sweep_has_words_and_an_end(db: None) -> None:
    from balagh.web.staff.sweeps import WORDS

    assert {*WORDS} == {*PATIENCE}
    assert [one.sweep for one in await sweeps.latest()] == list(PATIENCE)
