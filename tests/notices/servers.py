"""Real servers for the tests: an SMTP server and an SMS gateway that do as they are told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from aiosmtpd.smtp import Session as SmtpSession
from tests.notices.http_server import TAKES_AND_HANGS, Answer, Asked, http_server
from tests.notices.smtp_server import Recipients, smtp_server


class MailServer(Recipients):
    """``hang`` keeps DATA waiting for ever."""

    def __init__(self) -> None:
        super().__init__()
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
    async with smtp_server(told, tls=tls, **options) as told.port:
        yield told


def signed_in_as(name: str, password: str) -> Callable[..., AuthResult]:
    def check(server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = (data.login, data.password) == (name.encode(), password.encode())
        return AuthResult(success=good, handled=False)

    return check


class Gateway:
    """``answer(to)`` → status, headers, body; one that takes the message and hangs has it in
    ``taken``."""

    def __init__(self) -> None:
        self.answer: Callable[[str], Answer] = lambda to: (202, {}, b'{"id": "gw-1"}')
        self.requests: list[dict[str, Any]] = []
        self.taken: list[dict[str, Any]] = []
        self.authorization: list[str | None] = []
        self.url = ""


@asynccontextmanager
async def gateway() -> AsyncIterator[Gateway]:
    told = Gateway()

    def answer(asked: Asked) -> Answer:
        said = told.answer(asked.fields["to"])
        if said[0] == TAKES_AND_HANGS:
            told.taken.append(asked.fields)
        else:
            told.requests.append(asked.fields)
            told.authorization.append(asked.headers.get("authorization"))
        return said

    async with http_server(answer) as address:
        told.url = f"{address}/messages"
        yield told
