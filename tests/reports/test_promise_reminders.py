"""Who is reminded of a promised date, and that each is told once."""

import asyncio
import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.reports import filed
from tests.reports.doing import RIYADH, at
from tests.reports.filed import NOW
from tests.reports.living import WORLD

from balagh.database import fetch
from balagh.notices.messages import Email, render
from balagh.reports import promise_reminders
from balagh.reports.clock_sweep import sweep
from balagh.reports.clocks import Clock, promise_come

pytestmark = pytest.mark.usefixtures("db")
TODAY = date(2026, 11, 23)


async def promise(promised_on: date | None = TODAY, **columns: Any) -> int:
    given: dict[str, Any] = {
        "kind": "suggestion", "outcome": "accepted", "reopen_until": None,
        "promised_on": promised_on, **columns,
    }  # fmt: skip
    made = await filed.report(await filed.person(), "closed", **given)
    return int(made["id"])


async def staff(name: str, role: str, *, active: bool = True) -> int:
    agency = await filed.agency() if role.startswith("agency") else None
    return await filed.new_id(
        "staff", role=role, agency_id=agency, name_ar=name, name_en=name,
        email=f"{name}@example.sa", active=active, created_at=NOW, language="en",
    )  # fmt: skip


async def told() -> list[str]:
    rows = await fetch("SELECT recipient FROM notice WHERE moment = 'promise_due' ORDER BY 1")
    return [row["recipient"].partition("@")[0] for row in rows]


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ({"holder": "agency_officer", "mona": "agency_manager", "other": "agency_officer",
          "majed": "supervisor"}, ["holder", "mona"]),
        ({"mona": "agency_manager", "other": "agency_officer"}, ["mona"]),
        ({"holder": "agency_officer", "other": "agency_officer"}, ["holder"]),
        ({"other": "agency_officer", "third": "agency_officer", "majed": "supervisor"},
         ["other", "third"]),
        ({"majed": "supervisor", "lina": "supervisor", "reem": "reviewer"}, ["lina", "majed"]),
        ({"-holder": "agency_officer", "-mona": "agency_manager", "majed": "supervisor"},
         ["majed"]),
        ({"reem": "reviewer"}, []),
    ],
)  # fmt: skip
async def test_who_is_told(people: dict[str, str], expected: list[str]) -> None:
    ids = {}
    for name, role in people.items():
        ids[name.removeprefix("-")] = await staff(
            name.removeprefix("-"), role, active=not name.startswith("-")
        )
    await promise(officer_id=ids.get("holder"))
    assert await promise_reminders.remind(NOW, RIYADH, WORLD.public_url) == 1
    assert await told() == expected
    # Settled even where nobody is left to tell: the ledger shows it as overdue.
    assert await promise_reminders.remind(NOW, RIYADH, WORLD.public_url) == 0


@pytest.mark.parametrize(
    ("promised_on", "told_before", "now", "expected"),
    [
        (TODAY, 0, "2026-11-23 07:59", None),
        (TODAY, 0, "2026-11-23 08:00", Clock.PROMISE),
        (TODAY, 0, "2026-11-30 07:59", Clock.PROMISE),
        (TODAY, 0, "2026-11-30 08:00", Clock.PROMISE_AGAIN),
        (TODAY, 1, "2026-11-30 07:59", None),
        (TODAY, 1, "2026-11-30 08:00", Clock.PROMISE_AGAIN),
        (TODAY, 2, "2027-11-30 08:00", None),
        (None, 0, "2026-11-30 08:00", None),
    ],
)
async def test_the_statement_does_as_the_rule_says(
    promised_on: date | None, told_before: int, now: str, expected: Clock | None
) -> None:
    instant: datetime = at(now)
    assert promise_come(promised_on, told_before, instant, RIYADH) is expected
    if promised_on is None:
        return
    await staff("mona", "agency_manager")
    id = await promise(promise_told=told_before)
    assert await promise_reminders.remind(instant, RIYADH, WORLD.public_url) == bool(expected)
    rows = await fetch("SELECT data->>'overdue_since' <> '' AS overdue FROM notice")
    overdue = {Clock.PROMISE: [False], Clock.PROMISE_AGAIN: [True], None: []}[expected]
    assert [row["overdue"] for row in rows] == overdue
    (row,) = await fetch("SELECT promise_told, version FROM report WHERE id = $1", id)
    after = {Clock.PROMISE: 1, Clock.PROMISE_AGAIN: 2, None: told_before}[expected]
    assert (row["promise_told"], row["version"]) == (after, 1)


@pytest.mark.parametrize(
    "columns",
    [
        {"delivered_at": NOW},
        {"outcome": "refused", "promised_on": None},
        {"promised_on": TODAY + timedelta(days=1)},
    ],
)
async def test_what_is_no_open_promise_reminds_of_nothing(columns: dict[str, Any]) -> None:
    await staff("mona", "agency_manager")
    await promise(**{"promised_on": TODAY, **columns})
    assert (await sweep(NOW, WORLD)).promised == 0
    assert await told() == []


async def test_two_workers_tell_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promise_reminders, "_BATCH", 2)
    await staff("mona", "agency_manager")
    for n in range(20):
        await promise(TODAY - timedelta(days=n % 3))
    shares = await asyncio.gather(sweep(NOW, WORLD), sweep(NOW, WORLD), sweep(NOW, WORLD))
    # Who meets another's rows takes what is left; a last look finds the rest.
    rest = await sweep(NOW, WORLD)
    assert sum(one.promised for one in (*shares, rest)) == 20
    assert await told() == ["mona"] * 20


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("overdue", [False, True])
async def test_the_words(language: str, overdue: bool) -> None:
    await staff("mona", "agency_manager")
    await promise(TODAY - timedelta(days=7 * overdue))
    await sweep(NOW, WORLD)
    (row,) = await fetch("SELECT data FROM notice")
    made = render("promise_due", "email", language, json.loads(row["data"]))
    assert isinstance(made, Email)
    day = {"ar": ("الاثنين 23 نوفمبر", "الاثنين 16 نوفمبر"),
           "en": ("Monday 23 November", "Monday 16 November")}[language][overdue]  # fmt: skip
    for text in (made.text, made.html):
        assert day in text
        assert "https://balagh.example.sa/cases/" in text
        # Staff's, without whose request it is.
        assert "نورة" not in text
