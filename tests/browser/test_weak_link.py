"""A connection that breaks, a session that ends: nothing lost, nothing doubled, a way to go on."""

import re
import secrets
from pathlib import Path

import asyncpg
import pytest
from PIL import Image
from playwright.async_api import Page, Route, expect
from tests.browser.audits import audit
from tests.browser.conftest import DATA, Visiting
from tests.browser.filing import DESCRIPTION, SERVICE, TITLE, Keyboard, days_ago
from tests.browser.test_every_page import tour

from balagh.embedded import EmbeddedServer

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "none"])


async def to_details(page: Page) -> Keyboard:
    hands = Keyboard(page)
    await page.goto("/new/complaint")
    await hands.mark("ground", "no_response_time")
    await hands.go_on()
    await page.wait_for_url("**/service*")
    for name, value in SERVICE.items():
        await page.wait_for_selector(f"select[name={name}]")
        await hands.pick(name, value)
        if not await hands.scripted():
            await hands.go_on()
    await page.wait_for_selector("input[type=radio][name=delivery_channel]")
    await hands.mark("delivery_channel", "web")
    await hands.go_on()
    await page.wait_for_url("**/reference*")
    await hands.type("reference", f"BLD-{secrets.randbelow(10**9)}")
    await hands.type_day("filed_on", days_ago(40))
    await hands.go_on()
    await page.wait_for_url("**/details*")
    return hands


async def to_documents(page: Page) -> Keyboard:
    hands = await to_details(page)
    await hands.type("title", TITLE)
    await hands.type("description", DESCRIPTION)
    await hands.go_on()
    await page.wait_for_url("**/documents*")
    return hands


async def lost(route: Route) -> None:
    """The server takes it; its answer does not come back."""
    await route.fetch(max_redirects=0)
    await route.abort("connectionreset")


async def expire(demo: str) -> None:
    """As if nobody had been there for two hours."""
    connection = await asyncpg.connect(EmbeddedServer(DATA[demo]).url())
    await connection.execute("UPDATE session SET seen_at = seen_at - interval '2 hours'")
    await connection.close()


@pytest.mark.parametrize("how", ["offline", "busy"])
async def test_a_step_that_does_not_get_through_is_sent_again(visiting: Visiting, how: str) -> None:
    async with visiting("khalid", language="en") as page:
        hands = await to_details(page)
        await hands.type("title", TITLE)
        await hands.type("description", DESCRIPTION)
        if how == "offline":
            await page.context.set_offline(True)
        else:
            await page.route("**/details", lambda route: route.fulfill(status=503, body="busy"))
        await hands.press(page.locator("main form .btn").last)
        alert = page.locator(".lost[role=alert]")
        await expect(alert).to_contain_text("What you typed is still here")
        again = alert.get_by_role("button", name="Try again")
        await expect(again).to_be_focused()
        await expect(page.locator("[name=title]")).to_have_value(TITLE)
        assert await audit(page) == []
        # Once more without success, then with.
        await page.keyboard.press("Enter")
        await expect(again).to_be_focused()
        await page.context.set_offline(False)
        await page.unroute_all()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/documents*")
        await expect(page.locator(".lost")).to_have_count(0)
        await page.go_back()
        await expect(page.locator("[name=description]")).to_have_value(DESCRIPTION)


async def test_a_choice_that_does_not_get_through_leaves_the_focus_where_it_is(
    visiting: Visiting,
) -> None:
    async with visiting("khalid", language="en") as page:
        hands = Keyboard(page)
        await page.goto("/new/complaint")
        await hands.mark("ground", "outage")
        await hands.go_on()
        await page.wait_for_url("**/service*")
        await page.context.set_offline(True)
        await hands.pick("agency", "momah")
        await expect(page.locator(".lost")).to_be_visible()
        await expect(page.locator("[name=agency]")).to_be_focused()
        await page.context.set_offline(False)
        await hands.press(page.locator(".lost button"))
        await expect(page.locator("[name=platform]")).to_be_enabled()
        await expect(page.locator("[name=agency]")).to_have_value("momah")


