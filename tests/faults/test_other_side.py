"""The mail server and the SMS gateway are down, slow, or refuse: with the real worker process."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.faults.counts import PATIENT, times
from tests.faults.nursery import Nursery, nursery
from tests.faults.sink import sink
from tests.notices.outbox import put
from tests.notices.servers import gateway
from tests.test_jobs import environment

from balagh import clock
from balagh.database import fetch
from balagh.processes import free_port

pytestmark = [PATIENT, pytest.mark.usefixtures("db")]

ROUNDS = times(10, 1)
# Seconds that the other side is silent: longer than a command, or an answer, may take.
SLOW = 30
# What each refusal is told to, as the first letters of the recipient's address say.
REFUSALS = {
    "e421": "421 4.3.2 going down", "e450": "450 4.2.1 busy", "e550": "550 5.1.1 unknown",
}  # fmt: skip
GATEWAY: dict[str, tuple[int, dict[str, str], bytes]] = {
    "+966551": (429, {"Retry-After": "300"}, b""),
    "+966552": (500, {}, b""),
    "+966553": (0, {}, b""),
}


async def test_each_refusal_is_met_as_it_says_and_nothing_is_lost(tmp_path: Path) -> None:
    heard: Counter[str] = Counter()
    async with sink() as mails, gateway() as told:
        environ = environment(
            smtp_port=str(mails.port), sms_url=told.url, sms_token="t", log_level="error"
        )
        async with nursery(environ, tmp_path / "log") as workers:
            for number in range(ROUNDS):
                ids = {
                    to: await put(to, now=clock.now())
                    for to in (
                        *(f"{kind}-{number}@example.sa" for kind in ("slow", "deaf", *REFUSALS)),
                        f"good-{number}@example.sa",
                        *(f"{start}00{number:03}" for start in (*GATEWAY, "+966554")),
                    )
                }
                of = {id: to for to, id in ids.items()}
                began = clock.now()
                mails.answer = lambda to: REFUSALS.get(to.split("-")[0], "250 OK")
                told.answer = lambda to: GATEWAY.get(to[:7], (202, {}, b'{"id": "gw"}'))

                async def hook(phase: str, notice: int, of: dict[int, str] = of) -> None:
                    kind = of.get(notice, "").split("-")[0]
                    # Slow: it never gets the message in time. Deaf: it has it and does not say so.
                    if (phase, kind) in (("data", "slow"), ("taken", "deaf")):
                        await asyncio.sleep(SLOW)

                mails.hook = hook
                await workers.start()
                first = await _tried(ids)
                workers.stop()
                await workers.gone()
                _judge_first(first, began)
                # All is well again, and a minute has passed.
                mails.hook, mails.answer = _at_once, lambda _: "250 OK"
                told.answer = lambda to: (202, {}, b'{"id": "gw"}')
                await _later()
                await workers.start()
                await _until_none_waits()
                workers.stop()
                await workers.gone()
                heard.update(kind for kind, row in first.items() if row["error"])
    rows = await fetch("SELECT id, recipient, state, attempts FROM notice")
    states = {_kind(row["recipient"]): row["state"] for row in rows}
    assert {kind for kind, state in states.items() if state == "failed"} == {"e550"}
    for row in rows:
        kind = _kind(row["recipient"])
        came = mails.arrived.get(row["id"], [])
        if "@" in row["recipient"]:
            expected = {"e550": 0, "deaf": 2}.get(kind, 1)
            # A slow server delivers in the end what it was told, whoever has hung up.
            assert len(came) == expected or (kind == "slow" and len(came) == 2), (kind, len(came))
            assert len(set(came)) <= 1, kind
    # The gateway that had taken it and did not say so hears the same id again.
    again = [body["id"] for body in told.requests]
    assert len(told.taken) == ROUNDS
    assert all(again.count(body["id"]) == 1 for body in told.taken)
    assert len(again) == len(set(again)) + 2 * ROUNDS
    print(f"{ROUNDS} rounds; each refused once, then sent: {dict(heard)}")


def _judge_first(first: dict[str, Any], began: Any) -> None:
    """After one attempt each."""
    assert first["good"]["state"] == first["+966554"]["state"] == "sent"
    assert (first["e550"]["state"], first["e550"]["error"]) == ("failed", "SMTP refused: 550 5.1.1")
    for kind, said in {
        "e421": "421", "e450": "450", "slow": "", "deaf": "", "+966551": "429", "+966552": "500",
        "+966553": "Timeout",
    }.items():  # fmt: skip
        row = first[kind]
        assert (row["state"], row["attempts"]) == ("waiting", 1), kind
        assert said in row["error"], (kind, row["error"])
        wait = row["next_attempt_at"] - began
        if kind == "+966551":
            assert wait >= timedelta(seconds=300)
        else:
            # A minute and a fifth at most, from when the batch began.
            assert timedelta(seconds=48) <= wait <= timedelta(seconds=90), (kind, wait)


async def test_messages_wait_for_a_server_that_is_down(tmp_path: Path) -> None:
    """A few are tried, the channel closes, and all go out in order when it is back."""
    port, people = free_port(), 40
    ids = [await put(f"p{n % (people // 2)}@example.sa", now=clock.now()) for n in range(people)]
    async with nursery(environment(smtp_port=str(port), log_level="error"), tmp_path / "log") as w:
        for _ in range(times(5, 1)):
            await w.start()
            async with asyncio.timeout(60):
                while not await fetch("SELECT FROM circuit WHERE opened_at IS NOT NULL"):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await _stopped(w)
            await _later()
        # Who waited behind a closed channel has lost no attempts.
        rows = await fetch("SELECT attempts FROM notice WHERE state = 'waiting'")
        assert len(rows) == people
        assert sum(row["attempts"] for row in rows) <= 10 + times(5, 1)
        async with sink(port) as mails:
            await w.start()
            async with asyncio.timeout(120):
                while await fetch("SELECT FROM notice WHERE state = 'waiting'"):
                    await _later()
                    await asyncio.sleep(0.5)
            await _stopped(w)
    assert {id: len(came) for id, came in mails.arrived.items()} == dict.fromkeys(ids, 1)
    for to in {to for to, _ in mails.order}:
        order = [id for recipient, id in mails.order if recipient == to]
        assert order == sorted(order), to


async def _at_once(_phase: str, _notice: int) -> None:
    pass


def _kind(recipient: str) -> str:
    return recipient.split("-")[0] if "@" in recipient else recipient[:7]


async def _tried(ids: dict[str, int]) -> dict[str, Any]:
    """The rows, by kind, when each has been tried."""
    async with asyncio.timeout(90):
        while True:
            rows = await fetch("SELECT * FROM notice WHERE id = ANY($1)", list(ids.values()))
            if all(row["state"] != "waiting" or row["error"] for row in rows):
                return {_kind(row["recipient"]): row for row in rows}
            await asyncio.sleep(0.1)


async def _later() -> None:
    """Every pause has passed: of messages, of a closed channel, of the minute's jobs."""
    await fetch("UPDATE notice SET next_attempt_at = now() WHERE state = 'waiting'")
    await fetch("UPDATE circuit SET retry_at = now() WHERE opened_at IS NOT NULL")
    await fetch("UPDATE saq_jobs SET scheduled = extract(epoch FROM now())::int "
                "WHERE status = 'queued' AND key = 'cron:sweep'")  # fmt: skip


async def _stopped(workers: Nursery) -> None:
    workers.stop()
    await workers.gone()


async def _until_none_waits() -> None:
    async with asyncio.timeout(60):
        while await fetch("SELECT FROM notice WHERE state = 'waiting'"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
