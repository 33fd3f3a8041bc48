"""A real SMTP server in the loop of the test."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession


class Recipients:
    """``answer(recipient)`` says what each RCPT is told."""

    def __init__(self) -> None:
        self.answer: Callable[[str], str] = lambda recipient: "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: Any
    ) -> str:
        reply = self.answer(address)
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply


@asynccontextmanager
async def smtp_server(
    handler: object, port: int = 0, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[int]:
    """On which port it listens; 0: a free one. ``tls``: TLS from the first byte. ``handler`` and
    ``options`` are aiosmtpd's. At its end all its connections are closed."""
    transports: list[asyncio.BaseTransport] = []

    class Server(SMTP):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transports.append(transport)
            super().connection_made(transport)

    server = await asyncio.get_running_loop().create_server(
        lambda: Server(handler, hostname="mail.test", **options), "127.0.0.1", port, ssl=tls
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for transport in transports:
            transport.close()
