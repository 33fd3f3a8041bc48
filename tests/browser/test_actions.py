"""Update, cancel, ask to reopen: by keyboard alone on a phone, scripts off and on, both languages;
and every page and error state of them under axe."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page, expect
from tests.browser.conftest import Visiting
from tests.browser.filing import Keyboard, person_id
from tests.browser.test_every_page import DARK, LOOKS, tour
from tests.reports import filed
from tests.reports.filed import ITEMS

from balagh import clock
from balagh.database import fetch
from balagh.i18n import Language

REASON = "قالوا إن العطل عولج، والمشكلة ما زالت موجودة عندي."
WAYS = [
    pytest.param(False, "ar", id="ar-no-scripts"),
    pytest.param(True, "ar", id="ar"),
    pytest.param(False, "en", id="en-no-scripts"),
    pytest.param(True, "en", id="en"),
]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "report.png"
    Image.new("RGB", (60, 40), "#1B8354").save(path)
    return path


async def khalid_s(state: str, **columns: object) -> str:
    """The address of a new report of Khalid's in that state."""
    made = await filed.report(await person_id("khalid"), state, now=clock.now(), **columns)
    return f"/reports/{made['number']}"


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(("scripts", "language"), WAYS)
async def test_updating_by_keyboard(
    visiting: Visiting, picture: Path, scripts: bool, language: str
) -> None:
    address = await khalid_s("missing_data")
    text = Language.of(language).text
    async with visiting("khalid", language=language, scripts=scripts) as page:
        hands = Keyboard(page)
        await page.goto("/reports")
        await hands.press(page.locator(f'a[href="{address}/update"]'))
        await page.wait_for_url(f"**{address}/update")
        # Nothing is written yet: the errors have the focus and lead to the answer.
        await hands.sent(page.locator("#filling .acts .btn"))
        errors = page.locator(".errs")
        await expect(errors).to_be_focused()
        assert (await page.title()).startswith(text("Error:"))
        await hands.press(errors.locator("a").nth(1))
        await hands.type("text_1", "20931177")
        # The file is added with what was typed, and neither is lost.
        await add_first(page, picture, scripts)
        await expect(page.locator("[name=text_1]")).to_have_value("20931177")
        await expect(page.locator("#part_0 .files")).to_contain_text(picture.name)
        await hands.sent(page.locator("#filling .acts .btn"))
        await page.wait_for_url(f"**{address}/update/check")
        await expect(page.locator("main")).to_contain_text(ITEMS[1])
        await hands.sent(page.locator("main form .btn"))
        await page.wait_for_url(f"**{address}")
        await expect(page.locator(".tag").first).to_have_text(text("Under review"))
        await expect(page.locator(".line")).to_contain_text("20931177")


