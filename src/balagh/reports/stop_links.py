"""Links by which somebody stops reminders without signing in: ``/stop/{token}``.

The token says whose reminders and until when, signed under a key of its own; nothing is kept for
it. Holding it lets one end that person's reminders, nothing else: it names no draft and shows
nothing. What it ends can be asked for again on a draft's page.
"""

import base64
import binascii
import hmac
from datetime import UTC, datetime, timedelta

import msgspec

from balagh.database import fetch
from balagh.people import keys

# A reminder may be read months later, and its mailbox still offers to stop.
LIFETIME = timedelta(days=180)
_PAYLOAD, _MAC = 8 + 4, 16


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
    payload = link.person.to_bytes(8, "big") + int(link.expires.timestamp()).to_bytes(4, "big")
    return base64.urlsafe_b64encode(payload + _mac(payload, secret_key)).decode().rstrip("=")


def read(given: str, secret_key: bytes) -> StopLink | None:
    """What the token says, or none when it is not one of ours. Whether it has expired is the
    caller's to ask."""
    try:
        raw = base64.b64decode(given + "=" * (-len(given) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    payload, mac = raw[:_PAYLOAD], raw[_PAYLOAD:]
    if len(raw) != _PAYLOAD + _MAC or not hmac.compare_digest(mac, _mac(payload, secret_key)):
        return None
    expires = datetime.fromtimestamp(int.from_bytes(payload[8:], "big"), UTC)
    return StopLink(int.from_bytes(payload[:8], "big"), expires)


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


def _mac(payload: bytes, secret_key: bytes) -> bytes:
    return hmac.digest(keys.derive(secret_key, keys.STOP_LINK), payload, "sha256")[:_MAC]
