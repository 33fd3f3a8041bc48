"""Reports of the sample catalogue in any state, for the agency's side."""

from typing import Any

from tests.reports import filed
from tests.web.conftest import NOW

from balagh.database import fetch, fetch_one

REFERRED = ("in_progress", "answered", "closed", "reopen_requested")


async def agency(code: str) -> int:
    row = await fetch_one("SELECT id FROM agency WHERE code = $1", code)
    assert row is not None
    return int(row["id"])


async def case(state: str = "in_progress", code: str = "moj", **columns: Any) -> dict[str, Any]:
    """A report that concerns that agency, and is with it where somebody has it. Returns ``id``,
    ``number`` and ``url``."""
    own = await agency(code)
    if state in REFERRED:
        columns = {"referred_agency_id": own, **columns}
    made = await filed.report(await filed.person(), state, now=NOW, agency_id=own, **columns)
    return {**made, "url": f"/cases/{made['number']}"}


async def accepted(code: str = "moj", **columns: Any) -> dict[str, Any]:
    """A suggestion that the agency accepted, closed; promised for 30 November."""
    values: dict[str, Any] = {
        "kind": "suggestion", "outcome": "accepted", "answer": "سنضيفه.",
        "promised_on": NOW.date().replace(day=30), "reopen_until": None, **columns,
    }  # fmt: skip
    return await case("closed", code, **values)


async def row(report: int) -> dict[str, Any]:
    found = await fetch_one("SELECT * FROM report WHERE id = $1", report)
    assert found is not None
    return dict(found)


async def audited(report: int, action: str) -> int:
    """How many entries of the audit log say that this was done to the report."""
    rows = await fetch(
        "SELECT 1 FROM audit WHERE subject = $1 AND action = $2 "
        # The log is kept from test to test, and ids begin anew.
        "AND id > coalesce((SELECT max(id) FROM audit WHERE action = 'test begins'), 0)",
        f"report:{report}", action,
    )  # fmt: skip
    return len(rows)


async def events(report: int, action: str) -> list[dict[str, Any]]:
    rows = await fetch(
        "SELECT * FROM event WHERE report_id = $1 AND action = $2 ORDER BY id", report, action
    )
    return [dict(one) for one in rows]
