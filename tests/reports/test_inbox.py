"""The inbox: which view shows what to whom, in which order, and what finds it."""

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.reports import filed

from balagh.database import fetch
from balagh.directory.lookup import Catalogue
from balagh.reports import inbox, inbox_filter, inbox_search
from balagh.reports.cases import Desk
from balagh.reports.inbox import Asked, Place
from balagh.reports.inbox_views import AGENCY, AMER, views_of
from balagh.reports.lifecycle import Role, State
from balagh.text import fold

ZONE = ZoneInfo("Asia/Riyadh")
NOW = filed.NOW
MIDNIGHT = datetime(2026, 11, 23, 21, tzinfo=UTC)
EMPTY = Catalogue([], [], [])
OPEN = [state for state in State if state not in ("closed", "cancelled", "rejected")]


async def staff(role: str, agency: int | None = None, name: str = "") -> int:
    name = name or role
    return await filed.new_id(
        "staff", role=role, agency_id=agency, name_ar=name, name_en=name,
        email=f"{name}-{agency}@example.sa", created_at=NOW,
    )  # fmt: skip


async def another_agency() -> int:
    names: dict[str, Any] = dict.fromkeys(("name_ar", "name_en", "short_ar", "short_en"), "التجارة")
    return await filed.new_id("agency", code="mc", **names)


def asked(desk: Desk, query: str = "", ids: list[int] | None = None) -> Asked:
    parts = dict(part.split("=") for part in query.split("&") if part)
    given = inbox_filter.read(parts, desk, EMPTY)
    assert not given.ignored, given.ignored
    return Asked(desk=desk, filter=given, ids=ids, catalogue=EMPTY, now=NOW, zone=ZONE)


async def shown(desk: Desk, query: str = "") -> set[str]:
    page = await inbox.page(asked(desk, query))
    return {row.title for row in page.rows}


# View → states in which it shows a report that nobody has, unchecked, whose check is due today and
# whose answer is due in days.
AMER_SHOWS: dict[str, set[str]] = {
    "mine": set(),
    "new": {"received"},
    "unassigned": {"received", "under_review", "answered", "reopen_requested"},
    "check": {"received", "under_review"},
    "today": set(),
    "overdue": set(),
    "waiting": {"missing_data"},
    "answered": {"answered"},
    "reopening": {"reopen_requested"},
    "all": {state.value for state in OPEN},
}
AGENCY_SHOWS: dict[str, set[str]] = {
    "mine": set(),
    "new": {"in_progress"},
    "unassigned": {"in_progress"},
    "today": set(),
    "overdue": set(),
    "waiting": set(),
    "answered": {"answered"},
    # What was not referred is not theirs.
    "all": {"in_progress", "answered", "reopen_requested"},
}


async def test_views_by_state_and_desk(db: None) -> None:
    noura = await filed.person()
    for state in State:
        await filed.report(
            noura, state, title=state, completeness_due_at=MIDNIGHT, checked_at=None,
            due_at=NOW + timedelta(days=3),
        )  # fmt: skip
    own, other = await filed.agency(), await another_agency()
    for role in ("intake_officer", "reviewer", "supervisor"):
        desk = Desk(await staff(role), Role(role), None)
        assert {view.code: await shown(desk, f"view={view.code}") for view in AMER} == AMER_SHOWS
        assert await shown(desk, "state=any") == {state.value for state in State}
    for role in ("agency_officer", "agency_manager"):
        fahd = Desk(await staff(role, own), Role(role), own)
        found = {view.code: await shown(fahd, f"view={view.code}") for view in AGENCY}
        assert found == AGENCY_SHOWS
        # And nothing of another agency's, in no view.
        salem = Desk(await staff(role, other), Role(role), other)
        for view in AGENCY:
            assert await shown(salem, f"view={view.code}&state=any") == set()
    # An administrator keeps the installation.
    abeer = Desk(await staff("administrator"), Role.ADMINISTRATOR, None)
    for view in AMER:
        assert await shown(abeer, f"view={view.code}&state=any") == set()


# Columns of a report → the views that show it to whoever has it (Amer's, the agency's).
TIMES = [
    ({"due_at": NOW}, {"overdue"}, {"overdue"}),
    ({"due_at": NOW - timedelta(days=4)}, {"overdue"}, {"overdue"}),
    ({"due_at": MIDNIGHT}, {"today"}, {"today"}),
    ({"due_at": MIDNIGHT + timedelta(microseconds=1)}, set(), set()),
    # While the beneficiary is waited for the clock stands still.
    ({"due_at": NOW, "state": "missing_data"}, {"waiting"}, {"waiting"}),
    # What it answered waits for Amer.
    ({"due_at": NOW, "state": "answered"}, {"overdue", "answered"}, {"answered"}),
    # A decision on reopening has no deadline: the time begins anew when it is accepted.
    ({"due_at": NOW, "state": "reopen_requested"}, {"reopening"}, set()),
    ({"due_at": MIDNIGHT, "state": "reopen_requested"}, {"reopening"}, set()),
    ({"due_at": NOW, "state": "closed"}, set(), set()),
]


