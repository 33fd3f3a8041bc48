"""A complaint filed with the keyboard alone, whatever the page looks like."""

import re
import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from playwright.async_api import Locator, Page

from balagh import clock
from balagh.database import fetch
from balagh.demo import cast

SERVICE = {
    "agency": "momah",
    "platform": "balady",
    "service": "balady-licence-renew",
}
TITLE = "سددت رسوم تجديد الرخصة ولم تُجدَّد"
DESCRIPTION = "سددت رسوم تجديد الرخصة التجارية عبر سداد، وخُصم المبلغ، وما زالت غير مجددة."
GROUNDS = ("outage", "sla_exceeded", "no_response_time", "closed_unresolved")


def days_ago(count: int) -> date:
    return clock.now().date() - timedelta(days=count)


async def person_id(key: str) -> int:
    """Of that beneficiary of the cast. By name: settings are tried on them, so addresses change."""
    one = cast.member(key)
    assert one is not None
    rows = await fetch("SELECT id FROM person WHERE name = $1", one.name_ar)
    return int(rows[0]["id"])


class Keyboard:
    """Hands that never touch the mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def scripted(self) -> bool:
        return bool(await self.page.evaluate("'htmx' in window"))

    async def reach(self, found: Locator) -> None:
        """Tab after tab, until it has the focus."""
        # Found once: to look for it again costs more than the key.
        element = await found.element_handle()
        for _ in range(300):
            assert element is not None
            here = await element.evaluate(
                "element => element.isConnected ? element === document.activeElement : null"
            )
            if here:
                return
            if here is None:
                # The page put another in its place meanwhile.
                element = await found.element_handle()
                continue
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {found}")

    async def type(self, name: str, text: str) -> None:
        await self.reach(self.page.locator(f"[name={name}]"))
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.insert_text(text)

    async def type_day(self, name: str, day: date) -> None:
        for part in ("day", "month", "year"):
            await self.type(f"{name}_{part}", str(getattr(day, part)))

    async def mark(self, name: str, value: str) -> None:
        """Tab to the group of radio buttons, then arrows."""
        options = self.page.locator(f"input[type=radio][name={name}]")
        values = [await option.get_attribute("value") for option in await options.all()]
        checked = self.page.locator(f"input[type=radio][name={name}]:checked")
        await self.reach(checked if await checked.count() else options.first)
        await self.page.keyboard.press("Space")
        for _ in values:
            if await self.page.locator(f"input[name={name}][value='{value}']").is_checked():
                return
            await self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{value} cannot be marked")

    async def pick(self, name: str, value: str, *, settled: bool = True) -> None:
        """Tab to the list, then arrows. ``settled``: until what hangs on the choice is there."""
        select = self.page.locator(f"select[name={name}]")
        await self.reach(select)
        for _ in range(await select.locator("option").count()):
            if await select.input_value() == value:
                break
            await self.page.keyboard.press("ArrowDown")
        else:
            raise AssertionError(f"{value} cannot be picked")
        if settled:
            await self.page.wait_for_selector(".htmx-request", state="detached")

    async def press(self, found: Locator) -> None:
        await self.reach(found)
        await self.page.keyboard.press("Enter")

    async def go_on(self) -> None:
        """The step's own button, and the page that answers it."""
        form = self.page.locator("main form:has([name])").filter(
            has=self.page.locator("button:visible")
        )
        button = form.last.locator("button:visible").last
        await self.sent(button)

    async def sent(self, button: Locator) -> None:
        await self.reach(button)
        async with self.page.expect_response(
            lambda response: response.request.method == "POST" or response.status == 200
        ):
            await self.page.keyboard.press("Enter")
        await self.page.wait_for_load_state("load")


async def file_complaint(
    page: Page, ground: str, picture: Path, service: Mapping[str, str] = SERVICE
) -> str:
    """From the start page to the number, which is returned. For one who is signed in."""
    hands = Keyboard(page)
    await page.goto("/")
    await hands.press(page.locator('main a[href="/new/complaint"]'))
    await page.wait_for_url("**/new/complaint")
    await hands.mark("ground", ground)
    await hands.go_on()
    if ground == "closed_unresolved":
        await page.wait_for_url("**/closure*")
        await hands.mark("matter", "technical")
        await hands.mark("still_happening", "yes")
        await hands.go_on()
    await page.wait_for_url("**/service*")
    for name, value in service.items():
        await page.wait_for_selector(f"select[name={name}]")
        await hands.pick(name, value)
        if not await hands.scripted():
            await hands.go_on()
    await page.wait_for_selector("input[type=radio][name=delivery_channel]")
    await hands.mark("delivery_channel", "web")
    await hands.go_on()
    if ground != "outage":
        await page.wait_for_url("**/reference*")
        await hands.type("reference", f"BLD-{secrets.randbelow(10**9)}")
        await hands.type_day("filed_on", days_ago(40))
        if ground == "sla_exceeded":
            await hands.type("response_days", "3")
        if ground == "closed_unresolved":
            await hands.type_day("closed_on", days_ago(20))
        await hands.go_on()
    await page.wait_for_url("**/details*")
    await hands.type("title", TITLE)
    await hands.type("description", DESCRIPTION)
    await hands.go_on()
    await page.wait_for_url("**/documents*")
    if ground == "outage":
        await add_file(page, picture)
    await hands.go_on()
    await page.wait_for_url("**/check*")
    await hands.go_on()
    await page.wait_for_url("**/confirmation")
    found = re.search(r"/reports/(\d{10})/", page.url)
    assert found is not None
    return found[1]


async def add_file(page: Page, picture: Path) -> None:
    hands = Keyboard(page)
    chooser = page.locator("input[type=file]")
    await hands.reach(chooser)
    # The dialog that Enter opens is the browser's own, and there is none without a screen.
    await chooser.set_input_files(picture)
    if not await hands.scripted():
        await hands.sent(page.locator("form:has(input[type=file]) button"))
    await page.get_by_text(picture.name).first.wait_for()
