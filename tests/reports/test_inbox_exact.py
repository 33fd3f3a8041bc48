"""Filters and searches, in every combination, beside a plain look at each report in turn."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.reports import filed

from balagh.database import fetch, transaction
from balagh.directory.lookup import Catalogue, catalogue
from balagh.reports import inbox, inbox_filter, inbox_search
from balagh.reports.cases import Desk
from balagh.reports.inbox import Asked, Place
from balagh.reports.inbox_views import OPEN
from balagh.reports.lifecycle import Role, State
from balagh.text import fold

ZONE = ZoneInfo("Asia/Riyadh")
NOW = filed.NOW
_REPORTS, _QUESTIONS = 240, 120
_TITLES = ("تعذر الموعد", "تأخَّر الموعد الطبيّ", "رفض المخالفة", "توقف منصة المخالفات")
_TEXTS = ("لم يرد عليّ أحد", "خُصم المبلغ ولم يرد أحد", "أحتاج الموعد قبل الشهر")
_NAMES = ("نورة القحطاني", "نُوره العتيبي", "خالد القحطانيّ", "سارة الموعد")
_SEARCHES = (
    *("الموعد", "المخالفة", "نوره", "القحطاني", "نورة القحطاني", "احد يرد", "الموعد لم"),
    *("الشهر", "لا وجود"),
)


@pytest.fixture
async def world(sample: None) -> tuple[list[dict[str, Any]], list[int], Catalogue]:
    """Reports at random, alike in much, many due at the same instant; who may have them; the
    catalogue. One agency is what most are about."""
    chance = random.Random(7)
    known = await catalogue(NOW)
    agencies = {one.code: one.id for one in known.agency_list("en")}
    own = agencies["momah"]
    services = [one for one in known.service_codes.values() if one.agency_id == own][:3]
    services += [one for one in known.service_codes.values() if one.agency_id != own][:2]
    people = [await filed.person(name) for name in _NAMES]
    staff = []
    for number, agency in enumerate((None, None, own, own)):
        staff.append(
            await filed.new_id(
                "staff", role="reviewer" if agency is None else "agency_officer",
                agency_id=agency, name_ar="ريم", name_en="Reem", created_at=NOW,
                email=f"s{number}@example.sa",
            )
        )  # fmt: skip
    for n in range(_REPORTS):
        service = chance.choice(services)
        kind = chance.choice(("complaint", "complaint", "transformation", "suggestion"))
        ground = chance.choice(("outage", "no_response_time")) if kind == "complaint" else None
        referred = chance.random() < 0.7
        state = chance.choice([one.value for one in State])
        referred = referred or state == "in_progress"
        columns: dict[str, Any] = {
            "kind": kind, "ground": ground, "agency_id": service.agency_id,
            "platform_id": service.platform_id, "service_id": service.id,
            "channel": chance.choice(("portal", "toll_free")),
            "priority": chance.choice(("normal", "high")),
            "title": chance.choice(_TITLES), "description": chance.choice(_TEXTS),
            "submitted_at": NOW - timedelta(hours=chance.randrange(24 * 12)),
            "due_at": NOW + timedelta(days=chance.randrange(-3, 4)),
            "assignee_id": chance.choice((None, *staff[:2])),
            "referred_agency_id": service.agency_id if referred else None,
            "referred_at": NOW if referred else None,
            "officer_id": chance.choice((None, *staff[2:])) if referred else None,
        }  # fmt: skip
        if ground == "no_response_time":
            columns |= {"reference": f"A-{n}", "reference_key": f"a{n}", "filed_on": NOW.date()}
        await filed.report(chance.choice(people), state, **columns)
    rows = await fetch(
        "SELECT r.*, p.name FROM report r JOIN person p ON p.id = r.person_id ORDER BY due_at, id"
    )
    return [dict(row) for row in rows], staff, known


def questions(
    known: Catalogue, staff: list[int], rows: list[dict[str, Any]]
) -> Iterator[dict[str, str]]:
    """Addresses at random, of few filters and of many, with a search or without."""
    chance = random.Random(11)
    about = [row["service_id"] for row in rows]
    for _ in range(_QUESTIONS):
        service = known.services[chance.choice(about)]
        values = {
            "kind": ("complaint", "transformation", "suggestion"),
            "agency": (known.agencies[service.agency_id].code,),
            "platform": tuple(
                one.code for one in known.platform_codes.values() if one.id == service.platform_id
            ),
            "service": (service.code,),
            "ground": ("outage", "no_response_time"),
            "channel": ("portal", "toll_free"),
            "priority": ("normal", "high"),
            "state": ("any", "any", "open", *(state.value for state in State)),
            "assignee": ("none", "me", *(str(one) for one in staff)),
            "from": ("2026-11-14", "2026-11-20"),
            "to": ("2026-11-16", "2026-11-22"),
            "q": _SEARCHES,
        }
        names = chance.sample([name for name in values if values[name]], chance.randrange(1, 5))
        yield {name: chance.choice(values[name]) for name in names}


def meant(row: dict[str, Any], desk: Desk, query: dict[str, str], known: Catalogue) -> bool:
    """Whether the desk is shown that report, looked at alone."""
    if desk.agency_id is not None and row["referred_agency_id"] != desk.agency_id:
        return False
    state = query.get("state", "any" if "q" in query else "open")
    if state == "open" and row["state"] not in OPEN:
        return False
    if state not in ("open", "any") and row["state"] != state:
        return False
    holder = row["assignee_id" if desk.agency_id is None else "officer_id"]
    filed_on = row["submitted_at"].astimezone(ZONE).date()
    for name, value in query.items():
        match name:
            case "kind" | "ground" | "channel" | "priority":
                matches = row[name] == value
            case "agency":
                matches = row["agency_id"] == known.agency_codes[value].id
            case "platform":
                matches = row["platform_id"] == known.platform_codes[value].id
            case "service":
                matches = row["service_id"] == known.service_codes[value].id
            case "assignee":
                who = {"none": None, "me": desk.staff_id}
                matches = holder == (who[value] if value in who else int(value))
            case "from":
                matches = filed_on >= date.fromisoformat(value)
            case "to":
                matches = filed_on <= date.fromisoformat(value)
            case "q":
                words = fold(value).split()
                text, person = fold(f"{row['title']} {row['description']}"), fold(row["name"])
                matches = any(all(word in one for word in words) for one in (text, person))
            case _:
                matches = True
        if not matches:
            return False
    return True


async def shown(desk: Desk, query: dict[str, str], known: Catalogue, rows: int) -> list[int]:
    """The ids on all pages, one after the other."""
    given = inbox_filter.read(query, desk, known)
    assert not given.ignored
    ids = (await inbox_search.matches(desk, given.search)).ids if given.search else None
    asked = Asked(desk=desk, filter=given, ids=ids, catalogue=known, now=NOW, zone=ZONE)
    found: list[int] = []
    place: Place | None = None
    while True:
        page = await inbox.page(asked, after=place, rows=rows)
        found += [row.id for row in page.rows]
        place = page.after
        if place is None:
            return found


@pytest.mark.parametrize("plans", ["as chosen", "by the indexes"])
async def test_filters_and_searches_show_what_they_mean(
    world: tuple[list[dict[str, Any]], list[int], Catalogue], plans: str
) -> None:
    rows, staff, known = world
    own = next(one.id for one in known.agencies.values() if one.code == "momah")
    desks = (Desk(staff[0], Role.REVIEWER, None), Desk(staff[2], Role.AGENCY_OFFICER, own))
    answered = 0
    async with transaction():
        if plans == "by the indexes":
            # As at a million reports: no reading of all of them, no sorting.
            for way in ("seqscan", "bitmapscan", "sort"):
                await fetch(f"SET LOCAL enable_{way} = off")
        for desk in desks:
            for query in questions(known, staff, rows):
                expected = [row["id"] for row in rows if meant(row, desk, query, known)]
                assert await shown(desk, query, known, rows=7) == expected, query
                answered += bool(expected)
    # Most questions have an answer, or nothing would be compared.
    assert answered > _QUESTIONS // 2
