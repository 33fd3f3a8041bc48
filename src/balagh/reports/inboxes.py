"""Reads, scoped by who asks: somebody else's record is as absent as one that does not exist."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from balagh.database import fetch, fetch_one
from balagh.reports.casework import File
from balagh.reports.lifecycle import State
from balagh.reports.standing import Standing


class ReportLine(msgspec.Struct, frozen=True, kw_only=True):
    """A report in a list."""

    id: int
    number: str
    kind: str
    state: State
    title: str
    submitted_at: datetime
    due_at: datetime
    data_due_at: datetime | None
    ended_at: datetime | None
    reopen_until: datetime | None
    agency_ar: str
    agency_en: str
    platform_ar: str | None
    platform_en: str | None


class WholeReport(ReportLine, frozen=True, kw_only=True):
    """All that the beneficiary may see of a report."""

    agency_id: int
    platform_id: int | None
    service_id: int | None
    service_name: str | None
    delivery_channel: str | None
    ground: str | None
    reference: str | None
    filed_on: date | None
    response_days: int | None
    closed_on: date | None
    matter: str | None
    still_happening: bool | None
    description: str
    phone: str | None
    email: str | None
    account_type: str
    organisation_name: str | None
    organisation_number: str | None
    completeness_due_at: datetime
    outcome: str | None
    answer: str | None
    promised_on: date | None
    version: int
    paused_working_days: int | None
    resume_state: State | None

    def standing(self) -> Standing:
        names = Standing.__struct_fields__
        return Standing(**{name: getattr(self, name) for name in names})


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """A public event of a report."""

    at: datetime
    action: str
    from_state: str | None
    to_state: str | None
    actor: str
    data: str


class DraftLine(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    kind: str
    answers: str
    files: int
    images: int
    updated_at: datetime
    remind_on: date | None


_LINE = """r.id, r.number, r.kind, r.state, r.title, r.submitted_at, r.due_at, r.data_due_at,
  r.ended_at, r.reopen_until, a.name_ar AS agency_ar, a.name_en AS agency_en,
  p.short_ar AS platform_ar, p.short_en AS platform_en"""
_FROM = (
    "FROM report r JOIN agency a ON a.id = r.agency_id LEFT JOIN platform p ON p.id = r.platform_id"
)
ENDED = ("closed", "cancelled", "rejected")


class Page(msgspec.Struct, frozen=True):
    """Lines, newest first, and where the next page begins (``None`` at the end)."""

    lines: tuple[ReportLine, ...]
    next: int | None


NOTHING = Page((), None)


async def mine(person: int, *, ended: bool, before: int | None = None, limit: int = 20) -> Page:
    """The person's reports, open or ended, newest first; ``before`` continues after that report."""
    rows = await fetch(
        f"SELECT {_LINE} {_FROM} WHERE r.person_id = $1 AND (r.state = ANY($2::text[])) = $3 "  # noqa: S608
        "AND ($4::bigint IS NULL OR (r.submitted_at, r.id) < "
        "(SELECT submitted_at, id FROM report WHERE id = $4 AND person_id = $1)) "
        "ORDER BY r.submitted_at DESC, r.id DESC LIMIT $5",
        person, list(ENDED), ended, before, limit + 1,
    )  # fmt: skip
    lines = tuple(msgspec.convert(dict(row), ReportLine) for row in rows[:limit])
    return Page(lines, lines[-1].id if len(rows) > limit else None)


async def counts(person: int) -> tuple[int, int]:
    """How many of the person's reports are open, and how many ended."""
    row = await fetch_one(
        "SELECT count(*) FILTER (WHERE state <> ALL($2::text[])) AS open, "
        "count(*) FILTER (WHERE state = ANY($2::text[])) AS ended FROM report WHERE person_id = $1",
        person, list(ENDED),
    )  # fmt: skip
    return (row["open"], row["ended"]) if row else (0, 0)


async def drafts(person: int) -> list[DraftLine]:
    """The person's drafts, the latest touched first."""
    rows = await fetch(
        "SELECT d.id, d.kind, d.answers, d.updated_at, d.remind_on, count(a.id) AS files, "
        "count(a.id) FILTER (WHERE a.media_type LIKE 'image/%') AS images "
        "FROM draft d LEFT JOIN attachment a ON a.draft_id = d.id "
        "WHERE d.person_id = $1 GROUP BY d.id ORDER BY d.updated_at DESC LIMIT 50",
        person,
    )  # fmt: skip
    return [msgspec.convert(dict(row), DraftLine) for row in rows]


# Of pg_trgm's similarity (0 to 1) of the folded texts: decision 030.
ALIKE = 0.4


async def alike(person: int, kind: str, service: int, folded: str) -> list[ReportLine]:
    """The person's live reports of that kind about that service whose text is like ``folded``, the
    most similar first, three at most."""
    rows = await fetch(
        f"SELECT {_LINE} {_FROM} WHERE r.person_id = $1 AND r.kind = $2 AND r.service_id = $3 "
        "AND r.state NOT IN ('cancelled', 'rejected') AND similarity(r.folded_text, $4) >= $5 "
        "ORDER BY similarity(r.folded_text, $4) DESC, r.id DESC LIMIT 3",
        person, kind, service, folded, ALIKE,
    )  # fmt: skip
    return [msgspec.convert(dict(row), ReportLine) for row in rows]


async def report_of(person: int, number: str) -> WholeReport | None:
    """The person's report with this number, or none."""
    row = await fetch_one(
        f"SELECT {_LINE}, r.agency_id, r.platform_id, r.service_id, r.service_name, "
        "r.delivery_channel, r.ground, r.reference, r.filed_on, r.response_days, r.closed_on, "
        "r.matter, r.still_happening, r.description, r.phone, r.email, r.account_type, "
        "r.organisation_name, r.organisation_number, r.completeness_due_at, "
        "r.outcome, r.answer, r.promised_on, r.version, r.paused_working_days, r.resume_state "
        f"{_FROM} WHERE r.number = $1 AND r.person_id = $2",
        number, person,
    )  # fmt: skip
    return None if row is None else msgspec.convert(dict(row), WholeReport)


async def happenings(report: int) -> list[Happening]:
    """What the beneficiary may see of a report's events, the newest first."""
    rows = await fetch(
        "SELECT at, action, from_state, to_state, actor, data FROM event "
        "WHERE report_id = $1 AND public ORDER BY at DESC, id DESC",
        report,
    )
    return [msgspec.convert(dict(row), Happening) for row in rows]


async def files_of(report: int) -> list[File]:
    rows = await fetch(
        "SELECT id, name, media_type, size FROM attachment WHERE report_id = $1 "
        "ORDER BY added_at, id",
        report,
    )
    return [msgspec.convert(dict(row), File) for row in rows]


async def file_for(person: int, file: UUID) -> File | None:
    """A file that the person may see: of their own report or draft."""
    row = await fetch_one(
        "SELECT id, name, media_type, size FROM attachment WHERE id = $1 AND person_id = $2",
        file, person,
    )  # fmt: skip
    return None if row is None else msgspec.convert(dict(row), File)
