"""A real HTTP server that answers as a gateway's documentation says; it keeps what it was asked."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
from tests.notices.http_server import Answer, Asked, http_server


class Dialect:
    """``answer()`` → status, headers, body."""

    def __init__(self) -> None:
        self.answer: Callable[[], Answer] = lambda: (200, {}, b"{}")
        self.asked: list[Asked] = []
        self.url = ""

    def says(self, status: int, body: object = None, **headers: str) -> None:
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = lambda: (status, named, content)


@asynccontextmanager
async def dialect() -> AsyncIterator[Dialect]:
    told = Dialect()

    def answer(asked: Asked) -> Answer:
        told.asked.append(asked)
        return told.answer()

    async with http_server(answer) as address:
        told.url = f"{address}/send"
        yield told
