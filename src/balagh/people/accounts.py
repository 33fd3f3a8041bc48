"""Whose account it is that signs in: found by identity, else by national id, else made.

The identity is the pair (issuer, subject), the only one a provider promises to keep (OpenID Connect
Core 1.0, 5.7); never the e-mail address or the telephone number, which change hands.
"""

from datetime import datetime

import msgspec

from balagh.database import fetch, fetch_one, transaction
from balagh.people import claims, national_ids
from balagh.people.failures import Code, SignInError
from balagh.people.oidc import Identified
from balagh.settings import Settings


class Account(msgspec.Struct, frozen=True):
    """A beneficiary. Staff come in by ``staff_claims``, though their subject may be the same."""

    person_id: int


async def account_of(
    identified: Identified, settings: Settings, *, language: str, now: datetime
) -> Account:
    """The account, with what the provider told filled in. Raises ``SignInError``.

    ``language`` (``ar``, ``en``) is what a new person will be written to in. The name follows the
    provider; telephone number and e-mail address are only filled in where there is none.
    """
    told = claims.read(identified.claims, settings)
    async with transaction():
        # 1. Two first sign-ins of one identity at once: the second waits and finds what is there.
        await fetch(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
            f"{identified.issuer} {identified.subject}",
        )
        # 2. Known already? (The identity of somebody erased counts as new.)
        known = await fetch_one(
            """
            SELECT person.id AS person_id, person.national_id_hash
            FROM identity
            JOIN person ON person.id = identity.person_id AND person.erased_at IS NULL
            WHERE identity.issuer = $1 AND identity.subject = $2
            """,
            identified.issuer,
            identified.subject,
        )
        sealed, hashed = _sealed(told.national_id, settings)
        # 3. Known, unknown with a known national id, or new.
        if known is not None:
            person_id: int = known["person_id"]
            await _attach_national_id(person_id, known["national_id_hash"], sealed, hashed)
            await _refresh(person_id, told)
        else:
            person_id = await _found_or_made(told, sealed, hashed, language=language, now=now)
            await fetch(
                "INSERT INTO identity (issuer, subject, person_id) VALUES ($1, $2, $3) "
                "ON CONFLICT (issuer, subject) DO UPDATE SET person_id = EXCLUDED.person_id",
                identified.issuer,
                identified.subject,
                person_id,
            )
    return Account(person_id=person_id)


async def _found_or_made(
    told: claims.Told,
    sealed: bytes | None,
    hashed: bytes | None,
    *,
    language: str,
    now: datetime,
) -> int:
    # The index on national_id_hash settles a race of two identities of one person.
    row = await fetch_one(
        """
        INSERT INTO person
          (national_id_cipher, national_id_hash, name, phone, email, language, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (national_id_hash) WHERE national_id_hash IS NOT NULL DO UPDATE SET
          name = coalesce(nullif(EXCLUDED.name, ''), person.name),
          phone = coalesce(person.phone, EXCLUDED.phone),
          email = coalesce(person.email, EXCLUDED.email)
        RETURNING id
        """,
        sealed,
        hashed,
        told.name,
        told.phone,
        told.email,
        language,
        now,
    )
    assert row is not None
    found: int = row["id"]
    return found


async def _refresh(person_id: int, told: claims.Told) -> None:
    await fetch(
        """
        UPDATE person SET name = coalesce(nullif($2, ''), name), phone = coalesce(phone, $3),
               email = coalesce(email, $4)
        WHERE id = $1
        """,
        person_id,
        told.name,
        told.phone,
        told.email,
    )


async def _attach_national_id(
    person_id: int, known: bytes | None, sealed: bytes | None, hashed: bytes | None
) -> None:
    if hashed is None or hashed == known:
        return
    # One subject with another national id: people would see each other's reports. Nobody but a
    # person can sort that out.
    if known is not None:
        raise SignInError(Code.CONFLICT, "the subject came with another national id")
    rows = await fetch(
        """
        UPDATE person SET national_id_cipher = $2, national_id_hash = $3
        WHERE id = $1 AND NOT EXISTS (SELECT FROM person WHERE national_id_hash = $3)
        RETURNING id
        """,
        person_id,
        sealed,
        hashed,
    )
    if not rows:
        raise SignInError(Code.CONFLICT, "the national id belongs to another account")


def _sealed(national_id: str | None, settings: Settings) -> tuple[bytes | None, bytes | None]:
    if national_id is None:
        return None, None
    key = settings.secret_key
    return national_ids.seal(national_id, key), national_ids.lookup_hash(national_id, key)
