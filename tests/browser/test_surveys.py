"""The two surveys: by one tap in a message without signing in, and from the report's own page."""

import re

import pytest
from playwright.async_api import Page, expect
from tests.browser.conftest import Visiting
from tests.browser.filing import Keyboard
from tests.browser.test_every_page import DARK, LOOKS, tour

from balagh.demo import samples
from balagh.demo.stories import stories
from balagh.i18n import grouped

NUMBERS = {sample.key: samples.number_of(sample) for sample in stories().reports}
# Closed last, and told of by message when the demonstration began.
NOURAS, KHALIDS = NUMBERS["power-of-attorney"], NUMBERS["driving-licence"]
WORDS = {
    "ar": {1: "غير راضٍ أبدًا", 2: "غير راضٍ", 4: "راضٍ", 5: "راضٍ جدًا"},
    "en": {1: "Not at all", 2: "Not really", 4: "Satisfied", 5: "Very satisfied"},
}


async def mail(page: Page, number: str) -> None:
    """Opens the e-mail about this report as a mail program shows it. The worker's sweep, at most a
    minute after the start, sent it."""
    message = page.locator(".card.email").filter(has_text=grouped(number)).filter(has_text="/r/")
    for _ in range(150):
        await page.goto("/demo/outbox")
        if await message.count():
            address = await message.last.locator("a.more").get_attribute("href")
            assert address is not None
            await page.goto(address)
            return
        await page.wait_for_timeout(500)
    raise AssertionError("the message about the closed report was not sent")


async def sms_link(page: Page, number: str) -> str:
    await mail(page, number)
    await page.goto("/demo/outbox")
    spoken = re.compile(grouped(number).replace(" ", r"\s"))
    message = page.locator(".card.sms").filter(has_text=spoken).filter(has_text="/r/")
    address = await message.last.locator("a[href^='/r/']").get_attribute("href")
    assert address is not None
    return address


@pytest.mark.parametrize("scripts", [False, True])
@pytest.mark.parametrize("language", ["ar", "en"])
async def test_one_tap_in_the_mail_by_keyboard(
    visiting: Visiting, language: str, scripts: bool
) -> None:
    words = WORDS[language]
    async with visiting(language=language, scripts=scripts) as page:
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        hands = Keyboard(page)
        await mail(page, NOURAS)
        await hands.press(page.locator("a.score").nth(3))
        await page.wait_for_url("**/r/*s=4")
        assert await hands.scripted() is scripts
        await expect(page.locator("input[name=score][value='4']")).to_be_checked()
        await expect(page.locator(".note")).to_contain_text(words[4])
        # What was wrong is asked at a low score only.
        await expect(page.locator(".why")).to_be_hidden()
        await hands.type("comment", "الرد واضح")
        await hands.press(page.locator(".survey button"))
        await page.wait_for_url("**/thanks")
        await expect(page.locator("main")).to_contain_text(words[4])
        # The other survey.
        await expect(page.locator("h1")).to_be_visible()
        other = page.locator("main a.btn[href^='/r/']")
        if await other.count():
            await hands.press(other)
            await expect(page.locator("input[name=score]").first).to_be_attached()
            await hands.mark("score", "5")
            await hands.press(page.locator(".survey button"))
            await page.wait_for_url("**/thanks")
            await expect(page.locator("main")).to_contain_text(words[5])
        assert not problems
    # It is on her page, on another device.
    async with visiting("noura", language=language) as page:
        await page.goto(f"/reports/{NOURAS}")
        await expect(page.locator(".story .card").first).to_contain_text("4")
        await page.goto(f"/reports/{NOURAS}/rating/agency")
        await expect(page.locator("[name=comment]")).to_have_value("الرد واضح")


