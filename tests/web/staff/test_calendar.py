"""The administrator's calendar: declared days, what moves by them, and who may do it."""

import asyncio
from contextvars import Context
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.reports import filed
from tests.web.conftest import Clock, Visiting, staff_id
from tests.web.pages import Browser, Page
from tests.web.staff.test_accounts import audited, last_entry

from balagh.database import fetch, transaction
from balagh.directory import holidays
from balagh.reports import calendar_changes, official_calendar
from balagh.reports.calendar_changes import Change, World
from balagh.web.staff import calendar_change

WORLD = World(weekend=frozenset({4, 5}), zone=ZoneInfo("Asia/Riyadh"))
# Filed on Sunday 22 November, due by Sunday 29.
DUE = datetime(2026, 11, 29, 21, tzinfo=UTC)
WEDNESDAY: dict[str, Any] = {"first": date(2026, 11, 25), "last": date(2026, 11, 25)}
NAMES: dict[str, Any] = {"name_ar": "يوم حداد", "name_en": "Day of mourning"}


@pytest.fixture(autouse=True)
def fresh(portal: object) -> None:
    holidays.forget()


async def report(**columns: Any) -> dict[str, Any]:
    people = await fetch("SELECT id FROM person LIMIT 1")
    person = people[0]["id"] if people else await filed.person("منى")
    return await filed.report(person, **{"due_at": DUE, **columns})


def typed(first: date, last: date, **more: str) -> dict[str, str]:
    days = {
        f"{name}_{part}": str(getattr(day, part))
        for name, day in (("first", first), ("last", last))
        for part in ("day", "month", "year")
    }
    return {**days, **more}


async def check(one: Browser, first: date, last: date, **more: str) -> Page:
    await one.open("/calendar/change")
    given = typed(first, last, **{"kind": "off", **NAMES, **more})
    return await one.send("/calendar/change", **given)


async def days() -> list[str]:
    rows = await fetch("SELECT day, working, name_en FROM calendar_day ORDER BY day")
    return [f"{row['day']} {row['working']} {row['name_en']}" for row in rows]


async def test_the_year(at_desk: Visiting) -> None:
    async with at_desk("abeer") as abeer:
        page = await abeer.open("/calendar")
        assert page.h1 == "Working days 2026"
        assert "Eid al-Fitr Holiday" in page.text
        assert "عطلة عيد الفطر" in page.text
        assert "Wednesday 23 September 2026 (1 day)" in page.text
        assert "12 Rabi’ al-Thani 1448 AH" in page.text or "1448 AH" in page.text
        # Of the past: the moon was seen.
        assert "Official, estimated" not in page.text
        page = await abeer.open("/calendar?year=2027")
        assert "Official, estimated" in page.text
        assert page.links["Later year: 2028"] == "/calendar?year=2028"
        # Beyond what is known, and nonsense.
        assert (await abeer.open("/calendar?year=2050")).h1 == "Working days 2028"
        assert (await abeer.open("/calendar?year=-x")).h1 == "Working days 2026"


async def test_declared_checked_and_saved(at_desk: Visiting, visiting: Visiting) -> None:
    made = await report()
    await report(state="closed")
    late = await report(late_told_due=DUE)
    async with at_desk("abeer") as abeer:
        since = await last_entry()
        page = await check(abeer, **WEDNESDAY)
        assert page.status == 200
        assert "The time of 2 reports is counted again" in page.text
        assert "2 reports from Sunday 29 November 2026 to Monday 30 November 2026" in page.text
        assert "One beneficiary was told that the answer is late" in page.text
        # Nothing is done yet.
        assert await days() == []
        page = await abeer.send("/calendar/changes")
        assert page.path.startswith("/calendar/changes/")
        assert page.h1 == "Day of mourning: off, Wednesday 25 November 2026"
        assert "Time of 2 reports counted again" in page.text
        assert await days() == ["2026-11-25 False Day of mourning"]
        (row,) = await fetch("SELECT * FROM report WHERE id = $1", made["id"])
        assert (row["due_at"], row["version"]) == (DUE + timedelta(days=1), 2)
        assert await audited(since) == [
            f"change_calendar calendar_change:{page.path.rsplit('/', 1)[1]}"
        ]
        # The administrator opens no report.
        assert not [url for url in page.links.values() if url.startswith("/cases/")]
        changed = page.path
        assert "Day of mourning: off" in (await abeer.open("/calendar")).text
    async with at_desk("majed") as majed:
        page = await majed.open(changed)
        assert f"/cases/{late['number']}" in page.links.values()
        assert "/calendar/change" not in (await majed.open("/calendar")).links.values()
        page = await majed.open(f"/cases/{made['number']}")
        assert "Day of mourning" in page.text
    async with visiting("منى") as mona:
        page = await mona.open(f"/reports/{made['number']}")
        assert "The calendar of working days changed: Day of mourning" in page.text
        assert "Wednesday 25 November: Day of mourning" in page.text


