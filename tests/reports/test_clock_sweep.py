"""What the clock does to many reports, with several workers, and beside people who act."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from tests.reports import filed
from tests.reports.calendars import SAUDI
from tests.reports.doing import RIYADH
from tests.reports.filed import NOW
from tests.reports.living import WORLD

from balagh.database import fetch
from balagh.reports import clock_sweep, inboxes
from balagh.reports.acting import Deed, Done, Overtaken, act
from balagh.reports.clock_sweep import Swept, World, sweep
from balagh.reports.lifecycle import Action, Role, transition
from balagh.reports.standing import Terms, after

pytestmark = pytest.mark.usefixtures("db")

HOUR = timedelta(hours=1)
SMS = World(zone=RIYADH, public_url="https://balagh.example.sa", sms=True, reminder_hours=24)
TERMS = Terms(calendar=SAUDI, zone=RIYADH, resolution_days=5, missing_data_hours=48, reopen_days=14)


async def three(person: int) -> list[int]:
    """One that is late, one to be reminded of, one to be cancelled."""
    late = await filed.report(person, "under_review", due_at=NOW - HOUR)
    asked = {"data_asked_at": NOW - 25 * HOUR, "data_due_at": NOW + 23 * HOUR}
    remind = await filed.report(person, "missing_data", **asked)
    over = {"data_asked_at": NOW - 48 * HOUR, "data_due_at": NOW}
    expire = await filed.report(person, "missing_data", **over)
    return [late["id"], remind["id"], expire["id"]]


async def told() -> list[dict[str, Any]]:
    rows = await fetch("SELECT * FROM notice ORDER BY id")
    return [{**dict(row), "data": json.loads(row["data"])} for row in rows]


async def test_each_is_settled_and_told_on_every_channel() -> None:
    late, remind, expire = await three(await filed.person())
    assert await sweep(NOW, SMS) == Swept(expired=1, reminded=1, late=1)
    rows = {row["id"]: row for row in await fetch("SELECT * FROM report")}
    assert (rows[late]["state"], rows[late]["version"]) == ("under_review", 1)
    assert rows[late]["late_told_due"] == rows[late]["due_at"]
    assert rows[remind]["data_reminded_at"] == NOW
    gone = rows[expire]
    assert (gone["state"], gone["version"], gone["ended_at"]) == ("cancelled", 2, NOW)
    for name in ("data_due_at", "data_asked_at", "paused_working_days", "resume_state"):
        assert gone[name] is None
    happened = await fetch("SELECT * FROM event WHERE at = $1 ORDER BY report_id", NOW)
    assert [(e["action"], e["actor"], e["to_state"], e["public"]) for e in happened] == [
        ("late", "clock", None, True),
        ("expire", "clock", "cancelled", True),
    ]
    said = await told()
    assert Counter((n["moment"], n["channel"]) for n in said) == {
        (moment, channel): 1
        for moment in ("late", "missing_data_reminder", "expired")
        for channel in ("sms", "email")
    }
    reminder = next(n for n in said if n["moment"] == "missing_data_reminder")
    assert reminder["data"]["items"] == list(filed.ITEMS)
    assert reminder["data"]["data_due_at"] == (NOW + 23 * HOUR).isoformat()
    assert reminder["data"]["update_link"].endswith("/update")
    expired = next(n for n in said if n["moment"] == "expired")
    assert expired["data"]["new_link"] == "https://balagh.example.sa/new/complaint"


@pytest.mark.parametrize(
    ("state", "late"),
    [("received", 1), ("under_review", 1), ("in_progress", 1), ("answered", 1),
     ("missing_data", 0), ("closed", 0), ("cancelled", 0), ("rejected", 0),
     ("reopen_requested", 0)],
)  # fmt: skip
async def test_only_a_running_clock_is_late(state: str, late: int) -> None:
    await filed.report(await filed.person(), state, due_at=NOW)
    assert (await sweep(NOW - timedelta(microseconds=1), WORLD)).late == 0
    assert (await sweep(NOW, WORLD)).late == late


async def test_who_cannot_be_reached_is_settled_all_the_same() -> None:
    person = await filed.person(phone=None, email=None)
    await filed.report(person, "under_review", phone=None, email=None, due_at=NOW - HOUR)
    assert (await sweep(NOW, SMS)).late == 1
    assert await told() == []


async def test_two_workers_settle_each_once_in_100_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    # Small batches, so that both have something to do and meet in the middle.
    monkeypatch.setattr(clock_sweep, "_BATCH", 2)
    person = await filed.person()
    for n in range(100):
        now = NOW + n * HOUR / 60
        await three(person)
        shares = await asyncio.gather(sweep(now, WORLD), sweep(now, WORLD))
        assert [sum(getattr(one, name) for one in shares) for name in ("expired", "late")] == [1, 1]
    moments = Counter(n["moment"] for n in await told())
    assert moments == {"late": 100, "missing_data_reminder": 100, "expired": 100}
    events = await fetch("SELECT action, count(*) AS n FROM event GROUP BY action")
    counts = {row["action"]: row["n"] for row in events}
    assert (counts["late"], counts["expire"]) == (100, 100)


async def test_many_at_once_are_all_settled() -> None:
    person = await filed.person()
    (row,) = [await filed.report(person, "under_review", due_at=NOW - HOUR)]
    columns = [r["column_name"] for r in await fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'report' "
        "AND column_name NOT IN ('id', 'number', 'draft_id')"
    )]  # fmt: skip
    names = ", ".join(columns)
    await fetch(
        f"INSERT INTO report (number, draft_id, {names}) "
        f"SELECT (2000000000 + n)::text, gen_random_uuid(), {names} "
        "FROM report, generate_series(1, 1200) AS n WHERE id = $1",
        row["id"],
    )
    assert (await sweep(NOW, SMS)).late == 1201
    assert len(await told()) == 2402
    assert (await sweep(NOW, SMS)).total == 0


async def update(report: inboxes.WholeReport) -> Done | Overtaken:
    line = transition(report.state, Action.UPDATE, Role.BENEFICIARY)
    assert line is not None
    # A second before the end, as the person pressed the button.
    now = NOW - timedelta(seconds=1)
    return await act(
        Deed(
            report=report.id, version=report.version, action=Action.UPDATE,
            before=report.standing(), after=after(report.standing(), line, now, TERMS),
            actor="beneficiary", data={"answers": []},
        ),
        now,
    )  # fmt: skip


@pytest.mark.parametrize("first", ["person", "clock", "both at once"])
async def test_an_update_in_the_last_second_and_the_clock(first: str) -> None:
    person = await filed.person()
    made = await filed.report(
        person, "missing_data", data_asked_at=NOW - 48 * HOUR, data_due_at=NOW
    )
    seen = await inboxes.report_of(person, made["number"])
    assert seen is not None
    if first == "person":
        done: Done | Overtaken = await update(seen)
        swept = await sweep(NOW, WORLD)
    elif first == "clock":
        swept = await sweep(NOW, WORLD)
        done = await update(seen)
    else:
        done, swept = await asyncio.gather(update(seen), sweep(NOW, WORLD))
    (row,) = await fetch("SELECT state FROM report")
    # One of them, whoever it was, and the other knows.
    assert isinstance(done, Done) == (swept.expired == 0)
    assert row["state"] == ("under_review" if isinstance(done, Done) else "cancelled")
    if first != "both at once":
        assert isinstance(done, Done) == (first == "person")
