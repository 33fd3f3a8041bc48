"""A complaint from the start page to the check page, as a browser without scripts has it."""

import asyncio
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from tests.web.complaints import (
    DETAILS,
    REFERENCE,
    SERVICE,
    begin,
    choose_service,
    day,
    picture,
    to_check,
)
from tests.web.conftest import Clock, Visiting
from tests.web.pages import Browser

from balagh.database import fetch, fetch_one

GROUNDS = ("outage", "sla_exceeded", "no_response_time", "closed_unresolved")


async def answers() -> dict[str, str]:
    row = await fetch_one("SELECT answers FROM draft ORDER BY updated_at DESC LIMIT 1")
    assert row is not None
    found: dict[str, str] = json.loads(row["answers"])
    return found


@pytest.mark.parametrize("ground", GROUNDS)
async def test_each_ground_leads_to_the_check_page(noura: Browser, ground: str) -> None:
    page = await to_check(noura, ground)
    assert page.path.endswith("/check")
    shown = page.facts
    assert shown["Service"] == "Renew a commercial licence"
    assert shown["Title of the complaint"] == DETAILS["title"]
    assert shown["Name"].startswith("نورة سعد القحطاني")
    assert ("Reference number" in shown) == (ground != "outage")
    assert ("The problem is still there" in shown) == (ground == "closed_unresolved")
    assert ("Promised response time (working days)" in shown) == (ground == "sla_exceeded")


async def test_nothing_is_kept_before_the_first_answer(noura: Browser) -> None:
    await noura.open("/new/complaint")
    page = await noura.send("/new/complaint")
    assert page.status == 422
    assert page.title.startswith("Error:")
    assert "Choose the reason that fits your complaint" in page.links
    assert not await fetch("SELECT 1 FROM draft")


async def test_the_first_answer_sent_twice_begins_one_draft(noura: Browser) -> None:
    page = await noura.open("/new/complaint")
    await noura.send("/new/complaint", ground="outage")
    noura.page = page
    await noura.send("/new/complaint", ground="sla_exceeded")
    assert len(await fetch("SELECT 1 FROM draft")) == 1


async def test_there_are_no_other_kinds(noura: Browser) -> None:
    assert (await noura.open("/new/nonsense")).status == 404


async def test_what_was_typed_stays_right_or_wrong(noura: Browser) -> None:
    await begin(noura, "no_response_time")
    await choose_service(noura)
    wrong = {"reference": "x" * 61, **day("filed_on", 29, 11, 2026)}
    page = await noura.send("/reference", **wrong)
    assert page.status == 422
    assert "The filing date must be today or before" in page.links
    assert page.links["The filing date must be today or before"].endswith("#filed_on_day")
    assert {name: page.form().fields[name] for name in wrong} == wrong
    # Left and resumed, on this device or another, it stands there still.
    assert {name: (await answers())[name] for name in wrong} == wrong
    page = await noura.open(page.path)
    assert {name: page.form().fields[name] for name in wrong} == wrong


async def test_a_step_ahead_leads_back_to_the_first_unanswered_one(noura: Browser) -> None:
    page = await begin(noura, "sla_exceeded")
    base = page.path.rsplit("/", 1)[0]
    for slug in ("reference", "details", "documents", "check"):
        assert (await noura.open(f"{base}/{slug}")).path == f"{base}/service"
    assert (await noura.open(base)).path == f"{base}/service"
    # Steps of another ground, and steps that there are not.
    assert (await noura.open(f"{base}/closure")).status == 404
    assert (await noura.open(f"{base}/nonsense")).status == 404


async def test_a_form_for_a_step_ahead_changes_nothing(noura: Browser) -> None:
    page = await begin(noura, "sla_exceeded")
    base = page.path.rsplit("/", 1)[0]
    csrf = page.form("/service").fields["csrf"]
    answer = await noura.client.post(f"{base}/details", data={**DETAILS, "csrf": csrf})
    assert answer.headers["location"] == f"{base}/service"
    assert "title" not in await answers()


async def test_each_choice_narrows_the_next(noura: Browser) -> None:
    page = await begin(noura, "no_response_time")
    assert set(page.form("/service").choices) == {"agency"}
    page = await noura.send("/service", agency="momah")
    assert page.form("/service").choices["platform"] == ["", "balady", "sakani", "paper"]
    page = await noura.send("/service", platform="balady")
    assert "balady-licence-renew" in page.form("/service").choices["service"]
    assert "sakani-land" not in page.form("/service").choices["service"]
    page = await noura.send("/service", service="balady-excavation")
    assert page.form("/service").choices["delivery_channel"] == ["web"]


