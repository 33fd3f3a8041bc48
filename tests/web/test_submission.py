"""Filing: one report however often and from wherever it is sent, and everybody told."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from tests.web.complaints import begin, choose_service, day, to_check
from tests.web.conftest import NOW, Clock, Visiting
from tests.web.pages import Browser

from balagh.database import fetch, fetch_one
from balagh.i18n import grouped


async def only_report() -> Any:
    (row,) = await fetch("SELECT * FROM report")
    return row


async def test_filing_gives_the_number_in_the_same_response(noura: Browser) -> None:
    await to_check(noura)
    page = await noura.send("/submission")
    report = await only_report()
    assert page.path == f"/reports/{report['number']}/confirmation"
    assert grouped(report["number"]) in page.text
    assert "Monday 30 November 2026" in page.text
    assert "055 318 4471" in page.text
    assert (report["state"], report["kind"]) == ("received", "complaint")
    assert (report["ground"], report["reference_key"]) == ("no_response_time", "bld4471882")
    assert not await fetch("SELECT 1 FROM draft")
    (event,) = await fetch("SELECT * FROM event")
    assert (event["action"], event["to_state"], event["actor"]) == (
        "submit", "received", "beneficiary",
    )  # fmt: skip
    notices = await fetch("SELECT * FROM notice ORDER BY channel")
    assert [(row["channel"], row["recipient"]) for row in notices] == [
        ("email", "n@example.sa"),
        ("sms", "+966553184471"),
    ]
    for row in notices:
        assert json.loads(row["data"])["number"] == report["number"]
        assert row["key"] == f"report:{report['id']}:opened:1:{row['channel']}"


async def test_files_move_with_the_report(noura: Browser) -> None:
    await to_check(noura, "outage")
    await noura.send("/submission")
    report = await only_report()
    (file,) = await fetch("SELECT * FROM attachment")
    assert file["report_id"] == report["id"]
    page = await noura.open(f"/reports/{report['number']}")
    served = await noura.client.get(page.links["fault.png"])
    assert served.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in served.headers["content-security-policy"]


async def test_the_same_form_sent_twice_is_one_report(noura: Browser) -> None:
    check = await to_check(noura)
    first = await noura.send("/submission")
    noura.page = check
    again = await noura.send("/submission")
    assert first.path == again.path
    await only_report()
    # Back to the draft's pages: they lead to the report.
    assert (await noura.open(check.path)).path == first.path.removesuffix("/confirmation")


async def test_a_draft_that_changed_is_looked_at_again(noura: Browser) -> None:
    check = await to_check(noura)
    await noura.open(check.links["Change Title of the complaint"])
    await noura.send("/details", title="عنوان تغيّر في نافذة أخرى")
    noura.page = check
    page = await noura.send("/submission")
    assert page.path.endswith("/check?changed=1")
    assert not await fetch("SELECT 1 FROM report")
    page = await noura.send("/submission")
    assert (await only_report())["title"] == "عنوان تغيّر في نافذة أخرى"


async def test_eligibility_is_checked_again(noura: Browser, time: Clock) -> None:
    """Eligible when checked, not when sent: a clock set back stands for a rule that changed."""
    await to_check(noura)
    time.now = NOW - timedelta(days=12)
    page = await noura.send("/submission")
    assert page.status == 409
    assert page.h1 == "The complaint cannot be filed today"
    assert not await fetch("SELECT 1 FROM report")
    assert await fetch("SELECT 1 FROM draft")


async def test_an_unfinished_draft_cannot_be_filed(noura: Browser) -> None:
    page = await begin(noura, "no_response_time")
    base = page.path.rsplit("/", 1)[0]
    csrf = page.form("/service").fields["csrf"]
    answer = await noura.client.post(f"{base}/submission?as_of=1", data={"csrf": csrf})
    assert answer.headers["location"] == f"{base}/service"
    for as_of in ("", "?as_of=x"):
        answer = await noura.client.post(f"{base}/submission{as_of}", data={"csrf": csrf})
        assert answer.status_code == 400
        assert "send the page again" in answer.text


async def test_two_people_and_one_reference(
    noura: Browser, khalid: Browser, visiting: Visiting
) -> None:
    """At the same instant: one wins, the other is told why, and keeps the draft."""
    await to_check(noura)
    await to_check(khalid, reference="bld/4471882")
    pages = await asyncio.gather(noura.send("/submission"), khalid.send("/submission"))
    assert sorted(page.status for page in pages) == [200, 409]
    refused = next(page for page in pages if page.status == 409)
    assert refused.h1 == "This complaint was escalated before"
    await only_report()
    assert len(await fetch("SELECT 1 FROM draft")) == 1


async def test_cancelled_and_rejected_reports_do_not_count(noura: Browser, khalid: Browser) -> None:
    for state in ("cancelled", "rejected"):
        await to_check(noura)
        page = await noura.send("/submission")
        assert "/confirmation" in page.path
        await fetch("UPDATE report SET state = $1", state)
    await to_check(khalid)
    assert "/confirmation" in (await khalid.send("/submission")).path


async def test_200_submissions_at_once_with_20_pairs_of_duplicates(
    visiting: Visiting, portal: Any
) -> None:
    """Exactly one report each, none lost: 180 drafts, 20 of them sent twice."""
    sends: list[tuple[Any, str, dict[str, str]]] = []
    async with visiting("نورة سعد القحطاني") as noura:
        check = await to_check(noura)
        form = check.form("/submission")
        first = await fetch_one("SELECT id, updated_at FROM draft")
        assert first is not None
        drafts = await fetch(
            "INSERT INTO draft (id, person_id, kind, answers, created_at, updated_at) "
            "SELECT gen_random_uuid(), person_id, kind, "
            "  answers || jsonb_build_object('reference', 'BLD-' || n), created_at, updated_at "
            "FROM draft, generate_series(1, 179) AS n RETURNING id"
        )
        ids = [str(first["id"]), *(str(row["id"]) for row in drafts)]
        actions = [form.action.replace(str(first["id"]), id) for id in ids]
        sends = [(noura.client, action, form.fields) for action in actions + actions[:20]]
        answers = await asyncio.gather(
            *(client.post(action, data=data) for client, action, data in sends)
        )
        assert len(answers) == 200
        assert {answer.status_code for answer in answers} == {303}
        landed = [answer.headers["location"] for answer in answers]
        assert all(target.endswith("/confirmation") for target in landed)
        assert landed[:20] == landed[180:]
        assert len(set(landed)) == 180
    counted = await fetch_one(
        "SELECT count(*) AS all, count(DISTINCT draft_id) AS once, "
        "(SELECT count(*) FROM event) AS events, (SELECT count(*) FROM notice) AS notices, "
        "(SELECT count(*) FROM draft) AS drafts FROM report"
    )
    assert counted is not None
    assert dict(counted) == {"all": 180, "once": 180, "events": 180, "notices": 360, "drafts": 0}


async def test_contact_details_given_once_are_remembered(visiting: Visiting) -> None:
    async with visiting(" ", phone=None, email=None) as browser:
        await browser.open("/new/complaint")
        given = {"name": "سلمى العنزي", "phone": "0561102938", "email": "s@example.com"}
        await browser.send("/new/complaint", **given)
        await browser.send("/ground", ground="no_response_time")
        await choose_service(browser)
        await browser.send("/reference", reference="A-1", **day("filed_on", 9, 11, 2026))
        await browser.send(
            "/details", title="عنوان الشكوى", description="وصف كافٍ لما حدث في المنصة."
        )
        page = await browser.send("/documents")
        shown = page.facts
        assert shown["Full name"] == "سلمى العنزي"
        await browser.send("/submission")
        page = await browser.open("/new/complaint")
        assert "phone" not in page.form("/new/complaint").fields
    person = await fetch_one("SELECT name, phone, email FROM person WHERE name <> ''")
    assert person is not None
    assert tuple(person) == ("سلمى العنزي", "+966561102938", "s@example.com")


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_the_notices_are_in_the_language_it_was_filed_in(
    visiting: Visiting, language: str
) -> None:
    async with visiting("نورة سعد القحطاني", language=language) as noura:
        await to_check(noura)
        await noura.send("/submission")
    languages = await fetch("SELECT DISTINCT language FROM notice")
    assert [row["language"] for row in languages] == [language]
