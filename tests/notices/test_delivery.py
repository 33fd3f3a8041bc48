"""The outbox: at least once, in order for each recipient, side by side, with growing pauses."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs
from tests.notices.outbox import NOURA, NOW, put, row, settings_for
from tests.notices.servers import gateway, mail_server

from balagh.database import engine, fetch
from balagh.notices import delivery
from balagh.notices.delivery import PAUSES, Delivered, deliver_due
from balagh.notices.in_hand import IN_HAND
from balagh.notices.transports import (
    DeliveryError,
    NotReadyError,
    Outgoing,
    Ready,
    Transport,
    at_once,
)
from balagh.notices.transports.email import EmailTransport
from balagh.notices.transports.sms import SmsTransport

pytestmark = pytest.mark.usefixtures("db")

MINUTE = timedelta(minutes=1)
TO = "noura@example.com"
PHONE = "+966550000001"


class Ways:
    """Both transports for as long as the block runs."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings_for(**settings)

    async def __aenter__(self) -> dict[str, Transport]:
        self.made: dict[str, Transport] = {
            "email": EmailTransport(self.settings, timeout=1.0),
            "sms": SmsTransport(self.settings, timeout=1.0),
        }
        return self.made

    async def __aexit__(self, *_: object) -> None:
        for transport in self.made.values():
            await transport.close()


def counts(delivered: Delivered) -> tuple[int, int, int]:
    return delivered.sent, delivered.retried, delivered.failed


async def test_what_is_due_goes_out_and_what_is_not_waits() -> None:
    async with mail_server() as server, gateway() as told:
        due = [await put(TO), await put(PHONE)]
        later = await put("reem@example.com", now=NOW + MINUTE)
        async with Ways(smtp_port=server.port, sms_url=told.url) as ways:
            assert counts(await deliver_due(ways, NOW)) == (2, 0, 0)
            assert counts(await deliver_due(ways, NOW)) == (0, 0, 0)
    sent, by_sms = [await row(id) for id in due]
    assert (sent["state"], sent["sent_at"], sent["attempts"]) == ("sent", NOW, 1)
    assert "queued as 7" in sent["provider_id"]
    assert by_sms["provider_id"] == "gw-1"
    assert (await row(later))["state"] == "waiting"
    assert server.mails[0]["Message-ID"] == f"<notice-{due[0]}@example.sa>"
    assert told.requests[0]["id"] == f"notice-{due[1]}"


async def test_a_day_of_growing_pauses_then_it_has_failed() -> None:
    async with mail_server() as server:
        server.answer = lambda recipient: f"450 4.2.1 {recipient} busy"
        id = await put(TO)
        now, waits = NOW, []
        async with Ways(smtp_port=server.port) as ways:
            with capture_logs() as logs:
                for _ in PAUSES:
                    assert counts(await deliver_due(ways, now)) == (0, 1, 0)
                    again = (await row(id))["next_attempt_at"]
                    waits.append((again - now) / MINUTE)
                    assert counts(await deliver_due(ways, again - MINUTE / 60)) == (0, 0, 0)
                    now = again
                assert counts(await deliver_due(ways, now)) == (0, 0, 1)
    for waited, pause in zip(waits, PAUSES, strict=True):
        assert 0.8 * pause <= waited <= 1.2 * pause
    assert timedelta(hours=19) < now - NOW < timedelta(hours=29)
    gone = await row(id)
    assert (gone["state"], gone["error"]) == ("failed", "SMTP refused: 450 4.2.1")
    assert [log["log_level"] for log in logs] == ["warning"] * len(PAUSES) + ["error"]
    assert TO not in str(logs)
    assert NOURA["name"] not in str(logs)


async def test_what_cannot_be_delivered_fails_at_once() -> None:
    async with mail_server() as server:
        server.answer = lambda recipient: "550 5.1.1 unknown"
        id = await put(TO)
        async with Ways(smtp_port=server.port) as ways:
            assert counts(await deliver_due(ways, NOW)) == (0, 0, 1)
    assert (await row(id))["error"] == "SMTP refused: 550 5.1.1"


