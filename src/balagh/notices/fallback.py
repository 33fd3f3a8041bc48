"""An SMS that failed for good becomes an e-mail, unless the same moment goes out by e-mail anyway.

It happens where the failure is noted, in the same statement: ``FALLBACK`` follows a ``WITH`` whose
rows ``failed`` are notices that have just failed; ``$3`` is now.
"""

from datetime import datetime, timedelta

from balagh.database import fetch

FALLBACK = """
INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
SELECT key || ':fallback', moment, 'email', data->>'fallback_email', language,
       data - 'fallback_email', $3, $3
FROM failed
WHERE channel = 'sms' AND data->>'fallback_email' IS NOT NULL
  AND NOT EXISTS (
    SELECT FROM notice AS sibling
    WHERE sibling.key = regexp_replace(failed.key, ':sms$', ':email'))
ON CONFLICT (key) DO NOTHING
"""

_OVERDUE = """
WITH late AS (
  SELECT id FROM notice
  WHERE channel = 'sms' AND state = 'waiting' AND next_attempt_at <= $3 AND created_at <= $1
    AND data->>'fallback_email' IS NOT NULL
  ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
), failed AS (
  UPDATE notice
  SET state = 'failed', failed_at = $3, error = 'the SMS gateway took nothing for a day'
  FROM late WHERE notice.id = late.id
  RETURNING notice.*
)
"""
_TO_EMAIL = f"{_OVERDUE}{FALLBACK}RETURNING key"

# As long as a message is tried.
DAY = timedelta(days=1)


async def overdue(now: datetime, limit: int = 1000) -> int:
    """To be called while the gateway has taken nothing for a day: SMS that have waited as long
    become e-mails, although their attempts were not used up. Returns how many did."""
    return len(await fetch(_TO_EMAIL, now - DAY, limit, now))
