"""The demonstration's other side: an SMTP server and an SMS gateway that keep what they are given.

``python -m balagh.demo.sinks --folder DIR --smtp-port N --sms-port N``. Each message becomes one
JSON file, written whole or not at all, whose name sorts by time. They listen on the loopback
address only and end with the program that started them.
"""

import argparse
import asyncio
import os
import signal
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession

from balagh import clock
from balagh.demo import ahead

_HOST = "127.0.0.1"
_LARGEST_SMS = 100_000


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What the outbox page shows. ``at``: ISO instant; ``message_id``: the sender's own id."""

    id: str
    channel: str
    at: str
    recipient: str
    sender: str
    message_id: str
    subject: str
    text: str
    html: str


class _Request(msgspec.Struct, forbid_unknown_fields=True):
    """The body that ``docs/sms.md`` describes."""

    id: str
    to: str
    sender: str = msgspec.field(name="from")
    text: str


def newest(folder: Path, limit: int = 200) -> list[Message]:
    """The messages, newest first."""
    names = sorted((path.name for path in folder.glob("*.json")), reverse=True)[:limit]
    return [msgspec.json.decode((folder / name).read_bytes(), type=Message) for name in names]


def find(folder: Path, id: str) -> Message | None:
    """One message; ``id`` may come from an address, so it is compared and never made a path."""
    return next((message for message in newest(folder) if message.id == id), None)


def keep(folder: Path, message: Message) -> None:
    """Writes it whole or not at all: a reader never sees half a file."""
    made = folder / f"{message.id}.part"
    made.write_bytes(msgspec.json.encode(message))
    made.rename(folder / f"{message.id}.json")


def new_id() -> str:
    """Sorts by time."""
    return f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}"


class _Mailbox:
    """aiosmtpd's handler: takes every message for anybody."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: SmtpSession, envelope: Envelope
    ) -> str:
        content = envelope.content
        raw = content.encode() if isinstance(content, str) else content or b""
        mail = message_from_bytes(raw, _class=EmailMessage, policy=default)
        for recipient in envelope.rcpt_tos:
            message = Message(
                id=new_id(),
                channel="email",
                at=clock.now().isoformat(),
                recipient=recipient,
                sender=envelope.mail_from or "",
                message_id=str(mail["Message-ID"] or ""),
                subject=str(mail["Subject"] or ""),
                text=_body(mail, "plain"),
                html=_body(mail, "html"),
            )
            await asyncio.to_thread(keep, self._folder, message)
        return "250 2.0.0 Kept"


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part else ""


def _gateway(folder: Path, port: int) -> ThreadingHTTPServer:
    """The SMS gateway of ``docs/sms.md``: the same id twice is one message."""
    taken: dict[str, str] = {}
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        # Headers and body leave in one packet.
        wbufsize = -1

        def do_POST(self) -> None:
            size = self.headers.get("Content-Length", "")
            if not size.isdigit() or int(size) > _LARGEST_SMS:
                self.close_connection = True
                return self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": "size"})
            try:
                request = msgspec.json.decode(self.rfile.read(int(size)), type=_Request)
            except msgspec.MsgspecError as error:
                return self._answer(HTTPStatus.BAD_REQUEST, {"error": str(error)})
            with lock:
                if request.id not in taken:
                    message = _sms(request)
                    keep(folder, message)
                    taken[request.id] = message.id
            return self._answer(HTTPStatus.ACCEPTED, {"id": taken[request.id]})

        def _answer(self, status: HTTPStatus, body: dict[str, str]) -> None:
            content = msgspec.json.encode(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing: the messages are to be read in the outbox."""

    return ThreadingHTTPServer((_HOST, port), Handler)


def _sms(request: _Request) -> Message:
    return Message(
        id=new_id(),
        channel="sms",
        at=clock.now().isoformat(),
        recipient=request.to,
        sender=request.sender,
        message_id=request.id,
        subject="",
        text=request.text,
        html="",
    )


@contextmanager
def _serving(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


async def run(folder: Path, smtp_port: int, sms_port: int) -> None:
    """Serves until SIGTERM, SIGINT, or the end of the program that started us."""
    # First: once we can be reached, whoever started us may end at any moment.
    parent = os.getppid()
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    handler = _Mailbox(folder)
    smtp = await loop.create_server(
        lambda: SMTP(handler, hostname="localhost", enable_SMTPUTF8=True), _HOST, smtp_port
    )
    with _serving(_gateway(folder, sms_port)):
        watch = asyncio.create_task(_end_with(parent, stop))
        await stop.wait()
        watch.cancel()
    smtp.close()


async def _end_with(parent: int, stop: asyncio.Event) -> None:
    """When our parent dies we are given to another, whatever killed it."""
    while os.getppid() == parent:  # noqa: ASYNC110 - nobody tells us
        await asyncio.sleep(0.5)
    stop.set()


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 stopped as asked, 1 a port is taken."""
    parser = argparse.ArgumentParser(prog="python -m balagh.demo.sinks")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--sms-port", type=int, required=True)
    chosen = parser.parse_args(arguments)
    try:
        # The outbox is in the data folder.
        ahead.install(chosen.folder.resolve().parent)
        chosen.folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(run(chosen.folder, chosen.smtp_port, chosen.sms_port))
    except OSError as error:
        print(f"The demonstration's post cannot open: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
