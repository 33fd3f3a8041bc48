"""A real HTTP server that answers as a gateway's documentation says; it keeps what it was asked."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

# Takes the message, and never says so.
TAKES_AND_HANGS = 0
# Closes the connection instead.
HANGS_UP = -1


class Asked(msgspec.Struct, frozen=True):
    """``fields``: of the query, the form or the JSON object."""

    method: str
    path: str
    headers: Mapping[str, str]
    fields: dict[str, Any]


class Dialect:
    """``answer()`` → status, headers, body."""

    def __init__(self) -> None:
        self.answer: Callable[[], tuple[int, dict[str, str], bytes]] = lambda: (200, {}, b"{}")
        self.asked: list[Asked] = []
        self.released = threading.Event()
        self.url = ""

    def says(self, status: int, body: object = None, **headers: str) -> None:
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = lambda: (status, named, content)


@asynccontextmanager
async def dialect() -> AsyncIterator[Dialect]:
    told = Dialect()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            kind = self.headers.get("Content-Type", "")
            fields = (
                msgspec.json.decode(raw)
                if kind.startswith("application/json")
                else dict(parse_qsl(raw.decode() or parts.query))
            )
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.asked.append(Asked(self.command, parts.path, headers, fields))
            status, more, content = told.answer()
            if status <= 0:
                if status == TAKES_AND_HANGS:
                    told.released.wait(30)
                self.close_connection = True
                return
            self.send_response_only(status)
            for name, value in {**more, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.url = f"http://127.0.0.1:{server.server_port}/send"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield told
    finally:
        told.released.set()
        await asyncio.to_thread(server.shutdown)
        server.server_close()
