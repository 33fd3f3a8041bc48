"""Answering without an account: one link, one report, 14 days, for an agency without staff here.

The link holds a random token; its hash is all that is kept of it. A link is good for as long as the
report stays with the agency that it was made for: what left ``in_progress`` since, or is referred
elsewhere, is answered by it no more, not even when it comes back.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from balagh.database import fetch, fetch_one, transaction
from balagh.people.sessions import token_hash
from balagh.reports.acting import Deed, Done, Overtaken
from balagh.reports.cases import Case, Desk
from balagh.reports.casework import File
from balagh.reports.deeds import TooLateError, within
from balagh.reports.lifecycle import Role, State

LIFETIME = timedelta(days=14)
MAKERS = frozenset({Role.REVIEWER, Role.SUPERVISOR})

Status = Literal["open", "used", "revoked", "stopped", "expired"]


class AnswerLink(msgspec.Struct, frozen=True, kw_only=True):
    """``name``, ``email``: of the contact it was sent to; ``maker_ar``, ``maker_en``: who made it.
    ``stopped``: the report left the agency's hands since; ``answer``: what was answered by
    it, ``closed``: whether that closed the report at once."""

    id: int
    report_id: int
    number: str
    agency_id: int
    name: str
    email: str
    made_by: int
    maker_ar: str
    maker_en: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    stopped: bool
    answer: str | None
    closed: bool

    def status(self, now: datetime) -> Status:
        """What has become of it; only an open one answers."""
        if self.used_at is not None:
            return "used"
        if self.revoked_at is not None:
            return "revoked"
        if self.stopped:
            return "stopped"
        return "expired" if now >= self.expires_at else "open"


def may_make(desk: Desk, case: Case) -> bool:
    """Whether that desk may make links for the report as it stands, if the agency has no staff."""
    return desk.role in MAKERS and case.state is State.IN_PROGRESS


async def has_staff(agency: int) -> bool:
    """Whether somebody of that agency works here, who then answers by themselves."""
    row = await fetch_one("SELECT 1 FROM staff WHERE agency_id = $1 AND active LIMIT 1", agency)
    return row is not None


_LINK = """
SELECT l.id, l.report_id, r.number, l.agency_id, l.name, l.email, l.made_by,
  s.name_ar AS maker_ar, s.name_en AS maker_en, l.created_at, l.expires_at, l.revoked_at, l.used_at,
  (r.state <> 'in_progress' OR r.referred_agency_id IS DISTINCT FROM l.agency_id
   OR EXISTS (SELECT 1 FROM event e WHERE e.report_id = l.report_id
              AND e.from_state = 'in_progress' AND e.at >= l.created_at)) AS stopped,
  a.data->>'answer' AS answer, coalesce(a.data ? 'closes', false) AS closed
FROM answer_link l JOIN report r ON r.id = l.report_id JOIN staff s ON s.id = l.made_by
  LEFT JOIN event a ON a.report_id = l.report_id AND a.action = 'answer' AND a.at = l.used_at
