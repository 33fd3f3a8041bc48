"""An SMTP server that knows in which phase of its conversation each message is, and calls a hook
there. What arrives is kept as it came, not read, so that it costs little."""

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from tests.notices.smtp_server import Recipients, smtp_server

_MESSAGE_ID = re.compile(rb"^Message-ID: <notice-(\d+)@", re.MULTILINE | re.IGNORECASE)

Hook = Callable[[str, int], Awaitable[None]]


async def _nothing(_phase: str, _notice: int) -> None:
    pass


class Sink(Recipients):
    """``hook(phase, notice)`` is awaited in the phases ``mail`` (MAIL was said), ``data`` (the
    message is here, the final 250 is not said) and ``taken`` (it is about to be said: the message
    counts as arrived); ``notice`` is 0 before DATA. ``arrived``: the bytes, by notice, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.hook: Hook = _nothing
        self.arrived: dict[int, list[bytes]] = defaultdict(list)
        self.order: list[tuple[str, int]] = []
        # Notices whose DATA has come and whose 250 was not said yet.
        self.inside: set[int] = set()
        self.port = 0

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: Any
    ) -> str:
        envelope.mail_from = address
        await self.hook("mail", 0)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: SmtpSession, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        found = _MESSAGE_ID.search(envelope.content)
        assert found
        notice = int(found[1])
        self.inside.add(notice)
        try:
            await self.hook("data", notice)
            # As a server does that has the whole message: it delivers, whoever hears of it.
            self.arrived[notice].append(envelope.content)
            self.order.append((envelope.rcpt_tos[0], notice))
            await self.hook("taken", notice)
        finally:
            self.inside.discard(notice)
        return "250 2.0.0 OK"


@asynccontextmanager
async def sink(port: int = 0) -> AsyncIterator[Sink]:
    """On that port; 0: on a free one."""
    made = Sink()
    async with smtp_server(made, port) as made.port:
        yield made
