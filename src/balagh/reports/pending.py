"""What a beneficiary has written and added for an update or a request to reopen, until it is
confirmed: on the server, like a draft, so that no device and no error loses it.

Texts are kept by part (``text_0``); each row belongs to the event that asked for it, so that what
was written for one request for data is never taken for an answer to the next.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from balagh.database import fetch, fetch_one, transaction
from balagh.reports.casework import File
from balagh.reports.lifecycle import Action

Pending = Literal[Action.UPDATE, Action.REQUEST_REOPENING]

# After that, what can no longer be confirmed is deleted; until then it can still be read.
KEPT = timedelta(days=7)
# The state in which each is possible; the window's end is asked for when it is confirmed.
_STATES = {Action.UPDATE: "missing_data", Action.REQUEST_REOPENING: "closed"}


class PendingFile(File, frozen=True):
    """``item``: for which of the things that were asked for, from 0."""

    item: int | None = None


class Written(msgspec.Struct, frozen=True):
    """``answers``: by part; ``updated_at``: none when nothing was written yet."""

    answers: dict[str, str]
    updated_at: datetime | None = None

    @property
    def version(self) -> int:
        """Microseconds since the epoch: tells whether it changed since a page was shown."""
        return int(self.updated_at.timestamp() * 1_000_000) if self.updated_at else 0


_KEEP = """
INSERT INTO action_draft (report_id, action, answers, updated_at)
VALUES ($1, $2, $3::jsonb, $4)
ON CONFLICT (report_id, action) DO UPDATE SET
  answers = action_draft.answers || excluded.answers,
  -- Never the same instant twice: the version must move with every change.
  updated_at = greatest(excluded.updated_at, action_draft.updated_at + interval '1 microsecond')
"""


async def written(report: int, action: Pending, request: int) -> Written:
    """What was written after the event ``request``."""
    row = await fetch_one(
        "SELECT answers, updated_at FROM action_draft WHERE report_id = $1 AND action = $2",
        report, action.value,
    )  # fmt: skip
    return _written(row, request)


async def lock(report: int, action: Pending, request: int) -> Written:
    """As ``written``, and nobody else adds to it until the transaction ends."""
    row = await fetch_one(
        "SELECT answers, updated_at FROM action_draft WHERE report_id = $1 AND action = $2 "
        "FOR UPDATE",
        report, action.value,
    )  # fmt: skip
    return _written(row, request)


async def kept_texts(report: int, action: Action) -> list[str]:
    """All that is still kept of it, whatever it was written for."""
    row = await fetch_one(
        "SELECT answers FROM action_draft WHERE report_id = $1 AND action = $2",
        report,
        action.value,
    )
    return list(json.loads(row["answers"]).values()) if row else []


async def files(report: int, action: Pending, since: datetime) -> tuple[PendingFile, ...]:
    """The files that wait with it, added after the event at ``since``."""
    rows = await fetch(
        "SELECT id, name, media_type, size, item FROM attachment WHERE report_id = $1 "
        "AND pending_action = $2 AND added_at >= $3 ORDER BY added_at, id",
        report, action.value, since,
    )  # fmt: skip
    return tuple(msgspec.convert(dict(row), PendingFile) for row in rows)


async def keep(
    report: int, action: Pending, request: int, texts: Mapping[str, str], now: datetime
) -> None:
    """Keeps what was typed, right or wrong."""
    answers = {f"{request}:{part}": text for part, text in texts.items()}
    await fetch(_KEEP, report, action.value, json.dumps(answers), now)


async def attach(
    file: File, sha256: bytes, report: int, person: int, action: Pending, item: int | None,
    since: datetime, limit: int, now: datetime,
) -> bool:  # fmt: skip
    """Records a kept file; false when ``limit`` files wait already, or when it is too late."""
    async with transaction():
        # 1. Alone with the draft, whose version moves: a check page shown before does not cover
        #    the new file.
        await fetch(_KEEP, report, action.value, "{}", now)
        # 2. A statement of its own, which sees what was done while the first one waited.
        rows = await fetch(
            "INSERT INTO attachment (id, report_id, person_id, name, media_type, size, sha256, "
            "added_at, pending_action, item) "
            "SELECT $1, r.id, $3, $4, $5, $6, $7, $8, $9, $10 FROM report r "
            "WHERE r.id = $2 AND r.person_id = $3 AND r.state = $11 AND (SELECT count(*) FROM "
            "attachment WHERE report_id = $2 AND pending_action = $9 AND added_at >= $12) < $13 "
            "RETURNING id",
            file.id, report, person, file.name, file.media_type, file.size, sha256, now,
            action.value, item, _STATES[action], since, limit,
        )  # fmt: skip
    return bool(rows)


async def detach(file: UUID, report: int, person: int, action: Pending, now: datetime) -> bool:
    """Forgets a file that was not confirmed yet; false when there is none such."""
    async with transaction():
        await fetch(_KEEP, report, action.value, "{}", now)
        rows = await fetch(
            "DELETE FROM attachment WHERE id = $1 AND report_id = $2 AND person_id = $3 "
            "AND pending_action = $4 RETURNING id",
            file, report, person, action.value,
        )  # fmt: skip
    return bool(rows)


_POSSIBLE = """
CASE {action} WHEN 'update' THEN r.state = 'missing_data' AND r.data_due_at > $2
              ELSE r.state = 'closed' AND r.reopen_until > $2 END
"""
FORGET = f"""
WITH words AS (
  DELETE FROM action_draft d USING report r
  WHERE r.id = d.report_id AND d.updated_at <= $1
    AND ({_POSSIBLE.format(action="d.action")}) IS NOT TRUE
)
DELETE FROM attachment a USING report r
WHERE r.id = a.report_id AND a.pending_action IS NOT NULL AND a.added_at <= $1
  AND ({_POSSIBLE.format(action="a.pending_action")}) IS NOT TRUE
RETURNING a.id
"""  # noqa: S608


async def forget(now: datetime) -> list[UUID]:
    """Deletes what was never confirmed and no longer can be, a week after it was last touched;
    returns the files whose bytes can go."""
    return [row["id"] for row in await fetch(FORGET, now - KEPT, now)]


def _written(row: Mapping[str, object] | None, request: int) -> Written:
    if row is None:
        return Written({})
    found = msgspec.convert({**row, "answers": json.loads(str(row["answers"]))}, Written)
    mine = f"{request}:"
    texts = {
        key.removeprefix(mine): text for key, text in found.answers.items() if key.startswith(mine)
    }
    return msgspec.structs.replace(found, answers=texts)
