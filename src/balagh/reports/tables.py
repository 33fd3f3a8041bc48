"""Drafts, reports and what happened to them (specification 3, 4, 5, 7)."""

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    Date,
    Integer,
    SmallInt,
    Text,
    Timestamptz,
)
from piccolo.table import Table


class Draft(Table, tablename="draft"):
    """``answers``: what was typed, as typed, by field name; the journey is recomputed from it.
    ``filed_by``: who of the staff made it for a caller, who came by ``channel``."""

    id = UUID(primary_key=True, default=None)
    person_id = BigInt(default=None)
    kind = Text(default=None)
    filed_by = BigInt(null=True, default=None)
    channel = Text(default="portal")
    answers = JSONB(default="{}")
    remind_on = Date(null=True, default=None)
    created_at = Timestamptz(default=None)
    updated_at = Timestamptz(default=None)


class Report(Table, tablename="report"):
    """``agency_id``: whom it is about; ``referred_agency_id``: who works on it, from the referral
    on. ``assignee_id``: who at Amer has it; ``officer_id``: who at the agency. ``due_at`` is the
    end of working day ``due_days`` after ``due_from``, with the ``pauses`` between
    (``deadlines.counting``). ``searched``: title and description as they are searched, which the
    database keeps."""

    id = BigSerial(primary_key=True)
    number = Text(unique=True, default=None)
    draft_id = UUID(unique=True, default=None)
    kind = Text(default=None)
    state = Text(default=None)
    version = Integer(default=1)
    person_id = BigInt(default=None)
    filed_by = BigInt(null=True, default=None)
    channel = Text(default="portal")
    language = Text(default=None)
    phone = Text(null=True, default=None)
    email = Text(null=True, default=None)
    account_type = Text(default="individual")
    organisation_name = Text(null=True, default=None)
    organisation_number = Text(null=True, default=None)

    agency_id = BigInt(default=None)
    platform_id = BigInt(null=True, default=None)
    service_id = BigInt(null=True, default=None)
    service_name = Text(null=True, default=None)
    service_key = Text(null=True, default=None)
    delivery_channel = Text(null=True, default=None)

    ground = Text(null=True, default=None)
    reference = Text(null=True, default=None)
    reference_key = Text(null=True, default=None)
    filed_on = Date(null=True, default=None)
    response_days = SmallInt(null=True, default=None)
    closed_on = Date(null=True, default=None)
    matter = Text(null=True, default=None)
    still_happening = Boolean(null=True, default=None)

    title = Text(default=None)
    description = Text(default=None)
    text_hash = Bytea(null=True, default=None)
    folded_text = Text(null=True, default=None)
    searched = Text(null=True, default=None)

    submitted_at = Timestamptz(default=None)
    due_at = Timestamptz(default=None)
    completeness_due_at = Timestamptz(default=None)
    due_from = Date(default=None)
    due_days = SmallInt(default=None)
    pauses = Array(base_column=Date(default=None), default=list)
    data_asked_at = Timestamptz(null=True, default=None)
    data_reminded_at = Timestamptz(null=True, default=None)
    data_due_at = Timestamptz(null=True, default=None)
    paused_working_days = SmallInt(null=True, default=None)
    resume_state = Text(null=True, default=None)
    late_told_due = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    reopen_until = Timestamptz(null=True, default=None)

    assignee_id = BigInt(null=True, default=None)
    referred_agency_id = BigInt(null=True, default=None)
    referred_at = Timestamptz(null=True, default=None)
    priority = Text(default="normal")
    officer_id = BigInt(null=True, default=None)
    acknowledged_at = Timestamptz(null=True, default=None)
    checked_at = Timestamptz(null=True, default=None)
    part_of = BigInt(null=True, default=None)
    outcome = Text(null=True, default=None)
    answer = Text(null=True, default=None)
    promised_on = Date(null=True, default=None)
    delivered_at = Timestamptz(null=True, default=None)
    promise_told = SmallInt(default=0)


class Event(Table, tablename="event"):
    """One action: who, when, what changed. ``public`` events make the beneficiary's timeline; of
    the others ``side`` says whose own they are (Amer's, the agency's, none: all staff's)."""

    id = BigSerial(primary_key=True)
    report_id = BigInt(default=None)
    at = Timestamptz(default=None)
    action = Text(default=None)
    from_state = Text(null=True, default=None)
    to_state = Text(null=True, default=None)
    actor = Text(default=None)
    staff_id = BigInt(null=True, default=None)
    public = Boolean(default=True)
    side = Text(null=True, default=None)
    data = JSONB(default="{}")


