"""Beneficiaries, staff, the identities they sign in with, their sessions (specification 1)."""

from piccolo.columns import (
    JSONB,
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    SmallInt,
    Text,
    Timestamptz,
)
from piccolo.table import Table


class Person(Table, tablename="person"):
    """A beneficiary. ``national_id_cipher``: AES-GCM, nonce first; ``national_id_hash``: keyed;
    ``searched``: the name as it is searched, which the database keeps."""

    id = BigSerial(primary_key=True)
    account_type = Text(default="individual")
    national_id_cipher = Bytea(null=True, default=None)
    national_id_hash = Bytea(null=True, default=None)
    name = Text(default=None)
    phone = Text(null=True, default=None)
    email = Text(null=True, default=None)
    language = Text(default="ar")
    digits = Text(default="latin")
    organisation_name = Text(null=True, default=None)
    organisation_number = Text(null=True, default=None)
    notify_sms = Boolean(default=True)
    notify_email = Boolean(default=True)
    created_at = Timestamptz(default=None)
    erasure_asked_at = Timestamptz(null=True, default=None)
    erased_at = Timestamptz(null=True, default=None)
    searched = Text(null=True, default=None)


class Verification(Table, tablename="verification"):
    """A new telephone number or e-mail address (``channel``) that waits for its code."""

    id = BigSerial(primary_key=True)
    person_id = BigInt(default=None)
    channel = Text(default=None)
    address = Text(default=None)
    code_hash = Bytea(default=None)
    attempts = SmallInt(default=0)
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    sent_at = Array(base_column=Timestamptz(default=None), default=None)


class Staff(Table, tablename="staff"):
    """Amer's and the providers' people; ``agency_id`` for a provider's people only. ``away_from``,
    ``away_until``: the first instant of an absence and the first one after it. ``notify``: how they
    are told; ``told_until``: what had happened until then."""

    id = BigSerial(primary_key=True)
    role = Text(default=None)
    agency_id = BigInt(null=True, default=None)
    name_ar = Text(default=None)
    name_en = Text(default=None)
    email = Text(default=None)
    language = Text(default="ar")
    active = Boolean(default=True)
    created_at = Timestamptz(default=None)
    shortcuts = Boolean(default=True)
    away_from = Timestamptz(null=True, default=None)
    away_until = Timestamptz(null=True, default=None)
    deputy_id = BigInt(null=True, default=None)
    notify = Text(default="digest")
    notify_without = Array(base_column=Text(), default=list)
    told_until = Timestamptz(null=True, default=None)


class Credential(Table, tablename="credential"):
    """A local account's password and second factor. ``totp_cipher``: AES-GCM, nonce first."""

    staff_id = BigInt(primary_key=True, default=None)
    password_hash = Text(default=None)
    totp_cipher = Bytea(null=True, default=None)
    totp_step = BigInt(null=True, default=None)
    changed_at = Timestamptz(default=None)


class RecoveryCode(Table, tablename="recovery_code"):
    id = BigSerial(primary_key=True)
    staff_id = BigInt(default=None)
    code_hash = Bytea(default=None)
    used_at = Timestamptz(null=True, default=None)


class Invitation(Table, tablename="invitation"):
    """A link by which a member of staff sets a password, once."""

    id = BigSerial(primary_key=True)
    staff_id = BigInt(default=None)
    token_hash = Bytea(unique=True, default=None)
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    used_at = Timestamptz(null=True, default=None)


class FailedSignIn(Table, tablename="failed_sign_in"):
    id = BigSerial(primary_key=True)
    account_hash = Bytea(default=None)
    source_hash = Bytea(default=None)
    at = Timestamptz(default=None)


class Audit(Table, tablename="audit"):
    """What staff did and whose data they saw: ids only. The database fills ``id`` and ``hash``."""

    id = BigInt(primary_key=True, default=None)
    at = Timestamptz(default=None)
    staff_id = BigInt(null=True, default=None)
    action = Text(default=None)
    subject = Text(default=None)
    data = JSONB(default="{}")
    hash = Bytea(default=None)


class Identity(Table, tablename="identity"):
    id = BigSerial(primary_key=True)
    issuer = Text(default=None)
    subject = Text(default=None)
    person_id = BigInt(null=True, default=None)
    staff_id = BigInt(null=True, default=None)


class Session(Table, tablename="session"):
    id = BigSerial(primary_key=True)
    token_hash = Bytea(unique=True, default=None)
    person_id = BigInt(null=True, default=None)
    staff_id = BigInt(null=True, default=None)
    created_at = Timestamptz(default=None)
    seen_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    revoked_at = Timestamptz(null=True, default=None)
    unsent = JSONB(null=True, default=None)
    unsent_at = Timestamptz(null=True, default=None)


class SignInAttempt(Table, tablename="sign_in_attempt"):
    id = BigSerial(primary_key=True)
    state_hash = Bytea(unique=True, default=None)
    browser_hash = Bytea(default=None)
    nonce = Text(default=None)
    verifier = Text(default=None)
    return_to = Text(default=None)
    expires_at = Timestamptz(default=None)
