"""Each due date is explained day by day, to the beneficiary and to staff, and never wrongly."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.reports import filed
from tests.reports.living import WORLD
from tests.web.conftest import NOW, Clock, Visiting
from tests.web.pages import Browser, Page
from tests.web.reports import noura_s
from tests.web.staff.cases import a_case

from balagh.database import fetch
from balagh.reports.clock_sweep import sweep

DATE, DATES = "How is this date counted?", "How are these dates counted?"
LEFT = "What is left of the time for the answer?"
AFTER = "Working days are counted after Sunday 22 November 2026:"
WEEK = [
    "Monday 23 November: working day 1",
    "Tuesday 24 November: working day 2",
    "Wednesday 25 November: working day 3",
    "Thursday 26 November: working day 4",
    "Friday 27 November: weekend",
    "Saturday 28 November: weekend",
    "Sunday 29 November: working day 5",
]
TWO_LEFT = (
    "2 working days were left when the clock stopped. They are counted from the day after the "
    "clock goes on."
)
# The midnight in Riyadh that ends that day of November 2026.
MIDNIGHT = {day: datetime(2026, 11, day, 21, tzinfo=UTC) for day in (23, 26, 30)}


def days(page: Page) -> list[str]:
    return [line for line in page.texts.get("li", []) if re.match(r"\w+day \d+ November: ", line)]


async def test_the_beneficiary_sees_how_the_date_is_counted(noura: Browser) -> None:
    for state in ("received", "under_review", "in_progress", "answered"):
        page = await noura.open(f"/reports/{(await noura_s(state))['number']}")
        assert page.texts["summary"].count(DATE) == 1
        assert AFTER in page.text
        assert days(page) == WEEK
        assert "Sunday 29 November 2026" in page.text


@pytest.mark.parametrize("state", ["closed", "cancelled", "rejected", "reopen_requested"])
async def test_where_no_clock_runs_nothing_is_counted(
    noura: Browser, at_desk: Visiting, state: str
) -> None:
    number = (await noura_s(state))["number"]
    async with at_desk("reem") as reem:
        for page in (await noura.open(f"/reports/{number}"), await reem.open(f"/cases/{number}")):
            assert page.status == 200
            assert not {DATE, DATES, LEFT} & {*page.texts.get("summary", ())}
            assert days(page) == []


async def test_each_part_is_explained_and_the_first_too(noura: Browser) -> None:
    whole = await noura_s("in_progress")
    part = await noura_s(
        "in_progress", part_of=whole["id"], due_at=MIDNIGHT[26], due_days=4,
    )  # fmt: skip
    page = await noura.open(f"/reports/{whole['number']}")
    named = f"{DATE} Ministry of Municipalities and Housing"
    assert page.texts["summary"].count(named) == 2
    assert days(page) == WEEK + WEEK[:4]
    # Its own page says its own alone.
    assert days(await noura.open(f"/reports/{part['number']}")) == WEEK[:4]
    # A part whose clock stands says what is left of it.
    await noura_s("missing_data", part_of=whole["id"], paused_working_days=2)
    page = await noura.open(f"/reports/{whole['number']}")
    assert days(page) == WEEK + WEEK[:4]
    assert page.text.count(TWO_LEFT) == 1


async def test_staff_see_the_answer_and_the_check(noura: Browser, at_desk: Visiting) -> None:
    made = await a_case("under_review", completeness_due_at=MIDNIGHT[23])
    async with at_desk("reem") as reem:
        page = await reem.open(f"/cases/{made['number']}")
        assert page.texts["summary"].count(DATES) == 1
        assert days(page) == WEEK + WEEK[:1]
        assert "The completeness check, counted after Sunday 22 November 2026:" in page.text
        await fetch("UPDATE report SET checked_at = $1", NOW)
        page = await reem.open(f"/cases/{made['number']}")
        assert DATE in page.texts["summary"]
        assert days(page) == WEEK
    held = await a_case("in_progress", completeness_due_at=MIDNIGHT[23])
    async with at_desk("fahd") as fahd:
        # The check is Amer's own promise.
        page = await fahd.open(f"/cases/{held['number']}")
        assert DATE in page.texts["summary"]
        assert days(page) == WEEK


async def test_what_is_left_while_the_clock_stands(noura: Browser, at_desk: Visiting) -> None:
    made = await a_case("missing_data", paused_working_days=2)
    async with at_desk("reem") as reem:
        for page in (
            await noura.open(f"/reports/{made['number']}"),
            await reem.open(f"/cases/{made['number']}"),
        ):
            assert LEFT in page.texts["summary"]
            assert TWO_LEFT in page.text
            assert days(page) == []


async def declared(day: date) -> None:
    """By another process: this one still has the calendar from before."""
    await filed.insert(
        "calendar_day", returning="day", day=day, working=False, name_ar="يوم حداد",
        name_en="Day of mourning",
    )  # fmt: skip


async def test_a_list_agrees_with_its_date(noura: Browser, at_desk: Visiting) -> None:
    made = await a_case("under_review", completeness_due_at=MIDNIGHT[23], checked_at=NOW)
    moved = [*WEEK[:2], "Wednesday 25 November: Day of mourning",
             "Thursday 26 November: working day 3", *WEEK[4:6],
             "Sunday 29 November: working day 4", "Monday 30 November: working day 5"]  # fmt: skip
    async with at_desk("reem") as reem:
        ways = ((noura, f"/reports/{made['number']}"), (reem, f"/cases/{made['number']}"))
        for someone, path in ways:
            # Each time with the former calendar in hand.
            await fetch("DELETE FROM calendar_day")
            await fetch("UPDATE report SET due_at = $1", filed.DUE_AT)
            assert days(await someone.open(path)) == WEEK
            await declared(date(2026, 11, 25))
            await fetch("UPDATE report SET due_at = $1", MIDNIGHT[30])
            page = await someone.open(path)
            assert "Monday 30 November 2026" in page.text
            assert days(page) == moved
            # Of a date that no calendar gives nothing is said.
            await fetch("UPDATE report SET due_at = $1", filed.DUE_AT + timedelta(days=8))
            page = await someone.open(path)
            assert "Monday 7 December 2026" in page.text
            assert days(page) == []
            assert DATE not in page.texts.get("summary", ())


LATE: list[tuple[str, dict[str, Any], str]] = [
    ("received", {}, "Amer centre is still working on the report."),
    ("under_review", {}, "Amer centre is still working on the report."),
    ("answered", {}, "Amer centre is still working on the report."),
    ("in_progress", {}, "Ministry of Municipalities and Housing is still working on the report."),
]


@pytest.mark.parametrize(("state", "columns", "text"), LATE, ids=[one[0] for one in LATE])
async def test_late_says_who_had_it(
    noura: Browser, time: Clock, state: str, columns: dict[str, Any], text: str
) -> None:
    made = await noura_s(state, due_at=NOW - timedelta(minutes=1), **columns)
    assert (await sweep(NOW, WORLD)).late == 1
    # Who has it later does not change that.
    await fetch(
        "UPDATE report SET state = 'under_review', referred_agency_id = NULL, referred_at = NULL"
    )
    page = await noura.open(f"/reports/{made['number']}")
    assert f"The promised date has passed. {text}" in page.text


async def test_no_hours_are_told_that_are_not_the_installation_s(
    noura: Browser, portal: Any
) -> None:
    made = await noura_s("missing_data", data_due_at=NOW, data_asked_at=NOW - timedelta(hours=72))
    assert (await sweep(NOW, WORLD)).expired == 1
    page = await noura.open(f"/reports/{made['number']}")
    assert "The missing data did not come in time, so the report was cancelled." in page.text
    assert "48" not in page.text
