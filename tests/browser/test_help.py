"""The help in Chromium: every page under axe, and found and read with the keyboard alone."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Visiting
from tests.browser.filing import Keyboard
from tests.browser.test_every_page import DARK, LOOKS, tour


@pytest.mark.parametrize("look", [*LOOKS, DARK])
async def test_help_pages(visiting: Visiting, look: dict[str, object]) -> None:
    async with tour(visiting, **look) as seen:
        for path in (
            "/help",
            "/help?q=%D8%A7%D9%84%D8%BA%D8%A7%D8%A1",
            "/help?q=report",
            "/help?q=xyzzy",
            "/help/complaint-conditions",
            "/help/reference-number",
            "/help/after-filing",
            "/help/states",
            "/help/term-numbers",
        ):
            await seen.open(path)


@pytest.mark.parametrize("scripts", [True, False])
async def test_asked_and_answered_by_keyboard(visiting: Visiting, scripts: bool) -> None:
    async with visiting(scripts=scripts) as page:
        hands = Keyboard(page)
        await page.goto("/")
        await hands.press(page.locator('footer a[href="/help"]'))
        await page.wait_for_url("**/help")
        await hands.type("q", "الغاء البلاغ")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/help?q=*")
        await hands.press(page.locator('main a[href="/help/cancel"]'))
        await page.wait_for_url("**/help/cancel")
        await expect(page.locator("h1")).to_have_text("كيف ألغي بلاغي؟")
        await page.go_back()
        await expect(page.locator("#q")).to_have_value("الغاء البلاغ")
        assert await page.locator("footer .help").is_visible()


async def test_why_a_step_is_asked_opens_beside_it(visiting: Visiting) -> None:
    async with visiting("khalid", language="en") as page:
        hands = Keyboard(page)
        await page.goto("/new/complaint")
        await hands.mark("ground", "outage")
        async with page.context.expect_page() as opened:
            await hands.press(page.locator("a[href='/help/why-ground']"))
        beside = await opened.value
        await expect(beside.locator("h1")).to_have_text("Why do we ask for the reason?")
        # What was marked and not yet sent is still there.
        assert await page.locator("[name=ground][value=outage]").is_checked()
