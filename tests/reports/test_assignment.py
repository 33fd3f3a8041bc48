"""Many hands at once: nobody gets what another has, nothing is given twice, nothing is left."""

import asyncio
from datetime import timedelta

import pytest
from tests.reports import filed
from tests.reports.filed import DUE_AT, NOW
from tests.reports.staff import DAY, agency, assignments, desk, gone, holder
from tests.reports.test_acting import TERMS

from balagh.database import fetch
from balagh.reports import assignment, cases
from balagh.reports.acting import Deed, Done, act
from balagh.reports.assignment import Elsewhere, Given, give, take_next
from balagh.reports.cases import Desk
from balagh.reports.lifecycle import Action, Role, transition
from balagh.reports.standing import after

pytestmark = pytest.mark.usefixtures("db")

WAITS = {
    "amer": {"received", "under_review", "answered", "reopen_requested"},
    "agency": {"in_progress"},
}
STATES = (
    "received", "under_review", "missing_data", "in_progress", "answered", "closed", "cancelled",
    "rejected", "reopen_requested",
)  # fmt: skip


@pytest.mark.parametrize("side", WAITS)
@pytest.mark.parametrize("round", range(3))
async def test_sixteen_take_next_at_once(side: str, round: int) -> None:
    """Each gets another, and of more than sixteen those that are due first."""
    own = await filed.agency() if side == "agency" else None
    role = Role.AGENCY_OFFICER if own else Role.REVIEWER
    desks = [await desk(f"d{n}", role, own) for n in range(16)]
    person = await filed.person()
    state = "in_progress" if own else "received"
    made = [
        await filed.report(person, state, due_at=DUE_AT + n * DAY, reference=None)
        for n in range(16 + round)
    ]
    taken = await asyncio.gather(*(take_next(one, NOW) for one in desks))
    assert sorted(str(number) for number in taken) == sorted(one["number"] for one in made[:16])
    column = "officer_id" if own else "assignee_id"
    for one, number in zip(desks, taken, strict=True):
        (row,) = [each for each in made if each["number"] == number]
        assert await holder(row["id"], column) == one.staff_id
        (told,) = await assignments(row["id"])
        assert (told["staff_id"], told["side"], told["public"]) == (one.staff_id, side, False)


async def test_sixteen_take_the_last_five_while_others_hold_them() -> None:
    """What is about to be taken by another is waited for before it is said that nothing waits."""
    desks = [await desk(f"d{n}") for n in range(16)]
    person = await filed.person()
    made = [await filed.report(person, "received") for _ in range(5)]
    taken = [
        number for number in await asyncio.gather(*(take_next(one, NOW) for one in desks)) if number
    ]
    assert sorted(taken) == sorted(one["number"] for one in made)


@pytest.mark.parametrize("side", WAITS)
@pytest.mark.parametrize("state", STATES)
async def test_only_what_can_be_worked_on_is_taken(side: str, state: str) -> None:
    own, other = await filed.agency(), await agency("other")
    made = await filed.report(await filed.person(), state)
    if side == "agency":
        assert await take_next(await desk("o", Role.AGENCY_OFFICER, other), NOW) is None
    who = await (
        desk("me", Role.AGENCY_OFFICER, own) if side == "agency" else desk("me", Role.REVIEWER)
    )
    assert await take_next(who, NOW) == (made["number"] if state in WAITS[side] else None)
    # It is not taken twice.
    assert await take_next(who, NOW) is None


async def test_the_oldest_due_is_next() -> None:
    who, person = await desk("me"), await filed.person()
    for number, due in (("late", -3), ("later", 4), ("soon", 1)):
        await filed.report(person, "received", due_at=NOW + due * DAY, title=number)
    taken = [await take_next(who, NOW) for _ in range(4)]
    titles = {
        row["number"]: row["title"] for row in await fetch("SELECT number, title FROM report")
    }
    assert [number and titles[number] for number in taken] == ["late", "soon", "later", None]


