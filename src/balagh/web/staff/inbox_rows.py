"""The rows of the inbox in words: as tuples, each distinct date told once (design: Speed)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from balagh.directory.lookup import Catalogue
from balagh.i18n import Language, grouped
from balagh.people.staff_names import StaffName
from balagh.reports import deadlines
from balagh.reports.cases import Desk
from balagh.reports.inbox import Row
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import STATE_TEXT, State
from balagh.reports.timeline import ENDED
from balagh.web.telling import Teller


class Due(NamedTuple):
    """``look``: ``late``, ``now`` (today), ``still`` (no clock runs), or nothing."""

    look: str
    text: str


class RowView(NamedTuple):
    """``place``: the platform, or the agency where there is none; ``who``: none for nobody."""

    number: str
    grouped: str
    title: str
    unread: bool
    urgent: bool
    place: str
    kind: str
    state: str
    state_text: str
    look: str
    due: str
    who: str | None


def row_views(
    rows: Sequence[Row],
    desk: Desk,
    names: Mapping[int, StaffName],
    catalogue: Catalogue,
    teller: Teller,
) -> list[RowView]:
    language = teller.language
    kinds = {code: language.text(kind.name) for code, kind in KINDS.items()}
    states = {state: language.text(text) for state, text in STATE_TEXT.items()}
    due = due_teller(desk, teller)
    return [
        RowView(
            row.number,
            grouped(row.number),
            row.title,
            not row.seen,
            row.priority == "high",
            _place(row, catalogue, language),
            kinds[row.kind],
            row.state.value,
            states[row.state],
            *due(row),
            None if row.held_by is None else language.name(names[row.held_by]),
        )
        for row in rows
    ]


def due_teller(desk: Desk, teller: Teller) -> Callable[[Row], Due]:
    """Tells when a row is due, each distinct answer made once."""
    told: dict[tuple[object, ...], Due] = {}

    def tell(row: Row) -> Due:
        unchecked = desk.side == "amer" and row.checked_at is None
        unchecked = unchecked and row.state in (State.RECEIVED, State.UNDER_REVIEW)
        key = (
            row.state, row.due_at, row.data_due_at, row.ended_at,
            row.completeness_due_at if unchecked else None,
        )  # fmt: skip
        if key not in told:
            told[key] = _due(row, desk, teller, unchecked=unchecked)
        return told[key]

    return tell


def _due(row: Row, desk: Desk, teller: Teller, *, unchecked: bool) -> Due:
    language = teller.language
    if row.state in ENDED:
        if row.ended_at is None:
            return Due("still", "")
        day = row.ended_at.astimezone(teller.zone).date()
        year = day.year != teller.now.astimezone(teller.zone).year
        said = language.date(day, weekday=False, year=year)
        return Due("still", language.text("Ended {day}", day=said))
    if row.state is State.MISSING_DATA and row.data_due_at is not None:
        hours = int((row.data_due_at - teller.now).total_seconds() // 3600)
        if hours < 0:
            return Due("still", language.text("Time for the data is over"))
        return Due(
            "still",
            language.plural(
                "Waits for beneficiary: {n} hour", "Waits for beneficiary: {n} hours", hours
            ),
        )
    if row.state is State.REOPEN_REQUESTED:
        # The time begins anew when it is accepted; what was due is long answered.
        return Due("still", language.text("Waits for a decision on reopening"))
    if row.state is State.ANSWERED and desk.side == "agency":
        return Due("still", language.text("Waits for Amer centre"))
    if teller.now >= row.due_at:
        return Due("late", _overdue(row.due_at, teller))
    if unchecked and _is_over(row.completeness_due_at, teller):
        return Due("late", language.text("Check overdue"))
    if unchecked and _is_today(row.completeness_due_at, teller):
        return Due("now", language.text("Check due today"))
    if _is_today(row.due_at, teller):
        return Due("now", language.text("Due today"))
    return Due("", teller.until(row.due_at))


def _overdue(due_at: datetime, teller: Teller) -> str:
    last, today = deadlines.due_day(due_at, teller.zone), teller.now.astimezone(teller.zone).date()
    days = len(teller.calendar.days_between(last, today))
    if days == 0:
        return teller.language.text("Overdue")
    return teller.language.plural("{n} working day overdue", "{n} working days overdue", days)


def _is_over(due_at: datetime, teller: Teller) -> bool:
    return teller.now >= due_at


def _is_today(due_at: datetime, teller: Teller) -> bool:
    """Whether no working day is left after this one."""
    today = teller.now.astimezone(teller.zone).date()
    return deadlines.due_day(due_at, teller.zone) == today


def _place(row: Row, catalogue: Catalogue, language: Language) -> str:
    if row.platform_id is not None and row.platform_id in catalogue.platforms:
        return language.name(catalogue.platforms[row.platform_id], "short")
    if row.agency_id in catalogue.agencies:
        return language.name(catalogue.agencies[row.agency_id], "short")
    return ""
