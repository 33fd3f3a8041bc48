"""The settings in Chromium: by keyboard with scripts off and on, every page and error under axe."""

import json
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page, expect
from tests.browser.conftest import Visiting
from tests.browser.filing import Keyboard, file_complaint
from tests.browser.test_every_page import LOOKS, tour

ORGANISATION = "مؤسسة النور التجارية"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "fault.png"
    Image.new("RGB", (60, 40), "#B42318").save(path)
    return path


async def code_for(page: Page, address: str) -> str:
    """The code that was sent to that address last, from the messages that went out."""
    other = await page.context.new_page()
    try:
        for _ in range(40):
            await other.goto("/demo/outbox")
            card = other.locator("main .card", has_text=address).first
            if await card.count() and (found := re.search(r"\b\d{6}\b", await card.inner_text())):
                return found[0]
            await other.wait_for_timeout(500)
    finally:
        await other.close()
    raise AssertionError(f"no code was sent to {address}")


async def choose(hands: Keyboard, slug: str, name: str, value: str) -> None:
    """From the settings to the question, the answer, and back."""
    page = hands.page
    await page.goto("/account")
    await hands.press(page.locator(f'main a[href="/account/{slug}"]'))
    await page.wait_for_url(f"**/account/{slug}")
    await hands.mark(name, value)
    await hands.go_on()
    await page.wait_for_url(f"**/account?saved={slug}")
    await expect(page.locator("main [role=status]").first).to_be_visible()


@pytest.mark.parametrize(
    ("key", "language", "scripts"),
    [("noura", "ar", False), ("khalid", "en", True)],
    ids=["ar without scripts", "en with scripts"],
)
async def test_settings_by_keyboard(
    visiting: Visiting, tmp_path: Path, key: str, language: str, scripts: bool
) -> None:
    async with visiting(key, language=language, scripts=scripts) as page:
        hands = Keyboard(page)
        await page.goto("/reports")
        await hands.press(page.locator('footer a[href="/account"]'))
        await page.wait_for_url("**/account")
        await choose(hands, "channels", "channels", "sms")
        await choose(hands, "channels", "channels", "both")
        await choose(hands, "digits", "digits", "arabic")
        shown = await page.locator("footer .help a").inner_text()
        assert shown == ("١٩٩٠٩٩" if language == "ar" else "199099")
        assert await page.locator("footer .help a").get_attribute("href") == "tel:199099"
        await choose(hands, "digits", "digits", "latin")
        # Another address, confirmed by its code.
        address = f"{key}-new@example.sa"
        await hands.press(page.locator('main a[href="/account/email"]'))
        await page.wait_for_url("**/account/email")
        await hands.type("email", address)
        await hands.go_on()
        await page.wait_for_url("**/account/email/code")
        await expect(page.locator("main")).to_contain_text(address)
        code = await code_for(page, address)
        await hands.type("code", f"{(int(code) + 1) % 10**6:06}")
        await hands.sent(page.locator("main form:has([name=code]) button"))
        await expect(page.locator(".errs")).to_be_focused()
        assert (await page.title()).startswith("خطأ:" if language == "ar" else "Error:")
        await hands.type("code", code)
        await hands.sent(page.locator("main form:has([name=code]) button"))
        await page.wait_for_url("**/account?saved=email")
        await expect(page.locator("main")).to_contain_text(address)
        # The copy of the data is a file, with scripts too.
        await hands.press(page.locator('main a[href="/account/data"]'))
        await page.wait_for_url("**/account/data")
        await hands.reach(page.locator("main form button"))
        async with page.expect_download() as begun:
            await page.keyboard.press("Enter")
        path = tmp_path / "copy.zip"
        await (await begun.value).save_as(path)
        with zipfile.ZipFile(path) as archive:
            assert json.loads(archive.read("data.json"))["person"]["email"] == address


@pytest.mark.parametrize(
    ("key", "language", "scripts"),
    [("khalid", "ar", False), ("noura", "en", True)],
    ids=["ar without scripts", "en with scripts"],
)
async def test_filing_on_behalf_of_an_organisation_by_keyboard(
    visiting: Visiting, picture: Path, key: str, language: str, scripts: bool
) -> None:
    async with visiting(key, language=language, scripts=scripts) as page:
        hands = Keyboard(page)
        await page.goto("/account/organisation")
        await hands.mark("account_type", "business")
        if not scripts:
            await hands.go_on()
        await page.wait_for_selector("[name=organisation_number]")
        await hands.type("organisation_name", ORGANISATION)
        await hands.type("organisation_number", "12")
        await hands.go_on()
        await expect(page.locator(".errs")).to_be_focused()
        await hands.type("organisation_number", "٧٠٠١٢٣٤٥٦٧")
        await hands.go_on()
        await page.wait_for_url("**/account?saved=organisation")
        number = await file_complaint(page, "outage", picture)
        await page.goto(f"/reports/{number}")
        await expect(page.locator("main")).to_contain_text(ORGANISATION)
        await expect(page.locator("main")).to_contain_text("7001234567")
        # For one report, changed in its own step.
        await page.goto("/new/complaint")
        await hands.mark("ground", "outage")
        await hands.go_on()
        await page.wait_for_url("**/service*")
        await page.goto(page.url.split("?")[0].replace("/service", "/contact"))
        await expect(page.locator("[name=organisation_name]")).to_have_value(ORGANISATION)
        await hands.mark("account_type", "nonprofit")
        await page.wait_for_selector("[name=organisation_number]")
        await hands.type("organisation_name", "جمعية")
        await hands.go_on()
        await page.wait_for_url("**/ground*")
        await choose(hands, "organisation", "account_type", "individual")


@pytest.mark.parametrize("look", LOOKS)
async def test_every_page_of_the_settings(visiting: Visiting, look: dict[str, object]) -> None:
    key, phone = {"ar": ("noura", "0500000001"), "en": ("khalid", "0500000002")}[
        str(look["language"])
    ]
    async with tour(visiting, key=key, **look) as seen:
        for path in (
            "",
            "?saved=digits",
            "/language",
            "/digits",
            "/channels",
            "/sessions",
            "/data",
        ):
            await seen.open(f"/account{path}")
        await seen.open("/account/organisation")
        await seen.send("organisation: fields", account_type="business")
        await seen.send("organisation: errors", organisation_name="x", organisation_number="1")
        await seen.open("/account/phone")
        await seen.send("phone: error", phone="1")
        await seen.send("phone: code", phone=phone)
        await seen.page.locator("[name=code]").fill("1")
        await seen.page.locator("main form:has([name=code]) button").click()
        await seen.look("code: error")
        await seen.page.locator("main form").last.locator("button").click()
        await seen.look("code: too soon")
        await seen.open("/account/erasure")
        await seen.send("erasure: error")
        await seen.page.locator("[name=confirmed]").check()
        if await seen.page.locator("[name=drafts]").count():
            await seen.page.locator("[name=drafts]").uncheck()
        await seen.page.locator("main form button").last.click()
        await seen.look("erasure: asked")
        await seen.open("/account", "account: erasure asked")
        await seen.open("/account/erasure", "erasure: asked before")
        await seen.page.locator("main form button").last.click()
        await seen.look("erasure: withdrawn")
        await seen.open("/new/complaint")
        await seen.send("service", ground="outage")
        await seen.open(seen.page.url.split("?")[0].replace("/service", "/contact"), "contact")
        await seen.send("contact: organisation", account_type="government")
        assert len(seen.seen) >= 20
