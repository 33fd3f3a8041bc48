"""A call to 199099, by keyboard alone and without scripts, to the caller's image by the link; and
every page of it, and of splitting, under axe."""

import re
import secrets
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Page, expect
from tests.browser.conftest import Visiting
from tests.browser.filing import DESCRIPTION, SERVICE, TITLE, Keyboard, person_id
from tests.browser.test_every_page import LOOKS, tour
from tests.reports import filed

from balagh import clock
from balagh.database import fetch
from balagh.demo import cast
from balagh.i18n import Language


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "fault.png"
    Image.new("RGB", (60, 40), "#1B8354").save(path)
    return path


async def test_a_call_by_keyboard(visiting: Visiting, picture: Path) -> None:
    khalid = cast.member("khalid")
    assert khalid is not None
    assert khalid.national_id is not None
    text = Language.of("ar").text
    async with visiting("hind", width=1280, scripts=False) as page:
        hands = Keyboard(page)
        await page.goto("/inbox")
        await hands.press(page.locator('nav a[href="/intake"]'))
        await page.wait_for_url("**/intake")
        await hands.type("national_id", khalid.national_id)
        await hands.sent(page.locator(".intake .btn"))
        await page.wait_for_url("**/intake/callers/*")
        await hands.sent(page.locator("button[value=complaint]"))
        await page.wait_for_url("**/ground")
        await hands.mark("ground", "outage")
        await hands.go_on()
        for name, value in SERVICE.items():
            await page.wait_for_selector(f"select[name={name}]")
            await hands.pick(name, value)
            await hands.go_on()
        await page.wait_for_selector("input[type=radio][name=delivery_channel]")
        await hands.mark("delivery_channel", "web")
        await hands.go_on()
        await hands.type("title", TITLE)
        await hands.type("description", DESCRIPTION)
        await hands.go_on()
        await page.wait_for_url("**/documents")
        # Without an image: it may follow.
        await hands.go_on()
        await page.wait_for_url("**/check")
        await hands.go_on()
        await page.wait_for_url("**/intake/filed/*")
        number = page.url.rsplit("/", 1)[1]
        await expect(page.locator(".number")).to_have_text(
            f"{number[:3]} {number[3:6]} {number[6:]}"
        )
        await hands.sent(page.locator("form[action$=evidence-links] button"))
        await expect(page.get_by_role("status")).to_have_text(
            text("The link for evidence was sent to the caller. It works for 7 days.")
        )
    async with visiting(scripts=False) as page:
        await page.goto(await link_of(page))
        hands = Keyboard(page)
        chooser = page.locator("#file")
        await hands.reach(chooser)
        # The dialog that Enter opens is the browser's own, and there is none without a screen.
        await chooser.set_input_files(picture)
        await hands.sent(page.locator(".file button"))
        await expect(page.get_by_role("status")).to_be_visible()
    async with visiting("khalid", scripts=False) as page:
        await page.goto(f"/reports/{number}")
        await expect(page.locator(".line")).to_contain_text(picture.name)


async def link_of(page: Page) -> str:
    """The newest link in the outbox, once it has gone out."""
    for _ in range(40):
        await page.goto("/demo/outbox")
        found = re.search(r"/e/[A-Za-z0-9]{24}", await page.content())
        if found:
            return found[0]
        await page.wait_for_timeout(250)
    raise AssertionError("no link was sent")


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("look", LOOKS)
async def test_every_page_of_calls(visiting: Visiting, look: dict[str, object]) -> None:
    async with tour(visiting, key="hind", **look) as seen:
        await seen.open("/intake")
        await seen.send("intake: error", national_id="12")
        await seen.send("new caller", national_id="2999999994")
        await seen.send("new caller: errors", phone="1")
        await seen.open("/intake")
        await seen.send("caller", national_id="1000000016")
        await seen.page.locator("button[value=complaint]").click()
        await seen.look("step for a caller")
        await seen.send("service for a caller", ground="outage")
        base = seen.page.url.rsplit("/", 1)[0]
        await seen.open(f"{base}/discard", "discard")
        await seen.open("/intake", "intake: drafts")
        number = await noura_s("outage")
        await seen.open(f"/intake/filed/{number}", "filed")
        await seen.page.locator("form[action$=evidence-links] button").click()
        await seen.look("filed: link sent")
    async with tour(visiting, key="", **look) as seen:
        path = await link_of(seen.page)
        await seen.open(path, "evidence by link")
        await seen.page.locator(".file button").click()
        await seen.look("evidence by link: error")
        await fetch("UPDATE evidence_link SET revoked_at = now()")
        await seen.open(path, "evidence by link: over")


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("look", LOOKS)
async def test_every_page_of_splitting(visiting: Visiting, look: dict[str, object]) -> None:
    number = await noura_s("no_response_time")
    async with tour(visiting, key="reem", **look) as seen:
        await seen.open(f"/cases/{number}/split", "split")
        button = seen.page.locator(".acts button[value=split]")
        await button.click()
        await seen.look("split: errors")
        await seen.page.locator("#agency_1").select_option("moj")
        await seen.page.locator("#text_1").fill(DESCRIPTION)
        await seen.page.locator("button[value=more]").click()
        await seen.look("split: two")
        await seen.page.locator("#agency_2").select_option("mc")
        await seen.page.locator("#text_2").fill(DESCRIPTION)
        await button.click()
        await seen.look("case with parts")
    async with tour(visiting, key="noura", **look) as seen:
        await seen.open("/reports", "list with a story")
        await seen.open(f"/reports/{number}", "story")
        await seen.page.locator(f'.story .cards h3 a:not([href="/reports/{number}"])').first.click()
        await seen.look("part")


async def noura_s(ground: str) -> str:
    """The number of a new report of Noura's, under review."""
    more: dict[str, Any] = {}
    if ground != "outage":
        # Nobody escalated it before.
        number = f"A-{secrets.randbelow(10**9)}"
        more = {
            "reference": number, "reference_key": number, "filed_on": clock.now().date(),
        }  # fmt: skip
    made = await filed.report(await person_id("noura"), ground=ground, now=clock.now(), **more)
    return str(made["number"])
