"""What could not be delivered, by keyboard alone and without scripts; its pages and the choice of
messages under axe."""

import json

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Visiting
from tests.browser.filing import Keyboard
from tests.browser.test_every_page import LOOKS, tour
from tests.reports import filed

from balagh import clock
from balagh.database import fetch
from balagh.i18n import Language


async def failed() -> int:
    now = clock.now()
    made = await filed.report(await filed.person(), now=now)
    return await filed.new_id(
        "notice", key=f"report:{made['id']}:in_progress:x:email", moment="in_progress",
        channel="email", recipient="nora@exmaple.sa", language="ar", state="failed", attempts=1,
        next_attempt_at=now, created_at=now, failed_at=now, error="SMTP refused: 550 5.1.1",
        data=json.dumps({
            "name": "نورة", "number": made["number"], "title": "لم تُجدَّد الرخصة",
            "kind": "complaint", "agency_ar": "وزارة العدل", "agency_en": "Ministry of Justice",
            "due_on": "2026-11-30", "submitted_at": now.isoformat(),
            "link": "https://balagh.example.sa/reports/1",
        }, ensure_ascii=False),
    )  # fmt: skip


@pytest.mark.usefixtures("database")
async def test_the_address_is_corrected_by_keyboard(visiting: Visiting) -> None:
    id, text = await failed(), Language.of("ar").text
    async with visiting("majed", width=360, scripts=False) as page:
        hands = Keyboard(page)
        await page.goto("/undelivered")
        await hands.press(page.locator(f'a[href="/undelivered/{id}"]'))
        await page.wait_for_url(f"**/undelivered/{id}")
        # What is wrong is told first, and leads to the field.
        await hands.type("email", "nora@")
        await hands.sent(page.locator("form[action$='/address'] .btn"))
        await expect(page.locator(".errs")).to_be_focused()
        assert (await page.title()).startswith(text("Error:"))
        await hands.press(page.locator(".errs a"))
        await hands.type("email", "nora@example.sa")
        await hands.sent(page.locator("form[action$='/address'] .btn"))
        await expect(page.locator(".note.ok")).to_be_focused()
    rows = await fetch("SELECT recipient, resent FROM notice WHERE id = $1", id)
    assert dict(rows[0]) == {"recipient": "nora@example.sa", "resent": 1}


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("look", LOOKS)
async def test_pages_and_their_errors(visiting: Visiting, look: dict[str, object]) -> None:
    id = await failed()
    async with tour(visiting, key="majed", **look) as seen:
        await seen.open("/undelivered")
        await seen.open("/undelivered/resend")
        await seen.open(f"/undelivered/{id}", "one")
        await seen.page.locator("form[action$='/dismissal'] .btn").click()
        await seen.look("one: errors")
        await seen.page.fill("[name=why]", "أُبلغت هاتفيًا")
        await seen.page.locator("form[action$='/dismissal'] .btn").click()
        await seen.look("one: settled")
        await seen.open("/undelivered?tab=dismissed", "settled")
        await seen.open("/profile")
