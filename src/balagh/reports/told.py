"""Which messages about a report were sent to its beneficiary, as the outbox has them."""

from datetime import datetime

import msgspec

from balagh.database import fetch


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A message: ``moment`` and ``occasion`` are the same for what was told on several channels at
    once; ``state``: waiting, sent, failed."""

    id: int
    moment: str
    occasion: str
    channel: str
    recipient: str
    state: str
    created_at: datetime
    sent_at: datetime | None


async def told(report: int) -> list[Told]:
    """The report's messages, the newest first. Whoever asks may see the report."""
    rows = await fetch(
        "SELECT id, moment, split_part(key, ':', 4) AS occasion, channel, recipient, state, "
        # As the index is: decision of the outbox, ``notice_about``.
        "created_at, sent_at FROM notice WHERE split_part(key, ':', 1) = 'report' "
        "AND split_part(key, ':', 2) = ($1::bigint)::text ORDER BY created_at DESC, id DESC",
        report,
    )
    return [msgspec.convert(dict(row), Told) for row in rows]
