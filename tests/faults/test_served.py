"""`balagh serve` as people run it, whose own PostgreSQL is killed, at times with the worker or the
web process, while people file reports and cancel them."""

import asyncio
import os
import random
import re
import secrets
import signal
import sys
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from tests.faults.counts import PATIENT, SEED, times
from tests.faults.database import a_minute_later, kill
from tests.faults.sink import Sink, sink
from tests.test_cli import LEAST, environment
from tests.web.complaints import DETAILS, begin, choose_service, day
from tests.web.pages import Browser

from balagh.directory.sheets import SAMPLE
from balagh.embedded import EmbeddedServer
from balagh.people.sessions import token_hash
from balagh.processes import free_port

pytestmark = PATIENT

KILLS = times(50, 3)
PUBLIC = "https://balagh.example.sa"
# What dies with the database, in turn.
WITH = (None, "worker", "web")
# Seconds. A web server whose processes die twice within 5.5 s gives up, and `serve` does after five
# of them in a row.
APART = 7.0


class People:
    """``landed``: where each draft's submission led; ``cancelled``: numbers whose cancellation was
    confirmed; ``refused``: how often something was refused; ``lost``: how often no answer came."""

    def __init__(self, client: httpx.AsyncClient, actions: list[str], fields: dict[str, str]):
        self._client = client
        self._actions = deque(actions)
        self._fields = fields
        self.landed: dict[str, str] = {}
        self.cancelled: set[str] = set()
        self.to_cancel: deque[str] = deque()
        self.refused = 0
        self.lost = 0

    async def run(self) -> None:
        """Until all is filed and every second one cancelled."""
        while self._actions or self.to_cancel:
            if self._actions and (len(self._actions) % 2 or not self.to_cancel):
                action = self._actions.popleft()
                answer = await self._send(action, self._fields)
                if answer is None:
                    self._actions.append(action)
                    continue
                number = re.findall(r"/reports/(\d{10})", answer.headers["location"])[0]
                self.landed[action] = number
                if len(self.landed) % 2:
                    self.to_cancel.append(number)
            else:
                await self._cancel(self.to_cancel.popleft())
            await asyncio.sleep(0.02)

    async def _cancel(self, number: str) -> None:
        action = f"/reports/{number}/cancellation"
        page = await self._send(action)
        if page is None:
            self.to_cancel.append(number)
        elif page.status_code == 200 and (sent := await self._cancelling(page)):
            if sent.status_code == 303:
                self.cancelled.add(number)
            else:
                self.to_cancel.append(number)
        elif page.status_code == 200:
            self.to_cancel.append(number)
        # Otherwise it is cancelled already: the answer that said so was lost.

    async def _cancelling(self, page: httpx.Response) -> httpx.Response | None:
        browser = Browser(self._client)
        form = (await browser._show(page)).form("/cancellation")
        return await self._send(form.action, form.fields)

    async def _send(self, path: str, fields: dict[str, str] | None = None) -> httpx.Response | None:
        """The answer, or nothing when it was lost or a page said that it did not work."""
        try:
            answer = await (
                self._client.get(path) if fields is None else self._client.post(path, data=fields)
            )
        except httpx.HTTPError:
            self.lost += 1
            await asyncio.sleep(0.05)
            return None
        if answer.status_code < 500:
            return answer
        # They are told so, and that nothing of theirs is gone.
        assert "What you saved is kept" in answer.text, answer.text[:500]
        self.refused += 1
        await asyncio.sleep(0.05)
        return None


async def test_it_comes_back_by_itself_and_keeps_what_it_accepted(tmp_path: Path) -> None:
    chance, data = random.Random(SEED), tmp_path / "data"
    url = EmbeddedServer(data).url()
    async with sink() as mails, _serve(data, mails.port, tmp_path / "log") as (serve, client):
        people = await _people(url, client, 30 + 12 * KILLS)
        busy = asyncio.create_task(people.run())
        loop, web_lives_at = asyncio.get_running_loop(), 0.0
        for number in range(KILLS):
            await asyncio.sleep(chance.uniform(0.2, 0.8))
            beside = WITH[number % len(WITH)]
            if beside == "web":
                await asyncio.sleep(web_lives_at - loop.time())
                web_lives_at = loop.time() + APART
            kill(_postmaster(data))
            if beside:
                _kill_child(serve.pid, beside)
            await _answers(client)
            assert serve.returncode is None
            await a_minute_later(url)
        async with asyncio.timeout(120):
            await busy
            while await _waiting(url):  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.1)
        assert serve.returncode is None
        await _judge(url, people, mails)


