"""An intake officer files for a caller: found by national id or added, the same wizard, the caller
told as if they had filed."""

import asyncio
import json
from typing import Any

import pytest
from litestar import Litestar
from tests.people.portal import settings_for
from tests.reports import filed
from tests.web.complaints import DETAILS, REFERENCE, choose_service, picture
from tests.web.conftest import Clock, Visiting, staff_id
from tests.web.pages import Browser

from balagh.database import fetch, fetch_one
from balagh.people import national_ids

HIND = "هند العمري"
ID, OTHER_ID = "1000000016", "1000000024"
KEY = settings_for().secret_key


async def known(national_id: str = ID, **columns: Any) -> int:
    """A person with that national id, as sign-in leaves one."""
    return await filed.person(
        national_id_cipher=national_ids.seal(national_id, KEY),
        national_id_hash=national_ids.lookup_hash(national_id, KEY),
        **columns,
    )


@pytest.fixture(autouse=True)
async def before(catalogue: None) -> None:
    """The log is only added to: each test looks at what came since it began."""
    (row,) = await fetch("SELECT coalesce(max(id), 0) AS id FROM audit")
    SINCE["id"] = row["id"]


SINCE: dict[str, int] = {}


async def audited(action: str) -> list[Any]:
    return await fetch(
        "SELECT staff_id, subject, data FROM audit WHERE action = $1 AND id > $2",
        action, SINCE["id"],
    )  # fmt: skip


async def begin(hind: Browser, kind: str = "complaint", channel: str = "toll_free") -> str:
    """From the caller's page to the first step; the draft's id."""
    form = hind.page.form("/drafts")
    data = {**form.fields, "kind": kind, "channel": channel}
    page = await hind._show(await hind.client.post(form.action, data=data))
    assert page.path.startswith("/drafts/"), page.text
    return page.path.split("/")[2]


async def to_check(hind: Browser, ground: str = "no_response_time") -> None:
    await hind.send("/ground", ground=ground)
    await choose_service(hind)
    if ground != "outage":
        await hind.send("/reference", **REFERENCE)
    await hind.send("/details", **DETAILS)
    await hind.send("/documents")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("1000000016", True),
        ("١٠٠٠٠٠٠٠١٦", True),
        ("۱۰۰۰۰۰۰۰۱۶", True),
        (" 10000 00016 ", True),
        ("1000-000-016", True),
        ("1000000024", False),
    ],
)
async def test_a_caller_is_found_by_national_id_in_any_digits(
    at_desk: Visiting, typed: str, found: bool
) -> None:
    person = await known()
    async with at_desk("hind") as hind:
        await hind.open("/intake")
        page = await hind.send("/intake", national_id=typed)
    assert page.path == (f"/intake/callers/{person}" if found else "/intake")
    assert page.h1 == ("نورة س… ا…" if found else "Add the caller")
    # Neither the whole name nor the number nor the national id: enough to confirm.
    for hidden in ("القحطاني", "0553184471", "055 318 4471", "n@example.sa"):
        assert hidden not in page.html
    (row,) = await audited("look_up_caller")
    assert row["staff_id"] == await staff_id("hind")
    assert row["subject"] == (f"person:{person}" if found else "person")
    assert ID not in row["data"]


@pytest.mark.parametrize(
    "typed", ["", "1000000017", "3000000016", "100000001", "abc", "10000000160"]
)
async def test_what_is_no_national_id_is_said_and_kept(at_desk: Visiting, typed: str) -> None:
    async with at_desk("hind") as hind:
        await hind.open("/intake")
        page = await hind.send("/intake", national_id=typed)
    assert page.status == 422
    assert page.title.startswith("Error:")
    assert page.form("/intake").fields["national_id"] == typed
    assert not await audited("look_up_caller")


