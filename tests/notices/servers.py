"""Real servers for the tests: an SMTP server and an SMS gateway that do as they are told."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from aiosmtpd.smtp import Session as SmtpSession


class MailServer:
    """``answer(recipient)`` says what each RCPT is told; ``hang`` keeps DATA waiting for ever."""

    def __init__(self) -> None:
        self.answer: Callable[[str], str] = lambda recipient: "250 OK"
        self.after_data: Callable[[], str] = lambda: "250 2.0.0 OK queued as 7"
        self.hang = False
        # Seconds that DATA takes.
        self.delay = 0.002
        # Takes the message but never says so, or closes the connection instead.
        self.forget_reply = False
        self.break_off = False
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.connections = 0
        self.open_at_most = 0
        # Set when four are at it at once.
        self.busy = asyncio.Event()
        self._open: set[int] = set()
        self.port = 0

    def of(self, recipient: str) -> list[EmailMessage]:
        return [m for m, to in zip(self.mails, self.recipients, strict=True) if to == recipient]

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: SmtpSession, envelope: Envelope, name: str, replies: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = name
        return replies

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: Any
    ) -> str:
        reply = self.answer(address)
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: SmtpSession, envelope: Envelope
    ) -> str:
        self._open.add(id(session))
        self.open_at_most = max(self.open_at_most, len(self._open))
        if len(self._open) == 4:
            self.busy.set()
        try:
            if self.hang:
                await asyncio.sleep(3600)
            await asyncio.sleep(self.delay)
        finally:
            self._open.discard(id(session))
        reply = self.after_data()
        if reply.startswith("250"):
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, _class=EmailMessage, policy=default)
            self.mails.append(mail)
            self.recipients.append(envelope.rcpt_tos[0])
        if self.forget_reply:
            await asyncio.sleep(3600)
        if self.break_off:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return reply


@asynccontextmanager
async def mail_server(
    tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[MailServer]:
    """``tls``: TLS from the first byte. ``options`` are aiosmtpd's."""
    told = MailServer()
    loop = asyncio.get_running_loop()
    transports: list[asyncio.BaseTransport] = []

    class Server(SMTP):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transports.append(transport)
            super().connection_made(transport)

    server = await loop.create_server(
        lambda: Server(told, hostname="mail.test", **options), "127.0.0.1", 0, ssl=tls
    )
    told.port = server.sockets[0].getsockname()[1]
    try:
        yield told
    finally:
        server.close()
        for transport in transports:
            transport.close()


def signed_in_as(name: str, password: str) -> Callable[..., AuthResult]:
    def check(server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = (data.login, data.password) == (name.encode(), password.encode())
        return AuthResult(success=good, handled=False)

    return check


class Gateway:
    """``answer(to)`` → status, headers, body; a status of 0 never answers, though it has
    taken the message (``taken``)."""

    def __init__(self) -> None:
        self.answer: Callable[[str], tuple[int, dict[str, str], bytes]] = lambda to: (
            202,
            {},
            b'{"id": "gw-1"}',
        )
        self.requests: list[dict[str, Any]] = []
        self.taken: list[dict[str, Any]] = []
        self.authorization: list[str | None] = []
        self.released = threading.Event()
        self.url = ""


@asynccontextmanager
async def gateway() -> AsyncIterator[Gateway]:
    told = Gateway()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_POST(self) -> None:
            body = msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, content = told.answer(body["to"])
            if status == 0:
                told.taken.append(body)
                told.released.wait(30)
                self.close_connection = True
                return
            told.requests.append(body)
            told.authorization.append(self.headers["Authorization"])
            self.send_response_only(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.url = f"http://127.0.0.1:{server.server_port}/messages"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield told
    finally:
        told.released.set()
        await asyncio.to_thread(server.shutdown)
        server.server_close()
