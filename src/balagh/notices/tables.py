"""The outbox: a row is the promise that a message will go out (specification 6); and its words."""

from piccolo.columns import JSONB, BigInt, BigSerial, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table


class Notice(Table, tablename="notice"):
    """``key`` makes each moment happen once; ``data`` is all that the message template needs.
    ``resent``: how often it was begun anew by hand; ``dismissed_at``: settled without it."""

    id = BigSerial(primary_key=True)
    key = Text(unique=True, default=None)
    moment = Text(default=None)
    channel = Text(default=None)
    recipient = Text(default=None)
    language = Text(default=None)
    data = JSONB(default="{}")
    state = Text(default="waiting")
    attempts = SmallInt(default=0)
    next_attempt_at = Timestamptz(default=None)
    created_at = Timestamptz(default=None)
    sent_at = Timestamptz(null=True, default=None)
    provider_id = Text(null=True, default=None)
    error = Text(null=True, default=None)
    receipt = Text(null=True, default=None)
    receipt_code = Text(null=True, default=None)
    delivered_at = Timestamptz(null=True, default=None)
    failed_at = Timestamptz(null=True, default=None)
    resent = SmallInt(default=0)
    dismissed_at = Timestamptz(null=True, default=None)
    dismissed_by = BigInt(null=True, default=None)
    dismissed_why = Text(null=True, default=None)


class Circuit(Table, tablename="circuit"):
    """A channel on which nothing got through lately (``circuit.py``)."""

    channel = Text(primary_key=True, default=None)
    failures = Integer(default=None)
    probes = Integer(default=None)
    opened_at = Timestamptz(null=True, default=None)
    retry_at = Timestamptz(null=True, default=None)
    reason = Text(default=None)


class MessageText(Table, tablename="message_text"):
    """A part of a moment's messages, in one language, that the administrator changed."""

    moment = Text(default=None)
    language = Text(default=None)
    part = Text(default=None)
    text = Text(default=None)
    changed_by = BigInt(default=None)
    changed_at = Timestamptz(default=None)
    id = BigSerial(primary_key=True)


class MessageTextChange(Table, tablename="message_text_change"):
    """One change of such a part; ``None``: the words that Balagh comes with."""

    id = BigSerial(primary_key=True)
    moment = Text(default=None)
    language = Text(default=None)
    part = Text(default=None)
    old = Text(null=True, default=None)
    new = Text(null=True, default=None)
    changed_by = BigInt(default=None)
    changed_at = Timestamptz(default=None)
