"""A form sent when its session was over: kept for the same person, shown again, never done.

It stands in the row of the session that the browser still names. Signing in on that browser moves
it to the new session when the person is the same (``sessions.begin``) and deletes it when not, so
that nobody else is shown it. It lives an hour, and until the person sends the next form.
"""

from datetime import datetime, timedelta

import msgspec

from balagh.database import fetch

LIFETIME = timedelta(hours=1)
# Letters of everything that was typed; the longest answer may have 20 000.
MOST = 150_000
# Sessions of one person whose forms may still be open in some window.
_WINDOWS = 50


class Unsent(msgspec.Struct, frozen=True):
    """``path``: the page the form is on; ``file``: one was chosen, and is not kept."""

    path: str
    fields: dict[str, str]
    file: bool = False


def unsent(path: str, fields: dict[str, str], *, file: bool) -> Unsent:
    """Cut down to what can be kept: PostgreSQL's text holds no NUL, and there is a limit."""
    clean = {
        name: value.replace("\x00", "") for name, value in fields.items() if "\x00" not in name
    }
    size = sum(len(name) + len(value) for name, value in clean.items())
    return Unsent(path, clean if size <= MOST else {}, file)


async def may_keep(token_hash: bytes) -> bool:
    """Whether it is a beneficiary's session that ended by itself, if it has ended."""
    rows = await fetch(
        "SELECT 1 FROM session "
        "WHERE token_hash = $1 AND person_id IS NOT NULL AND revoked_at IS NULL",
        token_hash,
    )
    return bool(rows)


async def keep_of_ended(token_hash: bytes, kept: Unsent, now: datetime) -> None:
    """Keeps it with the session that ended by itself; not with one that somebody ended."""
    await fetch(
        "UPDATE session SET unsent = $2::text::jsonb, unsent_at = $3 "
        "WHERE token_hash = $1 AND person_id IS NOT NULL AND revoked_at IS NULL",
        token_hash, _text(kept), now,
    )  # fmt: skip


async def keep(session_id: int, kept: Unsent, now: datetime) -> None:
    """Keeps it with the session in which it arrived."""
    await fetch(
        "UPDATE session SET unsent = $2::text::jsonb, unsent_at = $3 WHERE id = $1",
        session_id, _text(kept), now,
    )  # fmt: skip


def read(text: str | None) -> Unsent | None:
    """As the database has it."""
    return msgspec.json.decode(text, type=Unsent) if text else None


async def forget(session_id: int) -> None:
    await fetch("UPDATE session SET unsent = NULL, unsent_at = NULL WHERE id = $1", session_id)


async def forget_old(*, before: datetime) -> None:
    """Deletes what was kept before that instant and never fetched."""
    await fetch("UPDATE session SET unsent = NULL, unsent_at = NULL WHERE unsent_at < $1", before)


async def sessions_of(person_id: int) -> list[bytes]:
    """The token hashes of the person's newest sessions, ended ones too."""
    rows = await fetch(
        "SELECT token_hash FROM session WHERE person_id = $1 ORDER BY id DESC LIMIT $2",
        person_id, _WINDOWS,
    )  # fmt: skip
    return [row["token_hash"] for row in rows]


def _text(kept: Unsent) -> str:
    return msgspec.json.encode(kept).decode()
