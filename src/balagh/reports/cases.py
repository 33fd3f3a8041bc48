"""Reports as staff see them, scoped by who asks: what is not theirs does not exist for them.

Specification 1: an agency sees its own referred reports and nothing else. Everybody at Amer who
works on reports sees all of them; an administrator keeps the installation and sees none.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

import msgspec

from balagh.database import fetch, fetch_one
from balagh.reports.casework import File
from balagh.reports.lifecycle import NO_CHANGE, Role, State
from balagh.reports.standing import Standing

Side = Literal["amer", "agency"]

AMER = frozenset({Role.INTAKE_OFFICER, Role.REVIEWER, Role.SUPERVISOR})
AGENCY = frozenset({Role.AGENCY_OFFICER, Role.AGENCY_MANAGER})


class Desk(msgspec.Struct, frozen=True):
    """Who asks: a member of staff at work. ``agency_id``: of a provider's people."""

    staff_id: int
    role: Role
    agency_id: int | None

    @property
    def side(self) -> Side:
        return "amer" if self.agency_id is None else "agency"


def scope(desk: Desk, place: int) -> tuple[str, tuple[object, ...]]:
    """The condition on ``report r`` that keeps a statement to what that desk may see, and its
    argument for ``$place``, if it needs one."""
    if desk.role in AGENCY:
        return f"r.referred_agency_id = ${place}", (desk.agency_id,)
    if desk.role in AMER:
        return "true", ()
    return "false", ()


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """All that staff may see of a report. ``agency_id``: whom it is about (``about_ar``,
    ``about_en`` its names); ``agency_ar``, ``agency_en``: who works on it, and until it was
    referred the same."""

    id: int
    number: str
    kind: str
    state: State
    version: int
    channel: str
    language: str
    filed_by: int | None

    person_id: int
    person: str
    phone: str | None
    email: str | None
    account_type: str
    organisation_name: str | None
    organisation_number: str | None

    agency_id: int
    about_ar: str
    about_en: str
    agency_ar: str
    agency_en: str
    platform_id: int | None
    platform_ar: str | None
    platform_en: str | None
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
    title: str
    description: str

    submitted_at: datetime
    due_at: datetime
    due_from: date
    due_days: int
    pauses: tuple[date, ...]
    completeness_due_at: datetime
    data_asked_at: datetime | None
    data_due_at: datetime | None
    paused_working_days: int | None
    resume_state: State | None
    ended_at: datetime | None
    reopen_until: datetime | None
    outcome: str | None
    answer: str | None
    promised_on: date | None
    delivered_at: datetime | None

    referred_agency_id: int | None
    referred_at: datetime | None
    priority: str
    assignee_id: int | None
    officer_id: int | None
    acknowledged_at: datetime | None
    checked_at: datetime | None
    part_of: int | None

    def standing(self) -> Standing:
        return Standing.of(self)


_OWN = ", ".join(
    f"r.{name}"
    for name in Case.__struct_fields__
    if name
    not in (
        "person",
        "phone",
        "email",
        "about_ar",
        "about_en",
        "agency_ar",
        "agency_en",
        "platform_ar",
        "platform_en",
    )
)
_CASE = f"""
SELECT {_OWN}, p.name AS person, coalesce(r.phone, p.phone) AS phone,
  coalesce(r.email, p.email) AS email, b.name_ar AS about_ar, b.name_en AS about_en,
  a.name_ar AS agency_ar, a.name_en AS agency_en,
  f.short_ar AS platform_ar, f.short_en AS platform_en
FROM report r JOIN person p ON p.id = r.person_id
  JOIN agency b ON b.id = r.agency_id
  JOIN agency a ON a.id = coalesce(r.referred_agency_id, r.agency_id)
  LEFT JOIN platform f ON f.id = r.platform_id
WHERE """  # noqa: S608


async def case_for(desk: Desk, number: str) -> Case | None:
    """The report with this number, when that desk may see it."""
    condition, arguments = scope(desk, 2)
    row = await fetch_one(f"{_CASE} r.number = $1 AND {condition}", number, *arguments)
    return None if row is None else msgspec.convert(dict(row), Case)


async def cases_for(desk: Desk, numbers: Sequence[str]) -> list[Case]:
    """The reports with these numbers that the desk may see, in that order."""
    condition, arguments = scope(desk, 2)
    rows = await fetch(
        f"{_CASE} r.number = ANY($1::text[]) AND {condition} "
        "ORDER BY array_position($1::text[], r.number)",
        list(numbers), *arguments,
    )  # fmt: skip
    return [msgspec.convert(dict(row), Case) for row in rows]


class Entered(msgspec.Struct, frozen=True, kw_only=True):
    """An event as staff see it; ``staff_id``, ``staff_ar``, ``staff_en``: who of them did it."""

    id: int
    at: datetime
    action: str
    from_state: str | None
    to_state: str | None
    actor: str
    public: bool
    side: str | None
    staff_id: int | None
    staff_ar: str | None
    staff_en: str | None
    data: str


async def entries(desk: Desk, report: int) -> list[Entered]:
    """What happened to a report that the desk may see, the newest first: without the other side's
    own entries, and without another agency's."""
    # By rule nobody did it: then it says itself whose it is.
    own = (
        "s.agency_id IS NULL"
        if desk.agency_id is None
        else "(s.agency_id = $3 OR (e.actor = 'clock' AND (e.data->>'agency')::bigint = $3))"
    )
    rows = await fetch(
        "SELECT e.id, e.at, e.action, e.from_state, e.to_state, e.actor, e.public, e.side, "  # noqa: S608
        "e.staff_id, s.name_ar AS staff_ar, s.name_en AS staff_en, e.data "
        "FROM event e LEFT JOIN staff s ON s.id = e.staff_id "
        f"WHERE e.report_id = $1 AND (e.side IS NULL OR (e.side = $2 AND {own})) "
        "ORDER BY e.at DESC, e.id DESC",
        report, desk.side, *(() if desk.agency_id is None else (desk.agency_id,)),
    )  # fmt: skip
    return [msgspec.convert(dict(row), Entered) for row in rows]


def last_change(happened: Sequence[Entered]) -> Entered | None:
    """What changed the report last: why somebody who looked at it before comes too late. Of
    ``entries``, so that nobody is told what they may not know."""
    return next((one for one in happened if one.action not in NO_CHANGE), None)


async def file_for(desk: Desk, file: str) -> File | None:
    """A file of a report that the desk may see; one that waits for its confirmation is not there
    yet. ``file``: a UUID as text."""
    condition, arguments = scope(desk, 2)
    row = await fetch_one(
        "SELECT f.id, f.name, f.media_type, f.size FROM attachment f "  # noqa: S608
        # A file of the first report, shared with a part, is there for the part's agency too.
        "WHERE f.id = $1 AND f.pending_action IS NULL AND EXISTS (SELECT FROM report r WHERE "
        "(r.id = f.report_id OR r.id IN (SELECT report_id FROM shared_file "
        f"WHERE attachment_id = f.id)) AND {condition})",
        file, *arguments,
    )  # fmt: skip
    return None if row is None else msgspec.convert(dict(row), File)
