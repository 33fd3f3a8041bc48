"""Canned replies: kept by those who use them, of their own side only, and put into a form."""

import pytest
from tests.web.conftest import NOW, Visiting, staff_id
from tests.web.pages import Browser, Page
from tests.web.staff.cases import a_case

from balagh.database import fetch
from balagh.demo.canned import sample_replies, seed_replies
from balagh.reports import replies
from balagh.reports.fields import Problem

REPLY = {
    "title": "عولج العطل", "for_action": "answer", "for_kind": "complaint", "language": "ar",
    "body": "عولج العطل في البلاغ {number} لدى {agency}، يا {name}.",
}  # fmt: skip


async def add(browser: Browser, **typed: str) -> Page:
    await browser.open("/replies/new")
    return await browser.send("/replies/new", **{**REPLY, **typed})


async def rows() -> list[dict[str, object]]:
    return [dict(row) for row in await fetch("SELECT * FROM canned_reply ORDER BY id")]


async def audited(last: int) -> list[str]:
    found = await fetch("SELECT action FROM audit WHERE id > $1 ORDER BY id", last)
    return [row["action"] for row in found if row["action"].endswith("_reply")]


@pytest.mark.parametrize("key", ["reem", "majed", "fahd"])
async def test_added_changed_deleted(at_desk: Visiting, key: str) -> None:
    async with at_desk(key) as browser:
        ((last,),) = await fetch("SELECT coalesce(max(id), 0) FROM audit")
        page = await add(browser)
        assert "The reply was added." in page.text
        (row,) = await rows()
        mine = await staff_id(key)
        agency = (await fetch("SELECT agency_id FROM staff WHERE id = $1", mine))[0]["agency_id"]
        assert (row["agency_id"], row["changed_by"], row["changed_at"]) == (agency, mine, NOW)
        page = await browser.open(page.links["عولج العطل"])
        assert page.form("/replies").fields["body"].strip() == REPLY["body"]
        page = await browser.send("/replies", title="عولج", for_kind="", for_action="")
        assert "The reply was changed." in page.text
        (row,) = await rows()
        assert (row["title"], row["kind"], row["action"]) == ("عولج", None, None)
        await browser.open(page.links["عولج"])
        await browser.open(browser.page.links["Delete the reply"])
        page = await browser.send("/deletion")
        assert "The reply was deleted." in page.text
        assert await rows() == []
        assert await audited(last) == ["add_reply", "change_reply", "delete_reply"]


@pytest.mark.parametrize("key", ["hind", "abeer"])
async def test_others_do_not_keep_them(at_desk: Visiting, key: str) -> None:
    async with at_desk(key) as browser:
        for path in ("/replies", "/replies/new", "/replies/1"):
            assert (await browser.open(path)).status == 404


async def test_each_side_has_its_own(at_desk: Visiting) -> None:
    async with at_desk("reem") as reem, at_desk("fahd") as fahd, at_desk("salem") as salem:
        await add(reem, title="رد آمر")
        await add(fahd, title="رد العدل")
        ids = {str(row["title"]): row["id"] for row in await rows()}
        for browser, own in ((reem, "رد آمر"), (fahd, "رد العدل"), (salem, "")):
            page = await browser.open("/replies")
            assert [title for title in ids if title in page.links] == ([own] if own else [])
            csrf = page.form("/sign-out").fields["csrf"]
            for title, id in ids.items():
                expected = 200 if title == own else 404
                assert (await browser.open(f"/replies/{id}")).status == expected
                assert (await browser.open(f"/replies/{id}/deletion")).status == expected
                if title != own:
                    for path in (f"/replies/{id}?as_of=1", f"/replies/{id}/deletion"):
                        data = {"csrf": csrf, **REPLY}
                        assert (await browser.client.post(path, data=data)).status_code == 404
        assert {row["title"] for row in await rows()} == set(ids)


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"title": ""}, "Write a title"),
        ({"title": "x" * 121}, "Shorten this to 120"),
        ({"body": ""}, "Write the text"),
        ({"body": "x" * 4001}, "Shorten this to 4000"),
        ({"body": "{phone}"}, "Nothing is filled in for {phone}"),
        ({"body": "{number"}, ""),
        ({"language": ""}, "Choose the language of the reply"),
    ],
)
async def test_what_the_form_refuses(at_desk: Visiting, typed: dict[str, str], error: str) -> None:
    async with at_desk("reem") as reem:
        page = await add(reem, **typed)
        assert page.status == (422 if error else 200)
        if error:
            assert error in page.text
            for name, text in {**REPLY, **typed}.items():
                assert page.form("/replies/new").fields[name].strip() == text
            assert await rows() == []


