"""The tables as the program declares them are those of the database, and the database itself
refuses what the specification rules out (3.1 b, 3.2, 3.3, 4, 5)."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from piccolo.table import Table

from balagh.embedded import EmbeddedServer
from balagh.piccolo_app import APP_CONFIG

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
# A column: its type, whether it may be null, its default, whether it is unique on its own.
Columns = dict[str, tuple[str, bool, str | None, bool]]


async def _columns(connection: asyncpg.Connection, table: str) -> Columns:
    """By PostgreSQL's own catalogue; ``table`` with its schema."""
    rows = await connection.fetch(
        """
        SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
               NOT a.attnotnull AS nullable,
               -- A serial's sequence is named after its schema.
               regexp_replace(pg_get_expr(d.adbin, d.adrelid), '^nextval.*', 'next') AS value,
               EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique
                       AND i.indpred IS NULL AND i.indnatts = 1
                       AND i.indkey[0] = a.attnum) AS alone
        FROM pg_attribute a
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
        """,
        table,
    )
    return {row["name"]: (row["type"], row["nullable"], row["value"], row["alone"]) for row in rows}


@pytest.fixture
async def connection(server: EmbeddedServer, db: None) -> AsyncIterator[asyncpg.Connection]:
    """One on which everything is undone at the end."""
    opened = await asyncpg.connect(server.url())
    undone = opened.transaction()
    await undone.start()
    try:
        yield opened
    finally:
        await undone.rollback()
        await opened.close()


async def test_the_tables_are_those_declared(connection: asyncpg.Connection) -> None:
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    # The migrations and the queue declare theirs themselves.
    found = {row["tablename"] for row in rows if not row["tablename"].startswith("saq")}
    assert found - {"migration"} == {table._meta.tablename for table in APP_CONFIG.table_classes}


@pytest.mark.parametrize(
    "table", APP_CONFIG.table_classes, ids=lambda table: str(table._meta.tablename)
)
async def test_the_columns_are_those_declared(
    connection: asyncpg.Connection, table: type[Table]
) -> None:
    """The declaration is made into a table beside the migrated one, and both are looked up."""
    name = table._meta.tablename
    await connection.execute("CREATE SCHEMA declared")
    await connection.execute("SET LOCAL search_path TO declared")
    for statement in table.create_table().ddl:
        await connection.execute(statement)
    declared = await _columns(connection, f"declared.{name}")
    assert declared
    assert await _columns(connection, f"public.{name}") == declared


Row = dict[str, Any]
NAMES: Row = {"name_ar": "اسم", "name_en": "Name"}
SHORT: Row = {**NAMES, "short_ar": "اسم", "short_en": "Name"}


def report(place: int = 1, /, **changes: Any) -> Row:
    """A complaint that is in order, with changes; ``place`` tells one from the next."""
    return {
        "id": place,
        "number": str(7_302_641_180 + place),
        "draft_id": uuid4(),
        "kind": "complaint",
        "state": "received",
        "person_id": 1,
        "language": "ar",
        "agency_id": 1,
        "service_id": 1,
        "ground": "no_response_time",
        "reference": "BLD-4471882",
        "reference_key": "bld4471882",
        "filed_on": date(2026, 11, 9),
        "title": "Title",
        "description": "Description",
        "submitted_at": NOW,
        "due_at": NOW + timedelta(days=7),
        "completeness_due_at": NOW + timedelta(days=1),
        "due_from": NOW.date(),
        "due_days": 5,
        **changes,
    }


NO_GROUND: Row = {"ground": None, "reference": None, "reference_key": None, "filed_on": None}


def transformation(place: int = 1, /, **changes: Any) -> Row:
    key = {"service_id": None, "service_name": "Paper", "service_key": "paper"}
    return report(place, kind="transformation", **{**NO_GROUND, **key, **changes})


def suggestion(place: int = 1, /, **changes: Any) -> Row:
    return report(place, kind="suggestion", **{**NO_GROUND, "text_hash": b"1", **changes})


def attachment(**changes: Any) -> Row:
    return {
        "id": uuid4(),
        "person_id": 1,
        "draft_id": uuid4(),
        "name": "fault.png",
        "media_type": "image/png",
        "size": 1,
        "sha256": b"1",
        "added_at": NOW,
        **changes,
    }


def notice(**changes: Any) -> Row:
    return {
        "key": "report:1:opened:1:sms",
        "moment": "opened",
        "channel": "sms",
        "recipient": "+966553184471",
        "language": "ar",
        "next_attempt_at": NOW,
        "created_at": NOW,
        **changes,
    }


