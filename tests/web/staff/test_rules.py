"""The page of a supervisor, and of an agency's manager: rules, people, absences."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from litestar import Litestar
from tests.people.portal import browser
from tests.reports import filed
from tests.reports.staff import holder
from tests.web.complaints import to_check
from tests.web.conftest import NOW, Visiting, staff_id
from tests.web.pages import Browser

from balagh import clock
from balagh.database import fetch
from balagh.people import sessions

pytestmark = pytest.mark.usefixtures("portal")


@asynccontextmanager
async def manager(portal: Litestar) -> AsyncIterator[Browser]:
    """Who manages the agency of Fahd."""
    (moj,) = await fetch("SELECT id FROM agency WHERE code = 'moj'")
    made = await filed.new_id(
        "staff", role="agency_manager", name_ar="منى", name_en="Mona", email="mona@example.sa",
        created_at=NOW, agency_id=moj["id"],
    )  # fmt: skip
    token = await sessions.begin(staff_id=made, now=clock.now(), lifetime=timedelta(hours=1))
    async with browser(portal, {"lang": "en", "__Host-balagh": token}) as client:
        yield Browser(client)


async def test_a_rule_from_the_form_to_the_report(at_desk: Visiting, noura: Browser) -> None:
    reem, lama = str(await staff_id("reem")), str(await staff_id("lama"))
    (service,) = await fetch(
        "SELECT id, agency_id FROM service WHERE code = 'balady-licence-renew'"
    )
    async with at_desk("majed") as majed:
        page = await majed.open("/assignment")
        assert page.h1 == "Assignment"
        assert "There is no rule yet" in page.text
        page = await majed.send("/assignment", staff=reem)
        assert page.path == "/assignment"
        page = await majed.send("/assignment", about=f"agency:{service['agency_id']}", staff=lama)
        assert "Reem Alshammari" in page.text
        # The same once more.
        page = await majed.send("/assignment", staff=lama)
        assert page.status == 422
        assert page.title.startswith("Error:")
        assert "There is a rule for these reports already: change that one" in page.links
        assert page.form("/assignment").fields["staff"] == lama
        page = await majed.send("/assignment", staff="")
        assert page.status == 422
    await to_check(noura, "outage")
    await noura.send("/submission")
    (report,) = await fetch("SELECT id, assignee_id FROM report")
    assert report["assignee_id"] == int(lama)
    events = await fetch("SELECT action, actor, public, side FROM event ORDER BY id")
    assert [tuple(one) for one in events] == [
        ("submit", "beneficiary", True, None), ("assign", "clock", False, "amer"),
    ]  # fmt: skip
    # Nothing of it is told to her.
    page = await noura.open("/reports")
    assert "Lama" not in page.text


async def test_changing_and_deleting(at_desk: Visiting) -> None:
    reem, lama = await staff_id("reem"), await staff_id("lama")
    rule = await filed.new_id("assignment_rule", staff_id=reem, created_at=NOW, kind="complaint")
    async with at_desk("majed") as majed:
        page = await majed.open("/assignment")
        page = await majed.open(f"/assignment/rules/{rule}")
        form = page.form(f"/rules/{rule}")
        assert (form.fields["about"], form.fields["kind"], form.fields["staff"]) == (
            "any", "complaint", str(reem),
        )  # fmt: skip
        await majed.send(f"/rules/{rule}", kind="suggestion", staff=str(lama))
        (row,) = await fetch("SELECT kind, staff_id FROM assignment_rule")
        assert tuple(row) == ("suggestion", lama)
        await fetch("UPDATE staff SET active = false WHERE id = $1", lama)
        page = await majed.open("/assignment")
        assert "the rule does nothing" in page.text
        await majed.open(f"/assignment/rules/{rule}")
        page = await majed.send("/removal")
        assert "There is no rule yet" in page.text


async def test_an_agency_s_manager(at_desk: Visiting, portal: Litestar) -> None:
    reem, fahd = await staff_id("reem"), await staff_id("fahd")
    amer_s = await filed.new_id("assignment_rule", staff_id=reem, created_at=NOW)
    async with manager(portal) as mona:
        page = await mona.open("/assignment")
        assert "Reem" not in page.text
        page = await mona.send("/assignment", staff=str(fahd))
        assert "Fahd" in page.text
        assert page.form("/assignment").choices["staff"] == ["", str(fahd)]
        for path in (f"/assignment/rules/{amer_s}", f"/assignment/people/{reem}/absence"):
            assert (await mona.open(path)).status == 404
    (row,) = await fetch("SELECT owner_agency_id FROM assignment_rule WHERE staff_id = $1", fahd)
    assert row["owner_agency_id"] is not None


@pytest.mark.parametrize("key", ["hind", "reem", "fahd", "abeer"])
async def test_nobody_else_s_page(at_desk: Visiting, key: str) -> None:
    async with at_desk(key) as browser:
        page = await browser.open("/assignment")
        assert page.status == 404
        assert "/assignment" not in page.links.values()


def days(since: int, until: int) -> dict[str, str]:
    made: dict[str, str] = {}
    for name, ahead in (("since", since), ("until", until)):
        day = (NOW + timedelta(days=ahead)).date()
        made |= {f"{name}_{part}": str(getattr(day, part)) for part in ("day", "month", "year")}
    return made


async def test_one_s_own_absence(at_desk: Visiting) -> None:
    reem, lama = await staff_id("reem"), await staff_id("lama")
    person = await filed.person()
    due = await filed.report(person, assignee_id=reem, due_at=NOW + timedelta(days=1))
    later = await filed.report(person, assignee_id=reem, due_at=NOW + timedelta(days=9))
    async with at_desk("reem") as browser:
        page = await browser.open("/profile/absence")
        assert page.h1 == "My absence"
        page = await browser.send("/profile/absence")
        assert page.status == 422
        assert page.title.startswith("Error:")
        assert "Write the first day of the absence" in page.links
        assert "Choose who stands in" in page.links
        page = await browser.send(deputy=str(lama), **days(3, 1))
        assert "The last day comes before the first" in page.text
        assert page.form("/absence").fields["deputy"] == str(lama)
        page = await browser.send(deputy=str(lama), over="due", **days(0, 2))
        assert page.path == "/profile/absence?passed=1"
        assert "Away from Monday 23 November to Wednesday 25 November" in page.text
        assert "1 open report went to Lama Alsubaie" in page.text
        assert [await holder(one["id"]) for one in (due, later)] == [lama, reem]
        (row,) = await fetch("SELECT away_from, away_until FROM staff WHERE id = $1", reem)
        # Midnights in Riyadh.
        assert row["away_from"] == NOW.replace(hour=21, minute=0) - timedelta(days=1)
        assert row["away_until"] == NOW.replace(hour=21, minute=0) + timedelta(days=2)
        page = await browser.send("/end")
        assert "Away from" not in page.text
    assert await fetch("SELECT 1 FROM staff WHERE deputy_id IS NOT NULL") == []


async def test_in_the_hijri_calendar(at_desk: Visiting) -> None:
    lama = str(await staff_id("lama"))
    async with at_desk("reem") as browser:
        page = await browser.open("/profile/absence")
        # The button beside the date sends its name.
        data = {**page.form("/absence").fields, "toggle": "since", **days(0, 2)}
        page = await browser._show(await browser.client.post("/profile/absence", data=data))
        assert page.status == 200
        form = page.form("/absence")
        assert form.fields["since_calendar"] == "hijri"
        assert form.fields["since_year"] == "1448"
        await browser.send("/profile/absence", deputy=lama)
    (row,) = await fetch("SELECT away_from FROM staff WHERE deputy_id IS NOT NULL")
    assert row["away_from"] == NOW.replace(hour=21, minute=0) - timedelta(days=1)


async def test_a_deputy_who_is_away_and_one_s_people(at_desk: Visiting) -> None:
    reem, lama = await staff_id("reem"), await staff_id("lama")
    async with at_desk("majed") as majed:
        page = await majed.open("/assignment")
        page = await majed.open(f"/assignment/people/{reem}/absence")
        assert page.h1 == "Absence of Reem Alshammari"
        await majed.send("/absence", deputy=str(lama), **days(0, 2))
        await majed.open(f"/assignment/people/{lama}/absence")
        page = await majed.send("/absence", deputy=str(reem), **days(1, 4))
        assert page.status == 422
        assert "They are away in that time themselves: choose somebody else" in page.links
        page = await majed.send("/absence", deputy=str(reem), **days(3, 4))
        assert page.status == 200
        page = await majed.open("/assignment")
        assert "Away from Monday 23 November to Wednesday 25 November: Lama" in page.text


async def test_nobody_to_stand_in(at_desk: Visiting) -> None:
    async with at_desk("fahd") as fahd:
        page = await fahd.open("/profile/absence")
        assert "Nobody else here could stand in" in page.text