async def test_the_gateway_is_given_the_time_it_asked_for() -> None:
    async with gateway() as told:
        told.answer = lambda to: (429, {"Retry-After": "1800"}, b"")
        id = await put(PHONE)
        async with Ways(sms_url=told.url) as ways:
            assert counts(await deliver_due(ways, NOW)) == (0, 1, 0)
            assert (await row(id))["next_attempt_at"] == NOW + 30 * MINUTE
            told.answer = lambda to: (202, {}, b"{}")
            assert counts(await deliver_due(ways, NOW + 30 * MINUTE)) == (1, 0, 0)
    after = await row(id)
    assert (after["state"], after["error"], after["attempts"]) == ("sent", None, 2)


@pytest.mark.parametrize(
    ("status", "data", "sibling", "emails"),
    [
        (400, {**NOURA, "fallback_email": TO}, False, 1),
        # The same moment goes out by e-mail anyway.
        (400, {**NOURA, "fallback_email": TO}, True, 0),
        (400, NOURA, False, 0),
        # Not failed yet.
        (500, {**NOURA, "fallback_email": TO}, False, 0),
    ],
)
async def test_an_sms_that_failed_for_good_becomes_an_email(
    status: int, data: dict[str, Any], sibling: bool, emails: int
) -> None:
    async with mail_server() as server, gateway() as told:
        told.answer = lambda to: (status, {}, b"")
        await put(PHONE, key="report:15:opened:1:sms", data=data)
        if sibling:
            await put("reem@example.com", key="report:15:opened:1:email", now=NOW + MINUTE)
        async with Ways(smtp_port=server.port, sms_url=told.url) as ways:
            await deliver_due(ways, NOW)
            await deliver_due(ways, NOW)
    assert len(server.of(TO)) == emails
    rows = await fetch("SELECT * FROM notice WHERE key = 'report:15:opened:1:sms:fallback'")
    assert len(rows) == emails
    if emails:
        assert "fallback_email" not in rows[0]["data"]


async def test_a_fault_of_ours_does_not_lose_the_message() -> None:
    id, unknown = await put(TO, data={"name": "x"}), await put("b@example.com", moment="unheard_of")
    async with Ways() as ways:
        assert counts(await deliver_due(ways, NOW)) == (0, 2, 0)
    assert (await row(id))["error"] == "the message could not be written: WordingError"
    assert (await row(unknown))["error"] == "the message could not be written: WordingError"


@pytest.mark.parametrize(("minutes", "goes"), [(9, True), (10, False), (60, False)])
async def test_a_code_that_is_over_does_not_go_out_after_an_outage(
    minutes: int, goes: bool
) -> None:
    """Nor does it keep the phone from what comes after it."""
    async with gateway() as told, Ways(sms_url=told.url) as ways:
        told.answer = lambda to: (503, {}, b"")
        code = {"name": "نورة", "code": "402915"}
        await put(PHONE, moment="verification_code", data=code)
        assert counts(await deliver_due(ways, NOW)) == (0, 1, 0)
        later = NOW + minutes * MINUTE
        await fetch("UPDATE notice SET next_attempt_at = $1", later)
        await put(PHONE, now=later)
        told.answer = lambda to: (202, {}, b"")
        told.requests.clear()
        while (await deliver_due(ways, later)).total:
            pass
        texts = [one["text"] for one in told.requests]
        assert ["402915" in text for text in texts] == ([True, False] if goes else [False])
        rows = await fetch("SELECT moment, state FROM notice ORDER BY id")
        assert [tuple(one.values()) for one in rows] == (
            [("verification_code", "sent")] * goes + [("opened", "sent")]
        )