@SCRIPTS
async def test_an_answer_lost_after_filing_gives_the_same_number(
    visiting: Visiting, scripts: bool
) -> None:
    async with visiting("khalid", language="en", scripts=scripts) as page:
        hands = await to_documents(page)
        await hands.go_on()
        await page.wait_for_url("**/check*")
        check = page.url
        await page.route("**/submission*", lost)
        button = page.locator("main form .btn").last
        await hands.reach(button)
        async with page.expect_event("requestfailed"):
            await page.keyboard.press("Enter")
        if scripts:
            await expect(page.locator(".lost button")).to_be_focused()
            await page.unroute_all()
            await page.keyboard.press("Enter")
        else:
            # The browser's own page of failure; the way back, and the same button again.
            await page.unroute_all()
            await page.goto(check)
        await page.wait_for_url(re.compile(r"/reports/\d{10}"))
        found = re.search(r"/reports/(\d{10})", page.url)
        assert found is not None
        await page.goto("/reports?show=open")
        assert await page.locator(f'main a[href="/reports/{found[1]}"]').count() == 1
        await page.go_back()


@SCRIPTS
async def test_back_forward_and_reload_in_the_middle(visiting: Visiting, scripts: bool) -> None:
    async with visiting("khalid", language="en", scripts=scripts) as page:
        hands = await to_details(page)
        details = page.url
        await page.go_back()
        await expect(page.locator("[name=reference]")).to_have_value(re.compile("BLD-"))
        await page.go_forward()
        await expect(page.locator("[name=title]")).to_be_visible()
        assert page.url == details
        # An error's page, reloaded: the browser sends the form again, and nothing is doubled.
        await hands.type("title", TITLE)
        await hands.go_on()
        await expect(page.locator(".errs")).to_be_visible()
        await page.reload()
        await expect(page.locator("[name=title]")).to_have_value(TITLE)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """As an old telephone takes it: 12 megapixels, lying on its side, several megabytes."""
    path = tmp_path / "photo.jpg"
    image = Image.effect_noise((4000, 3000), 90).convert("RGB")
    image.paste("#B42318", (0, 0, 2000, 1500))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(path, quality=90, exif=exif)
    assert 3_000_000 < path.stat().st_size < 10_000_000
    return path


async def test_a_photo_goes_up_smaller_upright_and_with_its_progress(
    visiting: Visiting, photo: Path, demo: str
) -> None:
    async with visiting("khalid", language="en") as page:
        await to_documents(page)
        await page.evaluate(WATCH)
        await page.locator("input[type=file]").set_input_files(photo)
        await expect(page.locator(".files")).to_contain_text("File saved")
        (up,) = await page.evaluate("up")
        assert up["name"] == "photo.jpg"
        assert 0 < up["size"] < 3_000_000 / 2
        told = await page.evaluate("told")
        assert told[0] == "The file is being sent: 0%"
        assert 1 <= len(told) <= 5
        assert await page.title() == "Supporting documents – Balagh"
        await expect(page.locator("h1")).to_be_focused()
        link = await page.locator('.files form[action*="/removal"]').get_attribute("action")
        assert link is not None
        file = await page.context.request.get(f"/files/{link.split('/')[-2]}")
        kept = tmp_image(await file.body())
        # Upright: the red quarter, at the top left as it was taken, is at the top right.
        assert kept.size == (1500, 2000)
        red = kept.convert("RGB").getpixel((1400, 100))
        assert isinstance(red, tuple)
        assert red[0] > 150
        assert red[1] < 60


# Each file as it goes up, and what is said meanwhile.
WATCH = """() => {
  window.told = []
  window.up = []
  const send = XMLHttpRequest.prototype.send
  XMLHttpRequest.prototype.send = function (body) {
    const file = body.get("file")
    up.push({ name: file.name, size: file.size })
    return send.call(this, body)
  }
  const status = document.querySelector("#upload [role=status]")
  new MutationObserver(() => told.push(status.textContent)).observe(status, { childList: true })
}"""


def tmp_image(raw: bytes) -> Image.Image:
    import io

    return Image.open(io.BytesIO(raw))


