"""All that is kept about a person, as one archive (Personal Data Protection Law, 4: the right to a
copy). The format is described in ``docs/export.md``; ``VERSION`` grows when it changes.

Every table that refers to a person or to a report is in ``SECTIONS`` or, with the reason, in
``LEFT_OUT``; a test reads the schema's foreign keys and finds the one that is in neither.
"""

import asyncio
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any
from uuid import UUID

import msgspec

from balagh.database import fetch, transaction
from balagh.files.store import Store
from balagh.people import national_ids

FORMAT = "balagh-person"
VERSION = 1

# Table → what is read of it; $1 is the person. Secrets (hashes, ciphers) and other people's names
# are in none of them.
SECTIONS: Mapping[str, str] = {
    "person": "SELECT id, name, phone, email, language, digits, notify_sms, notify_email, "
    "account_type, organisation_name, organisation_number, created_at, erasure_asked_at, "
    "national_id_cipher FROM person WHERE id = $1",
    "identity": "SELECT issuer, subject FROM identity WHERE person_id = $1 ORDER BY id",
    "session": "SELECT created_at, seen_at, expires_at, revoked_at FROM session "
    "WHERE person_id = $1 ORDER BY id",
    "verification": "SELECT channel, address, created_at, expires_at FROM verification "
    "WHERE person_id = $1 ORDER BY id",
    "draft": "SELECT id, kind, channel, answers, remind_on, created_at, updated_at FROM draft "
    "WHERE person_id = $1 ORDER BY created_at, id",
    "report": "SELECT r.id, r.number, r.kind, r.state, r.channel, r.language, r.phone, r.email, "
    "r.account_type, r.organisation_name, r.organisation_number, a.code AS agency, "
    "a.name_ar AS agency_ar, a.name_en AS agency_en, p.code AS platform, "
    "coalesce(s.name_ar, r.service_name) AS service_ar, "
    "coalesce(s.name_en, r.service_name) AS service_en, r.delivery_channel, r.ground, r.reference, "
    "r.filed_on, r.response_days, r.closed_on, r.matter, r.still_happening, r.title, "
    "r.description, r.submitted_at, r.due_at, r.data_due_at, r.ended_at, r.reopen_until, "
    "r.outcome, r.answer, r.promised_on, r.delivered_at, "
    "(SELECT o.number FROM report o WHERE o.id = r.part_of) AS part_of "
    "FROM report r JOIN agency a ON a.id = r.agency_id "
    "LEFT JOIN platform p ON p.id = r.platform_id LEFT JOIN service s ON s.id = r.service_id "
    "WHERE r.person_id = $1 ORDER BY r.submitted_at, r.id",
    "event": "SELECT e.report_id, e.at, e.action, e.from_state, e.to_state, e.actor, "
    "e.data - 'by_link' AS data FROM event e JOIN report r ON r.id = e.report_id "
    "WHERE r.person_id = $1 AND e.public ORDER BY e.at, e.id",
    "action_draft": "SELECT d.report_id, d.action, d.answers, d.updated_at FROM action_draft d "
    "JOIN report r ON r.id = d.report_id WHERE r.person_id = $1 ORDER BY d.id",
    "rating": "SELECT g.report_id, g.survey, g.score, g.reasons, g.comment, g.at, g.changed_at "
    "FROM rating g JOIN report r ON r.id = g.report_id WHERE r.person_id = $1 ORDER BY g.id",
    "attachment": "SELECT id, draft_id, report_id, name, media_type, size, added_at "
    "FROM attachment WHERE person_id = $1 ORDER BY added_at, id",
    # A notice names what it is about in its key and refers to nothing.
    "notice": "SELECT moment, channel, recipient, language, data - 'code' AS data, state, "
    "created_at, sent_at FROM notice WHERE (split_part(key, ':', 1) = 'person' "
    "AND split_part(key, ':', 2) = ($1::bigint)::text) OR (split_part(key, ':', 1) = 'report' "
    "AND split_part(key, ':', 2) IN (SELECT id::text FROM report WHERE person_id = $1)) "
    "ORDER BY id",
}
LEFT_OUT: Mapping[str, str] = {
    "case_view": "which of the staff looked at a report, not a word about the person",
    "mention": "which of the staff a note was meant for",
    "answer_link": "whom at an agency Amer asked for an answer: other people's names and addresses",
    "shared_file": "which agency sees a file that is in the copy",
    "evidence_link": "hashes of tokens; the messages that held them are in the copy",
}
_PARTS_OF_REPORT = ("event", "action_draft", "rating")


