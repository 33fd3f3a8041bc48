"""While somebody is away: who stands in for them, and what of theirs goes over at once.

What would come to them by rule goes to their deputy meanwhile (``stand_in`` in ``schema_003.sql``).
It ends by itself: what is over is never looked at again.
"""

from datetime import datetime
from typing import Literal

from balagh.database import fetch, transaction
from balagh.people import audit
from balagh.reports import assignment
from balagh.reports.assignment import colleagues
from balagh.reports.cases import Desk
from balagh.reports.hands import HOLDERS, Absence, Unfit, unfit

# Which of the open reports go to the deputy at once.
Over = Literal["all", "due", "none"]


async def set_absence(
    desk: Desk, staff: int, wanted: Absence, over: Over, now: datetime
) -> Unfit | int:
    """Notes that ``staff`` (of the desk's side) is away, in place of what was noted before, and
    hands over what is asked for; returns how many reports, or why the absence cannot be so."""
    async with transaction():
        # 1. One at a time on each side: two who name each other at once would both find the other
        # there. (Not FOR UPDATE: nobody who is about to write an entry of theirs has to wait.)
        await fetch(
            "SELECT 1 FROM staff WHERE agency_id IS NOT DISTINCT FROM $1 ORDER BY id "
            "FOR NO KEY UPDATE",
            desk.agency_id,
        )
        # 2. Only now is looked.
        people = await colleagues(desk, "en")
        why = unfit(people[staff], wanted, people.values(), now)
        if why is not None:
            return why
        await fetch(
            "UPDATE staff SET away_from = $2, away_until = $3, deputy_id = $4 WHERE id = $1",
            staff, wanted.since, wanted.until, wanted.deputy_id,
        )  # fmt: skip
        passed = 0
        if over != "none" and people[wanted.deputy_id].role in HOLDERS:
            passed = await assignment.pass_on(
                desk, staff, wanted.deputy_id, now,
                due_before=wanted.until if over == "due" else None,
            )  # fmt: skip
        data = {"deputy": wanted.deputy_id, "until": wanted.until.isoformat(), "passed": passed}
        await audit.record(desk.staff_id, "set_absence", f"staff:{staff}", now, data)
    return passed


async def end(desk: Desk, staff: int, now: datetime) -> None:
    """They are back, or do not go. What was handed over stays where it is."""
    async with transaction():
        await fetch(
            "UPDATE staff SET away_from = NULL, away_until = NULL, deputy_id = NULL "
            "WHERE id = $1 AND agency_id IS NOT DISTINCT FROM $2",
            staff, desk.agency_id,
        )  # fmt: skip
        await audit.record(desk.staff_id, "end_absence", f"staff:{staff}", now)
