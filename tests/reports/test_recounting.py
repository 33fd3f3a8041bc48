"""A changed calendar: what moves, what is told of it, and whoever acts meanwhile."""

import asyncio
import json
from contextvars import Context
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.reports import filed
from tests.reports.calendars import SAUDI, corrected

from balagh.database import fetch, transaction
from balagh.directory import holidays
from balagh.reports import calendar_changes, official_calendar, recounting
from balagh.reports.acting import Deed, Done, Overtaken, act
from balagh.reports.calendar_changes import World
from balagh.reports.inboxes import report_of
from balagh.reports.lifecycle import Action, State, transition
from balagh.reports.lifecycle import Role as Who
from balagh.reports.recounting import Move, Shift
from balagh.reports.standing import Terms, after
from balagh.workdays import Calendar

pytestmark = pytest.mark.usefixtures("db")

RIYADH = ZoneInfo("Asia/Riyadh")
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
# Filed on Sunday 22 November: checked by Monday, due by Sunday 29.
CHECKED = datetime(2026, 11, 23, 21, tzinfo=UTC)
DUE = datetime(2026, 11, 29, 21, tzinfo=UTC)
DAY = timedelta(days=1)
MONDAY, WEDNESDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 25), date(2026, 11, 29)
WORLD = World(weekend=frozenset({4, 5}), zone=RIYADH)
# Friday alone: Saturday 28 is worked.
SATURDAYS = World(weekend=frozenset({4}), zone=RIYADH)


async def report(state: str = "in_progress", **columns: Any) -> dict[str, Any]:
    people = await fetch("SELECT id FROM person LIMIT 1")
    person = people[0]["id"] if people else await filed.person()
    given = {"due_at": DUE, "completeness_due_at": CHECKED, **columns}
    made = await filed.report(person, state, submitted_at=filed.FILED_AT, **given)
    return {**made, "person": person}


async def paused(**columns: Any) -> dict[str, Any]:
    """Data was asked for on Monday: four days were left."""
    asked = datetime(2026, 11, 23, 8, tzinfo=UTC)
    given = {"data_asked_at": asked, "data_due_at": asked + 2 * DAY, "paused_working_days": 4}
    return await report("missing_data", **{**given, **columns})


async def recount(calendar: Calendar) -> int:
    async with transaction():
        return await recounting.recount(
            calendar, RIYADH, NOW, staff_id=await filed.reviewer(),
            reason={"change": 7, "reason_ar": "إجازة", "reason_en": "Holiday"},
        )  # fmt: skip


async def row(made: dict[str, Any]) -> dict[str, Any]:
    (found,) = await fetch("SELECT * FROM report WHERE id = $1", made["id"])
    return dict(found)


async def said(made: dict[str, Any]) -> list[dict[str, Any]]:
    rows = await fetch(
        "SELECT data FROM event WHERE report_id = $1 AND action = 'move_due' ORDER BY id",
        made["id"],
    )
    return [json.loads(each["data"]) for each in rows]


async def test_in_slices_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recounting, "SLICE", 2)
    made = [await report() for _ in range(5)]
    closed = await report("closed")
    assert await recount(corrected(off=(WEDNESDAY,))) == 5
    for one in made:
        assert (await row(one))["due_at"] == DUE + DAY
        assert await said(one) == [
            {"change": 7, "reason_ar": "إجازة", "reason_en": "Holiday",
             "was_on": "2026-11-29", "due_on": "2026-11-30"}
        ]  # fmt: skip
    assert (await row(closed))["due_at"] == DUE
    # And back.
    assert await recount(SAUDI) == 5
    assert await recount(SAUDI) == 0


