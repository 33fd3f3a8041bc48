"""Taking what is next, handing it over, one action on many reports: by the keyboard alone, scripts
off and on; and every page of them under axe."""

from datetime import timedelta

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Visiting
from tests.browser.filing import Keyboard
from tests.browser.test_every_page import LOOKS, tour
from tests.reports import filed

from balagh import clock
from balagh.database import fetch
from balagh.demo import cast
from balagh.i18n import Language

pytestmark = pytest.mark.usefixtures("database")


async def reports(state: str, *titles: str) -> list[str]:
    """Numbers of new reports, which are due before all others."""
    person, now = await filed.person(), clock.now()
    return [
        (await filed.report(person, state, now=now, title=title, due_at=now - timedelta(days=99)))[
            "number"
        ]
        for title in titles
    ]


async def staff(key: str) -> str:
    one = cast.member(key)
    assert one is not None
    rows = await fetch("SELECT id FROM staff WHERE email = $1", one.email)
    return str(rows[0]["id"])


@pytest.mark.parametrize("scripts", [False, True])
async def test_by_keyboard(visiting: Visiting, scripts: bool) -> None:
    first, *rest = await reports("under_review", "لم تُجدَّد", "لم تُصدر", "لم تصل")
    lama, text = await staff("lama"), Language.of("ar").text
    async with visiting("reem", width=1280, scripts=scripts) as page:
        hands = Keyboard(page)
        # 1. What is due first is hers, and she is on its page.
        await page.goto("/inbox")
        await hands.press(page.locator("form[action='/inbox/next'] button"))
        await page.wait_for_url(f"**/cases/{first}")
        panel = page.locator("#assignment")
        await expect(panel).to_contain_text("ريم الشمري")
        # 2. To nobody in particular is a mistake; then to Lama.
        await hands.press(panel.locator("summary"))
        await hands.sent(panel.locator("details .btn"))
        await expect(page.locator(".errs")).to_be_focused()
        assert (await page.title()).startswith(text("Error:"))
        await hands.pick("to", lama, settled=False)
        await hands.sent(panel.locator("details .btn"))
        await page.wait_for_url(f"**/cases/{first}")
        await expect(panel).to_contain_text("لمى السبيعي")
        # 3. Two are referred at once, after a look at what that does.
        await page.goto("/inbox")
        for number in rest:
            await hands.reach(page.locator(f"[name=case][value='{number}']"))
            await page.keyboard.press("Space")
        await hands.press(page.locator("button[value=refer]"))
        await expect(page.locator("h1")).to_have_text(text("Refer the selected reports"))
        await expect(page.locator(".chosen > li")).to_have_count(2)
        await hands.press(page.locator(".selection .acts .btn"))
        await page.wait_for_url("**/inbox/bulk/outcome?*")
        await expect(page.locator("h1")).to_have_text("أُحيل بلاغان")
    rows = await fetch("SELECT state FROM report WHERE number = ANY($1::text[])", rest)
    assert [row["state"] for row in rows] == ["in_progress"] * 2


@pytest.mark.parametrize("look", LOOKS)
async def test_pages_and_their_errors(visiting: Visiting, look: dict[str, object]) -> None:
    waiting, changed = await reports("received", "لم تُجدَّد", "لم تُصدر")
    lama = await staff("lama")
    async with tour(visiting, key="majed", **look) as seen:
        page = seen.page
        await seen.open(f"/cases/{waiting}")
        await page.locator("#assignment summary").click()
        await page.locator("#assignment details .btn").click()
        await seen.look("case: nobody chosen")
        await page.goto("/inbox")
        for number in (waiting, changed):
            await page.locator(f"[name=case][value='{number}']").check()
        await seen.look("inbox: two selected")
        await page.locator("button[value=assign]").click()
        await seen.look("many: nobody chosen")
        await page.locator("select[name=to]").select_option(lama)
        await fetch("UPDATE report SET assignee_id = $2 WHERE number = $1", changed, int(lama))
        await page.locator(".selection .acts .btn").click()
        await seen.look("many: one changed meanwhile")
        await page.goto("/assignment")
        await page.locator(".rule .btn").click()
        await seen.look("rules: errors")
        await page.locator("select[name=kind]").select_option("suggestion")
        await page.locator("select[name=staff]").select_option(lama)
        await page.locator(".rule .btn").click()
        await page.wait_for_url("**/assignment")
        await seen.look("rules")
        await page.locator('a[href^="/assignment/rules/"]').first.click()
        await seen.look("one rule")
        await page.locator(".stop").first.click()
        await page.wait_for_url("**/assignment")
        await seen.open(f"/assignment/people/{lama}/absence")
        await page.locator("#form .acts .btn").click()
        await seen.look("absence: errors")
        day = clock.now().date() + timedelta(days=9)
        for name in ("since", "until"):
            for part in ("day", "month", "year"):
                await page.fill(f"[name={name}_{part}]", str(getattr(day, part)))
        await page.locator("select[name=deputy]").select_option(await staff("reem"))
        await page.locator("#form .acts .btn").click()
        await page.wait_for_url("**/absence?passed=0")
        await seen.look("absence")
        await page.locator("form[action$='/end'] .btn").click()
        await seen.open("/inbox/next")
