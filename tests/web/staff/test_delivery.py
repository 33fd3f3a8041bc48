"""Marking a promise as delivered: once, with evidence, and the beneficiary is told."""

import json
from datetime import timedelta
from io import BytesIO
from itertools import product

import pytest
from PIL import Image
from tests.web.conftest import NOW, Clock, Visiting
from tests.web.staff.casework import accepted, audited, case, events, row

from balagh.database import fetch
from balagh.notices.messages import render

MAY = ("reem", "majed", "fahd", "mona")
TEXT = "The reminder is sent since today."


def picture() -> bytes:
    made = BytesIO()
    Image.new("RGB", (30, 20), "#1B8354").save(made, "PNG")
    return made.getvalue()


@pytest.mark.parametrize("key", ["hind", "reem", "majed", "abeer", "fahd", "mona", "salem"])
async def test_who_delivers(at_desk: Visiting, key: str) -> None:
    made = await accepted()
    async with at_desk(key) as one:
        csrf = (await one.open("/")).form("/sign-out").fields["csrf"]
        answer = await one.client.post(
            f"{made['url']}/delivery?as_of=1", data={"csrf": csrf, "delivery_text": TEXT}
        )
        page = await one.open(made["url"])
        assert (page.status == 200) == (key not in ("abeer", "salem"))
    now = await row(made["id"])
    assert answer.status_code == (303 if key in MAY else 404)
    assert (now["delivered_at"] == NOW) == (key in MAY)
    assert await audited(made["id"], "deliver") == (key in MAY)


STATES = ("in_progress", "answered", "closed", "rejected")


@pytest.mark.parametrize(
    ("state", "outcome"), list(product(STATES, ("accepted", "refused", "solved")))
)
async def test_only_what_was_promised_is_delivered(
    at_desk: Visiting, state: str, outcome: str
) -> None:
    kind = "complaint" if outcome == "solved" else "suggestion"
    made = await case(
        state, kind=kind, outcome=outcome, answer="x",
        promised_on=NOW.date() if outcome == "accepted" else None,
    )  # fmt: skip
    possible = (state, outcome) == ("closed", "accepted")
    async with at_desk("reem") as reem:
        page = await reem.open(made["url"])
        assert any("/delivery" in form.action for form in page.forms) == possible
        csrf = page.form("/sign-out").fields["csrf"]
        answer = await reem.client.post(
            f"{made['url']}/delivery?as_of=1", data={"csrf": csrf, "delivery_text": TEXT}
        )
    assert answer.status_code == (303 if possible else 404)
    assert ((await row(made["id"]))["delivered_at"] is not None) == possible


async def test_words_and_a_file_reach_the_beneficiary(
    at_desk: Visiting, visiting: Visiting
) -> None:
    made = await accepted()
    async with at_desk("fahd") as fahd:
        page = await fahd.open(made["url"])
        assert "7 days left" in page.text
        page = await fahd.send(
            "/delivery", delivery_text=TEXT,
            files={"delivery_file": ("reminder.png", picture(), "image/png")},
        )  # fmt: skip
        assert page.status == 200
        assert "Done: Mark as delivered" in page.text
        assert "Delivered on Monday 23 November 2026" in page.text
        assert not any("/delivery" in form.action for form in page.forms)
    (event,) = await events(made["id"], "deliver")
    assert event["public"]
    assert json.loads(event["data"])["text"] == TEXT
    notices = await fetch("SELECT * FROM notice ORDER BY channel")
    assert [one["key"] for one in notices] == [
        f"report:{made['id']}:delivered:2:email", f"report:{made['id']}:delivered:2:sms",
    ]  # fmt: skip
    for one in notices:
        for language in ("ar", "en"):
            said = render("delivered", one["channel"], language, json.loads(one["data"]))
            assert made["number"][:3] in str(said)
    async with visiting("نورة سعد القحطاني") as noura:
        page = await noura.open(f"/reports/{made['number']}")
        assert "The promised change is live" in page.text
        assert TEXT in page.text
        file = await noura.client.get(page.links["reminder.png"])
        assert file.status_code == 200
        assert Image.open(BytesIO(file.content)).size == (30, 20)


@pytest.mark.parametrize(
    ("text", "file", "said"),
    [
        ("", None, "Say what is live now, or choose a file that shows it"),
        ("ok", None, "Write at least 5 characters"),
        (2001 * "x", None, "Shorten this to 2000 characters"),
        (TEXT, b"<p>no picture</p>", "Files of this type cannot be added"),
    ],
)
async def test_what_cannot_be_taken(
    at_desk: Visiting, text: str, file: bytes | None, said: str
) -> None:
    made = await accepted()
    async with at_desk("fahd") as fahd:
        await fahd.open(made["url"])
        files = {"delivery_file": ("a.html", file)} if file else None
        page = await fahd.send("/delivery", delivery_text=text, files=files)
        assert page.status == 422
        assert page.title.startswith("Error:")
        assert page.text.count(said) == 2
        assert page.form("/delivery").fields["delivery_text"] == text
    assert (await row(made["id"]))["delivered_at"] is None


async def test_the_second_is_told_and_loses_nothing(at_desk: Visiting, time: Clock) -> None:
    made = await accepted()
    async with at_desk("fahd") as fahd, at_desk("reem") as reem:
        await fahd.open(made["url"])
        await reem.open(made["url"])
        await fahd.send("/delivery", delivery_text="Live since this morning.")
        time.now = NOW + timedelta(minutes=5)
        page = await reem.send("/delivery", delivery_text=TEXT)
        assert page.status == 409
        assert "The report changed meanwhile" in page.text
        assert TEXT in page.text
    assert len(await events(made["id"], "deliver")) == 1
    assert (await row(made["id"]))["delivered_at"] == NOW


async def test_after_a_correction_it_is_looked_at_once_more(at_desk: Visiting) -> None:
    made = await accepted()
    async with at_desk("fahd") as fahd:
        await fahd.open(made["url"])
        await fetch("UPDATE report SET version = version + 1 WHERE id = $1", made["id"])
        page = await fahd.send("/delivery", delivery_text=TEXT)
        assert page.status == 409
        assert page.form("/delivery").fields["delivery_text"] == TEXT
        page = await fahd.send("/delivery")
        assert page.status == 200
    assert (await row(made["id"]))["delivered_at"] == NOW
