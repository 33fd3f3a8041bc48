"""Who has how much: counts and medians, scoped by who asks."""

from datetime import timedelta
from typing import Any

from tests.reports.filed import insert
from tests.web.conftest import NOW, Visiting, staff_id
from tests.web.staff.casework import agency, case

from balagh.reports.load import Share, amer_shares, shares

MIDNIGHT = NOW.replace(hour=21, minute=0)


async def answered(by: str, hours: int, *, ago: int = 10, code: str = "moj") -> None:
    """A report that was answered so many hours after it came to the agency, ``ago`` days ago."""
    made = await case("answered", code)
    at = NOW - timedelta(days=ago)
    came: dict[str, Any] = {"report_id": made["id"], "actor": "beneficiary"}
    # Referred long before, answered, sent back: the last one counts.
    for action, before in (("refer", 900), ("send_back", hours)):
        await insert("event", **came, action=action, at=at - timedelta(hours=before))
    await insert(
        "event", report_id=made["id"], action="answer", at=at, actor="staff",
        staff_id=await staff_id(by),
    )  # fmt: skip


async def world() -> dict[str, int]:
    ids = {key: await staff_id(key) for key in ("fahd", "mona", "salem")}
    late, soon = NOW - timedelta(hours=1), NOW + timedelta(hours=3)
    await case(officer_id=ids["fahd"], due_at=late)
    await case(officer_id=ids["fahd"], due_at=soon)
    await case(officer_id=ids["fahd"], due_at=MIDNIGHT)
    await case(officer_id=ids["fahd"])
    await case(due_at=late)
    moj = await agency("moj")
    await case(
        "missing_data", officer_id=ids["fahd"], resume_state="in_progress", due_at=late,
        referred_agency_id=moj, referred_at=NOW,
    )  # fmt: skip
    # Amer has these, or nobody any more.
    await case("missing_data")
    await case("answered", officer_id=ids["fahd"])
    await case("closed", officer_id=ids["fahd"])
    await case("in_progress", "mc")
    for hours in (24, 60, 96):
        await answered("fahd", hours)
    await answered("fahd", 2400, ago=91)
    return ids


def told(rows: list[Share]) -> list[tuple[Any, ...]]:
    return [(one.staff_id, one.open, one.overdue, one.today, one.waiting, one.days) for one in rows]


async def test_what_is_counted(catalogue: None) -> None:
    ids = await world()
    mine = await shares(await agency("moj"), NOW, MIDNIGHT)
    # The median of 24, 60 and 96 hours; the one of 91 days ago is too old.
    assert told(mine) == [
        (None, 1, 1, 0, 0, None),
        (ids["fahd"], 5, 1, 2, 1, 2.5),
        (ids["mona"], 0, 0, 0, 0, None),
    ]
    everybody = await shares(None, NOW, MIDNIGHT)
    assert {one.agency_id for one in everybody} == {await agency("moj"), await agency("mc")}
    assert len(everybody) == 5


async def test_what_waits_for_amer(catalogue: None) -> None:
    reem, majed = await staff_id("reem"), await staff_id("majed")
    late = NOW - timedelta(hours=1)
    await case("received", due_at=late)
    await case("under_review", assignee_id=reem, due_at=late)
    await case("answered", assignee_id=reem, due_at=MIDNIGHT)
    # It has no deadline until it is decided.
    await case("reopen_requested", assignee_id=reem, due_at=late)
    await case("missing_data", assignee_id=reem, due_at=late)
    # With the agency, whoever referred it.
    await case("in_progress", assignee_id=reem, due_at=late)
    await case("closed", assignee_id=reem)
    assert told(await amer_shares(NOW, MIDNIGHT)) == [
        (None, 1, 1, 0, 0, None),
        (reem, 4, 1, 1, 1, None),
        (majed, 0, 0, 0, 0, None),
    ]


async def test_a_manager_sees_their_own_and_a_supervisor_all(at_desk: Visiting) -> None:
    await world()
    async with at_desk("mona") as mona:
        page = await mona.open("/load")
        assert page.texts["h2"][0] == "Ministry of Justice"
        assert "Ministry of Commerce" not in page.text
        assert page.links["Fahd Aldosari"].startswith("/inbox?assignee=")
        assert page.links["With nobody yet"] == "/inbox?assignee=none"
        assert "2.5" in page.texts["td"]
        assert "Team load" in page.links
    async with at_desk("majed") as majed:
        page = await majed.open("/load")
        # The inbox of Amer knows the officers of no agency: there the agency is the way.
        assert page.links["Ministry of Justice"] == "/inbox?agency=moj&state=in_progress"
        assert "Fahd Aldosari" not in page.links
        assert page.links["With nobody yet"] == "/inbox?assignee=none"
        # The one with more that is overdue first.
        assert page.texts["h2"][:3] == [
            "Amer centre", "Ministry of Justice", "Ministry of Commerce",
        ]  # fmt: skip
    for key in ("reem", "hind", "fahd", "salem", "abeer"):
        async with at_desk(key) as one:
            assert (await one.open("/load")).status == 404
            assert "Team load" not in (await one.open("/")).links
