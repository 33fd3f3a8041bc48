"""Who works here: invited, changed, deactivated (specification 1, the roles).

An installation always keeps an administrator who can sign in: what would leave it without one is
refused, also when two do it to each other at once. Every change is audited in its transaction.
"""

from datetime import datetime
from typing import Literal, Protocol

import asyncpg
import msgspec

from balagh.database import fetch, fetch_one, transaction
from balagh.people import account_notices, audit, invitations, sessions

OF_AGENCIES = frozenset({"agency_officer", "agency_manager"})


class Leaving(Protocol):
    """What happens to the work of somebody who leaves it (``reports.leaving``), within the
    transaction in which they do."""

    async def __call__(self, staff: int, *, by: int | None, now: datetime) -> None: ...


Standing = Literal["active", "invited", "inactive"]


class Refusal(Exception):  # noqa: N818 - what the page says, not a fault
    """``code``: ``email_taken``, ``last_administrator``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A member of staff. ``local``: has a password here; ``factor``: and a second factor;
    ``provider``: signs in at an identity provider; ``seen_at``: last here."""

    id: int
    role: str
    agency_id: int | None
    agency_code: str | None
    agency_ar: str | None
    agency_en: str | None
    name_ar: str
    name_en: str
    email: str
    language: str
    active: bool
    shortcuts: bool
    local: bool
    factor: bool
    provider: bool
    seen_at: datetime | None

    @property
    def standing(self) -> Standing:
        if not self.active:
            return "inactive"
        return "active" if self.factor or self.provider or self.seen_at else "invited"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator says of a member of staff; ``agency_id`` for a provider's people."""

    role: str
    agency_id: int | None
    name_ar: str
    name_en: str


_MEMBER = """
SELECT staff.id, staff.role, staff.agency_id, agency.code AS agency_code,
       agency.name_ar AS agency_ar, agency.name_en AS agency_en,
       staff.name_ar, staff.name_en, staff.email, staff.language, staff.active, staff.shortcuts,
       credential.staff_id IS NOT NULL AS local,
       credential.totp_cipher IS NOT NULL AS factor,
       EXISTS (SELECT FROM identity WHERE identity.staff_id = staff.id) AS provider,
       (SELECT max(seen_at) FROM session WHERE session.staff_id = staff.id) AS seen_at
FROM staff
LEFT JOIN agency ON agency.id = staff.agency_id
LEFT JOIN credential ON credential.staff_id = staff.id
"""


async def everybody() -> list[Member]:
    """Those who work here first, then by name."""
    rows = await fetch(_MEMBER + "ORDER BY NOT staff.active, staff.name_ar, staff.id")
    return [Member(**row) for row in rows]


async def member(staff: int) -> Member | None:
    row = await fetch_one(_MEMBER + "WHERE staff.id = $1", staff)
    return Member(**row) if row else None


async def by_email(email: str) -> Member | None:
    """The one who is active under that address."""
    row = await fetch_one(
        _MEMBER + "WHERE lower(staff.email) = lower($1) AND staff.active", email.strip()
    )
    return Member(**row) if row else None


async def invite(
    facts: Facts, email: str, *, language: str, by: int | None, now: datetime
) -> tuple[int, str]:
    """Makes the member of staff; returns their id and the token of their link. Raises ``Refusal``
    (email_taken). ``by``: the administrator, none at the command line."""
    try:
        async with transaction():
            row = await fetch_one(
                "INSERT INTO staff (role, agency_id, name_ar, name_en, email, language, created_at)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
                facts.role, facts.agency_id, facts.name_ar, facts.name_en, email, language, now,
            )  # fmt: skip
            assert row is not None
            made: int = row["id"]
            token = await invitations.make(made, now)
            await audit.record(by, "invite", f"staff:{made}", now, {"role": facts.role})
    except asyncpg.UniqueViolationError as error:
        raise Refusal("email_taken") from error
    return made, token


