"""Reports in any state, written straight into the database."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from balagh.database import fetch
from balagh.reports import deadlines, numbers

FILED_AT = datetime(2026, 11, 22, 7, tzinfo=UTC)
DUE_AT = datetime(2026, 11, 29, 21, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
_ZONE = ZoneInfo("Asia/Riyadh")
_AGE, _LEFT = NOW - FILED_AT, DUE_AT - NOW
ITEMS = ("صورة من تقرير الإجازة", "رقم التقرير")


async def person(name: str = "نورة سعد القحطاني", **columns: Any) -> int:
    values = {"name": name, "phone": "+966553184471", "email": "n@example.sa", **columns}
    return await new_id("person", created_at=FILED_AT, **values)


async def agency() -> int:
    rows = await fetch("SELECT id FROM agency WHERE code = 'momah'")
    if rows:
        return int(rows[0]["id"])
    names = dict.fromkeys(("name_ar", "short_ar"), "وزارة البلديات والإسكان")
    english = dict.fromkeys(("name_en", "short_en"), "Ministry of Municipalities and Housing")
    return await new_id("agency", code="momah", **names, **english)


async def report(
    person_id: int, state: str = "under_review", *, now: datetime = NOW, **columns: Any
) -> dict[str, Any]:
    """A complaint with the event that led to its state. ``event``: that event's columns.

    Returns ``id`` and ``number``.
    """
    event = {"action": "submit", "actor": "beneficiary", "data": {}, **columns.pop("event", {})}
    at = event.pop("at", columns.get("submitted_at", now - _AGE))
    values: dict[str, Any] = {
        "number": numbers.new(secrets.randbelow), "draft_id": uuid4(),
        "kind": "complaint", "state": state,
        "person_id": person_id, "language": "ar", "phone": "+966553184471",
        "email": "n@example.sa", "agency_id": await agency(), "service_name": "تجديد الرخصة",
        "title": "لم تُجدَّد الرخصة", "description": "سددت الرسوم ولم تُجدَّد.",
        "submitted_at": now - _AGE, "due_at": now + _LEFT, "completeness_due_at": now + _LEFT,
        "due_from": (now - _AGE).date(), "due_days": 5,
    }  # fmt: skip
    if columns.get("kind", "complaint") == "complaint":
        values["ground"] = "outage"
    if state == "missing_data":
        values |= {
            "data_due_at": now + timedelta(hours=27), "data_asked_at": now - timedelta(hours=21),
            "resume_state": "under_review", "paused_working_days": 5,
        }  # fmt: skip
        event |= {"action": "request_data", "data": {"items": list(ITEMS)}}
        at = now - timedelta(hours=21)
    if state == "closed":
        values |= {
            "ended_at": now - timedelta(days=5), "reopen_until": deadlines.reopening(now, _ZONE, 9),
            "outcome": "solved", "answer": "عولج العطل.",
        }  # fmt: skip
        event |= {"action": "close"}
    if state in ("in_progress", "answered", "closed", "reopen_requested"):
        at_once = {"referred_agency_id": values["agency_id"], "referred_at": now - _AGE}
        values |= {**at_once, "checked_at": now - _AGE}
    if state in ("cancelled", "rejected"):
        values["ended_at"] = now - timedelta(days=1)
    made = await insert("report", **{**values, **columns})
    data = json.dumps(event.pop("data"), ensure_ascii=False)
    if event["action"] not in ("submit", "update", "cancel", "request_reopening"):
        event |= {"actor": "staff", "staff_id": await reviewer()}
    await insert("event", report_id=made, at=at, to_state=state, data=data, **event)
    return {"id": made, "number": values["number"]}


async def reviewer() -> int:
    rows = await fetch("SELECT id FROM staff WHERE email = 'reem@example.sa'")
    if rows:
        return int(rows[0]["id"])
    return await new_id(
        "staff", role="reviewer", name_ar="ريم", name_en="Reem", email="reem@example.sa",
        created_at=FILED_AT,
    )  # fmt: skip


async def pending_file(report_id: int, person_id: int, **columns: Any) -> UUID:
    id = uuid4()
    values = {
        "name": "صورة.jpg", "media_type": "image/jpeg", "size": 8, "sha256": bytes(32),
        "added_at": NOW, "pending_action": "update", **columns,
    }  # fmt: skip
    await insert("attachment", returning="id", id=id, report_id=report_id, person_id=person_id,
                 **values)  # fmt: skip
    return id


async def new_id(table: str, **columns: Any) -> int:
    return int(await insert(table, **columns))


async def insert(table: str, returning: str = "id", **columns: Any) -> Any:
    names = ", ".join(columns)
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    rows = await fetch(
        f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING {returning}",
        *columns.values(),
    )
    return rows[0][returning]
