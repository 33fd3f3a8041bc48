"""The receipt by the pages' links, these pages on paper, and Balagh on the home screen."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playwright.async_api import Page, async_playwright
from tests.browser.audits import audit
from tests.browser.conftest import ARGUMENTS, CHROMIUM, Visiting
from tests.browser.filing import Keyboard
from tests.reports.receipts import Read

from balagh.i18n import grouped
from balagh.templating import environment
from balagh.web.staff.places import PlacesView

LINKS = {"ar": "إيصال البلاغ (PDF)", "en": "Receipt of the report (PDF)"}


async def open_first_report(page: Page) -> str:
    """The number of the first report in the person's list; the page shows it."""
    await page.goto("/reports")
    path = await page.locator('main a[href^="/reports/"]').first.get_attribute("href")
    assert path is not None
    await page.goto(path)
    return path.rsplit("/", 1)[1]


async def downloaded(page: Page, language: str) -> bytes:
    """The receipt by the page's link, with the keyboard."""
    link = page.get_by_role("link", name=LINKS[language])
    await Keyboard(page).reach(link)
    async with page.expect_download() as found:
        await page.keyboard.press("Enter")
    download = await found.value
    assert download.suggested_filename.endswith(".pdf")
    return read_bytes(await download.path())


def read_bytes(path: Path) -> bytes:
    return path.read_bytes()


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("scripts", [False, True])
async def test_from_the_confirmation_and_the_details(
    visiting: Visiting, language: str, scripts: bool
) -> None:
    async with visiting("noura", language=language, scripts=scripts) as page:
        number = await open_first_report(page)
        here = page.url
        from_details = await downloaded(page, language)
        # The page stays where it was.
        assert page.url == here
        await page.goto(f"/reports/{number}/confirmation")
        from_confirmation = await downloaded(page, language)
        assert from_details == from_confirmation
        read = Read(from_details)
        assert read.code().endswith(f"/reports/{number}")
        assert read.pdf.Root.Lang == language


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_nothing_is_wrong_with_the_pages_that_lead_to_it(
    visiting: Visiting, language: str
) -> None:
    async with visiting("noura", language=language) as page:
        number = await open_first_report(page)
        troubles = []
        for path in (f"/reports/{number}", f"/reports/{number}/confirmation"):
            await page.goto(path)
            troubles += [f"{path} {each}" for each in await audit(page, 320, 1280)]
        assert not troubles, "\n".join(troubles)


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_the_page_when_it_cannot_be_made(visiting: Visiting, language: str) -> None:
    """Its link leads to a page then, which `tests/web` gets from a setter that fails."""
    async with visiting("noura", language=language) as page:
        number = await open_first_report(page)
        failed = (
            environment(language)
            .get_template("beneficiary/receipt_failed.html")
            .render(
                visitor={"person_id": 1, "staff_id": None},
                path=f"/reports/{number}/receipt.pdf", csrf="x",
                other_language_url="?lang=ar", fragment=False, refining=False, save_data=False,
                demo=True, secure=False, places=PlacesView(), unsent=None, unsent_texts=[],
                number=grouped(number), report_url=f"/reports/{number}",
            )
        )  # fmt: skip
        await page.route(
            "**/receipt.pdf",
            lambda route: route.fulfill(status=503, content_type="text/html", body=failed),
        )
        await page.get_by_role("link", name=LINKS[language]).click()
        await page.wait_for_url("**/receipt.pdf")
        troubles = await audit(page, 320, 1280)
        assert not troubles, "\n".join(troubles)
        await page.locator(f'main a.btn[href="/reports/{number}"]').click()
        await page.wait_for_url(f"**/reports/{number}")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("language", ["ar", "en"])
async def test_the_page_itself_can_be_printed(
    visiting: Visiting, language: str, dark: bool
) -> None:
    """Where the receipt cannot be made: number and date on paper, buttons and menus not, and dark
    on white whatever the screen prefers."""
    async with visiting("noura", language=language, dark=dark) as page:
        number = await open_first_report(page)
        for path, pages in ((f"/reports/{number}/confirmation", 1), (f"/reports/{number}", 3)):
            await page.goto(path)
            printed = pypdfium2.PdfDocument(BytesIO(await page.pdf(format="A4")))
            assert 1 <= len(printed) <= pages
            text = "".join(str(each.get_textpage().get_text_bounded()) for each in printed)
            # pdfium turns groups around in Arabic lines; each of them is there.
            assert all(group in text for group in grouped(number).split())
            assert "199099" in text
            if language == "en":
                assert "Print the receipt" not in text
                assert "My reports" not in text
                assert "Privacy" not in text
            picture = printed[0].render(scale=1, grayscale=True).to_pil()
            assert picture.getpixel((5, 400)) == 255
            # Most is paper, and what is not is not faint.
            shades = picture.histogram()
            assert sum(shades[250:]) > 0.8 * sum(shades)
            assert sum(shades[:80]) > sum(shades[160:220]) / 2


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_chromium_would_install_it(demo: str, tmp_path: Path, language: str) -> None:
    """In a window that is not private, from where nothing can be installed."""
    asked: list[str] = []
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            tmp_path, executable_path=CHROMIUM, args=list(ARGUMENTS)
        )
        page = context.pages[0]
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(f"{demo}/?lang={language}")
        # The first view: page, sheet, two scripts. Icon and manifest come when it has been drawn,
        # the icons of the home screen when somebody puts it there.
        first = [url for url in asked if "/static/icon." not in url and "manifest" not in url]
        session = await context.new_cdp_session(page)
        found: dict[str, Any] = await session.send("Page.getAppManifest")
        answer = await session.send("Page.getInstallabilityErrors")
        await context.close()
    assert len(first) == 4, asked
    assert found["url"].endswith(f"/manifest.webmanifest?lang={language}")
    assert not found["errors"]
    assert f'"lang":"{language}"' in found["data"]
    assert not answer["installabilityErrors"]
