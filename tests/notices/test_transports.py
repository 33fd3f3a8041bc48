"""E-mail and SMS against real servers that refuse, delay, hang up and hang."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.notices.outbox import NOW, settings_for
from tests.notices.servers import Gateway, gateway, mail_server, signed_in_as

from balagh.notices.messages import Email, Sms
from balagh.notices.transports import DeliveryError, Fault, Outgoing, Transport
from balagh.notices.transports.email import EmailTransport
from balagh.notices.transports.sms import SmsTransport

TO = "noura@example.com"
PHONE = "+966550000001"


def mail(id: int = 1, recipient: str = TO) -> Outgoing:
    return Outgoing(id, recipient, "ar", NOW, Email("رقم 730", "نص سري", "<p>نص سري</p>"))


def sms(id: int = 1) -> Outgoing:
    return Outgoing(id, PHONE, "ar", NOW, Sms("تم استلام بلاغك"))


async def refused(send: Callable[[], Awaitable[object]]) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await send()
    # The reason is kept and logged.
    for private in (TO, PHONE, "noura", "سري", "تم"):
        assert private not in caught.value.reason
    return caught.value


async def test_one_connection_carries_many_messages() -> None:
    async with mail_server() as server:
        transport = EmailTransport(settings_for(smtp_port=server.port))
        for id in range(5):
            assert "queued as 7" in str(await transport.send(mail(id)))
        await transport.close()
    assert len(server.mails) == 5
    assert server.connections == 1
    assert str(server.mails[0]["Subject"]) == "رقم 730"


@pytest.mark.parametrize(
    ("reply", "permanent", "code"),
    [
        ("421 4.3.2 Going down", False, "421 4.3.2"),
        (f"450 4.2.1 <{TO}> is busy", False, "450 4.2.1"),
        ("451 Try later", False, "451"),
        ("452 4.2.2 Full", False, "452 4.2.2"),
        (f"550 5.1.1 <{TO}>: unknown, نص سري", True, "550 5.1.1"),
        ("553 Bad name", True, "553"),
        ("554 5.7.1 Refused", True, "554 5.7.1"),
    ],
)
async def test_what_a_refused_recipient_means(reply: str, permanent: bool, code: str) -> None:
    async with mail_server(enable_SMTPUTF8=True) as server:
        server.answer = lambda recipient: reply
        transport = EmailTransport(settings_for(smtp_port=server.port))
        error = await refused(lambda: transport.send(mail()))
        assert (error.permanent, error.reason) == (permanent, f"SMTP refused: {code}")
        # The next message is not hurt by it.
        server.answer = lambda recipient: "250 OK"
        await transport.send(mail(2))
        await transport.close()
    assert [m["Message-ID"] for m in server.mails] == ["<notice-2@example.sa>"]
    assert server.connections == (2 if code.startswith("421") else 1)


@pytest.mark.parametrize(("reply", "permanent"), [("451 later", False), ("554 spam", True)])
async def test_what_refused_content_means(reply: str, permanent: bool) -> None:
    async with mail_server() as server:
        server.after_data = lambda: reply
        transport = EmailTransport(settings_for(smtp_port=server.port))
        error = await refused(lambda: transport.send(mail()))
        await transport.close()
    assert error.permanent is permanent


async def test_a_connection_that_was_closed_while_idle_is_opened_again() -> None:
    async with mail_server(timeout=0.2) as server:
        transport = EmailTransport(settings_for(smtp_port=server.port))
        await transport.send(mail(1))
        await asyncio.sleep(0.5)
        await transport.send(mail(2))
        await transport.close()
    assert len(server.mails) == 2
    assert server.connections == 2


async def test_a_server_that_hangs_or_is_away_is_tried_later() -> None:
    async with mail_server() as server:
        server.hang = True
        transport = EmailTransport(settings_for(smtp_port=server.port), timeout=0.2)
        error = await refused(lambda: transport.send(mail()))
        assert (error.permanent, "broke off" in error.reason) == (False, True)
        server.hang = False
        await transport.send(mail(2))
        await transport.rest()
        port = server.port
    gone = EmailTransport(settings_for(smtp_port=port))
    error = await refused(lambda: gone.send(mail()))
    assert error.permanent is False


@pytest.mark.parametrize(("fault", "seconds"), [("forget_reply", 0.3), ("break_off", 5)])
async def test_a_server_that_is_gone_with_the_message_gets_it_once(
    fault: str, seconds: float
) -> None:
    """It falls silent, or breaks off, on a connection that was used before: it may have taken
    the message."""
    async with mail_server() as server:
        transport = EmailTransport(settings_for(smtp_port=server.port), timeout=seconds)
        await transport.send(mail(1))
        setattr(server, fault, True)
        await refused(lambda: transport.send(mail(2)))
        await transport.close()
    assert [m["Message-ID"] for m in server.mails] == [
        "<notice-1@example.sa>", "<notice-2@example.sa>",
    ]  # fmt: skip


@pytest.mark.parametrize("code", [530, 534, 535, 538])
async def test_a_server_that_wants_a_sign_in_speaks_of_our_account(code: int) -> None:
    """RFC 4954, 6: a relay that begins to ask for it fails nobody's mail for good."""
    async with mail_server() as server:
        server.answer = lambda recipient: f"{code} 5.7.0 Authentication required"
        transport = EmailTransport(settings_for(smtp_port=server.port))
        error = await refused(lambda: transport.send(mail()))
        await transport.close()
    assert (error.permanent, error.fault) == (False, Fault.ACCOUNT)
    assert error.reason == f"SMTP sign-in refused: {code} 5.7.0"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts of a server for 127.0.0.1 and of a client that believes it."""
    path = tmp_path_factory.mktemp("tls") / "mail.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=path)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_the_connection_is_secured_and_the_server_is_who_it_says(
    security: str, certificate: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    tls, believing = certificate
    options: dict[str, Any] = (
        {"tls": tls} if security == "tls" else {"tls_context": tls, "require_starttls": True}
    )
    async with mail_server(**options) as server:
        settings = settings_for(smtp_port=server.port, smtp_security=security)
        stranger = EmailTransport(settings)
        error = await refused(lambda: stranger.send(mail()))
        assert (error.permanent, "connection failed" in error.reason) == (False, True)
        transport = EmailTransport(settings, tls=believing)
        await transport.send(mail())
        await transport.close()
    assert len(server.mails) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_a_wrong_password_is_our_fault_and_not_the_messages() -> None:
    options: dict[str, Any] = {
        "authenticator": signed_in_as("balagh", "right"),
        "auth_require_tls": False,
        "auth_required": True,
    }
    async with mail_server(**options) as server:

        def transport(password: str) -> EmailTransport:
            return EmailTransport(
                settings_for(smtp_port=server.port, smtp_username="balagh", smtp_password=password)
            )

        wrong, right = transport("wrong"), transport("right")
        error = await refused(lambda: wrong.send(mail()))
        assert error.permanent is False
        assert error.reason.startswith("SMTP sign-in refused: 535")
        await right.send(mail())
        await right.close()
    assert len(server.mails) == 1


async def test_an_address_that_no_header_can_hold_fails_for_good() -> None:
    async with mail_server() as server:
        transport = EmailTransport(settings_for(smtp_port=server.port))
        with pytest.raises(DeliveryError) as caught:
            await transport.send(mail(recipient="a@example.com\r\nBcc: b@example.com"))
    assert caught.value.permanent is True
    assert server.connections == 0


def sending(told: Gateway, patience: float = 10.0) -> SmsTransport:
    return SmsTransport(settings_for(sms_url=told.url), timeout=patience)


async def test_an_sms_reaches_the_gateway() -> None:
    async with gateway() as told:
        transport = sending(told)
        assert await transport.send(sms(7)) == "gw-1"
        await transport.close()
    assert told.requests == [
        {"id": "notice-7", "to": PHONE, "from": "Balagh", "text": "تم استلام بلاغك"}
    ]
    assert told.authorization == ["Bearer s3cret"]


DATE = {"Date": "Mon, 23 Nov 2026 08:00:00 GMT"}


@pytest.mark.parametrize(
    ("status", "headers", "permanent", "retry_after"),
    [
        (429, {"Retry-After": "120"}, False, 120),
        (429, {}, False, None),
        (429, {"Retry-After": "999999"}, False, 86400),
        (429, {"Retry-After": "soon"}, False, None),
        (503, {"Retry-After": "Mon, 23 Nov 2026 08:10:00 GMT", **DATE}, False, 600),
        (503, {"Retry-After": "Mon, 23 Nov 2026 07:10:00 GMT", **DATE}, False, 0),
        (500, {}, False, None),
        (502, {}, False, None),
        (401, {}, False, None),
        (408, {}, False, None),
        (302, {"Location": "/elsewhere"}, False, None),
        (400, {}, True, None),
        # Of our account, our settings, or the proxy in between.
        *((one, {}, False, None) for one in (402, 403, 404, 405, 406, 407, 410, 411, 415)),
        (422, {}, True, None),
    ],
)
async def test_what_the_gateways_answer_means(
    status: int, headers: dict[str, str], permanent: bool, retry_after: float | None
) -> None:
    async with gateway() as told:
        told.answer = lambda to: (status, headers, f"no {to}".encode())
        transport = sending(told)
        error = await refused(lambda: transport.send(sms()))
        await transport.close()
    assert error.permanent is permanent
    assert error.reason.startswith("SMS gateway ")
    assert error.reason.endswith(f": {status}")
    assert error.retry_after == retry_after


@pytest.mark.parametrize(
    ("body", "name"),
    [(b'{"id": 12}', "12"), (b"{}", None), (b"OK", None), (b"", None), (b'{"id": [1]}', None)],
)
async def test_a_gateway_that_answers_oddly_has_still_taken_it(
    body: bytes, name: str | None
) -> None:
    async with gateway() as told:
        told.answer = lambda to: (200, {}, body)
        transport = sending(told)
        assert await transport.send(sms()) == name
        await transport.close()


async def test_a_gateway_that_hangs_or_is_away_is_tried_later() -> None:
    async with gateway() as told:
        told.answer = lambda to: (0, {}, b"")
        transport = sending(told, patience=0.2)
        error = await refused(lambda: transport.send(sms()))
        assert error.permanent is False
    error = await refused(lambda: transport.send(sms()))
    assert error.permanent is False
    await transport.close()


async def test_without_a_gateway_no_sms_is_sent() -> None:
    transport = SmsTransport(settings_for())
    error = await refused(lambda: transport.send(sms()))
    assert error.permanent is True
    await transport.close()


def test_both_are_transports() -> None:
    both: list[type[Transport]] = [EmailTransport, SmsTransport]
    assert len(both) == 2