async def test_two_assign_at_once() -> None:
    """A hundred rounds: one wins, the other is told who has it and who gave it."""
    majed, reem = await desk("majed", Role.SUPERVISOR), await desk("reem")
    lama, person = await desk("lama"), await filed.person()
    first = set()
    for number in range(100):
        made = await filed.report(person, "under_review")
        seen = reem.staff_id if number % 2 else None
        await fetch("UPDATE report SET assignee_id = $2 WHERE id = $1", made["id"], seen)
        tries = [(majed, lama), (reem, majed)]
        if number % 4 < 2:
            tries.reverse()
        outcomes = await asyncio.gather(
            *(give(who, made["id"], seen, to.staff_id, NOW) for who, to in tries)
        )
        (won,) = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Given)]
        who, to = tries[won]
        first.add(who.staff_id)
        assert outcomes[1 - won] == Elsewhere(
            to.staff_id, *("majed", "majed") if who is majed else ("reem", "reem"), NOW
        )
        assert await holder(made["id"]) == to.staff_id
        assert len(await assignments(made["id"])) == 1
    # Which of them is first is chance; that each has been first shows that they did race.
    assert first == {majed.staff_id, reem.staff_id}


@pytest.mark.parametrize("first", ["hands", "deed", "both"])
async def test_a_change_of_hands_and_an_answer_do_not_collide(first: str) -> None:
    """Neither is lost, in either order and at once: a change of hands is no change of the report,
    and who has it is no part of what an answer writes."""
    own = await filed.agency()
    fahd, turki = [await desk(name, Role.AGENCY_OFFICER, own) for name in ("fahd", "turki")]
    made = await filed.report(await filed.person(), "in_progress", officer_id=fahd.staff_id)
    found = await cases.case_for(fahd, made["number"])
    assert found is not None
    row = transition(found.state, Action.REQUEST_DATA, Role.AGENCY_OFFICER)
    assert row is not None
    deed = Deed(
        report=found.id, version=found.version, action=Action.REQUEST_DATA,
        before=found.standing(), after=after(found.standing(), row, NOW, TERMS),
        actor="staff", staff=fahd.staff_id, data={"items": ["x"]},
    )  # fmt: skip
    if first == "both":
        given, done = await asyncio.gather(
            give(fahd, found.id, fahd.staff_id, turki.staff_id, NOW), act(deed, NOW)
        )
    elif first == "hands":
        given = await give(fahd, found.id, fahd.staff_id, turki.staff_id, NOW)
        done = await act(deed, NOW)
    else:
        done = await act(deed, NOW)
        given = await give(fahd, found.id, fahd.staff_id, turki.staff_id, NOW)
    assert isinstance(given, Given)
    assert isinstance(done, Done)
    (row_now,) = await fetch("SELECT state, version, officer_id FROM report")
    assert tuple(row_now) == ("missing_data", 2, turki.staff_id)


async def test_what_the_database_still_refuses() -> None:
    own, other = await filed.agency(), await agency("other")
    reem, lama = await desk("reem"), await desk("lama")
    fahd = await desk("fahd", Role.AGENCY_OFFICER, own)
    salem = await desk("salem", Role.AGENCY_OFFICER, other)
    left = await desk("left")
    await gone(left)
    made = await filed.report(await filed.person(), "in_progress")
    tries: list[tuple[Desk, int | None]] = [
        (reem, left.staff_id), (reem, fahd.staff_id), (fahd, reem.staff_id),
        (fahd, salem.staff_id), (salem, salem.staff_id),
    ]  # fmt: skip
    for who, to in tries:
        assert await give(who, made["id"], None, to, NOW) == Elsewhere(None)
    closed = await filed.report(await filed.person(), "closed")
    assert await give(reem, closed["id"], None, lama.staff_id, NOW) == Elsewhere(None)
    assert await fetch("SELECT 1 FROM event WHERE action = 'assign'") == []


async def test_whoever_gets_it_has_not_seen_it_and_nobody_else_is_disturbed() -> None:
    majed, reem, lama = await desk("majed", Role.SUPERVISOR), await desk("reem"), await desk("lama")
    made = await filed.report(await filed.person(), "under_review")
    for who in (majed, reem, lama):
        await filed.insert(
            "case_view", report_id=made["id"], staff_id=who.staff_id, version=1, seen_at=NOW
        )
    await give(majed, made["id"], None, reem.staff_id, NOW)
    rows = await fetch("SELECT staff_id, version FROM case_view")
    assert {row["staff_id"]: row["version"] for row in rows} == {
        majed.staff_id: 1, reem.staff_id: 0, lama.staff_id: 1,
    }  # fmt: skip
    (report,) = await fetch("SELECT version FROM report")
    assert report["version"] == 1
    # The chain of the log holds with it.
    (entry,) = await fetch("SELECT action, subject, data FROM audit ORDER BY id DESC LIMIT 1")
    assert (entry["action"], entry["subject"]) == ("assign", f"report:{made['id']}")