async def test_another_agency_makes_the_platform_void(noura: Browser) -> None:
    await begin(noura, "no_response_time")
    page = await choose_service(noura)
    page = await noura.open(page.path.replace("/reference", "/service"))
    page = await noura.send("/service", agency="moj")
    assert page.path.endswith("/service")
    kept = await answers()
    assert kept["agency"] == "moj"
    assert not {"platform", "service", "delivery_channel"} & kept.keys()


async def test_the_first_step_left_open_is_an_error_not_a_choice(noura: Browser) -> None:
    await begin(noura, "no_response_time")
    page = await noura.send("/service")
    assert page.status == 422
    assert "Choose the agency" in page.links


async def test_a_changed_ground_asks_what_it_needs_and_keeps_the_rest(noura: Browser) -> None:
    page = await to_check(noura, "no_response_time")
    page = await noura.open(page.links["Change Ground for escalation"])
    page = await noura.send("/ground", ground="closed_unresolved")
    assert page.path.endswith("/closure")
    page = await noura.send("/closure", matter="technical", still_happening="yes")
    # Service and number are answered; the closing date is what is missing.
    page = await noura.open(page.path.rsplit("/", 1)[0])
    assert page.path.endswith("/reference")
    assert page.form("/reference").fields["reference"] == REFERENCE["reference"]
    page = await noura.send("/reference", **day("closed_on", 15, 11, 2026))
    page = await noura.open(page.path.rsplit("/", 1)[0])
    assert page.path.endswith("/check")


async def test_change_returns_to_the_check_page(noura: Browser) -> None:
    page = await to_check(noura)
    page = await noura.open(page.links["Change Title of the complaint"])
    page = await noura.send("/details", title="عنوان آخر للشكوى")
    assert page.path.endswith("/check")
    assert page.facts["Title of the complaint"] == "عنوان آخر للشكوى"


async def test_contact_details_are_asked_for_only_when_they_are_not_known(
    visiting: Visiting,
) -> None:
    async with visiting("سلمى", email=None) as browser:
        page = await browser.open("/new/complaint")
        fields = page.form("/new/complaint").fields
        assert fields["phone"] == "055 318 4471"
        assert "name" not in fields
        page = await browser.send("/new/complaint", email="salma")
        assert page.status == 422
        page = await browser.send("/contact", email="salma@EXAMPLE.com", phone="٠٥٦ ١١٠ ٢٩٣٨")
        assert page.path.endswith("/ground")
        page = await browser.open(page.path.replace("/ground", "/contact"))
        assert page.form("/contact").fields["email"] == "salma@EXAMPLE.com"


async def test_the_name_is_asked_for_when_sign_in_did_not_tell_it(visiting: Visiting) -> None:
    async with visiting(" ") as browser:
        page = await browser.open("/new/complaint")
        assert page.form("/new/complaint").fields["name"] == ""
        page = await browser.send("/new/complaint")
        assert "Write your full name" in page.links
        page = await browser.send("/contact", name="سلمى العنزي")
        assert page.path.endswith("/ground")


async def test_contact_details_can_be_changed_for_this_report(noura: Browser) -> None:
    page = await to_check(noura)
    page = await noura.open(page.links["Change Mobile number"])
    assert page.form("/contact").fields["phone"] == "055 318 4471"
    page = await noura.send("/contact", phone="0561102938")
    assert page.path.endswith("/check")
    assert page.facts["Mobile number"] == "056 110 2938"


async def test_a_date_can_be_typed_in_either_calendar(noura: Browser) -> None:
    await begin(noura, "no_response_time")
    page = await choose_service(noura)
    form = page.form("/reference")
    toggle = next(button for button in form.buttons if button.get("name") == "toggle")
    assert toggle["value"] == "filed_on"
    form.action, form.fields["toggle"] = toggle["formaction"], "filed_on"
    page = await noura.send("/reference", **REFERENCE)
    fields = page.form("/reference").fields
    # What was typed so far stays, and the day is the same one.
    assert fields["reference"] == REFERENCE["reference"]
    assert {name: fields[name] for name in day("filed_on", 0, 0, 0)} == day(
        "filed_on", 29, 5, 1448, "hijri"
    )
    page = await noura.send("/reference")
    assert page.path.endswith("/details")


async def test_an_outage_needs_an_image(noura: Browser) -> None:
    await begin(noura, "outage")
    await choose_service(noura)
    page = await noura.send("/details", **DETAILS)
    assert page.path.endswith("/documents")
    page = await noura.send("/documents")
    assert page.status == 422
    assert any(link.startswith("Add an image of the fault") for link in page.links)
    page = await noura.send("/files", files={"file": ("fault.png", picture())})
    assert "fault.png" in page.text
    page = await noura.send("/documents")
    assert page.path.endswith("/check")