async def change(staff: int, facts: Facts, *, by: int, now: datetime, leaving: Leaving) -> None:
    """With another role or agency their sessions end, and ``leaving`` gives their work to others.
    Raises ``Refusal`` (last_administrator)."""
    async with transaction():
        await _administrators_take_turns()
        row = await fetch_one("SELECT role, agency_id FROM staff WHERE id = $1", staff)
        assert row is not None, "a member of staff is never deleted"
        moved = (row["role"], row["agency_id"]) != (facts.role, facts.agency_id)
        if row["role"] == "administrator" and facts.role != "administrator":
            await _another_than(staff)
        await fetch(
            "UPDATE staff SET role = $2, agency_id = $3, name_ar = $4, name_en = $5 WHERE id = $1",
            staff, facts.role, facts.agency_id, facts.name_ar, facts.name_en,
        )  # fmt: skip
        if moved:
            await sessions.revoke_all(staff_id=staff, now=now)
            await leaving(staff, by=by, now=now)
        data = {"role": facts.role, "agency": facts.agency_id}
        await audit.record(by, "change_staff", f"staff:{staff}", now, data)


async def deactivate(staff: int, *, by: int | None, now: datetime, leaving: Leaving) -> None:
    """Ends their sessions and their links; ``leaving`` gives their work to others.

    Raises ``Refusal`` (last_administrator).
    """
    async with transaction():
        await _administrators_take_turns()
        row = await fetch_one("SELECT role, active FROM staff WHERE id = $1", staff)
        assert row is not None, "a member of staff is never deleted"
        if not row["active"]:
            return
        if row["role"] == "administrator":
            await _another_than(staff)
        await fetch("UPDATE staff SET active = false WHERE id = $1", staff)
        await sessions.revoke_all(staff_id=staff, now=now)
        await invitations.void(staff, now)
        await leaving(staff, by=by, now=now)
        await audit.record(by, "deactivate", f"staff:{staff}", now)


async def activate(staff: int, *, by: int, now: datetime) -> None:
    """Lets them in again, with what they had. Raises ``Refusal`` (email_taken)."""
    try:
        async with transaction():
            await fetch("UPDATE staff SET active = true WHERE id = $1", staff)
            await audit.record(by, "activate", f"staff:{staff}", now)
    except asyncpg.UniqueViolationError as error:
        raise Refusal("email_taken") from error


async def start_anew(staff: int, *, by: int, now: datetime) -> str:
    """Takes password, second factor and recovery codes away and returns the token of a new link:
    whoever lost the second factor shows by the link that they have the mailbox."""
    async with transaction():
        await fetch("DELETE FROM recovery_code WHERE staff_id = $1", staff)
        await fetch("DELETE FROM credential WHERE staff_id = $1", staff)
        await sessions.revoke_all(staff_id=staff, now=now)
        await invitations.void(staff, now)
        token = await invitations.make(staff, now)
        await account_notices.tell(staff, "reset", now)
        await audit.record(by, "reset_factor", f"staff:{staff}", now)
    return token


async def send_link(staff: int, *, by: int | None, now: datetime) -> str:
    """The token of a new link; those before are worth nothing any more."""
    async with transaction():
        await invitations.void(staff, now)
        token = await invitations.make(staff, now)
        await audit.record(by, "send_staff_link", f"staff:{staff}", now)
    return token


async def set_language(staff: int, language: str) -> None:
    """``ar`` or ``en``."""
    await fetch("UPDATE staff SET language = $2 WHERE id = $1", staff, language)


async def set_shortcuts(staff: int, on: bool) -> None:
    await fetch("UPDATE staff SET shortcuts = $2 WHERE id = $1", staff, on)


async def _administrators_take_turns() -> None:
    await fetch("SELECT pg_advisory_xact_lock(hashtextextended('administrators', 0))")


async def _another_than(staff: int) -> None:
    rows = await fetch(
        "SELECT 1 FROM staff WHERE role = 'administrator' AND active AND id <> $1 LIMIT 1", staff
    )
    if not rows:
        raise Refusal("last_administrator")