async def test_what_is_passed_on_while_others_give_it_away() -> None:
    """Each report ends up with one of them, by one change of hands."""
    reem, lama, majed = await desk("reem"), await desk("lama"), await desk("majed", Role.SUPERVISOR)
    person = await filed.person()
    made = [
        await filed.report(person, "under_review", assignee_id=reem.staff_id) for _ in range(20)
    ]
    passed, others = await asyncio.gather(
        assignment.pass_on(reem, reem.staff_id, lama.staff_id, NOW),
        asyncio.gather(
            *(give(majed, one["id"], reem.staff_id, majed.staff_id, NOW) for one in made[::2])
        ),
    )
    by_majed = sum(isinstance(one, Given) for one in others)
    assert passed + by_majed == 20
    for one in made:
        assert await holder(one["id"]) in (lama.staff_id, majed.staff_id)
        assert len(await assignments(one["id"])) == 1


async def test_what_is_due_during_the_absence_and_open_is_passed_on() -> None:
    reem, lama = await desk("reem"), await desk("lama")
    person, until = await filed.person(), NOW + 3 * DAY
    states = {"due": "received", "later": "received", "ended": "closed", "at the end": "answered"}
    due = {"due": NOW, "later": until + timedelta(seconds=1), "ended": NOW, "at the end": until}
    made = {
        name: await filed.report(
            person, state, assignee_id=reem.staff_id, due_at=due[name]
        )
        for name, state in states.items()
    }  # fmt: skip
    passed = await assignment.pass_on(reem, reem.staff_id, lama.staff_id, NOW, due_before=until)
    went = {name for name, one in made.items() if await holder(one["id"]) == lama.staff_id}
    assert (passed, went) == (2, {"due", "at the end"})
    assert await assignment.pass_on(reem, reem.staff_id, lama.staff_id, NOW) == 1
    assert await holder(made["ended"]["id"]) == reem.staff_id


async def test_nothing_stays_with_who_has_left() -> None:
    own = await filed.agency()
    reem, lama = await desk("reem"), await desk("lama")
    fahd, turki = [await desk(name, Role.AGENCY_OFFICER, own) for name in ("fahd", "turki")]
    person = await filed.person()
    hers = await filed.report(person, "under_review", assignee_id=reem.staff_id)
    ended = await filed.report(person, "closed", assignee_id=reem.staff_id)
    theirs = await filed.report(
        person, "in_progress", assignee_id=lama.staff_id, officer_id=fahd.staff_id
    )
    assert await assignment.leave_none_behind(NOW) == 0
    await gone(reem)
    await gone(fahd)
    await filed.insert(
        "assignment_rule", owner_agency_id=own, staff_id=turki.staff_id, created_at=NOW
    )
    assert await assignment.leave_none_behind(NOW) == 2
    assert await assignment.leave_none_behind(NOW) == 0
    assert await holder(hers["id"]) is None
    assert await holder(ended["id"]) == reem.staff_id
    assert await holder(theirs["id"]) == lama.staff_id
    assert await holder(theirs["id"], "officer_id") == turki.staff_id
    (told,) = await assignments(theirs["id"])
    assert (told["had"], told["has"], told["actor"]) == ("fahd", "turki", "clock")
    assert any(one.action == "assign" for one in await cases.entries(turki, theirs["id"]))


async def test_everybody_s_load() -> None:
    reem, lama = await desk("reem"), await desk("lama")
    await desk("abeer", Role.ADMINISTRATOR)
    person = await filed.person()
    for state in STATES:
        await filed.report(person, state, assignee_id=reem.staff_id)
    found = await assignment.colleagues(reem, "en")
    assert [(one.name_en, one.load) for one in found.values()][-2:] == [("lama", 0), ("reem", 6)]
    assert not [one for one in found.values() if one.role is Role.ADMINISTRATOR]
    assert lama.staff_id in found
