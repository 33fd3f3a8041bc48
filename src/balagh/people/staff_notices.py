"""How a member of staff is told what concerns them (specification 6: "a daily digest by default").

Chosen by themselves: once a day, at once, or not at all; and which kinds of it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Literal, get_args

import msgspec

from balagh.database import fetch, fetch_one

How = Literal["digest", "each", "none"]
Kind = Literal["new", "due", "overdue", "check", "mention", "promise"]
HOW: tuple[How, ...] = get_args(How)

_AMER: tuple[Kind, ...] = ("new", "due", "overdue", "check", "mention")
_AGENCY: tuple[Kind, ...] = ("new", "due", "overdue", "promise", "mention")
# What can concern each role, in the order in which it is told.
KINDS: Mapping[str, tuple[Kind, ...]] = {
    "intake_officer": ("mention",),
    "reviewer": _AMER,
    "supervisor": _AMER,
    "agency_officer": _AGENCY,
    "agency_manager": _AGENCY,
}


class Choice(msgspec.Struct, frozen=True):
    """``without``: the kinds that are not wanted, so that a new kind is told to everybody."""

    how: How
    without: tuple[Kind, ...]


async def of(staff: int) -> Choice:
    row = await fetch_one("SELECT notify AS how, notify_without FROM staff WHERE id = $1", staff)
    assert row is not None, "a member of staff is never deleted"
    return msgspec.convert({"how": row["how"], "without": row["notify_without"]}, Choice)


async def choose(staff: int, how: How, without: Collection[Kind], now: datetime) -> None:
    """From now on so. Whoever was not told anything is not told what happened meanwhile."""
    await fetch(
        "UPDATE staff SET notify = $2, notify_without = $3, "
        "told_until = CASE WHEN notify = 'none' THEN $4 ELSE told_until END WHERE id = $1",
        staff, how, sorted(without), now,
    )  # fmt: skip
