"""Taking a report, handing it over, being told that somebody was faster; and what is next."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.reports import filed
from tests.reports.staff import assignments, holder
from tests.web.conftest import NOW, Visiting, staff_id
from tests.web.pages import Browser, Page

from balagh.database import fetch

pytestmark = pytest.mark.usefixtures("portal")


async def report(state: str = "under_review", **columns: Any) -> dict[str, Any]:
    return await filed.report(await filed.person(), state, **columns)


async def send(browser: Browser, path: str, **fields: str) -> Page:
    """A form of the page that is shown, by what it sends."""
    csrf = browser.page.form("/sign-out").fields["csrf"]
    return await browser._show(await browser.client.post(path, data={"csrf": csrf, **fields}))


async def test_taking_and_handing_over(at_desk: Visiting) -> None:
    made = await report()
    lama, here = await staff_id("lama"), f"/cases/{made['number']}"
    async with at_desk("reem") as reem:
        page = await reem.open(here)
        assert "Unassigned" in page.text
        assert "Take it" in page.text
        me = str(await staff_id("reem"))
        page = await send(reem, f"{here}/assignment", held="", to=me)
        assert (page.path, page.status) == (here, 200)
        assert "Take it" not in page.text
        assert await holder(made["id"]) == int(me)
        options = [v for f in page.forms for v in f.choices.get("to", ())]
        assert str(lama) in options
        assert me not in options
        assert "Lama Alsubaie: 0 open reports" in page.text
        page = await reem.send("/assignment", to=str(lama))
        assert page.path == here
        assert await holder(made["id"]) == lama
        # A colleague's is not hers to give.
        assert "Hand over" not in page.text
        page = await send(reem, f"{here}/assignment", held=str(lama), to=me)
        assert page.status == 422
        assert page.title.startswith("Error:")
        assert "Only who has the report, or who leads the team, hands it over." in page.text
    told = await assignments(made["id"])
    assert [(one["had"], one["has"], one["side"], one["public"]) for one in told] == [
        (None, "Reem Alshammari", "amer", False),
        ("Reem Alshammari", "Lama Alsubaie", "amer", False),
    ]


async def test_a_supervisor_gives_anything_to_anybody_and_to_nobody(at_desk: Visiting) -> None:
    made = await report("received", assignee_id=await staff_id("reem"))
    async with at_desk("majed") as majed:
        await majed.open(f"/cases/{made['number']}")
        await send(
            majed, f"/cases/{made['number']}/assignment", to=str(await staff_id("lama")),
            held=str(await staff_id("reem")),
        )  # fmt: skip
        assert await holder(made["id"]) == await staff_id("lama")
        page = await send(
            majed, f"/cases/{made['number']}/assignment", to="nobody",
            held=str(await staff_id("lama")),
        )  # fmt: skip
        assert "Unassigned" in page.text
        assert await holder(made["id"]) is None


async def test_nobody_chosen(at_desk: Visiting) -> None:
    made = await report(assignee_id=await staff_id("reem"))
    async with at_desk("reem") as reem:
        await reem.open(f"/cases/{made['number']}")
        page = await reem.send("/assignment")
        assert page.status == 422
        assert page.title.startswith("Error:")
        assert "Choose who gets the report" in page.links
        assert page.links["Choose who gets the report"].endswith("#to")
        assert "autofocus" in page.html
        page = await reem.open(page.path)
        assert page.path == f"/cases/{made['number']}"


async def test_somebody_else_was_faster(at_desk: Visiting) -> None:
    made, lama = await report(), str(await staff_id("lama"))
    async with at_desk("majed") as majed, at_desk("reem", language="ar") as reem:
        await majed.open(f"/cases/{made['number']}")
        await reem.open(f"/cases/{made['number']}")
        await send(majed, f"/cases/{made['number']}/assignment", held="", to=lama)
        # Somebody else's choice is not undone, hers is still there, and she knows who and when.
        me = str(await staff_id("reem"))
        page = await send(reem, f"/cases/{made['number']}/assignment", held="", to=me)
        assert page.status == 409
        assert "سبقك غيرك" in page.text
        assert "ماجد الحربي" in page.text
        assert "11:30" in page.text
        assert await holder(made["id"]) == int(lama)
        # The same thing twice is what they wanted.
        csrf = {"csrf": page.form("/sign-out").fields["csrf"], "held": "", "to": lama}
        again = await reem.client.post(f"/cases/{made['number']}/assignment", data=csrf)
        assert again.status_code == 303
    assert len(await assignments(made["id"])) == 1


async def test_an_agency_s_own_hands(at_desk: Visiting) -> None:
    (moj,) = await fetch("SELECT id FROM agency WHERE code = 'moj'")
    made = await report("in_progress", referred_agency_id=moj["id"], agency_id=moj["id"])
    async with at_desk("fahd") as fahd, at_desk("salem") as salem, at_desk("reem") as reem:
        await fahd.open(f"/cases/{made['number']}")
        await send(
            fahd, f"/cases/{made['number']}/assignment", held="", to=str(await staff_id("fahd"))
        )
        assert await holder(made["id"], "officer_id") == await staff_id("fahd")
        assert await holder(made["id"]) is None
        # Amer has its own hands, and does not give to an agency's.
        page = await reem.open(f"/cases/{made['number']}")
        assert str(await staff_id("fahd")) not in [
            v for f in page.forms for v in f.choices.get("to", ())
        ]
        await salem.open("/inbox")
        page = await send(
            salem, f"/cases/{made['number']}/assignment", held="", to=str(await staff_id("salem"))
        )
        assert page.status == 404


async def test_who_is_away_and_who_stands_in(at_desk: Visiting) -> None:
    reem_id, lama = await staff_id("reem"), await staff_id("lama")
    made = await report(assignee_id=reem_id)
    await fetch(
        "UPDATE staff SET away_from = $2, away_until = $3, deputy_id = $4 WHERE id = $1",
        reem_id, NOW, NOW.replace(hour=21, minute=0) + timedelta(days=3), lama,
    )  # fmt: skip
    async with at_desk("lama") as browser, at_desk("majed") as majed:
        page = await browser.open(f"/cases/{made['number']}")
        assert "Away until Thursday 26 November. Lama Alsubaie stands in." in page.text
        await send(browser, f"/cases/{made['number']}/assignment", held=str(reem_id), to=str(lama))
        assert await holder(made["id"]) == lama
        page = await majed.open(f"/cases/{made['number']}")
        assert "Reem Alshammari: 0 open reports, away until Thursday 26 November" in page.text


@pytest.mark.parametrize("state", ["closed", "cancelled", "rejected"])
async def test_what_has_ended_is_given_to_nobody(at_desk: Visiting, state: str) -> None:
    made = await report(state)
    async with at_desk("majed") as majed:
        page = await majed.open(f"/cases/{made['number']}")
        assert "Take it" not in page.text
        page = await send(
            majed, f"/cases/{made['number']}/assignment", held="", to=str(await staff_id("majed"))
        )
        assert page.status == 422
        assert "The report has ended: nobody has to work on it." in page.text


async def test_intake_officers_see_who_has_it_and_give_none(at_desk: Visiting) -> None:
    made = await report(assignee_id=await staff_id("reem"))
    async with at_desk("hind") as hind:
        page = await hind.open(f"/cases/{made['number']}")
        assert "Reem Alshammari" in page.text
        assert "Hand over" not in page.text
        assert "Take next" not in page.text
        page = await send(hind, "/inbox/next")
        assert page.h1 == "Nothing waits"
        page = await send(
            hind, f"/cases/{made['number']}/assignment", to="nobody",
            held=str(await staff_id("reem")),
        )  # fmt: skip
        assert page.status == 422
    assert await holder(made["id"]) == await staff_id("reem")


async def test_take_next_until_nothing_waits(at_desk: Visiting) -> None:
    later = await report("received", due_at=NOW + timedelta(days=2))
    sooner = await report("answered", due_at=NOW + timedelta(days=1))
    await report("in_progress")
    async with at_desk("reem") as reem:
        await reem.open("/inbox")
        for made in (sooner, later):
            page = await reem.send("/inbox/next")
            assert page.path == f"/cases/{made['number']}"
        page = await reem.send("/inbox/next")
        assert (page.path, page.h1) == ("/inbox/next", "Nothing waits")


@pytest.mark.parametrize("round", range(2))
async def test_sixteen_browsers_take_next_at_once(at_desk: Visiting, round: int) -> None:
    """One person in sixteen windows: sixteen reports all the same."""
    for _ in range(16 + round):
        await report("received")
    async with at_desk("reem") as reem:
        await reem.open("/inbox")
        data = {"csrf": reem.page.form("/inbox/next").fields["csrf"]}
        answers = await asyncio.gather(
            *(reem.client.post("/inbox/next", data=data) for _ in range(16))
        )
        assert len({answer.headers["location"] for answer in answers}) == 16
