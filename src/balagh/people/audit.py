"""The audit log: what staff did and whose data they saw. Ids only, never what they read or wrote.

It is only added to: the database refuses changes, numbers the entries without gaps and chains them,
each hash covering the one before (``schema_003.sql``). What is done to a report is written by the
same statement that does it (``reports.acting``); ``record`` is for everything else.

In a transaction it comes last: the chain is held by whoever writes until they commit.
"""

import json
from datetime import datetime
from typing import Any

from balagh.database import fetch


async def record(
    staff_id: int | None,
    action: str,
    subject: str,
    now: datetime,
    data: dict[str, Any] | None = None,
) -> None:
    """Adds an entry. ``subject``: what it was done to, as ``kind:id`` (``report:15``, ``staff:3``,
    ``inbox``); ``data``: what else tells it, without personal data."""
    await fetch(
        "INSERT INTO audit (at, staff_id, action, subject, data) "
        "VALUES ($1, $2, $3, $4, $5::jsonb)",
        now, staff_id, action, subject, json.dumps(data or {}),
    )  # fmt: skip
