"""Who gets a report by itself: which of several rules counts, who stands in, who has left; and that
it happens with the submission and the referral themselves."""

from typing import Any

import msgspec
import pytest
from tests.reports import filed
from tests.reports.filed import NOW
from tests.reports.staff import agency, assignments, away, desk, gone, holder
from tests.reports.test_acting import TERMS

from balagh.database import fetch, fetch_one
from balagh.reports import cases, rules
from balagh.reports.acting import Deed, Done, act
from balagh.reports.cases import Desk
from balagh.reports.lifecycle import Action, Role, transition
from balagh.reports.rules import Wanted
from balagh.reports.standing import Referral, after

pytestmark = pytest.mark.usefixtures("db")

# Each rule as what it names (a: an agency, s: a service of that agency, k: a kind) and who it is
# for; then what the report is about; then who gets it.
A, A2, S, S2, K, K2 = "agency", "other agency", "service", "other service", "kind", "other kind"
Known = dict[str, int | str]
PRECEDENCE = [
    ([], (A, S, K), None),
    ([((), "w")], (A, S, K), "w"),
    ([((), "w")], (A, None, K), "w"),
    ([((K,), "x")], (A, S, K), "x"),
    ([((K,), "x")], (A, S, K2), None),
    ([((A,), "x")], (A, S, K), "x"),
    ([((A,), "x")], (A2, S2, K), None),
    ([((S,), "x")], (A, S, K), "x"),
    ([((S,), "x")], (A, None, K), None),
    ([((S,), "x")], (A, S2, K), None),
    ([((), "w"), ((K,), "x")], (A, S, K), "x"),
    ([((), "w"), ((K,), "x")], (A, S, K2), "w"),
    ([((K,), "x"), ((A,), "y")], (A, S, K), "y"),
    ([((A,), "y"), ((K,), "x")], (A2, S2, K), "x"),
    ([((A,), "y"), ((S,), "z")], (A, S, K), "z"),
    ([((S,), "z"), ((A,), "y")], (A, S2, K), "y"),
    ([((K,), "x"), ((S,), "z")], (A, S, K), "z"),
    ([((), "w"), ((K,), "x"), ((A,), "y"), ((S,), "z")], (A, S, K), "z"),
    ([((), "w"), ((K,), "x"), ((A,), "y"), ((S,), "z")], (A, None, K), "y"),
    ([((), "w"), ((K,), "x"), ((A,), "y"), ((S,), "z")], (A2, None, K), "x"),
    ([((), "w"), ((K,), "x"), ((A,), "y"), ((S,), "z")], (A2, None, K2), "w"),
    # With a kind beside it: more telling than without, less than the next.
    ([((A,), "y"), ((A, K), "x")], (A, S, K), "x"),
    ([((A,), "y"), ((A, K), "x")], (A, S, K2), "y"),
    ([((A, K), "x"), ((S,), "z")], (A, S, K), "z"),
    ([((S,), "z"), ((S, K), "x")], (A, S, K), "x"),
    ([((S, K2), "x"), ((A,), "y")], (A, S, K), "y"),
    # Whoever has left is passed over; who is away has somebody who stands in.
    ([((), "w"), ((S,), "gone")], (A, S, K), "w"),
    ([((S,), "gone")], (A, S, K), None),
    ([((), "w"), ((S,), "away")], (A, S, K), "deputy"),
    ([((), "w"), ((S,), "away until now")], (A, S, K), "away until now"),
    ([((), "w"), ((S,), "away later")], (A, S, K), "away later"),
    # Who stands in is away too, and somebody stands in for them.
    ([((S,), "twice")], (A, S, K), "deputy"),
    # Who stands in has left.
    ([((), "w"), ((S,), "stranded")], (A, S, K), "w"),
    # Their work is another now.
    ([((), "w"), ((S,), "intake")], (A, S, K), "w"),
]


@pytest.mark.parametrize(("given", "about", "gets"), PRECEDENCE)
async def test_the_most_telling_rule_counts(
    given: list[tuple[tuple[str, ...], str]],
    about: tuple[str, str | None, str],
    gets: str | None,
) -> None:
    people = {name: await desk(name) for name in ("w", "x", "y", "z", "deputy")}
    names = ("gone", "away", "away until now", "away later", "twice", "stranded", "intake")
    people |= {name: await desk(name) for name in names}
    await gone(people["gone"])
    await away(people["away"], people["deputy"])
    await away(people["away until now"], people["deputy"], -3, 0)
    await away(people["away later"], people["deputy"], 1, 3)
    await away(people["twice"], people["away"])
    await away(people["stranded"], people["gone"])
    await fetch("UPDATE staff SET role = 'intake_officer' WHERE name_en = 'intake'")
    agencies = {A: await agency("a"), A2: await agency("b")}
    known: Known = {**agencies, K: "complaint", K2: "suggestion"}
    for name, of in ((S, A), (S2, A2)):
        known[name] = await _service(agencies[of], name)
    for what, who in given:
        await _rule(None, people[who], known, what)
    row = await fetch_one(
        "SELECT s.name_en FROM staff s WHERE s.id = by_rule(NULL, $1, $2, $3, $4)",
        known[about[0]], about[1] and known[about[1]], known[about[2]], NOW,
    )  # fmt: skip
    assert (row and row["name_en"]) == gets


async def test_a_circle_in_the_database_leads_to_nobody() -> None:
    """None can be noted (``test_absences.py``); nothing would hang on it."""
    one, other = await desk("one"), await desk("other")
    await away(one, other)
    await away(other, one)
    await _rule(None, one, {}, ())
    row = await fetch_one("SELECT by_rule(NULL, 1, 1, 'complaint', $1) AS gets", NOW)
    assert row is not None
    assert row["gets"] is None


