"""Time passes in the demonstration by its clock: what was promised happens, and everybody sees it.

With a demonstration of its own, because its clock does not go back.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, expect
from tests.browser.audits import audit
from tests.browser.conftest import demonstration, use_database
from tests.browser.filing import Keyboard, file_complaint
from tests.browser.timing import MINUTE, Place, counts, forward, said, says

from balagh.database import fetch
from balagh.i18n import grouped

MISSING = "صورة من الإيصال"
HOURS = timedelta(hours=1)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Its address and its data folder."""
    folder = tmp_path_factory.mktemp("clock")
    with demonstration(folder) as address:
        yield address, folder / "data"


@pytest.fixture
def place(running: tuple[str, Path], chromium: Browser, monkeypatch: pytest.MonkeyPatch) -> Place:
    address, data = running
    use_database(data, monkeypatch)
    return Place(address, data, chromium)


async def test_what_time_brings(place: Place) -> None:
    now = place.now
    promised = now.date() + timedelta(days=3)
    asked = await place.filed(
        "missing_data", data_asked_at=now, data_due_at=now + timedelta(hours=48)
    )
    waiting = await place.filed("in_progress")
    wish = await place.filed(
        "closed", kind="suggestion", outcome="accepted", answer="نعم.", reopen_until=None,
        promised_on=promised,
    )  # fmt: skip
    async with place.seat("noura") as noura, place.seat("abeer") as abeer:
        # 1. A holiday is declared: her page says the new day, and how it is counted.
        calendar = await place.calendar()
        off, before, after = (calendar.after(now.date(), n) for n in (2, 5, 6))
        await declare(abeer, off)
        await expect(abeer.locator("main")).to_contain_text(said(before))
        await abeer.locator("form[action='/calendar/changes'] .btn").first.click()
        await expect(abeer.locator("main")).to_contain_text(grouped(waiting))
        await counts(noura, f"/reports/{waiting}", after)
        await says(noura, f"/reports/{waiting}", f"{said(off)}: Day of mourning")
        # 2. Data was asked for: a reminder after 24 hours, cancelled after 48.
        assert await place.told(asked, "missing_data_reminder") == []
        await forward(noura, "day")
        await says(noura, f"/reports/{asked}", "Data missing")
        assert await place.told(asked, "missing_data_reminder") == ["noura@example.sa"]
        assert await place.told(asked, "expired") == []
        await forward(noura, "day")
        await says(noura, f"/reports/{asked}", "Cancelled", "The missing data did not come in time")
        assert await place.told(asked, "expired") == ["noura@example.sa"]
        assert await place.told(asked, "missing_data_reminder") == ["noura@example.sa"]
        # 3. The agency is reminded of its date, the beneficiary is not.
        assert await place.told(wish, "promise_due") == []
        await forward(noura, "day")
        await forward(noura, "working-day")
        assert await place.told(wish, "promise_due") == ["mona@example.sa"]
        everything = await fetch(
            "SELECT 1 FROM notice WHERE recipient = 'noura@example.sa' AND data->>'number' = $1",
            wish,
        )
        assert everything == []
        # 4. Late, told once, however long it lasts; the agency is named that has it.
        assert await place.told(waiting, "late") == []
        await forward(noura, "five")
        assert await place.told(waiting, "late") == ["noura@example.sa"]
        await says(noura, f"/reports/{waiting}", "Ministry of Justice is still working on the")
        await forward(noura, "two-days")
        assert await place.told(waiting, "late") == ["noura@example.sa"]
        # What the outbox has is what is sent.
        cards = noura.locator("li.card.email").filter(has_text=grouped(waiting))
        await noura.goto("/demo/outbox")
        await expect(cards.filter(has_text="That day has passed.")).to_have_count(1)


