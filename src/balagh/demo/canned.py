"""The sample canned replies, of Amer and of an agency."""

from datetime import datetime
from pathlib import Path

import msgspec

from balagh.database import fetch
from balagh.reports.lifecycle import Action

_FILE = Path(__file__).parent / "sample" / "replies.toml"


class SampleReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``agency``: its code in the sample catalogue, empty: Amer's."""

    action: Action
    language: str
    title: str
    body: str
    agency: str = ""
    kind: str | None = None


class _Replies(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    replies: tuple[SampleReply, ...]


def sample_replies() -> tuple[SampleReply, ...]:
    return msgspec.toml.decode(_FILE.read_bytes(), type=_Replies).replies


async def seed_replies(now: datetime) -> None:
    """Adds them; within the transaction that adds the samples. The staff must be there."""
    for one in sample_replies():
        await fetch(
            "INSERT INTO canned_reply (agency_id, kind, action, language, title, body, changed_by, "
            "changed_at) SELECT s.agency_id, $2, $3, $4, $5, $6, s.id, $7 FROM staff s "
            "LEFT JOIN agency a ON a.id = s.agency_id WHERE s.active AND "
            "(a.code = $1 OR ($1 = '' AND s.role = 'supervisor')) ORDER BY s.id LIMIT 1",
            one.agency, one.kind, one.action.value, one.language, one.title, one.body.strip(), now,
        )  # fmt: skip