async def test_changed_and_taken_back(at_desk: Visiting) -> None:
    made = await report()
    async with at_desk("abeer") as abeer:
        await check(abeer, date(2026, 11, 24), date(2026, 11, 25))
        await abeer.send("/calendar/changes")
        assert await due(made) == DUE + timedelta(days=2)
        # One day less, another name.
        page = await abeer.open("/calendar/change?first=2026-11-24&last=2026-11-25")
        assert page.h1 == "Change declared days"
        assert page.form("/calendar/change").fields["name_en"] == "Day of mourning"
        page = await abeer.send("/calendar/change", last_day="24", name_en="Mourning")
        assert "from Tuesday 1 December 2026 to Monday 30 November 2026" in page.text
        await abeer.send("/calendar/changes")
        assert await days() == ["2026-11-24 False Mourning"]
        assert await due(made) == DUE + timedelta(days=1)
        await abeer.open("/calendar/change?first=2026-11-24&last=2026-11-24")
        await abeer.send("/calendar/change", kind="official")
        page = await abeer.send("/calendar/changes")
        assert page.h1 == "Mourning: taken back, Tuesday 24 November 2026"
        assert await days() == []
        assert await due(made) == DUE
    rows = await fetch(
        "SELECT data->>'reason_en' AS reason FROM event WHERE report_id = $1 "
        "AND action = 'move_due' ORDER BY id", made["id"],
    )  # fmt: skip
    assert [row["reason"] for row in rows] == [
        "Day of mourning", "Mourning", "Mourning no longer applies"
    ]  # fmt: skip


async def test_a_holiday_worked_and_a_range_over_a_weekend(at_desk: Visiting, time: Clock) -> None:
    async with at_desk("abeer") as abeer:
        page = await abeer.open("/calendar?year=2027")
        await abeer.open("/calendar/change?first=2027-05-19&last=2027-05-19&kind=working")
        page = await abeer.send("/calendar/change", name_ar="دوام", name_en="Worked")
        assert "The time of 0 reports is counted again" in page.text
        await abeer.send("/calendar/changes")
        assert await days() == ["2027-05-19 True Worked"]
        await check(abeer, date(2027, 3, 7), date(2027, 3, 16))
        await abeer.send("/calendar/changes")
        assert len(await days()) == 11
        page = await abeer.open("/calendar?year=2027")
        assert "Sunday 7 March to Tuesday 16 March 2027 (10 days)" in page.text
        assert "Declared: worked" in page.text


async def due(made: dict[str, Any]) -> datetime:
    (row,) = await fetch("SELECT due_at FROM report WHERE id = $1", made["id"])
    found: datetime = row["due_at"]
    return found


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"first": date(2026, 12, 3), "last": date(2026, 12, 1)}, "comes before the first"),
        ({"first": date(2026, 10, 23), "last": date(2026, 12, 1)}, "at most 31 days"),
        ({"first": date(2026, 10, 23), "last": date(2026, 10, 25)}, "Only the last 30 days"),
        ({"first": date(2029, 1, 1), "last": date(2029, 1, 1)}, "the year after next"),
        ({"first": date(2026, 11, 27), "last": date(2026, 11, 28)}, "nothing would change"),
        ({**WEDNESDAY, "kind": "working"}, "nothing would change"),
        ({**WEDNESDAY, "name_ar": " "}, "Write the name in Arabic"),
        ({**WEDNESDAY, "name_en": ""}, "Write the name in English"),
        ({**WEDNESDAY, "name_en": "x" * 81}, "Shorten the name"),
        ({**WEDNESDAY, "first_month": "13"}, "month"),
        ({**WEDNESDAY, "last_day": ""}, "Write the day too"),
    ],
)
async def test_what_cannot_be(at_desk: Visiting, given: dict[str, Any], said: str) -> None:
    async with at_desk("abeer") as abeer:
        page = await check(abeer, **given)
        assert page.status == 422
        assert page.title.startswith("Error:")
        assert said in page.text
        # What was typed is kept.
        fields = page.form("/calendar/change").fields
        assert fields["name_ar"] == str(given.get("name_ar", NAMES["name_ar"]))
        assert fields["first_year"] == str(given["first"].year)
    assert await days() == []


