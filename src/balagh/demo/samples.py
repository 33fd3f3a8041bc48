"""Puts the sample reports into the database and their files into the store, once.

A few statements in one transaction: all of the samples are there, or none.
"""

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

import msgspec

from balagh.database import fetch, fetch_one, transaction
from balagh.demo import canned, cast, endings, evidence
from balagh.demo.replay import Happened, Life, replay
from balagh.demo.stories import (
    Almanac,
    Beneficiary,
    Officer,
    SampleDraft,
    SampleReport,
    folk,
    stories,
)
from balagh.directory.holidays import calendar as working_calendar
from balagh.directory.lookup import Catalogue, catalogue
from balagh.files.store import Store
from balagh.people import national_ids
from balagh.reports import numbers
from balagh.reports.choices import Choices
from balagh.reports.fields import NOT_LISTED
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import Action, Role
from balagh.settings import Settings

Row = dict[str, Any]


class People(msgspec.Struct, frozen=True):
    """Who files, by key, and who acts: ``staff`` by role, ``officers`` by agency id."""

    beneficiaries: Mapping[str, Mapping[str, Any]]
    staff: Mapping[str, int]
    officers: Mapping[int, int]

    def acting(self, role: Role, agency: int) -> int | None:
        """The member of staff who acts in that role, none for the beneficiary and the clock."""
        if role is Role.AGENCY_OFFICER:
            return self.officers[agency]
        return self.staff.get(role)


def draft_id(key: str) -> UUID:
    """The id of the draft that a sample is or was made from; the same in every demonstration."""
    return uuid5(NAMESPACE_URL, f"https://example.sa/samples/{key}")


def number_of(sample: SampleReport) -> str:
    """A report number that is the same in every demonstration."""
    return numbers.new(random.Random(sample.key).randrange)  # noqa: S311 - nothing to protect


async def seed(settings: Settings, now: datetime) -> None:
    """Adds the sample reports as they are at ``now``; does nothing when they were added before.

    The catalogue and the cast must be there.
    """
    told = stories()
    ids = [draft_id(one.key) for one in told.reports]
    if await fetch_one("SELECT 1 FROM report WHERE draft_id = ANY($1::uuid[])", ids):
        return
    known = await catalogue(now)
    almanac = Almanac(
        now,
        await working_calendar(frozenset(settings.weekend), now),
        ZoneInfo(settings.zone),
    )
    lives = [
        (sample, *replay(sample, almanac, settings, values_of(sample, known)["agency"].id))
        for sample in told.reports
    ]
    files = await _keep_files(Store(settings.data / "files"), told.reports)
    async with transaction():
        people = await _people(settings.secret_key, known, now)
        reports, events, attachments = [], [], []
        for sample, life, story in lives:
            person = people.beneficiaries[sample.person]
            row = {
                **_filed(sample, person, people, known),
                **msgspec.to_builtins(life),
                **_hands(life, story, people),
                "version": len(story),
            }
            reports.append(row)
            events += [_event(row, happened, people) for happened in story]
            attachments += [
                {
                    **file,
                    "person_id": person["id"],
                    "draft_id": row["draft_id"],
                    "came_at": story[came].at if came else None,
                    # Added on the page before the one with the button.
                    "added_at": (story[came].at - timedelta(minutes=2)).isoformat(),
                }
                for came, file in files[sample.key]
            ]
        by_draft = {
            str(row["draft_id"]): row["id"]
            for row in await _insert("report", reports, "id, draft_id")
        }
        for row in (*events, *attachments):
            row["report_id"] = by_draft[row["draft_id"]]
        for row in events:
            del row["draft_id"]
        made = await _insert("event", events, "id, report_id, at")
        by_time = {(row["report_id"], row["at"]): row["id"] for row in made}
        for row in attachments:
            # None for what was filed with the report itself.
            row["event_id"] = by_time.get((row["report_id"], row.pop("came_at")))
        await _insert("attachment", attachments)
        # Whoever did something has seen the report as it was then; what came later is news to them.
        await fetch(
            "INSERT INTO case_view (report_id, staff_id, version, seen_at) "
            "SELECT report_id, staff_id, max(place), max(at) FROM (SELECT *, row_number() OVER "
            "(PARTITION BY report_id ORDER BY at, id) AS place FROM event) e "
            "WHERE staff_id IS NOT NULL GROUP BY report_id, staff_id"
        )
        await _insert("rating", _ratings(lives, by_draft, almanac))
        await _insert("draft", [draft_row(one, people, known, almanac) for one in told.drafts])
        await endings.tell(settings, now)
        await canned.seed_replies(now)


