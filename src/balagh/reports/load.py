"""How much lies with whom: what a manager sees of the agency, a supervisor of all of them and of
Amer."""

from datetime import datetime, timedelta

import msgspec

from balagh.database import fetch

# Answers that are looked back at.
PERIOD = timedelta(days=90)


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What lies with one officer (``staff_id`` none: with nobody yet) of one agency, or of Amer
    (``agency_id`` none).

    ``waiting``: for the beneficiary's data, whose clock stands still; ``overdue`` and ``today`` are
    of the others. ``days``: the median from when it came to the agency to its answer, in days of 24
    hours; none where nothing was answered in the period.
    """

    agency_id: int | None
    agency_code: str | None
    agency_ar: str | None
    agency_en: str | None
    staff_id: int | None
    name_ar: str | None
    name_en: str | None
    open: int
    overdue: int
    today: int
    waiting: int
    days: float | None


# The officers of the agencies asked for, and whoever else has something; an answer by a link was
# written by no officer, and counts for nobody.
_LOAD = """
WITH open AS (
  SELECT r.referred_agency_id AS agency_id, r.officer_id AS staff_id, count(*) AS open,
    count(*) FILTER (WHERE r.state = 'in_progress' AND r.due_at <= $1) AS overdue,
    count(*) FILTER (WHERE r.state = 'in_progress' AND r.due_at > $1 AND r.due_at <= $2) AS today,
    count(*) FILTER (WHERE r.state = 'missing_data') AS waiting
  FROM report r WHERE r.referred_agency_id IS NOT NULL AND r.state IN ('missing_data','in_progress')
    AND ($4::bigint IS NULL OR r.referred_agency_id = $4)
  GROUP BY 1, 2
), answered AS (
  SELECT s.agency_id, e.staff_id, percentile_cont(0.5) WITHIN GROUP
    (ORDER BY extract(epoch FROM e.at - came.at)) / 86400 AS days
  FROM event e JOIN staff s ON s.id = e.staff_id
    CROSS JOIN LATERAL (
      SELECT max(p.at) AS at FROM event p WHERE p.report_id = e.report_id AND p.at < e.at
        AND p.action IN ('refer', 'send_back', 'accept_reopening')) came
  WHERE e.action = 'answer' AND e.at > $3 AND came.at IS NOT NULL AND s.agency_id IS NOT NULL
    AND ($4::bigint IS NULL OR s.agency_id = $4)
  GROUP BY 1, 2
), officers AS (
  SELECT agency_id, id AS staff_id FROM staff WHERE active AND agency_id IS NOT NULL
    AND ($4::bigint IS NULL OR agency_id = $4)
  UNION SELECT agency_id, staff_id FROM open
)
SELECT o.agency_id, a.code AS agency_code, a.name_ar AS agency_ar, a.name_en AS agency_en,
  o.staff_id, s.name_ar, s.name_en,
  coalesce(open.open, 0) AS open, coalesce(open.overdue, 0) AS overdue,
  coalesce(open.today, 0) AS today, coalesce(open.waiting, 0) AS waiting,
  answered.days::float8 AS days
FROM officers o JOIN agency a ON a.id = o.agency_id
  LEFT JOIN staff s ON s.id = o.staff_id
  LEFT JOIN open ON open.agency_id = o.agency_id AND open.staff_id IS NOT DISTINCT FROM o.staff_id
  LEFT JOIN answered ON answered.agency_id = o.agency_id AND answered.staff_id = o.staff_id
ORDER BY a.name_ar, o.agency_id, o.staff_id IS NOT NULL, overdue DESC, open DESC, o.staff_id
"""


async def shares(agency: int | None, now: datetime, midnight: datetime) -> list[Share]:
    """Of that agency, or of all; by agency, what nobody has first. ``midnight``: today's end."""
    rows = await fetch(_LOAD, now, midnight, now - PERIOD, agency)
    return [Share(**row) for row in rows]


_AMER = """
WITH open AS (
  SELECT r.assignee_id AS staff_id, count(*) AS open,
    -- No clock runs while a decision on reopening is waited for.
    count(*) FILTER (WHERE r.state NOT IN ('missing_data', 'reopen_requested')
      AND r.due_at <= $1) AS overdue,
    count(*) FILTER (WHERE r.state NOT IN ('missing_data', 'reopen_requested')
      AND r.due_at > $1 AND r.due_at <= $2) AS today,
    count(*) FILTER (WHERE r.state = 'missing_data') AS waiting
  FROM report r
  WHERE r.state IN ('received', 'under_review', 'answered', 'reopen_requested')
    OR (r.state = 'missing_data' AND r.resume_state = 'under_review')
  GROUP BY 1
), people AS (
  SELECT id AS staff_id FROM staff WHERE active AND role IN ('reviewer', 'supervisor')
  UNION SELECT staff_id FROM open
)
SELECT NULL::bigint AS agency_id, NULL AS agency_code, NULL AS agency_ar, NULL AS agency_en,
  p.staff_id, s.name_ar, s.name_en,
  coalesce(open.open, 0) AS open, coalesce(open.overdue, 0) AS overdue,
  coalesce(open.today, 0) AS today, coalesce(open.waiting, 0) AS waiting, NULL::float8 AS days
FROM people p LEFT JOIN staff s ON s.id = p.staff_id
  LEFT JOIN open ON open.staff_id IS NOT DISTINCT FROM p.staff_id
ORDER BY p.staff_id IS NOT NULL, overdue DESC, open DESC, p.staff_id
"""


async def amer_shares(now: datetime, midnight: datetime) -> list[Share]:
    """Of Amer's reviewers: what waits for them, what nobody has first."""
    return [Share(**row) for row in await fetch(_AMER, now, midnight)]
