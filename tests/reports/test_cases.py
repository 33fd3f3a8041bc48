"""What staff may see of reports: an agency its own referred ones, Amer all, others none."""

from typing import Any

import pytest
from tests.reports import filed

from balagh.reports.cases import AGENCY, AMER, Desk, case_for, entries
from balagh.reports.lifecycle import Role


async def agencies() -> tuple[int, int]:
    """The one that the report is about, and another."""
    names: dict[str, Any] = dict.fromkeys(("name_ar", "name_en", "short_ar", "short_en"), "التجارة")
    return await filed.agency(), await filed.new_id("agency", code="mc", **names)


STATES = ("received", "under_review", "in_progress", "answered", "closed", "rejected")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", sorted(AMER))
async def test_amer_sees_every_report(db: None, state: str, role: Role) -> None:
    made = await filed.report(await filed.person(), state)
    found = await case_for(Desk(1, role, None), made["number"])
    assert found is not None
    assert found.state == state


@pytest.mark.parametrize("role", sorted(AGENCY))
@pytest.mark.parametrize("state", STATES)
async def test_an_agency_sees_what_was_referred_to_it(db: None, state: str, role: Role) -> None:
    own, other = await agencies()
    made = await filed.report(await filed.person(), state)
    seen = await case_for(Desk(1, role, own), made["number"])
    # What is about it and was not referred yet is no more its own than another's.
    assert (seen is not None) == (state in ("in_progress", "answered", "closed"))
    assert await case_for(Desk(1, role, other), made["number"]) is None


async def test_an_administrator_sees_none(db: None) -> None:
    made = await filed.report(await filed.person(), "in_progress")
    assert await case_for(Desk(1, Role.ADMINISTRATOR, None), made["number"]) is None


async def test_nobody_reads_the_notes_of_the_other_side(db: None) -> None:
    own, other = await agencies()
    made = await filed.report(await filed.person(), "in_progress")
    reem = await filed.reviewer()
    names = {"name_ar": "فهد", "name_en": "Fahd", "created_at": filed.NOW}
    fahd = await filed.new_id(
        "staff", role="agency_officer", agency_id=own, email="f@x.sa", **names
    )
    salem = await filed.new_id(
        "staff", role="agency_officer", agency_id=other, email="s@x.sa", **names
    )
    for side, staff, text in (
        ("amer", reem, "of Amer"),
        ("agency", fahd, "of the agency"),
        ("agency", salem, "of an agency that had it before"),
        (None, reem, "to all staff"),
    ):
        await filed.insert(
            "event", report_id=made["id"], at=filed.NOW, action="note", actor="staff",
            staff_id=staff, public=False, side=side, data=f'{{"text": "{text}"}}',
        )  # fmt: skip

    async def read(desk: Desk) -> set[str]:
        return {one.data for one in await entries(desk, made["id"]) if one.action == "note"}

    assert await read(Desk(reem, Role.REVIEWER, None)) == {
        '{"text": "of Amer"}', '{"text": "to all staff"}',
    }  # fmt: skip
    assert await read(Desk(fahd, Role.AGENCY_OFFICER, own)) == {
        '{"text": "of the agency"}', '{"text": "to all staff"}',
    }  # fmt: skip