# Eligibility is told at the earliest step that knows it.


async def test_a_paper_service_is_refused_when_it_is_chosen(noura: Browser) -> None:
    await begin(noura, "no_response_time")
    await noura.send("/service", agency="momah")
    await noura.send("/service", platform="paper")
    page = await noura.send("/service", service="momah-licence-renew-branch")
    assert page.path.endswith("/refusal")
    assert page.h1 == "Complaints and suggestions are about digital services only"
    # What to do next: its digital alternative.
    assert "Renew a commercial licence" in page.text


async def test_procedures_are_refused_before_anything_else_is_asked(noura: Browser) -> None:
    await begin(noura, "closed_unresolved")
    page = await noura.send("/closure", matter="procedural", still_happening="yes")
    assert page.h1 == "A complaint about procedures cannot be escalated"
    page = await noura.open(page.links["Change the answer"])
    page = await noura.send("/closure", matter="technical", still_happening="no")
    assert page.h1 == "A problem that is solved cannot be escalated"


@pytest.mark.parametrize(
    ("ground", "typed", "first"),
    [
        ("no_response_time", day("filed_on", 18, 11, 2026), "Thursday 26 November 2026"),
        ("no_response_time", day("filed_on", 23, 11, 2026), "Tuesday 1 December 2026"),
        (
            "sla_exceeded",
            {**day("filed_on", 22, 11, 2026), "response_days": "٣"},
            "Thursday 26 November 2026",
        ),
    ],
)
async def test_too_early_says_from_when(
    noura: Browser, ground: str, typed: dict[str, str], first: str
) -> None:
    await begin(noura, ground)
    await choose_service(noura)
    page = await noura.send("/reference", **{**REFERENCE, **typed})
    assert page.path.endswith("/refusal")
    assert page.h1 == "The complaint cannot be filed today"
    assert first in page.text
    assert "1448" in page.text


async def test_a_day_later_it_can_be_filed(noura: Browser, time: Clock) -> None:
    await begin(noura, "no_response_time")
    await choose_service(noura)
    page = await noura.send("/reference", **{**REFERENCE, **day("filed_on", 18, 11, 2026)})
    assert page.h1 == "The complaint cannot be filed today"
    base = page.path.rsplit("/", 1)[0]
    # 23:59 on the last day, and midnight.
    time.now = datetime(2026, 11, 25, 20, 59, tzinfo=UTC)
    await fetch("UPDATE session SET seen_at = $1", time.now)
    await fetch("UPDATE session SET expires_at = $1", datetime(2027, 1, 1, tzinfo=UTC))
    assert (await noura.open(f"{base}/refusal")).path.endswith("/refusal")
    time.now = datetime(2026, 11, 25, 21, 0, tzinfo=UTC)
    assert not (await noura.open(f"{base}/refusal")).path.endswith("/refusal")


async def test_a_reference_escalated_by_anybody_is_refused_at_its_step(
    noura: Browser, khalid: Browser
) -> None:
    await to_check(khalid)
    page = await khalid.send("/submission")
    assert "/confirmation" in page.path
    await begin(noura, "no_response_time")
    await choose_service(noura)
    page = await noura.send("/reference", **{**REFERENCE, "reference": "bld ٤٤٧١٨٨٢"})
    assert page.h1 == "This complaint was escalated before"
    # Nobody learns whose it is.
    assert "خالد" not in page.text


# Scripts on: fragments.

HX = {"hx-request": "true"}


async def test_a_fragment_is_the_inner_part_with_its_title(noura: Browser) -> None:
    page = await begin(noura, "no_response_time")
    whole = await noura.client.get(page.path)
    fragment = await noura.client.get(page.path, headers=HX)
    assert "<title>" in fragment.text
    assert "<html" not in fragment.text
    assert "</header>" not in fragment.text
    assert len(fragment.text) < len(whole.text)
    restored = {**HX, "hx-history-restore-request": "true"}
    assert "<html" in (await noura.client.get(page.path, headers=restored)).text


async def test_htmx_gets_the_next_step_at_once(noura: Browser) -> None:
    page = await begin(noura, "no_response_time")
    form = page.form("/service")
    data = {**form.fields, **SERVICE}
    answer = await noura.client.post(form.action, data=data, headers=HX)
    assert answer.status_code == 200
    # The agency is new, and what hangs on it fits.
    assert answer.headers["hx-push-url"] == page.path.replace("/service", "/reference")