async def test_a_recipient_gets_messages_in_their_order() -> None:
    async with mail_server() as server:
        first, second = await put(TO), await put(TO)
        other = await put("reem@example.com")
        server.answer = lambda to: "450 later" if to == TO and not server.mails else "250 OK"
        async with Ways(smtp_port=server.port) as ways:
            assert (await deliver_due(ways, NOW)).retried == 1
            # The second is due, but the first has not gone.
            assert counts(await deliver_due(ways, NOW)) == (0, 0, 0)
            again = NOW + 2 * MINUTE
            assert (await deliver_due(ways, again)).sent == 1
            assert (await deliver_due(ways, again)).sent == 1
    assert [m["Message-ID"] for m in server.mails] == [
        f"<notice-{id}@example.sa>" for id in (other, first, second)
    ]


async def test_a_message_stuck_for_half_an_hour_is_passed() -> None:
    async with mail_server() as server:
        first, second = await put(TO), await put(TO)
        await fetch(
            "UPDATE notice SET attempts = 5, next_attempt_at = $2 WHERE id = $1",
            first, NOW + 15 * MINUTE,
        )  # fmt: skip
        async with Ways(smtp_port=server.port) as ways:
            assert counts(await deliver_due(ways, NOW)) == (1, 0, 0)
    assert (await row(second))["state"] == "sent"


async def test_however_often_a_worker_died_with_it_a_message_keeps_its_turn_and_its_attempts() -> (
    None
):
    first, second = await put(TO), await put(TO)
    at = NOW
    for _ in range(2 * len(PAUSES)):
        # Claimed, and never heard of again; the lease runs out.
        (claim,) = await delivery._claim("email", at, 200, held=False)
        assert claim.id == first
        assert await delivery._claim("email", claim.lease - MINUTE, 200, held=False) == []
        at = claim.lease
    async with mail_server() as server:
        server.answer = lambda to: "450 later"
        async with Ways(smtp_port=server.port) as ways:
            assert counts(await deliver_due(ways, at)) == (0, 1, 0)
            after = await row(first)
            assert (after["state"], after["attempts"]) == ("waiting", 1)
            assert after["next_attempt_at"] <= at + 1.2 * MINUTE
            server.answer = lambda to: "250 OK"
            at = after["next_attempt_at"]
            assert (await deliver_due(ways, at)).sent == 1
            assert (await deliver_due(ways, at)).sent == 1
    assert [str(m["Message-ID"]) for m in server.mails] == [
        f"<notice-{id}@example.sa>" for id in (first, second)
    ]


async def test_two_workers_send_each_of_300_once_on_few_connections() -> None:
    recipients = [f"person{n % 60}@example.com" for n in range(300)]
    ids = [await put(recipient) for recipient in recipients]
    async with mail_server() as server:

        async def work() -> int:
            sent = 0
            async with Ways(smtp_port=server.port) as ways:
                for _ in range(1000):
                    batch = await deliver_due(ways, NOW)
                    sent += batch.sent
                    left = await fetch("SELECT 1 FROM notice WHERE state = 'waiting' LIMIT 1")
                    if not left:
                        return sent
            raise AssertionError("not done after 1000 batches")

        shares = await asyncio.gather(work(), work())
    assert sum(shares) == 300
    assert min(shares) > 0
    assert Counter(str(m["Message-ID"]) for m in server.mails) == Counter(
        f"<notice-{id}@example.sa>" for id in ids
    )
    for recipient in set(recipients):
        got = [str(m["Message-ID"]) for m in server.of(recipient)]
        assert got == sorted(got, key=lambda name: int(name.split("-")[1].split("@")[0]))
    # Four for each of the two.
    assert server.connections <= 8
    assert server.open_at_most <= 8


async def test_when_told_to_stop_the_rest_goes_back() -> None:
    ids = [await put(f"person{n}@example.com") for n in range(20)]
    async with mail_server() as server, Ways(smtp_port=server.port) as ways:
        delivered = await deliver_due(ways, NOW, stopping=lambda: len(server.mails) >= 3)
        assert 3 <= delivered.sent <= 7
        rows = [await row(id) for id in ids]
        back = [r for r in rows if r["state"] == "waiting"]
        assert len(back) == 20 - delivered.sent
        assert {(r["attempts"], r["next_attempt_at"]) for r in back} == {(0, NOW)}
        # Nothing waits for a lease.
        assert (await deliver_due(ways, NOW)).sent == len(back)


