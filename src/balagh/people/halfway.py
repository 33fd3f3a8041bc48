"""Between password and second factor: who got that far, in a signed cookie of the browser.

It opens nothing but the page that asks for the second factor, and is worth nothing after twenty
minutes or once the password or the factor is another.
"""

import hmac
from datetime import UTC, datetime, timedelta

from balagh.people import credentials, keys
from balagh.people.credentials import Local

LIFETIME = timedelta(minutes=20)


def made(found: Local, *, secret_key: bytes, now: datetime) -> str:
    """The cookie: member of staff, until when, signature."""
    until = str(int((now + LIFETIME).timestamp()))
    return f"{found.staff_id}.{until}.{_signature(found, until, secret_key)}"


async def who(cookie: str, *, secret_key: bytes, now: datetime) -> Local | None:
    """Whose password was right on this browser, as they are now."""
    parts = cookie.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts[:2]):
        return None
    staff, until, signature = parts
    if len(staff) > 18 or len(until) > 11 or datetime.fromtimestamp(int(until), UTC) <= now:
        return None
    found = await credentials.of(int(staff))
    if found is None:
        return None
    right = hmac.compare_digest(_signature(found, until, secret_key).encode(), signature.encode())
    return found if right else None


def occasion(cookie: str) -> str:
    """What the second factor that is offered meanwhile belongs to."""
    return cookie.rpartition(".")[2]


def _signature(found: Local, until: str, secret_key: bytes) -> str:
    key = keys.derive(secret_key, keys.HALF_SIGNED_IN)
    about = f"{found.staff_id}.{until}.{found.changed_at.isoformat()}"
    return hmac.digest(key, about.encode(), "sha256").hex()
