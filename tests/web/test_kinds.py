"""Transformation requests and suggestions, from the start page to the details; filed once only."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.web.conftest import Visiting
from tests.web.kinds import (
    ABOUT,
    IDEA,
    REASONS,
    REQUEST,
    TYPED,
    one_by_one,
    request_to_check,
    suggestion_to_check,
)
from tests.web.pages import Browser, Page
from tests.web.test_budgets import NEXT_FRAGMENT, NEXT_PAGE, PAGE, size

from balagh.assets import asset
from balagh.database import fetch, fetch_one
from balagh.i18n import grouped

TO_CHECK: dict[str, Callable[[Browser], Awaitable[Page]]] = {
    "transformation": request_to_check,
    "suggestion": suggestion_to_check,
}


async def only_report() -> Any:
    (row,) = await fetch("SELECT * FROM report")
    return row


async def test_the_three_doors_are_open(visiting: Visiting) -> None:
    async with visiting(language="en") as nobody:
        page = await nobody.open("/")
        doors = {page.links[text] for text in ("File a complaint", "File a suggestion")}
        doors |= {page.links["File a transformation request"], page.links["transformation request"]}
        assert doors == {"/new/complaint", "/new/suggestion", "/new/transformation"}
        assert "soon" not in page.text


@pytest.mark.parametrize(
    ("answers", "service"),
    [(REQUEST, "Request a land survey report"), (TYPED, TYPED["service_name"])],
)
async def test_a_transformation_request(
    noura: Browser, answers: dict[str, str], service: str
) -> None:
    page = await request_to_check(noura, answers)
    assert page.path.endswith("/check")
    shown = page.facts
    assert shown["Paper service"] == service
    assert shown["Title of the request"] == REASONS["title"]
    assert "It is not in the list" not in page.text
    page = await noura.send("/submission")
    report = await only_report()
    assert page.path == f"/reports/{report['number']}/confirmation"
    assert page.h1 == "Your transformation request has been received"
    assert grouped(report["number"]) in page.text
    assert (report["kind"], report["state"], report["platform_id"]) == (
        "transformation", "received", None,
    )  # fmt: skip
    assert (report["service_id"] is None) == (answers is TYPED)
    assert report["service_name"] == (TYPED["service_name"] if answers is TYPED else None)
    page = await noura.open(f"/reports/{report['number']}")
    assert f"Transformation request no. {grouped(report['number'])}" in page.text
    assert page.facts["Paper service"] == service
    assert page.facts["Reasons for the request"] == REASONS["description"]
    page = await noura.open("/reports")
    assert "Transformation request" in page.text
    data = await fetch("SELECT data FROM notice")
    assert {json.loads(row["data"])["received_ar"] for row in data} == {"تم استلام طلب التحول"}


async def test_a_suggestion(noura: Browser) -> None:
    page = await suggestion_to_check(noura)
    assert page.facts["Service channel"] == "App"
    assert page.facts["Text of the suggestion"] == IDEA["description"]
    page = await noura.send("/submission")
    assert page.h1 == "Your suggestion has been received"
    report = await only_report()
    assert report["kind"] == "suggestion"
    page = await noura.open(f"/reports/{report['number']}")
    assert f"Improvement suggestion no. {grouped(report['number'])}" in page.text
    assert page.facts["Platform"].startswith("Balady")
    assert page.facts["Service channel"] == "App"


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("accepted", "The agency accepted the request"),
        ("refused", "The agency refused the request. Its reasons:"),
        ("solved", "The agency's answer"),
    ],
)
async def test_the_agency_s_decision_is_told(noura: Browser, outcome: str, told: str) -> None:
    await suggestion_to_check(noura)
    await noura.send("/submission")
    await fetch(
        "UPDATE report SET state = 'closed', outcome = $1, answer = 'الرد', promised_on = "
        "CASE WHEN $1 = 'accepted' THEN date '2027-03-28' END, ended_at = submitted_at",
        outcome,
    )
    page = await noura.open(f"/reports/{(await only_report())['number']}")
    assert told in page.text
    assert ("It is promised for Sunday 28 March 2027" in page.text) == (outcome == "accepted")
    assert ("accepted the request" in page.text, "refused the request" in page.text) == (
        outcome == "accepted",
        outcome == "refused",
    )


async def test_a_draft_card_names_a_typed_service(noura: Browser) -> None:
    await one_by_one(noura, "transformation", TYPED)
    page = await noura.open("/reports")
    assert TYPED["service_name"] in page.text
    assert "Transformation request · step 2 of 4" in page.text


async def test_files_come_with_both_kinds(noura: Browser) -> None:
    from tests.web.complaints import picture

    await one_by_one(noura, "suggestion", ABOUT)
    await noura.send("/details", **IDEA)
    await noura.send("/files", files={"file": ("page.png", picture())})
    page = await noura.send("/documents")
    assert "page.png" in page.text
    await noura.send("/submission")
    assert "page.png" in (await noura.open(f"/reports/{(await only_report())['number']}")).links


# Once only.


async def test_the_same_request_is_refused_at_its_step(noura: Browser) -> None:
    await request_to_check(noura)
    await noura.send("/submission")
    number = (await only_report())["number"]
    # Picked, and typed however it is spelt.
    await one_by_one(noura, "transformation", REQUEST)
    assert noura.page.h1 == "You filed this request before"
    assert noura.page.links[grouped(number)] == f"/reports/{number}"
    again = {**TYPED, "service_name": "طلب تقرير مساحي، لأرض"}
    page = await one_by_one(noura, "transformation", again)
    assert page.h1 == "You filed this request before"


@pytest.mark.parametrize("state", ["cancelled", "rejected"])
async def test_what_was_cancelled_or_rejected_does_not_count(noura: Browser, state: str) -> None:
    for to_check in TO_CHECK.values():
        for _ in range(2):
            await to_check(noura)
            assert "/confirmation" in (await noura.send("/submission")).path
            await fetch("UPDATE report SET state = $1", state)


async def test_others_may_file_the_same(noura: Browser, khalid: Browser) -> None:
    for to_check in TO_CHECK.values():
        for browser in (noura, khalid):
            await to_check(browser)
            assert "/confirmation" in (await browser.send("/submission")).path


@pytest.mark.parametrize("kind", ["transformation", "suggestion"])
async def test_the_same_from_two_tabs_and_two_devices_at_once(
    noura: Browser, visiting: Visiting, kind: str
) -> None:
    """Several drafts of one person, sent at the same instant: one wins, the others are told why."""
    to_check = TO_CHECK[kind]
    title = {
        "transformation": "You filed this request before",
        "suggestion": "You made this suggestion before",
    }[kind]
    checks = [await to_check(noura) for _ in range(2)]
    async with visiting("نورة سعد القحطاني") as phone, visiting("نورة سعد القحطاني") as tablet:
        checks += [await to_check(phone), await to_check(tablet)]
        clients = [noura, noura, phone, tablet]
        tabs = []
        for browser, check in zip(clients, checks, strict=True):
            tab = Browser(browser.client)
            tab.page = check
            tabs.append(tab)
        pages = await asyncio.gather(*(tab.send("/submission") for tab in tabs))
    number = (await only_report())["number"]
    assert sorted(page.status for page in pages) == [200, 409, 409, 409]
    for page in pages:
        if page.status == 409:
            assert page.h1 == title
            assert page.links[grouped(number)] == f"/reports/{number}"
    # Nothing that was typed is gone.
    assert len(await fetch("SELECT 1 FROM draft")) == 3
    assert len(await fetch("SELECT 1 FROM event")) == 1


async def test_a_typed_and_a_picked_request_at_once(noura: Browser) -> None:
    checks = [
        await request_to_check(noura, answers)
        for answers in (REQUEST, {**TYPED, "service_name": "طلب تقرير مساحى لارض"})
    ]
    tabs = [Browser(noura.client) for _ in checks]
    for tab, check in zip(tabs, checks, strict=True):
        tab.page = check
    pages = await asyncio.gather(*(tab.send("/submission") for tab in tabs))
    assert sorted(page.status for page in pages) == [200, 409]
    await only_report()


# A similar one warns.

SIMILAR = "أقترح إضافة خيار الدفع بأبل باي عند تجديد الرخصة التجارية، فالسداد يتأخر أحيانًا."
OTHER = "أقترح أن ترسل المنصة تذكيرًا قبل انتهاء الرخصة بشهر برسالة نصية."


async def test_a_similar_suggestion_is_shown_and_nobody_is_kept(noura: Browser) -> None:
    await suggestion_to_check(noura)
    await noura.send("/submission")
    number = (await only_report())["number"]
    await one_by_one(noura, "suggestion", ABOUT)
    # As one writes it (scripts on), …
    form = noura.page.form("/details")
    answer = await noura.client.post(
        form.action + "?refine=1",
        data={**form.fields, "description": SIMILAR},
        headers={"hx-request": "true"},
    )
    assert "You filed something similar before" in answer.text
    # … on the next page, and before it is filed.
    page = await noura.send("/details", **{**IDEA, "description": SIMILAR})
    assert page.path.endswith("/documents")
    assert "You filed something similar before" in page.text
    page = await noura.send("/documents")
    assert "You filed something similar before" in page.text
    for told in (IDEA["title"], grouped(number), "23 November 2026", "Received"):
        assert told in page.text
    assert page.links["See the earlier one"] == f"/reports/{number}"
    assert "/confirmation" in (await noura.send("/submission")).path
    assert len(await fetch("SELECT 1 FROM report")) == 2


@pytest.mark.parametrize("changed", ["other text", "other service", "somebody else", "cancelled"])
async def test_what_is_not_similar_is_not_shown(
    noura: Browser, khalid: Browser, changed: str
) -> None:
    await suggestion_to_check(noura)
    await noura.send("/submission")
    if changed == "cancelled":
        await fetch("UPDATE report SET state = 'cancelled'")
    browser = khalid if changed == "somebody else" else noura
    about = {**ABOUT, "service": "balady-licence-issue"} if changed == "other service" else ABOUT
    text = OTHER if changed == "other text" else SIMILAR
    await one_by_one(browser, "suggestion", about)
    page = await browser.send("/details", **{**IDEA, "description": text})
    assert "similar" not in page.text


async def test_the_same_suggestion_is_refused_when_it_is_written(noura: Browser) -> None:
    await suggestion_to_check(noura)
    await noura.send("/submission")
    await one_by_one(noura, "suggestion", ABOUT)
    again = IDEA["description"].replace("أقترح", "اقترح").replace(" عبر ", " عبر، ")
    page = await noura.send("/details", title="عنوان آخر", description=again)
    assert page.h1 == "You made this suggestion before"
    assert "similar" not in page.text


# Budgets.


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("kind", ["transformation", "suggestion"])
async def test_bytes_of_every_step(visiting: Visiting, language: str, kind: str) -> None:
    to_check = TO_CHECK[kind]
    async with visiting("نورة سعد القحطاني", language=language) as noura:
        sheet, _ = await size(noura.client, asset("app.css"))
        first, _ = await size(noura.client, f"/new/{kind}")
        assert first + sheet <= PAGE
        page = await to_check(noura)
        base = page.path.rsplit("/", 1)[0]
        for slug in ("service", "details", "documents", "check"):
            whole, _ = await size(noura.client, f"{base}/{slug}")
            fragment, _ = await size(noura.client, f"{base}/{slug}", **{"hx-request": "true"})
            assert whole + sheet <= PAGE, slug
            assert whole <= NEXT_PAGE, slug
            assert fragment <= NEXT_FRAGMENT, slug
        page = await noura.send("/submission")
        for path in (page.path, page.path.removesuffix("/confirmation")):
            whole, _ = await size(noura.client, path)
            assert whole + sheet <= PAGE, path
        # Refused, with other tracks.
        paper = {**ABOUT, "platform": "paper", "service": "momah-licence-renew-branch"}
        del paper["delivery_channel"]
        await one_by_one(noura, "suggestion", paper)
        whole, _ = await size(noura.client, noura.page.path)
        assert whole + sheet <= PAGE


async def test_contact_details_are_asked_in_every_kind(visiting: Visiting) -> None:
    async with visiting(" ", phone=None, email=None) as browser:
        for kind in ("transformation", "suggestion"):
            page = await browser.open(f"/new/{kind}")
            assert {"name", "phone", "email"} <= page.form(f"/new/{kind}").fields.keys()


async def test_the_wrong_kind_of_agency_service_is_no_answer(noura: Browser) -> None:
    """What no list offered is not taken."""
    await one_by_one(noura, "transformation", {"agency": "momah"})
    form = noura.page.form("/service")
    answer = await noura.client.post(
        form.action, data={**form.fields, "service": "balady-licence-renew"}
    )
    assert answer.status_code == 422
    row = await fetch_one("SELECT count(*) AS n FROM report")
    assert row is not None
    assert row["n"] == 0
