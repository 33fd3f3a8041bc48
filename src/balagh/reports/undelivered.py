"""Messages that could not be delivered, for those who see to it that people are told all the same.

Specification 6: "a supervisor sees what could not be delivered." Sending one again is the same row
of the outbox: the same Message-ID and the same bytes, so that a mailbox that has it already can
tell. ``notice.resent`` tells the sendings apart, so that a receipt of an earlier one settles
nothing. What a server bounces after it took a message does not reach us, and is no failure here.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

import msgspec

from balagh.database import fetch, fetch_one
from balagh.notices.moments import MOMENTS
from balagh.reports.correcting import Change
from balagh.reports.lifecycle import Entry, Role

KEEPERS = frozenset({Role.SUPERVISOR})
# Longer than the usual pauses after a failed attempt, so that something is the matter.
LONG = timedelta(hours=1)
# More than that is not counted.
MANY = 1000
# What holds a secret that is over by now, or says what is over: whoever made it makes it anew.
NOT_AGAIN = (
    "verification_code", "staff_invitation", "staff_password", "answer_link", "evidence_link",
    "staff_digest", "contact_changed",
)  # fmt: skip
# What went to the address of a report's own contact. Staff are told at the address of their
# account, which no report holds.
_TO_THE_CONTACT = tuple(
    name for name, one in MOMENTS.items() if one.audience == "beneficiary" and name not in NOT_AGAIN
)
Channel = Literal["sms", "email"]


class Tab(StrEnum):
    FAILED = "failed"
    WAITING = "waiting"
    DISMISSED = "dismissed"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A message. ``version`` and those after it: of the report that it is about, if it is about
    one. ``told``: the same moment went out by e-mail; ``last_at``: when it failed, or is tried
    again."""

    id: int
    key: str
    moment: str
    channel: Channel
    recipient: str
    language: str
    state: str
    attempts: int
    resent: int
    error: str | None
    created_at: datetime
    last_at: datetime
    told: bool
    dismissed_at: datetime | None
    dismissed_why: str | None
    dismissed_ar: str | None
    dismissed_en: str | None
    report_id: int | None
    number: str | None
    version: int | None

    @property
    def again(self) -> bool:
        """Whether it can be sent again."""
        return self.failed and self.moment not in NOT_AGAIN

    @property
    def correctable(self) -> bool:
        """Whether the right address can be given here: of the report that it is about."""
        return self.again and self.report_id is not None and self.moment in _TO_THE_CONTACT

    @property
    def failed(self) -> bool:
        return self.state == "failed" and self.dismissed_at is None


class Page(msgspec.Struct, frozen=True):
    """The newest first, and after which one the next page begins (``None`` at the end)."""

    lines: tuple[Line, ...]
    next: int | None


# Waiting in the outbox for long; what was sent again by hand, once that was tried or is long ago.
_TABS = {
    Tab.FAILED: "n.state = 'failed' AND n.dismissed_at IS NULL",
    Tab.WAITING: "n.state = 'waiting' AND n.created_at <= $1 "
    "AND (n.resent = 0 OR n.attempts > 0 OR n.next_attempt_at <= $1)",
    Tab.DISMISSED: "n.dismissed_at IS NOT NULL",
}
# Whether an e-mail in that state tells the same; `n` is the SMS.
_BY_EMAIL = """(n.channel = 'sms' AND EXISTS (SELECT FROM notice o WHERE o.state IN ({states})
  AND o.key IN (n.key || ':fallback', regexp_replace(n.key, ':sms$', ':email'))))"""
# Or will.
TOLD_BY_EMAIL = _BY_EMAIL.format(states="'sent','waiting'")
_LINE = f"""
SELECT n.id, n.key, n.moment, n.channel, n.recipient, n.language, n.state, n.attempts, n.resent,
  n.error, n.created_at, coalesce(n.failed_at, n.next_attempt_at) AS last_at,
  n.dismissed_at, n.dismissed_why, s.name_ar AS dismissed_ar, s.name_en AS dismissed_en,
  {_BY_EMAIL.format(states="'sent'")} AS told,
  r.id AS report_id, r.number, r.version
FROM notice n LEFT JOIN staff s ON s.id = n.dismissed_by
  LEFT JOIN report r ON split_part(n.key, ':', 1) = 'report'
    AND r.id = CASE WHEN split_part(n.key, ':', 2) ~ '^[0-9]{{1,18}}$'
      THEN split_part(n.key, ':', 2)::bigint END
WHERE """  # noqa: S608


