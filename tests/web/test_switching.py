"""From one kind to another with everything that was typed and added, and the reminder."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
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
from tests.web.conftest import NOW, Clock, Visiting
from tests.web.kinds import ABOUT, IDEA, REASONS, TYPED, one_by_one, request_to_check
from tests.web.pages import Browser, Page

from balagh.database import fetch
from balagh.notices.messages import Email, Sms, render, segments


async def only_draft() -> dict[str, Any]:
    (row,) = await fetch(
        "SELECT id, kind, answers, remind_on, (SELECT array_agg(name ORDER BY name) "
        "FROM attachment WHERE draft_id = draft.id) AS files FROM draft"
    )
    return {**dict(row), "answers": json.loads(row["answers"])}


async def press(browser: Browser, kind: str) -> Page:
    """The refusal's button that leads to that kind."""
    forms = [form for form in browser.page.forms if form.fields.get("kind") == kind]
    assert forms, f"{kind} is not offered: {browser.page.text[:500]}"
    browser.page.forms = forms
    return await browser.send("/kind")


async def fill(browser: Browser, kind: str) -> None:
    """All of a draft: service, texts and two files."""
    if kind == "complaint":
        await begin(browser, "no_response_time")
        await choose_service(browser)
        await browser.send("/reference", **REFERENCE)
        await browser.send("/details", **DETAILS)
    elif kind == "suggestion":
        await one_by_one(browser, kind, ABOUT)
        await browser.send("/details", **IDEA)
    else:
        await one_by_one(browser, kind, TYPED)
        await browser.send("/details", **REASONS)
    for n in (1, 2):
        await browser.send("/files", files={"file": (f"{n}.png", picture())})
    await browser.send("/documents")


async def change_service(browser: Browser, answers: dict[str, str]) -> Page:
    """The step of the service again, one choice a page."""
    page = await browser.open(browser.page.path.rsplit("/", 1)[0] + "/service")
    for name, value in answers.items():
        # The agency is the same: sending it alone would go on.
        if page.form("/service").fields.get(name) != value:
            page = await browser.send("/service", **{name: value})
    return page


TEXTS = {"complaint": DETAILS, "suggestion": IDEA, "transformation": REASONS}
PAPER = {"agency": "momah", "platform": "paper", "service": "momah-burial-permit"}
REPLACED = {"agency": "momah", "platform": "paper", "service": "momah-licence-renew-branch"}
NAMED = {"service_name": "تجديد رخصة محل لدى البلديه"}
DIGITAL = {"service_name": "Renew a commercial licence"}
DIGITAL_PLACE = {name: SERVICE[name] for name in ("agency", "platform", "service")}

# From which kind, what its service step is changed to, to which kind, where that leads, and what
# was answered about the service then.
CASES: list[tuple[str, dict[str, str], str, str, dict[str, str]]] = [
    ("complaint", PAPER, "transformation", "check", {"service": "momah-burial-permit"}),
    ("suggestion", PAPER, "transformation", "check", {"service": "momah-burial-permit"}),
    # Where it was used is asked again: paper has no app.
    ("complaint", REPLACED, "complaint", "service", DIGITAL_PLACE),
    ("complaint", REPLACED, "suggestion", "service", DIGITAL_PLACE),
    ("suggestion", REPLACED, "suggestion", "service", DIGITAL_PLACE),
    ("suggestion", REPLACED, "complaint", "ground", {"platform": "balady"}),
    ("transformation", NAMED, "complaint", "ground", {"service": "balady-licence-renew"}),
    ("transformation", NAMED, "suggestion", "service", {"platform": "balady"}),
    ("transformation", DIGITAL, "suggestion", "service", {"service": "balady-licence-renew"}),
    ("transformation", DIGITAL, "complaint", "ground", {"agency": "momah"}),
]


