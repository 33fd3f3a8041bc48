"""The page of a report in Chromium: two people on it at once, notes and corrections by keyboard
alone, and every page and error state of it under axe."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Visiting
from tests.browser.filing import Keyboard
from tests.browser.test_case_actions import noura_s
from tests.browser.test_every_page import LOOKS, tour

from balagh import clock
from balagh.database import fetch
from balagh.i18n import Language

pytestmark = pytest.mark.usefixtures("database")

NOTE = "الإيصال يطابق رقم الفاتورة. @ماجد أحيلها بأولوية عادية؟"
# An open page asks every 20 seconds; longer than that, in milliseconds.
A_WHILE = 21_000


async def test_two_people_on_one_report(visiting: Visiting) -> None:
    number = await noura_s("under_review")
    text = Language.of("ar").text
    async with visiting("reem", width=1280) as reem, visiting("majed", width=1280) as majed:
        await reem.clock.install()
        await reem.goto(f"/cases/{number}")
        status = reem.locator(".present")
        await expect(status).to_have_text("")
        await Keyboard(reem).type("note", NOTE)
        await majed.goto(f"/cases/{number}")
        await expect(majed.locator(".present")).to_contain_text("ريم الشمري")
        await reem.clock.fast_forward(A_WHILE)
        await expect(status).to_contain_text("ماجد الحربي")
        # Majed acts; Reem hears of it, and what she types stays under her hands.
        await majed.goto(f"/cases/{number}/correction")
        hands = Keyboard(majed)
        await hands.type("title", "عنوان صحّحه ماجد")
        await hands.sent(majed.locator("main form .acts .btn"))
        await majed.wait_for_url(f"**/cases/{number}")
        await reem.clock.fast_forward(A_WHILE)
        await expect(status).to_contain_text(text("The report changed meanwhile"))
        await expect(status).to_contain_text(text("corrected the data"))
        await expect(reem.locator("[name=note]")).to_have_value(NOTE)
        await expect(reem.locator("[name=note]")).to_be_focused()
        await expect(reem).to_have_url(f"{reem.url.split('/cases')[0]}/cases/{number}")
        # A note meets nobody's change.
        await Keyboard(reem).sent(reem.locator(".note-form .btn"))
        await expect(reem.locator(".mem")).to_contain_text("@ماجد")
        await expect(status).not_to_contain_text(text("The report changed meanwhile"))


@pytest.mark.parametrize("scripts", [False, True])
async def test_a_note_and_a_correction_by_keyboard(visiting: Visiting, scripts: bool) -> None:
    number = await noura_s("in_progress", priority="high")
    options: dict[str, object] = {"language": "en", "scripts": scripts, "width": 1280}
    async with visiting("reem", **options) as reem, visiting("majed", **options) as majed:
        await reem.goto(f"/cases/{number}")
        hands = Keyboard(reem)
        await hands.sent(reem.locator(".note-form .btn"))
        # Nothing is written yet: the error has the focus and leads to the field.
        await expect(reem.locator(".errs")).to_be_focused()
        await hands.press(reem.locator(".errs a").first)
        await expect(reem.locator("[name=note]")).to_be_focused()
        await reem.keyboard.insert_text("Look at this, @Majed")
        await hands.sent(reem.locator(".note-form .btn"))
        await expect(reem.locator(".mem")).to_contain_text("Look at this")
        # Majed finds it, goes there, and corrects what it says.
        await majed.goto("/mentions")
        hands = Keyboard(majed)
        await hands.press(majed.locator(f'.unread a[href^="/cases/{number}"]'))
        await majed.wait_for_url(f"**/cases/{number}*")
        await expect(majed.locator(".mem")).to_contain_text("Look at this")
        await hands.press(majed.locator(f'a[href="/cases/{number}/correction"]'))
        await majed.wait_for_url("**/correction")
        await hands.mark("account_type", "business")
        if scripts:
            await majed.locator("[name=organisation_name]").wait_for()
        else:
            await hands.sent(majed.locator("p.no-js button"))
        await hands.type("organisation_name", "شركة السداد")
        await hands.type("organisation_number", "7001234567")
        await hands.sent(majed.locator("main form .acts .btn"))
        await majed.wait_for_url(f"**/cases/{number}")
        await expect(majed.locator(".changes").first).to_contain_text("شركة السداد")


@pytest.mark.parametrize("look", LOOKS)
async def test_every_page_and_error(visiting: Visiting, look: dict[str, object]) -> None:
    rows = await fetch(
        "SELECT id AS service_id, platform_id, agency_id FROM service "
        "WHERE digital AND 'web' = ANY(channels) ORDER BY id LIMIT 1"
    )
    number = await noura_s(
        "under_review", **rows[0], delivery_channel="web", service_name=None,
        title="سددت ولم تُجدَّد الرخصة",
        description="سددت الرسوم قبل أسبوعين ولم تُجدَّد الرخصة.",
    )  # fmt: skip
    ended = await noura_s("closed")
    async with tour(visiting, key="reem", **look) as seen:
        page = seen.page
        await seen.open(f"/cases/{number}", "case")
        await page.locator(".note-form .btn").click()
        await seen.look("case: error")
        await page.locator("[name=note]").fill(NOTE)
        await page.locator(".note-form .btn").click()
        await seen.look("case: note")
        await seen.open(f"/cases/{number}?story=public", "case: what the beneficiary sees")
        await seen.open(f"/cases/{ended}", "case: closed")
        await seen.open("/mentions")
        await seen.open(f"/cases/{number}/correction", "correction")
        save = "main form .acts .btn"
        await page.locator("[name=title]").fill("x")
        await page.locator(save).click()
        await seen.look("correction: error")
        await page.locator("[name=title]").fill("عنوان جديد للبلاغ")
        await page.locator("[name=ground][value=closed_unresolved]").check()
        await page.locator("p.no-js button, main form .acts .btn").first.click()
        await page.locator("[name=matter][value=procedural]").check()
        await page.locator("[name=still_happening][value=yes]").check()
        await page.locator("[name=reference]").fill(f"A-{number}")
        today = clock.now().date()
        for name in ("filed_on", "closed_on"):
            for part in ("day", "month", "year"):
                await page.locator(f"[name={name}_{part}]").fill(str(getattr(today, part)))
        await page.locator(save).click()
        await seen.look("correction: warning")
        await fetch("UPDATE report SET version = version + 1 WHERE number = $1", number)
        await page.locator(save).click()
        await seen.look("correction: changed meanwhile")
        await page.locator(save).click()
        await page.wait_for_load_state("load")
        await page.locator(save).click()
        await seen.look("case: corrected")
        await seen.open(f"/cases/{ended}/correction", "correction: ended")
