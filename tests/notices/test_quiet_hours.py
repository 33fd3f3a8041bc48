"""Quiet hours: what waits for the morning, what does not, and in which order."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.notices.dialects import Dialect, dialect
from tests.notices.outbox import NOURA, put, row, settings_for
from tests.notices.servers import mail_server

from balagh.database import fetch
from balagh.notices.delivery import deliver_due
from balagh.notices.quiet_hours import URGENT, QuietHours
from balagh.notices.transports import Transport
from balagh.notices.transports.email import EmailTransport
from balagh.notices.transports.sms import SmsTransport

RIYADH = ZoneInfo("Asia/Riyadh")
NIGHT = QuietHours(time(22), time(7), RIYADH)
PHONE, OTHER = "+966550000001", "+966550000002"
CODE = {"code": "123456", "minutes": 10}


def at(hour: int, minute: int = 0, second: int = 0, day: int = 23) -> datetime:
    """In Riyadh, in November 2026."""
    local = datetime(2026, 11, day, hour, minute, second, tzinfo=RIYADH)
    return local.astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "quiet"),
    [
        (at(21, 59, 59), False),
        (at(22), True),
        (at(23, 59, 59), True),
        (at(0, day=24), True),
        (at(6, 59, 59, day=24), True),
        (at(7, day=24), False),
        (at(12), False),
    ],
)
def test_over_midnight(now: datetime, *, quiet: bool) -> None:
    assert NIGHT.at(now) is quiet


@pytest.mark.parametrize(
    ("now", "quiet"),
    [(at(12, 59, 59), False), (at(13), True), (at(14, 59, 59), True), (at(15), False)],
)
def test_within_a_day(now: datetime, *, quiet: bool) -> None:
    assert QuietHours(time(13), time(15), RIYADH).at(now) is quiet


@pytest.mark.parametrize(
    ("now", "quiet"),
    [
        # The hour that is there twice, and the one that is not.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), False),
    ],
)
def test_the_wall_clock_decides_where_it_is_turned(now: datetime, *, quiet: bool) -> None:
    early = QuietHours(time(2), time(3), ZoneInfo("Europe/Berlin"))
    assert early.at(now) is quiet


def test_they_are_a_setting() -> None:
    assert QuietHours.of(settings_for()) == NIGHT
    assert QuietHours.of(settings_for(quiet_hours="none")) is None
    assert QuietHours.of(settings_for(quiet_hours="21:00-06:30", zone="Asia/Dubai")) == QuietHours(
        time(21), time(6, 30), ZoneInfo("Asia/Dubai")
    )


def taking(told: Dialect) -> dict[str, Transport]:
    told.says(202, {"id": "x"})
    return {"sms": SmsTransport(settings_for(sms_url=told.url))}


async def sent_at(told: Dialect, ways: dict[str, Transport], now: datetime) -> list[str]:
    """The names of what goes out then, in order."""
    before = len(told.asked)
    while (await deliver_due(ways, now, channels=["sms"], quiet=NIGHT)).total:
        pass
    return [asked.fields["id"] for asked in told.asked[before:]]


@pytest.mark.usefixtures("db")
async def test_what_is_not_urgent_waits_for_the_morning_and_goes_in_order() -> None:
    first = await put(PHONE, moment="late", now=at(21, 59))
    second = await put(PHONE, moment="in_progress", now=at(22, 30))
    async with dialect() as told:
        ways = taking(told)
        assert await sent_at(told, ways, at(22)) == []
        assert await sent_at(told, ways, at(3, day=24)) == []
        # Waiting has cost nothing.
        assert (await row(first))["attempts"] == 0
        assert await sent_at(told, ways, at(6, 59, 59, day=24)) == []
        assert await sent_at(told, ways, at(7, day=24)) == [
            f"notice-{first}",
            f"notice-{second}",
        ]
        await ways["sms"].close()


@pytest.mark.usefixtures("db")
async def test_a_second_earlier_it_still_goes() -> None:
    id = await put(PHONE, moment="late", now=at(21, 59))
    async with dialect() as told:
        ways = taking(told)
        assert await sent_at(told, ways, at(21, 59, 59)) == [f"notice-{id}"]
        await ways["sms"].close()


@pytest.mark.usefixtures("db")
async def test_what_is_urgent_goes_at_once_with_what_waits_before_it() -> None:
    others = await put(OTHER, moment="late", now=at(22, 10))
    held = await put(PHONE, moment="late", now=at(22, 10))
    code = await put(PHONE, moment="verification_code", data=CODE, now=at(23))
    after = await put(PHONE, moment="in_progress", now=at(23, 1))
    async with dialect() as told:
        ways = taking(told)
        # The phone rings anyway; nothing is told out of order, and nobody else is woken.
        assert await sent_at(told, ways, at(23, 1)) == [f"notice-{held}", f"notice-{code}"]
        assert await sent_at(told, ways, at(2, day=24)) == []
        assert sorted(await sent_at(told, ways, at(7, day=24))) == sorted(
            [f"notice-{others}", f"notice-{after}"]
        )
        await ways["sms"].close()


@pytest.mark.usefixtures("db")
async def test_a_moved_clock_or_setting_holds_at_once() -> None:
    first = await put(PHONE, moment="late", now=at(20))
    async with dialect() as told:
        ways = taking(told)
        assert await sent_at(told, ways, at(22, 5)) == []
        # Set back by an hour.
        assert await sent_at(told, ways, at(21, 5)) == [f"notice-{first}"]
        second = await put(PHONE, moment="late", now=at(22))
        assert await sent_at(told, ways, at(22, 10)) == []
        batch = await deliver_due(ways, at(22, 10), channels=["sms"], quiet=None)
        assert batch.sent == 1
        assert (await row(second))["state"] == "sent"
        await ways["sms"].close()


@pytest.mark.usefixtures("db")
async def test_email_never_waits() -> None:
    await put("noura@example.com", moment="late", now=at(23))
    async with mail_server() as server:
        ways: dict[str, Transport] = {"email": EmailTransport(settings_for(smtp_port=server.port))}
        batch = await deliver_due(ways, at(23), channels=["email"], quiet=NIGHT)
        await ways["email"].close()
    assert batch.sent == 1


@pytest.mark.usefixtures("db")
async def test_an_sms_that_failed_by_day_tries_again_in_the_morning() -> None:
    id = await put(PHONE, moment="late", now=at(21, 58))
    async with dialect() as told:
        ways = taking(told)
        told.says(503, b"", Retry_After="300")
        assert await sent_at(told, ways, at(21, 58)) == [f"notice-{id}"]
        told.says(202, {"id": "x"})
        assert await sent_at(told, ways, at(22, 30)) == []
        assert await sent_at(told, ways, at(7, day=24)) == [f"notice-{id}"]
        await ways["sms"].close()
    assert (await row(id))["attempts"] == 2


@pytest.mark.usefixtures("db")
async def test_many_that_wait_do_not_hold_up_who_is_urgent() -> None:
    await put(OTHER, moment="late", data=NOURA, now=at(22))
    await fetch(
        "INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, "
        "created_at) SELECT 'n:' || n, 'late', 'sms', '+96655' || n, 'ar', x.data, $1, $1 "
        "FROM generate_series(1, 3000) n, (SELECT data FROM notice LIMIT 1) x",
        at(22),
    )
    code = await put(PHONE, moment="verification_code", data=CODE, now=at(22) + timedelta(hours=1))
    async with dialect() as told:
        ways = taking(told)
        assert await sent_at(told, ways, at(23)) == [f"notice-{code}"]
        await ways["sms"].close()


def test_who_waits_for_it_or_runs_out_of_time_is_told_at_night() -> None:
    at_once = {"verification_code", "missing_data", "missing_data_reminder", "contact_changed"}
    assert at_once <= URGENT
    assert not {"late", "in_progress", "closed", "may_file_now", "delivered"} & URGENT
