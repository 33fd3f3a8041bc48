"""Links by which a member of staff stops their notices: ``/unsubscribe/{token}``.

The token says whose they are and until when it is good, signed under a key of its own; nothing is
kept for it. Holding it lets one stop that person's notices, nothing else.
"""

import base64
import hmac
from binascii import Error
from datetime import UTC, datetime, timedelta

from balagh.database import fetch
from balagh.people import keys

# A message lies in a mailbox for long, and its link is still wanted there.
LIFETIME = timedelta(days=180)
# Whose, until when (seconds since 1970), then 128 bits of the MAC.
_ID, _PAYLOAD, _MAC = 8, 8 + 4, 16
# In base64, without padding: 28 bytes.
_LENGTH = 38


def token(staff: int, expires: datetime, secret_key: bytes) -> str:
    payload = staff.to_bytes(_ID, "big") + int(expires.timestamp()).to_bytes(4, "big")
    raw = payload + _mac(payload, secret_key)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read(given: str, secret_key: bytes, now: datetime) -> int | None:
    """Whose notices it stops; none when it is not one of ours, or is over."""
    if len(given) != _LENGTH:
        return None
    try:
        raw = base64.b64decode(given + "==", altchars=b"-_", validate=True)
    except (Error, ValueError):
        return None
    payload, mac = raw[:_PAYLOAD], raw[_PAYLOAD:]
    if not hmac.compare_digest(mac, _mac(payload, secret_key)):
        return None
    expires = datetime.fromtimestamp(int.from_bytes(payload[_ID:], "big"), UTC)
    return int.from_bytes(payload[:_ID], "big") if now < expires else None


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


def _mac(payload: bytes, secret_key: bytes) -> bytes:
    key = keys.derive(secret_key, keys.UNSUBSCRIBE)
    return hmac.digest(key, payload, "sha256")[:_MAC]
