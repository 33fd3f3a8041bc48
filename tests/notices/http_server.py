"""A real HTTP server in a thread of its own, whose every answer is given by the test."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

# Statuses of an answer that does not come: the message is taken, and it never says so, or it closes
# the connection instead.
TAKES_AND_HANGS, HANGS_UP = 0, -1

Answer = tuple[int, dict[str, str], bytes]


class Asked(msgspec.Struct, frozen=True):
    """``fields``: of the query, the form or the JSON object."""

    method: str
    path: str
    headers: Mapping[str, str]
    fields: dict[str, Any]


@asynccontextmanager
async def http_server(answer: Callable[[Asked], Answer]) -> AsyncIterator[str]:
    """Its address, without a slash at the end. ``answer`` → status, headers, body."""
    over = threading.Event()

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
            status, more, content = answer(Asked(self.command, parts.path, headers, fields))
            if status <= 0:
                if status == TAKES_AND_HANGS:
                    over.wait(30)
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
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        over.set()
        await asyncio.to_thread(server.shutdown)
        server.server_close()