async def test_each_side_has_its_own_rules() -> None:
    own, other = await agency("a"), await agency("b")
    reem = await desk("reem")
    fahd = await desk("fahd", Role.AGENCY_OFFICER, own)
    await _rule(None, reem, {}, ())
    await _rule(own, fahd, {}, ())
    for side, gets in ((None, reem.staff_id), (own, fahd.staff_id), (other, None)):
        row = await fetch_one("SELECT by_rule($1, $2, 1, 'complaint', $3) AS gets", side, own, NOW)
        assert row is not None
        assert row["gets"] == gets


@pytest.mark.parametrize("ruled", [True, False])
async def test_a_referral_gives_it_to_whom_the_agency_s_rule_names(ruled: bool) -> None:
    own, reem = await filed.agency(), await desk("reem")
    fahd = await desk("fahd", Role.AGENCY_OFFICER, own)
    if ruled:
        await _rule(own, fahd, {}, ())
    made = await filed.report(await filed.person(), "under_review")
    found = await cases.case_for(reem, made["number"])
    assert found is not None
    row = transition(found.state, Action.REFER, Role.REVIEWER)
    assert row is not None
    standing = after(found.standing(), row, NOW, TERMS, Referral(own))
    deed = Deed(
        report=found.id, version=found.version, action=Action.REFER, before=found.standing(),
        after=standing, actor="staff", staff=reem.staff_id,
    )  # fmt: skip
    assert isinstance(await act(deed, NOW), Done)
    assert await holder(made["id"], "officer_id") == (fahd.staff_id if ruled else None)
    told = await assignments(made["id"])
    assert [(one["actor"], one["side"], one["has"]) for one in told] == (
        [("clock", "agency", "fahd")] if ruled else []
    )
    # The agency reads who got it, and Amer does not; nor does an agency that has it later.
    later = await desk("later", Role.AGENCY_OFFICER, await agency("c"))
    for who, reads in ((fahd, ruled), (reem, False), (later, False)):
        entries = await cases.entries(who, made["id"])
        assert any(one.action == "assign" for one in entries) == reads
    # It is returned, with whoever has it by then: the agency sees it no more, and nobody has it.
    at_work = await cases.case_for(fahd, made["number"])
    assert at_work is not None
    back = transition(at_work.state, Action.RETURN_TO_AMER, Role.AGENCY_OFFICER)
    assert back is not None
    returned = msgspec.structs.replace(
        deed, version=at_work.version, action=Action.RETURN_TO_AMER, staff=fahd.staff_id,
        before=at_work.standing(), after=after(at_work.standing(), back, NOW, TERMS),
    )  # fmt: skip
    assert isinstance(await act(returned, NOW), Done)
    assert await holder(made["id"], "officer_id") is None
    assert len(await assignments(made["id"])) == len(told)


async def test_keeping_changing_and_removing_rules() -> None:
    majed, reem = await desk("majed", Role.SUPERVISOR), await desk("reem")
    own = await agency("a")
    head = await desk("head", Role.AGENCY_MANAGER, own)
    fahd = await desk("fahd", Role.AGENCY_OFFICER, own)
    assert await rules.keep(majed, Wanted(None, None, "complaint", reem.staff_id), NOW)
    assert not await rules.keep(majed, Wanted(None, None, "complaint", majed.staff_id), NOW)
    assert not await rules.keep(majed, Wanted(None, None, None, fahd.staff_id), NOW)
    assert await rules.keep(head, Wanted(None, None, "complaint", fahd.staff_id), NOW)
    assert await rules.keep(majed, Wanted(own, None, None, majed.staff_id), NOW)
    wide, narrow = reversed(await rules.rules(majed, NOW))
    assert (narrow.agency_id, wide.kind, wide.broken, wide.gets_id) == (
        own, "complaint", False, reem.staff_id,
    )  # fmt: skip
    # Into one that is there already: not; another side's: not.
    into = Wanted(None, None, "complaint", reem.staff_id)
    assert not await rules.keep(majed, into, NOW, narrow.id)
    assert not await rules.keep(head, Wanted(None, None, None, fahd.staff_id), NOW, narrow.id)
    assert await rules.keep(majed, Wanted(own, None, "complaint", reem.staff_id), NOW, narrow.id)
    assert not await rules.remove(head, narrow.id, NOW)
    assert await rules.remove(majed, narrow.id, NOW)
    assert not await rules.remove(majed, narrow.id, NOW)
    await gone(reem)
    (left,) = await rules.rules(majed, NOW)
    assert (left.id, left.broken, left.gets_id) == (wide.id, True, None)
    rows = await fetch(
        "SELECT action FROM audit WHERE subject = $1 ORDER BY id DESC LIMIT 3",
        f"assignment_rule:{narrow.id}",
    )
    assert [row["action"] for row in rows] == ["remove_rule", "change_rule", "add_rule"]


async def _service(agency_id: int, name: str) -> int:
    code = name.replace(" ", "-")
    platform = await filed.new_id(
        "platform", agency_id=agency_id, code=code, name_ar=name, name_en=name, short_ar=name,
        short_en=name,
    )  # fmt: skip
    return await filed.new_id(
        "service", agency_id=agency_id, platform_id=platform, code=code, name_ar=name,
        name_en=name, digital=True,
    )  # fmt: skip


async def _rule(owner: int | None, who: Desk, known: Known, what: tuple[str, ...]) -> None:
    columns = {A: "agency_id", A2: "agency_id", S: "service_id", K: "kind", K2: "kind"}
    named: dict[str, Any] = {columns[one]: known[one] for one in what}
    await filed.insert(
        "assignment_rule", owner_agency_id=owner, staff_id=who.staff_id, created_at=NOW, **named
    )