"""
MAKE = """
WITH theirs AS (
  -- 1. As it was shown: with that agency, which has nobody here. Whoever moves it waits.
  SELECT r.id FROM report r WHERE r.id = $1 AND r.state = 'in_progress'
    AND r.referred_agency_id = $2
    AND NOT EXISTS (SELECT 1 FROM staff s WHERE s.agency_id = $2 AND s.active)
  FOR NO KEY UPDATE OF r
), made AS (
  INSERT INTO answer_link
    (report_id, agency_id, token_hash, name, email, made_by, created_at, expires_at)
  SELECT id, $2, $3, $4, $5, $6, $7, $8 FROM theirs RETURNING id, report_id
), logged AS (
  INSERT INTO event (report_id, at, action, actor, staff_id, public, side, data)
  SELECT report_id, $7, 'send_link', 'staff', $6, false, 'amer',
    jsonb_build_object('answer_link', id, 'name', $4::text) FROM made
), told AS (
  INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
  SELECT 'answer_link:' || id || ':email', 'answer_link', 'email', $5, $9, $10::jsonb, $7, $7
  FROM made
), audited AS (
  INSERT INTO audit (at, staff_id, action, subject, data)
  SELECT $7, $6, 'send_link', 'report:' || report_id, jsonb_build_object('answer_link', id)
  FROM made
)
SELECT id FROM made
"""
# A message that still waits would promise what is over.
_USED = """
WITH unsent AS (DELETE FROM notice WHERE key = $1 AND state = 'waiting')
UPDATE notice SET data = data - 'answer_url' WHERE key = $1 AND state <> 'waiting'
"""
REVOKE = """
WITH ended AS (
  UPDATE answer_link SET revoked_at = $3
  WHERE id = $1 AND report_id = $2 AND revoked_at IS NULL AND used_at IS NULL
  RETURNING id, report_id, name
), logged AS (
  INSERT INTO event (report_id, at, action, actor, staff_id, public, side, data)
  SELECT report_id, $3, 'revoke_link', 'staff', $4, false, 'amer',
    jsonb_build_object('answer_link', id, 'name', name) FROM ended
), unsent AS (
  DELETE FROM notice USING ended
  WHERE key = 'answer_link:' || ended.id || ':email' AND state = 'waiting'
), sent AS (
  UPDATE notice SET data = data - 'answer_url' FROM ended
  WHERE key = 'answer_link:' || ended.id || ':email' AND state <> 'waiting'
)
INSERT INTO audit (at, staff_id, action, subject, data)
SELECT $3, $4, 'revoke_link', 'report:' || report_id, jsonb_build_object('answer_link', id)
FROM ended
"""


class Contact(msgspec.Struct, frozen=True):
    """Whom at the agency a link is sent to, and in which language."""

    name: str
    email: str
    language: Literal["ar", "en"]


async def make(
    desk: Desk, case: Case, contact: Contact, words: Callable[[str, datetime], dict[str, Any]],
    now: datetime,
) -> bool:  # fmt: skip
    """Makes a link and the message that carries it; false when the report is no longer with that
    agency, or the agency has staff by now. ``words``: the message's data, from the token and the
    link's end. Wake the worker afterwards."""
    token, end = secrets.token_urlsafe(32), now + LIFETIME
    row = await fetch_one(
        MAKE,
        case.id, case.referred_agency_id, token_hash(token), contact.name, contact.email,
        desk.staff_id, now, end, contact.language,
        msgspec.json.encode(words(token, end)).decode(),
    )  # fmt: skip
    return row is not None


async def revoke(desk: Desk, report: int, link: int, now: datetime) -> None:
    """Ends a link of that report; one that ended already stays as it is."""
    await fetch(REVOKE, link, report, now, desk.staff_id)


async def links_of(report: int) -> list[AnswerLink]:
    """The report's links, the newest first."""
    rows = await fetch(_LINK + "WHERE l.report_id = $1 ORDER BY l.id DESC", report)
    return [AnswerLink(**row) for row in rows]


async def link_by(token: str) -> AnswerLink | None:
    """The link with that token, whatever has become of it; none when we never made it."""
    row = await fetch_one(_LINK + "WHERE l.token_hash = $1", token_hash(token))
    return None if row is None else AnswerLink(**row)


def desk_by(link: AnswerLink) -> Desk:
    """Who looks through a link: the agency, as far as whoever made the link vouches for it."""
    return Desk(link.made_by, Role.AGENCY_OFFICER, link.agency_id)


async def file_by(link: AnswerLink, file: UUID) -> File | None:
    """A file of the link's report."""
    row = await fetch_one(
        "SELECT id, name, media_type, size FROM attachment "
        "WHERE id = $1 AND report_id = $2 AND pending_action IS NULL",
        file, link.report_id,
    )  # fmt: skip
    return None if row is None else msgspec.convert(dict(row), File)


async def answer(
    link: AnswerLink, deeds: tuple[Deed, ...], now: datetime
) -> Done | Overtaken | None:
    """Answers by the link, which is used up by it; none when it ended meanwhile. ``deeds``: as
    ``deeds.planned`` has them, with the closing that follows where the answer closes."""
    try:
        async with transaction():
            # 1. The link first: whoever revokes it now waits, or was before us.
            used = await fetch(
                "UPDATE answer_link SET used_at = $2 WHERE id = $1 AND used_at IS NULL "
                "AND revoked_at IS NULL AND expires_at > $2 RETURNING id",
                link.id, now,
            )  # fmt: skip
            if not used:
                return None
            await fetch(_USED, f"answer_link:{link.id}:email")
            # 2. The answer, with its entry in the audit log, last.
            return await within(deeds, now)
    except TooLateError:
        return Overtaken()


async def forget(now: datetime) -> None:
    """Takes the addresses out of messages that were sent, or whose link is over; what still waits
    with such a link is deleted. For the sweep."""
    await fetch(
        "WITH unsent AS (DELETE FROM notice WHERE moment = 'answer_link' AND state = 'waiting' "
        "AND created_at <= $1) "
        "UPDATE notice SET data = data - 'answer_url' WHERE moment = 'answer_link' "
        "AND data ? 'answer_url' AND (state = 'sent' OR state = 'failed' AND created_at <= $1)",
        now - LIFETIME,
    )
