"""An administrator changes a message by keyboard, sees it beside while typing, and restores it."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Visiting
from tests.browser.filing import Keyboard
from tests.browser.test_every_page import LOOKS, tour

from balagh.i18n import Language

SMS = "Late: {number}. See {link}"


@pytest.mark.parametrize("scripts", [True, False])
async def test_changed_previewed_restored(visiting: Visiting, scripts: bool) -> None:
    text = Language.of("en").text
    async with visiting("abeer", language="en", width=1280, scripts=scripts) as page:
        hands = Keyboard(page)
        await page.goto("/messages/late")
        shown = page.locator("#preview_en")
        await hands.type("en_sms", "Late: {nubmer}")
        if scripts:
            # Beside what is typed, which keeps the focus.
            await expect(shown).to_contain_text("The SMS is shown here once its text is complete.")
            await expect(page.locator("[name=en_sms]")).to_be_focused()
            await expect(page.locator(".errs")).to_have_count(0)
        await hands.sent(page.locator(".texts .acts .btn").first)
        await expect(page.locator(".errs")).to_be_focused()
        assert (await page.title()).startswith(text("Error:"))
        await hands.press(page.locator(".errs a").first)
        await expect(page.locator("[name=en_sms]")).to_be_focused()
        await hands.type("en_sms", SMS)
        if scripts:
            await expect(shown).to_contain_text("Late: 730 264 1185. See https://balagh.example.sa")
            await expect(shown).to_contain_text("of 160 places, 1 SMS")
        else:
            await hands.sent(page.locator(".texts .acts .btn.alt"))
            await expect(page.locator("#preview_ar")).to_be_focused()
            await expect(shown).to_contain_text("Late: 730 264 1185. See https://balagh.example.sa")
        # As mail programs show it, in a window of its own.
        async with page.context.expect_page() as opened:
            await hands.press(shown.locator("button"))
        mail = await opened.value
        await expect(mail.locator("h1")).to_have_text("The answer to your report is late")
        assert await mail.locator(".hero").evaluate("e => getComputedStyle(e).backgroundColor") == (
            "rgb(20, 87, 58)"
        )
        await mail.close()
        await hands.sent(page.locator(".texts .acts .btn").first)
        await expect(page.locator(".note.ok")).to_be_focused()
        await hands.press(page.locator(".texts .acts .stop"))
        await page.wait_for_url("**/restoration")
        await hands.sent(page.locator(".texts .btn.danger"))
        await expect(page.locator(".note.ok")).to_contain_text("Balagh's own texts are back.")
        await expect(page.locator("[name=en_sms]")).to_have_value(
            "The answer to report {number} is late. It is still being worked on, and Amer centre "
            "follows it up:\n{link}"
        )


@pytest.mark.parametrize("look", LOOKS)
async def test_pages_and_their_errors(visiting: Visiting, look: dict[str, object]) -> None:
    async with tour(visiting, key="abeer", **look) as seen:
        await seen.open("/messages")
        await seen.open("/messages/closed")
        await seen.page.locator("details summary").first.click()
        await seen.look("closed: what can be filled in")
        await seen.page.fill("[name=en_sms]", "{x")
        await seen.page.locator(".texts .acts .btn").first.click()
        await seen.look("closed: errors")
        await seen.page.fill("[name=en_sms]", f"{look['language']} {{rate_link}} {{number}}")
        await seen.page.locator(".texts .acts .btn").first.click()
        await seen.look("closed: changed")
        await seen.open("/messages/closed/restoration")