async def test_an_unknown_caller_is_added_once(at_desk: Visiting) -> None:
    async with at_desk("hind") as hind:
        await hind.open("/intake")
        await hind.send("/intake", national_id="١٠٠٠٠٠٠٠٢٤")
        page = await hind.send("/intake/callers", name="", phone="5", language="ar")
        assert page.status == 422
        assert page.form("/callers").fields["national_id"] == OTHER_ID
        typed = {"name": "خالد العتيبي", "phone": "٠٥٦١١٠٢٩٣٨", "email": "", "language": "ar"}
        form = page.form("/intake/callers")
        page = await hind.send("/intake/callers", **typed)
        assert page.h1 == "خالد ا…"
        # The same form again, as after going back.
        await hind.client.post("/intake/callers", data={**form.fields, **typed})
    (row,) = await fetch("SELECT * FROM person")
    assert (row["name"], row["phone"], row["email"]) == ("خالد العتيبي", "+966561102938", None)
    assert national_ids.unseal(row["national_id_cipher"], KEY) == OTHER_ID
    assert len(await audited("add_caller")) == 1


async def test_a_complaint_for_a_caller(
    at_desk: Visiting, visiting: Visiting, portal: Litestar
) -> None:
    person = await known(language="en", email=None)
    async with at_desk("hind") as hind:
        await hind.open(f"/intake/callers/{person}")
        await begin(hind)
        assert "You are filing for نورة سعد القحطاني" in hind.page.text
        await to_check(hind)
        assert "Ask the caller whether this is right" in hind.page.text
        assert "National Single Sign-On" not in hind.page.text
        check = hind.page.form("/submission")
        page = await hind.send("/submission")
        report = await fetch_one("SELECT * FROM report")
        assert report is not None
        number = report["number"]
        assert page.path == f"/intake/filed/{number}"
        assert f"{number[:3]} {number[3:6]} {number[6:]}" in page.text
        assert "Monday 30 November 2026" in page.text
        # Masked here too.
        assert "05• ••• •471" in page.text
        assert "4471" not in page.text.replace(f"{number}", "")
        # The same form sent twice files once, and gives the same number.
        again = await hind._show(await hind.client.post(check.action, data=check.fields))
        assert again.path == f"/intake/filed/{number}"
        assert (await hind.open(f"/cases/{number}")).status == 200
    hind_id = await staff_id("hind")
    assert (report["person_id"], report["filed_by"], report["channel"]) == (
        person, hind_id, "toll_free",
    )  # fmt: skip
    # Told in their own language, as if they had filed.
    (notice,) = await fetch("SELECT channel, recipient, language, data FROM notice")
    assert (notice["channel"], notice["recipient"]) == ("sms", "+966553184471")
    assert notice["language"] == report["language"] == "en"
    assert json.loads(notice["data"])["number"] == number
    (event,) = await fetch("SELECT actor, staff_id, to_state FROM event")
    assert tuple(event.values()) == ("staff", hind_id, "received")
    assert {row["subject"] for row in await audited("submit")} == {f"report:{report['id']}"}
    # The caller's page and the check page, then the report's.
    seen = [row["subject"] for row in await audited("view")]
    assert seen == [f"person:{person}"] * 3 + [f"report:{report['id']}"] * 3
    async with visiting("نورة سعد القحطاني") as noura:
        page = await noura.open(f"/reports/{number}")
        assert "Amer centre registered the report for you" in page.text


@pytest.mark.parametrize("channel", ["toll_free", "gov_sa", "other"])
async def test_the_channel_is_recorded(at_desk: Visiting, channel: str) -> None:
    person = await known()
    async with at_desk("hind") as hind:
        await hind.open(f"/intake/callers/{person}")
        await begin(hind, "suggestion", channel)
    (row,) = await fetch("SELECT channel, filed_by, person_id, kind FROM draft")
    assert tuple(row.values()) == (channel, await staff_id("hind"), person, "suggestion")


@pytest.mark.parametrize("channel", ["", "portal", "fax"])
async def test_a_channel_that_is_none(at_desk: Visiting, channel: str) -> None:
    person = await known()
    async with at_desk("hind") as hind:
        await hind.open(f"/intake/callers/{person}")
        form = hind.page.form("/drafts")
        data = {**form.fields, "kind": "complaint", "channel": channel}
        answer = await hind.client.post(form.action, data=data)
    assert answer.status_code == 422
    assert not await fetch("SELECT 1 FROM draft")


