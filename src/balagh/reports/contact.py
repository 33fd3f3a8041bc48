"""A person's new address or language, and their reports that follow it.

Reports keep the address and language they were filed with. When the person changes their own, the
reports that were reached at the old one follow, whatever their state: a closed report may still
have a message due. A report for which another address was given stays with that one.
"""

from datetime import datetime

from balagh.database import fetch, transaction
from balagh.people import verification
from balagh.people.verification import Channel, Over, Right, Wrong


async def confirm(
    person: int, channel: Channel, code: str, *, secret_key: bytes, now: datetime
) -> Right | Wrong | Over:
    """Makes the address the person's when it is the right code, and tells the old one so.

    What already waits in the outbox goes where it was promised. Wake the worker afterwards.
    """
    async with transaction():
        found = await verification.use(person, channel, code, secret_key=secret_key, now=now)
        if isinstance(found, Right) and not found.again:
            await fetch(_MOVE[channel], person, found.address, now, now.isoformat())
    return found


async def set_language(person: int, language: str) -> None:
    """``ar`` or ``en``: what pages and messages are in, those about earlier reports too."""
    await fetch(
        "WITH chosen AS (UPDATE person SET language = $2 WHERE id = $1) "
        "UPDATE report SET language = $2 WHERE person_id = $1 AND language <> $2",
        person, language,
    )  # fmt: skip


def _move(column: str, channel: Channel) -> str:
    return f"""
WITH before AS (
  SELECT id, name, language, {column} AS address FROM person WHERE id = $1 FOR NO KEY UPDATE
), moved AS (
  UPDATE person SET {column} = $2 FROM before WHERE person.id = before.id
), followed AS (
  UPDATE report SET {column} = $2 FROM before
  WHERE report.person_id = before.id AND report.{column} IS NOT DISTINCT FROM before.address
)
INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
SELECT 'person:' || id || ':contact_changed:' || $4::text || ':{channel}', 'contact_changed',
  '{channel}', address, language,
  jsonb_build_object('name', name, 'what', '{channel}', 'changed_at', $4::text), $3, $3
FROM before WHERE address IS NOT NULL AND address <> $2
"""  # noqa: S608 - two fixed column names


_MOVE = {"sms": _move("phone", "sms"), "email": _move("email", "email")}