class Attachment(Table, tablename="attachment"):
    """A file that was checked and kept; its bytes are in the file store under ``id``."""

    id = UUID(primary_key=True, default=None)
    person_id = BigInt(default=None)
    draft_id = UUID(null=True, default=None)
    report_id = BigInt(null=True, default=None)
    event_id = BigInt(null=True, default=None)
    name = Text(default=None)
    media_type = Text(default=None)
    size = Integer(default=None)
    sha256 = Bytea(default=None)
    added_at = Timestamptz(default=None)
    pending_action = Text(null=True, default=None)
    item = SmallInt(null=True, default=None)


class ActionDraft(Table, tablename="action_draft"):
    """What a beneficiary has written of an update or a request to reopen, until it is confirmed."""

    id = BigSerial(primary_key=True)
    report_id = BigInt(default=None)
    action = Text(default=None)
    answers = JSONB(default="{}")
    updated_at = Timestamptz(default=None)


class Rating(Table, tablename="rating"):
    id = BigSerial(primary_key=True)
    report_id = BigInt(default=None)
    survey = Text(default=None)
    score = SmallInt(default=None)
    reasons = Array(base_column=Text(), default=list)
    comment = Text(null=True, default=None)
    at = Timestamptz(default=None)
    changed_at = Timestamptz(null=True, default=None)


class CaseView(Table, tablename="case_view"):
    """Who has seen which version of a report, and until when they are looking at it."""

    id = BigSerial(primary_key=True)
    report_id = BigInt(default=None)
    staff_id = BigInt(default=None)
    version = Integer(default=None)
    seen_at = Timestamptz(default=None)
    looking_until = Timestamptz(null=True, default=None)


class Mention(Table, tablename="mention"):
    """Somebody who is addressed in an internal note."""

    id = BigSerial(primary_key=True)
    event_id = BigInt(default=None)
    staff_id = BigInt(default=None)
    read_at = Timestamptz(null=True, default=None)


class CannedReply(Table, tablename="canned_reply"):
    """A text that staff use again; ``agency_id`` none: Amer's; ``kind``, ``action`` none: any."""

    id = BigSerial(primary_key=True)
    agency_id = BigInt(null=True, default=None)
    kind = Text(null=True, default=None)
    action = Text(null=True, default=None)
    language = Text(default=None)
    title = Text(default=None)
    body = Text(default=None)
    changed_by = BigInt(default=None)
    changed_at = Timestamptz(default=None)


class SavedView(Table, tablename="saved_view"):
    """A filter of the inbox by a name; ``query``: as in its address."""

    id = BigSerial(primary_key=True)
    staff_id = BigInt(default=None)
    name = Text(default=None)
    query = Text(default=None)
    shared = Boolean(default=False)
    created_at = Timestamptz(default=None)


class AssignmentRule(Table, tablename="assignment_rule"):
    """Who gets what by itself; ``owner_agency_id`` none: a rule of Amer's."""

    id = BigSerial(primary_key=True)
    owner_agency_id = BigInt(null=True, default=None)
    agency_id = BigInt(null=True, default=None)
    service_id = BigInt(null=True, default=None)
    kind = Text(null=True, default=None)
    staff_id = BigInt(default=None)
    created_at = Timestamptz(default=None)


class AnswerLink(Table, tablename="answer_link"):
    """A link by which an agency without staff here answers one report."""

    id = BigSerial(primary_key=True)
    report_id = BigInt(default=None)
    agency_id = BigInt(default=None)
    token_hash = Bytea(unique=True, default=None)
    name = Text(default=None)
    email = Text(default=None)
    made_by = BigInt(default=None)
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    revoked_at = Timestamptz(null=True, default=None)
    used_at = Timestamptz(null=True, default=None)


class SharedFile(Table, tablename="shared_file"):
    """A file of a report that the agency of one of its parts (``report_id``) sees too."""

    id = BigSerial(primary_key=True)
    report_id = BigInt(default=None)
    attachment_id = UUID(default=None)


class EvidenceLink(Table, tablename="evidence_link"):
    """A link by which a caller adds evidence to the report that was filed for them."""

    id = BigSerial(primary_key=True)
    report_id = BigInt(default=None)
    token_hash = Bytea(unique=True, default=None)
    made_by = BigInt(default=None)
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    revoked_at = Timestamptz(null=True, default=None)


class SweepRun(Table, tablename="sweep_run"):
    """One run of a sweep: ``done``: how many it settled; without ``ended_at`` it runs or died."""

    id = BigSerial(primary_key=True)
    sweep = Text(default=None)
    started_at = Timestamptz(default=None)
    ended_at = Timestamptz(null=True, default=None)
    done = Integer(default=0)
    error = Text(null=True, default=None)
