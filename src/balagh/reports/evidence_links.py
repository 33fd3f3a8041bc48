"""Links by which a caller adds evidence to a report that staff filed for them (specification 3.1:
"may follow later when staff files for the caller"): ``/e/{token}``.

The token is random and only its hash is kept, besides the messages that carry it, from which it
goes as soon as it is not needed there. Whoever has it may add files to that one report and
sees its number and title, nothing else; for seven days, until it is revoked or the report ends.
"""

import secrets
import string
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

import msgspec

from balagh.database import fetch, fetch_one, transaction
from balagh.people import audit
from balagh.reports.acting import Notice
from balagh.reports.casework import File
from balagh.reports.lifecycle import State

LIFETIME = timedelta(days=7)
# Files that come by links, all links of a report together.
LIMIT = 10
# Letters and digits only: no program that makes links of text stops short of the end.
_SIGNS = string.ascii_letters + string.digits
# 62²⁴: 142 bits.
_LENGTH = 24
_ENDED = (State.CLOSED, State.CANCELLED, State.REJECTED)


class EvidenceLink(msgspec.Struct, frozen=True, kw_only=True):
    """As staff sees it; ``made_ar``, ``made_en``: the name of who sent it."""

    id: int
    made_ar: str
    made_en: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def works(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What a token opens. ``over``: it does not work any more; ``files``: how many came by links so
    far."""

    link_id: int
    report_id: int
    number: str
    title: str
    expires_at: datetime
    over: bool
    files: int


def possible(state: State) -> bool:
    """Whether evidence can still be added to a report in that state."""
    return state not in _ENDED


def new_token() -> str:
    return "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))


async def links(report: int) -> list[EvidenceLink]:
    """The links of a report, the newest first."""
    rows = await fetch(
        "SELECT l.id, s.name_ar AS made_ar, s.name_en AS made_en, l.created_at, l.expires_at, "
        "l.revoked_at FROM evidence_link l JOIN staff s ON s.id = l.made_by "
        "WHERE l.report_id = $1 ORDER BY l.id DESC",
        report,
    )
    return [msgspec.convert(dict(row), EvidenceLink) for row in rows]


_SEND = """
WITH made AS (
  INSERT INTO evidence_link (report_id, token_hash, made_by, created_at, expires_at)
  VALUES ($1, $2, $3, $4, $5) RETURNING id, report_id
), logged AS (
  INSERT INTO event (report_id, at, action, actor, staff_id, public, side, data)
  SELECT report_id, $4, 'send_link', 'staff', $3, false, 'amer',
    jsonb_build_object('link', id, 'for', 'evidence') FROM made
), told AS (
  INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
  SELECT 'report:' || made.report_id || ':evidence_link:' || made.id || ':' || n.channel,
    n.moment, n.channel, n.recipient, n.language, n.data, $4, $4
  FROM made, jsonb_to_recordset($6::jsonb)
    AS n (moment text, channel text, recipient text, language text, data jsonb)
)
SELECT id FROM made
"""


async def send(
    report: int, token: str, newest: int, staff: int, notices: tuple[Notice, ...], now: datetime
) -> bool:
    """Makes the link that the messages hold, and sends them. False when the report has ended or
    another link than ``newest`` was the last one by now: the same form sent twice sends one.

    Wake the worker afterwards.
    """
    async with transaction():
        # 1. One after the other, so that the second sees what the first one sent.
        row = await fetch_one("SELECT state FROM report WHERE id = $1 FOR NO KEY UPDATE", report)
        last = await fetch_one(
            "SELECT coalesce(max(id), 0) AS id FROM evidence_link WHERE report_id = $1", report
        )
        if row is None or last is None or last["id"] != newest:
            return False
        if not possible(State(row["state"])):
            return False
        written = msgspec.json.encode(notices).decode()
        await fetch(_SEND, report, _hash(token), staff, now, now + LIFETIME, written)
        await audit.record(staff, "send_evidence_link", f"report:{report}", now)
    return True


async def revoke(link: int, report: int, staff: int, now: datetime) -> None:
    """Ends a link of that report; one that is over already stays as it is."""
    await fetch(
        """
        WITH ended AS (
          UPDATE evidence_link SET revoked_at = $4
          WHERE id = $1 AND report_id = $2 AND revoked_at IS NULL AND expires_at > $4
          RETURNING id, report_id
        ), logged AS (
          INSERT INTO event (report_id, at, action, actor, staff_id, public, side, data)
          SELECT report_id, $4, 'revoke_link', 'staff', $3, false, 'amer',
            jsonb_build_object('link', id, 'for', 'evidence') FROM ended
        ), its AS (
          SELECT notice.id, state
          FROM notice, ended, unnest(ARRAY['sms','email','sms:fallback']) AS way
          WHERE key = 'report:' || report_id || ':evidence_link:' || ended.id || ':' || way
          ORDER BY notice.id FOR UPDATE OF notice
        ), unsent AS (
          DELETE FROM notice USING its WHERE notice.id = its.id AND its.state = 'waiting'
        ), sent AS (
          UPDATE notice SET data = data - 'link' - 'fallback_email' FROM its
          WHERE notice.id = its.id AND its.state <> 'waiting'
        )
        INSERT INTO audit (at, staff_id, action, subject)
        SELECT $4, $3, 'revoke_evidence_link', 'report:' || report_id FROM ended
        """,
        link, report, staff, now,
    )  # fmt: skip


async def forget(now: datetime) -> None:
    """Takes the links out of messages that need them no more: sent by e-mail, delivered, failed
    (they are not sent again), or over. An SMS that was sent may still become an e-mail. What still
    waits with a link that is over is deleted. For the sweep."""
    await fetch(
        "WITH unsent AS (DELETE FROM notice WHERE moment = 'evidence_link' AND state = 'waiting' "
        "AND created_at <= $1) "
        "UPDATE notice SET data = data - 'link' - 'fallback_email' "
        "WHERE moment = 'evidence_link' AND data ? 'link' AND state <> 'waiting' "
        "AND (channel = 'email' OR state = 'failed' OR receipt = 'delivered' OR created_at <= $1)",
        now - LIFETIME,
    )


_OPENED = """
SELECT l.id AS link_id, r.id AS report_id, r.number, r.title, l.expires_at,
  (l.revoked_at IS NOT NULL OR l.expires_at <= $2 OR r.state = ANY($3::text[])) AS over,
  (SELECT count(*) FROM attachment a JOIN event e ON e.id = a.event_id
   WHERE a.report_id = r.id AND e.action = 'add_evidence') AS files
FROM evidence_link l JOIN report r ON r.id = l.report_id WHERE l.token_hash = $1
"""


async def opened(token: str, now: datetime) -> Opened | None:
    """What the token opens, or none when it is not one of ours."""
    row = await fetch_one(_OPENED, _hash(token), now, [state.value for state in _ENDED])
    return None if row is None else msgspec.convert(dict(row), Opened)


_ADD = """
WITH moved AS (
  -- Whoever decides on the report meanwhile is told that it changed.
  UPDATE report SET version = version + 1 WHERE id = $1 RETURNING id, person_id
), logged AS (
  INSERT INTO event (report_id, at, action, actor, data)
  SELECT id, $2, 'add_evidence', 'beneficiary', jsonb_build_object('link', $3::bigint)
  FROM moved RETURNING id
)
INSERT INTO attachment (id, report_id, event_id, person_id, name, media_type, size, sha256,
  added_at)
SELECT $4, moved.id, logged.id, moved.person_id, $5, $6, $7, $8, $2 FROM moved, logged
"""


async def add(
    file: File, sha256: bytes, token: str, now: datetime
) -> Literal["added", "there", "too_many", "over"]:
    """Records a kept file. ``there``: the report has that very file already (a lost answer, sent
    again); ``too_many``: ``LIMIT`` files came by links."""
    async with transaction():
        # 1. Alone with link and report: two files at once are counted, one revoked in between not
        #    added.
        await fetch(
            "SELECT 1 FROM evidence_link l JOIN report r ON r.id = l.report_id "
            "WHERE l.token_hash = $1 FOR NO KEY UPDATE",
            _hash(token),
        )
        # 2. As it is left by whoever was first.
        found = await opened(token, now)
        if found is None or found.over:
            return "over"
        same = await fetch(
            "SELECT 1 FROM attachment WHERE report_id = $1 AND sha256 = $2 AND name = $3",
            found.report_id, sha256, file.name,
        )  # fmt: skip
        if same:
            return "there"
        if found.files >= LIMIT:
            return "too_many"
        await fetch(
            _ADD, found.report_id, now, found.link_id, file.id, file.name, file.media_type,
            file.size, sha256,
        )  # fmt: skip
    return "added"


def _hash(token: str) -> bytes:
    # Without salt or stretching: 142 random bits cannot be guessed from their hash.
    return sha256(token.encode()).digest()