async def test_while_data_is_missing_it_says_what_is_left() -> None:
    """No date is promised then: the one that is kept is that of the time before."""
    made, shifted = await paused(), await report()
    calendar = corrected(off=(MONDAY,))
    found = await recounting.foresee(calendar, RIYADH, NOW)
    days: dict[str, Any] = {"was_on": SUNDAY, "due_on": date(2026, 11, 30)}
    assert found.shifts == (Shift(**days, reports=1), Shift(had=4, left=5, reports=1))
    assert set(found.moves) == {
        Move(**days, number=shifted["number"], kind="complaint"),
        Move(had=4, left=5, number=made["number"], kind="complaint"),
    }
    assert await recount(calendar) == 2
    now = await row(made)
    assert (now["paused_working_days"], now["due_at"], now["version"]) == (5, DUE + DAY, 2)
    (event,) = await said(made)
    assert (event["had"], event["left"]) == (4, 5)
    assert "due_on" not in event


async def test_while_data_is_missing_nothing_is_told_of_days_that_come() -> None:
    """A day off after the request moves the end, and not how many days are left."""
    made = await paused()
    assert (await recounting.foresee(corrected(off=(WEDNESDAY,)), RIYADH, NOW)).reports == 0
    assert await recount(corrected(off=(WEDNESDAY,))) == 0
    now = await row(made)
    assert (now["paused_working_days"], now["due_at"], now["version"]) == (4, DUE + DAY, 1)
    assert await said(made) == []


async def test_the_completeness_check_of_every_open_report() -> None:
    """Whether a request for data was late is judged by it after the check was done too."""
    made = [await report("received"), await report(checked_at=NOW), await paused(checked_at=NOW)]
    ended = await report("closed")
    await recount(corrected(off=(MONDAY,)))
    for one in made:
        assert (await row(one))["completeness_due_at"] == CHECKED + DAY
    assert (await row(ended))["completeness_due_at"] == CHECKED


async def deed(made: dict[str, Any], action: Action, calendar: Calendar) -> Deed:
    """Of somebody who sees the report as it is now."""
    found = await report_of(made["person"], made["number"])
    assert found is not None
    terms = Terms(
        calendar=calendar, zone=RIYADH, resolution_days=5, missing_data_hours=48, reopen_days=14
    )
    line = transition(found.state, action, Who.BENEFICIARY)
    assert line is not None
    before = found.standing()
    return Deed(
        report=made["id"], version=found.version, action=action, before=before,
        after=after(before, line, NOW, terms), actor="beneficiary",
    )  # fmt: skip


