"""Sessions: an opaque token in the browser, its hash in the database.

A token is only ever made here: one that a browser brings along and the database does not know is
nothing, never adopted. Signing in makes a new one and revokes the one the browser had (OWASP ASVS
5.0, 7.2.4). A session ends at ``expires_at``, after ``idle`` without a request, or when revoked.
"""

import re
import secrets
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from balagh.database import fetch, fetch_one
from balagh.people.unsent import Unsent, read

BENEFICIARY = "beneficiary"

# How long after its end a browser and the database still know a session: nobody gets in with it.
REMEMBERED = timedelta(days=1)

# Writing at each request that somebody was here would cost a write on every page.
_SEEN_EVERY = timedelta(minutes=5)
# What `secrets.token_urlsafe(32)` makes: 256 bits.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

LOAD = """
SELECT session.id, session.seen_at, session.person_id, session.staff_id,
       coalesce(staff.role, 'beneficiary') AS role, staff.agency_id,
       coalesce(person.name, CASE staff.language WHEN 'ar' THEN staff.name_ar
                             ELSE staff.name_en END) AS name,
       person.phone, coalesce(person.email, staff.email) AS email,
       coalesce(person.language, staff.language) AS language,
       coalesce(person.digits, 'latin') AS digits, person.account_type,
       person.organisation_name, person.organisation_number,
       coalesce(person.notify_sms, true) AS notify_sms,
       coalesce(person.notify_email, true) AS notify_email,
       coalesce(staff.shortcuts, true) AS shortcuts,
       CASE WHEN session.unsent_at + interval '1 hour' > $2 THEN session.unsent END AS unsent,
       -- Of reports that they may still open.
       (SELECT count(*) FROM mention m JOIN event e ON e.id = m.event_id
          JOIN report r ON r.id = e.report_id
        WHERE m.staff_id = session.staff_id AND m.read_at IS NULL
          AND (staff.agency_id IS NULL OR r.referred_agency_id = staff.agency_id)) AS mentions,
       CASE WHEN staff.role = 'supervisor' THEN
         (SELECT count(*) FROM (SELECT 1 FROM notice WHERE state = 'failed'
           AND dismissed_at IS NULL LIMIT 1000) found) ELSE 0 END AS undelivered
FROM session
LEFT JOIN person ON person.id = session.person_id AND person.erased_at IS NULL
LEFT JOIN staff ON staff.id = session.staff_id AND staff.active
WHERE session.token_hash = $1 AND session.revoked_at IS NULL
  AND session.expires_at > $2
  AND session.seen_at > CASE WHEN session.staff_id IS NULL THEN $3::timestamptz ELSE $4 END
  AND (person.id IS NOT NULL OR staff.id IS NOT NULL)
"""


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes this request: a beneficiary (``person_id``) or a member of staff (``staff_id``).

    ``role`` is ``beneficiary`` or one of the staff roles; ``agency_id`` is set for a provider's
    people only, ``account_type`` (on whose behalf they file), the organisation and the channels
    they chose for beneficiaries only. ``unsent``: a form that was sent when an earlier session was
    over. ``mentions``: how many notes that address them they have not read; ``shortcuts``: whether
    single keys do something (staff); ``undelivered``: how many messages failed (supervisors).
    """

    session_id: int
    token_hash: bytes
    person_id: int | None
    staff_id: int | None
    role: str
    agency_id: int | None
    name: str
    phone: str | None
    email: str | None
    language: str
    digits: str
    account_type: str | None
    organisation_name: str | None = None
    organisation_number: str | None = None
    notify_sms: bool = True
    notify_email: bool = True
    shortcuts: bool = True
    unsent: Unsent | None = None
    mentions: int = 0
    undelivered: int = 0


async def begin(
    *,
    now: datetime,
    lifetime: timedelta,
    person_id: int | None = None,
    staff_id: int | None = None,
    replacing: str | None = None,
) -> str:
    """Opens a session for that person or that member of staff and returns its token.

    ``replacing`` is the token the browser had, if any: it is revoked in the same statement. A form
    that waits there goes along to the same person or member of staff and is deleted for anybody
    else.
    """
    token = secrets.token_urlsafe(32)
    await fetch(
        """
        WITH replaced AS (
          UPDATE session SET revoked_at = $4, unsent = NULL, unsent_at = NULL
          WHERE token_hash = $6 AND revoked_at IS NULL
        ), old AS (
          -- As it was before the statement.
          SELECT unsent, unsent_at FROM session
          WHERE token_hash = $6 AND (person_id = $2 OR staff_id = $3) AND revoked_at IS NULL
        )
        INSERT INTO session
          (token_hash, person_id, staff_id, created_at, seen_at, expires_at, unsent, unsent_at)
        VALUES ($1, $2, $3, $4, $4, $5, (SELECT unsent FROM old), (SELECT unsent_at FROM old))
        """,
        token_hash(token),
        person_id,
        staff_id,
        now,
        now + lifetime,
        token_hash(replacing) if replacing else None,
    )
    return token


async def load(
    token: str,
    *,
    now: datetime,
    idle: timedelta,
    staff_idle: timedelta | None = None,
    passive: bool = False,
) -> Visitor | None:
    """The visitor whose token it is, or none when there is no such session any more.
    ``staff_idle``: the limit for staff, where it is another.

    One statement; a second one, at most every five minutes, notes that they were here, unless the
    request is ``passive``: a page's own, with nobody at the keyboard.
    """
    if not _TOKEN.fullmatch(token):
        return None
    row = await fetch_one(
        LOAD,
        token_hash(token),
        now,
        now - idle,
        now - (staff_idle or idle),
    )
    if row is None:
        return None
    if row["staff_id"] is not None:
        idle = staff_idle or idle
    # A quarter of a short idle limit, so that it still measures from about the last request.
    if not passive and now - row["seen_at"] >= min(_SEEN_EVERY, idle / 4):
        await fetch(
            "UPDATE session SET seen_at = $2 WHERE id = $1 AND seen_at < $2", row["id"], now
        )
    return Visitor(
        session_id=row["id"],
        token_hash=token_hash(token),
        person_id=row["person_id"],
        staff_id=row["staff_id"],
        role=row["role"],
        agency_id=row["agency_id"],
        name=row["name"],
        phone=row["phone"],
        email=row["email"],
        language=row["language"],
        digits=row["digits"],
        account_type=row["account_type"],
        organisation_name=row["organisation_name"],
        organisation_number=row["organisation_number"],
        notify_sms=row["notify_sms"],
        notify_email=row["notify_email"],
        shortcuts=row["shortcuts"],
        unsent=read(row["unsent"]),
        mentions=row["mentions"],
        undelivered=row["undelivered"],
    )


class OwnSession(msgspec.Struct, frozen=True):
    """A session of somebody, as they see it; where it came from is not kept."""

    id: int
    created_at: datetime
    seen_at: datetime


async def of_person(person_id: int, *, now: datetime, idle: timedelta) -> list[OwnSession]:
    """The sessions in which the person is signed in now, the last used first."""
    return await _of("person_id", person_id, now, idle)


async def of_staff(staff_id: int, *, now: datetime, idle: timedelta) -> list[OwnSession]:
    """As ``of_person``, of a member of staff."""
    return await _of("staff_id", staff_id, now, idle)


async def revoke_own(session_id: int, person_id: int, *, now: datetime) -> bool:
    """Ends that session of the person; false when there is no such session of theirs. Ending it
    again changes nothing."""
    return await _revoke("person_id", session_id, person_id, now)


async def revoke_own_of_staff(session_id: int, staff_id: int, *, now: datetime) -> bool:
    """As ``revoke_own``, of a member of staff."""
    return await _revoke("staff_id", session_id, staff_id, now)


async def revoke(session_id: int, *, now: datetime) -> None:
    """Ends one session; ending it again changes nothing."""
    await fetch(
        "UPDATE session SET revoked_at = $2, unsent = NULL, unsent_at = NULL "
        "WHERE id = $1 AND revoked_at IS NULL",
        session_id,
        now,
    )


async def revoke_all(
    *,
    now: datetime,
    person_id: int | None = None,
    staff_id: int | None = None,
    but: int | None = None,
) -> int:
    """Ends every session of that person or member of staff, except the one with the id ``but``;
    returns how many there were."""
    rows = await fetch(
        "UPDATE session SET revoked_at = $3, unsent = NULL, unsent_at = NULL "
        "WHERE revoked_at IS NULL AND expires_at > $3 "
        "AND (person_id = $1 OR staff_id = $2) AND id IS DISTINCT FROM $4 RETURNING id",
        person_id,
        staff_id,
        now,
        but,
    )
    return len(rows)


async def was_of_staff(token: str) -> bool:
    """Whether it is or was a session of staff, as long as it is remembered."""
    rows = await fetch(
        "SELECT 1 FROM session WHERE token_hash = $1 AND staff_id IS NOT NULL", token_hash(token)
    )
    return bool(rows)


async def forget(*, before: datetime) -> int:
    """Deletes sessions that ended before that instant; returns how many. For the daily sweep."""
    rows = await fetch(
        "DELETE FROM session WHERE expires_at < $1 OR revoked_at < $1 RETURNING id", before
    )
    return len(rows)


def token_hash(token: str) -> bytes:
    """What the database keeps of the token."""
    # Without salt or stretching: 256 random bits cannot be guessed from their hash.
    return sha256(token.encode()).digest()


async def _of(owner: str, identifier: int, now: datetime, idle: timedelta) -> list[OwnSession]:
    rows = await fetch(
        f"SELECT id, created_at, seen_at FROM session WHERE {owner} = $1 "  # noqa: S608 - a column
        "AND revoked_at IS NULL AND expires_at > $2 AND seen_at > $3 "
        "ORDER BY seen_at DESC, id DESC",
        identifier, now, now - idle,
    )  # fmt: skip
    return [OwnSession(**row) for row in rows]


async def _revoke(owner: str, session_id: int, identifier: int, now: datetime) -> bool:
    rows = await fetch(
        "UPDATE session SET revoked_at = coalesce(revoked_at, $3), "  # noqa: S608 - a column
        "unsent = NULL, unsent_at = NULL "
        f"WHERE id = $1 AND {owner} = $2 RETURNING id",
        session_id, identifier, now,
    )  # fmt: skip
    return bool(rows)
