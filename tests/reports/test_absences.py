"""Noting an absence: what goes over, what two at once make of it, how it ends."""

import asyncio

import pytest
from tests.reports import filed
from tests.reports.filed import NOW
from tests.reports.staff import DAY, assignments, desk, holder

from balagh.database import fetch
from balagh.reports.absences import Over, end, set_absence
from balagh.reports.hands import Absence, Unfit
from balagh.reports.lifecycle import Role

pytestmark = pytest.mark.usefixtures("db")


@pytest.mark.parametrize(("over", "went"), [("all", {"a", "b"}), ("due", {"a"}), ("none", set())])
async def test_what_goes_to_the_deputy(over: Over, went: set[str]) -> None:
    reem, lama = await desk("reem"), await desk("lama")
    person = await filed.person()
    made = {
        name: await filed.report(person, "under_review", due_at=due, assignee_id=reem.staff_id)
        for name, due in (("a", NOW + DAY), ("b", NOW + 9 * DAY))
    }
    wanted = Absence(NOW, NOW + 3 * DAY, lama.staff_id)
    assert await set_absence(reem, reem.staff_id, wanted, over, NOW) == len(went)
    for name, one in made.items():
        gone_over = name in went
        assert await holder(one["id"]) == (lama if gone_over else reem).staff_id
        assert len(await assignments(one["id"])) == gone_over
    rows = await fetch("SELECT action FROM audit ORDER BY id DESC LIMIT $1", len(went) + 1)
    assert [row["action"] for row in rows] == ["set_absence", *["assign"] * len(went)]
    # By rule it goes to her until the absence is over, and to Reem again by itself.
    await filed.insert("assignment_rule", staff_id=reem.staff_id, created_at=NOW)
    for at, gets in ((NOW - DAY, reem), (NOW, lama), (NOW + 3 * DAY, reem)):
        (row,) = await fetch("SELECT by_rule(NULL, 1, 1, 'complaint', $1) AS gets", at)
        assert row["gets"] == gets.staff_id


async def test_two_name_each_other_at_once() -> None:
    """A hundred rounds: one is away, the other is told that their deputy is."""
    one, other = await desk("one"), await desk("other")
    first = set()
    for number in range(100):
        pair = (one, other) if number % 2 else (other, one)
        wanted = [Absence(NOW, NOW + DAY, them.staff_id) for them in reversed(pair)]
        outcomes = await asyncio.gather(
            *(
                set_absence(who, who.staff_id, given, "none", NOW)
                for who, given in zip(pair, wanted, strict=True)
            )
        )
        assert sorted(map(str, outcomes)) == ["0", Unfit.DEPUTY_AWAY]
        (row,) = await fetch("SELECT id FROM staff WHERE deputy_id IS NOT NULL")
        first.add(row["id"])
        await end(one, row["id"], NOW)
    assert first == {one.staff_id, other.staff_id}


async def test_a_refused_absence_changes_nothing() -> None:
    reem, hind = await desk("reem"), await desk("hind", Role.INTAKE_OFFICER)
    made = await filed.report(await filed.person(), "received", assignee_id=reem.staff_id)
    wanted = Absence(NOW, NOW + DAY, hind.staff_id)
    assert await set_absence(reem, reem.staff_id, wanted, "all", NOW) is Unfit.NOBODY
    assert await fetch("SELECT 1 FROM staff WHERE away_from IS NOT NULL") == []
    assert await holder(made["id"]) == reem.staff_id
