"""The inbox with the keyboard alone, on an Arabic layout; a refresh that moves nothing; every page
of it under axe."""

from datetime import timedelta

import pytest
from playwright.async_api import CDPSession, Locator, Page, expect
from tests.browser.audits import audit
from tests.browser.conftest import Visiting
from tests.browser.test_every_page import WIDTHS
from tests.reports import filed

from balagh import clock

# What an Arabic keyboard writes where the English one has the key.
ARABIC = {
    **{"KeyJ": "ت", "KeyK": "ن", "KeyX": "ء", "KeyO": "خ", "KeyG": "ل", "KeyI": "ه"},
    "Slash": "ظ",
}


class Arabic:
    """Presses keys where they lie, as a keyboard does that writes Arabic."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session

    async def press(self, *codes: str, shift: bool = False) -> None:
        for code in codes:
            key = {"key": "؟" if shift else ARABIC[code], "code": code, "modifiers": 8 * shift}
            await self._session.send(
                "Input.dispatchKeyEvent", {"type": "keyDown", "text": key["key"], **key}
            )
            await self._session.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})


def rows(page: Page) -> Locator:
    return page.locator(".grid tbody th a")


@pytest.mark.usefixtures("database")
async def test_keys_by_where_they_lie_and_a_refresh_that_moves_nothing(visiting: Visiting) -> None:
    async with visiting("reem", width=1280) as page:
        keys = Arabic(await page.context.new_cdp_session(page))
        await page.clock.install()
        await page.goto("/inbox")

        # Down, down, up; select; the boxes are those of the rows.
        await keys.press("KeyJ", "KeyJ", "KeyJ", "KeyK")
        await expect(rows(page).nth(1)).to_be_focused()
        boxes = page.locator(".grid [name=case]")
        await keys.press("KeyX")
        await expect(boxes.nth(1)).to_be_checked()
        await keys.press("KeyX")
        await expect(boxes.nth(1)).not_to_be_checked()

        # While somebody types nothing happens but that.
        await keys.press("Slash")
        find = page.locator("#find")
        await expect(find).to_be_focused()
        await keys.press("KeyJ", "KeyX", "Slash")
        await expect(find).to_have_value("تءظ")
        await page.keyboard.press("Escape")

        # The list of keys takes the focus and gives it back.
        await rows(page).nth(1).focus()
        await keys.press("Slash", shift=True)
        await expect(page.locator("#keys")).to_be_visible()
        await keys.press("KeyJ")
        await page.keyboard.press("Escape")
        await expect(page.locator("#keys")).to_be_hidden()
        await expect(rows(page).nth(1)).to_be_focused()

        # A refresh: told, counted, and nothing moves.
        before = await rows(page).all_inner_texts()
        new = page.locator("#n_new")
        count = int(await new.inner_text())
        at = clock.now() + timedelta(seconds=1)
        await filed.report(
            await filed.person(), "received", now=clock.now(), title="بلاغ وصل الآن",
            due_at=clock.now() - timedelta(days=400), event={"at": at},
        )  # fmt: skip
        # The counts are seconds old.
        await page.clock.run_for(31_000)
        await expect(page.locator("#news a")).to_be_visible()
        await expect(rows(page).nth(1)).to_be_focused()
        assert await rows(page).all_inner_texts() == before
        for _ in range(15):
            if int(await new.inner_text()) == count + 1:
                break
            async with page.expect_response("**/inbox/news?*"):
                await page.clock.run_for(31_000)
            await page.wait_for_timeout(2_000)
        await expect(new).to_have_text(str(count + 1))
        await expect(rows(page).nth(1)).to_be_focused()
        await page.locator("#news a").press("Enter")
        await expect(rows(page).first).to_have_text("بلاغ وصل الآن")


async def test_one_comes_back_to_the_row_one_left(visiting: Visiting) -> None:
    """With the browser's own clock, which tells how a page was reached."""
    async with visiting("reem", width=1280) as page:
        keys = Arabic(await page.context.new_cdp_session(page))
        # Open, and come back to the row: by the browser's way and by the page's.
        await page.goto("/inbox?view=overdue")
        await keys.press("KeyJ", "KeyJ")
        title = await rows(page).nth(1).inner_text()
        await keys.press("KeyO")
        await page.wait_for_url("**/cases/*")
        await page.go_back()
        await expect(page.locator(":focus")).to_have_text(title)
        await keys.press("KeyO")
        await page.wait_for_url("**/cases/*")
        await page.locator("main > a.back").press("Enter")
        await page.wait_for_url("**/inbox?view=overdue")
        await expect(page.locator(":focus")).to_have_text(title)

        # From anywhere to the inbox.
        await page.goto("/inbox/views")
        await keys.press("KeyI")
        assert page.url.endswith("/inbox/views")
        await keys.press("KeyG", "KeyI")
        await page.wait_for_url("**/inbox")


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_every_page_of_it(visiting: Visiting, language: str) -> None:
    paths = (
        "/inbox", "/inbox?view=mine&kind=complaint&agency=moj&state=any&priority=normal",
        "/inbox?q=zzzz&kind=x", "/inbox/views/new?view=mine", "/inbox/views",
        "/inbox/shortcuts",
    )  # fmt: skip
    troubles = []
    async with visiting("reem", language=language) as page:
        await page.goto("/inbox/views/new?view=overdue")
        await page.locator("main form .btn").click()
        troubles += await looked_at(page, "view: error")
        await page.locator("[name=name]").fill("المتأخرة")
        await page.locator("main form .btn").click()
        for path in paths:
            await page.goto(path)
            troubles += await looked_at(page, path)
    assert not troubles, "\n".join(troubles)


async def looked_at(page: Page, name: str) -> list[str]:
    found = []
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 780})
        # Staff pages promise 24 px, which is a rule of axe's; 44 is for citizens.
        found += [
            f"{name} at {width} px: {one}"
            for one in await audit(page)
            if not one.startswith("smaller than 44 px")
        ]
    return found