def session(**changes: Any) -> Row:
    times = {"created_at": NOW, "seen_at": NOW, "expires_at": NOW}
    return {"token_hash": b"1" * 32, "person_id": 1, **times, **changes}


def identity(**changes: Any) -> Row:
    return {"issuer": "https://id.example", "subject": "1", **changes}


def staff(**changes: Any) -> Row:
    return {"role": "reviewer", "email": "a@example.com", "created_at": NOW, **NAMES, **changes}


def service(**changes: Any) -> Row:
    return {"agency_id": 1, "platform_id": 1, "code": "c", "digital": True, **NAMES, **changes}


PAPER: Row = {"platform_id": None, "digital": False}


def event(**changes: Any) -> Row:
    return {"report_id": 9, "at": NOW, "action": "submit", "actor": "beneficiary", **changes}


def rating(**changes: Any) -> Row:
    return {"report_id": 9, "survey": "agency", "score": 5, "at": NOW, **changes}


def verification(**changes: Any) -> Row:
    times = {"created_at": NOW, "expires_at": NOW}
    known = {"person_id": 1, "channel": "sms", "address": "a", "code_hash": b"1", "sent_at": [NOW]}
    return {**known, **times, **changes}


def action_draft(**changes: Any) -> Row:
    return {"report_id": 9, "action": "update", "updated_at": NOW, **changes}


def person(**changes: Any) -> Row:
    return {"name": "Noura", "created_at": NOW, **changes}


MISSING: Row = {"state": "missing_data", "data_due_at": NOW, "resume_state": "under_review"}
DRAFT = uuid4()
SEALED: Row = {"national_id_cipher": b"1", "national_id_hash": b"1"}

# Before each: they get the ids 1, 2, … in this order.
KNOWN: tuple[tuple[str, Row], ...] = (
    ("agency", {"code": "moj", **SHORT}),
    ("agency", {"code": "moi", **SHORT}),
    ("platform", {"agency_id": 1, "code": "najiz", **SHORT}),
    ("service", service(code="a")),
    ("service", service(code="b")),
    ("person", person(name="Noura")),
    ("person", person(name="Salem")),
    ("staff", staff(email="reem@example.com")),
    ("report", report(9, reference_key="another")),
)