async def test_data_in_the_last_minute_and_a_minute_too_late(place: Place, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    Image.new("RGB", (60, 40), "#1B8354").save(picture)
    async with place.seat("noura", scripts=True) as noura:
        number = await file_complaint(noura, "outage", picture)
    due = (await place.calendar()).after(place.now.date(), 5)
    assert len(await place.told(number, "opened")) == 1
    async with place.seat("reem") as reem:
        await reem.goto(f"/cases/{number}")
        await reem.locator("#act").click()
        await counts(reem, f"/cases/{number}", due)
        asked_at = await ask(reem, number)
    await place.until(asked_at + 48 * HOURS - MINUTE)
    assert len(await place.told(number, "missing_data_reminder")) == 1
    async with place.seat("noura") as noura:
        await says(noura, f"/reports/{number}", "working days were left when the clock stopped")
        await noura.goto(f"/reports/{number}/update")
        await noura.fill("[name=text_0]", "20931177")
        await noura.locator("#filling .acts .btn").click()
        await noura.locator("main form .btn").click()
        await expect(noura.locator(".tag").first).to_have_text("Under review")
    assert await place.told(number, "expired") == []
    # Asked once more, and this time it comes too late: what was typed is not lost.
    async with place.seat("reem") as reem:
        asked_at = await ask(reem, number)
    async with place.seat("noura") as noura:
        await noura.goto(f"/reports/{number}/update")
        await noura.fill("[name=text_0]", "44718820")
        await noura.locator("#filling .acts .btn").click()
        await place.until(asked_at + 48 * HOURS)
    assert len(await place.told(number, "missing_data")) == 2
    assert len(await place.told(number, "missing_data_reminder")) == 1
    assert len(await place.told(number, "expired")) == 1
    async with place.seat("noura") as noura:
        await says(noura, f"/reports/{number}/update", "This report does not lack data now")
        await says(noura, f"/reports/{number}", "Cancelled")


async def ask(reem: Page, number: str) -> datetime:
    """Reem asks for data; when she did."""
    await reem.goto(f"/cases/{number}")
    await reem.locator('.acting-tabs a[href*="data-request"]').click()
    await reem.fill("[name=item_0]", MISSING)
    await reem.locator("#act").click()
    await expect(reem.locator("#actions [role=status]")).to_be_visible()
    (row,) = await fetch("SELECT data_asked_at FROM report WHERE number = $1", number)
    asked_at: datetime = row["data_asked_at"]
    return asked_at


async def test_a_reopened_report_has_a_new_time(place: Place) -> None:
    number = await place.filed("closed")
    async with place.seat("noura") as noura, place.seat("reem") as reem:
        await noura.goto(f"/reports/{number}/reopening")
        await noura.fill("[name=text_0]", "قالوا إن العطل عولج، والمشكلة ما زالت موجودة عندي.")
        await noura.locator("#filling .acts .btn").click()
        await noura.locator("main form .btn").click()
        await expect(noura.locator("header .tag")).to_have_text("Reopening requested")
        await reem.goto(f"/cases/{number}")
        await reem.locator("#act").click()
        await expect(reem.locator("h1 .tag")).to_have_text("In progress")
        last = (await place.calendar()).after(place.now.date(), 5)
        for someone, path in ((noura, f"/reports/{number}"), (reem, f"/cases/{number}")):
            await counts(someone, path, last)
        assert await place.told(number, "reopened") == ["noura@example.sa"]
        await forward(noura, "five")
        assert await place.told(number, "late") == []
        await forward(noura, "day")
        assert await place.told(number, "late") == ["noura@example.sa"]
        assert await place.told(number, "reopened") == ["noura@example.sa"]


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_the_pages_about_working_days(place: Place, language: str) -> None:
    """By keyboard alone, from the list to what moved; each page under axe."""
    await place.filed("in_progress")
    day = (await place.calendar()).after(place.now.date(), 2 if language == "ar" else 3)
    troubles: list[str] = []

    async def look(page: Page) -> None:
        path = page.url.removeprefix(place.address)
        troubles.extend(f"{path} {one}" for one in await audit(page, 1280, 320))

    async with place.seat("abeer", language=language, scripts=True) as page:
        hands = Keyboard(page)
        await page.goto("/calendar")
        await look(page)
        await hands.sent(page.locator('a[href="/calendar/change"]'))
        # Nothing is chosen yet: the errors come first.
        await hands.sent(page.locator("#form .acts .btn"))
        await expect(page.locator(".errs")).to_be_focused()
        await look(page)
        await hands.type_day("first", day)
        await hands.type_day("last", day)
        await hands.mark("kind", "off")
        await hands.type("name_ar", "يوم حداد")
        await hands.type("name_en", "Day of mourning")
        await look(page)
        await hands.sent(page.locator("#form .acts .btn"))
        await expect(page.locator("form[action='/calendar/changes']")).to_be_visible()
        await look(page)
        await hands.sent(page.locator("form[action='/calendar/changes'] .btn").first)
        await page.wait_for_url("**/calendar/changes/*")
        await look(page)
        # It stands in the list, and can be taken back from there.
        await hands.press(page.locator('a[href="/calendar"]').first)
        await page.wait_for_url("**/calendar")
        await expect(page.locator("main")).to_contain_text("يوم حداد")
        await look(page)
        await page.goto("/sweeps")
        await look(page)
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
