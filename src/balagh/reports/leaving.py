"""Who leaves, or goes to other work, leaves their open reports to the others (specification 1)."""

from datetime import datetime

from balagh.database import fetch
from balagh.reports.lifecycle import State

_ENDED = [State.CLOSED.value, State.CANCELLED.value, State.REJECTED.value]


async def leave_reports(staff: int, *, by: int | None, now: datetime) -> None:
    """Unassigns their open reports, at Amer and at the agency; what has ended keeps their name.

    ``by``: the administrator, none for the provider or the command. One statement, for the
    transaction in which they leave.
    """
    await fetch(
        """
        WITH unassigned AS (
          UPDATE report SET version = version + 1, assignee_id = nullif(assignee_id, $1),
            officer_id = nullif(officer_id, $1)
          WHERE (assignee_id = $1 OR officer_id = $1) AND state <> ALL($2::text[])
          RETURNING id
        )
        INSERT INTO audit (at, staff_id, action, subject, data)
        SELECT $3, $4::bigint, 'unassign', 'staff:' || $1::bigint,
          jsonb_build_object('reports', jsonb_agg(id ORDER BY id))
        FROM unassigned HAVING count(*) > 0
        """,
        staff, _ENDED, now, by,
    )  # fmt: skip