@pytest.mark.parametrize(("columns", "amer", "agency"), TIMES)
async def test_views_by_time(
    db: None, columns: dict[str, Any], amer: set[str], agency: set[str]
) -> None:
    reem, own = await staff("reviewer"), await filed.agency()
    fahd = await staff("agency_officer", own)
    given = {"state": "in_progress", **columns}
    await filed.report(
        await filed.person(), given.pop("state"), title="x", assignee_id=reem, officer_id=fahd,
        acknowledged_at=NOW, referred_agency_id=own, referred_at=NOW, **given,
    )  # fmt: skip
    state = columns.get("state", "in_progress")
    mine = {"mine", "all"} if state != "closed" else set()
    for desk, expected in (
        (Desk(reem, Role.REVIEWER, None), amer),
        (Desk(fahd, Role.AGENCY_OFFICER, own), agency),
    ):
        found = {view.code for view in views_of(desk) if await shown(desk, f"view={view.code}")}
        assert found == expected | mine


async def test_a_check_that_was_done_is_not_due(db: None) -> None:
    desk = Desk(await staff("reviewer"), Role.REVIEWER, None)
    noura = await filed.person()
    for title, at, done in (
        ("past", NOW - timedelta(days=1), None),
        ("today", MIDNIGHT, None),
        ("tomorrow", MIDNIGHT + timedelta(days=1), None),
        ("done", NOW - timedelta(days=1), NOW),
    ):
        await filed.report(noura, title=title, completeness_due_at=at, checked_at=done)
    assert await shown(desk, "view=check") == {"past", "today"}


async def test_counts_are_those_of_the_views(db: None) -> None:
    own, noura = await filed.agency(), await filed.person()
    reem, fahd = await staff("reviewer"), await staff("agency_officer", own)
    for state in State:
        await filed.report(noura, state, assignee_id=reem, due_at=NOW)
    for desk in (Desk(reem, Role.REVIEWER, None), Desk(fahd, Role.AGENCY_OFFICER, own)):
        counts = await inbox.Counts().of(desk, NOW, ZONE)
        assert counts.keys() == {view.code for view in views_of(desk)}
        for view in views_of(desk):
            page = await inbox.page(asked(desk, f"view={view.code}"))
            assert counts[view.code] == len(page.rows), view.code


async def test_counts_are_kept_for_seconds_and_not_shared(db: None) -> None:
    own, other = await filed.agency(), await another_agency()
    kept = inbox.Counts()
    fahd = Desk(await staff("agency_officer", own), Role.AGENCY_OFFICER, own)
    salem = Desk(await staff("agency_officer", other), Role.AGENCY_OFFICER, other)
    await filed.report(await filed.person(), "in_progress")
    assert (await kept.of(fahd, NOW, ZONE))["new"] == 1
    assert (await kept.of(salem, NOW, ZONE))["new"] == 0
    await filed.report(await filed.person(), "in_progress", officer_id=fahd.staff_id)
    found = await kept.of(fahd, NOW + timedelta(seconds=4), ZONE)
    assert (found["new"], found["mine"]) == (1, 0)
    found = await kept.of(fahd, NOW + timedelta(seconds=6), ZONE)
    assert (found["new"], found["mine"]) == (2, 1)


# Paging


