"""The page of a report for staff: what it says, its story, notes, who else looks, corrections."""

import json
from typing import Any

import pytest
from tests.reports import filed
from tests.web.complaints import DETAILS, to_check
from tests.web.conftest import NOW, Visiting, staff_id
from tests.web.pages import Browser
from tests.web.staff.casework import case, events, row

from balagh.database import fetch, fetch_one
from balagh.reports import presence
from balagh.reports.cases import Desk
from balagh.reports.lifecycle import Role


async def noura_s(noura: Browser, **typed: str) -> dict[str, Any]:
    """A complaint that Noura filed with an image of the fault."""
    await to_check(noura, "outage", **typed)
    await noura.send("/submission")
    found = await fetch_one("SELECT id, number FROM report")
    assert found is not None
    return dict(found)


async def test_what_was_filed_and_by_whom(noura: Browser, at_desk: Visiting) -> None:
    report = await noura_s(noura)
    async with at_desk("reem") as reem:
        page = await reem.open(f"/cases/{report['number']}")
        assert page.status == 200
        assert DETAILS["title"] in page.h1
        assert DETAILS["description"] in page.text
        assert page.facts["Service"] == "Renew a commercial licence"
        assert page.facts["Platform"] == "Balady Platform"
        for seen in ("نورة سعد القحطاني", "055 318 4471", "n@example.sa", "fault.png"):
            assert seen in page.text
        assert "The service is digital" in page.text
        # Her page is not staff's, nor theirs hers.
        assert (await noura.open(f"/cases/{report['number']}")).status == 404
        assert (await reem.open(f"/reports/{report['number']}")).status == 404
    seen_by = await fetch("SELECT 1 FROM audit WHERE subject = $1", f"report:{report['id']}")
    assert seen_by


async def test_files_are_for_those_who_may_see_the_report(
    noura: Browser, at_desk: Visiting
) -> None:
    report = await noura_s(noura)
    (file,) = await fetch("SELECT id FROM attachment")
    path = f"/case-files/{file['id']}"

    async def asked(key: str) -> int:
        async with at_desk(key) as browser:
            return (await browser.client.get(path)).status_code

    assert [await asked(key) for key in ("reem", "majed", "hind")] == [200, 200, 200]
    assert [await asked(key) for key in ("fahd", "salem", "abeer")] == [404, 404, 404]
    await fetch(
        "UPDATE report SET state = 'in_progress', referred_at = $2, referred_agency_id = "
        "(SELECT agency_id FROM staff WHERE id = $3) WHERE id = $1",
        report["id"], NOW, await staff_id("fahd"),
    )  # fmt: skip
    assert [await asked(key) for key in ("fahd", "salem")] == [200, 404]
    async with at_desk("reem") as reem:
        answer = await reem.client.get(path)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_two_stories_of_one_report(at_desk: Visiting) -> None:
    made = await case("in_progress")
    async with at_desk("reem") as reem:
        await reem.open(made["url"])
        page = await reem.send("/notes", note="A similar case was solved last week.")
        assert "A similar case was solved last week." in page.text
        assert "neither the beneficiary nor the agency sees it" in page.text
        public = await reem.open(f"{made['url']}?story=public")
        assert "A similar case was solved last week." not in public.text
        assert "We registered the report" in public.text
    async with at_desk("fahd") as fahd:
        assert "A similar case" not in (await fahd.open(made["url"])).text


async def test_a_note_to_both_sides(at_desk: Visiting) -> None:
    made = await case("in_progress")
    async with at_desk("fahd") as fahd:
        await fahd.open(made["url"])
        await fahd.send("/notes", note="Which branch was it?", readers="all")
    async with at_desk("reem") as reem:
        assert "Which branch was it?" in (await reem.open(made["url"])).text
    async with at_desk("salem") as salem:
        assert (await salem.open(made["url"])).status == 404


@pytest.mark.parametrize(
    ("note", "error"), [("", "Write the note"), ("  ", "Write the note"), ("x" * 4001, "Shorten")]
)
async def test_a_note_that_cannot_be_kept(at_desk: Visiting, note: str, error: str) -> None:
    made = await case("in_progress")
    async with at_desk("reem") as reem:
        await reem.open(made["url"])
        page = await reem.send("/notes", note=note)
    assert page.status == 422
    assert page.title.startswith("Error:")
    assert error in page.text
    assert page.form("/notes").fields["note"] == note
    assert await events(made["id"], "note") == []


async def test_who_is_addressed_finds_it(at_desk: Visiting) -> None:
    made = await case("in_progress")
    await staff_id("majed")
    async with at_desk("majed") as majed, at_desk("reem") as reem:
        assert "Mentions 1" not in (await majed.open("/inbox")).text
        await reem.open(made["url"])
        await reem.send("/notes", note="Would you refer it, @Majed Alharbi?")
        page = await majed.open("/mentions")
        assert "Would you refer it" in page.text
        assert "Mentions 1" in page.text
        # Read with the report that it is about.
        await majed.open(made["url"])
        assert "Mentions 1" not in (await majed.open("/mentions")).text
        assert "Would you refer it" not in (await reem.open("/mentions")).text


