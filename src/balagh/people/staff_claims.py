"""Staff who sign in at an identity provider: their role comes from a claim, each time anew.

Which value of which claim means which role is said by the settings, the first of the list that the
person has counts. Who has none is refused, and what they had open here ends (specification 1).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from balagh.database import fetch, fetch_one, transaction
from balagh.people import audit, claims, sessions
from balagh.people.failures import Code, SignInError
from balagh.people.oidc import Identified
from balagh.people.staff import OF_AGENCIES, Leaving
from balagh.settings import Settings


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """``agency``: a code of the directory, none for Amer's people."""

    role: str
    agency: str | None
    name: str
    email: str


def read(told: Mapping[str, Any], settings: Settings) -> Told:
    """Raises ``SignInError``: ROLE when no value means a role, STAFF_CLAIMS when agency or e-mail
    address is missing."""
    had = _values(told, settings.staff_oidc_claim or "")
    role = next((role for value, role in settings.staff_oidc_roles if value in had), None)
    if role is None:
        raise SignInError(Code.ROLE, "claims: no value that means a role")
    agency = None
    if role in OF_AGENCIES:
        found = _values(told, settings.staff_oidc_agency_claim or "")
        if len(found) != 1:
            raise SignInError(Code.STAFF_CLAIMS, "claims: agency")
        agency = found[0]
    person = claims.read_contact(told, settings)
    if person.email is None:
        raise SignInError(Code.STAFF_CLAIMS, "claims: email")
    return Told(role=role, agency=agency, name=person.name or person.email, email=person.email)


async def account_of(
    identified: Identified, settings: Settings, *, language: str, now: datetime, leaving: Leaving
) -> int:
    """The member of staff, made or brought to what the provider tells. Raises ``SignInError``.

    ``language``: what a new member of staff will be shown and written to in. With another role or
    agency than before, ``leaving`` gives their work to others.
    """
    try:
        told = read(identified.claims, settings)
    except SignInError as error:
        if error.code == Code.ROLE:
            await _end_sessions(identified, now)
        raise
    try:
        return await _account(identified, told, language=language, now=now, leaving=leaving)
    except asyncpg.UniqueViolationError as error:
        # Addresses change hands: that it is theirs is for an administrator to say.
        raise SignInError(Code.STAFF_CONFLICT, "the address has another account") from error


async def _account(
    identified: Identified, told: Told, *, language: str, now: datetime, leaving: Leaving
) -> int:
    async with transaction():
        # 1. Two first sign-ins of one identity at once: the second waits and finds what is there.
        await fetch(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
            f"{identified.issuer} {identified.subject}",
        )
        agency = None
        if told.agency is not None:
            found = await fetch_one("SELECT id FROM agency WHERE code = $1 AND active", told.agency)
            if found is None:
                raise SignInError(Code.STAFF_CLAIMS, "claims: agency is not in the directory")
            agency = found["id"]
        known = await fetch_one(
            """
            SELECT staff.id, staff.active, staff.role, staff.agency_id
            FROM identity JOIN staff ON staff.id = identity.staff_id
            WHERE identity.issuer = $1 AND identity.subject = $2
            """,
            identified.issuer, identified.subject,
        )  # fmt: skip
        if known is None:
            return await _made(identified, told, agency, language, now)
        if not known["active"]:
            raise SignInError(Code.CLOSED, "staff account is not active")
        staff: int = known["id"]
        # 2. The names an administrator gave here stay: the provider has one, for two languages.
        await fetch(
            "UPDATE staff SET role = $2, agency_id = $3, email = $4 WHERE id = $1",
            staff, told.role, agency, told.email,
        )  # fmt: skip
        if (known["role"], known["agency_id"]) != (told.role, agency):
            await sessions.revoke_all(staff_id=staff, now=now)
            await leaving(staff, by=None, now=now)
            data = {"role": told.role, "agency": agency, "by": "provider"}
            await audit.record(None, "change_staff", f"staff:{staff}", now, data)
        return staff


async def _made(
    identified: Identified, told: Told, agency: int | None, language: str, now: datetime
) -> int:
    row = await fetch_one(
        "INSERT INTO staff (role, agency_id, name_ar, name_en, email, language, created_at) "
        "VALUES ($1, $2, $3, $3, $4, $5, $6) RETURNING id",
        told.role, agency, told.name, told.email, language, now,
    )  # fmt: skip
    assert row is not None
    made: int = row["id"]
    await fetch(
        "INSERT INTO identity (issuer, subject, staff_id) VALUES ($1, $2, $3) "
        # The same subject may be a beneficiary: where they sign in decides.
        "ON CONFLICT (issuer, subject) DO UPDATE SET staff_id = EXCLUDED.staff_id",
        identified.issuer, identified.subject, made,
    )  # fmt: skip
    data = {"role": told.role, "by": "provider"}
    await audit.record(None, "invite", f"staff:{made}", now, data)
    return made


async def _end_sessions(identified: Identified, now: datetime) -> None:
    """The role was taken away: nobody goes on working with what it allowed."""
    async with transaction():
        known = await fetch_one(
            "SELECT staff_id FROM identity "
            "WHERE issuer = $1 AND subject = $2 AND staff_id IS NOT NULL",
            identified.issuer, identified.subject,
        )  # fmt: skip
        if known is not None:
            await sessions.revoke_all(staff_id=known["staff_id"], now=now)
            await audit.record(None, "role_taken_away", f"staff:{known['staff_id']}", now)


def _values(told: Mapping[str, Any], name: str) -> list[str]:
    """The claim's values: one text or a list of them; ``realm_access.roles`` also within another
    claim."""
    value = claims.claim(told, name)
    several = value if isinstance(value, list) else [value]
    return [each for each in several if isinstance(each, str) and each]
