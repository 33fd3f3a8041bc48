"""Two of the staff act on one report at once: one does it, the other is told, no text is lost."""

import asyncio
import json
from typing import Any

import pytest
from tests.web.complaints import picture
from tests.web.conftest import Visiting
from tests.web.pages import Browser, Page
from tests.web.staff.cases import a_case, events, notices, report

from balagh.database import fetch

TEXT = "لأن البلاغ لا يستوفي الشروط المطلوبة."
OTHER = "تحققوا من الفاتورة قبل الرد."


async def form_of(browser: Browser, made: dict[str, Any], noun: str) -> tuple[str, dict[str, str]]:
    page = await browser.open(f"/cases/{made['number']}?do={noun}")
    form = page.form(f"/{noun}")
    return form.action, dict(form.fields)


async def test_a_hundred_rounds(at_desk: Visiting) -> None:
    """Reem rejects, Majed refers or rejects too: whoever is second reads what was done by whom, and
    finds their text in the answer."""
    winners = set()
    async with at_desk("reem") as reem, at_desk("majed") as majed:
        reject = await form_of(reem, await a_case(), "rejection")
        refer = await form_of(majed, await a_case(), "referral")
        deny = await form_of(majed, await a_case(), "rejection")
        for turn in range(100):
            made = await a_case()
            hers = (f"/cases/{made['number']}/rejection?as_of=1",
                    {**reject[1], "code": "outside", "reason": TEXT})  # fmt: skip
            noun, form, typed = (
                ("referral", refer[1], {"guidance": OTHER})
                if turn % 2
                else ("rejection", deny[1], {"code": "unclear", "reason": OTHER})
            )
            his = (f"/cases/{made['number']}/{noun}?as_of=1", {**form, **typed})
            sends = [
                reem.client.post(hers[0], data=hers[1]),
                majed.client.post(his[0], data=his[1]),
            ]
            order = (0, 1) if turn % 4 < 2 else (1, 0)
            found = await asyncio.gather(*(sends[n] for n in order))
            answers = [found[order.index(n)] for n in (0, 1)]
            statuses = sorted(answer.status_code for answer in answers)
            assert statuses == [303, 409]
            lost = answers.index(next(answer for answer in answers if answer.status_code == 409))
            winners.add((lost, noun))
            page = Page(answers[lost])
            assert (TEXT, OTHER)[lost] in page.text
            assert ("Majed Alharbi", "Reem Alshammari")[lost] in page.text
            assert "Today, 11:30" in page.text
            told = await events(made)
            assert [one["action"] for one in told if one["to_state"]][1:] == [
                "refer" if lost == 0 and noun == "referral" else "reject"
            ]
            assert (await report(made))["version"] == 2
            keys = await fetch(
                "SELECT count(*) FROM notice WHERE key LIKE $1", f"report:{made['id']}:%"
            )
            assert keys[0]["count"] == 2
    # Each of them was second.
    assert {lost for lost, _ in winners} == {0, 1}


async def test_what_can_still_be_done_is_looked_at_again(at_desk: Visiting) -> None:
    async with at_desk("reem") as reem, at_desk("majed") as majed:
        made = await a_case("answered")
        address, fields = await form_of(reem, made, "sending-back")
        # It was sent back and answered anew meanwhile: another answer than the one she read.
        await fetch("UPDATE report SET version = 3 WHERE id = $1", made["id"])
        await majed.open(f"/cases/{made['number']}")
        page = Page(await reem.client.post(address, data={**fields, "reason": TEXT}))
        assert page.status == 409
        assert "The report changed meanwhile" in page.text
        form = page.form("/sending-back")
        assert form.fields["reason"].strip() == TEXT
        assert (await report(made))["state"] == "answered"
        answer = await reem.client.post(form.action, data=form.fields)
        assert answer.status_code == 303
        assert (await report(made))["state"] == "in_progress"


@pytest.mark.parametrize("times", [2, 5])
async def test_pressed_again_and_again(at_desk: Visiting, times: int) -> None:
    async with at_desk("reem") as reem:
        made = await a_case()
        address, fields = await form_of(reem, made, "rejection")
        data = {**fields, "code": "outside", "reason": TEXT}
        answers = await asyncio.gather(
            *(reem.client.post(address, data=data) for _ in range(times))
        )
        assert {answer.status_code for answer in answers} == {303}
        assert [one["action"] for one in await events(made) if one["to_state"]][1:] == ["reject"]
        assert len(await notices()) == 2
        # Other words from a page that is still open somewhere are not lost.
        again = await reem.client.post(address, data={**data, "reason": OTHER})
        assert again.status_code == 409
        assert OTHER in again.text
        assert len(await notices()) == 2


async def test_what_is_no_longer_theirs_is_absent_and_their_words_are_given_back(
    at_desk: Visiting,
) -> None:
    async with at_desk("fahd") as fahd:
        made = await a_case("in_progress")
        address, fields = await form_of(fahd, made, "answer")
        await fetch(
            "UPDATE report SET state = 'under_review', version = 2, referred_agency_id = NULL, "
            "referred_at = NULL WHERE id = $1", made["id"],
        )  # fmt: skip
        data = {**fields, "text": TEXT}
        theirs = await fahd.client.post(address, data=data)
        none = await fahd.client.post("/cases/1000000005/answer?as_of=1", data=data)
        assert theirs.status_code == none.status_code == 404
        assert TEXT in theirs.text
        assert theirs.text == none.text
        assert (await report(made))["version"] == 2
        # Nothing was written: the page of whatever does not exist.
        empty = await fahd.client.post(address, data={**fields, "text": ""})
        assert "This page does not exist" in empty.text


async def test_an_update_with_files_leaves_nothing_when_somebody_was_first(
    at_desk: Visiting,
) -> None:
    async with at_desk("hind") as hind, at_desk("reem") as reem:
        made = await a_case("missing_data")
        pages = [await form_of(browser, made, "update") for browser in (hind, reem)]
        file = {"file_0": ("a.png", picture(), "image/png")}
        sends = [
            browser.client.post(address, data={**fields, "text_1": f"20931177 {n}"}, files=file)
            for n, (browser, (address, fields)) in enumerate(zip((hind, reem), pages, strict=True))
        ]
        answers = await asyncio.gather(*sends)
        assert sorted(answer.status_code for answer in answers) == [303, 409]
        (lost,) = [n for n, answer in enumerate(answers) if answer.status_code == 409]
        assert f"20931177 {lost}" in answers[lost].text
        kept = await fetch("SELECT event_id, pending_action, item FROM attachment")
        event = (await events(made))[-1]
        assert [tuple(row) for row in kept] == [(event["id"], None, 0)]
        said = json.loads(event["data"])["answers"]
        assert said[0]["files"] == ["a.png"]
        assert said[1]["text"] == f"20931177 {1 - lost}"


async def test_a_file_that_is_none(at_desk: Visiting) -> None:
    async with at_desk("hind") as hind:
        made = await a_case("missing_data")
        address, fields = await form_of(hind, made, "update")
        answer = await hind.client.post(
            address, data={**fields, "text_1": "20931177"},
            files={"file_0": ("page.html", b"<p>", "text/html")},
        )  # fmt: skip
        page = Page(answer)
        assert page.status == 422
        assert page.form("/update").fields["text_1"].strip() == "20931177"
        assert await fetch("SELECT 1 FROM attachment") == []
        assert (await report(made))["version"] == 1