async def test_an_answer_belongs_to_its_question_whatever_comes_between(noura: Browser) -> None:
    """Keys faster than answers: the requests overtake each other."""
    page = await begin(noura, "no_response_time")
    form = page.form("/service")
    platforms = {"momah": "balady", "moj": "najiz", "moi": "absher"}

    async def refine(agency: str) -> tuple[str, set[str]]:
        data = {**form.fields, "agency": agency}
        answer = await noura.client.post(form.action + "?refine=1", data=data, headers=HX)
        return agency, {code for code in platforms.values() if f'value="{code}"' in answer.text}

    for agency, shown in await asyncio.gather(*(refine(agency) for agency in [*platforms] * 8)):
        assert shown == {platforms[agency]}
    # One that was overtaken is kept last; the form as it is shown counts.
    await refine("moj")
    answer = await noura.client.post(form.action, data={**form.fields, **SERVICE})
    assert answer.headers["location"].endswith("/reference")


async def test_refining_asks_for_more_without_errors(noura: Browser) -> None:
    page = await begin(noura, "no_response_time")
    form = page.form("/service")
    data = {**form.fields, "agency": "momah"}
    answer = await noura.client.post(form.action + "?refine=1", data=data, headers=HX)
    assert answer.status_code == 200
    assert 'name="platform"' in answer.text
    assert "Error" not in answer.text


async def test_eligibility_is_told_while_answering(noura: Browser) -> None:
    await begin(noura, "no_response_time")
    page = await choose_service(noura)
    form = page.form("/reference")
    data = {**form.fields, **REFERENCE, **day("filed_on", 18, 11, 2026)}
    answer = await noura.client.post(form.action + "?refine=1", data=data, headers=HX)
    assert answer.status_code == 200
    assert "The complaint cannot be filed today" in answer.text
    assert 'role="status"' in answer.text


# Whose draft it is.


async def test_a_draft_is_resumed_on_another_device(noura: Browser, visiting: Visiting) -> None:
    page = await begin(noura, "no_response_time")
    async with visiting("نورة سعد القحطاني") as elsewhere:
        page = await elsewhere.open("/reports")
        page = await elsewhere.open(page.links["Continue the draft"])
        assert page.path.endswith("/service")


async def test_somebody_elses_draft_does_not_exist(
    noura: Browser, khalid: Browser, visiting: Visiting
) -> None:
    page = await begin(noura, "no_response_time")
    base = page.path.rsplit("/", 1)[0]
    nobody = f"/drafts/{UUID(int=7)}"
    for path in ("", "/service", "/ground", "/check", "/refusal", "/discard"):
        theirs, missing = await khalid.open(base + path), await khalid.open(nobody + path)
        assert theirs.status == missing.status == 404
        assert theirs.html.replace(base, "") == missing.html.replace(nobody, "")
    csrf = (await khalid.open("/new/complaint")).form("/new/").fields["csrf"]
    for path in (
        "/service",
        "/discard",
        "/submission?as_of=1",
        "/files",
        f"/files/{UUID(int=7)}/removal",
    ):
        data = {"csrf": csrf, "agency": "moj"}
        sent = await khalid.client.post(base + path, data=data)
        nowhere = await khalid.client.post(nobody + path, data=data)
        assert (sent.status_code, sent.text) == (nowhere.status_code, nowhere.text), path
    taken = base.rsplit("/", 1)[1]
    answer = await khalid.client.post(
        f"/new/complaint?draft={taken}", data={"csrf": csrf, "ground": "outage"}
    )
    assert answer.status_code == 404
    assert (await answers())["ground"] == "no_response_time"
    async with visiting() as anonymous:
        answer = await anonymous.client.get(base + "/service")
        assert answer.headers["location"].startswith("/sign-in?next=%2Fdrafts%2F")


async def test_a_draft_is_discarded_after_asking(noura: Browser) -> None:
    page = await begin(noura, "no_response_time")
    await noura.open(page.path.replace("/service", "/discard"))
    page = await noura.send("/discard")
    assert page.path == "/reports"
    assert not await fetch("SELECT 1 FROM draft")


async def test_the_language_switch_keeps_the_page(noura: Browser) -> None:
    page = await begin(noura, "no_response_time")
    arabic = next(url for text, url in page.links.items() if "lang=ar" in url)
    page = await noura.open(arabic)
    assert "/service" in page.path
    assert 'dir="rtl"' in page.html
    # And is remembered.
    assert 'dir="rtl"' in (await noura.open("/")).html