async def page(
    tab: Tab, now: datetime, *, channel: str = "", moment: str = "", after: int | None = None,
    limit: int = 50,
) -> Page:  # fmt: skip
    """``channel``, ``moment``: only those; ``after``: continues after that message."""
    rows = await fetch(
        f"{_LINE} {_TABS[tab]} AND $1::timestamptz IS NOT NULL "
        "AND ($2 = '' OR n.channel = $2) AND ($3 = '' OR n.moment = $3) "
        "AND ($4::bigint IS NULL OR n.id < $4) ORDER BY n.id DESC LIMIT $5",
        now - LONG, channel, moment, after, limit + 1,
    )  # fmt: skip
    lines = tuple(Line(**row) for row in rows[:limit])
    return Page(lines, lines[-1].id if len(rows) > limit else None)


async def counts(now: datetime) -> dict[Tab, int]:
    """How many failed and how many wait for long; ``MANY`` means that or more."""
    found = {}
    for tab in (Tab.FAILED, Tab.WAITING):
        rows = await fetch(
            f"SELECT count(*) AS n FROM (SELECT 1 FROM notice n WHERE {_TABS[tab]} "  # noqa: S608
            "AND $1::timestamptz IS NOT NULL LIMIT $2) x",
            now - LONG, MANY,
        )  # fmt: skip
        found[tab] = int(rows[0]["n"])
    return found


async def moments() -> list[str]:
    """Those of which something failed or was settled."""
    rows = await fetch(
        # Each half as its partial index has it.
        "SELECT moment FROM notice WHERE state = 'failed' AND dismissed_at IS NULL "
        "UNION SELECT moment FROM notice WHERE dismissed_at IS NOT NULL ORDER BY moment"
    )
    return [row["moment"] for row in rows]


async def line(notice: int) -> Line | None:
    """A message that waits, failed, or was sent again; none of any other."""
    row = await fetch_one(f"{_LINE} n.id = $1 AND (n.state <> 'sent' OR n.resent > 0)", notice)
    return None if row is None else Line(**row)


# It begins anew: nothing is known of this sending yet. One that waited may have been on its way.
_ANEW = """state = 'waiting', attempts = 0, next_attempt_at = {now}, failed_at = NULL,
    resent = resent + 1, sent_at = NULL, provider_id = NULL, receipt = NULL, receipt_code = NULL,
    delivered_at = NULL"""


async def resend(notice: int, resent: int, staff: int, now: datetime) -> bool:
    """Sends it again, once however often it is asked for: only where it was sent so often before.
    False when somebody was first, or when it cannot be. Wake the worker afterwards."""
    rows = await fetch(
        f"""
        WITH again AS (
          UPDATE notice SET {_ANEW.format(now="$1")}
          WHERE id = $2 AND resent = $3 AND state = 'failed' AND dismissed_at IS NULL
            AND moment <> ALL($4::text[])
          RETURNING id, key
        )
        INSERT INTO audit (at, staff_id, action, subject, data)
        SELECT $1, $5, 'resend', {_SUBJECT}, jsonb_build_object('notice', id) FROM again
        RETURNING 1
        """,  # noqa: S608
        now, notice, resent, list(NOT_AGAIN), staff,
    )  # fmt: skip
    return bool(rows)


# What an entry of the audit log is about: the report where there is one.
_SUBJECT = """CASE WHEN key ~ '^report:[0-9]+:' THEN 'report:' || split_part(key, ':', 2)
  ELSE 'notice:' || id END"""