async def test_an_outage_may_be_filed_without_an_image(at_desk: Visiting) -> None:
    person = await known()
    async with at_desk("hind") as hind:
        await hind.open(f"/intake/callers/{person}")
        await begin(hind)
        await to_check(hind, "outage")
        assert "The image of the fault may follow" in hind.page.facts["Documents"]
        page = await hind.send("/submission")
        assert "An image of the fault is still needed" in page.text
        page = await hind.send("/evidence-links")
        assert page.path.startswith("/intake/filed/")
        assert "The link for evidence was sent to the caller" in page.text
    assert len(await fetch("SELECT 1 FROM evidence_link")) == 1


async def test_the_person_themselves_owes_the_image(at_desk: Visiting, visiting: Visiting) -> None:
    person = await known()
    async with at_desk("hind") as hind, visiting("نورة سعد القحطاني") as noura:
        await hind.open(f"/intake/callers/{person}")
        draft = await begin(hind)
        page = await noura.open("/reports")
        # What was only just begun says nothing yet.
        assert "Continue the draft" not in page.text
        await to_check(hind, "outage")
        page = await noura.open("/reports")
        assert "Amer centre began it for you" in page.text
        page = await noura.open(f"/drafts/{draft}")
        assert page.path == f"/drafts/{draft}/documents"
        await noura.send("/files", files={"file": ("fault.png", picture())})
        await noura.send("/documents")
        await noura.send("/submission")
        # The officer's page leads to what became of it.
        page = await hind.open(f"/drafts/{draft}/check")
        assert page.path.startswith("/intake/filed/")
    (row,) = await fetch("SELECT filed_by, channel FROM report")
    assert tuple(row.values()) == (None, "portal")
    (event,) = await fetch("SELECT actor FROM event")
    assert event["actor"] == "beneficiary"


# Who opens Noura's own draft, and the one that Hind made for her: sees it or not.
WHO = [
    ("noura", True, True),
    ("salem's person", False, False),
    ("hind", False, True),
    ("other hind", False, False),
    ("reem", False, False),
    ("majed", False, False),
    ("fahd", False, False),
    ("abeer", False, False),
]


@pytest.mark.parametrize(("who", "own", "made"), WHO)
async def test_who_sees_which_draft(
    at_desk: Visiting, visiting: Visiting, who: str, own: bool, made: bool
) -> None:
    person = await known()
    async with at_desk("hind") as hind, visiting("نورة سعد القحطاني") as noura:
        await hind.open(f"/intake/callers/{person}")
        hers = await begin(hind)
        await hind.send("/ground", ground="outage")
        await noura.open("/new/complaint")
        await noura.send("/new/complaint", ground="no_response_time")
        token = noura.page.path.split("/")[2]
        if who == "other hind":
            await fetch(
                "UPDATE draft SET filed_by = $1 WHERE id = $2::uuid", await filed.reviewer(), hers
            )
        opener = noura if who == "noura" else hind if "hind" in who else None
        for draft, seen in ((token, own), (hers, made)):
            if opener is not None:
                await _sees(opener, draft, seen)
            elif who == "salem's person":
                async with visiting("سالم الشهري") as salem:
                    await _sees(salem, draft, seen)
            else:
                async with at_desk(who) as other:
                    await _sees(other, draft, seen)


async def _sees(browser: Browser, draft: str, seen: bool) -> None:
    before = await fetch("SELECT id, updated_at FROM draft ORDER BY id")
    page = await browser.open(f"/drafts/{draft}")
    assert (page.status == 200) is seen, page.path
    if not seen:
        assert page.status == 404
        csrf = {"csrf": await _csrf(browser)}
        for path in ("ground", "submission?as_of=1", "kind", "reminder", "discard", "files"):
            answer = await browser.client.post(f"/drafts/{draft}/{path}", data=csrf)
            assert answer.status_code in (404, 303), path
            assert answer.status_code == 404 or path == "discard"
        assert await fetch("SELECT id, updated_at FROM draft ORDER BY id") == before


async def _csrf(browser: Browser) -> str:
    page = await browser.open("/help")
    return page.form("/sign-out").fields["csrf"]