async def test_pages_hold_each_report_once_whatever_happens_meanwhile(db: None) -> None:
    desk, noura = Desk(await staff("reviewer"), Role.REVIEWER, None), await filed.person()
    # Many due at the same instant.
    ids = [
        (await filed.report(noura, title=str(n), due_at=NOW + timedelta(days=n // 9)))["id"]
        for n in range(30)
    ]
    seen: list[int] = []
    place: Place | None = None
    pages = []
    for turn in range(5):
        page = await inbox.page(asked(desk), after=place, rows=7)
        assert (page.before is None) == (turn == 0)
        pages.append([row.id for row in page.rows])
        seen += pages[-1]
        place = page.after
        # Between two pages: one that was shown ends, another comes in before all of them.
        await fetch("UPDATE report SET state = 'closed', ended_at = now() WHERE id = $1", seen[0])
        await filed.report(noura, title="early", due_at=NOW - timedelta(days=9 - turn))
    assert place is None
    assert seen == ids
    # And back, from the last row to the first of what there is now.
    back = await inbox.page(asked(desk), before=Place(NOW + timedelta(days=3), ids[28]), rows=7)
    assert [row.id for row in back.rows] == ids[21:28]
    assert back.before is not None
    assert back.after is not None


async def test_the_first_page_backwards_has_nothing_before_it(db: None) -> None:
    desk, noura = Desk(await staff("reviewer"), Role.REVIEWER, None), await filed.person()
    ids = [(await filed.report(noura))["id"] for _ in range(4)]
    page = await inbox.page(asked(desk), before=Place(filed.DUE_AT, ids[2]), rows=3)
    assert [row.id for row in page.rows] == ids[:2]
    assert page.before is None
    assert page.after == Place(filed.DUE_AT, ids[1])


@pytest.mark.parametrize("text", ["", "-", "1", "x-1", "1-x", "-1-1", "٣-١", "9" * 30 + "-1"])
def test_what_is_no_place_is_none(text: str) -> None:
    assert Place.parse(text) is None


def test_a_place_is_read_as_it_was_written() -> None:
    place = Place(datetime(2026, 11, 29, 21, 0, 0, 7, tzinfo=UTC), 12)
    assert Place.parse(str(place)) == place


# Filters

FILTERS = [
    ("kind=suggestion", {"kind": "suggestion", "ground": None}),
    ("ground=sla_exceeded", {"ground": "sla_exceeded"}),
    ("channel=toll_free", {"channel": "toll_free"}),
    ("priority=high", {"priority": "high"}),
    ("state=answered", {"state": "answered"}),
    ("from=2026-11-10&to=2026-11-10", {"submitted_at": datetime(2026, 11, 9, 21, tzinfo=UTC)}),
    ("to=2026-11-10", {"submitted_at": datetime(2026, 11, 10, 20, 59, tzinfo=UTC)}),
    ("from=2026-11-23", {"submitted_at": datetime(2026, 11, 22, 21, tzinfo=UTC)}),
]


@pytest.mark.parametrize(("query", "columns"), FILTERS)
async def test_a_filter_leaves_what_it_says(db: None, query: str, columns: dict[str, Any]) -> None:
    desk, noura = Desk(await staff("reviewer"), Role.REVIEWER, None), await filed.person()
    if columns.get("ground") == "sla_exceeded":
        columns = columns | {"reference": "A-1", "reference_key": "a1", "filed_on": NOW.date()}
    await filed.report(noura, title="other")
    await filed.report(noura, columns.get("state", "under_review"), title="meant",
                       **{k: v for k, v in columns.items() if k != "state"})  # fmt: skip
    assert await shown(desk, query) == {"meant"}


async def test_whose_it_is(db: None) -> None:
    own, noura = await filed.agency(), await filed.person()
    reem, majed = await staff("reviewer"), await staff("supervisor")
    fahd = await staff("agency_officer", own)
    holders: tuple[tuple[str, dict[str, Any]], ...] = (
        ("reem's", {"assignee_id": reem}), ("majed's", {"assignee_id": majed}), ("nobody's", {}),
    )  # fmt: skip
    for title, columns in holders:
        await filed.report(noura, "in_progress", title=title, **columns)
    await fetch("UPDATE report SET officer_id = $1 WHERE title = 'nobody''s'", fahd)
    desk = Desk(reem, Role.REVIEWER, None)
    assert await shown(desk, "assignee=me") == {"reem's"}
    assert await shown(desk, f"assignee={majed}") == {"majed's"}
    assert await shown(desk, "assignee=none") == {"nobody's"}
    # At the agency, who has it there.
    agency = Desk(fahd, Role.AGENCY_OFFICER, own)
    assert await shown(agency, "assignee=me") == {"nobody's"}
    assert await shown(agency, "assignee=none") == {"reem's", "majed's"}


BAD = [
    ("view", "everything"), ("kind", "praise"), ("agency", "nowhere"), ("platform", "nothing"),
    ("service", "none"), ("ground", "anger"), ("channel", "fax"), ("state", "lost"),
    ("priority", "urgent"), ("assignee", "reem"), ("assignee", "-1"), ("assignee", "9" * 20),
    ("from", "2026-13-01"), ("to", "yesterday"), ("from", "0001-01-01"), ("to", "9999-12-31"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD)
def test_what_nobody_can_mean_is_left_out_and_named(name: str, value: str) -> None:
    given = inbox_filter.read({name: value}, Desk(1, Role.REVIEWER, None), EMPTY)
    assert given.ignored == (name,)
    assert given.chosen == {}
    assert given.query() == ""


def test_the_address_says_the_same_in_one_order() -> None:
    desk = Desk(1, Role.REVIEWER, None)
    parts = {
        "q": " نورة  سعد ",
        "state": "any",
        "kind": "complaint",
        "view": "mine",
        "from": "٢٠٢٦-١١-٠١",
    }
    given = inbox_filter.read(parts, desk, EMPTY)
    assert given.search == "نورة سعد"
    assert given.query(q="x y") == "view=mine&kind=complaint&state=any&from=2026-11-01&q=x+y"
    assert given.query(kind=None, q=None, view="all") == "state=any&from=2026-11-01"
    # A view of Amer's is none of an agency's.
    fahd = Desk(1, Role.AGENCY_OFFICER, 1)
    assert inbox_filter.read({"view": "reopening"}, fahd, EMPTY).ignored == ("view",)


# Searching

FOLDED = [
    "نُورَة سعد القَحْطانيّ", "أحمد إبراهيم آل مكتوم", "مستشفى الملك", "هيئة الاتصالات", "شؤون",
    "الـــرياض", "٠١٢٣٤٥٦٧٨٩ ۰۱۲۳۴۵۶۷۸۹", "ﻻ ﷲ", "کیلو ۀ ھ ہ ڪ", "Café  NAJIZ\n\tÅre",
    "بيئة جزء ماء",
    "ab\u200fcd\u00ad\u2066e", "100% _x_ \\ 'q'", "ٱلْحَمْدُ", "",
]  # fmt: skip


@pytest.mark.parametrize("text", FOLDED)
async def test_the_database_folds_as_the_program_does(db: None, text: str) -> None:
    (row,) = await fetch("SELECT folded($1) AS folded", text)
    assert row["folded"] == fold(text)


async def test_every_letter_of_arabic_is_folded_alike(db: None) -> None:
    signs = [
        chr(code)
        for block in (range(0x600, 0x700), range(0xFB50, 0xFE00), range(0xFE70, 0xFF00))
        for code in block
        # As a word is made of: letters, digits and what combines with them.
        if unicodedata.category(chr(code)) in ("Lo", "Lm", "Nd", "Mn")
    ]
    rows = await fetch(
        "SELECT sign, folded('x' || sign || 'x') AS folded FROM unnest($1::text[]) AS sign", signs
    )
    different = {row["sign"] for row in rows if row["folded"] != fold(f"x{row['sign']}x")}
    assert different == set()


async def found(desk: Desk, text: str) -> set[int]:
    return set((await inbox_search.matches(desk, text)).ids)


@pytest.fixture
async def library(db: None) -> dict[str, int]:
    noura = await filed.person("نُورة سعد القحطانيّ")
    khalid = await filed.person("خالد العتيبي", phone="+966561102938")
    reference: dict[str, Any] = {"ground": "no_response_time", "reference": "BLD-447 1882",
                 "reference_key": "bld4471882", "filed_on": NOW.date()}  # fmt: skip
    return {
        "hers": (await filed.report(noura, "in_progress", title="سدّدتُ الرسوم", number="1000000005",
                                    description="وخُصم 100% من المبلغ", **reference))["id"],
        "his": (await filed.report(khalid, title="إجازة أحمد", description="لم تظهر في صحتي",
                                   phone=None))["id"],
    }  # fmt: skip


FINDS = [
    ("1000000005", {"hers"}), ("100 000 0005", {"hers"}), ("١٠٠ ٠٠٠ ٠٠٠٥", {"hers"}),
    ("BLD-4471882", {"hers"}), ("bld 447 1882", {"hers"}), ("bld٤٤٧١٨٨٢", {"hers"}),
    ("نوره", {"hers"}), ("القحطاني نورة", {"hers"}), ("نورة خالد", set()), ("عتيب", {"his"}),
    ("0553184471", {"hers"}), ("+966 55 318 4471", {"hers"}), ("٠٥٦١١٠٢٩٣٨", {"his"}),
    ("سددت رسوم", {"hers"}), ("رسوم سددت", {"hers"}), ("اجازه", {"his"}), ("احمد صحتى", {"his"}),
    ("100% من", {"hers"}), ("1_0%", set()), ("\\", set()), ("%%%", set()), ("___", set()),
    ("لا وجود لها", set()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FINDS)
async def test_search_finds(library: dict[str, int], text: str, expected: set[str]) -> None:
    desk = Desk(await staff("reviewer"), Role.REVIEWER, None)
    assert await found(desk, text) == {library[name] for name in expected}


@pytest.mark.parametrize("text", [text for text, _ in FINDS])
async def test_search_finds_nothing_of_somebody_else(library: dict[str, int], text: str) -> None:
    own, other = await filed.agency(), await another_agency()
    for agency in (own, other):
        desk = Desk(await staff("agency_officer", agency), Role.AGENCY_OFFICER, agency)
        # What is about the agency and was not referred to it is not its own either.
        assert await found(desk, text) <= ({library["hers"]} if agency == own else set())


async def test_a_telephone_number_finds_nothing_for_an_agency(library: dict[str, int]) -> None:
    """How to reach people is Amer's (decision 086): nobody else learns whose a number is."""
    agency = await filed.agency()
    desk = Desk(await staff("agency_officer", agency), Role.AGENCY_OFFICER, agency)
    assert await found(desk, "نورة") == {library["hers"]}
    assert await found(desk, "0553184471") == set()


async def test_words_that_are_too_short_search_nothing(library: dict[str, int]) -> None:
    desk = Desk(await staff("reviewer"), Role.REVIEWER, None)
    assert (await inbox_search.matches(desk, "لم")).short
    # Beside a longer one they narrow.
    assert await found(desk, "لم تظهر") == {library["his"]}


async def test_what_is_corrected_is_found_anew(library: dict[str, int]) -> None:
    desk = Desk(await staff("reviewer"), Role.REVIEWER, None)
    await fetch("UPDATE report SET title = 'تصريح العمرة' WHERE id = $1", library["his"])
    await fetch("UPDATE person SET name = 'سلمى' WHERE name LIKE 'خالد%'")
    assert await found(desk, "أحمد") == set()
    assert await found(desk, "تصريح") == {library["his"]}
    assert await found(desk, "خالد") == set()
    assert await found(desk, "سلمي") == {library["his"]}


async def test_more_matches_than_a_page_can_order_are_cut_and_said(db: None) -> None:
    desk, noura = Desk(await staff("reviewer"), Role.REVIEWER, None), await filed.person()
    ids = [(await filed.report(noura, title="فاتورة المياه"))["id"] for _ in range(5)]
    some = await inbox_search.matches(desk, "فاتوره", 3)
    assert some.cut
    assert set(some.ids) == set(ids[2:])
    every = await inbox_search.matches(desk, "فاتوره", None)
    assert (set(every.ids), every.cut) == (set(ids), False)


# What is new


async def test_news_are_what_others_did_and_one_has_not_seen(db: None) -> None:
    reem, majed, noura = await staff("reviewer"), await staff("supervisor"), await filed.person()
    desk = Desk(reem, Role.REVIEWER, None)
    old = await filed.report(noura, event={"at": NOW - timedelta(minutes=9)})
    assert await inbox.news(asked(desk), NOW) == 0
    at = NOW + timedelta(seconds=20)

    async def happens(report: dict[str, Any], staff_id: int | None) -> None:
        actor = "staff" if staff_id else "beneficiary"
        await filed.insert("event", report_id=report["id"], at=at, action="note", actor=actor,
                           staff_id=staff_id, data="{}")  # fmt: skip

    await happens(old, reem)
    assert await inbox.news(asked(desk), NOW) == 0
    await happens(old, majed)
    await happens(old, majed)
    assert await inbox.news(asked(desk), NOW) == 1
    new = await filed.report(noura, "received", event={"at": at})
    assert await inbox.news(asked(desk), NOW) == 2
    assert await inbox.news(asked(desk, "view=new"), NOW) == 1
    assert await inbox.news(asked(desk, "view=overdue"), NOW) == 0
    await filed.insert("case_view", report_id=new["id"], staff_id=reem, version=1, seen_at=at)
    assert await inbox.news(asked(desk), NOW) == 1


async def test_a_report_is_unread_until_it_is_seen_as_it_is(db: None) -> None:
    reem, noura = await staff("reviewer"), await filed.person()
    desk = Desk(reem, Role.REVIEWER, None)
    made = await filed.report(noura, version=3)
    for version, seen in ((2, False), (3, True)):
        await fetch("DELETE FROM case_view")
        await filed.insert(
            "case_view", report_id=made["id"], staff_id=reem, version=version, seen_at=NOW
        )
        (row,) = (await inbox.page(asked(desk))).rows
        assert row.seen is seen
    # Somebody else's looking is not one's own.
    other = Desk(await staff("supervisor"), Role.SUPERVISOR, None)
    (row,) = (await inbox.page(asked(other))).rows
    assert not row.seen
