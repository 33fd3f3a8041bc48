"""The demonstration's clock: moved forward, what was promised happens, and nobody is signed out."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.people.portal import SECRET, browser
from tests.reports import filed
from tests.web.pages import Browser, Page

from balagh import clock
from balagh.app import create
from balagh.database import fetch, fetch_one
from balagh.demo import ahead, sign_in
from balagh.demo import clock as demo_clock
from balagh.directory import holidays, importing, lookup, sheets
from balagh.people import sessions
from balagh.reports import sweeps
from balagh.reports.sweeps import PATIENCE
from balagh.settings import load

MINUTE = timedelta(minutes=1)


@pytest.fixture
def moved(tmp_path: Path) -> Iterator[Path]:
    ahead.install(tmp_path)
    yield tmp_path
    clock.run_ahead(timedelta)


@pytest.fixture
async def noura(db: None, moved: Path) -> AsyncIterator[Browser]:
    assert not (await importing.import_files(sheets.load(sheets.SAMPLE))).problems
    lookup.forget()
    holidays.forget()
    environ = {"BALAGH_SECRET_KEY": SECRET, "BALAGH_DATA": str(moved)}
    app = create(load(environ, demo=True), sign_in_router=sign_in.router, extra=[demo_clock.router])
    person = await filed.person()
    token = await sessions.begin(person_id=person, now=clock.now(), lifetime=timedelta(hours=12))
    async with browser(app, {"lang": "en", "balagh": token}) as client:
        yield Browser(client)


def test_it_is_ahead_by_what_the_file_says(moved: Path) -> None:
    before = clock.now()
    assert ahead.ahead(moved) == timedelta()
    ahead.move(moved, timedelta(hours=1))
    ahead.move(moved, timedelta(minutes=30))
    assert ahead.ahead(moved) == timedelta(minutes=90)
    assert timedelta() <= clock.now() - before - timedelta(minutes=90) < timedelta(minutes=1)


async def test_two_days_on_the_data_is_too_late(noura: Browser) -> None:
    now = clock.now()
    (person,) = await fetch("SELECT id FROM person")
    made = await filed.report(
        person["id"], "missing_data", now=now, data_asked_at=now,
        data_due_at=now + timedelta(hours=48),
    )  # fmt: skip
    await on(noura, "day")
    assert await _state(made["id"]) == "missing_data"
    page = await on(noura, "day")
    # Signed in still: for her no time has passed.
    assert "Sign out" in page.text
    assert await _state(made["id"]) == "cancelled"
    told = await fetch("SELECT DISTINCT moment FROM notice ORDER BY moment")
    assert [row["moment"] for row in told] == ["expired", "missing_data_reminder"]


async def test_six_working_days_on_it_is_late(noura: Browser) -> None:
    now = clock.now()
    (person,) = await fetch("SELECT id FROM person")
    await filed.report(person["id"], "under_review", due_at=now + timedelta(days=1))
    await on(noura, "six")
    (told,) = await fetch("SELECT DISTINCT moment FROM notice")
    assert told["moment"] == "late"


async def test_what_ran_just_before_is_not_late_a_day_on(noura: Browser) -> None:
    before = clock.now()
    for sweep in PATIENCE:
        await sweeps.end(await sweeps.begin(sweep, before - MINUTE), before, 3)
    await on(noura, "day")
    assert (await noura.client.get("/health")).json() == {"status": "ok"}
    latest = {last.sweep: last for last in await sweeps.latest()}
    assert max(last.took for last in latest.values()) <= 60_000
    # What keeps promises each minute was done, and is on record; the rest is the worker's.
    assert {name for name, last in latest.items() if last.done != 3} == {
        "clocks", "remind", "tell_staff", "leave_none_behind",
    }  # fmt: skip


async def test_a_changed_calendar_is_settled(noura: Browser) -> None:
    reem, today = await filed.reviewer(), clock.now().date()
    await filed.insert(
        "calendar_change", at=clock.now(), staff_id=reem, first_day=today, last_day=today,
        working=False, name_ar="يوم", name_en="A day",
    )  # fmt: skip
    # Seen first; settled a minute later, when nobody holds the former calendar.
    for _ in range(2):
        await on(noura, "hour")
    (change,) = await fetch("SELECT settled_at FROM calendar_change")
    assert change["settled_at"] is not None


async def test_staff_are_told_on_the_next_morning(noura: Browser) -> None:
    (person,) = await fetch("SELECT id FROM person")
    reem, now = await filed.reviewer(), clock.now()
    await fetch("UPDATE staff SET told_until = $1", now)
    await filed.report(person["id"], now=now, assignee_id=reem, due_at=now + timedelta(hours=1))
    await on(noura, "working-day")
    told = await fetch("SELECT moment, recipient FROM notice WHERE moment = 'staff_digest'")
    assert [tuple(row) for row in told] == [("staff_digest", "reem@example.sa")]


@pytest.mark.parametrize("step", ["", "year", "-1"])
async def test_only_the_steps_that_are_offered(noura: Browser, step: str) -> None:
    page = await noura.open("/demo/clock")
    given = {"step": step, "csrf": page.form("/demo/clock").fields["csrf"]}
    assert (await noura.client.post("/demo/clock", data=given)).status_code == 400


async def on(noura: Browser, step: str) -> Page:
    """Presses that button."""
    page = await noura.open("/demo/clock")
    assert step in [button.get("value") for button in page.form("/demo/clock").buttons]
    given = {"step": step, "csrf": page.form("/demo/clock").fields["csrf"]}
    assert (await noura.client.post("/demo/clock", data=given)).status_code == 303
    return await noura.open("/demo/clock")


async def _state(report: int) -> str:
    row = await fetch_one("SELECT state FROM report WHERE id = $1", report)
    assert row is not None
    return str(row["state"])