@pytest.mark.parametrize(
    ("who", "status"),
    [("hind", 200), ("reem", 404), ("majed", 404), ("fahd", 404), ("abeer", 404), ("", 401)],
)
async def test_who_files_for_callers(
    at_desk: Visiting, visiting: Visiting, who: str, status: int
) -> None:
    person = await known()
    async with at_desk(who) if who else visiting() as found:
        for path in ("/intake", f"/intake/callers/{person}"):
            answer = await found.client.get(path)
            if status == 401:
                assert answer.status_code == 303
                assert answer.headers["location"].startswith("/staff/sign-in")
            else:
                assert answer.status_code == status


async def test_a_caller_who_came_too_early_is_reminded(at_desk: Visiting, time: Clock) -> None:
    person = await known()
    async with at_desk("hind") as hind:
        await hind.open(f"/intake/callers/{person}")
        draft = await begin(hind)
        await hind.send("/ground", ground="no_response_time")
        await choose_service(hind)
        early = {**REFERENCE, "filed_on_day": "22"}
        page = await hind.send("/reference", **early)
        assert "Say to them:" in page.text
        assert "Monday 30 November" in page.text
        page = await hind.send("/reminder")
        assert "We remind the caller on" in page.text
        page = await hind.open("/intake")
        assert "نورة سعد القحطاني" in page.text
        page = await hind.open(f"/drafts/{draft}/discard")
        page = await hind.send("/discard")
        assert page.path == "/intake"
    assert not await fetch("SELECT 1 FROM draft")
    assert len(await audited("discard_draft")) == 1


async def test_an_earlier_request_leads_staff_to_its_case(at_desk: Visiting) -> None:
    person = await known()
    async with at_desk("hind") as hind:
        for _ in range(2):
            await hind.open(f"/intake/callers/{person}")
            await begin(hind, "transformation")
            await hind.send("/service", agency="momah")
            page = await hind.send("/service", service="momah-survey-report")
            if page.path.endswith("/details"):
                await hind.send(
                    "/details",
                    title="تقرير مساحي رقمي",
                    description="أراجع الأمانة مرتين كل سنة للتقرير.",
                )
                await hind.send("/documents")
                await hind.send("/submission")
    (row,) = await fetch("SELECT number FROM report")
    assert f"/cases/{row['number']}" in page.html
    assert "/reports" not in page.html.replace("/reports/new", "")


async def test_a_caller_s_reports_in_words_to_read_out(at_desk: Visiting) -> None:
    person = await known()
    await filed.report(person, "missing_data")
    closed = await filed.report(person, "closed")
    stranger = await filed.report(await filed.person("غيرها"), "under_review")
    async with at_desk("hind") as hind:
        page = await hind.open(f"/intake/callers/{person}")
    assert "Waiting for the caller" in page.text
    assert "Missing: صورة من تقرير الإجازة, رقم التقرير" in page.text
    assert f"/cases/{closed['number']}" in page.html
    assert stranger["number"] not in page.html
    assert {row["subject"] for row in await audited("view")} == {f"person:{person}"}


async def test_officer_and_person_file_the_same_draft_at_once(
    at_desk: Visiting, visiting: Visiting
) -> None:
    person = await known()
    async with at_desk("hind") as hind, visiting("نورة سعد القحطاني") as noura:
        await hind.open(f"/intake/callers/{person}")
        draft = await begin(hind)
        await to_check(hind)
        await noura.open(f"/drafts/{draft}/check")
        forms = [(browser, browser.page.form("/submission")) for browser in (hind, noura)]
        answers = await asyncio.gather(
            *(browser.client.post(form.action, data=form.fields) for browser, form in forms)
        )
    (report,) = await fetch("SELECT number, filed_by, channel FROM report")
    (event,) = await fetch("SELECT staff_id, actor FROM event")
    number = report["number"]
    # Whoever was first; both are given its number.
    assert [answer.headers["location"] for answer in answers] == [
        f"/intake/filed/{number}", f"/reports/{number}/confirmation",
    ]  # fmt: skip
    by_staff = event["actor"] == "staff"
    assert report["filed_by"] == event["staff_id"]
    assert report["channel"] == ("toll_free" if by_staff else "portal")
    assert (report["filed_by"] is not None) is by_staff
