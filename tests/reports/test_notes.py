"""Notes: once, by those who may see the report, to those who may see it, changing nothing else."""

from typing import Any

import pytest
from tests.reports import filed

from balagh.database import fetch
from balagh.reports.cases import Desk
from balagh.reports.lifecycle import Role
from balagh.reports.notes import Note, colleagues, mentioning, read, write

NAMES: dict[str, Any] = {"name_ar": "زميل", "name_en": "Colleague", "created_at": filed.NOW}


class Staff:
    """``desks``: by a short name."""

    def __init__(self) -> None:
        self.desks: dict[str, Desk] = {}
        self.names: dict[int, str] = {}


@pytest.fixture
async def staff(db: None) -> Staff:
    made = Staff()
    short: dict[str, Any] = dict.fromkeys(("name_ar", "name_en", "short_ar", "short_en"), "جهة")
    own = await filed.agency()
    other = await filed.new_id("agency", code="mc", **short)
    people: list[tuple[str, Role, int | None, bool]] = [
        ("reem", Role.REVIEWER, None, True),
        ("majed", Role.SUPERVISOR, None, True),
        ("hind", Role.INTAKE_OFFICER, None, True),
        ("abeer", Role.ADMINISTRATOR, None, True),
        ("left", Role.REVIEWER, None, False),
        ("fahd", Role.AGENCY_OFFICER, own, True),
        ("manager", Role.AGENCY_MANAGER, own, True),
        ("salem", Role.AGENCY_OFFICER, other, True),
    ]
    for key, role, agency, active in people:
        id = await filed.new_id(
            "staff", role=role, agency_id=agency, email=f"{key}@x.sa", active=active, **NAMES
        )
        made.desks[key] = Desk(id, role, agency)
        made.names[id] = key
    return made


# Colleagues are of the same side, work on reports, and are still there.
@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("reem", {"majed", "hind"}),
        ("hind", {"reem", "majed"}),
        ("fahd", {"manager"}),
        ("salem", set()),
    ],
)
async def test_colleagues(staff: Staff, who: str, seen: set[str]) -> None:
    found = await colleagues(staff.desks[who])
    assert {staff.names[one.id] for one in found} == seen


@pytest.mark.parametrize(
    ("who", "state", "may"),
    [
        ("reem", "received", True),
        ("hind", "closed", True),
        ("fahd", "in_progress", True),
        ("fahd", "under_review", False),
        ("salem", "in_progress", False),
        ("abeer", "in_progress", False),
    ],
)
async def test_who_may_write(staff: Staff, who: str, state: str, may: bool) -> None:
    made = await filed.report(await filed.person(), state)
    desk = staff.desks[who]
    note = Note(text="ملاحظة", side=desk.side, form="a")
    (before,) = await fetch("SELECT coalesce(max(id), 0) AS id FROM audit")
    assert await write(desk, made["id"], note, filed.NOW) is may
    written = await fetch("SELECT public, to_state, side FROM event WHERE action = 'note'")
    audited = await fetch(
        "SELECT staff_id FROM audit WHERE action = 'note' AND id > $1", before["id"]
    )
    assert len(written) == len(audited) == may
    if may:
        assert dict(written[0]) == {"public": False, "to_state": None, "side": desk.side}
    rows = await fetch("SELECT version, state FROM report WHERE id = $1", made["id"])
    assert dict(rows[0]) == {"version": 1, "state": state}


async def test_a_form_makes_one_note(staff: Staff) -> None:
    made = await filed.report(await filed.person(), "in_progress")
    desk = staff.desks["reem"]
    majed = staff.desks["majed"].staff_id
    note = Note(text="@Majed", side="amer", mentions=[majed, majed], form="one")
    for _ in range(2):
        assert await write(desk, made["id"], note, filed.NOW)
    assert len(await fetch("SELECT 1 FROM event WHERE action = 'note'")) == 1
    assert len(await fetch("SELECT 1 FROM mention")) == 1
    # The next form, and the same form's id of somebody else, are notes of their own.
    again = Note(text="@Majed", side="amer", form="two")
    assert await write(desk, made["id"], again, filed.NOW)
    assert await write(staff.desks["hind"], made["id"], note, filed.NOW)
    assert len(await fetch("SELECT 1 FROM event WHERE action = 'note'")) == 3


async def test_mentions_are_read_once_the_report_is_opened(staff: Staff) -> None:
    made = await filed.report(await filed.person(), "in_progress")
    other = await filed.report(await filed.person(), "in_progress")
    reem, majed = staff.desks["reem"], staff.desks["majed"]
    for place, report in enumerate((made, other)):
        note = Note(text="x", side="amer", mentions=[majed.staff_id], form=str(place))
        await write(reem, report["id"], note, filed.NOW)
    found, more = await mentioning(majed)
    assert [one.number for one in found] == [other["number"], made["number"]]
    assert not more
    assert (await mentioning(reem))[0] == []
    assert await read(reem, made["id"], filed.NOW) == 0
    assert await read(majed, made["id"], filed.NOW) == 1
    assert await read(majed, made["id"], filed.NOW) == 0
    found, _ = await mentioning(majed)
    assert [one.read_at is None for one in found] == [True, False]
    first, more = await mentioning(majed, limit=1)
    assert more
    rest, more = await mentioning(majed, limit=1, before=first[-1].id)
    assert [one.number for one in (*first, *rest)] == [other["number"], made["number"]]
    assert not more


async def test_a_mention_in_what_is_no_longer_theirs_is_gone(staff: Staff) -> None:
    made = await filed.report(await filed.person(), "in_progress")
    fahd, manager = staff.desks["fahd"], staff.desks["manager"]
    note = Note(text="x", side="agency", mentions=[manager.staff_id], form="a")
    await write(fahd, made["id"], note, filed.NOW)
    assert len((await mentioning(manager))[0]) == 1
    await fetch(
        "UPDATE report SET state = 'under_review', referred_agency_id = NULL, "
        "referred_at = NULL WHERE id = $1", made["id"],
    )  # fmt: skip
    assert (await mentioning(manager))[0] == []