async def _keep_files(
    store: Store, samples: Sequence[SampleReport]
) -> Mapping[str, list[tuple[int, Row]]]:
    """Draws and keeps the files; by report, the rows and the deed with which each came."""
    kept: dict[str, list[tuple[int, Row]]] = {sample.key: [] for sample in samples}
    for sample in samples:
        for file in sample.files:
            drawn = evidence.draw(file.name, file.shows)
            id = draft_id(f"{sample.key}/{file.name}")
            await store.put(id, drawn)
            row = {
                "id": str(id),
                "name": file.name,
                "media_type": evidence.media_type(file.name),
                "size": len(drawn),
                "sha256": _bytea(hashlib.sha256(drawn).digest()),
            }
            kept[sample.key].append((file.came_with, row))
    return kept


async def _people(key: bytes, known: Catalogue, now: datetime) -> People:
    others = folk()
    await _insert("person", [_person(one, key, now) for one in others.people])
    await _insert("staff", [_officer(one, known, now) for one in others.officers])
    keys = {one.national_id: one.key for one in others.people}
    keys |= {one.national_id: one.key for one in cast.CAST if one.national_id}
    hashes = {national_ids.lookup_hash(id, key): name for id, name in keys.items()}
    people = await fetch(
        "SELECT id, phone, email, national_id_hash FROM person "
        "WHERE national_id_hash = ANY($1::bytea[])",
        list(hashes),
    )
    # The first of each role, who is the last that the look-ups below keep.
    staff = await fetch("SELECT id, role, agency_id FROM staff WHERE active ORDER BY id DESC")
    return People(
        {hashes[row["national_id_hash"]]: row for row in people},
        {row["role"]: row["id"] for row in staff if row["agency_id"] is None},
        {row["agency_id"]: row["id"] for row in staff if row["role"] == "agency_officer"},
    )


def _person(one: Beneficiary, key: bytes, now: datetime) -> Row:
    return {
        "national_id_cipher": _bytea(national_ids.seal(one.national_id, key)),
        "national_id_hash": _bytea(national_ids.lookup_hash(one.national_id, key)),
        "name": one.name,
        "phone": one.phone,
        "email": one.email,
        "language": one.language,
        "created_at": now.isoformat(),
    }


def _officer(one: Officer, known: Catalogue, now: datetime) -> Row:
    return {
        "role": "agency_officer",
        "agency_id": known.agency_codes[one.agency].id,
        "name_ar": one.name_ar,
        "name_en": one.name_en,
        "email": one.email,
        "created_at": now.isoformat(),
    }


def _filed(
    sample: SampleReport, person: Mapping[str, Any], people: People, known: Catalogue
) -> Row:
    """The columns of ``report`` that stay as they were filed."""
    columns = KINDS[sample.kind].columns(values_of(sample, known))
    return {
        "number": number_of(sample),
        "draft_id": str(draft_id(sample.key)),
        "kind": sample.kind,
        "person_id": person["id"],
        "filed_by": people.staff["intake_officer"] if sample.filed_by else None,
        "channel": "toll_free" if sample.filed_by else "portal",
        "language": sample.language,
        "phone": person["phone"],
        "email": person["email"],
        **{
            name: _bytea(value) if isinstance(value, bytes) else value
            for name, value in columns.items()
        },
    }