async def _judge(url: str, people: People, mails: Sink) -> None:
    said = f"seed {SEED}, {KILLS} kills"
    connection = await asyncpg.connect(url)
    reports = await connection.fetch("SELECT number, draft_id::text AS draft, state FROM report")
    acts = await connection.fetch(
        "SELECT r.number, e.action FROM event e JOIN report r ON r.id = e.report_id"
    )
    notices = await connection.fetch("SELECT id, moment, state FROM notice")
    await connection.close()
    # One report for each draft, the one that the person was led to, however often it was sent.
    filed = {action.split("/")[-2]: number for action, number in people.landed.items()}
    assert {row["draft"]: row["number"] for row in reports} == filed, said
    gone = {row["number"] for row in reports if row["state"] == "cancelled"}
    assert people.cancelled <= gone, said
    assert Counter((row["number"], row["action"]) for row in acts) == Counter(
        [*((row["number"], "submit") for row in reports), *((number, "cancel") for number in gone)]
    ), said
    # One message for each of the two, sent.
    assert Counter(row["state"] for row in notices) == {"sent": len(reports) + len(gone)}, said
    assert set(mails.arrived) == {row["id"] for row in notices}, said
    assert people.refused + people.lost, said
    print(f"{said}: {len(filed)} reports filed, {len(people.cancelled)} cancelled, all there; "
          f"{people.refused} times refused, {people.lost} times no answer")  # fmt: skip


@asynccontextmanager
async def _serve(
    data: Path, smtp_port: int, log: Path
) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    """Ready, with the sample catalogue, and a browser's connection to it."""
    port = free_port()
    environ = {
        **environment(), **LEAST, **environment(
            port=port, data=data, smtp_host="127.0.0.1", smtp_port=smtp_port, public_url=PUBLIC,
            mail_from="balagh@example.sa", log_level="warning",
        ),
    }  # fmt: skip
    command = [sys.executable, "-m", "balagh.cli"]
    with log.open("wb") as out:
        serve = await asyncio.create_subprocess_exec(
            *command, "serve", env=environ, stdout=out, stderr=out, start_new_session=True
        )
        try:
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}",
                headers={"origin": PUBLIC},
                timeout=20,
            ) as client:
                await _answers(client)
                made = await asyncio.create_subprocess_exec(
                    *command, "catalogue", "import", str(SAMPLE),
                    env=environ, stdout=out, stderr=out,
                )  # fmt: skip
                assert await made.wait() == 0
                yield serve, client
        finally:
            if serve.returncode is None:
                serve.terminate()
            async with asyncio.timeout(30):
                await serve.wait()


async def _people(url: str, client: httpx.AsyncClient, drafts: int) -> People:
    """Somebody who is signed in and has so many drafts, all to be sent."""
    now, token = datetime.now(UTC), secrets.token_urlsafe(32)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "WITH person AS (INSERT INTO person (name, phone, email, created_at) VALUES "
            "('نورة سعد القحطاني', '+966553184471', 'n@example.sa', $2) RETURNING id) "
            "INSERT INTO session (token_hash, person_id, created_at, seen_at, expires_at) "
            "SELECT $1, id, $2, $2, $3 FROM person",
            token_hash(token), now, now + timedelta(hours=1),
        )  # fmt: skip
        client.cookies.update({"lang": "en", "__Host-balagh": token})
        browser = Browser(client)
        await begin(browser, "no_response_time")
        await choose_service(browser)
        filed = now.date() - timedelta(days=40)
        on = day("filed_on", filed.day, filed.month, filed.year)
        await browser.send("/reference", reference="A-0", **on)
        await browser.send("/details", **DETAILS)
        form = (await browser.send("/documents")).form("/submission")
        rows = await connection.fetch(
            "INSERT INTO draft (id, person_id, kind, answers, created_at, updated_at) "
            "SELECT gen_random_uuid(), person_id, kind, "
            "answers || jsonb_build_object('reference', 'A-' || n), created_at, updated_at "
            "FROM draft, generate_series(1, $1::int) AS n RETURNING id::text",
            drafts - 1,
        )
        first = await connection.fetchval(
            "SELECT min(id::text) FROM draft WHERE answers->>'reference' = 'A-0'"
        )
    finally:
        await connection.close()
    ids = [first, *(row["id"] for row in rows)]
    # `as_of` is the draft's own, which all share.
    return People(client, [form.action.replace(first, id) for id in ids], form.fields)


async def _answers(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            with suppress(httpx.HTTPError):
                if (await client.get("/health")).status_code == 200:
                    return
            await asyncio.sleep(0.1)


def _postmaster(data: Path) -> int:
    return int((data / "postgresql" / "postmaster.pid").read_text().split("\n", 1)[0])


def _kill_child(serve: int, named: str) -> None:
    """The worker, or each process that answers requests, which the web server starts again."""
    word = {"worker": "balagh.jobs", "web": "granian"}[named]
    found = [pid for pid in _children(serve) if word in _command(pid)]
    if named == "web":
        found = [pid for parent in found for pid in _children(parent)]
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    # It may be between two lives, when it died a moment ago.
    assert found or named == "worker", named


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace")
    except OSError:
        return ""


async def _waiting(url: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval("SELECT count(*) FROM notice WHERE state <> 'sent'")
    finally:
        await connection.close()
