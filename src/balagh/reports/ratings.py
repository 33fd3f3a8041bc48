"""Ratings: one row for each report and survey, changed in place while its time runs.

Written in one statement, so that the same tap twice, two devices, and somebody who reopens the
report at that moment all leave one true row. Nothing limits how often: whoever may rate can only
ever move their own row, and its size has a limit.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from balagh.database import fetch, fetch_one
from balagh.reports import surveys
from balagh.reports.lifecycle import State
from balagh.reports.surveys import Code, Opinion


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a report where it is rated: no name, no contact, no text but the title.

    ``part``: it is a part of another report.
    """

    id: int
    number: str
    kind: str
    state: State
    title: str
    ended_at: datetime | None
    reopen_until: datetime | None
    agency_ar: str
    agency_en: str
    part: bool


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    """``changed_at``: when it was last changed, none if it never was."""

    survey: Code
    score: int
    reasons: tuple[str, ...]
    comment: str | None
    at: datetime
    changed_at: datetime | None

    def opinion(self) -> Opinion:
        return Opinion(self.score, self.reasons, self.comment)


_SUBJECT = (
    "SELECT r.id, r.number, r.kind, r.state, r.title, r.ended_at, r.reopen_until, "
    "a.name_ar AS agency_ar, a.name_en AS agency_en, r.part_of IS NOT NULL AS part "
    "FROM report r JOIN agency a ON a.id = r.agency_id WHERE r.number = $1"
)
_RATE = """
WITH ended AS (
  -- 1. Whoever is reopening it now is waited for, and the report read as they leave it.
  SELECT id FROM report WHERE id = $1 AND state = ANY($2::text[]) AND ended_at >= $3
    AND (part_of IS NULL OR $4 = 'agency')
  FOR SHARE
), kept AS (
  -- 2. A second tap waits for the first and changes the row only if it says something else.
  INSERT INTO rating AS before (report_id, survey, score, reasons, comment, at)
  SELECT id, $4, $5, $6::text[], $7, $8 FROM ended
  ON CONFLICT (report_id, survey) DO UPDATE SET
    score = excluded.score, reasons = excluded.reasons, changed_at = excluded.at,
    comment = coalesce(excluded.comment, CASE WHEN $9 THEN before.comment END)
  WHERE (before.score, before.reasons, before.comment) IS DISTINCT FROM (excluded.score,
    excluded.reasons, coalesce(excluded.comment, CASE WHEN $9 THEN before.comment END))
)
SELECT 1 FROM ended
"""


async def rate(
    report: int,
    survey: Code,
    given: Opinion,
    now: datetime,
    zone: ZoneInfo,
    *,
    keep_comment: bool = False,
) -> bool:
    """Records it, or changes what was recorded; false when the report cannot be rated now.

    ``keep_comment``: an empty comment leaves an earlier one as it is (it was not shown).
    """
    states = [state.value for state in State if survey in surveys.after(state)]
    row = await fetch_one(
        _RATE, report, states, surveys.ended_since(now, zone), survey, given.score,
        list(given.reasons), given.comment, now, keep_comment,
    )  # fmt: skip
    return row is not None


async def subject_for(person: int, number: str) -> Subject | None:
    """The person's own report, or none."""
    return _subject(await fetch_one(f"{_SUBJECT} AND r.person_id = $2", number, person))


async def subject_of(number: str) -> Subject | None:
    """Anybody's report: for those who hold a link that we signed."""
    return _subject(await fetch_one(_SUBJECT, number))


async def ratings_of(report: int) -> dict[str, Rating]:
    """By survey."""
    rows = await fetch(
        "SELECT survey, score, reasons, comment, at, changed_at FROM rating WHERE report_id = $1",
        report,
    )
    return {row["survey"]: msgspec.convert(dict(row), Rating) for row in rows}


async def rated(reports: Sequence[int]) -> dict[int, frozenset[str]]:
    """Which surveys were answered, for each of the reports that have any."""
    if not reports:
        return {}
    rows = await fetch(
        "SELECT report_id, array_agg(survey) AS surveys FROM rating "
        "WHERE report_id = ANY($1::bigint[]) GROUP BY report_id",
        list(reports),
    )
    return {row["report_id"]: frozenset(row["surveys"]) for row in rows}


def _subject(row: Any) -> Subject | None:
    return None if row is None else msgspec.convert(dict(row), Subject)
