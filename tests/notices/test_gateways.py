"""Each SMS gateway against a server that speaks its documented dialect."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.notices.dialects import Dialect, dialect
from tests.notices.http_server import HANGS_UP, TAKES_AND_HANGS
from tests.notices.outbox import NOW, settings_for

from balagh.notices.messages import Sms
from balagh.notices.transports import DeliveryError, Fault, Outgoing
from balagh.notices.transports.gateways import ForgedError, Receipt, Told, gateway_of
from balagh.notices.transports.gateways.answers import notice_of
from balagh.notices.transports.sms import SmsTransport
from balagh.settings import Settings

PHONE = "+966550000001"
TEXT = "تم استلام بلاغك\n7302641185"
SECRET = "0123456789abcdef" * 4
NAMED: dict[str, dict[str, str]] = {
    "unifonic": {"sms_token": "app-sid"},
    "taqnyat": {"sms_token": "bearer-token"},
    "msegat": {"sms_token": "api-key", "sms_username": "amer"},
    "twilio": {"sms_token": "auth-token", "sms_username": "AC1"},
    "generic": {"sms_token": "s3cret"},
}
# What each answers when it took the message, and the name it gave.
TAKEN: dict[str, tuple[int, Any, str]] = {
    "unifonic": (
        200,
        {"success": "true", "errorCode": "ER-00", "data": {"MessageID": 3200017889310}},
        "3200017889310",
    ),
    "taqnyat": (
        201,
        {
            "statusCode": 201,
            "messageId": 5452899970,
            "accepted": "[966550000001,]",
            "rejected": "[]",
        },
        "5452899970",
    ),
    "msegat": (200, {"code": "M0000", "message": "Success", "id": 77}, "77"),
    "twilio": (201, {"sid": "SM1", "status": "queued"}, "SM1"),
    "generic": (202, {"id": "gw-1"}, "gw-1"),
}
M, W, A = Fault.MESSAGE, Fault.WAY, Fault.ACCOUNT


def settings_of(name: str, url: str | None = None, **more: str) -> Settings:
    named: dict[str, Any] = {"sms_gateway": name, **NAMED[name], **more}
    return settings_for(sms_url=url, **named)


@asynccontextmanager
async def speaking(name: str, **more: str) -> AsyncIterator[tuple[Dialect, SmsTransport]]:
    async with dialect() as told:
        status, body, _ = TAKEN[name]
        told.says(status, body)
        transport = SmsTransport(settings_of(name, told.url, **more), timeout=0.5)
        try:
            yield told, transport
        finally:
            await transport.close()


def sms(id: int = 7, resent: int = 0) -> Outgoing:
    return Outgoing(id, PHONE, "ar", NOW, Sms(TEXT), resent)


async def refusal(transport: SmsTransport) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await transport.send(sms())
    for private in (PHONE[1:], "7302641185", "استلام"):
        assert private not in caught.value.reason
    return caught.value


@pytest.mark.parametrize("name", NAMED)
async def test_a_message_is_taken(name: str) -> None:
    async with speaking(name) as (told, transport):
        assert await transport.send(sms()) == TAKEN[name][2]
        assert len(told.asked) == 1


async def test_unifonic_is_asked_with_a_form() -> None:
    async with speaking("unifonic") as (told, transport):
        await transport.send(sms())
    assert told.asked[0].fields == {
        "AppSid": "app-sid", "SenderID": "Balagh", "Recipient": "966550000001", "Body": TEXT,
        "responseType": "JSON", "CorrelationID": "notice-7", "async": "false",
    }  # fmt: skip


async def test_taqnyat_is_asked_with_json() -> None:
    async with speaking("taqnyat") as (told, transport):
        await transport.send(sms())
    assert told.asked[0].fields == {
        "recipients": ["966550000001"], "body": TEXT, "sender": "Balagh",
    }  # fmt: skip
    assert told.asked[0].headers["authorization"] == "Bearer bearer-token"


async def test_msegat_is_asked_with_json() -> None:
    async with speaking("msegat") as (told, transport):
        await transport.send(sms())
    assert told.asked[0].fields == {
        "userName": "amer", "apiKey": "api-key", "userSender": "Balagh", "numbers": "966550000001",
        "msg": TEXT, "msgEncoding": "UTF8", "reqBulkId": "true",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sender", "field"),
    [
        ("Balagh", "From"),
        ("+15005550006", "From"),
        ("MGAmer", "From"),
        ("MG12", "From"),
        (f"MG{'0a' * 16}", "MessagingServiceSid"),
        (f"MG{'0A' * 16}", "From"),
    ],
)
async def test_twilio_is_asked_with_a_form(sender: str, field: str) -> None:
    async with speaking("twilio", sms_sender=sender) as (told, transport):
        await transport.send(sms())
    asked = told.asked[0]
    assert asked.path == "/send/Accounts/AC1/Messages.json"
    assert asked.fields == {
        "To": PHONE, field: sender, "Body": TEXT,
        "StatusCallback": "https://balagh.example.sa/sms/receipts/twilio?notice=7",
    }  # fmt: skip
    basic = base64.b64encode(b"AC1:auth-token").decode()
    assert asked.headers["authorization"] == f"Basic {basic}"


async def test_twilio_is_not_asked_for_receipts_that_it_cannot_send() -> None:
    async with speaking("twilio", public_url="http://localhost:8000") as (told, transport):
        await transport.send(sms())
    assert "StatusCallback" not in told.asked[0].fields


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("unifonic", lambda fields: fields["CorrelationID"]),
        ("twilio", lambda fields: fields["StatusCallback"].partition("?notice=")[2]),
        ("generic", lambda fields: fields["id"]),
    ],
)
async def test_each_sending_by_hand_has_a_name_of_its_own(
    name: str, named: Callable[[dict[str, str]], str]
) -> None:
    """The same for each attempt of it, and read back from what the gateway hands on."""
    longest = sms(id=10**18 - 1, resent=32767)
    async with speaking(name) as (told, transport):
        for one in (sms(), sms(), sms(resent=1), sms(resent=1), sms(resent=12), longest):
            await transport.send(one)
    names = [named(asked.fields) for asked in told.asked]
    assert [notice_of(one) for one in names] == [
        (7, 0), (7, 0), (7, 1), (7, 1), (7, 12), (10**18 - 1, 32767),
    ]  # fmt: skip
    assert names[2] == names[3]
    assert len(set(names)) == 4
    assert max(map(len, names)) <= 32


@pytest.mark.parametrize(
    "given", ["", None, "notice-", "notice-7-", "notice-7-1-2", "7.1", "٧", "x7", "9" * 19, -7, [7]]
)
def test_what_is_no_name_of_ours(given: Any) -> None:
    assert notice_of(given) == (None, 0)


DESCRIBED = {
    "sms_fields": "to=mobile,text=msg,id=ref,sender=src",
    "sms_extra": "unicode=1&route=7",
    "sms_phone": "plain",
}


@pytest.mark.parametrize(
    ("more", "method", "kind", "header", "extra"),
    [
        ({}, "POST", "application/json", ("authorization", "Bearer s3cret"), {}),
        ({"sms_format": "form"}, "POST", "application/x-www-form-urlencoded",
         ("authorization", "Bearer s3cret"), {}),
        ({"sms_method": "GET", "sms_auth": "field:key"}, "GET", None, None, {"key": "s3cret"}),
        ({"sms_auth": "header:X-Api-Key"}, "POST", "application/json",
         ("x-api-key", "s3cret"), {}),
        ({"sms_auth": "basic", "sms_username": "amer"}, "POST", "application/json",
         ("authorization", "Basic " + base64.b64encode(b"amer:s3cret").decode()), {}),
        ({"sms_auth": "none"}, "POST", "application/json", None, {}),
    ],
)  # fmt: skip
async def test_any_gateway_is_asked_as_the_settings_say(
    more: dict[str, str],
    method: str,
    kind: str | None,
    header: tuple[str, str] | None,
    extra: dict[str, str],
) -> None:
    async with speaking("generic", **DESCRIBED, **more) as (told, transport):
        await transport.send(sms())
    asked = told.asked[0]
    assert (asked.method, asked.headers.get("content-type")) == (method, kind)
    assert asked.fields == {
        "mobile": "966550000001", "msg": TEXT, "ref": "notice-7", "src": "Balagh",
        "unicode": "1", "route": "7", **extra,
    }  # fmt: skip
    if header is None:
        assert "authorization" not in asked.headers
    else:
        assert asked.headers[header[0]] == header[1]


def unifonic(code: str, status: int = 200) -> tuple[str, int, Any]:
    return "unifonic", status, {"success": False, "message": PHONE, "errorCode": f"ER-{code}"}


def taqnyat(status: int, message: str) -> tuple[str, int, Any]:
    return "taqnyat", status, {"statusCode": status, "message": message}


def msegat(code: str) -> tuple[str, int, Any]:
    return "msegat", 200, {"code": code, "message": f"about {PHONE}"}


def twilio(code: int, status: int = 400) -> tuple[str, int, Any]:
    return "twilio", status, {"code": code, "message": f"To {PHONE}", "status": status}


REFUSED: list[tuple[tuple[str, int, Any], bool, Fault]] = [
    *((unifonic(code), True, M) for code in ("410", "482", "481", "412", "02", "03", "04", "07")),
    *((unifonic(code), False, A) for code in ("401", "480", "01", "08", "403", "456")),
    *((unifonic(code, int(code)), True, M) for code in ("410", "482")),
    *((unifonic(code, int(code)), False, A) for code in ("401", "402", "480")),
    *((unifonic(code), False, W) for code in ("408", "425", "429")),
    *((unifonic(code, int(code)), False, W) for code in ("408", "425", "429")),
    # A page of whatever stands between us.
    *(
        (("unifonic", code, b"<html>no</html>"), False, W)
        for code in (408, 409, 410, 412, 415, 417, 421, 422, 425)
    ),
    *((("unifonic", code, b"<html>no</html>"), False, A) for code in (401, 402, 403, 404, 407)),
    *((("generic", code, b"<html>no</html>"), False, A) for code in (402, 403, 404, 407, 415)),
    *((("generic", code, b"no such number"), True, M) for code in (400, 413, 422)),
    (unifonic("599", 599), False, W),
    (("unifonic", 482, b"Invalid dest num"), True, M),
    (unifonic("10"), False, M),
    (taqnyat(401, "invalid credentials information"), False, A),
    (taqnyat(400, "Sender Name not active"), False, A),
    (taqnyat(400, "Your balance is not enough"), False, A),
    (taqnyat(400, "recipients is not valid"), True, M),
    (taqnyat(429, "slow down"), False, W),
    (taqnyat(500, "internal"), False, W),
    (("taqnyat", 201, {"statusCode": 201, "messageId": 1, "accepted": "[]",
                       "rejected": "[966550000001]"}), True, M),
    *((msegat(code), True, M) for code in ("1050", "1120", "1140", "M0008")),
    *((msegat(code), False, A) for code in ("M0002", "1020", "1060", "1110", "M0037", "M0001")),
    (msegat("M0099"), False, M),
    (("msegat", 200, b"1120"), True, M),
    *((twilio(code), True, M) for code in (21211, 21610, 21614, 21266, 21617)),
    # Of this number's country: one foreign number does not close the channel.
    *((twilio(code), True, M) for code in (21408, 21612)),
    *((twilio(code), False, A) for code in (21606, 21608)),
    (twilio(20003, 401), False, A),
    (twilio(20404, 404), False, A),
    (twilio(20429, 429), False, W),
    (twilio(21611), False, W),
    (twilio(20500, 500), False, W),
    (twilio(29999), False, M),
]  # fmt: skip


@pytest.mark.parametrize(("said", "permanent", "fault"), REFUSED)
async def test_what_a_gateways_codes_mean(
    said: tuple[str, int, Any], permanent: bool, fault: Fault
) -> None:
    name, status, body = said
    async with speaking(name) as (told, transport):
        told.says(status, body)
        error = await refusal(transport)
    assert (error.permanent, error.fault) == (permanent, fault), error.reason


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"Retry_After": "120"}, 120),
        (
            429,
            {
                "Retry_After": "Mon, 23 Nov 2026 08:10:00 GMT",
                "Date": "Mon, 23 Nov 2026 08:00:00 GMT",
            },
            600,
        ),
        (429, {}, None),
        (500, {}, None),
        (503, {"Retry_After": "30"}, 30),
    ],
)
async def test_a_gateway_that_is_busy_or_broken_says_nothing_of_the_message(
    name: str, status: int, headers: dict[str, str], wait: float | None
) -> None:
    async with speaking(name) as (told, transport):
        told.says(status, b"<html>no</html>", **headers)
        error = await refusal(transport)
    assert (error.permanent, error.fault, error.retry_after) == (False, W, wait)


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("how", [TAKES_AND_HANGS, HANGS_UP])
async def test_a_lost_answer_is_asked_for_again_with_the_same_name(name: str, how: int) -> None:
    async with speaking(name) as (told, transport):
        told.says(how)
        error = await refusal(transport)
        assert (error.permanent, error.fault) == (False, W)
        told.says(*TAKEN[name][:2])
        assert await transport.send(sms()) == TAKEN[name][2]
    first, second = told.asked
    # A gateway that knows such a name, or finds doubles by the text, sends it once.
    assert first.fields == second.fields


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("unifonic", {"success": False, "errorCode": "ER-409", "message": "duplicate"}),
        ("msegat", {"code": "1061", "message": "MSG duplicated"}),
    ],
)
async def test_what_was_taken_before_is_not_failed(name: str, body: Any) -> None:
    async with speaking(name) as (told, transport):
        told.says(200, body)
        assert await transport.send(sms()) is None


@pytest.mark.parametrize("name", ["unifonic", "taqnyat", "msegat", "twilio"])
@pytest.mark.parametrize(
    "body",
    [b"<html>Sign in to the Wi-Fi</html>", b"", b"[1]", b"null", b'{"a":' * 9000],
    ids=["page", "empty", "list", "null", "deep"],
)
async def test_an_answer_that_is_none_of_the_gateways_is_no_promise(name: str, body: bytes) -> None:
    async with speaking(name) as (told, transport):
        told.says(TAKEN[name][0], body)
        error = await refusal(transport)
    assert (error.permanent, error.fault) == (False, W)


async def test_any_gateways_codes_are_read_as_the_settings_say() -> None:
    described = {
        "sms_success": "data.code=1|OK",
        "sms_refused": "data.code=7|8",
        "sms_id_at": "n.0",
    }
    async with speaking("generic", **described) as (told, transport):
        told.says(200, {"data": {"code": 1}, "n": ["x-1"]})
        assert await transport.send(sms()) == "x-1"
        told.says(200, {"data": {"code": "8"}})
        assert (await refusal(transport)).permanent is True
        for status in (422, 403, 404, 503):
            told.says(status, {"data": {"code": "7"}})
            assert (await refusal(transport)).permanent is True
        told.says(200, {"data": {"code": 3}})
        assert (await refusal(transport)).permanent is False
        told.says(200, b"garbage")
        assert (await refusal(transport)).permanent is False


def told(name: str, fields: dict[str, Any], secret: str = SECRET, notice: int = 7) -> Told:
    """A receipt as the gateway sends it."""
    url = f"https://balagh.example.sa/sms/receipts/{name}"
    headers = {}
    if name == "twilio":
        url += f"?notice={notice}"
        signed = url + "".join(f"{key}{fields[key]}" for key in sorted(fields))
        key = b"auth-token" if secret == SECRET else b"another"
        digest = hmac.new(key, signed.encode(), hashlib.sha1).digest()
        headers["x-twilio-signature"] = base64.b64encode(digest).decode()
    query = {"notice": str(notice)}
    return Told(url=url, query=query, headers=headers, secret=secret, fields=fields)


def receiving(name: str, **more: str) -> Any:
    secret = {} if name == "twilio" else {"sms_receipt_secret": SECRET}
    gateway = gateway_of(settings_of(name, "https://sms.example.sa/x", **secret, **more))
    assert gateway is not None
    return gateway


@pytest.mark.parametrize(
    ("name", "fields", "receipt"),
    [
        ("unifonic", {"MessageID": 32, "DLR": "Delivered", "Recipient": "966550000001"},
         Receipt(notice=None, name="32", outcome="delivered")),
        ("unifonic", {"MessageID": "32", "CorrelationID": "notice-7", "Status": "Undelivered",
                      "ErrorCode": "ER-05"},
         Receipt(notice=7, name="32", outcome="failed", code="ER-05")),
        ("unifonic", {"MessageID": "32", "DLR": "Undeliverable"},
         Receipt(notice=None, name="32", outcome="failed", code="undeliverable")),
        ("unifonic", {"MessageID": "32", "Status": "Sent"},
         Receipt(notice=None, name="32", outcome=None)),
        ("twilio", {"MessageSid": "SM1", "MessageStatus": "delivered", "To": PHONE},
         Receipt(notice=7, name="SM1", outcome="delivered")),
        ("twilio", {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005"},
         Receipt(notice=7, name="SM1", outcome="failed", code="30005")),
        ("unifonic", {"CorrelationID": "notice-7-2", "DLR": "Delivered"},
         Receipt(notice=7, sending=2, name=None, outcome="delivered")),
        ("twilio", {"MessageSid": "SM1", "MessageStatus": "sent"},
         Receipt(notice=7, name="SM1", outcome=None)),
        ("generic", {"id": "gw-1", "status": "DELIVERED"},
         Receipt(notice=None, name="gw-1", outcome="delivered")),
        ("taqnyat", {"id": "54", "status": "rejected", "code": 9},
         Receipt(notice=None, name="54", outcome="failed", code="9")),
        ("msegat", {"id": "77", "status": "expired"},
         Receipt(notice=None, name="77", outcome="failed", code="expired")),
    ],
)  # fmt: skip
def test_what_a_receipt_tells(name: str, fields: dict[str, Any], receipt: Receipt) -> None:
    assert receiving(name).receipt(told(name, fields)) == receipt


def test_a_receipts_fields_are_those_of_the_settings() -> None:
    described = {"sms_receipt_fields": "our_id=ref,status=s.name", "sms_receipt_delivered": "ok"}
    gateway = receiving("generic", **described)
    for ref, sending in (("notice-7", 0), ("notice-7-3", 3)):
        found = gateway.receipt(told("generic", {"ref": ref, "s": {"name": "OK"}}))
        assert found == Receipt(notice=7, sending=sending, name=None, outcome="delivered")


@pytest.mark.parametrize("name", NAMED)
def test_a_receipt_without_proof_is_not_read(name: str) -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "failed", "MessageID": "1", "DLR": "Delivered",
              "id": "1", "status": "delivered"}  # fmt: skip
    gateway = receiving(name)
    gateway.receipt(told(name, fields))
    for secret in ("", SECRET[:-1], SECRET.upper()):
        with pytest.raises(ForgedError):
            gateway.receipt(told(name, fields, secret))


def test_a_changed_receipt_of_twilios_is_not_read() -> None:
    gateway = receiving("twilio")
    signed = told("twilio", {"MessageSid": "SM1", "MessageStatus": "delivered"})
    changes: tuple[dict[str, Any], ...] = (
        {"fields": {"MessageSid": "SM1", "MessageStatus": "failed"}},
        {"fields": {"MessageSid": "SM2", "MessageStatus": "delivered"}},
        {"url": signed.url.replace("7", "8")},
        {"headers": {}},
    )
    for change in changes:
        changed = {name: getattr(signed, name) for name in signed.__struct_fields__} | change
        with pytest.raises(ForgedError):
            gateway.receipt(Told(**changed))


@pytest.mark.parametrize("name", ["unifonic", "generic", "msegat", "taqnyat"])
def test_without_a_secret_no_receipt_is_read(name: str) -> None:
    gateway = gateway_of(settings_of(name, "https://sms.example.sa/x"))
    assert gateway is not None
    with pytest.raises(ForgedError):
        gateway.receipt(told(name, {"id": "1", "status": "delivered"}, ""))


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("unifonic", {"DLR": "Delivered"}),
        ("unifonic", {"MessageID": "1"}),
        ("twilio", {"MessageSid": "SM1"}),
        ("generic", {"id": "1"}),
        ("generic", {"status": "delivered", "id": {"a": 1}}),
    ],
)
def test_a_receipt_that_says_nothing_is_refused(name: str, fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="neither"):
        receiving(name).receipt(told(name, fields))
