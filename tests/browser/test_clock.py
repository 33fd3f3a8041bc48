"""Time passes in the demonstration by its clock: what was promised happens, and everybody sees it.

With a demonstration of its own, because its clock does not go back.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, Page, expect
from tests.browser.audits import audit
from tests.browser.conftest import demonstration, sign_in, use_database
from tests.reports import filed

from balagh.database import fetch
from balagh.demo import ahead
from balagh.directory.holidays import load_calendar
from balagh.i18n import grouped
from balagh.reports import deadlines

RIYADH = ZoneInfo("Asia/Riyadh")
WEEKEND = (4, 5)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Its address and its data folder."""
    folder = tmp_path_factory.mktemp("clock")
    with demonstration(folder) as address:
        yield address, folder / "data"


@pytest.fixture
def database(running: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    use_database(running[1], monkeypatch)


@asynccontextmanager
async def seat(
    chromium: Browser, address: str, key: str, *, scripts: bool = False
) -> AsyncIterator[Page]:
    context = await chromium.new_context(
        base_url=address, viewport={"width": 1280, "height": 780}, java_script_enabled=scripts
    )
    context.set_default_timeout(15_000)
    await context.add_cookies([{"name": "lang", "value": "en", "url": address}])
    await sign_in(context, address, key)
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def forward(page: Page, step: str) -> None:
    await page.goto("/demo/clock")
    await page.locator(f"button[value={step}]").click()
    await page.wait_for_load_state("load")


async def told(page: Page, number: str, text: str, count: int) -> None:
    """So many messages about that report say so, once the worker has sent what is due."""
    cards = page.locator("li.card.email").filter(has_text=grouped(number)).filter(has_text=text)
    for _ in range(80):
        await page.goto("/demo/outbox")
        if await cards.count() >= count:
            break
        await page.wait_for_timeout(250)
    await expect(cards).to_have_count(count)


async def states(page: Page, number: str, text: str) -> None:
    await page.goto(f"/reports/{number}")
    await expect(page.locator("main")).to_contain_text(text)


class Shown:
    """Noura's reports, as they stand when the test begins."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    async def file(self, state: str, **columns: Any) -> str:
        (person,) = await fetch("SELECT id FROM person WHERE email = 'noura@example.sa'")
        (agency,) = await fetch("SELECT id FROM agency WHERE code = 'moj'")
        columns = {
            "language": "en",
            "email": "noura@example.sa",
            "agency_id": agency["id"],
        } | columns
        if state in ("in_progress", "closed"):
            columns |= {"referred_agency_id": agency["id"], "referred_at": self.now}
        made = await filed.report(person["id"], state, now=self.now, **columns)
        return str(made["number"])

    async def counted(self) -> dict[str, Any]:
        """Due five working days from today, as what is filed now."""
        calendar = await load_calendar(WEEKEND, self.now.date())
        today = self.now.astimezone(RIYADH).date()
        return {
            "due_at": deadlines.end_of(calendar.after(today, 5), RIYADH), "due_from": today,
            "due_days": 5, "submitted_at": self.now,
        }  # fmt: skip


@pytest.mark.usefixtures("database")
async def test_what_time_brings(running: tuple[str, Path], chromium: Browser) -> None:
    address, data = running
    shown = Shown(datetime.now(RIYADH) + ahead.ahead(data))
    now, today = shown.now, shown.now.date()
    promised = today + timedelta(days=3)
    asked = await shown.file(
        "missing_data", data_asked_at=now, data_due_at=now + timedelta(hours=48),
        **await shown.counted(),
    )  # fmt: skip
    waiting = await shown.file("in_progress", **await shown.counted())
    wish = await shown.file(
        "closed", kind="suggestion", outcome="accepted", answer="نعم.", reopen_until=None,
        promised_on=promised,
    )  # fmt: skip
    async with (
        seat(chromium, address, "noura") as noura,
        seat(chromium, address, "abeer") as abeer,
    ):
        # 1. A holiday is declared: her page says the new day, and how it is counted.
        calendar = await load_calendar(WEEKEND, today)
        off = calendar.after(today, 2)
        before, after = calendar.after(today, 5), calendar.after(today, 6)
        await declare(abeer, off)
        await expect(abeer.locator("main")).to_contain_text(said(before))
        await abeer.locator("form[action='/calendar/changes'] .btn").first.click()
        await expect(abeer.locator("main")).to_contain_text(grouped(waiting))
        await noura.goto(f"/reports/{waiting}")
        await expect(noura.locator("main")).to_contain_text(said(after))
        await expect(noura.locator("main")).to_contain_text("Day of mourning")
        await noura.locator("details summary", has_text="How is this date counted?").click()
        day = f"{off:%A} {off.day} {off:%B}: Day of mourning"
        await expect(noura.locator("details li", has_text=day)).to_be_visible()
        # 2. Data was asked for: a reminder after 24 hours, cancelled after 48.
        await forward(noura, "day")
        await told(noura, asked, "Your report still lacks data", 1)
        await states(noura, asked, "Data missing")
        await forward(noura, "day")
        await states(noura, asked, "Cancelled")
        # 3. The agency is reminded of its date, the beneficiary is not.
        await forward(noura, "day")
        await forward(noura, "working-day")
        await told(noura, wish, "mona@example.sa", 1)
        # 4. Late, told once, however long it lasts.
        await forward(noura, "five")
        await told(noura, waiting, "That day has passed.", 1)
        await forward(noura, "two-days")
        await told(noura, waiting, "That day has passed.", 1)
        # 5. The pages on which staff see it.
        async with seat(chromium, address, "majed", scripts=True) as majed:
            troubles = []
            for path in ("/calendar", "/sweeps"):
                await majed.goto(path)
                await majed.wait_for_load_state("load")
                troubles += [f"{path} {one}" for one in await audit(majed, 1280, 320)]
        assert not troubles, "\n".join(troubles)


async def declare(page: Page, day: date) -> None:
    """That day is a holiday, up to the page that says what moves."""
    await page.goto("/calendar/change")
    await page.locator("[name=kind][value=off]").check()
    for name in ("first", "last"):
        for part in ("day", "month", "year"):
            await page.fill(f"[name={name}_{part}]", str(getattr(day, part)))
    await page.fill("[name=name_ar]", "يوم حداد")
    await page.fill("[name=name_en]", "Day of mourning")
    await page.locator("#form .acts .btn").click()


def said(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"