async def add_first(page: Page, picture: Path, scripts: bool) -> None:
    chooser = page.locator("#file_0")
    hands = Keyboard(page)
    await hands.reach(chooser)
    # The dialog that Enter opens is the browser's own, and there is none without a screen.
    await chooser.set_input_files(picture)
    if not scripts:
        await hands.sent(page.locator("#part_0 .file button"))
    await page.locator("#part_0 .files").get_by_text(picture.name).first.wait_for()


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(("scripts", "language"), WAYS)
async def test_cancelling_by_keyboard(visiting: Visiting, scripts: bool, language: str) -> None:
    address = await khalid_s("in_progress")
    text = Language.of(language).text
    async with visiting("khalid", language=language, scripts=scripts) as page:
        hands = Keyboard(page)
        await page.goto(address)
        await hands.press(page.locator(f'a[href="{address}/cancellation"]'))
        await page.wait_for_url(f"**{address}/cancellation")
        await hands.type("reason", "حُلّت المشكلة")
        await hands.sent(page.locator("main .danger"))
        await page.wait_for_url(f"**{address}")
        await expect(page.locator("header .tag")).to_have_text(text("Cancelled"))
        await expect(page.locator(".line")).to_contain_text("حُلّت المشكلة")
        await page.goto("/demo/outbox")
        number = address.removeprefix("/reports/")
        for _ in range(40):
            if (await page.content()).count(f"{number[:3]}") and await page.get_by_text(
                "أُلغي بلاغك رقم"
            ).count():
                break
            await page.wait_for_timeout(250)
            await page.reload()
        else:
            raise AssertionError("the cancellation was not told")


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(("scripts", "language"), WAYS)
async def test_asking_to_reopen_by_keyboard(
    visiting: Visiting, picture: Path, scripts: bool, language: str
) -> None:
    address = await khalid_s("closed")
    text = Language.of(language).text
    async with visiting("khalid", language=language, scripts=scripts) as page:
        hands = Keyboard(page)
        await page.goto(address)
        await hands.press(page.locator(f'a[href="{address}/reopening"]'))
        await page.wait_for_url(f"**{address}/reopening")
        await hands.type("text_0", REASON)
        await add_first(page, picture, scripts)
        await expect(page.locator("[name=text_0]")).to_have_value(REASON)
        await hands.sent(page.locator("#filling .acts .btn"))
        await page.wait_for_url(f"**{address}/reopening/check")
        await hands.sent(page.locator("main form .btn"))
        await page.wait_for_url(f"**{address}")
        await expect(page.locator("header .tag")).to_have_text(text("Reopening requested"))
        await expect(page.locator(".line")).to_contain_text(picture.name)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("look", [*LOOKS, DARK])
async def test_every_page_and_error(
    visiting: Visiting, look: dict[str, object], picture: Path
) -> None:
    missing, late = (
        await khalid_s("missing_data"),
        await khalid_s("missing_data", data_due_at=clock.now()),
    )
    working, closed = await khalid_s("in_progress"), await khalid_s("closed")
    rejected = await khalid_s("rejected", event={"action": "reject", "data": {"reason": REASON}})
    async with tour(visiting, key="khalid", **look) as seen:
        page = seen.page
        submit = "#filling .acts .btn"

        async def press(found: str, name: str) -> None:
            await page.locator(found).click()
            await page.wait_for_load_state("load")
            await seen.look(name)

        await seen.open("/reports")
        await seen.open(missing, "details: missing data")
        await seen.open(f"{missing}/update", "update")
        await press(submit, "update: errors")
        await page.locator("#file_0").set_input_files(
            {"name": "page.html", "mimeType": "text/html", "buffer": b"<p>"}
        )
        await press("#part_0 .file button", "update: a file refused")
        await page.locator("#file_0").set_input_files(picture)
        await press("#part_0 .file button", "update: a file saved")
        await page.locator("[name=text_1]").fill("20931177")
        await press(submit, "update: check")
        await seen.open(f"{missing}/update/check?changed=1", "update: check, changed")
        await press("main form .btn", "details: updated")
        await seen.open(f"{missing}/update", "update: nothing missing")
        await seen.open(f"{late}/update", "update: too late")
        await seen.open(f"{working}/cancellation", "cancellation")
        await page.locator("[name=reason]").fill("x" * 501)
        await press("main .danger", "cancellation: too long")
        await page.locator("[name=reason]").fill("حُلّت")
        await fetch(
            "UPDATE report SET version = version + 1 WHERE number = $1", working.split("/")[-1]
        )
        await press("main .danger", "cancellation: changed meanwhile")
        await press("main .danger", "details: cancelled")
        await seen.open(closed, "details: closed")
        await seen.open(f"{closed}/cancellation", "cancellation: ended")
        await seen.open(f"{closed}/reopening", "reopening")
        await press(submit, "reopening: errors")
        await page.locator("[name=text_0]").fill(REASON)
        await press(submit, "reopening: check")
        await press("main form .btn", "details: reopening asked for")
        await seen.open(f"{closed}/reopening", "reopening: asked already")
        await seen.open(f"{rejected}/reopening", "reopening: rejected")
        await seen.open(rejected, "details: rejected")
        await seen.open("/reports?show=ended")