async def test_two_change_one_reply(at_desk: Visiting) -> None:
    async with at_desk("reem") as reem, at_desk("majed") as majed:
        await add(reem)
        (row,) = await rows()
        for browser in (reem, majed):
            await browser.open(f"/replies/{row['id']}")
        await majed.send("/replies", body="نص ماجد")
        page = await reem.send("/replies", body="نص ريم")
        assert page.status == 409
        assert "نص ماجد" in page.text
        assert page.form("/replies").fields["body"].strip() == "نص ريم"
        await reem.send("/replies")
        assert [row["body"] for row in await rows()] == ["نص ريم"]


async def test_found_however_it_is_spelled(at_desk: Visiting) -> None:
    async with at_desk("reem") as reem:
        await add(reem, title="إحالة إلى الجهة")
        await add(reem, title="شكر")
        page = await reem.open("/replies?q=احاله")
        assert "1 reply" in page.text
        assert "إحالة إلى الجهة" in page.links


async def test_inserted_into_the_form_with_what_it_says_of_the_report(at_desk: Visiting) -> None:
    async with at_desk("fahd") as fahd:
        await add(fahd)
        await add(fahd, title="English", language="en")
        await add(fahd, title="لنوع آخر", for_kind="suggestion")
        await add(fahd, title="لإجراء آخر", for_action="request_data")
        await add(fahd, title="لأي شيء", for_action="", for_kind="")
        made = await a_case("in_progress")
        page = await fahd.open(f"/cases/{made['number']}?do=answer")
        form = page.form("/answer")
        # The closest first, in the language of the report.
        ids = {str(row["title"]): str(row["id"]) for row in await rows()}
        assert form.choices["reply"] == ["", ids["عولج العطل"], ids["لأي شيء"]]
        action = form.action
        data = {**form.fields, "text": "السلام عليكم", "reply": ids["عولج العطل"], "insert": "1"}
        found = Page(await fahd.client.post(f"{action}&edit=1", data=data))
        assert found.form("/answer").fields["text"].strip() == (
            f"السلام عليكم\nعولج العطل في البلاغ {made['number']} لدى وزارة العدل، "
            "يا نورة سعد القحطاني."
        )
        searched = {**form.fields, "reply_search": "شيء"}
        found = Page(await fahd.client.post(f"{action}&edit=1", data=searched))
        assert found.form("/answer").choices["reply"] == ["", ids["لأي شيء"]]


async def test_its_lines_are_what_is_missing(at_desk: Visiting) -> None:
    async with at_desk("reem") as reem:
        await add(reem, for_action="request_data", for_kind="", body="صورة\nرقم\n\nتاريخ")
        made = await a_case()
        page = await reem.open(f"/cases/{made['number']}?do=data-request")
        form = page.form("/data-request")
        data = {**form.fields, "item_0": "رقم", "reply": form.choices["reply"][1], "insert": "1"}
        action = form.action
        found = Page(await reem.client.post(f"{action}&edit=1", data=data)).form("/data-request")
        assert [found.fields[f"item_{n}"] for n in range(3)] == ["رقم", "صورة", "تاريخ"]


@pytest.mark.parametrize(
    ("body", "filled"),
    [
        ("{number} و{name}", "1 ونورة"),
        ("{agency}", "العدل"),
        ("{other} {", "{other} {"),
        ("{number}{number}", "11"),
    ],
)
def test_placeholders(body: str, filled: str) -> None:
    values = {"number": "1", "name": "نورة", "agency": "العدل"}
    assert replies.filled(body, values) == filled


async def test_the_samples_are_what_the_form_would_take(at_desk: Visiting) -> None:
    await staff_id("majed")
    async with at_desk("fahd"):
        await seed_replies(NOW)
    assert len(await rows()) == len(sample_replies())
    field = next(one for one in replies.fields({}, {}) if one.name == "body")
    assert isinstance(field, replies.Body)
    for one in sample_replies():
        assert not isinstance(field.read(one.body), Problem)
