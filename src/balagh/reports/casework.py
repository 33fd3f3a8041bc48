"""The only writer of drafts and reports.

Submission is one statement: the draft goes, the report, its first event and its notices come, or
none of it happens. Uniqueness is the database's word (partial unique indexes), never a look-up's.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from balagh.database import fetch, fetch_one, transaction
from balagh.i18n import Language
from balagh.reports import deadlines, numbers, telling_channels
from balagh.reports.behalf import Behalf
from balagh.reports.telling_channels import Reach
from balagh.reports.wizard import Kind
from balagh.workdays import Calendar


class File(msgspec.Struct, frozen=True):
    """A kept file: ``size`` in bytes."""

    id: UUID
    name: str
    media_type: str
    size: int

    @property
    def image(self) -> bool:
        return self.media_type.startswith("image/")


class Filer(msgspec.Struct, frozen=True, kw_only=True):
    """Who files: a person for themselves, or one of the staff for callers. Exactly one is set."""

    person_id: int | None = None
    staff_id: int | None = None


Channel = Literal["portal", "toll_free", "gov_sa", "other"]


class OpenDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A draft as its owner sees it: what was typed, by input name, and the files kept so far.

    ``person_id``: whose report it becomes. ``filed_by``: who of the staff made it for them, who
    came by ``channel``; none when they made it themselves.
    """

    id: UUID
    kind: str
    person_id: int
    filed_by: int | None = None
    channel: Channel = "portal"
    answers: dict[str, str]
    files: tuple[File, ...]
    created_at: datetime
    updated_at: datetime
    remind_on: date | None = None

    @property
    def version(self) -> int:
        """Microseconds since the epoch: tells whether the draft changed since a page was shown."""
        return int(self.updated_at.timestamp() * 1_000_000)


class Filed(msgspec.Struct, frozen=True):
    """The report exists; ``again`` when an earlier sending of the same form had made it."""

    number: str
    again: bool


Refused = Literal["filed_before", "changed", "gone"]

DRAFT = """
SELECT d.id, d.kind, d.person_id, d.filed_by, d.channel, d.answers, d.created_at, d.updated_at,
  d.remind_on,
  (SELECT json_agg(json_build_object('id', a.id, 'name', a.name, 'media_type', a.media_type,
                                     'size', a.size) ORDER BY a.added_at, a.id)
   FROM attachment a WHERE a.draft_id = d.id AND a.report_id IS NULL) AS files
FROM draft d WHERE d.id = $1 AND (d.person_id = $2 OR d.filed_by = $3)
"""
# Before a statement that counts or deletes the draft's files, and not part of it: a statement sees
# what was there when it began, and not what was added while it waited for the lock.
LOCK = "SELECT 1 FROM draft WHERE id = $1 AND person_id = $2 FOR UPDATE"


async def begin(
    draft: UUID, person: int, kind: str, answers: Mapping[str, str], now: datetime
) -> None:
    """Makes the draft, once: ``draft`` was chosen when the first page was shown, so the same form
    sent twice makes one draft. Somebody else's id changes nothing."""
    await fetch(
        "INSERT INTO draft (id, person_id, kind, answers, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (id) DO NOTHING",
        draft, person, kind, json.dumps(dict(answers)), now,
    )  # fmt: skip


async def begin_for(
    draft: UUID, person: int, kind: str, staff: int, channel: Channel, now: datetime
) -> None:
    """Makes the draft of a report that a member of staff files for a caller, once (``begin``)."""
    await fetch(
        """
        WITH made AS (
          INSERT INTO draft (id, person_id, kind, filed_by, channel, created_at, updated_at)
          VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (id) DO NOTHING RETURNING id
        )
        INSERT INTO audit (at, staff_id, action, subject, data)
        SELECT $6, $4, 'begin_draft', 'person:' || $2::bigint,
          jsonb_build_object('kind', $3::text, 'channel', $5::text) FROM made
        """,
        draft, person, kind, staff, channel, now,
    )  # fmt: skip


