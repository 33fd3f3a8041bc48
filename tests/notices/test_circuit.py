"""A channel that takes nothing: real servers that go away and come back."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.notices.dialects import Dialect, dialect
from tests.notices.outbox import NOURA, NOW, put, row, settings_for
from tests.notices.servers import mail_server

from balagh.database import fetch
from balagh.notices import circuit
from balagh.notices.circuit import LIMIT, circuit_of, open_now
from balagh.notices.delivery import LANES, PAUSES, Delivered, deliver_due
from balagh.notices.transports import DeliveryError, Fault, Transport
from balagh.notices.transports.email import EmailTransport
from balagh.notices.transports.sms import SmsTransport

pytestmark = pytest.mark.usefixtures("db")

MINUTE = timedelta(minutes=1)
TO = "noura@example.com"


def by_sms(told: Dialect) -> SmsTransport:
    settings = settings_for(
        sms_url=told.url, sms_gateway="unifonic", sms_token="app", public_url="http://localhost"
    )
    return SmsTransport(settings, timeout=1.0)


def takes(told: Dialect) -> None:
    told.says(200, {"success": True, "errorCode": "ER-00", "data": {"MessageID": 1}})


async def until_done(ways: dict[str, Transport], now: datetime) -> Delivered:
    """As the worker does it: again until nothing moves."""
    total = Delivered()
    for _ in range(500):
        batch = await deliver_due(ways, now, channels=list(ways))
        if batch.total == 0:
            return total
        total.sent += batch.sent
        total.retried += batch.retried
        total.failed += batch.failed
    raise AssertionError("not done after 500 batches")


async def fill(many: int, domain: str = "@example.com") -> None:
    """That many waiting messages, each to somebody else."""
    await fetch(
        "INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, "
        "created_at) SELECT 'n:' || n, 'opened', $2, $3 || n || $4, 'ar', x.data, $5, $5 "
        "FROM generate_series(1, $1::int) n, "
        "(SELECT data FROM notice ORDER BY id LIMIT 1) x",
        many - 1, "email" if domain else "sms", "p" if domain else "+96655000", domain, NOW,
    )  # fmt: skip


async def attempts() -> Counter[int]:
    return Counter(r["attempts"] for r in await fetch("SELECT attempts FROM notice"))


async def test_an_outage_does_not_cost_a_thousand_messages_an_attempt() -> None:
    await put(TO)
    await fill(1000)
    ways: dict[str, Transport] = {"email": EmailTransport(settings_for(), timeout=1.0)}
    with capture_logs() as logs:
        gone = await until_done(ways, NOW)
        assert LIMIT <= gone.retried < LIMIT + LANES
        # The worker looks each minute for an hour.
        for minute in range(1, 61):
            await until_done(ways, NOW + minute * MINUTE)
    changes = [log for log in logs if log["event"] == "channel closed"]
    assert [(log["channel"], log["log_level"]) for log in changes] == [("email", "error")]
    spent = await attempts()
    assert sum(spent.values()) == 1000
    # A probe about every five minutes in the end, and no two by the same message while others wait.
    assert 10 <= sum(n * many for n, many in spent.items()) - gone.retried <= 16
    assert max(spent) == 1
    (closed,) = await open_now()
    assert (closed.channel, closed.since) == ("email", NOW)


async def test_when_it_is_back_everything_goes_at_once_and_in_order() -> None:
    first = await put(TO)
    await fill(99)
    second = await put(TO)
    later = NOW + 10 * MINUTE
    async with mail_server() as server:
        settings = settings_for(smtp_port=server.port)
        server.answer = lambda to: "421 4.3.2 Going down"
        ways: dict[str, Transport] = {"email": EmailTransport(settings, timeout=1.0)}
        await until_done(ways, NOW)
        assert [c.channel for c in await open_now()] == ["email"]
        server.answer = lambda to: "250 OK"
        with capture_logs() as logs:
            back = await until_done(ways, later)
        await ways["email"].close()
        assert back.sent == 100
        assert back.retried == 0
    assert [log["event"] for log in logs if log["log_level"] == "warning"] == [
        "channel works again"
    ]
    assert await open_now() == []
    names = [str(m["Message-ID"]) for m in server.of(TO)]
    assert names == [f"<notice-{first}@example.sa>", f"<notice-{second}@example.sa>"]


async def test_emails_wait_however_long_nothing_gets_through_and_then_go_at_once() -> None:
    """Three days, and so few that the same ones try it again and again."""
    await put(TO)
    await fill(4)
    ways: dict[str, Transport] = {"email": EmailTransport(settings_for(), timeout=1.0)}
    for minute in range(0, 3 * 24 * 60, 5):
        assert (await until_done(ways, NOW + minute * MINUTE)).failed == 0
    spent = await attempts()
    assert max(spent) > len(PAUSES)
    assert await fetch("SELECT FROM notice WHERE state <> 'waiting'") == []
    back = NOW + timedelta(days=3, minutes=8)
    async with mail_server() as server:
        again: dict[str, Transport] = {"email": EmailTransport(settings_for(smtp_port=server.port))}
        assert (await until_done(again, back)).sent == 4
        await again["email"].close()


async def test_without_a_gateway_nothing_is_closed() -> None:
    await fetch(
        "INSERT INTO circuit (channel, failures, probes, opened_at, retry_at, reason) "
        "VALUES ('sms', 5, 0, $1, $1, 'x'), ('email', 5, 0, $1, $1, 'x')",
        NOW,
    )
    await circuit.forget("sms")
    assert [one.channel for one in await open_now()] == ["email"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (429, b""),
        (401, {"success": False, "errorCode": "ER-401"}),
        (200, {"success": False, "errorCode": "ER-01"}),
    ],
)
async def test_a_gateway_that_takes_nobodys_messages_is_left_alone(
    status: int, body: object
) -> None:
    await put("+966550000001")
    await fill(100, "")
    async with dialect() as told:
        told.says(status, body)
        ways: dict[str, Transport] = {"sms": by_sms(told)}
        await until_done(ways, NOW)
        assert LIMIT <= len(told.asked) < LIMIT + LANES
        asked = len(told.asked)
        # Before the time of a probe nobody asks, at its time one does.
        await until_done(ways, NOW)
        assert len(told.asked) == asked
        await until_done(ways, NOW + MINUTE)
        assert len(told.asked) == asked + 1
        takes(told)
        assert (await until_done(ways, NOW + 10 * MINUTE)).sent == 100
        await ways["sms"].close()


async def test_a_gateway_may_ask_for_a_longer_pause() -> None:
    for n in range(10):
        await put(f"+96655000000{n}")
    async with dialect() as told:
        told.says(503, b"", Retry_After="1800")
        ways: dict[str, Transport] = {"sms": by_sms(told)}
        await until_done(ways, NOW)
        asked = len(told.asked)
        await until_done(ways, NOW + 29 * MINUTE)
        assert len(told.asked) == asked
        await until_done(ways, NOW + 30 * MINUTE)
        assert len(told.asked) == asked + 1
        await ways["sms"].close()


async def test_messages_refused_for_themselves_close_nothing() -> None:
    await put("+966550000001")
    await fill(50, "")
    async with dialect() as told:
        told.says(200, {"success": False, "errorCode": "ER-482"})
        ways: dict[str, Transport] = {"sms": by_sms(told)}
        assert (await until_done(ways, NOW)).failed == 50
        await ways["sms"].close()
    assert await fetch("SELECT * FROM circuit") == []


async def test_a_way_that_works_now_and_then_stays_open() -> None:
    await put("+966550000001")
    await fill(60, "")
    async with dialect() as told:
        turns = iter(range(10_000))
        good = b'{"success": true, "errorCode": "ER-00", "data": {"MessageID": 1}}'
        told.answer = lambda: (500, {}, b"") if next(turns) % 2 else (200, {}, good)
        ways: dict[str, Transport] = {"sms": by_sms(told)}
        done = await until_done(ways, NOW)
        await ways["sms"].close()
    assert done.sent + done.retried == 60
    assert await open_now() == []


async def test_one_message_that_breaks_every_conversation_stops_nobody_else() -> None:
    poison = await put("+966550000001")
    for _ in range(LIMIT):
        (way := await circuit_of("sms", NOW))
        await way.failed(DeliveryError(permanent=False, reason="x", fault=Fault.WAY), NOW)
    others = [await put(f"+96655000001{n}") for n in range(5)]
    async with dialect() as told:
        takes(told)
        good = told.answer

        def answer() -> tuple[int, dict[str, str], bytes]:
            named = told.asked[-1].fields["CorrelationID"]
            return (500, {}, b"") if named == f"notice-{poison}" else good()

        told.answer = answer
        ways: dict[str, Transport] = {"sms": by_sms(told)}
        # The probe fails with it, and the next one is another's.
        assert (await until_done(ways, NOW + MINUTE)).sent == 0
        assert (await until_done(ways, NOW + 3 * MINUTE)).sent == len(others)
        await ways["sms"].close()
    assert (await row(poison))["state"] == "waiting"


async def test_a_message_that_cannot_be_written_says_nothing_of_the_way() -> None:
    for _ in range(LIMIT):
        way = await circuit_of("email", NOW)
        await way.failed(DeliveryError(permanent=False, reason="x", fault=Fault.WAY), NOW)
    await put(TO, data={"name": "x"})
    async with mail_server() as server:
        ways: dict[str, Transport] = {"email": EmailTransport(settings_for(smtp_port=server.port))}
        assert (await deliver_due(ways, NOW + MINUTE, channels=["email"])).retried == 1
        await ways["email"].close()
    assert len(await open_now()) == 1


async def test_of_two_workers_one_probes() -> None:
    for n in range(10):
        await put(f"p{n}@example.com")
    for _ in range(LIMIT):
        way = await circuit_of("email", NOW)
        await way.failed(DeliveryError(permanent=False, reason="x", fault=Fault.WAY), NOW)
    both = await asyncio.gather(*(circuit_of("email", NOW + MINUTE) for _ in range(2)))
    assert sorted(one.limit(20) for one in both) == [0, 1]
    # A probe whose worker died is given to the next, later.
    assert (await circuit_of("email", NOW + 1.5 * MINUTE)).limit(20) == 0
    assert (await circuit_of("email", NOW + 2 * MINUTE)).limit(20) == 1


async def test_without_anything_to_try_it_with_the_probe_waits_for_the_next_message() -> None:
    for _ in range(LIMIT):
        way = await circuit_of("email", NOW)
        await way.failed(DeliveryError(permanent=False, reason="x", fault=Fault.WAY), NOW)
    assert (await circuit_of("email", NOW + MINUTE)).limit(20) == 0
    await put(TO)
    assert (await circuit_of("email", NOW + MINUTE)).limit(20) == 1


@pytest.mark.parametrize(
    ("since", "age", "data", "becomes"),
    [
        (25, 25, {**NOURA, "fallback_email": TO}, True),
        (25, 23, {**NOURA, "fallback_email": TO}, False),
        (23, 25, {**NOURA, "fallback_email": TO}, False),
        (25, 25, NOURA, False),
    ],
)
async def test_an_sms_does_not_wait_for_a_closed_gateway_for_ever(
    since: int, age: int, data: dict[str, Any], *, becomes: bool
) -> None:
    hour = timedelta(hours=1)
    id = await put("+966550000001", key="a:sms", data=data, now=NOW - age * hour)
    await fetch(
        "INSERT INTO circuit VALUES ('sms', 5, 9, $1, $2, 'x')", NOW - since * hour, NOW + hour
    )
    async with dialect() as told:
        ways: dict[str, Transport] = {"sms": by_sms(told)}
        await deliver_due(ways, NOW, channels=["sms"])
        await ways["sms"].close()
        assert told.asked == []
    assert (await row(id))["state"] == ("failed" if becomes else "waiting")
    keys = [r["key"] for r in await fetch("SELECT key FROM notice WHERE channel = 'email'")]
    assert keys == (["a:sms:fallback"] if becomes else [])


async def test_while_all_is_well_nothing_is_written() -> None:
    way = await circuit_of("sms", NOW)
    await way.passed(NOW)
    assert await fetch("SELECT * FROM circuit") == []


def test_the_pauses_grow_and_end() -> None:
    assert list(circuit.PAUSES) == sorted(circuit.PAUSES)
    assert circuit.PAUSES[-1] <= 5
