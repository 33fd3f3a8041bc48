"""Who leaves, or goes to other work, leaves their open reports to the others (specification 1)."""

from datetime import datetime

from balagh.database import fetch, transaction
from balagh.people import audit
from balagh.reports.lifecycle import State

_ENDED = [State.CLOSED.value, State.CANCELLED.value, State.REJECTED.value]


async def leave_reports(staff: int, *, by: int | None, now: datetime) -> int:
    """Unassigns their open reports, at Amer and at the agency; returns how many there were. What
    has ended keeps their name. ``by``: the administrator, none for the provider or the command."""
    async with transaction():
        rows = await fetch(
            "UPDATE report SET version = version + 1, "
            "assignee_id = nullif(assignee_id, $1), officer_id = nullif(officer_id, $1) "
            "WHERE (assignee_id = $1 OR officer_id = $1) AND state <> ALL($2::text[]) RETURNING id",
            staff, _ENDED,
        )  # fmt: skip
        if rows:
            data = {"reports": sorted(row["id"] for row in rows)}
            await audit.record(by, "unassign", f"staff:{staff}", now, data)
    return len(rows)
