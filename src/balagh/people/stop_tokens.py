"""Tokens of links that stop messages without signing in: whose they are and until when, signed.

Nothing is kept for a token. Each kind of link has a key of its own (``label`` of ``keys``), so that
a token of one means nothing to the other.
"""

import base64
import hmac
from binascii import Error
from datetime import UTC, datetime, timedelta

from balagh.people import keys

# A message may be read months later, and its mailbox still offers to stop.
LIFETIME = timedelta(days=180)
# Whose, until when (seconds since 1970), then 128 bits of the MAC.
_ID, _PAYLOAD, _MAC = 8, 8 + 4, 16
# In base64, without padding: 28 bytes.
_LENGTH = 38


def token(id: int, expires: datetime, secret_key: bytes, label: bytes) -> str:
    payload = id.to_bytes(_ID, "big") + int(expires.timestamp()).to_bytes(4, "big")
    raw = payload + _mac(payload, secret_key, label)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read(given: str, secret_key: bytes, label: bytes) -> tuple[int, datetime] | None:
    """Whose and until when, aware; none when it is not one of ours. Whether it has expired is the
    caller's to ask."""
    if len(given) != _LENGTH:
        return None
    try:
        raw = base64.b64decode(given + "==", altchars=b"-_", validate=True)
    except (Error, ValueError):
        return None
    payload, mac = raw[:_PAYLOAD], raw[_PAYLOAD:]
    if not hmac.compare_digest(mac, _mac(payload, secret_key, label)):
        return None
    expires = datetime.fromtimestamp(int.from_bytes(payload[_ID:], "big"), UTC)
    return int.from_bytes(payload[:_ID], "big"), expires


def _mac(payload: bytes, secret_key: bytes, label: bytes) -> bytes:
    return hmac.digest(keys.derive(secret_key, label), payload, "sha256")[:_MAC]
