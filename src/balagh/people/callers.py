"""Those whom staff files for: found by their national id, or added (specification 1).

A caller has an account from then on: whoever signs in with that national id finds their reports.
The id itself comes in a form, is looked up by its keyed hash, and is kept nowhere else.
"""

from datetime import datetime

import msgspec

from balagh.database import fetch_one, transaction
from balagh.people import audit, national_ids


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """``phone`` in E.164; ``language``: what they are written to in."""

    id: int
    name: str
    phone: str | None
    email: str | None
    language: str


class NewCaller(msgspec.Struct, frozen=True, kw_only=True):
    """As a caller says it; ``national_id`` valid and normalised."""

    national_id: str
    name: str
    phone: str
    email: str | None
    language: str


async def find(national_id: str, staff: int, *, secret_key: bytes, now: datetime) -> int | None:
    """The id of the person with that national id, or none. The log says who asked, and not what
    for where nobody was found."""
    hashed = national_ids.lookup_hash(national_id, secret_key)
    row = await fetch_one(
        "SELECT id FROM person WHERE national_id_hash = $1 AND erased_at IS NULL", hashed
    )
    subject = f"person:{row['id']}" if row else "person"
    await audit.record(staff, "look_up_caller", subject, now, {"found": row is not None})
    return None if row is None else int(row["id"])


async def add(given: NewCaller, staff: int, *, secret_key: bytes, now: datetime) -> int:
    """Adds the person; their id. One who is there by now stays as they are."""
    hashed = national_ids.lookup_hash(given.national_id, secret_key)
    async with transaction():
        row = await fetch_one(
            "INSERT INTO person (national_id_cipher, national_id_hash, name, phone, email, "
            "language, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) "
            "ON CONFLICT (national_id_hash) WHERE national_id_hash IS NOT NULL DO NOTHING "
            "RETURNING id",
            national_ids.seal(given.national_id, secret_key), hashed,
            given.name, given.phone, given.email, given.language, now,
        )  # fmt: skip
        made = row is not None
        if row is None:
            row = await fetch_one("SELECT id FROM person WHERE national_id_hash = $1", hashed)
        assert row is not None, "whoever was first is there"
        action = "add_caller" if made else "look_up_caller"
        await audit.record(staff, action, f"person:{row['id']}", now)
    return int(row["id"])


async def caller_of(person: int, staff: int, now: datetime) -> Caller | None:
    """What is kept of a caller, or none when there is nobody with that id. The log says who saw."""
    row = await fetch_one(
        "SELECT id, name, phone, email, language FROM person WHERE id = $1 AND erased_at IS NULL",
        person,
    )
    if row is None:
        return None
    await audit.record(staff, "view", f"person:{person}", now)
    return Caller(**row)
