"""Time passes in a demonstration: its clock, what its worker does, and what was told since."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import sign_in
from tests.reports import filed

from balagh.database import fetch
from balagh.demo import ahead
from balagh.directory.holidays import load_calendar
from balagh.reports import clock_sweep, deadlines
from balagh.workdays import Calendar

RIYADH = ZoneInfo("Asia/Riyadh")
WEEKEND = (4, 5)
MINUTE = timedelta(minutes=1)


class Place:
    """A demonstration of one's own: ``address``, and ``data``, its folder."""

    def __init__(self, address: str, data: Path, chromium: Browser) -> None:
        self.address, self.data, self.chromium = address, data, chromium

    @asynccontextmanager
    async def seat(
        self, key: str, *, language: str = "en", scripts: bool = False
    ) -> AsyncIterator[Page]:
        context = await self.chromium.new_context(
            base_url=self.address, viewport={"width": 1280, "height": 780},
            java_script_enabled=scripts,
        )  # fmt: skip
        context.set_default_timeout(15_000)
        await context.add_cookies([{"name": "lang", "value": language, "url": self.address}])
        await sign_in(context, self.address, key)
        try:
            yield await context.new_page()
        finally:
            await context.close()

    @property
    def now(self) -> datetime:
        return datetime.now(RIYADH) + ahead.ahead(self.data)

    async def until(self, end: datetime) -> None:
        """The clock moves on to that instant; whoever is signed in has to sign in again."""
        assert end > self.now
        ahead.move(self.data, end - self.now)
        await self.swept()

    async def swept(self) -> None:
        """The worker comes by, and once more: what is settled is settled."""
        world = clock_sweep.World(zone=RIYADH, public_url=self.address, sms=True, reminder_hours=24)
        now = self.now
        await clock_sweep.sweep(now, world)
        assert (await clock_sweep.sweep(now, world)).total == 0

    async def told(self, number: str, moment: str) -> list[str]:
        """To whom, by e-mail, each time: in the order of the database, nothing is counted twice."""
        await self.swept()
        rows = await fetch(
            "SELECT recipient FROM notice WHERE channel = 'email' AND moment = $1 "
            "AND data->>'number' = $2 ORDER BY id",
            moment, number,
        )  # fmt: skip
        return [row["recipient"] for row in rows]

    async def calendar(self) -> Calendar:
        return await load_calendar(WEEKEND, self.now.date())

    async def filed(self, state: str, **columns: Any) -> str:
        """A report of Noura's about the Ministry of Justice, due five working days from today."""
        (person,) = await fetch("SELECT id FROM person WHERE email = 'noura@example.sa'")
        (agency,) = await fetch("SELECT id FROM agency WHERE code = 'moj'")
        today = self.now.astimezone(RIYADH).date()
        last = (await self.calendar()).after(today, 5)
        columns = {
            "language": "en", "email": "noura@example.sa", "agency_id": agency["id"],
            "due_at": deadlines.end_of(last, RIYADH), "due_from": today, "due_days": 5,
            "submitted_at": self.now, **columns,
        }  # fmt: skip
        if state in ("in_progress", "closed"):
            columns |= {"referred_agency_id": agency["id"], "referred_at": self.now}
        made = await filed.report(person["id"], state, now=self.now, **columns)
        return str(made["number"])


async def forward(page: Page, step: str) -> None:
    """By the demonstration's own page."""
    await page.goto("/demo/clock")
    await page.locator(f"button[value={step}]").click()
    await page.wait_for_load_state("load")


async def says(page: Page, path: str, *texts: str) -> None:
    await page.goto(path)
    for text in texts:
        await expect(page.locator("main")).to_contain_text(text)


async def counts(page: Page, path: str, last: date) -> None:
    """The date on that page, and the last day of the list that explains it."""
    await says(page, path, said(last))
    await page.locator("details.counting summary").first.click()
    listed = page.locator("details.counting ol").first.locator("li")
    await expect(listed.last).to_contain_text(f"{said(last)}: working day")


def said(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"