async def test_a_day_declared_twice(at_desk: Visiting) -> None:
    async with at_desk("abeer") as abeer:
        await check(abeer, **WEDNESDAY)
        await abeer.send("/calendar/changes")
        page = await check(abeer, date(2026, 11, 24), date(2026, 11, 26))
        assert page.status == 422
        assert "Wednesday 25 November 2026 is declared already (Day of mourning)" in page.text


async def test_what_is_typed_in_hijri_and_shown_again(at_desk: Visiting) -> None:
    async with at_desk("abeer") as abeer:
        await abeer.open("/calendar/change")
        page = await toggled(abeer)
        fields = page.form("/calendar/change").fields
        assert (fields["first_day"], fields["first_year"]) == ("15", "1448")
        page = await abeer.send("/calendar/change", last_day="25", last_month="11",
                                last_year="2026")  # fmt: skip
        assert "Wednesday 25 November 2026" in page.text
        # Back to the form, as it was typed.
        fields = page.form("/calendar/changes").fields
        answer = await abeer.client.post("/calendar/change", data={**fields, "again": "1"})
        assert Page(answer).form("/calendar/change").fields["first_year"] == "1448"


async def toggled(abeer: Browser) -> Page:
    given = {**abeer.page.form("/calendar/change").fields, **typed(**WEDNESDAY, kind="off")}
    answer = await abeer.client.post("/calendar/change", data={**given, **NAMES, "toggle": "first"})
    abeer.page = Page(answer)
    return abeer.page


async def test_two_administrators_at_once(at_desk: Visiting, time: Clock) -> None:
    made = await report()
    async with at_desk("abeer") as abeer, at_desk("abeer") as other:
        await check(abeer, **WEDNESDAY)
        await check(other, date(2026, 11, 26), date(2026, 11, 26), name_en="Founders")
        await other.send("/calendar/changes")
        page = await abeer.send("/calendar/changes")
        assert page.status == 409
        assert "The calendar was changed while you were writing" in page.text
        assert "Founders: off, Thursday 26 November 2026" in page.text
        # By the calendar as it is now.
        assert "from Monday 30 November 2026 to Tuesday 1 December 2026" in page.text
        assert await days() == ["2026-11-26 False Founders"]
        await abeer.send("/calendar/changes")
        assert await due(made) == DUE + timedelta(days=2)


@pytest.mark.parametrize("key", ["hind", "reem", "majed", "fahd"])
async def test_nobody_else_changes_it(at_desk: Visiting, key: str) -> None:
    async with at_desk(key) as one:
        page = await one.open("/profile")
        csrf = page.form("/sign-out").fields["csrf"]
        assert (await one.open("/calendar")).status == (200 if key == "majed" else 404)
        assert (await one.open("/calendar/change")).status == 404
        given = typed(**WEDNESDAY, kind="off", **NAMES, csrf=csrf, as_of="0")
        for path in ("/calendar/change", "/calendar/changes"):
            assert (await one.client.post(path, data=given)).status_code == 404
    assert await days() == []


async def test_while_data_is_missing_it_says_what_is_left(
    at_desk: Visiting, visiting: Visiting
) -> None:
    """No date: none is promised then."""
    asked = datetime(2026, 11, 23, 6, tzinfo=UTC)
    made = await report(
        state="missing_data", data_asked_at=asked, data_due_at=asked + timedelta(hours=48),
        paused_working_days=4,
    )  # fmt: skip
    async with at_desk("abeer") as abeer:
        page = await check(abeer, date(2026, 11, 23), date(2026, 11, 23))
        assert "1 report from 4 working days to 5 working days left, while data is missing" in (
            page.text
        )
        assert "4 working days left, while data is missing" in page.text
        page = await abeer.send("/calendar/changes")
        assert "5 working days left, while data is missing" in page.text
    async with at_desk("majed") as majed:
        page = await majed.open(f"/cases/{made['number']}")
        assert "Day of mourning ), while data is missing: 5 working days left" in page.text
        assert "the answer is due by" not in page.text
    async with visiting("منى") as mona:
        page = await mona.open(f"/reports/{made['number']}")
        assert "The clock stands until the data comes: 5 working days left." in page.text
        assert "The answer is now due by" not in page.text


