"""A local account's password and second factor, as one row: checked, set, renewed.

``changed_at`` is in everything that is signed on the way in: a new password or factor ends what was
begun with the old one.
"""

from datetime import datetime

import msgspec

from balagh.database import fetch, fetch_one, transaction
from balagh.people import (
    account_notices,
    audit,
    invitations,
    passwords,
    second_factor,
    sessions,
)


class Local(msgspec.Struct, frozen=True, kw_only=True):
    """An active member of staff with a password. ``totp``: the sealed secret, none before the
    second factor is enrolled; ``step``: the last one used; ``left``: unused recovery codes."""

    staff_id: int
    name_ar: str
    name_en: str
    email: str
    password_hash: str
    totp: bytes | None
    step: int | None
    changed_at: datetime
    left: int


_LOCAL = """
SELECT staff.id AS staff_id, staff.name_ar, staff.name_en, staff.email, password_hash,
       totp_cipher AS totp, totp_step AS step, changed_at,
       (SELECT count(*) FROM recovery_code
        WHERE recovery_code.staff_id = staff.id AND used_at IS NULL) AS left
FROM credential JOIN staff ON staff.id = credential.staff_id AND staff.active
"""


async def of_email(email: str) -> Local | None:
    row = await fetch_one(_LOCAL + "WHERE lower(staff.email) = lower($1)", email.strip())
    return Local(**row) if row else None


async def of(staff: int) -> Local | None:
    row = await fetch_one(_LOCAL + "WHERE staff.id = $1", staff)
    return Local(**row) if row else None


async def check_password(found: Local | None, password: str) -> bool:
    """Whether it is theirs; of nobody it is checked as long. Made anew when the parameters are not
    today's any more."""
    right = await passwords.verified(found.password_hash if found else None, password)
    if right and found is not None and passwords.outdated(found.password_hash):
        await fetch(
            "UPDATE credential SET password_hash = $3 WHERE staff_id = $1 AND password_hash = $2",
            found.staff_id, found.password_hash, await passwords.hashed(password),
        )  # fmt: skip
    return right


async def check_code(found: Local, code: str, *, secret_key: bytes, now: datetime) -> bool:
    """Whether it is a code of their app that was not used yet; it is used by that."""
    if found.totp is None:
        return False
    secret = second_factor.unseal(found.totp, found.staff_id, secret_key)
    step = second_factor.step_of(secret, code, now, after=found.step)
    if step is None:
        return False
    # Two at once with one code: the second finds the step taken.
    won = await fetch(
        "UPDATE credential SET totp_step = $2 WHERE staff_id = $1 AND totp_cipher = $3 "
        "AND (totp_step IS NULL OR totp_step < $2) RETURNING staff_id",
        found.staff_id, step, found.totp,
    )  # fmt: skip
    return bool(won)


async def use_recovery_code(found: Local, code: str, *, secret_key: bytes, now: datetime) -> bool:
    """Whether it is one of theirs that was not used yet; it is used by that."""
    hashed = second_factor.recovery_hash(code, found.staff_id, secret_key)
    won = await fetch(
        "UPDATE recovery_code SET used_at = $3 "
        "WHERE staff_id = $1 AND code_hash = $2 AND used_at IS NULL RETURNING id",
        found.staff_id, hashed, now,
    )  # fmt: skip
    if won:
        await audit.record(found.staff_id, "use_recovery_code", f"staff:{found.staff_id}", now)
    return bool(won)


async def set_by_link(token: str, password: str, now: datetime) -> int | None:
    """Sets the password of whose link it is, once, and ends their sessions; returns their id. A
    second factor that they have stays. Who had a password is told that it was changed."""
    made = await passwords.hashed(password)
    async with transaction():
        found = await invitations.use(token, now)
        if found is None:
            return None
        await fetch(
            "INSERT INTO credential (staff_id, password_hash, changed_at) VALUES ($1, $2, $3) "
            "ON CONFLICT (staff_id) DO UPDATE SET password_hash = $2, changed_at = $3",
            found.staff_id, made, now,
        )  # fmt: skip
        await sessions.revoke_all(staff_id=found.staff_id, now=now)
        if found.local:
            await account_notices.tell(found.staff_id, "password", now)
        await audit.record(found.staff_id, "set_password", f"staff:{found.staff_id}", now)
    return found.staff_id


async def change_password(staff: int, password: str, *, session: int, now: datetime) -> None:
    """Sets it, ends their other sessions and links, and tells them."""
    made = await passwords.hashed(password)
    async with transaction():
        await fetch(
            "UPDATE credential SET password_hash = $2, changed_at = $3 WHERE staff_id = $1",
            staff, made, now,
        )  # fmt: skip
        await invitations.void(staff, now)
        await sessions.revoke_all(staff_id=staff, but=session, now=now)
        await account_notices.tell(staff, "password", now)
        await audit.record(staff, "set_password", f"staff:{staff}", now)


async def enrol(
    found: Local,
    secret: str,
    code: str,
    *,
    secret_key: bytes,
    now: datetime,
    session: int | None = None,
) -> list[str] | None:
    """Makes that secret their second factor when the code is one of its; returns the recovery codes
    that go with it, which nobody sees again. ``session``: the one that does not end by it. Who had
    a second factor is told that it is another.

    None: not its code, or another factor was enrolled meanwhile.
    """
    step = second_factor.step_of(secret, code, now)
    if step is None:
        return None
    async with transaction():
        won = await fetch(
            "UPDATE credential SET totp_cipher = $2, totp_step = $3, changed_at = $4 "
            "WHERE staff_id = $1 AND changed_at = $5 RETURNING staff_id",
            found.staff_id, second_factor.seal(secret, found.staff_id, secret_key), step, now,
            found.changed_at,
        )  # fmt: skip
        if not won:
            return None
        made = await _recovery_codes(found.staff_id, secret_key)
        await sessions.revoke_all(staff_id=found.staff_id, but=session, now=now)
        if found.totp is not None:
            await account_notices.tell(found.staff_id, "factor", now)
        await audit.record(found.staff_id, "enrol_factor", f"staff:{found.staff_id}", now)
    return made


async def new_recovery_codes(staff: int, *, secret_key: bytes, now: datetime) -> list[str]:
    """Ten new ones in the place of those there were; the owner is told."""
    async with transaction():
        made = await _recovery_codes(staff, secret_key)
        await account_notices.tell(staff, "codes", now)
        await audit.record(staff, "new_recovery_codes", f"staff:{staff}", now)
    return made


async def _recovery_codes(staff: int, secret_key: bytes) -> list[str]:
    made = second_factor.recovery_codes()
    await fetch("DELETE FROM recovery_code WHERE staff_id = $1", staff)
    await fetch(
        "INSERT INTO recovery_code (staff_id, code_hash) SELECT $1, unnest($2::bytea[])",
        staff, [second_factor.recovery_hash(code, staff, secret_key) for code in made],
    )  # fmt: skip
    return made