async def test_who_else_looks_and_what_changed_meanwhile(at_desk: Visiting) -> None:
    made = await case("under_review")
    majed = Desk(await staff_id("majed"), Role.SUPERVISOR, None)
    async with at_desk("reem") as reem:
        page = await reem.open(made["url"])
        assert "looking at this" not in page.text
        address = f"{made['url']}/presence?as_of=1"
        first = await reem.client.get(address, headers={"HX-Request": "true"})
        assert first.status_code == 200
        shown = first.text.partition("shown=")[2].partition('"')[0]
        quiet = await reem.client.get(f"{address}&shown={shown}", headers={"HX-Request": "true"})
        assert quiet.status_code == 204
        await presence.opened(majed, made["id"], 1, NOW)
        there = await reem.client.get(f"{address}&shown={shown}", headers={"HX-Request": "true"})
        assert "Majed Alharbi</bdi> is looking at this" in there.text
        async with at_desk("majed") as other:
            await other.open(f"{made['url']}?do=rejection")
            await other.send("/rejection", code="outside", reason="ليس من اختصاص الخدمة الرقمية.")
        changed = await reem.client.get(address, headers={"HX-Request": "true"})
        assert "Majed Alharbi" in changed.text
        # Being asked by an open page is no view of the report.
        views = await fetch(
            "SELECT 1 FROM audit WHERE subject = $1 AND action = 'view' AND staff_id = $2 "
            "AND id > coalesce((SELECT max(id) FROM audit WHERE action = 'test begins'), 0)",
            f"report:{made['id']}", await staff_id("reem"),
        )  # fmt: skip
        assert len(views) == 1


async def test_a_correction_keeps_what_it_was(noura: Browser, at_desk: Visiting) -> None:
    report = await noura_s(noura)
    async with at_desk("reem") as reem:
        await reem.open(f"/cases/{report['number']}/correction")
        page = await reem.send("/correction", title="سددت الرسوم مرتين", phone="0561102938")
        assert page.status == 200
        assert "سددت الرسوم مرتين" in page.h1
        for seen in (DETAILS["title"], "055 318 4471", "056 110 2938"):
            assert seen in page.text
    (event,) = await events(report["id"], "correct")
    assert (event["actor"], event["public"], event["to_state"]) == ("staff", True, None)
    changes = {one["field"]: one for one in json.loads(event["data"])["changes"]}
    assert changes.keys() == {"title", "phone"}
    assert (await row(report["id"]))["version"] == 2
    # She reads it in plain words.
    story = await noura.open(f"/reports/{report['number']}")
    assert "Amer centre corrected the data of the report." in story.text
    assert "سددت الرسوم مرتين" in story.h1


@pytest.mark.parametrize(
    ("who", "state", "status"),
    [
        ("reem", "received", 200), ("reem", "under_review", 200), ("reem", "missing_data", 200),
        ("reem", "in_progress", 200), ("majed", "answered", 200), ("hind", "under_review", 404),
        ("fahd", "in_progress", 404), ("salem", "in_progress", 404), ("abeer", "received", 404),
    ],
)  # fmt: skip
async def test_who_corrects_and_when(at_desk: Visiting, who: str, state: str, status: int) -> None:
    made = await case(state)
    async with at_desk(who) as browser:
        answer = await browser.client.get(f"{made['url']}/correction")
    assert answer.status_code == status


async def test_who_corrects_second_is_told_and_loses_nothing(
    noura: Browser, at_desk: Visiting
) -> None:
    made = await noura_s(noura)
    address = f"/cases/{made['number']}/correction"
    async with at_desk("reem") as reem, at_desk("majed") as majed:
        await reem.open(address)
        await majed.open(address)
        await majed.send("/correction", title="عنوان من ماجد")
        page = await reem.send("/correction", title="عنوان من ريم")
        assert page.status == 409
        assert "Majed Alharbi" in page.text
        assert page.form("/correction").fields["title"] == "عنوان من ريم"
        # Looked at once more, it goes through.
        await reem.send("/correction")
    assert (await row(made["id"]))["title"] == "عنوان من ريم"
    assert len(await events(made["id"], "correct")) == 2


async def test_nothing_changed_is_no_correction(noura: Browser, at_desk: Visiting) -> None:
    made = await noura_s(noura)
    async with at_desk("reem") as reem:
        await reem.open(f"/cases/{made['number']}/correction")
        page = await reem.send("/correction")
    assert page.status == 200
    assert await events(made["id"], "correct") == []
    assert (await row(made["id"]))["version"] == 1


async def test_other_reports_that_belong_with_it(at_desk: Visiting) -> None:
    noura = await filed.person()
    first = await filed.report(noura, "closed", title="الأول للمستفيدة نفسها")
    made = await filed.report(noura, "under_review")
    async with at_desk("reem") as reem:
        page = await reem.open(f"/cases/{made['number']}")
        assert page.links["الأول للمستفيدة نفسها"].endswith(first["number"])