class Bulk(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages are sent again together: of that channel and moment (empty: any), that failed
    at ``since`` or later, up to the message ``last`` (those that were counted). Never an SMS that
    goes or went out by e-mail."""

    channel: str = ""
    moment: str = ""
    since: datetime
    last: int


_BULK = """n.state = 'failed' AND n.dismissed_at IS NULL AND n.moment <> ALL($1::text[])
  AND ($2 = '' OR n.channel = $2) AND ($3 = '' OR n.moment = $3) AND n.failed_at >= $4
  AND n.id <= $5"""


async def bulk_count(wanted: Bulk) -> tuple[int, int]:
    """How many are sent again, and how many are not because an e-mail tells the same."""
    rows = await fetch(
        f"SELECT count(*) FILTER (WHERE NOT {TOLD_BY_EMAIL}) AS n, "  # noqa: S608
        f"count(*) FILTER (WHERE {TOLD_BY_EMAIL}) AS told FROM notice n WHERE {_BULK}",
        list(NOT_AGAIN), wanted.channel, wanted.moment, wanted.since, wanted.last,
    )  # fmt: skip
    return int(rows[0]["n"]), int(rows[0]["told"])


async def last() -> int:
    """The newest message's id."""
    rows = await fetch("SELECT coalesce(max(id), 0) AS id FROM notice")
    return int(rows[0]["id"])


async def resend_all(wanted: Bulk, staff: int, now: datetime) -> int:
    """Sends them all again; how many. Asked for twice, the second finds none that failed."""
    rows = await fetch(
        f"""
        WITH again AS (
          UPDATE notice SET {_ANEW.format(now="$6")} FROM (
            SELECT n.id AS found FROM notice n WHERE {_BULK} AND NOT {TOLD_BY_EMAIL}
            ORDER BY n.id FOR UPDATE OF n
          ) found WHERE notice.id = found.found
          RETURNING notice.id
        ), counted AS (SELECT count(*) AS n FROM again), audited AS (
          INSERT INTO audit (at, staff_id, action, subject, data)
          SELECT $6, $7, 'resend_all', 'undelivered', jsonb_build_object('messages', n,
            'channel', $2::text, 'moment', $3::text) FROM counted WHERE n > 0
        )
        SELECT n FROM counted
        """,  # noqa: S608
        list(NOT_AGAIN), wanted.channel, wanted.moment, wanted.since, wanted.last, now, staff,
    )  # fmt: skip
    return int(rows[0]["n"])


async def dismiss(notice: int, resent: int, why: str, staff: int, now: datetime) -> bool:
    """It is settled otherwise. False when somebody was first."""
    rows = await fetch(
        f"""
        WITH settled AS (
          UPDATE notice SET dismissed_at = $1, dismissed_by = $2, dismissed_why = $3
          WHERE id = $4 AND resent = $5 AND state = 'failed' AND dismissed_at IS NULL
          RETURNING id, key
        )
        INSERT INTO audit (at, staff_id, action, subject, data)
        SELECT $1, $2, 'dismiss_notice', {_SUBJECT}, jsonb_build_object('notice', id) FROM settled
        RETURNING 1
        """,  # noqa: S608
        now, staff, why, notice, resent,
    )  # fmt: skip
    return bool(rows)


class NewAddress(msgspec.Struct, frozen=True, kw_only=True):
    """``old``: where the message went; ``version``: of its report, as it was seen."""

    notice: int
    report: int
    version: int
    channel: Channel
    old: str
    new: str
    shown: Collection[tuple[str, str, str]]
    staff: int


async def correct_address(given: NewAddress, now: datetime) -> int:
    """The report is told at the new address from now on, whatever its state: what failed or waits
    at the old one goes there. The person's own address stays theirs to change. Returns how many
    messages that is; 0, and nothing changed, when somebody was first. Wake the worker."""
    column = "phone" if given.channel == "sms" else "email"
    words = {f"{which}_{language}": text for which, language, text in given.shown}
    change = Change(field=column, old=given.old, new=given.new, **words)
    rows = await fetch(
        f"""
        WITH seen AS (
          -- Whoever waits here for another finds it as that one left it.
          SELECT id FROM notice WHERE id = $5 AND recipient = $3 AND state = 'failed'
            AND dismissed_at IS NULL AND moment = ANY($8::text[]) FOR UPDATE
        ), moved AS (
          UPDATE report SET {column} = $4, version = version + 1 FROM seen
          WHERE report.id = $1 AND version = $2 RETURNING report.id, version
        ), again AS (
          -- Both at once: what it says changes, and where it goes.
          UPDATE notice SET recipient = $4, {_ANEW.format(now="$6")}
          FROM moved
          WHERE split_part(notice.key, ':', 1) = 'report'
            AND split_part(notice.key, ':', 2) = ($1::bigint)::text
            AND notice.channel = $7 AND notice.recipient = $3 AND notice.dismissed_at IS NULL
            AND notice.moment = ANY($8::text[])
            AND notice.state IN ('failed', 'waiting')
          RETURNING notice.id
        ), logged AS (
          INSERT INTO event (report_id, at, action, actor, staff_id, public, data)
          SELECT id, $6, '{Entry.CORRECT}', 'staff', $9, true, $10::jsonb FROM moved
        ), audited AS (
          INSERT INTO audit (at, staff_id, action, subject, data)
          SELECT $6, $9, '{Entry.CORRECT}', 'report:' || id, jsonb_build_object(
            'version', version, 'fields', jsonb_build_array('{column}'::text), 'notice', $5::bigint)
          FROM moved
        )
        SELECT (SELECT count(*) FROM again) AS n FROM moved
        """,  # noqa: S608
        given.report, given.version, given.old, given.new, given.notice, now, given.channel,
        list(_TO_THE_CONTACT), given.staff,
        msgspec.json.encode({"changes": [change]}).decode(),
    )  # fmt: skip
    return int(rows[0]["n"]) if rows else 0
