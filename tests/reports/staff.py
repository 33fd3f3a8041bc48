"""People of the staff in the database, and the desks they sit at."""

from datetime import timedelta
from typing import Any

from tests.reports import filed
from tests.reports.filed import NOW

from balagh.database import fetch
from balagh.reports.cases import Desk
from balagh.reports.lifecycle import Role

DAY = timedelta(days=1)


async def desk(name: str, role: Role = Role.REVIEWER, agency: int | None = None) -> Desk:
    made = await filed.new_id(
        "staff", role=role.value, agency_id=agency, name_ar=name, name_en=name,
        email=f"{name.replace(' ', '-')}@example.sa", created_at=NOW,
    )  # fmt: skip
    return Desk(made, role, agency)


async def agency(code: str) -> int:
    names: dict[str, Any] = dict.fromkeys(("name_ar", "name_en", "short_ar", "short_en"), code)
    return await filed.new_id("agency", code=code, **names)


async def away(who: Desk, deputy: Desk, since: int = -1, until: int = 3) -> None:
    """Away from so many days from now until so many days from now."""
    await fetch(
        "UPDATE staff SET away_from = $2, away_until = $3, deputy_id = $4 WHERE id = $1",
        who.staff_id, NOW + since * DAY, NOW + until * DAY, deputy.staff_id,
    )  # fmt: skip


async def gone(who: Desk) -> None:
    await fetch("UPDATE staff SET active = false WHERE id = $1", who.staff_id)


async def holder(report: int, column: str = "assignee_id") -> int | None:
    (row,) = await fetch(f"SELECT {column} AS holder FROM report WHERE id = $1", report)
    found: int | None = row["holder"]
    return found


async def assignments(report: int) -> list[dict[str, Any]]:
    rows = await fetch(
        "SELECT actor, staff_id, public, side, data->>'from_en' AS had, data->>'to_en' AS has "
        "FROM event WHERE report_id = $1 AND action = 'assign' ORDER BY id",
        report,
    )
    return [dict(row) for row in rows]