async def open_draft(draft: UUID, filer: Filer) -> OpenDraft | None:
    """The draft, when it is the person's own or was made by that member of staff; else none."""
    row = await fetch_one(DRAFT, draft, filer.person_id, filer.staff_id)
    if row is None:
        return None
    return OpenDraft(
        id=row["id"],
        kind=row["kind"],
        person_id=row["person_id"],
        filed_by=row["filed_by"],
        channel=row["channel"],
        answers=json.loads(row["answers"]),
        files=msgspec.convert(json.loads(row["files"] or "[]"), tuple[File, ...]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        remind_on=row["remind_on"],
    )


async def keep_answers(
    draft: OpenDraft, person: int, typed: Mapping[str, str], dropped: tuple[str, ...], now: datetime
) -> OpenDraft | None:
    """Keeps what was typed, right or wrong, and drops answers that no longer apply.

    Merged in the database, so that two tabs on different steps do not undo each other. Returns the
    draft as this left it, whatever others did since; none when it is gone.
    """
    row = await fetch_one(
        "UPDATE draft SET answers = (answers - $4::text[]) || $3::jsonb, "
        # Never the same instant twice: the version must move with every change.
        "updated_at = greatest($5, updated_at + interval '1 microsecond') "
        "WHERE id = $1 AND person_id = $2 RETURNING answers, updated_at",
        draft.id, person, json.dumps(dict(typed)), list(dropped), now,
    )  # fmt: skip
    if row is None:
        return None
    return msgspec.structs.replace(
        draft, answers=json.loads(row["answers"]), updated_at=row["updated_at"]
    )


async def switch(
    draft: OpenDraft, person: int, kind: str, answers: Mapping[str, str], now: datetime
) -> None:
    """Makes the draft one of another kind, with the answers that change; its files and whatever
    else was typed stay. A reminder was about the old kind."""
    await fetch(
        "UPDATE draft SET kind = $3, answers = answers || $4::jsonb, remind_on = NULL, "
        "updated_at = greatest($5, updated_at + interval '1 microsecond') "
        "WHERE id = $1 AND person_id = $2",
        draft.id, person, kind, json.dumps(dict(answers)), now,
    )  # fmt: skip


async def remind(draft: UUID, person: int, day: date | None) -> None:
    """When to tell the person that it can be filed; ``None``: not to tell. No answer changes."""
    await fetch(
        "UPDATE draft SET remind_on = $3 WHERE id = $1 AND person_id = $2", draft, person, day
    )


async def discard(draft: UUID, person: int) -> list[UUID]:
    """Deletes the draft and its files' records; returns the files whose bytes can go."""
    async with transaction():
        if not await fetch(LOCK, draft, person):
            return []
        rows = await fetch(
            "WITH gone AS (DELETE FROM draft WHERE id = $1) "
            "DELETE FROM attachment WHERE draft_id = $1 AND report_id IS NULL RETURNING id",
            draft,
        )
    return [row["id"] for row in rows]


async def attach(
    file: File, sha256: bytes, draft: UUID, person: int, limit: int, now: datetime
) -> bool:
    """Records a kept file; false when the draft already has ``limit`` files or is gone.

    The draft's version moves too: a check page shown before does not cover the new file.
    """
    async with transaction():
        if not await fetch(LOCK, draft, person):
            return False
        rows = await fetch(
            "WITH owner AS (UPDATE draft SET updated_at = greatest($8, updated_at + "
            "interval '1 microsecond') WHERE id = $2 AND (SELECT count(*) FROM attachment "
            "WHERE draft_id = $2) < $9 RETURNING id) "
            "INSERT INTO attachment (id, draft_id, person_id, name, media_type, size, sha256, "
            "added_at) "
            "SELECT $1, owner.id, $3, $4, $5, $6, $7, $8 FROM owner RETURNING id",
            file.id, draft, person, file.name, file.media_type, file.size, sha256, now, limit,
        )  # fmt: skip
    return bool(rows)


async def attached(sha256: bytes, name: str, draft: UUID, person: int) -> bool:
    """Whether the open draft has that very file already: sent again after a lost answer."""
    rows = await fetch(
        "SELECT 1 FROM attachment WHERE draft_id = $3 AND person_id = $4 AND sha256 = $1 "
        "AND name = $2 AND report_id IS NULL",
        sha256, name, draft, person,
    )  # fmt: skip
    return bool(rows)


async def detach(file: UUID, draft: UUID, person: int, now: datetime) -> bool:
    """Forgets a file of an open draft; false when there is none such."""
    rows = await fetch(
        "WITH owner AS (UPDATE draft SET updated_at = greatest($4, updated_at + "
        "interval '1 microsecond') WHERE id = $2 AND person_id = $3 RETURNING id) "
        "DELETE FROM attachment a USING owner WHERE a.id = $1 AND a.draft_id = owner.id "
        "AND a.report_id IS NULL RETURNING a.id",
        file, draft, person, now,
    )  # fmt: skip
    return bool(rows)


async def earlier(kind: Kind, wanted: Sequence[tuple[int, tuple[Any, ...]]]) -> list[str]:
    """For each person and key (``kind.once``) the number of the live report that is the same, empty
    when there is none. In one statement, whatever the number of keys."""
    columns = kind.once.columns
    types = ["bigint", *(KIND_COLUMNS[name] for name in columns)]
    # Named literally, so that the partial index serves whatever plan is cached.
    rows = await fetch(
        "SELECT w.place, r.number FROM unnest("  # noqa: S608 - declared in our own code
        + ", ".join(f"${n}::{type}[]" for n, type in enumerate(types, 1))
        + f") WITH ORDINALITY AS w (person_id, {', '.join(columns)}, place) JOIN report r "
        f"ON r.kind = '{kind.code}' AND r.state NOT IN ('cancelled', 'rejected') AND "
        + " AND ".join(f"r.{name} = w.{name}" for name in columns)
        + (" AND r.person_id = w.person_id" if kind.once.own else ""),
        [person for person, _ in wanted],
        *([key[place] for _, key in wanted] for place in range(len(columns))),
    )
    found = {row["place"]: row["number"] for row in rows}
    return [str(found.get(place, "")) for place, _ in enumerate(wanted, 1)]


async def filed_from(draft: UUID, filer: Filer) -> str | None:
    """The number of the report that was made from this draft, if it was: of the person's own, or of
    any that staff at Amer may see."""
    row = await fetch_one(
        "SELECT number FROM report WHERE draft_id = $1 AND (person_id = $2 OR $3::bigint > 0)",
        draft, filer.person_id, filer.staff_id,
    )  # fmt: skip
    return row and str(row["number"])


# What a kind fills, with the types the statement casts to.
KIND_COLUMNS = {
    "agency_id": "bigint",
    "platform_id": "bigint",
    "service_id": "bigint",
    "service_name": "text",
    "service_key": "text",
    "delivery_channel": "text",
    "ground": "text",
    "reference": "text",
    "reference_key": "text",
    "filed_on": "date",
    "response_days": "smallint",
    "closed_on": "date",
    "matter": "text",
    "still_happening": "boolean",
    "title": "text",
    "description": "text",
    "text_hash": "bytea",
    "folded_text": "text",
}
_FIRST = 20
_PLACES = {name: place for place, name in enumerate(KIND_COLUMNS, _FIRST)}
SUBMIT = f"""
WITH taken AS (
  -- 1. Whoever deletes the draft files the report; a second sending waits here and finds nothing.
  DELETE FROM draft WHERE id = $1 AND person_id = $2 AND updated_at = $3 RETURNING id
), filed AS (
  -- 2. The unique indexes speak here; when one refuses, the draft stays.
  INSERT INTO report (number, draft_id, kind, state, person_id, channel, language, phone, email,
    submitted_at, due_at, completeness_due_at, account_type, organisation_name,
    organisation_number, filed_by, due_from, due_days, {", ".join(KIND_COLUMNS)}, assignee_id)
  SELECT $4, id, $5, 'received', $2, $16, $6, $7, $8, $9, $10, $11, $13, $14, $15, $17::bigint,
    $18::date, $19::smallint,
    {", ".join(f"${n}::{kind}" for n, kind in enumerate(KIND_COLUMNS.values(), _FIRST))},
    by_rule(NULL, ${_PLACES["agency_id"]}, ${_PLACES["service_id"]}, $5, $9)
  FROM taken RETURNING id, assignee_id
), logged AS (
  INSERT INTO event (report_id, at, action, to_state, actor, staff_id)
  SELECT id, $9, 'submit', 'received',
    CASE WHEN $17::bigint IS NULL THEN 'beneficiary' ELSE 'staff' END, $17 FROM filed
  RETURNING report_id
), ruled AS (
  -- Whoever has it by rule has it from the first instant: it never waits for somebody to look.
  INSERT INTO event (report_id, at, action, actor, public, side, data)
  SELECT id, $9, 'assign', 'clock', false, 'amer', hands(NULL, assignee_id)
  FROM filed JOIN logged ON logged.report_id = filed.id WHERE assignee_id IS NOT NULL
), audited AS (
  INSERT INTO audit (at, staff_id, action, subject, data)
  SELECT $9, $17, 'submit', 'report:' || id, jsonb_build_object('channel', $16::text)
  FROM filed WHERE $17 IS NOT NULL
), kept AS (
  UPDATE attachment SET report_id = filed.id FROM filed WHERE draft_id = $1 AND report_id IS NULL
), told AS (
  INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
  SELECT 'report:' || filed.id || ':opened:1:' || n.channel, 'opened', n.channel, n.recipient, $6,
    n.data::jsonb, $9, $9
  FROM filed, unnest($%d::text[], $%d::text[], $%d::text[]) AS n (channel, recipient, data)
), reached AS (
  -- Contact details are asked once: what was missing until now is remembered, and on whose behalf
  -- the person files.
  UPDATE person SET phone = coalesce(person.phone, $7), email = coalesce(person.email, $8),
    name = coalesce(nullif(person.name, ''), $12), account_type = $13,
    organisation_name = $14, organisation_number = $15
  FROM filed WHERE person.id = $2
    AND (person.phone IS NULL OR person.email IS NULL OR person.name = ''
      OR (person.account_type, person.organisation_name, person.organisation_number)
        IS DISTINCT FROM ($13, $14, $15))
)
SELECT id FROM filed
""" % tuple(range(_FIRST + len(KIND_COLUMNS), _FIRST + len(KIND_COLUMNS) + 3))  # noqa: S608


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """What is filed, by whom and on whose behalf, and how they are told. ``sms``: whether this
    installation has a gateway.

    ``name``, ``reach`` and ``language`` are those of whose report it becomes; ``filer`` says who
    files it.
    """

    kind: Kind
    values: dict[str, Any]
    draft: OpenDraft
    filer: Filer
    name: str
    reach: Reach
    behalf: Behalf
    language: str
    public_url: str
    sms: bool


async def submit(
    given: Submission, now: datetime, calendar: Calendar, zone: ZoneInfo, resolution_days: int
) -> Filed | Refused:
    """Files the report: exactly once however often and from wherever the form is sent.

    ``changed``: the draft is no longer what the person was shown; ``filed_before``: one that is the
    same (``kind.once``) was first; ``gone``: there is no such draft.
    """
    due = deadlines.resolution(now, calendar, zone, resolution_days)
    columns = given.kind.columns(given.values)
    agency = given.values["agency"]
    ways = telling_channels.ways(given.reach, sms=given.sms)
    while True:
        number = numbers.new(secrets.randbelow)
        data = {
            "name": given.name,
            "number": number,
            "title": columns["title"],
            "kind": given.kind.code,
            "received_ar": Language.of("ar").text(given.kind.received),
            "received_en": Language.of("en").text(given.kind.received),
            "agency_ar": agency.name_ar,
            "agency_en": agency.name_en,
            "due_on": deadlines.due_day(due, zone).isoformat(),
            "submitted_at": now.isoformat(),
            "link": f"{given.public_url}/reports/{number}",
        }
        if given.behalf.organisation:
            data["organisation"] = given.behalf.name
            data["organisation_number"] = given.behalf.number
        try:
            row = await fetch_one(
                SUBMIT,
                given.draft.id, given.draft.person_id, given.draft.updated_at,
                number, given.kind.code, given.language, given.reach.phone, given.reach.email,
                now, due, deadlines.completeness(now, calendar, zone), given.name,
                given.behalf.account_type, given.behalf.name, given.behalf.number,
                # Who files their own files by the portal, whoever began it.
                given.draft.channel if given.filer.staff_id else "portal", given.filer.staff_id,
                now.astimezone(zone).date(), resolution_days,
                *(columns.get(name) for name in KIND_COLUMNS),
                [way.channel for way in ways], [way.recipient for way in ways],
                [json.dumps(data | telling_channels.fallback(way)) for way in ways],
            )  # fmt: skip
        except asyncpg.UniqueViolationError as clash:
            if clash.constraint_name == "report_number_key":
                continue
            if clash.constraint_name == given.kind.once.index:
                return "filed_before"
            raise
        if row is not None:
            return Filed(number, again=False)
        earlier = await filed_from(given.draft.id, given.filer)
        if earlier is not None:
            return Filed(earlier, again=True)
        return "gone" if await open_draft(given.draft.id, given.filer) is None else "changed"
