"""Notices per second end to end, beside aiosmtplib alone with as many connections.

Both hand over e-mails of the same size to the same SMTP sink, a process of its own. Alone: four
connections that send one composed message again and again. End to end: the outbox in PostgreSQL,
claimed, rendered, composed, sent, noted, by what the worker runs.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiosmtplib
import msgspec
import uvloop

from balagh import clock, logs
from balagh.database import fetch, pool
from balagh.embedded import EmbeddedServer
from balagh.migrations import migrate
from balagh.notices import delivery
from balagh.notices.messages import render
from balagh.notices.transports import Outgoing
from balagh.notices.transports.email import EmailTransport, compose
from balagh.settings import load

_DATA = {
    "name": "نورة العتيبي", "number": "7302641185", "title": "تعطل الدفع والسداد",
    "kind": "complaint", "agency_ar": "وزارة البلديات والإسكان",
    "agency_en": "Ministry of Municipalities and Housing", "due_on": "2026-11-30",
    "submitted_at": "2026-11-23T08:00:00+00:00",
    "link": "https://balagh.example.sa/reports/7302641185",
}  # fmt: skip
# The least that an SMTP server can say.
_SINK = """
import asyncio, sys, uvloop
class Sink(asyncio.Protocol):
    def connection_made(self, transport):
        self.out, self.rest, self.inside = transport, b"", False
        transport.write(b"220 sink\\r\\n")
    def data_received(self, data):
        self.rest += data
        while True:
            if self.inside:
                if (end := self.rest.find(b"\\r\\n.\\r\\n")) < 0:
                    return
                self.rest, self.inside = self.rest[end + 5:], False
                self.out.write(b"250 taken\\r\\n")
                continue
            line, found, rest = self.rest.partition(b"\\r\\n")
            if not found:
                return
            self.rest, verb = rest, line[:4].upper()
            if verb == b"DATA":
                self.inside = True
                self.out.write(b"354 go on\\r\\n")
            elif verb == b"QUIT":
                self.out.write(b"221 bye\\r\\n")
                self.out.close()
                return
            else:
                self.out.write(b"250 sink\\r\\n")
async def main():
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
uvloop.run(main())
"""


def run(*, rounds: int, count: int = 2000) -> None:
    """Prints the rates of each round and the ratio of their medians."""
    logs.configure("warning")
    with (
        tempfile.TemporaryDirectory(prefix="balagh-bench-") as folder,
        subprocess.Popen([sys.executable, "-c", _SINK], stdout=subprocess.PIPE) as sink,
    ):
        server = EmbeddedServer(Path(folder))
        server.start()
        try:
            assert sink.stdout
            port = int(sink.stdout.readline())
            server.create_database("balagh")
            os.environ["BALAGH_DATABASE_URL"] = server.url()
            uvloop.run(_measure(port, rounds, count))
        finally:
            sink.terminate()
            server.stop()


async def _measure(port: int, rounds: int, count: int) -> None:
    await migrate()
    settings = load(
        {
            "BALAGH_SECRET_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
            "BALAGH_SMTP_HOST": "127.0.0.1", "BALAGH_SMTP_PORT": str(port),
            "BALAGH_MAIL_FROM": "بلاغ رقمي <balagh@example.sa>",
            "BALAGH_PUBLIC_URL": "https://balagh.example.sa",
        },
        demo=True,
    )  # fmt: skip
    async with pool(10):
        transport = EmailTransport(settings)
        alone: list[float] = []
        whole: list[float] = []
        await _end_to_end(transport, 100)
        for number in range(rounds):
            alone.append(await _alone(port, count))
            whole.append(await _end_to_end(transport, count))
            print(
                f"round {number + 1}: aiosmtplib {alone[-1]:.0f}/s, end to end {whole[-1]:.0f}/s, "
                f"ratio {whole[-1] / alone[-1]:.2f}",
                flush=True,
            )
        await transport.close()
    ratio = statistics.median(whole) / statistics.median(alone)
    print(f"notices end to end / aiosmtplib alone, {delivery.LANES} connections: {ratio:.2f}")


async def _alone(port: int, count: int) -> float:
    """One message, composed once, again and again."""
    notice = Outgoing(
        1, "q1@example.sa", "ar", clock.now(), render("late", "email", "ar", dict(_DATA))
    )
    message = compose(notice, "balagh@example.sa")
    left = count

    async def lane() -> None:
        nonlocal left
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False)
        await client.connect()
        while left > 0:
            left -= 1
            await client.sendmail("balagh@example.sa", ["q1@example.sa"], message)
        await client.quit()

    began = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(delivery.LANES)))
    return count / (time.perf_counter() - began)


async def _end_to_end(transport: EmailTransport, count: int) -> float:
    """As ``jobs.deliver`` does it, until nothing is due."""
    await fetch("TRUNCATE notice")
    await fetch(
        "INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, "
        "created_at) SELECT 'k' || n, 'late', 'email', 'q' || n || '@example.sa', 'ar', $2::jsonb, "
        "$3, $3 FROM generate_series(1, $1::int) n",
        count, msgspec.json.encode(_DATA).decode(), clock.now(),
    )  # fmt: skip
    began = time.perf_counter()
    sent = 0
    while (
        batch := await delivery.deliver_due({"email": transport}, clock.now(), channels=("email",))
    ).total:
        sent += batch.sent
    assert sent == count, sent
    return count / (time.perf_counter() - began)
