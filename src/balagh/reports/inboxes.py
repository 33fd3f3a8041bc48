"""Reads, scoped by who asks: somebody else's record is as absent as one that does not exist."""

from datetime import date, datetime
from typing import Any, Literal, TypeVar
from uuid import UUID

import msgspec

from balagh.database import fetch, fetch_one
from balagh.reports.casework import File
from balagh.reports.lifecycle import NO_CHANGE, State
from balagh.reports.standing import Standing


class Led(msgspec.Struct, frozen=True):
    """A public event: what led to the state in which the report is, or what changed it last."""

    id: int
    at: datetime
    action: str
    actor: str
    data: dict[str, Any]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What of a report another agency works on: a report of its own, linked to the first one."""

    id: int
    number: str
    kind: str
    state: State
    due_at: datetime
    due_from: date
    due_days: int
    pauses: tuple[date, ...]
    paused_working_days: int | None
    data_due_at: datetime | None
    ended_at: datetime | None
    reopen_until: datetime | None
    outcome: str | None
    answer: str | None
    promised_on: date | None
    delivered_at: datetime | None
    agency_ar: str
    agency_en: str
    led: Led | None

    @property
    def missing(self) -> tuple[str, ...]:
        """What was asked for, while data is missing."""
        asked = self.state is State.MISSING_DATA and self.led is not None
        return tuple(self.led.data.get("items", ())) if asked and self.led else ()


class ReportLine(msgspec.Struct, frozen=True, kw_only=True):
    """A report in a list. ``parts``: where it concerned several agencies, those after the first;
    the beneficiary sees one story."""

    id: int
    number: str
    kind: str
    state: State
    title: str
    submitted_at: datetime
    due_at: datetime
    due_from: date
    due_days: int
    pauses: tuple[date, ...]
    paused_working_days: int | None
    data_due_at: datetime | None
    ended_at: datetime | None
    reopen_until: datetime | None
    outcome: str | None
    promised_on: date | None
    delivered_at: datetime | None
    agency_ar: str
    agency_en: str
    platform_ar: str | None
    platform_en: str | None
    led: Led | None
    parts: tuple[Part, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """What was asked for, while data is missing."""
        asked = self.state is State.MISSING_DATA and self.led is not None
        return tuple(self.led.data.get("items", ())) if asked and self.led else ()


class WholeReport(ReportLine, frozen=True, kw_only=True):
    """All that the beneficiary may see of a report; ``last``: what changed it last; ``whole``: the
    number of the one that it is a part of."""

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
    answer: str | None
    version: int
    resume_state: State | None
    referred_agency_id: int | None
    referred_at: datetime | None
    priority: str
    acknowledged_at: datetime | None
    checked_at: datetime | None
    data_asked_at: datetime | None
    last: Led | None
    whole: str | None

    def standing(self) -> Standing:
        return Standing.of(self)


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """A public event of a report."""

    id: int
    at: datetime
    action: str
    from_state: str | None
    to_state: str | None
    actor: str
    data: str


class DraftLine(msgspec.Struct, frozen=True, kw_only=True):
    """``assisted``: staff of Amer began it for the person."""

    id: UUID
    kind: str
    answers: str
    files: int
    images: int
    updated_at: datetime
    remind_on: date | None
    assisted: bool


def _newest(report: str, condition: str) -> str:
    return f"""(SELECT json_build_object('id', e.id, 'at', e.at, 'action', e.action,
      'actor', e.actor, 'data', e.data)
   FROM event e WHERE e.report_id = {report}.id AND e.public AND {condition}
   ORDER BY e.at DESC, e.id DESC LIMIT 1)"""  # noqa: S608 - words of our own


def _led(report: str) -> str:
    return _newest(report, f"e.to_state = {report}.state")


_LAST = _newest("r", "e.action NOT IN (" + ",".join(f"'{one}'" for one in sorted(NO_CHANGE)) + ")")


_LINE = f"""r.id, r.number, r.kind, r.state, r.title, r.submitted_at, r.due_at, r.data_due_at,
  r.due_from, r.due_days, r.pauses, r.paused_working_days, r.ended_at, r.reopen_until, r.outcome,
  r.promised_on, r.delivered_at,
  a.name_ar AS agency_ar, a.name_en AS agency_en,
  p.short_ar AS platform_ar, p.short_en AS platform_en,
  {_led("r")} AS led,
  (SELECT json_agg(json_build_object('id', q.id, 'number', q.number, 'kind', q.kind,
      'state', q.state, 'due_at', q.due_at, 'due_from', q.due_from, 'due_days', q.due_days,
      'pauses', q.pauses,
      'paused_working_days', q.paused_working_days, 'data_due_at', q.data_due_at,
      'ended_at', q.ended_at, 'reopen_until', q.reopen_until, 'outcome', q.outcome,
      'answer', q.answer, 'promised_on', q.promised_on, 'delivered_at', q.delivered_at,
      'agency_ar', b.name_ar, 'agency_en', b.name_en,
      'led', {_led("q")}) ORDER BY q.id)
   FROM report q JOIN agency b ON b.id = coalesce(q.referred_agency_id, q.agency_id)
   WHERE q.part_of = r.id) AS parts"""  # noqa: S608
# The agency that works on it is named, and until it was referred the one that it is about.
_FROM = (
    "FROM report r JOIN agency a ON a.id = coalesce(r.referred_agency_id, r.agency_id) "
    "LEFT JOIN platform p ON p.id = r.platform_id"
)
Group = Literal["waiting", "working", "ended"]
WAITING = ("missing_data",)
ENDED = ("closed", "cancelled", "rejected")

# A report and its parts are one story: it waits for the person as long as one of them does, and has
# ended when all have.
_GROUP = f"""CASE
  WHEN r.state = ANY('{{{",".join(WAITING)}}}') OR EXISTS (SELECT FROM report q
    WHERE q.part_of = r.id AND q.state = ANY('{{{",".join(WAITING)}}}')) THEN 'waiting'
  WHEN r.state <> ALL('{{{",".join(ENDED)}}}') OR EXISTS (SELECT FROM report q
    WHERE q.part_of = r.id AND q.state <> ALL('{{{",".join(ENDED)}}}')) THEN 'working'
  ELSE 'ended' END"""  # noqa: S608


class Page(msgspec.Struct, frozen=True):
    """Lines, newest first, and where the next page begins (``None`` at the end)."""

    lines: tuple[ReportLine, ...]
    next: int | None


NOTHING = Page((), None)


async def mine(
    person: int, group: Group, *, kind: str = "", before: int | None = None, limit: int = 20
) -> Page:
    """The person's reports of that group (and kind, where one is named), newest first; ``before``
    continues after that report."""
    rows = await fetch(
        f"SELECT {_LINE} {_FROM} WHERE r.person_id = $1 AND r.part_of IS NULL "  # noqa: S608
        f"AND {_GROUP} = $2 "
        "AND ($3 = '' OR r.kind = $3) "
        "AND ($4::bigint IS NULL OR (r.submitted_at, r.id) < "
        "(SELECT submitted_at, id FROM report WHERE id = $4 AND person_id = $1)) "
        "ORDER BY r.submitted_at DESC, r.id DESC LIMIT $5",
        person, group, kind, before, limit + 1,
    )  # fmt: skip
    lines = tuple(_read(row, ReportLine) for row in rows[:limit])
    return Page(lines, lines[-1].id if len(rows) > limit else None)


class Count(msgspec.Struct, frozen=True):
    kind: str
    open: int
    ended: int


async def counts(person: int) -> list[Count]:
    """How many of the person's reports are open, and how many ended; by kind. One with several
    parts counts once."""
    rows = await fetch(
        f"SELECT r.kind, count(*) FILTER (WHERE {_GROUP} <> 'ended') AS open, "  # noqa: S608
        f"count(*) FILTER (WHERE {_GROUP} = 'ended') AS ended FROM report r "
        "WHERE r.person_id = $1 AND r.part_of IS NULL GROUP BY r.kind ORDER BY r.kind",
        person,
    )
    return [Count(**row) for row in rows]


async def drafts(person: int) -> list[DraftLine]:
    """The person's drafts, the latest touched first."""
    rows = await fetch(
        "SELECT d.id, d.kind, d.answers, d.updated_at, d.remind_on, "
        "d.filed_by IS NOT NULL AS assisted, count(a.id) AS files, "
        "count(a.id) FILTER (WHERE a.media_type LIKE 'image/%') AS images "
        "FROM draft d LEFT JOIN attachment a ON a.draft_id = d.id "
        # What staff have only just begun says nothing yet.
        "WHERE d.person_id = $1 AND (d.filed_by IS NULL OR d.answers <> '{}') "
        "GROUP BY d.id ORDER BY d.updated_at DESC LIMIT 50",
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
    return [_read(row, ReportLine) for row in rows]


async def report_of(person: int, number: str) -> WholeReport | None:
    """The person's report with this number, or none."""
    row = await fetch_one(
        f"SELECT {_LINE}, {_LAST} AS last, r.agency_id, r.platform_id, r.service_id, "  # noqa: S608
        "r.service_name, r.delivery_channel, r.ground, r.reference, r.filed_on, "
        "r.response_days, r.closed_on, r.matter, r.still_happening, r.description, r.phone, "
        "r.email, r.account_type, r.organisation_name, r.organisation_number, "
        "r.completeness_due_at, r.answer, r.version, r.resume_state, "
        "r.referred_agency_id, r.referred_at, r.priority, r.acknowledged_at, r.checked_at, "
        "r.data_asked_at, "
        "(SELECT o.number FROM report o WHERE o.id = r.part_of) AS whole "
        f"{_FROM} WHERE r.number = $1 AND r.person_id = $2",
        number, person,
    )  # fmt: skip
    return None if row is None else _read(row, WholeReport)


async def happenings(report: int) -> list[Happening]:
    """What the beneficiary may see of a report's events, the newest first."""
    rows = await fetch(
        "SELECT id, at, action, from_state, to_state, actor, data FROM event "
        "WHERE report_id = $1 AND public ORDER BY at DESC, id DESC",
        report,
    )
    return [msgspec.convert(dict(row), Happening) for row in rows]


class ReportFile(File, frozen=True):
    """``event_id``: of the event it came with; none for what was filed with the report."""

    event_id: int | None = None


async def files_of(report: int) -> list[ReportFile]:
    """The files of a report, without those that wait for their update to be confirmed; of a part
    also those of the first report that are shared with it."""
    rows = await fetch(
        "SELECT id, name, media_type, size, CASE WHEN report_id = $1 THEN event_id END AS event_id "
        "FROM attachment WHERE (report_id = $1 "
        "OR id IN (SELECT attachment_id FROM shared_file WHERE report_id = $1)) "
        "AND pending_action IS NULL ORDER BY added_at, id",
        report,
    )
    return [msgspec.convert(dict(row), ReportFile) for row in rows]


async def file_for(person: int, file: UUID) -> File | None:
    """A file that the person may see: of their own report or draft."""
    row = await fetch_one(
        "SELECT id, name, media_type, size FROM attachment WHERE id = $1 AND person_id = $2",
        file, person,
    )  # fmt: skip
    return None if row is None else msgspec.convert(dict(row), File)


_Line = TypeVar("_Line", bound=ReportLine)


def _read(row: Any, kind: type[_Line]) -> _Line:
    values = {
        name: msgspec.json.decode(row[name]) for name in ("led", "last", "parts") if row.get(name)
    }
    return msgspec.convert({**row, "parts": (), **values}, kind)
