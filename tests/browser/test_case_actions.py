"""A report's whole way by keyboard alone, by three people, scripts off and on; the live preview;
and the pages under axe."""

import re

import pytest
from playwright.async_api import Locator, Page, expect
from tests.browser.audits import audit
from tests.browser.conftest import Visiting
from tests.browser.filing import Keyboard, person_id
from tests.reports import filed

from balagh import clock
from balagh.database import fetch
from balagh.i18n import Language

pytestmark = pytest.mark.usefixtures("database")

MISSING = "صورة من الإيصال"
GUIDANCE = "نأمل التحقق من السداد."
SOLUTION = "تحققنا من السداد وجُدّدت الرخصة اليوم."
WAYS = [
    pytest.param(False, "ar", id="ar-no-scripts"),
    pytest.param(True, "en", id="en"),
]


async def noura_s(state: str = "under_review", **columns: object) -> str:
    """The number of a new report of Noura's about the Ministry of Justice."""
    person = await person_id("noura")
    agency = (await fetch("SELECT id FROM agency WHERE code = 'moj'"))[0]["id"]
    referred = {} if state in ("under_review", "missing_data") else {"referred_agency_id": agency}
    made = await filed.report(
        person, state, now=clock.now(), **{"agency_id": agency, **referred, **columns}
    )
    return str(made["number"])


