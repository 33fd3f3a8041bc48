"""The demonstration's post office: our own transports hand over, the outbox can be read."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.notices.outbox import NOURA, NOW, settings_for

from balagh.demo import outbox
from balagh.demo.sinks import Message, find, keep, newest
from balagh.notices.messages import render
from balagh.notices.transports import Outgoing
from balagh.notices.transports.email import EmailTransport
from balagh.notices.transports.sms import SmsTransport

PHONE = "+966550000001"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(port: int, lives: Callable[[], bool]) -> None:
    """Until somebody listens there."""
    end = time.monotonic() + 20
    while not listens(port):
        assert lives()
        assert time.monotonic() < end
        time.sleep(0.05)


class Office:
    """The sinks in a process of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.smtp_port, self.sms_port = folder, free_port(), free_port()
        self.argv = [
            sys.executable, "-m", "balagh.demo.sinks", "--folder", str(folder),
            "--smtp-port", str(self.smtp_port), "--sms-port", str(self.sms_port),
        ]  # fmt: skip
        self.url = f"http://127.0.0.1:{self.sms_port}/messages"
        self.process = subprocess.Popen(self.argv)
        # The gateway opens last.
        wait_for(self.sms_port, lambda: self.process.poll() is None)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=10)
        return self.process.returncode


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    opened = Office(tmp_path / "outbox")
    try:
        yield opened
    finally:
        if opened.process.poll() is None:
            opened.process.kill()
            opened.process.communicate()


async def test_both_transports_deliver_to_it(office: Office) -> None:
    settings = settings_for(smtp_port=office.smtp_port, sms_url=office.url)
    mail, sms = EmailTransport(settings), SmsTransport(settings)
    content = render("opened", "email", "ar", NOURA)
    text = render("opened", "sms", "ar", NOURA)
    await mail.send(Outgoing(1, "noura@example.com", "ar", NOW, content))
    await mail.send(Outgoing(2, "reem@example.com", "ar", NOW, content))
    for _ in range(2):
        # The same id twice is one message.
        assert await sms.send(Outgoing(3, PHONE, "ar", NOW, text))
    await mail.close()
    await sms.close()
    kept = newest(office.folder)
    assert [(m.channel, m.recipient) for m in kept] == [
        ("sms", PHONE),
        ("email", "reem@example.com"),
        ("email", "noura@example.com"),
    ]
    assert kept[0].text.endswith(NOURA["link"])
    assert kept[0].message_id == "notice-3"
    assert "730 264 1185" in kept[2].subject
    assert "730 264 1185" in kept[2].html
    assert kept[2].message_id == "<notice-1@example.sa>"
    assert find(office.folder, kept[2].id) == kept[2]
    assert not list(office.folder.glob("*.part"))
    assert office.stop() == 0


def post(url: str, body: bytes) -> int:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"{}", 400),
        (b'{"id": "1", "to": "+9", "from": "B", "text": 7}', 400),
        (json.dumps({"id": "1", "to": "+9", "from": "B", "text": "x" * 200_000}).encode(), 413),
        (b'{"id": "1", "to": "+9", "from": "B", "text": "x"}', 202),
    ],
)
def test_the_gateway_takes_what_its_document_says(office: Office, body: bytes, status: int) -> None:
    assert post(office.url, body) == status
    assert len(newest(office.folder)) == (status == 202)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told(office: Office, number: int) -> None:
    assert office.stop(number) == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", office.smtp_port)) != 0


def test_a_taken_port_is_said(office: Office) -> None:
    second = subprocess.run(office.argv, capture_output=True, text=True, timeout=20, check=False)
    assert second.returncode == 1
    assert "cannot open" in second.stderr


def test_it_listens_on_the_loopback_address_only(office: Office) -> None:
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    listening = {line.split()[1] for line in lines if line.split()[3] == "0A"}
    for port in (office.smtp_port, office.sms_port):
        assert [a for a in listening if a.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]


def test_it_never_outlives_its_parent(tmp_path: Path) -> None:
    smtp, sms = free_port(), free_port()
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys\n"
            "child = subprocess.Popen([sys.executable, '-m', 'balagh.demo.sinks', *sys.argv[1:]])\n"
            "print(child.pid, flush=True)\n"
            "child.wait()\n",
            "--folder", str(tmp_path), "--smtp-port", str(smtp), "--sms-port", str(sms),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    wait_for(sms, lambda: parent.poll() is None)
    parent.kill()
    parent.communicate()
    end = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and time.monotonic() < end:
        # A container may have nobody who collects the dead.
        if "Z" in Path(f"/proc/{child}/stat").read_text().split()[2]:
            break
        time.sleep(0.1)
    else:
        assert not Path(f"/proc/{child}").exists()


def message(id: str, html: str = "") -> Message:
    return Message(
        id=id,
        channel="email" if html else "sms",
        at=datetime(2026, 11, 23, 6, 30, tzinfo=UTC).isoformat(),
        recipient="noura@example.com",
        sender="balagh@example.sa",
        message_id="1",
        subject="",
        text="x",
        html=html,
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("لا رابط & <b>", "لا رابط &amp; &lt;b&gt;"),
        (
            "تابعه:\nhttps://balagh.example.sa/reports/1?x=1&y=2.",
            'تابعه:\n<a href="/reports/1?x=1&amp;y=2">'
            "<bdi>https://balagh.example.sa/reports/1?x=1&amp;y=2</bdi></a>.",
        ),
        (
            "https://other.example/a\u2069 b",
            '<a href="https://other.example/a"><bdi>https://other.example/a</bdi></a>\u2069 b',
        ),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_addresses_become_links_and_nothing_else_does(text: str, shown: str) -> None:
    assert outbox.linked(text, "https://balagh.example.sa") == shown


def test_an_emails_html_is_shut_in(tmp_path: Path) -> None:
    settings = settings_for(data=tmp_path)
    folder = tmp_path / "outbox"
    folder.mkdir()
    keep(folder, message("1", "<h1>أهلًا</h1>"))
    keep(folder, message("2"))
    app = Litestar([outbox.router])
    app.state.settings = settings
    with TestClient(app) as client:
        page = client.get("/demo/outbox/1/html")
        assert page.text == "<h1>أهلًا</h1>"
        policy = page.headers["Content-Security-Policy"]
        assert "sandbox" in policy
        assert "default-src 'none'" in policy
        assert "script" not in policy
        assert page.headers["Cache-Control"] == "no-store"
        assert client.get("/demo/outbox/2/html").status_code == 404
        assert client.get("/demo/outbox/..%2F..%2Fetc/html").status_code == 404


async def test_a_reader_never_meets_half_a_message(tmp_path: Path) -> None:
    async def write() -> None:
        for n in range(200):
            await asyncio.to_thread(keep, tmp_path, message(f"{n:03}", "<p>" + "x" * 50_000))

    writing = asyncio.create_task(write())
    while not writing.done():
        await asyncio.to_thread(newest, tmp_path)
    assert len(newest(tmp_path, limit=500)) == 200
