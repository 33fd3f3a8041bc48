"""A report that concerns several agencies, divided into linked ones: each is answered on its own,
the beneficiary sees one story (specification 4, 7).

The first report stays what it is. Each further agency gets a report of its own, ``part_of`` the
first: the same person, the same day of submission and due date, under review like the first, with
the text that concerns that agency and those files of the first that were ticked.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

import asyncpg
import msgspec

from balagh.database import fetch, fetch_one
from balagh.reports import numbers
from balagh.reports.kinds.suggestion import text_hash
from balagh.reports.lifecycle import Role, State
from balagh.text import fold, text_key

ROLES = (Role.REVIEWER, Role.SUPERVISOR)
# Further agencies at a time; more can be split off afterwards.
MOST = 5


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """What of the first report its parts take along. ``service``: its name."""

    id: int
    version: int
    kind: str
    service: str


class NewPart(msgspec.Struct, frozen=True, kw_only=True):
    """What concerns one further agency. ``service_code``: where the service is known; ``files``: of
    the first report, which this agency sees too."""

    agency_id: int
    platform_id: int | None
    service_id: int | None
    service_code: str | None
    text: str
    files: tuple[UUID, ...]


class Sibling(msgspec.Struct, frozen=True, kw_only=True):
    """One report of a story, as Amer sees it. The agency is the one that works on it."""

    id: int
    number: str
    state: State
    due_at: datetime
    agency_id: int
    about_id: int
    agency_ar: str
    agency_en: str
    part_of: int | None


Refused = Literal["changed", "filed_before"]


def possible(role: Role, state: State, part_of: int | None) -> bool:
    """Who splits what: a reviewer or supervisor, the first report itself, while it is under
    review."""
    return role in ROLES and state is State.UNDER_REVIEW and part_of is None


async def siblings(report: int) -> list[Sibling]:
    """The first report and its parts, in this order; alone when it was never split."""
    rows = await fetch(
        "SELECT r.id, r.number, r.state, r.due_at, r.agency_id AS about_id, "
        "a.id AS agency_id, a.name_ar AS agency_ar, a.name_en AS agency_en, r.part_of "
        "FROM report this JOIN report r ON r.id = coalesce(this.part_of, this.id) "
        "OR r.part_of = coalesce(this.part_of, this.id) "
        "JOIN agency a ON a.id = coalesce(r.referred_agency_id, r.agency_id) "
        "WHERE this.id = $1 ORDER BY r.part_of IS NOT NULL, r.id",
        report,
    )
    return [msgspec.convert(dict(row), Sibling) for row in rows]


async def whole_of(report: int) -> Whole:
    row = await fetch_one(
        "SELECT r.id, r.version, r.kind, coalesce(s.name_ar, r.service_name) AS service "
        "FROM report r LEFT JOIN service s ON s.id = r.service_id WHERE r.id = $1",
        report,
    )
    assert row is not None, "it was loaded before"
    return Whole(**row)


# What a part takes from the first report as it is.
_SAME = ", ".join(
    (
        *("kind", "person_id", "filed_by", "channel", "language", "phone", "email"),
        *("account_type", "organisation_name", "organisation_number"),
        *("ground", "reference", "reference_key", "filed_on", "response_days", "closed_on"),
        *("matter", "still_happening", "title", "submitted_at", "due_at", "completeness_due_at"),
        *("due_from", "due_days", "pauses"),
        *("late_told_due", "assignee_id", "priority", "checked_at"),
    )
)
_NEW = "number text, draft_id uuid, agency_id bigint, platform_id bigint, service_id bigint, service_name text, service_key text, description text, text_hash text, folded_text text, files uuid[]"  # noqa: E501
SPLIT = f"""
WITH moved AS (
  -- 1. Only if it is still what the reviewer saw: whoever waits here for another finds nothing.
  UPDATE report SET version = version + 1
  WHERE id = $1 AND version = $2 AND state = 'under_review' AND part_of IS NULL RETURNING *
), wanted AS (
  SELECT * FROM jsonb_to_recordset($5::jsonb) AS n ({_NEW})
), made AS (
  -- 2. The unique indexes speak here; when one refuses, nothing was done.
  INSERT INTO report (number, draft_id, state, part_of, agency_id, platform_id, service_id,
    service_name, service_key, description, text_hash, folded_text, {_SAME})
  SELECT n.number, n.draft_id, 'under_review', moved.id, n.agency_id, n.platform_id, n.service_id,
    n.service_name, n.service_key, n.description, decode(n.text_hash, 'hex'), n.folded_text,
    {", ".join(f"moved.{name.strip()}" for name in _SAME.split(","))}
  FROM moved, wanted n RETURNING id, number, agency_id
), begun AS (
  -- 3. A part has been under review since the first report has.
  INSERT INTO event (report_id, at, action, from_state, to_state, actor, staff_id)
  SELECT made.id, e.at, e.action, e.from_state, e.to_state, e.actor, e.staff_id
  FROM made, (SELECT * FROM event WHERE report_id = $1 AND to_state = 'under_review' AND public
    ORDER BY action = 'start_review' DESC, at DESC, id DESC LIMIT 1) e
), logged AS (
  INSERT INTO event (report_id, at, action, actor, staff_id)
  SELECT id, $3::timestamptz, 'split', 'staff', $4::bigint
  FROM (SELECT id FROM moved UNION ALL SELECT id FROM made) story
), noted AS (
  -- Which agencies: for Amer alone, because each agency knows of its own part only.
  INSERT INTO event (report_id, at, action, actor, staff_id, public, side, data)
  SELECT moved.id, $3, 'split', 'staff', $4, false, 'amer', jsonb_build_object('parts',
    (SELECT jsonb_agg(jsonb_build_object('number', number, 'agency_id', agency_id)) FROM made))
  FROM moved
), shared AS (
  -- Nobody else's file, whatever the form says.
  INSERT INTO shared_file (report_id, attachment_id)
  SELECT DISTINCT made.id, a.id FROM made JOIN wanted n USING (number), attachment a
  WHERE a.id = ANY(n.files) AND a.report_id = $1 AND a.pending_action IS NULL
), audited AS (
  INSERT INTO audit (at, staff_id, action, subject, data)
  SELECT $3, $4, 'split', 'report:' || moved.id,
    jsonb_build_object('parts', (SELECT jsonb_agg(id) FROM made)) FROM moved
)
SELECT number FROM made
"""  # noqa: S608


async def split(
    whole: Whole, version: int, parts: Sequence[NewPart], once: UUID, staff: int, now: datetime
) -> Refused | None:
    """Makes the parts, all or none; none of them twice when the same form (``once``) comes again.

    ``changed``: the report is not what was seen as ``version``; ``filed_before``: one of the
    agencies has a report that is the same already.
    """
    while True:
        wanted = [_row(whole, part, uuid5(once, str(n))) for n, part in enumerate(parts)]
        try:
            made = await fetch(
                SPLIT, whole.id, version, now, staff, msgspec.json.encode(wanted).decode()
            )
        except asyncpg.UniqueViolationError as clash:
            if clash.constraint_name == "report_number_key":
                continue
            if clash.constraint_name == "report_draft_id_key":
                return None
            return "filed_before"
        if made:
            return None
        return None if await done(whole.id, once) else "changed"


async def done(report: int, once: UUID) -> bool:
    """Whether the form ``once`` has split the report already."""
    rows = await fetch(
        "SELECT 1 FROM report WHERE part_of = $1 AND draft_id = $2", report, uuid5(once, "0")
    )
    return bool(rows)


def _row(whole: Whole, part: NewPart, draft: UUID) -> dict[str, Any]:
    known = part.service_id is not None
    key = f"code:{part.service_code}" if known else text_key(whole.service)
    suggestion = whole.kind == "suggestion"
    return {
        "number": numbers.new(secrets.randbelow),
        "draft_id": draft,
        "agency_id": part.agency_id,
        "platform_id": part.platform_id,
        "service_id": part.service_id,
        # Where it is not known: as the whole report names it.
        "service_name": None if known else whole.service,
        "service_key": key if whole.kind == "transformation" else None,
        "description": part.text,
        "text_hash": text_hash(part.text).hex() if suggestion else None,
        "folded_text": fold(part.text) if suggestion else None,
        "files": part.files,
    }
