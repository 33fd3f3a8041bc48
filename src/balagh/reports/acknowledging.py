"""An agency confirms that it received what was referred to it, so that nothing lies unseen."""

from datetime import datetime

import msgspec

from balagh.database import fetch, fetch_one
from balagh.reports.cases import AGENCY, Case, Desk
from balagh.reports.lifecycle import State

# While the agency has it; the beneficiary's answer may be waited for meanwhile.
_STATES = (State.IN_PROGRESS, State.MISSING_DATA)

# Once however often it is pressed, and by whomever first. The version moves, because whoever acts
# on the report writes all of how it stands.
ACKNOWLEDGE = """
WITH seen AS (
  UPDATE report SET acknowledged_at = $3, version = version + 1
  WHERE id = $1 AND referred_agency_id = $2 AND acknowledged_at IS NULL
    AND state IN ('in_progress', 'missing_data') RETURNING id, version
), logged AS (
  INSERT INTO event (report_id, at, action, actor, staff_id, public)
  SELECT id, $3, 'acknowledge', 'staff', $4, false FROM seen
)
INSERT INTO audit (at, staff_id, action, subject, data)
SELECT $3, $4, 'acknowledge', 'report:' || id, jsonb_build_object('version', version) FROM seen
"""


class Acknowledged(msgspec.Struct, frozen=True):
    """Who of the agency confirmed it, in both languages, and when."""

    at: datetime
    name_ar: str
    name_en: str


def may_acknowledge(desk: Desk, case: Case) -> bool:
    """Whether that desk may confirm now that it received the report."""
    return (
        desk.role in AGENCY
        and desk.agency_id == case.referred_agency_id
        and case.state in _STATES
        and case.acknowledged_at is None
    )


def awaited(case: Case) -> bool:
    """Whether the report is with an agency now, which may have confirmed it or not."""
    return case.state in _STATES and case.referred_agency_id is not None


async def acknowledge(desk: Desk, report: int, now: datetime) -> None:
    """Confirms the receipt; nothing happens when that was done, or the report is elsewhere."""
    await fetch(ACKNOWLEDGE, report, desk.agency_id, now, desk.staff_id)


async def acknowledged(case: Case) -> Acknowledged | None:
    """Who confirmed the present referral; none when nobody did."""
    if case.acknowledged_at is None:
        return None
    row = await fetch_one(
        "SELECT e.at, s.name_ar, s.name_en FROM event e JOIN staff s ON s.id = e.staff_id "
        "WHERE e.report_id = $1 AND e.action = 'acknowledge' AND e.at = $2",
        case.id, case.acknowledged_at,
    )  # fmt: skip
    return None if row is None else Acknowledged(**row)