async def test_a_small_picture_and_a_document_go_up_as_they_are(
    visiting: Visiting, tmp_path: Path
) -> None:
    from tests.files import samples

    small = tmp_path / "small.png"
    Image.new("RGB", (60, 40), "#B42318").save(small)
    document = tmp_path / "receipt.pdf"
    document.write_bytes(samples.document(pages=1))
    # The browser cannot read it; the server can.
    strange = tmp_path / "IMG_1.HEIC"
    strange.write_bytes(samples.picture("HEIF"))
    files = [(path, path.read_bytes()) for path in (small, document, strange)]
    async with visiting("khalid", language="en") as page:
        await to_documents(page)
        await page.evaluate(WATCH)
        for path, _ in files:
            await page.locator("input[type=file]").set_input_files(path)
            name = path.name.replace("HEIC", "jpg")
            await expect(page.locator(".files li").filter(has_text=name)).to_contain_text("saved")
        went_up = await page.evaluate("up.map(file => [file.name, file.size])")
        assert went_up == [[path.name, len(raw)] for path, raw in files]


async def test_an_upload_that_is_cut_off_is_sent_again_and_kept_once(
    visiting: Visiting, photo: Path
) -> None:
    async with visiting("khalid", language="en") as page:
        await to_documents(page)
        await page.route("**/files", lambda route: route.abort("connectionreset"))
        await page.locator("input[type=file]").set_input_files(photo)
        again = page.locator("#cut").get_by_role("button", name="Try again")
        await expect(again).to_be_focused()
        await expect(page.locator("#cut")).to_contain_text("photo.jpg")
        assert await audit(page) == []
        # Now it arrives, and only the answer is lost.
        await page.unroute_all()
        await page.route("**/files", lost)
        await page.keyboard.press("Enter")
        await page.wait_for_timeout(300)
        await expect(again).to_be_focused()
        await page.unroute_all()
        await page.wait_for_timeout(2000)
        await page.keyboard.press("Enter")
        await expect(page.locator("h2 small")).to_have_text("1 of 10")


@SCRIPTS
async def test_a_session_that_ends_in_the_middle_of_a_step(
    visiting: Visiting, demo: str, scripts: bool
) -> None:
    async with visiting("khalid", language="en", scripts=scripts) as page:
        hands = await to_details(page)
        details = page.url
        await hands.type("title", TITLE)
        await hands.type("description", DESCRIPTION)
        await expire(demo)
        await hands.press(page.locator("main form .btn").last)
        await page.wait_for_url("**/sign-in?next=*")
        await hands.press(page.locator("button[value=khalid]"))
        await page.wait_for_url(details)
        note = page.locator("main > .note[role=alert]")
        await expect(note).to_contain_text("You were signed out before this was sent.")
        await expect(note).to_be_focused()
        await expect(page.locator("[name=title]")).to_have_value(TITLE)
        await expect(page.locator("[name=description]")).to_have_value(DESCRIPTION)
        await hands.go_on()
        await page.wait_for_url("**/documents*")


async def test_an_upload_when_the_session_is_over(
    visiting: Visiting, demo: str, photo: Path
) -> None:
    async with visiting("khalid", language="en") as page:
        await to_documents(page)
        await expire(demo)
        await page.locator("input[type=file]").set_input_files(photo)
        await page.wait_for_url("**/sign-in?next=*")
        await page.locator("button[value=khalid]").click()
        await page.wait_for_url("**/documents*")
        await expect(page.locator("main")).to_contain_text("The file has to be chosen again.")


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_how_it_looks(visiting: Visiting, demo: str, language: str) -> None:
    async with tour(visiting, key="khalid", language=language) as seen:
        await seen.open("/new/complaint")
        await seen.page.locator("[name=ground][value=outage]").check()
        await expire(demo)
        await seen.page.locator("main form .btn").last.click()
        await seen.page.locator("button[value=khalid]").click()
        await seen.page.wait_for_url("**/new/complaint")
        await seen.look("signed out meanwhile")
        assert await seen.page.locator(".note[role=alert]").count() == 1
