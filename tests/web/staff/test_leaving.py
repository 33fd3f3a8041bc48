"""Somebody is deactivated who has reports, whom rules name, and who stands in for a colleague."""

from datetime import timedelta

from tests.reports import filed
from tests.web.conftest import NOW, Visiting, staff_id

from balagh.database import fetch, fetch_one
from balagh.reports import assignment

AWAY = NOW + timedelta(days=7)
BROKEN = "They do not work on reports here any more: the rule does nothing."


async def rule(key: str, kind: str | None) -> None:
    await filed.insert("assignment_rule", staff_id=await staff_id(key), kind=kind, created_at=NOW)


async def holder(report: int) -> int | None:
    row = await fetch_one("SELECT assignee_id FROM report WHERE id = $1", report)
    assert row is not None
    found: int | None = row["assignee_id"]
    return found


async def by_rule(kind: str) -> int | None:
    row = await fetch_one("SELECT by_rule(NULL, NULL, NULL, $1, $2) AS id", kind, NOW)
    assert row is not None
    found: int | None = row["id"]
    return found


async def test_no_report_is_lost_and_everybody_is_told(at_desk: Visiting) -> None:
    reem, majed, lama = [await staff_id(key) for key in ("reem", "majed", "lama")]
    await rule("reem", "complaint")
    await rule("majed", None)
    await rule("lama", "suggestion")
    await fetch(
        "UPDATE staff SET away_from = $2, away_until = $3, deputy_id = $4 WHERE id = $1",
        lama, NOW - timedelta(days=1), AWAY, reem,
    )  # fmt: skip
    person = await filed.person()
    made = await filed.report(person, "under_review", assignee_id=reem)
    assert (await by_rule("complaint"), await by_rule("suggestion")) == (reem, reem)

    async with at_desk("abeer") as abeer:
        page = await abeer.open(f"/staff/{reem}")
        # Before: what depends on her.
        assert "Amer centre: All reports · Complaint" in page.text
        assert BROKEN not in page.text
        page = await abeer.send("/deactivation")
        assert page.path.startswith("/staff?saved=deactivated") or "can no longer" in page.text
        page = await abeer.open(f"/staff/{reem}")
        assert "Amer centre: All reports · Complaint" in page.text
        assert BROKEN in page.text
        assert "Ask a supervisor" in page.text
        assert "They stand in: For Lama" in page.text

    # Hers went where the rules lead now, at once, and its history says so; new ones go there too.
    assert await holder(made["id"]) == majed
    (entry,) = await fetch("SELECT actor, data FROM event WHERE action = 'assign'")
    assert entry["actor"] == "clock"
    assert await assignment.leave_none_behind(NOW) == 0
    assert (await by_rule("complaint"), await by_rule("suggestion")) == (majed, majed)
    assert await by_rule("transformation") == majed

    async with at_desk("majed") as at_majeds:
        page = await at_majeds.open("/assignment")
        assert BROKEN in page.text
        assert "They are away, and so is everybody who would stand in." in page.text


async def test_without_another_rule_it_waits_for_anybody(at_desk: Visiting) -> None:
    reem = await staff_id("reem")
    await rule("reem", None)
    made = await filed.report(await filed.person(), "under_review", assignee_id=reem)
    async with at_desk("abeer") as abeer:
        await abeer.open(f"/staff/{reem}")
        await abeer.send("/deactivation")
    assert await holder(made["id"]) is None
    async with at_desk("majed") as majed:
        assert made["number"][:3] in (await majed.open("/inbox?view=unassigned")).text
        await majed.open("/inbox")
        await majed.send("/inbox/next")
    assert await holder(made["id"]) == await staff_id("majed")