@pytest.mark.parametrize("scripts", [False, True])
@pytest.mark.parametrize("language", ["ar", "en"])
async def test_what_is_wrong_and_the_way_to_reopening(
    visiting: Visiting, language: str, scripts: bool
) -> None:
    async with visiting(language=language, scripts=scripts) as page:
        hands = Keyboard(page)
        await page.goto(await sms_link(page, KHALIDS))
        address = page.url
        await hands.type("comment", "x" * 1001)
        await hands.press(page.locator(".survey button"))
        await expect(page.locator(".errs")).to_be_focused()
        await expect(page).to_have_title(re.compile("^(خطأ:|Error:)"))
        await hands.press(page.locator(".errs a").last)
        await expect(page.locator("#comment")).to_be_focused()
        await expect(page.locator("#comment")).to_have_value("x" * 1001)
        await page.goto(address)
        await hands.mark("score", "2")
        await expect(page.locator(".why")).to_be_visible()
        remains = page.locator("input[value=problem_remains]")
        if not await remains.is_checked():
            await hands.reach(remains)
            await page.keyboard.press("Space")
        await hands.press(page.locator(".survey button"))
        await page.wait_for_url("**/thanks")
        await expect(page.locator("main")).to_contain_text(WORDS[language][2])
        way = page.locator("main a[href$='/reopening']")
        await expect(way).to_have_attribute("href", f"/reports/{KHALIDS}/reopening")
        # Changed by the same link.
        await page.goto(address)
        await expect(page.locator("input[name=score][value='2']")).to_be_checked()


@pytest.mark.parametrize("scripts", [False, True])
async def test_from_the_list_and_the_details(visiting: Visiting, scripts: bool) -> None:
    async with visiting("khalid", scripts=scripts, language="en") as page:
        hands = Keyboard(page)
        await page.goto(f"/reports/{KHALIDS}")
        await hands.press(page.locator("main a[href$='/rating/balagh']"))
        await page.wait_for_url("**/rating/balagh")
        await hands.mark("score", "1" if scripts else "5")
        await hands.press(page.locator(".survey button"))
        await page.wait_for_url("**/thanks")
        await page.goto(f"/reports/{KHALIDS}")
        await expect(page.locator(".story .card").first).to_contain_text(
            f"you rated it {1 if scripts else 5} of 5"
        )


@pytest.mark.parametrize("look", [*LOOKS, DARK])
async def test_every_page(visiting: Visiting, look: dict[str, object]) -> None:
    async with tour(visiting, key="noura", **look) as seen:
        await seen.open(f"/reports/{NOURAS}", "details")
        for survey in ("agency", "balagh"):
            there = f"/reports/{NOURAS}/rating/{survey}"
            await seen.open(there, survey)
            await seen.page.locator("input[name=score][value='1']").check()
            await expect(seen.page.locator(".why")).to_be_visible()
            await seen.look(f"{survey}: low")
            await seen.send(f"{survey}: errors", comment="x" * 1001)
            await seen.page.locator("[name=reasons]").first.check()
            await seen.send(f"{survey}: thanks", comment="x")
            assert seen.page.url.endswith("/thanks")
        await seen.open(f"/reports/{NUMBERS['sick-leave']}/rating/agency", "still open")
        await seen.open(f"/reports/{NUMBERS['national-address']}/rating/agency", "over")
    async with tour(visiting, **look) as seen:
        address = await sms_link(seen.page, KHALIDS)
        await seen.open("/demo/outbox")
        await seen.open(f"{address}?s=5", "by link")
        await seen.send("by link: errors", comment="x" * 1001)
        await seen.send("by link: thanks", score="2", comment="")
        assert seen.page.url.endswith("/thanks")


async def test_at_200_percent_text_nothing_scrolls_sideways(visiting: Visiting) -> None:
    async with visiting("noura", width=640, language="en") as page:
        await page.goto(f"/reports/{NOURAS}/rating/agency")
        await page.evaluate(
            """() => [...document.querySelectorAll("body, body *")]
            .map((element) => [element, parseFloat(getComputedStyle(element).fontSize)])
            .forEach(([element, size]) => { element.style.fontSize = `${2 * size}px`; })"""
        )
        wide = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0
