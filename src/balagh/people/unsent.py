"""A form sent when its session was over: kept for the same person, shown again, never done.

It stands in the row of the session that the browser still names. Signing in on that browser moves
it to the new session when it is the same person or member of staff (``sessions.begin``) and deletes
it when not, so that nobody else is shown it. It lives an hour, and until they send the next form.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from balagh.database import fetch

LIFETIME = timedelta(hours=1)
# Letters of everything that was typed; the longest answer may have 20 000.
MOST = 150_000
# Sessions of one person whose forms may still be open in some window.
_WINDOWS = 50


class Unsent(msgspec.Struct, frozen=True):
    """``path``: the page the form is on; ``action``: where it is sent; ``fields``: of several
    values the last, ``several``: all of them; ``file``: one was chosen, and is not kept."""

    path: str
    fields: dict[str, str]
    file: bool = False
    action: str = ""
    several: dict[str, list[str]] = {}

    def values(self, name: str) -> list[str] | None:
        """What was sent under that name; none: nothing."""
        if name not in self.fields:
            return None
        return self.several.get(name) or [self.fields[name]]


def unsent(path: str, sent: Mapping[str, Sequence[str]], *, file: bool, action: str = "") -> Unsent:
    """Cut down to what can be kept: PostgreSQL's text holds no NUL, and there is a limit."""
    clean = {
        name: [value.replace("\x00", "") for value in values]
        for name, values in sent.items()
        if "\x00" not in name and values
    }
    size = sum(len(name) + len(value) for name, values in clean.items() for value in values)
    if size > MOST:
        clean = {}
    return Unsent(
        path,
        {name: values[-1] for name, values in clean.items()},
        file,
        action,
        {name: values for name, values in clean.items() if len(values) > 1},
    )


async def may_keep(token_hash: bytes) -> bool:
    """Whether it is a session that ended by itself, if it has ended."""
    rows = await fetch(
        "SELECT 1 FROM session WHERE token_hash = $1 AND revoked_at IS NULL", token_hash
    )
    return bool(rows)


async def keep_of_ended(token_hash: bytes, kept: Unsent, now: datetime) -> None:
    """Keeps it with the session that ended by itself; not with one that somebody ended."""
    await fetch(
        "UPDATE session SET unsent = $2::text::jsonb, unsent_at = $3 "
        "WHERE token_hash = $1 AND revoked_at IS NULL",
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


async def sessions_of(person_id: int | None, staff_id: int | None) -> list[bytes]:
    """The token hashes of the newest sessions of that person or member of staff, ended ones too."""
    rows = await fetch(
        "SELECT token_hash FROM session WHERE person_id = $1 OR staff_id = $2 "
        "ORDER BY id DESC LIMIT $3",
        person_id, staff_id, _WINDOWS,
    )  # fmt: skip
    return [row["token_hash"] for row in rows]


def _text(kept: Unsent) -> str:
    return msgspec.json.encode(kept).decode()