async def test_a_cancelled_batch_gives_back_what_it_had_not_begun() -> None:
    for n in range(20):
        await put(f"person{n}@example.com")
    async with mail_server() as server, Ways(smtp_port=server.port) as ways:
        server.hang = True
        task = asyncio.create_task(deliver_due(ways, NOW))
        await server.busy.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    due = Counter(r["next_attempt_at"] for r in await fetch("SELECT next_attempt_at FROM notice"))
    # The four in hand may have been taken: their lease decides.
    assert due == {NOW: 16, NOW + 2 * MINUTE: 4}


class Slow:
    """A transport during whose sending something happens."""

    def __init__(self, meanwhile: Any, error: DeliveryError | None = None) -> None:
        self.meanwhile, self.error = meanwhile, error

    async def send(self, notice: Outgoing, ready: Ready = at_once) -> str | None:
        await ready()
        await self.meanwhile()
        if self.error:
            raise self.error
        return None

    async def rest(self) -> None:
        pass

    async def close(self) -> None:
        pass


async def test_a_row_that_another_took_over_is_not_put_off_by_us() -> None:
    id = await put(TO)

    async def taken_over() -> None:
        await fetch("UPDATE notice SET next_attempt_at = $1", NOW + 9 * MINUTE)

    ways: dict[str, Transport] = {
        "email": Slow(taken_over, DeliveryError(permanent=True, reason="x"))
    }
    await deliver_due(ways, NOW, channels=["email"])
    after = await row(id)
    assert (after["state"], after["attempts"]) == ("waiting", 0)
    assert after["next_attempt_at"] == NOW + 9 * MINUTE
    # But sent is sent, whoever has it now.
    ways = {"email": Slow(taken_over)}
    await deliver_due(ways, NOW + 9 * MINUTE, channels=["email"])
    assert (await row(id))["state"] == "sent"


async def test_what_went_to_the_old_address_is_not_sent_to_the_new_one_yet() -> None:
    id = await put(TO)

    async def corrected() -> None:
        await fetch(
            "UPDATE notice SET recipient = 'new@example.com', next_attempt_at = $1, "
            "resent = resent + 1",
            NOW,
        )

    await deliver_due({"email": Slow(corrected)}, NOW, channels=["email"])
    assert (await row(id))["state"] == "waiting"
    async with mail_server() as server, Ways(smtp_port=server.port) as ways:
        assert (await deliver_due(ways, NOW)).sent == 1
        assert len(server.of("new@example.com")) == 1


async def test_a_broken_database_is_not_kept_quiet() -> None:
    await put(TO)

    async def broken() -> None:
        raise ConnectionResetError("database gone")

    with pytest.raises(ConnectionResetError):
        await deliver_due({"email": Slow(broken)}, NOW, channels=["email"])


_NOTING = (
    "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
    "AND query LIKE '%state = ''sent''%' AND datname = current_database()"
)


async def test_no_more_than_a_few_are_taken_and_not_noted() -> None:
    for n in range(20):
        await put(f"person{n}@example.com")
    lock = await asyncpg.connect(engine().config["dsn"])
    alone, taken = asyncio.Lock(), 0

    async def locked() -> None:
        nonlocal taken
        async with alone:
            if not taken:
                await lock.execute("BEGIN")
                await lock.execute("SELECT FROM notice FOR UPDATE")
            taken += 1

    task = asyncio.create_task(deliver_due({"email": Slow(locked)}, NOW, channels=["email"]))
    try:
        while not await fetch(_NOTING):  # noqa: ASYNC110 - the server says it
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        assert taken == IN_HAND
    finally:
        await lock.close()
    assert counts(await task) == (20, 0, 0)
    assert taken == 20


