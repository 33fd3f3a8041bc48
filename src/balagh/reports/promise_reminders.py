"""Reminds an agency of the date that it promised: on its morning, and once more a week later.

Specification 5. The promise is ``report.promised_on`` with ``promise_told``, how often it was
reminded; ``clocks.promise_come()`` says when. It may run late, twice or side by side: what is
settled by one statement is no longer due. What was delivered is not due either.

Told are the officer who has the report and the agency's managers; where neither works here any
more, its other officers; where nobody does, the supervisors of Amer.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from balagh.database import fetch
from balagh.reports.clocks import PROMISE_TIMES, morning_of

# Reports settled by one statement.
_BATCH = 500

# $1 now, $2 the day, $3 the portal's address, $4 how many, $5 how often at most.
_REMIND = """
WITH due AS (
  -- As the partial index `report_promise_reminder` has it.
  SELECT r.id, r.number, r.title, r.kind, r.promised_on, r.officer_id, r.referred_agency_id,
    $2 >= r.promised_on + 7 AS overdue
  FROM report r
  WHERE r.state = 'closed' AND r.outcome = 'accepted' AND r.delivered_at IS NULL
    AND r.promise_told < 2 AND r.promised_on + 7 * r.promise_told <= $2
  ORDER BY r.promised_on + 7 * r.promise_told, r.id LIMIT $4 FOR UPDATE SKIP LOCKED
), told AS (
  INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
  SELECT 'report:' || due.id || ':promise_due:' || due.promised_on
      || CASE WHEN due.overdue THEN ':overdue' ELSE '' END || ':' || s.id || ':email',
    'promise_due', 'email', s.email, s.language,
    jsonb_build_object('name_ar', s.name_ar, 'name_en', s.name_en, 'number', due.number,
      'title', due.title, 'kind', due.kind, 'promised_on', due.promised_on,
      'overdue_since', CASE WHEN due.overdue THEN due.promised_on::text ELSE '' END,
      'agency_ar', a.name_ar, 'agency_en', a.name_en,
      'link', $3::text || '/cases/' || due.number), $1, $1
  FROM due JOIN agency a ON a.id = due.referred_agency_id
  CROSS JOIN LATERAL (
    -- The nearest to it of those who work here: rank 1, else 2, else 3.
    SELECT * FROM (
      SELECT staff.*, rank() OVER (ORDER BY CASE
          WHEN agency_id = a.id AND (id = due.officer_id OR role = 'agency_manager') THEN 1
          WHEN agency_id = a.id THEN 2 ELSE 3 END) AS place
      FROM staff
      WHERE active AND (agency_id = a.id OR agency_id IS NULL AND role = 'supervisor')
    ) near WHERE place = 1
  ) s
  ON CONFLICT (key) DO NOTHING
)
UPDATE report SET promise_told = CASE WHEN due.overdue THEN $5::smallint ELSE 1 END
FROM due WHERE report.id = due.id RETURNING report.id
"""


async def remind(now: datetime, zone: ZoneInfo, public_url: str) -> int:
    """How many promises an agency was reminded of."""
    day: date = morning_of(now, zone)
    settled = 0
    while True:
        rows = await fetch(_REMIND, now, day, public_url, _BATCH, PROMISE_TIMES)
        settled += len(rows)
        if len(rows) < _BATCH:
            return settled