async def act(page: Page, button: Locator | None = None) -> None:
    """Sends the form of the tab that is open and waits for what was done."""
    hands = Keyboard(page)
    await hands.reach(button or page.locator("#act"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#actions [role=status]")).to_be_visible()
    # Whoever works by keyboard stands where it says what was done.
    await expect(page.locator("#actions [role=status]")).to_be_focused()


@pytest.mark.parametrize(("scripts", "language"), WAYS)
async def test_from_the_data_request_to_the_closing(
    visiting: Visiting, scripts: bool, language: str
) -> None:
    text = Language.of(language).text
    number = await noura_s()
    options: dict[str, object] = {"language": language, "scripts": scripts, "width": 1280}
    async with (
        visiting("reem", **options) as reem,
        visiting("noura", **options) as noura,
        visiting("fahd", **options) as fahd,
    ):
        # 1. Reem asks for data, line by line.
        hands = Keyboard(reem)
        await reem.goto(f"/cases/{number}")
        await hands.press(reem.locator('.acting-tabs a[href*="data-request"]'))
        await reem.locator("#do_item_0").wait_for()
        # The address names the tab: whoever is signed out while writing comes back to it.
        await expect(reem).to_have_url(re.compile(r"\?do=data-request"))
        await hands.type("item_0", MISSING)
        if scripts:
            # What goes out is there while she types, and she stays where she types.
            await expect(reem.locator("#preview")).to_contain_text(MISSING)
            await expect(reem.locator("#do_item_0")).to_be_focused()
        await hands.press(reem.locator("button[name=more]"))
        await expect(reem.locator("#do_item_1")).to_be_focused()
        await expect(reem.locator("#do_item_0")).to_have_value(MISSING)
        if not scripts:
            await hands.press(reem.locator("button[formaction*='preview=1']:not(.sr)"))
            await expect(reem.locator("#preview")).to_be_focused()
            await expect(reem.locator("#preview")).to_contain_text(MISSING)
        await act(reem)
        # 2. Noura answers.
        hands = Keyboard(noura)
        await noura.goto(f"/reports/{number}/update")
        await hands.type("text_0", "رقم الإيصال 4471882")
        await hands.sent(noura.locator("#filling .acts .btn"))
        await noura.wait_for_url("**/update/check")
        await hands.sent(noura.locator("main form .btn"))
        await noura.wait_for_url(f"**/reports/{number}")
        # 3. Reem refers.
        hands = Keyboard(reem)
        await reem.goto(f"/cases/{number}")
        await hands.type("guidance", GUIDANCE)
        await act(reem)
        # 4. Fahd answers; an error first, and nothing that was typed is lost.
        hands = Keyboard(fahd)
        await fahd.goto(f"/cases/{number}")
        await hands.type("text", "تم")
        await hands.reach(fahd.locator("#act"))
        await fahd.keyboard.press("Enter")
        errors = fahd.locator(".errs")
        await expect(errors).to_be_focused()
        assert (await fahd.title()).startswith(text("Error:"))
        await hands.press(errors.locator("a").first)
        await expect(fahd.locator("#do_text")).to_be_focused()
        await expect(fahd.locator("#do_text")).to_have_value("تم")
        await hands.type("text", SOLUTION)
        await act(fahd)
        # 5. Reem closes.
        await reem.goto(f"/cases/{number}")
        await act(reem)
        await expect(reem.locator("h1 .tag")).to_have_text(text("Closed"))
        await noura.goto(f"/reports/{number}")
        await expect(noura.locator("main")).to_contain_text(SOLUTION)


async def test_the_preview_and_the_calendar_with_scripts(visiting: Visiting) -> None:
    number = await noura_s("in_progress", kind="suggestion", language="en")
    under = await noura_s(language="en")
    async with visiting("fahd", width=1280) as fahd, visiting("reem", width=1280) as reem:
        await fahd.goto(f"/cases/{number}")
        await fahd.locator("[name=outcome][value=accepted]").check()
        hands = Keyboard(fahd)
        for part, value in (("day", "1"), ("month", "3"), ("year", "2030")):
            await hands.type(f"promised_on_{part}", value)
        await hands.type("plan", SOLUTION)
        await hands.press(fahd.locator("#do_promised_on_toggle"))
        await expect(fahd.locator("#do_promised_on_year")).to_have_value("1451")
        await expect(fahd.locator("#do_plan")).to_have_value(SOLUTION)
        await expect(fahd.locator(".of-promised_on")).to_be_focused()
        # Another agency, another message: after one swap too.
        await reem.goto(f"/cases/{under}")
        for code, name in (("mc", "Ministry of Commerce"), ("moj", "Ministry of Justice")):
            await reem.locator("#do_agency").select_option(code)
            await expect(reem.locator("#preview summary")).to_contain_text(name)


async def test_enter_in_a_line_looks_and_does_not_send(visiting: Visiting) -> None:
    number = await noura_s()
    async with visiting("reem", width=1280) as reem:
        await reem.goto(f"/cases/{number}?do=data-request")
        await Keyboard(reem).type("item_0", MISSING)
        await reem.keyboard.press("Enter")
        await expect(reem.locator("#preview")).to_be_focused()
        rows = await fetch("SELECT state FROM report WHERE number = $1", number)
        assert rows[0]["state"] == "under_review"


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_every_page_and_error(visiting: Visiting, language: str) -> None:
    under, answered = await noura_s(), await noura_s("answered", outcome="solved", answer="تم.")
    asked = await noura_s("in_progress", kind="suggestion")
    missing = await noura_s("missing_data")
    troubles: list[str] = []

    async def look(page: Page, name: str) -> None:
        await page.wait_for_load_state("load")
        for width in (1280, 320):
            await page.set_viewport_size({"width": width, "height": 780})
            # Staff pages: 24 px, which axe looks at.
            found = [one for one in await audit(page) if not one.startswith("smaller than 44")]
            troubles.extend(f"{name} at {width} px: {one}" for one in found)

    async with visiting("reem", language=language) as reem:
        # Without the portal's scripts each answer is a page of its own.
        await reem.route("**/static/**/*.js", lambda route: route.abort())
        await reem.route("**/static/*.js", lambda route: route.abort())
        for path in (
            f"/cases/{under}", f"/cases/{under}?do=data-request", f"/cases/{under}?do=rejection",
            f"/cases/{answered}", f"/cases/{missing}", "/replies", "/replies/new",
        ):  # fmt: skip
            await reem.goto(path)
            await look(reem, path)
        await reem.goto(f"/cases/{under}?do=rejection")
        await reem.locator("#act").click()
        await look(reem, "rejection: errors")
        await reem.locator("#do_reason").fill(SOLUTION)
        await reem.locator("#do_code").select_option("outside")
        await reem.locator("button[formaction*='preview=1']:not(.sr)").click()
        await look(reem, "rejection: checked")
        await fetch("UPDATE report SET version = version + 1 WHERE number = $1", under)
        await reem.locator("#act").click()
        await look(reem, "rejection: changed meanwhile")
        await fetch(
            "UPDATE report SET version = version + 1, state = 'received' WHERE number = $1", under
        )
        await reem.locator("#act").click()
        await look(reem, "rejection: impossible")
    async with visiting("fahd", language=language) as fahd:
        await fahd.route("**/static/**/*.js", lambda route: route.abort())
        await fahd.route("**/static/*.js", lambda route: route.abort())
        await fahd.goto(f"/cases/{asked}")
        await fahd.locator("[name=outcome][value=accepted]").check()
        await look(fahd, "answer: accepted")
        await fahd.locator("#act").click()
        await look(fahd, "answer: errors")
    assert not troubles, "\n".join(troubles)
