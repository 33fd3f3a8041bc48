"""Reports of Noura's on the desks of staff."""

from typing import Any

from tests.reports import filed
from tests.web.conftest import staff_id

from balagh.database import fetch, fetch_one
from balagh.reports.lifecycle import State

ACTED_ON = (
    "received",
    "under_review",
    "missing_data",
    "in_progress",
    "answered",
    "reopen_requested",
)
STAFF = {
    "intake_officer": "hind",
    "reviewer": "reem",
    "supervisor": "majed",
    "agency_officer": "fahd",
}
ANSWERED = {"outcome": "solved", "answer": "عولج العطل في الخدمة."}


async def moj() -> int:
    row = await fetch_one("SELECT id FROM agency WHERE code = 'moj'")
    assert row is not None
    return int(row["id"])


async def a_case(
    state: str = "under_review", *, referred: bool = True, **columns: Any
) -> dict[str, Any]:
    """A report of Noura's about the Ministry of Justice, at Fahd's desk where it was referred."""
    person = await fetch("SELECT id FROM person WHERE name = 'نورة سعد القحطاني'")
    who = int(person[0]["id"]) if person else await filed.person()
    agency = await moj()
    await staff_id("reem")
    at_once: dict[str, Any] = {"agency_id": agency}
    if state in ("in_progress", "answered", "closed", "reopen_requested"):
        at_once["referred_agency_id"] = agency
    if state in ("answered", "reopen_requested"):
        at_once |= ANSWERED
        event = {"action": "answer"} if state == "answered" else {"action": "request_reopening"}
        at_once["event"] = event
    if state == "in_progress":
        at_once["event"] = {"action": "refer"}
    return await filed.report(who, state, **{**at_once, **columns})


async def report(made: dict[str, Any]) -> dict[str, Any]:
    row = await fetch_one("SELECT * FROM report WHERE id = $1", made["id"])
    assert row is not None
    return dict(row)


async def notices() -> list[dict[str, Any]]:
    return [dict(row) for row in await fetch("SELECT * FROM notice ORDER BY channel DESC, id")]


async def events(made: dict[str, Any]) -> list[dict[str, Any]]:
    rows = await fetch("SELECT * FROM event WHERE report_id = $1 ORDER BY id", made["id"])
    return [dict(row) for row in rows]


async def standing_of_everything() -> list[Any]:
    """What a refused action may not change."""
    row = await fetch_one(
        "SELECT (SELECT sum(version) FROM report), (SELECT string_agg(state, ',' ORDER BY id) "
        "FROM report), (SELECT count(*) FROM event), (SELECT count(*) FROM notice), "
        "(SELECT count(*) FROM attachment)"
    )
    assert row is not None
    return list(row.values())


STATES = tuple(State)