@pytest.mark.parametrize(("kind", "service", "to", "stop", "about"), CASES)
async def test_nothing_is_lost(
    noura: Browser, kind: str, service: dict[str, str], to: str, stop: str, about: dict[str, str]
) -> None:
    await fill(noura, kind)
    page = await change_service(noura, service)
    assert page.path.endswith("/refusal"), page.text[:300]
    before = await only_draft()
    refused = page
    page = await press(noura, to)
    assert page.path.endswith(f"/{stop}")
    after = await only_draft()
    assert (after["id"], after["kind"], after["files"]) == (before["id"], to, ["1.png", "2.png"])
    assert {name: after["answers"][name] for name in about} == about
    # Answers change where the service does; none goes away.
    assert before["answers"].keys() <= after["answers"].keys()
    changed = {name for name, typed in before["answers"].items() if after["answers"][name] != typed}
    assert changed <= {"agency", "platform", "service"}
    texts = TEXTS[kind]
    assert {name: after["answers"][name] for name in texts} == texts
    # The same form again, from another tab perhaps.
    noura.page = refused
    page = await press(noura, to)
    assert page.path.endswith(f"/{stop}")
    assert await only_draft() == after


async def test_a_complaint_about_paper_is_filed_as_a_request(noura: Browser) -> None:
    await fill(noura, "complaint")
    await change_service(noura, PAPER)
    assert "What you wrote and the files you added come along." in noura.page.text
    page = await press(noura, "transformation")
    assert page.facts["Paper service"] == "Issue a burial permit"
    assert page.facts["Title of the request"] == DETAILS["title"]
    page = await noura.send("/submission")
    assert page.h1 == "Your transformation request has been received"
    (report,) = await fetch("SELECT * FROM report")
    assert (report["kind"], report["ground"], report["reference"]) == ("transformation", None, None)
    assert len(await fetch("SELECT 1 FROM attachment WHERE report_id = $1", report["id"])) == 2


async def test_both_tabs_at_once(noura: Browser) -> None:
    """One changes the kind while the other sends a step: both are kept."""
    await begin(noura, "no_response_time")
    for name, value in PAPER.items():
        await noura.send("/service", **{name: value})
    tabs = []
    for _ in range(6):
        tab = Browser(noura.client)
        await tab.open(noura.page.path)
        tabs.append(tab)
    await asyncio.gather(*(press(tab, "transformation") for tab in tabs))
    draft = await only_draft()
    assert (draft["kind"], draft["answers"]["ground"]) == ("transformation", "no_response_time")


@pytest.mark.parametrize("kind", ["", "nonsense", "complaint'"])
async def test_there_is_no_such_kind(noura: Browser, kind: str) -> None:
    await begin(noura, "no_response_time")
    base = noura.page.path.rsplit("/", 1)[0]
    csrf = noura.page.form("/service").fields["csrf"]
    answer = await noura.client.post(f"{base}/kind", data={"csrf": csrf, "kind": kind})
    assert answer.status_code == 404
    assert (await only_draft())["kind"] == "complaint"


async def test_a_kind_that_does_not_take_the_service_changes_nothing(noura: Browser) -> None:
    await to_check(noura)
    base = noura.page.path.rsplit("/", 1)[0]
    csrf = noura.page.form("/submission").fields["csrf"]
    before = await only_draft()
    answer = await noura.client.post(f"{base}/kind", data={"csrf": csrf, "kind": "transformation"})
    assert answer.headers["location"] == base
    assert await only_draft() == before


async def test_only_one_s_own_drafts(noura: Browser, khalid: Browser) -> None:
    await begin(noura, "no_response_time")
    base = noura.page.path.rsplit("/", 1)[0]
    nobody = f"/drafts/{UUID(int=7)}"
    await khalid.open("/new/complaint")
    csrf = khalid.page.form("/new/").fields["csrf"]
    before = await only_draft()
    for path in ("/kind", "/reminder", "/reminder/removal"):
        data = {"csrf": csrf, "kind": "transformation"}
        theirs = await khalid.client.post(base + path, data=data)
        missing = await khalid.client.post(nobody + path, data=data)
        assert (theirs.status_code, theirs.text) == (404, missing.text), path
        assert (await noura.client.post(base + path)).status_code == 403
    assert await only_draft() == before


# The reminder.


async def too_early(browser: Browser, **typed: str) -> Page:
    """Filed on Wednesday 18 November with the provider: possible from Thursday 26."""
    await begin(browser, "no_response_time")
    await choose_service(browser)
    return await browser.send(
        "/reference", **{**REFERENCE, **day("filed_on", 18, 11, 2026), **typed}
    )


THURSDAY = date(2026, 11, 26)


