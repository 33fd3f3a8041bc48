"""Delivery receipts of the SMS gateway, through the whole portal."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
import pytest
from litestar import Litestar
from structlog.testing import capture_logs
from tests.notices.outbox import NOURA, put, row, settings_for
from tests.web.conftest import NOW, Clock

from balagh.app import furnish
from balagh.database import fetch
from balagh.web import sms_receipts

SECRET = "0123456789abcdef" * 4
PHONE, TO = "+966550000001", "noura@example.com"
PUBLIC = "https://balagh.example.sa"
TWILIO = {"sms_gateway": "twilio", "sms_username": "AC1", "sms_token": "auth-token"}
UNIFONIC = {"sms_gateway": "unifonic", "sms_token": "sid", "sms_receipt_secret": SECRET}


@pytest.fixture
async def gateway(portal: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever sends receipts: no browser, no cookies."""
    use(portal, UNIFONIC)
    transport = httpx.ASGITransport(app=portal)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
        yield client


def use(portal: Litestar, settings: dict[str, Any]) -> None:
    woken = portal.state.waker
    furnish(portal, settings_for(**settings))
    portal.state.waker = woken


async def sent(data: dict[str, Any] | None = None, key: str | None = None) -> int:
    """An SMS that the gateway took, as ``gw-<id>``."""
    own = {**NOURA, "fallback_email": TO} if data is None else data
    id = await put(PHONE, data=own, key=key or "report:1:late:2:sms")
    await fetch(
        "UPDATE notice SET state = 'sent', sent_at = $2, attempts = 1, provider_id = 'gw-' || id "
        "WHERE id = $1",
        id, NOW,
    )  # fmt: skip
    return id


async def tell(client: httpx.AsyncClient, secret: str = SECRET, **fields: str) -> int:
    path = f"/sms/receipts/unifonic/{secret}" if secret else "/sms/receipts/unifonic"
    return (await client.post(path, data=fields)).status_code


async def by_email() -> list[str]:
    rows = await fetch("SELECT key FROM notice WHERE channel = 'email' ORDER BY id")
    return [r["key"] for r in rows]


async def test_a_delivered_sms_is_noted(gateway: httpx.AsyncClient, time: Clock) -> None:
    id = await sent()
    time.now = NOW + timedelta(minutes=1)
    assert await tell(gateway, MessageID=f"gw-{id}", DLR="Delivered", Recipient=PHONE[1:]) == 204
    found = await row(id)
    assert (found["state"], found["receipt"]) == ("sent", "delivered")
    assert found["delivered_at"] == NOW + timedelta(minutes=1)
    assert await by_email() == []


async def test_the_secret_may_come_in_a_header_and_the_receipt_as_json(
    gateway: httpx.AsyncClient,
) -> None:
    id = await sent()
    reply = await gateway.post(
        "/sms/receipts/unifonic",
        json={"MessageID": f"gw-{id}", "Status": "Delivered"},
        headers={"Authorization": f"Bearer {SECRET}"},
    )
    assert reply.status_code == 204
    assert (await row(id))["receipt"] == "delivered"


async def test_an_undelivered_sms_becomes_an_email_once(gateway: httpx.AsyncClient) -> None:
    id = await sent(key="report:1:late:1:sms")
    said = {"CorrelationID": f"notice-{id}", "Status": "Undelivered", "ErrorCode": "ER-05"}
    with capture_logs() as logs:
        for _ in range(3):
            assert await tell(gateway, **said, Recipient=PHONE[1:]) == 204
    found = await row(id)
    assert (found["state"], found["receipt"], found["receipt_code"]) == (
        "failed",
        "failed",
        "ER-05",
    )
    assert found["error"] == "not delivered: ER-05"
    assert await by_email() == ["report:1:late:1:sms:fallback"]
    # Said once, and about nobody.
    assert [log["event"] for log in logs] == ["SMS not delivered"]
    assert PHONE[1:] not in str(logs)