async def test_the_official_calendar_changed(at_desk: Visiting, visiting: Visiting) -> None:
    made = await report(due_at=DUE - timedelta(days=1))
    await official_calendar.follow(World(weekend=frozenset({4}), zone=WORLD.zone), filed.NOW)
    for minutes in (1, 2):
        await official_calendar.follow(WORLD, filed.NOW + timedelta(minutes=minutes))
    assert await due(made) == DUE
    async with at_desk("majed") as majed:
        page = await majed.open("/calendar")
        assert "The official calendar changed" in page.text
        page = await majed.open(page.links["The official calendar changed"])
        assert page.h1 == "The official calendar changed"
        assert "The system," in page.text
        assert f"/cases/{made['number']}" in page.links.values()
        page = await majed.open(f"/cases/{made['number']}")
        assert "The system changed the calendar ( official calendar updated )" in page.text
    async with visiting("منى") as mona:
        page = await mona.open(f"/reports/{made['number']}")
        assert "The calendar of working days changed: official calendar updated." in page.text


async def test_so_many_that_it_takes_a_while(
    at_desk: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_desk("abeer") as abeer:
        await report()
        assert "So many take several seconds" not in (await check(abeer, **WEDNESDAY)).text
        monkeypatch.setattr(calendar_change, "_MANY", 1)
        assert "So many take several seconds" in (await check(abeer, **WEDNESDAY)).text


async def test_many_are_counted_and_paged(
    at_desk: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar_changes, "PAGE", 2)
    for _ in range(3):
        await report()
    async with at_desk("majed") as majed:
        id = await calendar_changes.make(
            Change(**WEDNESDAY, working=False, **NAMES), WORLD, filed.NOW,
            as_of=0, staff_id=await staff_id("abeer"),
        )  # fmt: skip
        page = await majed.open(f"/calendar/changes/{id}")
        assert "Time of 3 reports counted again" in page.text
        assert page.text.count("Monday 30 November 2026") == 2
        page = await majed.open(page.links["Next page"])
        assert page.text.count("Monday 30 November 2026") == 1
        for nobody in ("999999", str(2**70)):
            assert (await majed.open(f"/calendar/changes/{nobody}")).status == 404


async def test_changes_at_the_same_instant_come_one_after_another(at_desk: Visiting) -> None:
    made, abeer = await report(), await staff_id("abeer")
    changes = [
        Change(first=day, last=day, working=False, **NAMES)
        for day in (date(2026, 11, 25), date(2026, 11, 26), date(2026, 11, 29))
    ]
    done = await asyncio.gather(
        *(calendar_changes.make(one, WORLD, filed.NOW, as_of=0, staff_id=abeer) for one in changes)
    )
    assert sorted(type(one).__name__ for one in done) == ["Made", "Made", "int"]
    assert len(await days()) == 1
    assert await due(made) == DUE + timedelta(days=1)


async def test_while_one_is_made_the_sweep_does_not_wait(at_desk: Visiting) -> None:
    await calendar_changes.make(
        Change(**WEDNESDAY, working=False, **NAMES), WORLD, filed.NOW,
        as_of=0, staff_id=await staff_id("abeer"),
    )  # fmt: skip
    made = await report()
    minutes = [filed.NOW + timedelta(minutes=n) for n in range(3)]
    assert await calendar_changes.settle(WORLD, minutes[0]) == 0
    async with transaction():
        await calendar_changes.one_after_another()
        settled = calendar_changes.settle(WORLD, minutes[1])
        assert await asyncio.create_task(settled, context=Context()) == 0
    assert await due(made) == DUE
    assert await calendar_changes.settle(WORLD, minutes[2]) == 1


async def test_what_another_process_counted_by_the_former_calendar_is_counted_again(
    at_desk: Visiting,
) -> None:
    abeer = await staff_id("abeer")
    now = filed.NOW
    id = await calendar_changes.make(
        Change(**WEDNESDAY, working=False, **NAMES), WORLD, now, as_of=0, staff_id=abeer
    )
    # Filed a moment later, by a process that had the calendar from before.
    made = await report()
    # However long it took to be made: the minute begins when somebody else sees it.
    seen = now + timedelta(seconds=90)
    assert await calendar_changes.settle(WORLD, seen) == 0
    assert await calendar_changes.settle(WORLD, seen + timedelta(seconds=59)) == 0
    assert await due(made) == DUE
    assert await calendar_changes.settle(WORLD, seen + timedelta(seconds=60)) == 1
    assert await due(made) == DUE + timedelta(days=1)
    assert await calendar_changes.settle(WORLD, now + timedelta(days=1)) == 0
    (row,) = await fetch("SELECT moved FROM calendar_change WHERE id = $1", id)
    assert row["moved"] == 1
    assert isinstance(id, int)
    moves, _ = await calendar_changes.moved(id)
    assert [move.number for move in moves] == [made["number"]]