async def test_a_reminder_is_set_shown_and_taken_back(noura: Browser) -> None:
    page = await too_early(noura)
    assert "Remind me on Thursday 26 November" in page.text
    assert "05• ••• •471" in page.text
    assert "055 318 4471" not in page.text
    page = await noura.send("/reminder")
    assert page.path.endswith("/refusal")
    assert "We remind you on Thursday 26 November 2026" in page.text
    assert "Remind me on" not in page.text
    assert (await only_draft())["remind_on"] == THURSDAY
    card = await noura.open("/reports")
    assert "You are reminded on Thursday 26 November 2026" in card.text
    noura.page = page
    page = await noura.send("/removal")
    assert "Remind me on Thursday 26 November" in page.text
    assert (await only_draft())["remind_on"] is None
    assert "reminded" not in (await noura.open("/reports")).text


async def test_the_day_is_never_the_form_s(noura: Browser) -> None:
    page = await too_early(noura)
    form = page.form("/reminder")
    given = {**form.fields, "remind_on": "2030-01-01", "day": "2030-01-01"}
    await noura.client.post(form.action, data=given)
    assert (await only_draft())["remind_on"] == THURSDAY


async def test_another_obstacle_has_no_day(noura: Browser, khalid: Browser) -> None:
    await to_check(khalid)
    await khalid.send("/submission")
    page = await too_early(noura)
    assert "Remind me" not in page.text
    csrf = page.form("/reminder").fields["csrf"] if "/reminder" in page.html else ""
    assert not csrf
    base = page.path.rsplit("/", 1)[0]
    token = (await noura.open("/new/complaint")).form("/new/").fields["csrf"]
    await noura.client.post(f"{base}/reminder", data={"csrf": token})
    assert (await only_draft())["remind_on"] is None


async def test_a_reminder_goes_with_the_kind(noura: Browser) -> None:
    await too_early(noura)
    await noura.send("/reminder")
    await change_service(noura, PAPER)
    await press(noura, "transformation")
    assert (await only_draft())["remind_on"] is None


# What the message says.

LONGEST = "https://balagh.dga.gov.sa/drafts/12345678-1234-1234-1234-123456789012"
FACTS = {
    "name": "نورة <b>",
    "provider_ar": "أبشر",
    "provider_en": "Absher & co",
    "service_ar": "خدمة",
    "service_en": "Service <i>",
    "reference": "BLD-4471882",
    "link": LONGEST,
}


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_the_message(catalogue: None, language: str) -> None:
    """Short enough for two SMS whoever the provider is."""
    names = await fetch(
        f"SELECT short_{language} AS name FROM platform UNION SELECT short_{language} FROM agency"
    )
    for row in names:
        sms = render(
            "may_file_now", "sms", language, {**FACTS, f"provider_{language}": row["name"]}
        )
        assert isinstance(sms, Sms)
        assert row["name"] in sms.text
        assert sms.text.splitlines()[-1] == LONGEST
        assert segments(sms.text) <= 2, sms.text
    for extra in ({}, {"reference": "", f"service_{language}": None}):
        email = render("may_file_now", "email", language, {**FACTS, **extra})
        assert isinstance(email, Email)
        assert LONGEST in email.text
        assert LONGEST in email.html
        assert ("BLD-4471882" in email.text) == (not extra)
        assert "<b>" not in email.html.partition("</style>")[2].replace("&lt;b&gt;", "")
        assert "None" not in email.text + email.html


def test_times_used_here_are_what_they_are_called() -> None:
    assert datetime(2026, 11, 23, 8, 30, tzinfo=UTC) == NOW
    assert THURSDAY - NOW.date() == timedelta(days=3)


async def test_the_page_without_a_gateway_promises_no_sms(
    visiting: Visiting, portal: Any, time: Clock
) -> None:
    import msgspec

    portal.state.settings = msgspec.structs.replace(portal.state.settings, sms_url=None)
    async with visiting("نورة سعد القحطاني") as noura:
        page = await too_early(noura)
    assert "An e-mail with a link that brings you back to what you wrote." in page.text
    assert "text message" not in page.text


async def test_requests_cannot_be_too_early(noura: Browser) -> None:
    await request_to_check(noura)
    base = noura.page.path.rsplit("/", 1)[0]
    csrf = noura.page.form("/submission").fields["csrf"]
    await noura.client.post(f"{base}/reminder", data={"csrf": csrf})
    assert (await only_draft())["remind_on"] is None
