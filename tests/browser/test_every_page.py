"""Every citizen's page and error state, in both languages, narrow and wide: WCAG 2.2 AA, nothing
sideways, nothing too small to touch; and the byte budgets of each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page
from tests.browser.audits import audit
from tests.browser.conftest import Visiting
from tests.browser.filing import DESCRIPTION, TITLE, days_ago


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "fault.png"
    Image.new("RGB", (60, 40), "#B42318").save(path)
    return path


WIDTHS = (1280, 320)


class Tour:
    """Goes on from page to page and gathers what is wrong with each."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.troubles: list[str] = []
        self.seen: list[str] = []

    async def look(self, name: str) -> None:
        self.seen.append(name)
        # With its style: the click that led here may have returned before. (An expression to poll
        # would be evaluated in the page, whose policy forbids that.)
        await self.page.wait_for_load_state("load")
        self.troubles += [f"{name} {trouble}" for trouble in await audit(self.page, *WIDTHS)]

    async def open(self, path: str, name: str = "") -> None:
        await self.page.goto(path)
        await self.look(name or path)

    async def send(self, name: str, **typed: str) -> None:
        """Fills in what the step asks, sends it, looks at the answer."""
        for field, value in typed.items():
            found = self.page.locator(f"[name={field}]:not([type=hidden])").first
            kind = await found.evaluate("element => element.type")
            if kind == "radio":
                await self.page.locator(f"[name={field}][value='{value}']").check()
            elif kind == "select-one":
                await found.select_option(value)
            else:
                await found.fill(value)
        form = self.page.locator("main form:has([name])").filter(
            has=self.page.locator("button:visible")
        )
        await form.last.locator("button:visible").last.click()
        await self.page.wait_for_load_state("load")
        await self.look(name)


def day(name: str, ago: int) -> dict[str, str]:
    found = days_ago(ago)
    return {f"{name}_{part}": str(getattr(found, part)) for part in ("day", "month", "year")}


@asynccontextmanager
async def tour(visiting: Visiting, **options: object) -> AsyncIterator[Tour]:
    async with visiting(**options) as page:
        # Without the portal's scripts each answer is a page of its own, to be looked at in peace.
        # (Scripts as such stay on: axe is one.)
        # Refused by the browser itself: to route requests would put each through this process, and
        # turn its cache off, so that every page would load fonts and style again.
        wire = await page.context.new_cdp_session(page)
        await wire.send("Network.enable")
        await wire.send("Network.setBlockedURLs", {"urls": ["*/static/*.js"]})
        found = Tour(page)
        yield found
        assert not found.troubles, "\n".join(found.troubles)


LOOKS = [
    pytest.param({"language": "ar"}, id="ar"),
    pytest.param({"language": "en"}, id="en"),
]
DARK = pytest.param({"language": "ar", "dark": True}, id="ar-dark")


@pytest.mark.parametrize("look", [*LOOKS, DARK])
async def test_pages_for_everybody(visiting: Visiting, look: dict[str, object]) -> None:
    async with tour(visiting, **look) as seen:
        for path in ("/", "/help", "/accessibility", "/privacy", "/sign-in", "/nonsense"):
            await seen.open(path)


@pytest.mark.parametrize("look", [*LOOKS, DARK])
async def test_a_person_s_pages(visiting: Visiting, look: dict[str, object]) -> None:
    async with tour(visiting, key="noura", **look) as seen:
        for path in ("/", "/sign-in", "/demo/outbox", "/reports?show=open", "/reports?show=ended"):
            await seen.open(path)
        await seen.open("/reports")
        links = await seen.page.locator('main a[href^="/reports/"]').evaluate_all(
            "links => [...new Set(links.map(link => link.pathname))]"
        )
        for path in links:
            await seen.open(path)
        assert len(links) >= 5


@pytest.mark.parametrize("look", LOOKS)
async def test_the_way_through_the_wizard(
    visiting: Visiting, look: dict[str, object], picture: Path
) -> None:
    number = "A-" + "-".join(str(value) for value in look.values())
    async with tour(visiting, key="khalid", **look) as seen:
        await seen.open("/new/complaint")
        await seen.send("ground: error")
        await seen.send("service", ground="no_response_time")
        await seen.send("service: error")
        await seen.send("service: platform", agency="momah")
        await seen.send("service: paper", platform="paper")
        await seen.send("refusal: paper service", service="momah-survey-report")
        await seen.page.go_back()
        base = seen.page.url.rsplit("/", 1)[0]
        await seen.open(f"{base}/service")
        await seen.send("service: services", platform="balady")
        await seen.send("service: channels", service="balady-licence-renew")
        await seen.send("reference", delivery_channel="web")
        await seen.send("reference: errors")
        future = {**day("filed_on", -9), "reference": "?"}
        await seen.send("reference: wrong", **future)
        await seen.send("refusal: too early", reference=number, **day("filed_on", 2))
        await seen.open(f"{base}/reference", "reference: notice")
        await seen.page.locator("button[name=toggle]").first.click()
        await seen.look("reference: Hijri")
        await seen.page.locator("button[name=toggle]").first.click()
        await seen.send("details", **day("filed_on", 40))
        await seen.send("details: errors", title="x")
        await seen.send("documents", title=TITLE, description=DESCRIPTION)
        await seen.page.locator("input[type=file]").set_input_files(
            {"name": "page.html", "mimeType": "text/html", "buffer": b"<p>"}
        )
        await seen.page.locator("form:has(input[type=file]) button").click()
        await seen.look("documents: refused")
        await seen.page.locator("input[type=file]").set_input_files(picture)
        await seen.page.locator("form:has(input[type=file]) button").click()
        await seen.look("documents: saved")
        await seen.send("check")
        await seen.open(f"{base}/contact?change=1", "contact")
        await seen.send("contact: errors", phone="1", email="x")
        await seen.send("check: after contact", phone="0561102938", email="k@example.com")
        await seen.open(f"{base}/discard", "discard")
        await seen.open(f"{base}/check?changed=1", "check: changed")
        await seen.send("confirmation")
        assert "/confirmation" in seen.page.url
        # The same number again: another draft is refused.
        await seen.open("/new/complaint")
        await seen.send("closure", ground="closed_unresolved")
        await seen.send("closure: errors")
        await seen.send("refusal: two", matter="procedural", still_happening="no")
        assert len(seen.seen) > 25


async def test_an_outage_without_an_image(visiting: Visiting) -> None:
    async with tour(visiting, key="khalid", language="en") as seen:
        await seen.open("/new/complaint")
        await seen.send("service", ground="outage")
        for name, value in (
            ("agency", "momah"), ("platform", "balady"), ("service", "balady-licence-renew"),
        ):  # fmt: skip
            await seen.send(f"service: {name}", **{name: value})
        await seen.send("details", delivery_channel="web")
        await seen.send("documents", title=TITLE, description=DESCRIPTION)
        await seen.send("documents: error")
        assert "role" in await seen.page.content()


async def test_at_200_percent_text_nothing_scrolls_sideways(visiting: Visiting) -> None:
    async with visiting("noura", width=640) as page:
        for path in ("/", "/reports", "/new/complaint"):
            await page.goto(path)
            # As the text-only zoom of browsers: every text, whatever its unit (WCAG 2.2, 1.4.4).
            await page.evaluate(
                """() => [...document.querySelectorAll("body, body *")]
                .map((element) => [element, parseFloat(getComputedStyle(element).fontSize)])
                .forEach(([element, size]) => { element.style.fontSize = `${2 * size}px`; })"""
            )
            wide = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide <= 0, path
