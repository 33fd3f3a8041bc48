"""Who has seen which version of a report, and who looks at it now.

People of one side see each other: they are those who might do the same thing at once.
"""

from datetime import datetime, timedelta

import msgspec

from balagh.database import fetch
from balagh.reports.cases import Desk, Entered, entries
from balagh.reports.lifecycle import Entry

# A page that is open says so again every 20 seconds: two may be lost on the way.
LOOKING = timedelta(seconds=50)


class Onlooker(msgspec.Struct, frozen=True):
    name_ar: str
    name_en: str


async def opened(desk: Desk, report: int, version: int, now: datetime) -> None:
    """Whoever asks has that version before their eyes."""
    await fetch(
        "INSERT INTO case_view (report_id, staff_id, version, seen_at, looking_until) "
        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (report_id, staff_id) DO UPDATE SET "
        # Two windows: the newest version is the one that was seen.
        "version = greatest(case_view.version, excluded.version), seen_at = excluded.seen_at, "
        "looking_until = excluded.looking_until",
        report, desk.staff_id, version, now, now + LOOKING,
    )  # fmt: skip


async def still_there(desk: Desk, report: int, now: datetime) -> None:
    """Their page is still open; what they have seen stays what it was."""
    await fetch(
        "UPDATE case_view SET looking_until = $3 WHERE report_id = $1 AND staff_id = $2",
        report, desk.staff_id, now + LOOKING,
    )  # fmt: skip


async def onlookers(desk: Desk, report: int, now: datetime) -> list[Onlooker]:
    """Colleagues of the same side who look at the report now, those who came first first."""
    rows = await fetch(
        "SELECT s.name_ar, s.name_en FROM case_view v JOIN staff s ON s.id = v.staff_id "
        "WHERE v.report_id = $1 AND v.staff_id <> $2 AND v.looking_until > $3 "
        "AND s.agency_id IS NOT DISTINCT FROM $4 ORDER BY v.id",
        report, desk.staff_id, now, desk.agency_id,
    )  # fmt: skip
    return [Onlooker(**row) for row in rows]


async def last_change(desk: Desk, report: int) -> Entered | None:
    """What changed the report last, as far as the desk may know; notes change nothing."""
    found = await entries(desk, report)
    return next((one for one in found if one.action != Entry.NOTE), None)
