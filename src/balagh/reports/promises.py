"""Promised dates: accepted requests, until what was promised is live (specification 5).

"Promised date of an accepted request: the agency … marks it delivered; the beneficiary is told."
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from balagh.database import fetch, fetch_one
from balagh.reports.acting import Notice
from balagh.reports.cases import Case, Desk, scope
from balagh.reports.lifecycle import Role, State
from balagh.reports.moments import Moment

# Whoever answers for the agency, and whoever closes its answers.
DELIVERERS = frozenset({Role.REVIEWER, Role.SUPERVISOR, Role.AGENCY_OFFICER, Role.AGENCY_MANAGER})
MOMENT = Moment("delivered", frozenset({"promised_on"}))
# "Due soon": so many days ahead.
SOON = timedelta(days=30)
# More than that is not counted.
MANY = 1000


def promised(case: Case) -> bool:
    """Whether something was promised: an accepted request that was closed."""
    return case.state is State.CLOSED and case.outcome == "accepted"


def may_deliver(desk: Desk, case: Case) -> bool:
    return desk.role in DELIVERERS and promised(case) and case.delivered_at is None


class KeptFile(msgspec.Struct, frozen=True):
    """Evidence that was inspected and is in the store. ``size`` in bytes."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: bytes


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What was promised is live. ``text``, ``file``: the evidence, at least one of them;
    ``version``: of the report as it was seen; ``agency_ar``, ``agency_en``: who promised it."""

    report: int
    version: int
    staff: int
    agency_ar: str
    agency_en: str
    text: str
    file: KeptFile | None
    notices: tuple[Notice, ...]


DELIVER = """
WITH moved AS (
  -- 1. Once, and only if it is still what was seen.
  UPDATE report SET delivered_at = $3, version = version + 1
  WHERE id = $1 AND version = $2 AND state = 'closed' AND outcome = 'accepted'
    AND delivered_at IS NULL RETURNING id, version, person_id
), logged AS (
  INSERT INTO event (report_id, at, action, actor, staff_id, data)
  SELECT id, $3, 'deliver', 'staff', $4, $5::jsonb FROM moved RETURNING id
), kept AS (
  -- 2. The beneficiary's as much as what they added themselves: they may open it.
  INSERT INTO attachment
    (id, person_id, report_id, event_id, name, media_type, size, sha256, added_at)
  SELECT $6, moved.person_id, moved.id, logged.id, $7, $8, $9, $10, $3 FROM moved, logged
  WHERE $6::uuid IS NOT NULL
), told AS (
  INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
  SELECT 'report:' || moved.id || ':' || n.moment || ':' || moved.version || ':' || n.channel,
    n.moment, n.channel, n.recipient, n.language, n.data, $3, $3
  FROM moved, jsonb_to_recordset($11::jsonb)
    AS n (moment text, channel text, recipient text, language text, data jsonb)
), audited AS (
  INSERT INTO audit (at, staff_id, action, subject, data)
  SELECT $3, $4, 'deliver', 'report:' || id, jsonb_build_object('version', version) FROM moved
)
SELECT id FROM logged
"""


async def deliver(given: Delivery, now: datetime) -> bool:
    """Marks it as delivered, with its entry and its messages; false when somebody was first."""
    file = given.file
    said = {"text": given.text, "agency_ar": given.agency_ar, "agency_en": given.agency_en}
    row = await fetch_one(
        DELIVER,
        given.report, given.version, now, given.staff,
        msgspec.json.encode({name: words for name, words in said.items() if words}).decode(),
        *((file.id, file.name, file.media_type, file.size, file.sha256) if file else [None] * 5),
        msgspec.json.encode(given.notices).decode(),
    )  # fmt: skip
    return row is not None


class Tab(StrEnum):
    SOON = "soon"
    OVERDUE = "overdue"
    DELIVERED = "delivered"
    ALL = "all"


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the ledger."""

    id: int
    number: str
    kind: str
    title: str
    agency_ar: str
    agency_en: str
    promised_on: date
    delivered_at: datetime | None


class Page(msgspec.Struct, frozen=True):
    """Lines in the tab's order, and after which one the next page begins (``None`` at the end)."""

    lines: tuple[Promise, ...]
    next: int | None


_PROMISED = "r.state = 'closed' AND r.outcome = 'accepted'"
# As the partial indexes have it (``report_promised``, ``report_delivered``, ``report_accepted``).
_TABS = {
    Tab.SOON: "r.delivered_at IS NULL AND r.promised_on >= $1 AND r.promised_on <= $2",
    Tab.OVERDUE: "r.delivered_at IS NULL AND r.promised_on < $1 AND $2::date IS NOT NULL",
    Tab.DELIVERED: "r.delivered_at IS NOT NULL AND $1::date <= $2::date",
    Tab.ALL: "$1::date <= $2::date",
}


async def ledger(
    desk: Desk, tab: Tab, today: date, *, agency: int | None = None, after: int | None = None,
    limit: int = 50,
) -> Page:  # fmt: skip
    """The promises that the desk may see, the earliest date first, those delivered the latest
    first. ``agency``: only its own; ``after``: continues after that report."""
    condition, own = scope(desk, 6)
    column, sign, order = "promised_on", ">", "ASC"
    if tab is Tab.DELIVERED:
        column, sign, order = "delivered_at", "<", "DESC"
    rows = await fetch(
        "SELECT r.id, r.number, r.kind, r.title, a.name_ar AS agency_ar, a.name_en AS agency_en, "  # noqa: S608
        "r.promised_on, r.delivered_at "
        "FROM report r JOIN agency a ON a.id = coalesce(r.referred_agency_id, r.agency_id) "
        f"WHERE {_PROMISED} AND {_TABS[tab]} AND {condition} "
        "AND ($3::bigint IS NULL OR r.referred_agency_id = $3) "
        f"AND ($4::bigint IS NULL OR (r.{column}, r.id) {sign} "
        f"(SELECT {column}, id FROM report WHERE id = $4)) "
        f"ORDER BY r.{column} {order}, r.id {order} LIMIT $5",
        today, today + SOON, agency, after, limit + 1, *own,
    )  # fmt: skip
    lines = tuple(Promise(**row) for row in rows[:limit])
    return Page(lines, lines[-1].id if len(rows) > limit else None)


async def counts(desk: Desk, today: date, *, agency: int | None = None) -> dict[Tab, int]:
    """How many are due soon and overdue; ``MANY`` means that or more."""
    condition, own = scope(desk, 5)
    found = {}
    for tab in (Tab.SOON, Tab.OVERDUE):
        rows = await fetch(
            f"SELECT count(*) AS n FROM (SELECT 1 FROM report r WHERE {_PROMISED} "  # noqa: S608
            f"AND {_TABS[tab]} AND {condition} "
            "AND ($3::bigint IS NULL OR r.referred_agency_id = $3) LIMIT $4) x",
            today, today + SOON, agency, MANY, *own,
        )  # fmt: skip
        found[tab] = rows[0]["n"]
    return found