# Rows of a table, put in one after the other: all but the last are taken; the last one is refused
# by the constraint or unique index named, or taken where none is named.
RULES: tuple[tuple[str, str, tuple[Row, ...]], ...] = (
    # A complaint's reference is escalated once with an agency, by anyone (3.1 b).
    ("report_reference_once", "report", (report(1), report(2))),
    ("report_reference_once", "report", (report(1), report(2, person_id=2))),
    ("report_reference_once", "report", (report(1, state="closed"), report(2))),
    ("", "report", (report(1, state="cancelled"), report(2))),
    ("", "report", (report(1, state="rejected"), report(2))),
    ("", "report", (report(1), report(2, state="cancelled"))),
    ("", "report", (report(1), report(2, agency_id=2))),
    ("", "report", (report(1), report(2, reference_key="bld4471883"))),
    ("", "report", (report(1), transformation(2, reference_key="bld4471882"))),
    # The same transformation request, by the same person (3.2).
    ("report_transformation_once", "report", (transformation(1), transformation(2))),
    ("", "report", (transformation(1), transformation(2, person_id=2))),
    ("", "report", (transformation(1), transformation(2, agency_id=2))),
    ("", "report", (transformation(1), transformation(2, service_key="other"))),
    ("", "report", (transformation(1, state="cancelled"), transformation(2))),
    ("", "report", (transformation(1, state="rejected"), transformation(2))),
    # The same suggestion, by the same person (3.3).
    ("report_suggestion_once", "report", (suggestion(1), suggestion(2))),
    ("", "report", (suggestion(1), suggestion(2, person_id=2))),
    ("", "report", (suggestion(1), suggestion(2, service_id=2))),
    ("", "report", (suggestion(1), suggestion(2, text_hash=b"2"))),
    ("", "report", (suggestion(1, state="cancelled"), suggestion(2))),
    ("", "report", (suggestion(1, state="rejected"), suggestion(2))),
    # Its kind, ground and what the ground needs (3.1).
    ("", "report", (report(),)),
    ("report_kind_check", "report", (report(kind="praise", **NO_GROUND),)),
    ("report_ground_check", "report", (report(ground="anger"),)),
    ("report_complaint_ground", "report", (report(**NO_GROUND),)),
    ("report_complaint_ground", "report", (suggestion(ground="outage"),)),
    ("report_complaint_reference", "report", (report(reference=None),)),
    ("report_complaint_reference", "report", (report(reference_key=None),)),
    ("report_complaint_reference", "report", (report(filed_on=None),)),
    ("", "report", (report(**{**NO_GROUND, "ground": "outage"}),)),
    ("report_matter_check", "report", (report(matter="personal"),)),
    ("report_response_days_check", "report", (report(response_days=0),)),
    ("report_response_days_check", "report", (report(response_days=367),)),
    ("report_service_known", "report", (report(service_id=None),)),
    ("report_channel_check", "report", (report(channel="fax"),)),
    ("report_language_check", "report", (report(language="fr"),)),
    # Its state and what the state needs (4, 5).
    ("report_state_check", "report", (report(state="lost"),)),
    ("", "report", (report(**MISSING),)),
    ("report_missing_data_due", "report", (report(**{**MISSING, "data_due_at": None}),)),
    ("report_missing_data_due", "report", (report(**{**MISSING, "resume_state": None}),)),
    ("report_missing_data_due", "report", (report(**{**MISSING, "state": "in_progress"}),)),
    ("report_resume_state_check", "report", (report(**{**MISSING, "resume_state": "closed"}),)),
    ("report_accepted_with_date", "report", (transformation(outcome="accepted"),)),
    (
        "",
        "report",
        (transformation(outcome="accepted", promised_on=date(2027, 1, 3)),),
    ),
    ("", "report", (transformation(outcome="refused"),)),
    ("report_outcome_check", "report", (report(outcome="ignored"),)),
    # Its number, and the draft it was made from.
    ("report_number_check", "report", (report(number="0302641185"),)),
    ("report_number_check", "report", (report(number="730264118"),)),
    ("report_number_check", "report", (report(number="73026411855"),)),
    ("report_number_check", "report", (report(number="730 264 118"),)),
    ("report_number_check", "report", (report(number="٧٣٠٢٦٤١١٨٥"),)),
    (
        "report_number_key",
        "report",
        (report(1, number="7302641185"), report(2, number="7302641185", reference_key="x")),
    ),
    (
        "report_draft_id_key",
        "report",
        (report(1, draft_id=DRAFT), report(2, draft_id=DRAFT, reference_key="x")),
    ),
    # Files: types as they are kept, 10 MB.
    ("", "attachment", (attachment(size=10_485_760, media_type="application/pdf"),)),
    ("", "attachment", (attachment(media_type="image/jpeg"),)),
    ("attachment_size_check", "attachment", (attachment(size=10_485_761),)),
    ("attachment_size_check", "attachment", (attachment(size=0),)),
    ("attachment_media_type_check", "attachment", (attachment(media_type="image/gif"),)),
    ("attachment_media_type_check", "attachment", (attachment(media_type="image/svg+xml"),)),
    ("attachment_media_type_check", "attachment", (attachment(media_type="text/html"),)),
    ("attachment_name_check", "attachment", (attachment(name=""),)),
    ("attachment_name_check", "attachment", (attachment(name="x" * 201),)),
    ("attachment_belongs", "attachment", (attachment(draft_id=None),)),
    # Each moment once (6).
    ("notice_key_key", "notice", (notice(), notice(recipient="+966500000000"))),
    ("", "notice", (notice(), notice(key="report:1:opened:1:email", channel="email"))),
    ("notice_channel_check", "notice", (notice(channel="fax"),)),
    ("notice_state_check", "notice", (notice(state="lost"),)),
    ("notice_data_check", "notice", (notice(data="[]"),)),
    # People (1).
    ("", "identity", (identity(person_id=1, staff_id=1),)),
    ("identity_of_somebody", "identity", (identity(),)),
    ("identity_once", "identity", (identity(person_id=1), identity(person_id=2))),
    ("identity_once", "identity", (identity(person_id=1), identity(staff_id=1))),
    ("", "identity", (identity(person_id=1), identity(person_id=1, subject="2"))),
    ("", "identity", (identity(person_id=1), identity(staff_id=1, issuer="https://b.example"))),
    ("session_of_one", "session", (session(staff_id=1),)),
    ("session_of_one", "session", (session(person_id=None),)),
    ("session_token_hash_check", "session", (session(token_hash=b"short"),)),
    ("session_token_hash_key", "session", (session(), session(person_id=2))),
    ("person_national_id_whole", "person", (person(national_id_hash=b"1"),)),
    ("person_national_id_whole", "person", (person(national_id_cipher=b"1"),)),
    ("person_national_id", "person", (person(**SEALED), person(**SEALED))),
    ("", "person", (person(), person())),
    ("person_account_type_check", "person", (person(account_type="robot"),)),
    ("person_phone_check", "person", (person(phone="0553184471"),)),
    ("person_email_check", "person", (person(email="noura"),)),
    ("", "person", (person(notify_sms=False),)),
    ("person_can_be_told", "person", (person(notify_sms=False, notify_email=False),)),
    ("verification_once", "verification", (verification(), verification(address="b"))),
    ("", "verification", (verification(), verification(channel="email"))),
    ("verification_channel_check", "verification", (verification(channel="fax"),)),
    ("staff_role_check", "staff", (staff(role="king"),)),
    ("staff_agency_of_provider", "staff", (staff(role="agency_officer"),)),
    ("staff_agency_of_provider", "staff", (staff(agency_id=1),)),
    ("", "staff", (staff(role="agency_manager", agency_id=1),)),
    ("staff_email", "staff", (staff(), staff(email="A@example.com"))),
    ("", "staff", (staff(active=False), staff(email="A@example.com"))),
    # The catalogue (2).
    ("service_digital_has_platform", "service", (service(platform_id=None),)),
    ("service_paper_has_no_sla", "service", (service(**PAPER, sla_days=3),)),
    ("service_sla_days_check", "service", (service(sla_days=0),)),
    ("service_alternative_of_paper", "service", (service(digital_alternative_id=1),)),
    ("", "service", (service(**PAPER, digital_alternative_id=1),)),
    ("service_channels", "service", (service(channels=["web", "pigeon"]),)),
    ("service_code_check", "service", (service(code="A b"),)),
    ("service_code_key", "service", (service(code="a"),)),
    ("agency_code_key", "agency", ({"code": "moj", **SHORT},)),
    ("platform_code_key", "platform", ({"agency_id": 1, "code": "najiz", **SHORT},)),
    # Drafts.
    (
        "draft_kind_check",
        "draft",
        ({"id": DRAFT, "person_id": 1, "kind": "x", "created_at": NOW, "updated_at": NOW},),
    ),
    # Filed for an organisation (1).
    ("report_account_type_check", "report", (report(account_type="robot"),)),
    ("report_organisation_named", "report", (report(account_type="business"),)),
    (
        "report_organisation_named",
        "report",
        (report(account_type="business", organisation_name="Shop"),),
    ),
    (
        "",
        "report",
        (
            report(
                account_type="business",
                organisation_name="Shop",
                organisation_number="7000000000",
            ),
        ),
    ),
    # What belongs to a report.
    ("", "action_draft", (action_draft(), action_draft(action="request_reopening"))),
    ("action_draft_once", "action_draft", (action_draft(), action_draft())),
    ("action_draft_action_check", "action_draft", (action_draft(action="cancel"),)),
    ("action_draft_answers_check", "action_draft", (action_draft(answers="[]"),)),
    ("", "attachment", (attachment(report_id=9, pending_action="update", item=0),)),
    ("attachment_item_check", "attachment", (attachment(item=-1),)),
    ("attachment_pending_of_report", "attachment", (attachment(pending_action="update"),)),
    ("attachment_pending_action_check", "attachment", (attachment(pending_action="cancel"),)),
    ("", "event", (event(actor="staff", staff_id=1), event(actor="clock"))),
    ("event_staff_named", "event", (event(actor="staff"),)),
    ("event_staff_named", "event", (event(staff_id=1),)),
    ("event_actor_check", "event", (event(actor="robot"),)),
    ("event_data_check", "event", (event(data='"text"'),)),
    ("", "rating", (rating(), rating(survey="balagh"))),
    ("rating_once", "rating", (rating(), rating(score=1))),
    ("rating_score_check", "rating", (rating(score=0),)),
    ("rating_score_check", "rating", (rating(score=6),)),
    ("rating_survey_check", "rating", (rating(survey="other"),)),
)


async def _put(connection: asyncpg.Connection, table: str, row: Row) -> None:
    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await connection.execute(
        f'INSERT INTO "{table}" ({", ".join(row)}) VALUES ({places})', *row.values()
    )


@pytest.mark.parametrize(("refused_by", "table", "rows"), RULES)
async def test_rules_that_the_database_keeps(
    connection: asyncpg.Connection, refused_by: str, table: str, rows: tuple[Row, ...]
) -> None:
    for name, row in KNOWN:
        await _put(connection, name, row)
    for row in rows[:-1]:
        await _put(connection, table, row)
    if not refused_by:
        await _put(connection, table, rows[-1])
        return
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refusal:
        await _put(connection, table, rows[-1])
    assert refusal.value.constraint_name == refused_by
