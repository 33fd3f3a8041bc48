"""Filed reports for the pages of their owners."""

from typing import Any

from tests.reports import filed

from balagh.database import fetch


async def noura_s(state: str = "under_review", **columns: Any) -> dict[str, Any]:
    """A report of Noura's, whose browser must be open."""
    return await filed.report(await person_named("نورة سعد القحطاني"), state, **columns)


async def person_named(name: str) -> int:
    rows = await fetch("SELECT id FROM person WHERE name = $1", name)
    return int(rows[0]["id"])


async def state_of(report: dict[str, Any]) -> str:
    rows = await fetch("SELECT state FROM report WHERE id = $1", report["id"])
    return str(rows[0]["state"])


async def events_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    rows = await fetch("SELECT * FROM event WHERE report_id = $1 ORDER BY id", report["id"])
    return [dict(row) for row in rows]
