"""A complaint filed by a person: on a phone, with the keyboard alone, scripts off and on."""

import asyncio
import csv
import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page, Route, expect
from tests.browser.conftest import Visiting
from tests.browser.filing import GROUNDS, Keyboard, file_complaint

from balagh.directory.sheets import SAMPLE
from balagh.i18n import grouped


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "fault.png"
    Image.new("RGB", (60, 40), "#B42318").save(path)
    return path


async def told(page: Page, number: str) -> None:
    """The number went out by SMS and by e-mail, through the real transports."""
    spoken = grouped(number)
    for _ in range(40):
        await page.goto("/demo/outbox")
        text = (
            (await page.locator("main").inner_text()).replace("\u00a0", " ").replace("\u200e", "")
        )
        if text.count(spoken) >= 2 and text.count(f"/reports/{number}") >= 2:
            return
        await page.wait_for_timeout(500)
    raise AssertionError(f"{spoken} was not sent twice: {text[:1000]}")


@pytest.mark.parametrize("ground", GROUNDS)
async def test_on_a_phone_in_arabic_without_scripts_by_keyboard(
    visiting: Visiting, picture: Path, ground: str
) -> None:
    async with visiting("noura", scripts=False) as page:
        number = await file_complaint(page, ground, picture)
        await expect(page.locator("main")).to_contain_text(grouped(number))
        await expect(page.locator("html")).to_have_attribute("dir", "rtl")
        await told(page, number)
        # It is on the person's page, with who holds the clock.
        await page.goto("/reports")
        await expect(page.locator(f'a[href="/reports/{number}"]')).to_be_visible()
        await page.goto(f"/reports/{number}")
        await expect(page.locator("main")).to_contain_text("مركز آمر")


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("ground", ["outage", "closed_unresolved"])
async def test_with_scripts_by_keyboard(
    visiting: Visiting, picture: Path, ground: str, language: str
) -> None:
    async with visiting("khalid", language=language) as page:
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console", lambda said: problems.append(said.text) if said.type == "error" else None
        )
        number = await file_complaint(page, ground, picture)
        await expect(page.locator("main")).to_contain_text(grouped(number))
        assert not problems


async def test_signing_in_returns_to_where_the_person_was_going(visiting: Visiting) -> None:
    async with visiting(scripts=False, language="en") as page:
        await page.goto("/new/complaint")
        assert "/sign-in?next=%2Fnew%2Fcomplaint" in page.url
        await page.locator("button[value=noura]").click()
        await page.wait_for_url("**/new/complaint")
        await expect(page.locator("h1")).to_have_text("Why are you escalating your complaint?")


async def test_what_hangs_on_a_choice_waits_for_it_and_the_choice_stays(visiting: Visiting) -> None:
    """On a slow link: a key pressed while the answer to an earlier one is on its way counts."""
    async with visiting("khalid", language="en") as page:
        hands = Keyboard(page)
        await page.goto("/new/complaint")
        await hands.mark("ground", "outage")
        await hands.go_on()
        await page.wait_for_url("**/service*")
        await hands.pick("agency", "moh")
        answers = asyncio.Event()

        async def slowly(route: Route) -> None:
            await answers.wait()
            await route.continue_()

        await page.route("**/service?refine=1", slowly)
        await hands.pick("agency", "moj", settled=False)
        # The platforms of another agency cannot be chosen.
        await expect(page.locator("select[name=platform]")).to_be_disabled()
        await page.keyboard.press("ArrowDown")
        chosen = await page.locator("select[name=agency]").input_value()
        answers.set()
        await expect(page.locator("select[name=platform]")).to_be_enabled()
        await expect(page.locator("select[name=agency]")).to_be_focused()
        await expect(page.locator("select[name=agency]")).to_have_value(chosen)
        platforms = page.locator("select[name=platform] option")
        known = {row["code"]: row["agency"] for row in _rows("platforms.csv")}
        shown = [await option.get_attribute("value") for option in await platforms.all()]
        assert {known[code] for code in shown if code in known} == {chosen}


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((SAMPLE / name).read_text("utf-8-sig"))))