async def test_it_does_not_where_an_email_went_out_anyway(gateway: httpx.AsyncClient) -> None:
    id = await sent(key="report:1:late:1:sms")
    await put(TO, key="report:1:late:1:email")
    assert await tell(gateway, MessageID=f"gw-{id}", DLR="Undeliverable") == 204
    assert (await row(id))["state"] == "failed"
    assert await by_email() == ["report:1:late:1:email"]


@pytest.mark.parametrize(
    ("order", "state", "receipt", "emails"),
    [
        (["Failed", "Delivered"], "sent", "delivered", 1),
        (["Delivered", "Failed"], "sent", "delivered", 0),
        (["Delivered", "Sent", "Queued"], "sent", "delivered", 0),
        (["Sent", "Queued"], "sent", None, 0),
        (["Failed", "Sent"], "failed", "failed", 1),
    ],
)
async def test_receipts_come_in_any_order(
    gateway: httpx.AsyncClient, order: list[str], state: str, receipt: str | None, emails: int
) -> None:
    id = await sent()
    for status in order:
        assert await tell(gateway, MessageID=f"gw-{id}", Status=status) == 204
    found = await row(id)
    assert (found["state"], found["receipt"]) == (state, receipt)
    assert (found["delivered_at"] is not None) is (receipt == "delivered")
    assert (found["error"] is not None) is (receipt == "failed")
    assert len(await by_email()) == emails


async def test_of_two_at_once_one_falls_back(gateway: httpx.AsyncClient) -> None:
    id = await sent()
    replies = await asyncio.gather(
        *(tell(gateway, MessageID=f"gw-{id}", Status="Failed") for _ in range(4))
    )
    assert set(replies) == {204}
    assert len(await by_email()) == 1


async def test_a_receipt_may_be_here_before_the_answer(gateway: httpx.AsyncClient) -> None:
    id = await put(PHONE)
    said = {"MessageID": "m-1", "CorrelationID": f"notice-{id}", "Status": "Delivered"}
    # Nobody has tried yet: nothing of ours can have been delivered.
    assert await tell(gateway, **said) == 204
    assert (await row(id))["receipt"] is None
    # Claimed, and not noted yet.
    await fetch(
        "UPDATE notice SET next_attempt_at = $2 WHERE id = $1", id, NOW + timedelta(minutes=2)
    )
    assert await tell(gateway, **said) == 204
    found = await row(id)
    assert (found["state"], found["provider_id"], found["sent_at"]) == ("sent", "m-1", NOW)


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/sms/receipts/unifonic", {"MessageID": "gw-1", "DLR": "Delivered"}, 403),
        (f"/sms/receipts/unifonic/{SECRET[:-1]}x", {"MessageID": "gw-1", "DLR": "Delivered"}, 403),
        (f"/sms/receipts/twilio/{SECRET}", {"MessageID": "gw-1", "DLR": "Delivered"}, 404),
        (f"/sms/receipts/unifonic/{SECRET}", {"MessageID": "gw-0", "DLR": "Delivered"}, 404),
        (
            f"/sms/receipts/unifonic/{SECRET}",
            {"CorrelationID": "notice-0", "Status": "Delivered"},
            404,
        ),
        (f"/sms/receipts/unifonic?secret={SECRET}", {"MessageID": "gw-1", "DLR": "Failed"}, 403),
        (f"/sms/receipts/unifonic/{SECRET}", {"Recipient": "966550000001"}, 400),
        (f"/sms/receipts/unifonic/{SECRET}", {"MessageID": "x" * 17_000}, 413),
    ],
)
async def test_what_proves_nothing_changes_nothing(
    gateway: httpx.AsyncClient, path: str, fields: dict[str, str], status: int
) -> None:
    id = await sent()
    await fetch("UPDATE notice SET provider_id = 'gw-1' WHERE id = $1", id)
    before = await row(id)
    with capture_logs() as logs:
        assert (await gateway.post(path, data=fields)).status_code == status
    assert await row(id) == before
    assert "966550000001" not in str(logs)
    assert SECRET[:20] not in str(logs)


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b"[1, 2]", b"\xff\xfe", b"", b'{"a":' + b"[" * 16_000, b'{"a":' * 3000,
        b'{"MessageID":' + b"9" * 5000 + b"}",
    ],
    ids=["broken", "empty list", "two", "no text", "empty", "lists", "objects", "a long number"],
)  # fmt: skip
async def test_a_receipt_that_is_none(gateway: httpx.AsyncClient, body: bytes) -> None:
    reply = await gateway.post(f"/sms/receipts/unifonic/{SECRET}", content=body)
    assert reply.status_code == 400


