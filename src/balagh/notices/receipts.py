"""What a gateway's delivery receipt changes: one statement, however often and in whichever order
receipts come (specification 6)."""

from datetime import datetime
from typing import Literal

from balagh.database import fetch
from balagh.notices.fallback import FALLBACK
from balagh.notices.transports.gateways import Receipt

# Our own id decides when there is one: a message that was sent twice has two names at the gateway,
# and a receipt can be here before the answer that tells the name. It holds which sending by hand it
# speaks of: what became of one to a wrong number settles nothing of the one to the right number.
# Delivered outweighs failed, whichever comes first; the same again changes nothing.
_NOTE = """
WITH found AS (
  SELECT id, receipt FROM notice
  WHERE channel = 'sms' AND CASE WHEN $1::bigint IS NOT NULL THEN id = $1
    ELSE provider_id = $2 END
  ORDER BY id DESC LIMIT 1
), noted AS (
  UPDATE notice SET receipt = $4, receipt_code = $5,
    state = CASE WHEN $4 = 'failed' THEN 'failed' ELSE 'sent' END,
    attempts = notice.attempts + (notice.state = 'waiting')::int,
    sent_at = coalesce(sent_at, $3),
    delivered_at = CASE WHEN $4 = 'delivered' THEN $3 END,
    provider_id = coalesce(provider_id, $2),
    error = CASE WHEN $4 = 'failed' THEN 'not delivered: ' || $5 END,
    failed_at = CASE WHEN $4 = 'failed' THEN $3 END
  FROM found
  WHERE notice.id = found.id AND $4::text IS NOT NULL
    -- Nothing is heard of what was never on its way.
    AND (notice.attempts > 0 OR notice.next_attempt_at > notice.created_at)
    -- As it is by now, whoever sends it again meanwhile.
    AND CASE WHEN $1::bigint IS NOT NULL THEN notice.resent = $6
      ELSE notice.provider_id = $2 END
    AND (notice.receipt IS NULL OR notice.receipt = 'failed' AND $4 = 'delivered')
  RETURNING notice.*
), failed AS (
  SELECT * FROM noted WHERE receipt = 'failed'
), fallen AS (
"""
_TELL = """
RETURNING id
)
SELECT found.id, noted.id IS NOT NULL AS noted, (SELECT count(*) FROM fallen) AS fallen
FROM found LEFT JOIN noted ON noted.id = found.id
"""
_RECEIVE = f"{_NOTE}{FALLBACK}{_TELL}"

Effect = Literal["unknown", "nothing new", "noted", "fell back"]


async def receive(receipt: Receipt, now: datetime) -> tuple[int | None, Effect]:
    """The notice's id, and what the receipt changed. ``fell back``: an e-mail waits instead."""
    rows = await fetch(
        _RECEIVE, receipt.notice, receipt.name, now, receipt.outcome, receipt.code, receipt.sending
    )
    if not rows:
        return None, "unknown"
    id, noted, fallen = rows[0].values()
    if fallen:
        return id, "fell back"
    return id, "noted" if noted else "nothing new"
