"""What of a report's page is for whom, in every state; and what an open page does by itself."""

import hashlib
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from litestar import Litestar
from tests.reports import filed
from tests.web.conftest import Clock, Visiting, staff_id
from tests.web.staff.cases import a_case

from balagh.database import fetch, fetch_one

CHANGED = {
    "changes": [
        {"field": "title", "old": "عنوان قديم", "new": "عنوان جديد"},
        {"field": "phone", "old": "+966500000001", "new": "+966500000002",
         "old_ar": "050 000 0001", "old_en": "050 000 0001",
         "new_ar": "050 000 0002", "new_en": "050 000 0002"},
    ]
}  # fmt: skip


async def entry(made: dict[str, Any], action: str, staff: str = "", **columns: Any) -> int:
    data = json.dumps(columns.pop("data", {}), ensure_ascii=False)
    who: dict[str, Any] = (
        {"actor": "staff", "staff_id": await staff_id(staff)} if staff else {"actor": "beneficiary"}
    )
    return await filed.new_id(
        "event", report_id=made["id"], at=filed.NOW, action=action, data=data, **who, **columns
    )


# What stands in the story, and whether Amer, the agency and the beneficiary read it.
ENTRIES = [
    pytest.param(
        ("note", "reem", {"public": False, "side": "amer", "data": {"text": "سرّ آمر"}}),
        "سرّ آمر", "amer", id="a note of Amer's",
    ),
    pytest.param(
        ("note", "fahd", {"public": False, "side": "agency", "data": {"text": "سرّ الجهة"}}),
        "سرّ الجهة", "agency", id="a note of the agency's",
    ),
    pytest.param(
        ("note", "reem", {"public": False, "data": {"text": "للموظفين"}}),
        "للموظفين", "amer agency", id="a note for all staff",
    ),
    pytest.param(
        ("send_back", "reem", {"data": {"reason": "ناقص الخطوات"}}),
        "ناقص الخطوات", "amer agency", id="why it was sent back",
    ),
    pytest.param(
        ("update", "", {"data": {"answers": [{"item": "الرقم", "text": "20931177"}]}}),
        "20931177", "amer agency beneficiary", id="what the beneficiary answered",
    ),
    pytest.param(
        ("correct", "reem", {"data": CHANGED}),
        "عنوان قديم", "amer agency beneficiary", id="what was corrected",
    ),
    pytest.param(
        ("correct", "reem", {"data": CHANGED}),
        "050 000 0001", "amer beneficiary", id="contact details that were corrected",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("written", "text", "readers"), ENTRIES)
async def test_who_reads_which_entry(
    at_desk: Visiting, visiting: Visiting, written: Any, text: str, readers: str
) -> None:
    async with visiting("نورة سعد القحطاني") as noura:
        made = await a_case("in_progress")
        action, staff, columns = written
        await entry(made, action, staff, **dict(columns))
        page = await noura.open(f"/reports/{made['number']}")
        assert page.status == 200
        assert (text in page.text) == ("beneficiary" in readers)
    for key, reader in (("reem", "amer"), ("fahd", "agency")):
        async with at_desk(key) as browser:
            page = await browser.open(f"/cases/{made['number']}")
            assert (text in page.text) == (reader in readers.split()), key
            # What the beneficiary sees is that and no more, and contact details stay Amer's.
            page = await browser.open(f"/cases/{made['number']}?story=public")
            seen = "beneficiary" in readers and reader in readers.split()
            assert (text in page.text) == seen, key
    async with at_desk("salem") as salem:
        assert (await salem.open(f"/cases/{made['number']}")).status == 404


async def test_contact_details_are_amer_s(at_desk: Visiting) -> None:
    made = await a_case("in_progress")
    await filed.insert(
        "notice", key=f"report:{made['id']}:opened:1:sms", moment="opened", channel="sms",
        recipient="+966553184471", language="ar", state="sent", next_attempt_at=filed.NOW,
        created_at=filed.NOW, sent_at=filed.NOW,
    )  # fmt: skip
    async with at_desk("reem") as reem:
        page = await reem.open(f"/cases/{made['number']}")
        assert page.facts["Mobile number"] == "055 318 4471"
        assert page.facts["E-mail"] == "n@example.sa"
        assert "SMS to 05• ••• •471 : sent" in page.text
    async with at_desk("fahd") as fahd:
        page = await fahd.open(f"/cases/{made['number']}")
        assert "Mobile number" not in page.facts
        assert "n@example.sa" not in page.html
        assert "471" not in page.text.replace(made["number"], "")
        assert "SMS: sent" in page.text
        # No way to correct, and no such page.
        assert "Correct the data" not in page.links
        assert (await fahd.open(f"/cases/{made['number']}/correction")).status == 404


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize(
    ("state", "columns"),
    [
        ("received", {}),
        ("missing_data", {}),
        ("in_progress", {"priority": "high"}),
        ("answered", {}),
        ("closed", {}),
        ("cancelled", {}),
        ("rejected", {}),
        ("reopen_requested", {}),
        # A part of a report, whose service nobody named.
        ("under_review", {"ground": "sla_exceeded", "reference": "A-1", "reference_key": "a1",
                          "filed_on": filed.FILED_AT.date()}),
        ("under_review", {"kind": "suggestion"}),
        ("under_review", {"kind": "transformation"}),
    ],
)  # fmt: skip
async def test_every_state_has_its_page(
    at_desk: Visiting, language: str, state: str, columns: dict[str, Any]
) -> None:
    made = await a_case(state, **columns)
    async with at_desk("majed", language=language) as majed:
        for query in ("", "?story=public"):
            page = await majed.open(f"/cases/{made['number']}{query}")
            assert page.status == 200
            assert page.title.startswith("لم تُجدَّد الرخصة")


async def test_what_is_late_says_so(at_desk: Visiting, time: Clock) -> None:
    made = await a_case("under_review", completeness_due_at=filed.NOW)
    async with at_desk("reem") as reem:
        assert "Completeness check is late" in (await reem.open(f"/cases/{made['number']}")).text
    time.now = filed.DUE_AT + timedelta(hours=36)
    async with at_desk("reem") as reem:
        page = await reem.open(f"/cases/{made['number']}")
        assert "overdue by 2 working days" in page.text


async def test_a_file_is_for_who_may_see_its_report(
    at_desk: Visiting, visiting: Visiting, portal: Litestar
) -> None:
    async with visiting("نورة سعد القحطاني"):
        made = await a_case("in_progress")
    content = b"%PDF-1.7 receipt"
    person = await fetch_one("SELECT person_id FROM report WHERE id = $1", made["id"])
    assert person is not None
    file = await filed.insert(
        "attachment", id=uuid4(), report_id=made["id"], person_id=person["person_id"],
        name="إيصال.pdf", media_type="application/pdf", size=len(content),
        sha256=hashlib.sha256(content).digest(), added_at=filed.NOW,
    )  # fmt: skip
    await portal.state.store.put(file, content)
    for key, status in (("reem", 200), ("fahd", 200), ("salem", 404), ("abeer", 404)):
        async with at_desk(key) as browser:
            answer = await browser.client.get(f"/case-files/{file}")
            assert answer.status_code == status, key
        who = await staff_id(key)
        logged = await fetch(
            "SELECT 1 FROM audit WHERE subject = $1 AND staff_id = $2 AND action = 'view'",
            f"file:{file}", who,
        )  # fmt: skip
        assert len(logged) == (status == 200), key
    async with at_desk("reem") as reem:
        answer = await reem.client.get(f"/case-files/{file}")
        assert answer.content == content
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("sandbox")
        assert answer.headers["content-disposition"].startswith("attachment")
        page = await reem.open(f"/cases/{made['number']}")
        assert f"/case-files/{file}" in page.html
    async with visiting("نورة سعد القحطاني") as noura:
        assert (await noura.client.get(f"/case-files/{file}")).status_code == 404


async def test_a_colleague_is_told_by_choice_too(at_desk: Visiting) -> None:
    made = await a_case("in_progress")
    majed = await staff_id("majed")
    async with at_desk("reem") as reem:
        await reem.open(f"/cases/{made['number']}")
        page = await reem.send("/notes", note="للاطلاع", mention=str(majed), readers="all")
        assert "for the staff of both sides" in page.text
    assert [row["staff_id"] for row in await fetch("SELECT staff_id FROM mention")] == [majed]
    async with at_desk("fahd") as fahd:
        page = await fahd.open(f"/cases/{made['number']}")
        assert "للاطلاع" in page.text
        # An agency's people address their own.
        assert str(majed) not in page.form("/notes").choices.get("mention", [])


async def test_a_note_sent_twice_is_one(at_desk: Visiting) -> None:
    made = await a_case("under_review")
    async with at_desk("reem") as reem:
        form = (await reem.open(f"/cases/{made['number']}")).form("/notes")
        for _ in range(2):
            answer = await reem.client.post(form.action, data={**form.fields, "note": "مرة واحدة"})
            assert answer.status_code == 303
    assert len(await fetch("SELECT 1 FROM event WHERE action = 'note'")) == 1


async def test_before_the_referral_nobody_else_is_offered_as_a_reader(at_desk: Visiting) -> None:
    made = await a_case("under_review")
    async with at_desk("reem") as reem:
        form = (await reem.open(f"/cases/{made['number']}")).form("/notes")
        assert "readers" not in form.fields
        await reem.client.post(form.action, data={**form.fields, "note": "x", "readers": "all"})
    rows = await fetch("SELECT side FROM event WHERE action = 'note'")
    assert [row["side"] for row in rows] == ["amer"]


async def test_an_open_page_hears_of_a_change(at_desk: Visiting) -> None:
    made = await a_case("under_review")
    url = f"/cases/{made['number']}"
    async with at_desk("reem") as reem:
        await reem.open(url)
        await entry(made, "correct", "majed", data=CHANGED)
        await fetch("UPDATE report SET version = 2 WHERE id = $1", made["id"])
        # A note that came later is not what changed it.
        await entry(made, "note", "majed", public=False, side="amer", data={"text": "x"})
        answer = await reem.client.get(f"{url}/presence?as_of=1")
        assert "The report changed meanwhile" in answer.text
        assert "corrected the data" in answer.text
        seen = await fetch("SELECT version FROM case_view")
        assert [row["version"] for row in seen] == [1]
        await reem.open(url)
        seen = await fetch("SELECT version FROM case_view")
        assert [row["version"] for row in seen] == [2]


async def test_an_open_page_keeps_nobody_signed_in(
    at_desk: Visiting, portal: Litestar, time: Clock
) -> None:
    made = await a_case("under_review")
    ask = f"/cases/{made['number']}/presence?as_of=1"
    idle = timedelta(minutes=portal.state.settings.session_idle_minutes)
    async with at_desk("reem") as reem:
        for _ in range(3):
            time.now += idle / 2
            answer = await reem.client.get(ask)
        # Nor does it lead away from what is being typed.
        assert answer.status_code == 204
        assert "hx-redirect" not in answer.headers
        assert (await reem.client.get(f"/cases/{made['number']}")).status_code == 303


async def test_the_way_back_leads_to_the_view_one_came_from(at_desk: Visiting) -> None:
    made = await a_case("under_review")
    url = f"/cases/{made['number']}"

    async def back(browser: Any, **headers: str) -> str:
        page = await browser.client.get(url, headers=headers)
        return str(page.text.split('class="back" href="')[1].split('"')[0])

    async with at_desk("reem") as reem:
        host = str(reem.client.base_url).rstrip("/")
        assert await back(reem) == "/inbox"
        assert await back(reem, referer=f"{host}/inbox?view=mine") == "/inbox?view=mine"
        # From a form's answer one still knows; another site's page is none of ours.
        assert await back(reem, referer=f"{host}{url}") == "/inbox?view=mine"
        assert await back(reem, referer="https://x.sa/inbox?view=x") == "/inbox?view=mine"
        cookie = reem.client.cookies.get("inbox")
    async with at_desk("majed") as majed:
        # Whoever signs in on the same browser has their own.
        majed.client.cookies.set("inbox", cookie or "")
        assert await back(majed) == "/inbox"


async def version(made: dict[str, Any]) -> int:
    row = await fetch_one("SELECT version FROM report WHERE id = $1", made["id"])
    assert row is not None
    return int(row["version"])
