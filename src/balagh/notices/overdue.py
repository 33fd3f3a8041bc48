"""Channels on which something should have gone out by now.

Deliveries can fail for a reason of ours (a right that is missing, a fault in the program) while
every sweep comes to its end. What they leave behind is a message that has been due for too long.
"""

from datetime import datetime, timedelta

import msgspec

from balagh.database import fetch_one
from balagh.notices import circuit
from balagh.notices.delivery import CHANNELS, DUE, DUE_QUIET, PATIENCE
from balagh.notices.quiet_hours import URGENT, QuietHours

# How long a message may be due.
LATE = timedelta(minutes=15)

_FIRST = "SELECT next_attempt_at FROM {of} WHERE {due} ORDER BY next_attempt_at, id LIMIT 1"
# Of what a night holds back only the latest is looked through for what is not: whatever has been
# stuck since a while ago is there, and it costs the same on every night.
_LATEST = """(
  SELECT * FROM notice WHERE state = 'waiting' AND next_attempt_at <= $1 AND channel = $2
  ORDER BY next_attempt_at DESC, id DESC LIMIT 2000
) AS notice"""
_ANY = _FIRST.format(of="notice", due=DUE)
_QUIET = _FIRST.format(of=_LATEST, due=DUE_QUIET)


class Overdue(msgspec.Struct, frozen=True):
    """``since``: when the first of the messages that wait on the channel became due."""

    channel: str
    since: datetime


async def channels(now: datetime, quiet: QuietHours | None) -> list[Overdue]:
    """The channels on which something has been due for more than ``LATE``.

    What is held back is not due: by quiet hours, for as long after them, by an earlier message to
    the same recipient, or because the channel is closed, which is told otherwise.
    """
    found = []
    for channel in CHANNELS:
        before = now - LATE
        held = quiet is not None and channel == "sms" and (quiet.at(now) or quiet.at(before))
        row = (
            await fetch_one(_QUIET, before, channel, PATIENCE, list(URGENT))
            if held
            else await fetch_one(_ANY, before, channel, PATIENCE)
        )
        if row is not None and row["next_attempt_at"] < before:
            found.append(Overdue(channel, row["next_attempt_at"]))
    # Asked only where something is late: hardly ever.
    closed = {one.channel for one in await circuit.open_now()} if found else set()
    return [one for one in found if one.channel not in closed]
