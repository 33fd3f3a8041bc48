"""Reminders are stopped by a link of their message, in a browser or by the mailbox's one click."""

from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from tests.notices.outbox import NOW as WRITTEN
from tests.web.conftest import NOW, Visiting
from tests.web.pages import Browser

from balagh.database import fetch
from balagh.i18n import Language
from balagh.notices.facts import examples
from balagh.notices.messages import Email, render
from balagh.notices.moments import MOMENTS
from balagh.notices.transports import Outgoing
from balagh.notices.transports.email import compose
from balagh.people import unsubscribing
from balagh.reports import stop_links
from balagh.reports.stop_links import LIFETIME

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
KEY = b"k" * 32


async def draft(person: str, *, waiting: bool = True) -> str:
    """One with a reminder, and another whose reminder waits to be sent."""
    id = uuid4()
    await fetch(
        "INSERT INTO draft (id, person_id, kind, created_at, updated_at, remind_on) "
        "SELECT $1, id, 'complaint', $3, $3, $4 FROM person WHERE name = $2",
        id, person, NOW, date(2026, 12, 1),
    )  # fmt: skip
    if waiting:
        await fetch(
            "INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, "
            "created_at) VALUES ($1, 'may_file_now', 'email', 'a@example.sa', 'ar', '{}', $2, $2)",
            f"draft:{id}:may_file_now:2026-12-01:email", NOW,
        )  # fmt: skip
    return str(id)


async def left() -> tuple[int, int]:
    """Drafts that will remind, and reminders that wait."""
    rows = await fetch(
        "SELECT (SELECT count(*) FROM draft WHERE remind_on IS NOT NULL), "
        "(SELECT count(*) FROM notice WHERE state = 'waiting')"
    )
    return int(rows[0][0]), int(rows[0][1])


async def path_of(browser: Browser, name: str, portal: Any, **more: Any) -> str:
    """The link in a message to that person."""
    ((id,),) = await fetch("SELECT id FROM person WHERE name = $1", name)
    address = stop_links.address(
        id,
        more.get("now", NOW),
        public_url="https://balagh.example.sa",
        secret_key=portal.state.settings.secret_key,
        language="en",
    )
    return urlsplit(address).path


NOURA, KHALID = "نورة سعد القحطاني", "خالد عبدالله العتيبي"


@pytest.mark.usefixtures("noura", "khalid")
async def test_stopped_in_a_browser(visiting: Visiting, portal: Any) -> None:
    await draft(NOURA)
    await draft(NOURA)
    await draft(KHALID)
    async with visiting() as anybody:
        path = await path_of(anybody, NOURA, portal)
        page = await anybody.open(path)
        assert page.h1 == "Stop the reminders?"
        # Programs that check mail open links too.
        assert await left() == (3, 3)
        for _ in range(2):
            await anybody.open(path)
            form = anybody.page.form(path)
            answer = await anybody.client.post(
                form.action, data=form.fields, headers={"Sec-Fetch-Site": "same-origin"}
            )
            assert answer.status_code == 303
            page = await anybody.open(answer.headers["location"])
            assert page.h1 == "Your reminders are stopped"
            # Khalid's stay.
            assert await left() == (1, 1)


@pytest.mark.usefixtures("noura", "khalid")
async def test_stopped_by_the_mailbox_s_one_click(visiting: Visiting, portal: Any) -> None:
    """RFC 8058, 3.2: a POST from the provider, without origin, cookies or referrer."""
    await draft(NOURA)
    async with visiting() as anybody:
        path = await path_of(anybody, NOURA, portal)
        transport = anybody.client._transport
        async with httpx.AsyncClient(
            transport=transport, base_url="https://balagh.example.sa"
        ) as provider:
            answer = await provider.post(path, data=ONE_CLICK)
            assert (answer.status_code, answer.text) == (200, "")
            assert await left() == (0, 0)
            # Nothing else takes a form without an origin.
            assert (await provider.post("/sign-out")).status_code == 403


@pytest.mark.usefixtures("noura")
async def test_a_link_that_is_over_or_not_ours(visiting: Visiting, portal: Any) -> None:
    await draft(NOURA)
    async with visiting() as anybody:
        old = await path_of(anybody, NOURA, portal, now=NOW - LIFETIME - timedelta(seconds=1))
        assert (await anybody.open(old)).status == 410
        assert (await anybody.client.post(old, data=ONE_CLICK)).status_code == 410
        good = await path_of(anybody, NOURA, portal)
        for bad in (good[:-1], good + "A", "/stop/x", "/stop/" + "A" * 38, good[:-1] + "ي"):
            assert (await anybody.open(bad)).status == 404
            assert (await anybody.client.post(bad, data=ONE_CLICK)).status_code == 404
        assert await left() == (1, 1)


@pytest.mark.parametrize(
    ("kind", "other"), [(stop_links, unsubscribing), (unsubscribing, stop_links)]
)
def test_a_token_says_whose_and_until_when_and_nobody_else_makes_one(kind: Any, other: Any) -> None:
    link = (15, WRITTEN)
    made = kind.token(*link, KEY)
    assert kind.read(made, KEY) == link
    assert kind.read(made, b"x" * 32) is None
    assert other.read(made, KEY) is None
    for place, sign in enumerate(made):
        changed = made[:place] + ("A" if sign != "A" else "B") + made[place + 1 :]
        read = kind.read(changed, KEY)
        # The last sign has two bits to spare, which are read as nothing.
        assert read is None or (place == len(made) - 1 and read == link)
    for bad in ("", "x", made + "A", made[:-1], "é" * 38, "*" * 38, "/" * 38):
        assert kind.read(bad, KEY) is None


@pytest.mark.parametrize("name", MOMENTS)
def test_what_can_be_stopped_says_so(name: str) -> None:
    """In the headers, which mail programs read, and at its end (RFC 2369, RFC 8058)."""
    stop = "https://balagh.example.sa/stop/x"
    for address in (stop, "http://localhost:8000/stop/x", ""):
        data = examples(MOMENTS[name].facts, Language.of("en"))
        made = render(name, "email", "en", {**data, "unsubscribe": address} if address else data)
        assert isinstance(made, Email)
        raw = compose(Outgoing(1, "a@example.sa", "en", WRITTEN, made), "b@example.sa")
        mail = message_from_bytes(raw, policy=default)
        if not address:
            assert "List-Unsubscribe" not in mail
            assert "Stop these" not in made.text
            continue
        assert mail["List-Unsubscribe"] == f"<{address}>"
        one_click = "List-Unsubscribe=One-Click" if address == stop else None
        assert mail["List-Unsubscribe-Post"] == one_click
        assert address in made.text
        assert f'href="{address}"' in made.html
