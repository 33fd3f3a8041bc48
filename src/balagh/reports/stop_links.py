"""Links by which somebody stops reminders without signing in: ``/stop/{token}``.

Holding the token (``stop_tokens``) lets one end that person's reminders, nothing else: it names no
draft and shows nothing. What it ends can be asked for again on a draft's page.
"""

from datetime import datetime

import msgspec

from balagh.database import fetch
from balagh.people import keys, stop_tokens
from balagh.people.stop_tokens import LIFETIME as LIFETIME


class StopLink(msgspec.Struct, frozen=True):
    """``expires``: to the second, aware."""

    person: int
    expires: datetime


def address(
    person: int, now: datetime, *, public_url: str, secret_key: bytes, language: str
) -> str:
    """Where the reminders of that person are stopped, for a message that is written now."""
    tail = "" if language == "ar" else f"?lang={language}"
    return f"{public_url}/stop/{token(StopLink(person, now + LIFETIME), secret_key)}{tail}"


def token(link: StopLink, secret_key: bytes) -> str:
    return stop_tokens.token(link.person, link.expires, secret_key, keys.STOP_LINK)


def read(given: str, secret_key: bytes) -> StopLink | None:
    """What the token says, or none when it is not one of ours. Whether it has expired is the
    caller's to ask."""
    found = stop_tokens.read(given, secret_key, keys.STOP_LINK)
    return None if found is None else StopLink(*found)


async def stop(person: int) -> int:
    """No reminder that the person asked for goes out any more, nor one that waits; how many drafts
    had one."""
    rows = await fetch(
        """
        WITH quiet AS (
          UPDATE draft SET remind_on = NULL WHERE person_id = $1 AND remind_on IS NOT NULL
          RETURNING id
        ), unsent AS (
          DELETE FROM notice USING draft
          WHERE draft.person_id = $1 AND notice.moment = 'may_file_now'
            AND notice.state = 'waiting'
            AND starts_with(notice.key, 'draft:' || draft.id || ':may_file_now:')
        )
        SELECT count(*) AS n FROM quiet
        """,
        person,
    )
    return int(rows[0]["n"])
