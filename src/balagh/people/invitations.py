"""Links by which a member of staff sets a password: the first one, or a new one.

256 random bits, of which only the hash is kept; good once, for 72 hours. The link itself stands in
the outbox row that carries it, and goes from there when it was used or is over. It never gets past
a second factor: whoever has one is asked for it afterwards.
"""

import json
import secrets
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from balagh.database import fetch, fetch_one

LIFETIME = timedelta(hours=72)
# By «forgotten»: once in five minutes, and five a day.
_PAUSE = timedelta(minutes=5)
_A_DAY = timedelta(days=1)
_OF_A_DAY = 5


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """Whose link it is. ``local``: they have a password already, and forgot it."""

    id: int
    staff_id: int
    name_ar: str
    name_en: str
    email: str
    local: bool


_OPEN = """
SELECT invitation.id, staff.id AS staff_id, staff.name_ar, staff.name_en, staff.email,
       EXISTS (SELECT FROM credential WHERE staff_id = staff.id) AS local
FROM invitation JOIN staff ON staff.id = invitation.staff_id AND staff.active
WHERE invitation.token_hash = $1 AND invitation.used_at IS NULL AND invitation.expires_at > $2
"""

# By which message a link was sent: the first one, or one for a new password.
_ITS_MOMENTS = "moment IN ('staff_invitation','staff_password')"


async def make(staff: int, now: datetime) -> str:
    """A new link's token. Whoever calls decides whether earlier ones stay good."""
    token = secrets.token_urlsafe(32)
    await fetch(
        "INSERT INTO invitation (staff_id, token_hash, created_at, expires_at) "
        "VALUES ($1, $2, $3, $4)",
        staff, _hash(token), now, now + LIFETIME,
    )  # fmt: skip
    return token


async def send(staff: int, token: str, *, public_url: str, now: datetime) -> None:
    """Writes the e-mail that carries the link. Wake the worker afterwards."""
    data = {"link": address(token, public_url), "expires_at": (now + LIFETIME).isoformat()}
    await fetch(
        """
        INSERT INTO notice
          (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
        SELECT 'staff:' || staff.id || ':staff_invitation:' || $2::text || ':email',
          CASE WHEN EXISTS (SELECT FROM credential WHERE credential.staff_id = staff.id)
            THEN 'staff_password' ELSE 'staff_invitation' END, 'email', staff.email, staff.language,
          $3::jsonb || jsonb_build_object('name_ar', staff.name_ar, 'name_en', staff.name_en),
          $4, $4
        FROM staff WHERE id = $1
        """,
        staff, _hash(token).hex()[:16],
        json.dumps(data), now,
    )  # fmt: skip


async def forgotten(email: str, *, public_url: str, now: datetime) -> None:
    """Sends a link to whoever is active under that address and has a password here or is to get
    one; to nobody else, and not too often. Nothing tells the two apart for whoever asks."""
    row = await fetch_one(
        """
        SELECT id FROM staff WHERE lower(email) = lower($1) AND active
          AND NOT EXISTS (SELECT FROM identity WHERE identity.staff_id = staff.id)
          AND NOT EXISTS (SELECT FROM invitation
            WHERE invitation.staff_id = staff.id AND created_at > $2)
          AND (SELECT count(*) FROM invitation
            WHERE invitation.staff_id = staff.id AND created_at > $3) < $4
        """,
        email.strip(), now - _PAUSE, now - _A_DAY, _OF_A_DAY,
    )  # fmt: skip
    if row is not None:
        await send(row["id"], await make(row["id"], now), public_url=public_url, now=now)


async def find(token: str, now: datetime) -> Invited | None:
    """Whose link it is, when it can still be used."""
    row = await fetch_one(_OPEN, _hash(token), now)
    return Invited(**row) if row else None


async def use(token: str, now: datetime) -> Invited | None:
    """As ``find``, and it cannot be used again, nor can any other of theirs. Within a transaction
    that does what it was for."""
    found = await find(token, now)
    if found is None:
        return None
    # Two at once: one of them changes the row, the other waits and finds it changed.
    won = await fetch(
        "UPDATE invitation SET used_at = $2 WHERE id = $1 AND used_at IS NULL RETURNING id",
        found.id, now,
    )  # fmt: skip
    if not won:
        return None
    await void(found.staff_id, now)
    return found


async def void(staff: int, now: datetime) -> None:
    """No link of theirs can be used any more; those that were not sent yet are not sent."""
    await fetch(
        "UPDATE invitation SET used_at = $2 WHERE staff_id = $1 AND used_at IS NULL", staff, now
    )
    about = f"staff:{staff}:staff_invitation:"
    await fetch(
        f"DELETE FROM notice WHERE {_ITS_MOMENTS} AND starts_with(key, $1) "  # noqa: S608
        "AND state = 'waiting'",
        about,
    )
    await fetch(
        f"UPDATE notice SET data = data - 'link' WHERE {_ITS_MOMENTS} "  # noqa: S608
        "AND starts_with(key, $1) AND data ? 'link'",
        about,
    )


async def forget(now: datetime) -> None:
    """Deletes links that are over for a week, and takes those that are over out of the outbox. For
    the sweep."""
    await fetch("DELETE FROM invitation WHERE expires_at < $1", now - timedelta(days=7))
    await fetch(
        f"UPDATE notice SET data = data - 'link' WHERE {_ITS_MOMENTS} "  # noqa: S608
        "AND data ? 'link' AND state <> 'waiting' AND created_at < $1",
        now - LIFETIME,
    )


def address(token: str, public_url: str) -> str:
    """Where the link leads."""
    return f"{public_url}/staff/invitation/{token}"


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