async def test_an_emails_row_is_no_sms(gateway: httpx.AsyncClient) -> None:
    id = await put(TO)
    await fetch("UPDATE notice SET attempts = 1, provider_id = 'gw-9' WHERE id = $1", id)
    assert await tell(gateway, CorrelationID=f"notice-{id}", Status="Failed") == 404
    assert await tell(gateway, MessageID="gw-9", Status="Failed") == 404


async def test_without_a_gateway_there_are_no_receipts(
    gateway: httpx.AsyncClient, portal: Litestar
) -> None:
    portal.state.settings = settings_for()
    assert await tell(gateway, MessageID="gw-1", DLR="Delivered") == 404


async def signed(
    client: httpx.AsyncClient, notice: int, token: str = "auth-token", **fields: str
) -> int:
    path = f"/sms/receipts/twilio?notice={notice}"
    said = PUBLIC + path + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()
    reply = await client.post(
        path,
        content=urlencode(fields),
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": base64.b64encode(digest).decode(),
            # As behind a proxy that ends TLS.
            "Host": "10.0.0.7:8000",
        },
    )
    return reply.status_code


async def test_twilio_signs_its_receipts(gateway: httpx.AsyncClient, portal: Litestar) -> None:
    use(portal, TWILIO)
    id = await sent()
    said = {
        "MessageSid": "SM1",
        "MessageStatus": "delivered",
        "To": PHONE,
        "Body": "a b+ü",
        "X": "",
    }
    assert await signed(gateway, id, "another", **said) == 403
    assert (await row(id))["receipt"] is None
    assert await signed(gateway, id, **said) == 204
    assert (await row(id))["receipt"] == "delivered"


async def test_too_many_at_once_are_asked_to_come_again(
    gateway: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms_receipts, "_in_hand", sms_receipts._AT_ONCE)
    id = await sent()
    reply = await gateway.post(
        f"/sms/receipts/unifonic/{SECRET}", data={"MessageID": f"gw-{id}", "DLR": "Delivered"}
    )
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")


async def test_a_broken_database_does_not_tell_the_secret(
    gateway: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ConnectionResetError("database gone")

    monkeypatch.setattr("balagh.notices.receipts.receive", broken)
    with capture_logs() as logs:
        assert await tell(gateway, MessageID="gw-1", DLR="Delivered") == 500
    (said,) = [log for log in logs if log["event"] == "request failed"]
    assert said["path"].startswith("/sms/receipts/")
    assert SECRET not in str(said["path"])
    # The place is free again.
    assert sms_receipts._in_hand == 0


async def test_health_says_which_channel_is_closed(gateway: httpx.AsyncClient) -> None:
    async def health() -> Any:
        return msgspec.json.decode((await gateway.get("/health")).content)

    assert "closed" not in await health()
    await fetch("INSERT INTO circuit VALUES ('sms', 5, 0, $1, $1, 'secret reason')", NOW)
    found = await health()
    assert found["closed"] == {"sms": NOW.isoformat()}
    assert "secret reason" not in str(found)
    # No run of a sweep is on record here, which is the greater alarm.
    assert found["status"] in ("alarm", "degraded")
    now_running = "INSERT INTO sweep_run (sweep, started_at, ended_at) SELECT s, $1, $1 FROM "
    await fetch(now_running + "unnest($2::text[]) s", NOW, ["sweep", "clocks", "remind", "tidy"])
    assert (await health())["status"] == "degraded"
    await fetch("UPDATE circuit SET failures = 0, opened_at = NULL, retry_at = NULL")
    assert await health() == {"status": "ok"}
