"""Links by which a member of staff stops their notices: ``/unsubscribe/{token}``.

Holding the token (``stop_tokens``) lets one stop that person's notices, nothing else.
"""

from datetime import datetime

from balagh.database import fetch
from balagh.people import keys, stop_tokens
from balagh.people.stop_tokens import LIFETIME as LIFETIME


def token(staff: int, expires: datetime, secret_key: bytes) -> str:
    return stop_tokens.token(staff, expires, secret_key, keys.UNSUBSCRIBE)


def read(given: str, secret_key: bytes) -> tuple[int, datetime] | None:
    """Whose notices it stops and until when; none when it is not one of ours. Whether it has
    expired is the caller's to ask."""
    return stop_tokens.read(given, secret_key, keys.UNSUBSCRIBE)


async def stop(staff: int) -> bool:
    """No notices any more, and what still waits is not sent; false when there is nobody like that.
    Again changes nothing."""
    rows = await fetch(
        """
        WITH gone AS (
          DELETE FROM notice WHERE moment = 'staff_digest' AND state = 'waiting'
            AND starts_with(key, 'digest:' || $1::bigint || ':')
        )
        UPDATE staff SET notify = 'none' WHERE id = $1 AND active RETURNING id
        """,
        staff,
    )
    return bool(rows)
