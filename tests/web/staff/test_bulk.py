"""One action on many reports: what will be done is shown first, then done once, and said."""

import asyncio
from typing import Any

import pytest
from tests.reports import filed
from tests.reports.staff import assignments, holder
from tests.web.conftest import NOW, Visiting, staff_id
from tests.web.pages import Browser, Page

from balagh.database import fetch
from balagh.web.staff.bulk import LIMIT

pytestmark = pytest.mark.usefixtures("portal")

Made = dict[str, Any]


async def reports(count: int, state: str = "under_review", **columns: Any) -> list[Made]:
    person = await filed.person()
    return [await filed.report(person, state, **columns) for _ in range(count)]


async def ask(browser: Browser, made: list[Made], act: str, **fields: str) -> Page:
    """As the inbox's form sends it."""
    await browser.open("/inbox")
    csrf = browser.page.form("/sign-out").fields["csrf"]
    data = {"csrf": csrf, "act": act, "to": "", "case": [one["number"] for one in made], **fields}
    return await browser._show(await browser.client.post("/inbox/bulk", data=data))


async def confirm(browser: Browser, **fields: str) -> Page:
    """Presses the button below the list: with every report on it, as the page has them."""
    form = browser.page.form("/confirmation")
    sent = [part.split('"')[0] for part in browser.page.html.split('name="case" value="')[1:]]
    data = {**form.fields, "case": sent, **fields}
    return await browser._show(await browser.client.post("/inbox/bulk/confirmation", data=data))


async def test_assigning_many(at_desk: Visiting) -> None:
    lama = str(await staff_id("lama"))
    free, hers = await reports(3), await reports(1, assignee_id=int(lama))
    theirs = await reports(1, assignee_id=await staff_id("majed"))
    ended = await reports(1, "closed")
    async with at_desk("reem") as reem:
        page = await ask(reem, free + hers + theirs + ended, "assign", to=lama)
        assert page.h1 == "Assign the selected reports"
        assert "It will be done to 3 reports" in page.text
        assert "It cannot be done to 3 reports" in page.text
        assert "Only who has the report, or who leads the team, hands it over." in page.text
        assert "The report has ended" in page.text
        # Nothing is done before it is confirmed.
        assert await holder(free[0]["id"]) is None
        page = await confirm(reem)
        assert page.path.startswith("/inbox/bulk/outcome")
        assert page.h1 == "3 reports assigned"
        assert "meanwhile" not in page.text
    for one in free:
        assert await holder(one["id"]) == int(lama)
        assert len(await assignments(one["id"])) == 1
    assert await holder(theirs[0]["id"]) == await staff_id("majed")


async def test_what_changed_meanwhile_is_said_and_left(at_desk: Visiting) -> None:
    made = await reports(4, "received")
    async with at_desk("reem") as reem:
        await ask(reem, made, "start_review")
        await fetch(
            "UPDATE report SET state = 'cancelled', version = 2, ended_at = $2 WHERE id = $1",
            made[1]["id"], NOW,
        )  # fmt: skip
        await fetch("UPDATE report SET version = 2 WHERE id = $1", made[2]["id"])
        page = await confirm(reem)
        assert page.h1 == "Review of 2 reports started"
        assert "2 reports changed meanwhile, and were left as they are" in page.text
        links = set(page.links.values())
        assert {f"/cases/{made[n]['number']}" for n in (1, 2)} <= links
        # Sent once more it changes nothing: each has moved on.
        page = await reem.open(page.path)
    states = {row["id"]: row["state"] for row in await fetch("SELECT id, state FROM report")}
    assert [states[one["id"]] for one in made] == [
        "under_review", "cancelled", "received", "under_review",
    ]  # fmt: skip


async def test_pressed_twice_at_once(at_desk: Visiting) -> None:
    made = await reports(5, "received")
    async with at_desk("reem") as reem:
        await ask(reem, made, "start_review")
        form = reem.page.form("/confirmation")
        data = {**form.fields, "case": [f"{one['number']}:1:" for one in made]}
        answers = await asyncio.gather(
            *(reem.client.post("/inbox/bulk/confirmation", data=data) for _ in range(2))
        )
        assert {answer.status_code for answer in answers} == {303}
    rows = await fetch("SELECT 1 FROM event WHERE action = 'start_review'")
    assert len(rows) == 5


async def test_beside_a_single_action(at_desk: Visiting) -> None:
    """Each report is taken by one of both: by the bulk, or by whoever takes what is next."""
    made = await reports(12, "received")
    lama = await staff_id("lama")
    async with at_desk("majed") as majed, at_desk("reem") as reem:
        await ask(majed, made, "assign", to=str(lama))
        await reem.open("/inbox")
        csrf = {"csrf": reem.page.form("/inbox/next").fields["csrf"]}
        page, taken = await asyncio.gather(
            confirm(majed),
            asyncio.gather(*(reem.client.post("/inbox/next", data=csrf) for _ in range(6))),
        )
    by_reem = {one.headers["location"] for one in taken} - {"/inbox/next"}
    for one in made:
        expected = await staff_id("reem") if f"/cases/{one['number']}" in by_reem else lama
        assert await holder(one["id"]) == expected
        assert len(await assignments(one["id"])) == 1
    assert page.h1.startswith(str(12 - len(by_reem)) if by_reem else "12")