async def test_the_data_comes_before_the_report_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs again, by the former calendar: it is counted as what it is now."""
    made = await paused()
    update = await deed(made, Action.UPDATE, SAUDI)
    done: list[Done | Overtaken] = []
    ask = fetch

    async def late(sql: str, *arguments: object) -> Any:
        if sql is recounting._HELD and not done:
            # Outside of the transaction of the change.
            done.append(await asyncio.create_task(act(update, NOW), context=Context()))
        return await ask(sql, *arguments)

    monkeypatch.setattr(recounting, "fetch", late)
    assert await recount(corrected(off=(MONDAY,))) == 1
    assert isinstance(done[0], Done)
    now = await row(made)
    assert (now["state"], now["paused_working_days"]) == ("under_review", None)
    # Five days were left on Monday; they are counted from Tuesday 24 on.
    assert now["due_at"] == datetime(2026, 12, 1, 21, tzinfo=UTC)
    (event,) = await said(made)
    assert event["due_on"] == "2026-12-01"


async def test_the_data_comes_while_the_report_is_held() -> None:
    """Whoever looked before is told that it has changed, and nothing of the former stays."""
    made = await paused()
    update = await deed(made, Action.UPDATE, SAUDI)
    async with transaction():
        await recounting.recount(
            corrected(off=(MONDAY,)), RIYADH, NOW, staff_id=await filed.reviewer(), reason={}
        )
        waiting = asyncio.create_task(act(update, NOW), context=Context())
        while not await fetch("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert isinstance(await waiting, Overtaken)
    now = await row(made)
    assert (now["state"], now["paused_working_days"]) == ("missing_data", 5)
    again = await deed(made, Action.UPDATE, corrected(off=(MONDAY,)))
    assert isinstance(await act(again, NOW), Done)
    assert State((await row(made))["state"]) is State.UNDER_REVIEW
    assert (await row(made))["due_at"] == datetime(2026, 12, 1, 21, tzinfo=UTC)


async def noted() -> official_calendar.Said:
    (found,) = await fetch("SELECT said FROM official_calendar")
    return msgspec.json.decode(found["said"], type=official_calendar.Said)


async def test_the_first_time_nothing_moves() -> None:
    """By what it was counted is not known: after an upgrade of the schema too."""
    made = await report(due_at=DUE + 3 * DAY)
    for n in range(3):
        assert await official_calendar.follow(WORLD, NOW + n * MINUTE) == 0
    assert (await row(made))["due_at"] == DUE + 3 * DAY
    assert await fetch("SELECT * FROM calendar_change") == []
    assert (await noted()).weekend == (4, 5)


async def test_another_weekend_moves_what_is_open_once() -> None:
    made, held = await report(), await paused()
    await official_calendar.follow(WORLD, NOW)
    assert await official_calendar.follow(SATURDAYS, NOW + MINUTE) == 0
    assert (await row(made))["due_at"] == DUE
    assert await official_calendar.follow(SATURDAYS, NOW + MINUTE * 1.9) == 0
    moved = await asyncio.gather(
        *(official_calendar.follow(SATURDAYS, NOW + 2 * MINUTE) for _ in range(4))
    )
    # Saturday 28 is the fifth day. Four were left on Monday, by both calendars.
    assert sorted(moved) == [0, 0, 0, 1]
    assert (await row(made))["due_at"] == DUE - DAY
    assert await said(held) == []
    (event,) = await fetch("SELECT actor, staff_id, data FROM event WHERE action = 'move_due'")
    assert (event["actor"], event["staff_id"]) == ("clock", None)
    assert json.loads(event["data"])["reason_en"] == "official calendar updated"
    change = await calendar_changes.newest()
    assert change is not None
    assert (change.staff_en, change.moved) == (None, 1)
    assert await official_calendar.follow(SATURDAYS, NOW + 9 * MINUTE) == 0
    # What another process filed by the former one meanwhile, as with any change.
    late = await report()
    assert await calendar_changes.settle(SATURDAYS, NOW + 3 * MINUTE) == 0
    assert await calendar_changes.settle(SATURDAYS, NOW + 4 * MINUTE) == 1
    assert (await row(late))["due_at"] == DUE - DAY


async def test_while_somebody_works_by_the_former_one_nothing_moves() -> None:
    """An upgrade of one process after another: reports do not go to and fro."""
    made = await report()
    await official_calendar.follow(WORLD, NOW)
    for n in range(6):
        world = WORLD if n % 2 else SATURDAYS
        assert await official_calendar.follow(world, NOW + n * MINUTE) == 0
    assert (await row(made))["due_at"] == DUE
    for n in range(7, 9):
        await official_calendar.follow(SATURDAYS, NOW + n * MINUTE)
    assert (await row(made))["due_at"] == DUE - DAY


async def test_a_newer_library_knows_another_holiday() -> None:
    made = await report(due_at=DUE - DAY)
    await official_calendar.follow(WORLD, NOW)
    # What the library of before said: 25 November was off, and National Day was not.
    before = await noted()
    days = sorted({*before.days, WEDNESDAY} - {date(2026, 9, 23)})
    older = msgspec.structs.replace(before, days=tuple(days))
    assert official_calendar.differing(older, before) == [date(2026, 9, 23), WEDNESDAY]
    await fetch(
        "UPDATE official_calendar SET said = $1",
        msgspec.json.encode(older).decode(),
    )
    await official_calendar.follow(WORLD, NOW)
    assert await official_calendar.follow(WORLD, NOW + MINUTE) == 1
    assert (await row(made))["due_at"] == DUE
    assert await noted() == before


async def test_another_year_is_no_change() -> None:
    made = await report(due_at=DUE + DAY)
    await official_calendar.follow(WORLD, NOW)
    for n in range(4):
        assert await official_calendar.follow(WORLD, NOW + 400 * DAY + n * MINUTE) == 0
    assert (await row(made))["due_at"] == DUE + DAY
    assert (await noted()).last == holidays.reach(date(2027, 12, 29))[1]
