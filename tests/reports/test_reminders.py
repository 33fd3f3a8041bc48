"""Reminders on their day: once, true, whatever happened meanwhile, with several at work."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import msgspec
import pytest

from balagh.database import fetch
from balagh.directory import lookup
from balagh.directory.holidays import load_calendar
from balagh.reports import reminders, stop_links
from balagh.reports.reminders import World, sweep
from balagh.reports.stop_links import LIFETIME

ZONE = ZoneInfo("Asia/Riyadh")
WEDNESDAY, THURSDAY, SUNDAY = date(2026, 11, 25), date(2026, 11, 26), date(2026, 11, 29)
# Filed on Wednesday 18 November: possible from Thursday 26.
ANSWERS = {
    "ground": "no_response_time",
    "agency": "momah",
    "platform": "balady",
    "service": "balady-licence-renew",
    "delivery_channel": "web",
    "reference": "BLD-4471882",
    "filed_on_day": "18",
    "filed_on_month": "11",
    "filed_on_year": "2026",
    "filed_on_calendar": "gregorian",
}


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


EIGHT = at(THURSDAY, 8)
KEY = b"k" * 32


@pytest.fixture
async def world(sample: None) -> World:
    return World(
        known=await lookup.catalogue(EIGHT),
        calendar=await load_calendar(frozenset({4, 5}), THURSDAY),
        zone=ZONE,
        public_url="https://balagh.example.sa",
        secret_key=KEY,
        sms=True,
    )


async def person(
    name: str = "نورة", *, phone: str | None = "+966553184471", email: str | None = "n@example.sa",
    language: str = "ar", sms: bool = True, mail: bool = True,
) -> int:  # fmt: skip
    rows = await fetch(
        "INSERT INTO person (name, phone, email, language, notify_sms, notify_email, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, now()) RETURNING id",
        name, phone, email, language, sms, mail,
    )  # fmt: skip
    return int(rows[0]["id"])


async def draft(
    owner: int, remind_on: date | None = THURSDAY, kind: str = "complaint", **answers: str
) -> UUID:
    id = uuid4()
    await fetch(
        "INSERT INTO draft (id, person_id, kind, answers, remind_on, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $6)",
        id, owner, kind, json.dumps({**ANSWERS, **answers}), remind_on,
        datetime(2026, 11, 23, 8, 30, 0, 123456, tzinfo=UTC),
    )  # fmt: skip
    return id


async def notices() -> list[dict[str, Any]]:
    rows = await fetch("SELECT * FROM notice ORDER BY channel")
    return [{**dict(row), "data": json.loads(row["data"])} for row in rows]


async def remind_on(id: UUID) -> date | None:
    (row,) = await fetch("SELECT remind_on FROM draft WHERE id = $1", id)
    found: date | None = row["remind_on"]
    return found


async def test_on_the_day_by_sms_and_e_mail_with_the_way_back(world: World) -> None:
    id = await draft(await person())
    assert await sweep(EIGHT, world) == 2
    email, sms = await notices()
    assert (sms["key"], email["key"]) == (
        f"draft:{id}:may_file_now:2026-11-26:sms",
        f"draft:{id}:may_file_now:2026-11-26:email",
    )
    assert (sms["recipient"], email["recipient"]) == ("+966553184471", "n@example.sa")
    assert {row["moment"] for row in (sms, email)} == {"may_file_now"}
    assert sms["next_attempt_at"] == EIGHT
    stop = sms["data"].pop("unsubscribe").removeprefix("https://balagh.example.sa/stop/")
    link = stop_links.read(stop, KEY)
    ((whose,),) = await fetch("SELECT person_id FROM draft")
    assert link == (whose, EIGHT + LIFETIME)
    assert sms["data"] == {
        "name": "نورة",
        "provider_ar": "بلدي",
        "provider_en": "Balady",
        "service_ar": "تجديد رخصة تجارية",
        "service_en": "Renew a commercial licence",
        "reference": "BLD-4471882",
        "link": f"https://balagh.example.sa/drafts/{id}",
    }
    assert await remind_on(id) is None
    # And once.
    assert await sweep(EIGHT + timedelta(minutes=1), world) == 0
    assert len(await notices()) == 2


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (at(WEDNESDAY, 23, 59), 0),
        (at(THURSDAY, 0), 0),
        (at(THURSDAY, 7, 59), 0),
        (at(THURSDAY, 8), 2),
        (datetime(2026, 11, 26, 5, 0, tzinfo=UTC), 2),
        (at(THURSDAY, 23, 59), 2),
        # The worker was away.
        (at(date(2026, 12, 9), 3), 2),
    ],
)
async def test_from_eight_on_and_late_rather_than_never(
    world: World, now: datetime, told: int
) -> None:
    await draft(await person())
    assert await sweep(now, world) == told


async def test_several_at_work_tell_once(world: World) -> None:
    owners = [await person(f"شخص {n}", email=f"p{n}@example.sa") for n in range(60)]
    for owner in owners:
        await draft(owner)
    told = await asyncio.gather(*(sweep(EIGHT, world) for _ in range(6)))
    # Rows that one had in hand are passed over by the others, and found again by the next.
    told.append(await sweep(EIGHT, world))
    assert sum(told) == 120
    assert len(await notices()) == 120
    assert not await fetch("SELECT 1 FROM draft WHERE remind_on IS NOT NULL")


async def test_more_than_a_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "_BATCH", 7)
    owner = await person()
    for _ in range(20):
        await draft(owner)
    assert await sweep(EIGHT, world) == 40


async def test_the_calendar_changed_and_the_day_moves_on(world: World) -> None:
    id = await draft(await person())
    await fetch(
        "INSERT INTO calendar_day (day, working, name_ar, name_en) VALUES ($1, false, 'x', 'x')",
        WEDNESDAY,
    )
    closed = msgspec.structs.replace(
        world, calendar=await load_calendar(frozenset({4, 5}), THURSDAY)
    )
    assert await sweep(EIGHT, closed) == 0
    # Thursday is now the fifth working day; it is over on Friday.
    assert await remind_on(id) == date(2026, 11, 27)
    assert await sweep(at(date(2026, 11, 27), 8), closed) == 2
    assert {row["key"].split(":")[3] for row in await notices()} == {"2026-11-27"}


@pytest.mark.parametrize(
    ("off", "before", "after"),
    [
        # Declared: Thursday 26 is the fifth working day.
        (WEDNESDAY, THURSDAY, date(2026, 11, 27)),
        # Taken back: it was counted over a day off.
        (None, date(2026, 11, 27), THURSDAY),
        (None, date(2026, 12, 20), THURSDAY),
        # As it was.
        (None, THURSDAY, THURSDAY),
    ],
)
async def test_the_days_to_come_are_judged_by_a_changed_calendar(
    world: World, off: date | None, before: date, after: date
) -> None:
    id = await draft(await person(), before)
    if off:
        await fetch(
            "INSERT INTO calendar_day (day, working, name_ar, name_en) VALUES ($1, false, '', '')",
            off,
        )
    changed = msgspec.structs.replace(
        world, calendar=await load_calendar(frozenset({4, 5}), THURSDAY)
    )
    now = at(WEDNESDAY, 12)
    assert await reminders.judge_again(now, changed) == (before != after)
    assert await remind_on(id) == after
    assert await notices() == []
    assert await sweep(at(after, 7, 59), changed) == 0
    assert await sweep(at(after, 8), changed) == 2


async def test_what_can_be_filed_already_by_the_changed_calendar(world: World) -> None:
    """Told today, from 08:00 on."""
    id = await draft(await person(), date(2026, 12, 20))
    sunday = at(date(2026, 11, 29), 6)
    assert await reminders.judge_again(sunday, world) == 1
    assert await remind_on(id) == date(2026, 11, 29)
    assert await sweep(sunday, world) == 0
    assert await sweep(sunday + timedelta(hours=2), world) == 2


async def test_another_obstacle_leaves_the_day_as_it_is(world: World) -> None:
    id = await draft(await person(), date(2026, 12, 20), agency="no-such-agency")
    assert await reminders.judge_again(at(WEDNESDAY, 12), world) == 0
    assert await remind_on(id) == date(2026, 12, 20)


async def test_answers_changed_and_the_day_moves_on(world: World) -> None:
    id = await draft(await person(), filed_on_day="22")
    assert await sweep(EIGHT, world) == 0
    assert await remind_on(id) == date(2026, 11, 30)


async def test_the_draft_is_gone(world: World) -> None:
    id = await draft(await person())
    await fetch("DELETE FROM draft WHERE id = $1", id)
    assert await sweep(EIGHT, world) == 0
    assert await notices() == []


@pytest.mark.parametrize("changed", ["deleted", "withdrawn", "changed"])
async def test_what_changes_while_it_is_decided_is_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    id = await draft(await person())
    statement = {
        "deleted": "DELETE FROM draft WHERE id = $1",
        "withdrawn": "UPDATE draft SET remind_on = NULL WHERE id = $1",
        "changed": "UPDATE draft SET updated_at = updated_at + interval '1 s' WHERE id = $1",
    }[changed]
    decide = reminders._decide

    async def slowly(*given: Any) -> list[dict[str, Any]]:
        found = await decide(*given)
        await fetch(statement, id)
        return found

    monkeypatch.setattr(reminders, "_decide", slowly)
    assert await sweep(EIGHT, world) == 0
    assert await notices() == []
    if changed == "changed":
        monkeypatch.setattr(reminders, "_decide", decide)
        assert await sweep(EIGHT, world) == 2


async def test_somebody_escalated_it_meanwhile(world: World) -> None:
    """The message would not be true."""
    other = await person("خالد", email="k@example.sa")
    await fetch(
        "INSERT INTO report (number, draft_id, kind, state, person_id, language, agency_id, "
        "service_id, ground, reference, reference_key, filed_on, title, description, submitted_at, "
        "due_at, completeness_due_at, due_from, due_days) "
        "SELECT '7302641185', gen_random_uuid(), 'complaint', "
        "'received', $1, 'ar', agency_id, id, 'sla_exceeded', 'BLD 4471882', 'bld4471882', "
        "'2026-11-18', 't', 'd', now(), now(), now(), '2026-11-18', 5 FROM service "
        "WHERE code = 'balady-licence-renew'",
        other,
    )
    id = await draft(await person())
    assert await sweep(EIGHT, world) == 0
    assert await notices() == []
    assert await remind_on(id) is None


@pytest.mark.parametrize(
    ("given", "channels"),
    [
        ({}, ["email", "sms"]),
        ({"sms": False}, ["email"]),
        ({"mail": False}, ["sms"]),
        ({"phone": None}, ["email"]),
        ({"email": None}, ["sms"]),
        ({"phone": None, "email": None}, []),
    ],
)
async def test_as_the_person_wants_to_be_told(
    world: World, given: dict[str, Any], channels: list[str]
) -> None:
    await draft(await person(**given))
    await sweep(EIGHT, world)
    assert [row["channel"] for row in await notices()] == channels


async def test_contact_details_typed_in_the_draft_go_first(world: World) -> None:
    owner = await person(phone=None, email=None, language="en")
    await draft(owner, phone="056 110 2938", email="typed@Example.sa", name="")
    await sweep(EIGHT, world)
    email, sms = await notices()
    assert (sms["recipient"], email["recipient"]) == ("+966561102938", "typed@example.sa")
    assert {row["language"] for row in (sms, email)} == {"en"}


async def test_without_a_gateway_by_e_mail_alone(world: World) -> None:
    await draft(await person())
    alone = msgspec.structs.replace(world, sms=False)
    assert await sweep(EIGHT, alone) == 1


async def test_a_service_that_is_no_longer_offered(world: World) -> None:
    """One broken draft keeps nobody else from being told."""
    broken = await draft(await person(), agency="no-such-agency")
    await draft(await person("خالد", email="k@example.sa"))
    assert await sweep(EIGHT, world) == 2
    assert await remind_on(broken) is None


async def test_other_kinds_can_be_filed_at_once(world: World) -> None:
    """A draft that changed its kind and kept a reminder, by whatever way: it can be filed."""
    owner = await person()
    await draft(
        owner, kind="suggestion", title="عنوان", description="أقترح أن تعرضوا موعد التجديد."
    )
    assert await sweep(EIGHT, world) == 2
