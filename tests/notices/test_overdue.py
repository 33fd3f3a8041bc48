"""Which messages should have gone out by now: those that a delivery would take, and no others."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.notices.outbox import NOW, put

from balagh.database import fetch
from balagh.notices import overdue
from balagh.notices.overdue import LATE, Overdue
from balagh.notices.quiet_hours import QuietHours

pytestmark = pytest.mark.usefixtures("db")

MAIL, PHONE = "noura@example.com", "+966550000001"
MINUTE, JUST = timedelta(minutes=1), timedelta(microseconds=1)
ZONE = ZoneInfo("Asia/Riyadh")
QUIET = QuietHours(time(22), time(7), ZONE)
# In Riyadh.
NIGHT = datetime(2026, 11, 23, 23, 30, tzinfo=ZONE)
SEVEN = datetime(2026, 11, 24, 7, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("recipient", "columns", "now", "late"),
    [
        (MAIL, {"due": NOW - LATE}, NOW, False),
        (MAIL, {"due": NOW - LATE - JUST}, NOW, True),
        (PHONE, {"due": NOW - LATE - JUST}, NOW, True),
        (MAIL, {"due": NOW - 5 * LATE, "state": "sent"}, NOW, False),
        (MAIL, {"due": NOW - 5 * LATE, "state": "failed"}, NOW, False),
        # Put off, or in hand, for long.
        (MAIL, {"due": NOW + MINUTE, "created": NOW - 100 * LATE, "attempts": 7}, NOW, False),
        (MAIL, {"due": NOW - LATE - JUST, "attempts": 7}, NOW, True),
        # Quiet hours hold what can wait, and what they held is due since their end.
        (PHONE, {"due": NIGHT - 80 * MINUTE}, NIGHT, False),
        (MAIL, {"due": NIGHT - 80 * MINUTE}, NIGHT, True),
        (PHONE, {"due": NIGHT - 80 * MINUTE, "moment": "missing_data"}, NIGHT, True),
        (PHONE, {"due": NIGHT}, SEVEN, False),
        (PHONE, {"due": NIGHT}, SEVEN + LATE - JUST, False),
        (PHONE, {"due": NIGHT}, SEVEN + LATE, True),
        (PHONE, {"due": NIGHT, "moment": "missing_data"}, SEVEN, True),
    ],
)
async def test_due_for_too_long(
    recipient: str, columns: dict[str, Any], now: datetime, late: bool
) -> None:
    await waiting(recipient, **columns)
    found = [Overdue("email" if "@" in recipient else "sms", columns["due"])] if late else []
    assert await overdue.channels(now, QUIET) == found


async def test_the_first_of_many() -> None:
    for minutes in (20, 40, 30):
        await waiting(f"{minutes}@example.com", due=NOW - minutes * MINUTE)
        await waiting(f"+9665500000{minutes}", due=NOW - (minutes + 1) * MINUTE)
    assert await overdue.channels(NOW, None) == [
        Overdue("email", NOW - 40 * MINUTE), Overdue("sms", NOW - 41 * MINUTE),
    ]  # fmt: skip


@pytest.mark.parametrize(("attempts", "late"), [(4, False), (5, True)])
async def test_behind_an_earlier_one_to_the_same_recipient(attempts: int, late: bool) -> None:
    await waiting(MAIL, due=NOW + MINUTE, attempts=attempts)
    await waiting(MAIL, due=NOW - 2 * LATE)
    assert bool(await overdue.channels(NOW, QUIET)) == late


async def test_at_night_what_goes_before_an_urgent_one() -> None:
    await waiting(PHONE, due=NIGHT - 90 * MINUTE)
    assert await overdue.channels(NIGHT, QUIET) == []
    await waiting(PHONE, due=NIGHT - 20 * MINUTE, moment="missing_data")
    assert await overdue.channels(NIGHT, QUIET) == [Overdue("sms", NIGHT - 90 * MINUTE)]


async def test_a_closed_channel_is_told_otherwise() -> None:
    await waiting(MAIL, due=NOW - 2 * LATE)
    await waiting(PHONE, due=NOW - 2 * LATE)
    await fetch(
        "INSERT INTO circuit (channel, failures, probes, opened_at, retry_at, reason) "
        "VALUES ('email', 5, 1, $1, $1, 'r'), ('sms', 4, 0, NULL, NULL, 'r')", NOW,
    )  # fmt: skip
    assert await overdue.channels(NOW, QUIET) == [Overdue("sms", NOW - 2 * LATE)]


async def waiting(
    recipient: str,
    *,
    due: datetime,
    created: datetime | None = None,
    state: str = "waiting",
    moment: str = "closed",
    attempts: int = 0,
) -> None:
    id = await put(recipient, moment=moment, now=created or due)
    await fetch(
        "UPDATE notice SET next_attempt_at = $2, state = $3, attempts = $4 WHERE id = $1",
        id, due, state, attempts,
    )  # fmt: skip