async def test_what_was_sent_is_noted_although_the_database_was_away() -> None:
    id = await put(TO)
    lock = await asyncpg.connect(engine().config["dsn"])

    async def locked() -> None:
        await lock.execute("BEGIN")
        await lock.execute("SELECT FROM notice FOR UPDATE")

    task = asyncio.create_task(deliver_due({"email": Slow(locked)}, NOW, channels=["email"]))
    try:
        while not (found := await fetch(_NOTING)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        # As when the server stops.
        await fetch("SELECT pg_terminate_backend($1)", found[0]["pid"])
        while await fetch(_NOTING):  # noqa: ASYNC110 - the server says it
            await asyncio.sleep(0.01)
    finally:
        await lock.close()
    assert counts(await task) == (1, 0, 0)
    assert (await row(id))["state"] == "sent"


@pytest.mark.parametrize("many", [1, 20])
async def test_what_cannot_be_noted_ends_the_batch_and_is_not_kept_quiet(many: int) -> None:
    for n in range(many):
        await put(f"person{n}@example.com")
    await fetch("ALTER TABLE notice ADD CONSTRAINT never CHECK (state <> 'sent')")
    taken = 0

    async def count() -> None:
        nonlocal taken
        taken += 1

    try:
        with pytest.raises(NotReadyError) as told:
            await deliver_due({"email": Slow(count)}, NOW, channels=["email"])
    finally:
        await fetch("ALTER TABLE notice DROP CONSTRAINT never")
    assert isinstance(told.value.__cause__, asyncpg.CheckViolationError)
    assert taken <= IN_HAND
    due = Counter(r["next_attempt_at"] for r in await fetch("SELECT next_attempt_at FROM notice"))
    assert due == Counter({NOW: many - taken, NOW + 2 * MINUTE: taken})


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        (None, None), ("", None), ("2.0.0 Ok: queued as 4Xy", "2.0.0 Ok: queued as 4Xy"),
        ("a\x00b", "ab"), ("queued \udcff\udcfe 7", "queued  7"), ("قُبلت", None),
        ("x" * 500, "x" * 200),
    ],
)  # fmt: skip
async def test_whatever_the_other_side_calls_it_it_is_noted(
    named: str | None, kept: str | None
) -> None:
    id = await put(TO)

    class Naming(Slow):
        async def send(self, notice: Outgoing, ready: Ready = at_once) -> str | None:
            await ready()
            return named

    ways: dict[str, Transport] = {"email": Naming(None)}
    assert counts(await deliver_due(ways, NOW, channels=["email"])) == (1, 0, 0)
    after = await row(id)
    assert (after["state"], after["provider_id"]) == ("sent", kept)


async def test_what_cannot_be_noted_now_is_noted_a_little_later() -> None:
    """A deadlock, say: somebody else's fault, over in a moment."""
    id = await put(TO)
    await fetch(
        "CREATE FUNCTION once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF nextval('times') = 1 THEN RAISE EXCEPTION USING ERRCODE = 'deadlock_detected'; END IF; "
        "RETURN NEW; END $$"
    )
    await fetch("CREATE SEQUENCE times")
    await fetch(
        "CREATE TRIGGER once BEFORE UPDATE ON notice FOR EACH ROW WHEN (NEW.state = 'sent') "
        "EXECUTE FUNCTION once()"
    )
    taken = 0

    async def count() -> None:
        nonlocal taken
        taken += 1

    try:
        done = await deliver_due({"email": Slow(count)}, NOW, channels=["email"])
    finally:
        await fetch("DROP TRIGGER once ON notice")
        await fetch("DROP FUNCTION once")
        await fetch("DROP SEQUENCE times")
    assert counts(done) == (1, 0, 0)
    assert ((await row(id))["state"], taken) == ("sent", 1)


async def test_none_is_begun_whose_lease_could_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(20):
        await put(f"person{n}@example.com")
    seconds = 0.0

    async def slow() -> None:
        nonlocal seconds
        seconds += 20

    monkeypatch.setattr(delivery, "monotonic", lambda: seconds)
    ways: dict[str, Transport] = {"email": Slow(slow)}
    assert counts(await deliver_due(ways, NOW, channels=["email"])) == (5, 0, 0)
    rows = await fetch("SELECT attempts, next_attempt_at FROM notice WHERE state = 'waiting'")
    assert {tuple(r.values()) for r in rows} == {(0, NOW)}
