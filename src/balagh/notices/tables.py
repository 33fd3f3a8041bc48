"""The outbox: a row is the promise that a message will go out (specification 6)."""

from piccolo.columns import JSONB, BigInt, BigSerial, SmallInt, Text, Timestamptz
from piccolo.table import Table


class Notice(Table, tablename="notice"):
    """``key`` makes each moment happen once; ``data`` is all that the message template needs.
    ``resent``: how often it was sent again by hand; ``dismissed_at``: settled without it."""

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
    failed_at = Timestamptz(null=True, default=None)
    resent = SmallInt(default=0)
    dismissed_at = Timestamptz(null=True, default=None)
    dismissed_by = BigInt(null=True, default=None)
    dismissed_why = Text(null=True, default=None)