class Contents(msgspec.Struct, frozen=True):
    """What the archive would hold, in numbers; ``size``: bytes of the files."""

    reports: int
    drafts: int
    notices: int
    files: int
    size: int


async def contents(person: int) -> Contents:
    """For the page that says what is in it."""
    counted = ("report", "draft", "notice", "attachment")
    columns = ", ".join(f"(SELECT count(*) FROM ({SECTIONS[name]}) x)" for name in counted)  # noqa: S608
    rows = await fetch(
        f"SELECT {columns}, (SELECT coalesce(sum(size), 0)::bigint FROM ({SECTIONS['attachment']}) x)",  # noqa: S608, E501
        person,
    )
    return Contents(*rows[0].values())


async def write(
    person: int, into: IO[bytes], store: Store, *, secret_key: bytes, now: datetime
) -> None:
    """Writes the archive: ``data.json`` and the files, one by one, never all in memory."""
    data, files = await _gather(person, secret_key, now)
    with zipfile.ZipFile(into, "w", zipfile.ZIP_STORED) as archive:
        for entry, id in files:
            try:
                content = await store.read(id)
            except FileNotFoundError:
                # Told in the list, so that nobody looks for what is not there.
                entry["path"] = None
                continue
            await asyncio.to_thread(archive.writestr, entry["path"], content)
        archive.writestr("data.json", _json(data), zipfile.ZIP_DEFLATED)


async def _gather(
    person: int, secret_key: bytes, now: datetime
) -> tuple[dict[str, Any], list[tuple[dict[str, Any], UUID]]]:
    # One transaction: what is committed meanwhile may still come in between, so parts whose report
    # came later are dropped below rather than hung in the air.
    async with transaction():
        rows = {name: [dict(row) for row in await fetch(sql, person)]
                for name, sql in SECTIONS.items()}  # fmt: skip
    for found in rows.values():
        for row in found:
            for name in ("answers", "data"):
                if name in row:
                    row[name] = json.loads(row[name])
    account = rows["person"][0]
    account["national_id"] = _national_id(account.pop("national_id_cipher"), secret_key)
    # Ours, and of no use elsewhere.
    del account["id"]
    reports = {row.pop("id"): row for row in rows["report"]}
    drafts = {row.pop("id"): row for row in rows["draft"]}
    for owner in (*reports.values(), *drafts.values()):
        owner["files"] = []
    for table in _PARTS_OF_REPORT:
        for report in reports.values():
            report[f"{table}s"] = []
        for row in rows[table]:
            if (id := row.pop("report_id")) in reports:
                reports[id][f"{table}s"].append(row)
    files = _files(rows["attachment"], reports, drafts)
    data = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": now,
        "person": account,
        "identities": rows["identity"],
        "sessions": rows["session"],
        "verifications": rows["verification"],
        "drafts": list(drafts.values()),
        "reports": list(reports.values()),
        "notices": rows["notice"],
    }
    return data, files


def _files(
    rows: list[dict[str, Any]],
    reports: dict[int, dict[str, Any]],
    drafts: dict[Any, dict[str, Any]],
) -> list[tuple[dict[str, Any], UUID]]:
    """Each file's entry in the list of what it belongs to, under a name to be read."""
    folders = {id: f"draft-{place}" for place, id in enumerate(drafts, 1)}
    found = []
    for row in rows:
        id, draft, report = row.pop("id"), row.pop("draft_id"), row.pop("report_id")
        owner = reports.get(report) if report is not None else drafts.get(draft)
        if owner is None:
            continue
        folder = owner["number"] if report is not None else folders[draft]
        place = len(owner["files"]) + 1
        entry = {"path": f"files/{folder}/{place:02}-{row['name']}", **row}
        owner["files"].append(entry)
        found.append((entry, id))
    return found


def _national_id(sealed: bytes | None, secret_key: bytes) -> str | None:
    return None if sealed is None else national_ids.unseal(sealed, secret_key)


def _json(data: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(data), indent=1)