def _hands(life: Life, story: Sequence[Happened], people: People) -> Row:
    """Who has it: the reviewer who began, and the agency's officer who has taken it up."""
    begun = any(one.action is Action.START_REVIEW for one in story)
    agency = life.referred_agency_id if life.outcome else None
    return {
        "assignee_id": people.staff["reviewer"] if begun else None,
        "officer_id": people.officers[agency] if agency else None,
        "acknowledged_at": life.referred_at if agency else None,
    }


def values_of(sample: SampleReport, known: Catalogue) -> dict[str, Any]:
    """What the sample's answers mean, as the kinds read it."""
    service = known.service_codes[sample.service] if sample.service else None
    platform = service and service.platform_id
    return {
        "agency": known.agencies[service.agency_id]
        if service
        else known.agency_codes[sample.agency],
        "platform": known.platforms[platform] if platform else None,
        "service": service or NOT_LISTED,
        "service_name": sample.service_name or None,
        "delivery_channel": Choices(known, "ar").channel(sample.delivery_channel)
        if sample.delivery_channel
        else None,
        "ground": sample.ground,
        "reference": sample.reference,
        "matter": sample.matter,
        "still_happening": "yes" if sample.closed else None,
        "title": sample.title,
        "description": sample.description.strip(),
    }


def _event(report: Row, happened: Happened, people: People) -> Row:
    staff = people.acting(happened.role, report["agency_id"])
    actor = "clock" if happened.role is Role.CLOCK else "beneficiary" if staff is None else "staff"
    return {
        "draft_id": report["draft_id"],
        "at": happened.at.isoformat(),
        "action": happened.action,
        "from_state": happened.from_state,
        "to_state": happened.to_state,
        "actor": actor,
        "staff_id": staff,
        "public": True,
        "data": happened.data,
    }


def _ratings(
    lives: Sequence[tuple[SampleReport, Life, Sequence[Happened]]],
    by_draft: Mapping[str, int],
    almanac: Almanac,
) -> list[Row]:
    return [
        {
            "report_id": by_draft[str(draft_id(sample.key))],
            "survey": one.survey,
            "score": one.score,
            "reasons": list(one.reasons),
            "comment": one.comment,
            "at": almanac.instant(one.at, before=life.ended_at).isoformat(),
        }
        for sample, life, _ in lives
        for one in sample.ratings
    ]


def draft_row(sample: SampleDraft, people: People, known: Catalogue, almanac: Almanac) -> Row:
    service = known.service_codes[sample.service]
    assert service.platform_id is not None
    answers = {
        "ground": sample.ground,
        "agency": known.agencies[service.agency_id].code,
        "platform": known.platforms[service.platform_id].code,
        "service": service.code,
        "delivery_channel": sample.delivery_channel,
        "title": sample.title,
        "description": sample.description,
    }
    at = almanac.instant(sample.at).isoformat()
    return {
        "id": str(draft_id(sample.key)),
        "person_id": people.beneficiaries[sample.person]["id"],
        "kind": "complaint",
        "answers": {name: typed for name, typed in answers.items() if typed},
        "created_at": at,
        "updated_at": at,
    }


def _bytea(raw: bytes) -> str:
    """As PostgreSQL reads it in a text (hex format)."""
    return f"\\x{raw.hex()}"


async def _insert(table: str, rows: Sequence[Row], returning: str = "1") -> list[Any]:
    """One statement for all rows. The database reads each value by its column's type; columns that
    no row names get their defaults."""
    columns = ", ".join(dict.fromkeys(name for row in rows for name in row))
    return await fetch(
        f"INSERT INTO {table} ({columns}) "  # noqa: S608 - both are written in this module
        f"SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, $1::jsonb) "
        f"RETURNING {returning}",
        json.dumps(rows, default=str),
    )