async def test_referring_each_to_its_own_agency(at_desk: Visiting) -> None:
    """The beneficiary is told as by the single action, of the agency that it went to."""
    (platform,) = await fetch("SELECT id, agency_id FROM platform ORDER BY id LIMIT 1")
    by_platform = await reports(1, platform_id=platform["id"], agency_id=platform["agency_id"])
    by_agency, waiting = await reports(1), await reports(1, "received")
    async with at_desk("reem") as reem:
        page = await ask(reem, by_platform + by_agency + waiting, "refer")
        assert "It will be done to 2 reports" in page.text
        assert "That is not done to a report in the state: Received." in page.text
        assert page.form("/confirmation").fields["agency"] == "own"
        page = await confirm(reem)
        assert page.h1 == "2 reports referred"
    rows = await fetch("SELECT id, state, referred_agency_id, checked_at, version FROM report")
    found = {row["id"]: row for row in rows}
    for one, agency in ((by_platform[0], platform["agency_id"]), (by_agency[0], await momah())):
        row = found[one["id"]]
        assert (row["state"], row["referred_agency_id"], row["version"]) == (
            "in_progress", agency, 2,
        )  # fmt: skip
        assert row["checked_at"] == NOW
        notices = await fetch(
            "SELECT data->>'agency_en' AS agency, moment FROM notice WHERE key LIKE $1",
            f"report:{one['id']}:%",
        )
        (named,) = await fetch("SELECT name_en FROM agency WHERE id = $1", agency)
        assert {(each["moment"], each["agency"]) for each in notices} == {
            ("in_progress", named["name_en"])
        }
    assert found[waiting[0]["id"]]["state"] == "received"


async def momah() -> int:
    (row,) = await fetch("SELECT id FROM agency WHERE code = 'momah'")
    return int(row["id"])


async def test_referring_all_to_one_agency(at_desk: Visiting) -> None:
    made = await reports(2)
    (moj,) = await fetch("SELECT id FROM agency WHERE code = 'moj'")
    await filed.insert(
        "assignment_rule", owner_agency_id=moj["id"], staff_id=await staff_id("fahd"),
        created_at=NOW,
    )  # fmt: skip
    async with at_desk("majed") as majed:
        await ask(majed, made, "refer")
        page = await confirm(majed, agency="0")
        assert page.status == 422
        assert "Choose the agency" in page.text
        page = await confirm(majed, agency=str(moj["id"]))
        assert page.h1 == "2 reports referred"
    rows = await fetch("SELECT referred_agency_id, officer_id FROM report")
    assert {tuple(row) for row in rows} == {(moj["id"], await staff_id("fahd"))}


async def test_what_is_wrong_with_the_whole_of_it(at_desk: Visiting) -> None:
    made = await reports(1)
    async with at_desk("reem") as reem:
        page = await ask(reem, [], "assign", to=str(await staff_id("lama")))
        assert page.status == 422
        assert page.title.startswith("Error:")
        assert "Select at least one report in the inbox" in page.text
        page = await ask(reem, made, "assign")
        assert page.status == 422
        assert "Choose who gets the reports" in page.links
        # It can be chosen there.
        page = await confirm(reem, to="nobody")
        assert page.h1 == "0 reports assigned"


async def test_at_most_so_many_at_once(at_desk: Visiting) -> None:
    person = await filed.person()
    made = [await filed.report(person, "received") for _ in range(LIMIT + 1)]
    async with at_desk("reem") as reem:
        page = await ask(reem, made, "start_review")
        assert page.status == 422
        assert f"Select at most {LIMIT} reports at once" in page.text
        page = await ask(reem, made[:LIMIT], "start_review")
        assert f"It will be done to {LIMIT} reports" in page.text


async def test_who_may_do_what(at_desk: Visiting) -> None:
    made = await reports(1, "received")
    (moj,) = await fetch("SELECT id FROM agency WHERE code = 'moj'")
    theirs = await reports(2, "in_progress", referred_agency_id=moj["id"], agency_id=moj["id"])
    async with at_desk("hind") as hind, at_desk("fahd") as fahd, at_desk("salem") as salem:
        page = await ask(hind, made, "assign")
        assert page.status == 404
        for act in ("start_review", "refer", "reject"):
            assert (await ask(fahd, theirs, act)).status == 404
        page = await ask(fahd, theirs + made, "assign", to=str(await staff_id("fahd")))
        # What is not referred to them is not there for them.
        assert "It will be done to 2 reports" in page.text
        assert made[0]["number"][-4:] not in page.text
        page = await confirm(fahd)
        assert page.h1 == "2 reports assigned"
        page = await ask(salem, theirs, "assign", to=str(await staff_id("salem")))
        assert "Select at least one report in the inbox" in page.text
