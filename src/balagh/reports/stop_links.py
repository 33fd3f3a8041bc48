"""Links by which somebody stops reminders without signing in: ``/stop/{token}``.

Holding the token (``stop_tokens``) lets one end that person's reminders, nothing else: it names no
draft and shows nothing. What it ends can be asked for again on a draft's page.
"""

from datetime import datetime

from balagh.database import fetch
from balagh.people import keys, stop_tokens
from balagh.people.stop_tokens import LIFETIME as LIFETIME


def address(
    person: int, now: datetime, *, public_url: str, secret_key: bytes, language: str
) -> str:
    """Where the reminders of that person are stopped, for a message that is written now."""
    tail = "" if language == "ar" else f"?lang={language}"
    return f"{public_url}/stop/{token(person, now + LIFETIME, secret_key)}{tail}"


def token(person: int, expires: datetime, secret_key: bytes) -> str:
    return stop_tokens.token(person, expires, secret_key, keys.STOP_LINK)


def read(given: str, secret_key: bytes) -> tuple[int, datetime] | None:
    """Whose reminders it stops and until when; none when it is not one of ours. Whether it has
    expired is the caller's to ask."""
    return stop_tokens.read(given, secret_key, keys.STOP_LINK)


async def stop(person: int) -> bool:
    """No reminder that the person asked for goes out any more, nor one that waits. Always true:
    whoever has erased their account has none."""
    await fetch(
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
        SELECT FROM quiet
        """,
        person,
    )
    return True
