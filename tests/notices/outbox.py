"""Rows of the outbox, as the submission writes them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from balagh.database import fetch
from balagh.settings import Settings, load

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LINK = "https://balagh.example.sa/reports/7302641185"
NOURA = {
    "name": "نورة العتيبي",
    "number": "7302641185",
    "title": "تعطل الدفع & السداد",
    "kind": "complaint",
    "received_ar": "تم استلام شكواك",
    "received_en": "Your complaint has been received",
    "agency_ar": "وزارة البلديات والإسكان",
    "agency_en": "Ministry of Municipalities & Housing",
    "due_on": "2026-11-30",
    "submitted_at": "2026-11-23T08:00:00+00:00",
    "link": LINK,
}


def settings_for(
    *, smtp_port: int = 1, sms_url: str | None = None, data: Path | None = None, **more: str
) -> Settings:
    variables = {
        "secret_key": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "smtp_host": "127.0.0.1",
        "smtp_port": str(smtp_port),
        "mail_from": "بلاغ رقمي <balagh@example.sa>",
        "public_url": "https://balagh.example.sa",
        **({"sms_url": sms_url, "sms_token": "s3cret"} if sms_url else {}),
        **({"data": str(data)} if data else {}),
        **more,
    }
    return load({f"BALAGH_{name.upper()}": value for name, value in variables.items()}, demo=True)


async def put(
    recipient: str,
    *,
    key: str | None = None,
    moment: str = "opened",
    language: str = "ar",
    data: dict[str, Any] | None = None,
    now: datetime = NOW,
) -> int:
    """One waiting row; an address with @ is an e-mail, any other an SMS. Returns its id."""
    channel = "email" if "@" in recipient else "sms"
    rows = await fetch(
        "INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, "
        "created_at) VALUES (coalesce($1, gen_random_uuid()::text), $2, $3, $4, $5, $6, $7, $7) "
        "RETURNING id",
        key, moment, channel, recipient, language,
        msgspec.json.encode(NOURA if data is None else data).decode(), now,
    )  # fmt: skip
    return int(rows[0]["id"])


async def row(id: int) -> dict[str, Any]:
    return dict((await fetch("SELECT * FROM notice WHERE id = $1", id))[0])
