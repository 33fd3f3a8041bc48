"""A sample story, lived through by the rules: the events, and the report as they leave it."""

from datetime import date, datetime, timedelta
from typing import Any, assert_never

import msgspec

from balagh.demo.stories import Almanac, Deed, SampleReport
from balagh.reports import deadlines
from balagh.reports.lifecycle import TRANSITIONS, Action, Role, State
from balagh.settings import Settings

# In which of the roles that may do something the sample reports do it.
_ACTING = (Role.BENEFICIARY, Role.REVIEWER, Role.AGENCY_OFFICER, Role.CLOCK)
_ENDED = (State.CLOSED, State.CANCELLED, State.REJECTED)


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """An event. ``data``: as ``reports.timeline`` reads it."""

    at: datetime
    action: Action
    from_state: State | None
    to_state: State
    role: Role
    data: dict[str, Any]


class Life(msgspec.Struct, kw_only=True):
    """What the events make of a report: columns of ``report``, by their names."""

    state: State
    submitted_at: datetime
    due_at: datetime
    completeness_due_at: datetime
    data_due_at: datetime | None = None
    paused_working_days: int | None = None
    resume_state: State | None = None
    late_told_due: datetime | None = None
    ended_at: datetime | None = None
    reopen_until: datetime | None = None
    outcome: str | None = None
    answer: str | None = None
    filed_on: date | None = None
    closed_on: date | None = None


def replay(
    sample: SampleReport, almanac: Almanac, settings: Settings
) -> tuple[Life, tuple[Happened, ...]]:
    """The report as it is at ``almanac.now``, and all that happened to it, in order.

    Raises ``LookupError`` when the life cycle forbids a deed.
    """
    first, *later = sample.story
    life = _submit(sample, almanac.instant(first.at), almanac, settings)
    events = [
        Happened(
            at=life.submitted_at,
            action=Action.SUBMIT,
            from_state=None,
            to_state=State.RECEIVED,
            role=Role.INTAKE_OFFICER if sample.filed_by else Role.BENEFICIARY,
            data={},
        )
    ]
    for deed in later:
        at = almanac.instant(deed.at, before=events[-1].at, expiry=life.data_due_at)
        before = life.state
        role = _move(life, deed.action)
        _mark(life, deed, before, at, almanac, settings)
        said = {"items": deed.items, "reason": deed.reason, "answer": deed.answer}
        events.append(
            Happened(
                at=at,
                action=deed.action,
                from_state=before,
                to_state=life.state,
                role=role,
                data={name: words for name, words in said.items() if words},
            )
        )
    # Who waited longer than promised was told so.
    if life.state is not State.MISSING_DATA and life.due_at <= (life.ended_at or almanac.now):
        life.late_told_due = life.due_at
    return life, tuple(events)


def _submit(sample: SampleReport, at: datetime, almanac: Almanac, settings: Settings) -> Life:
    def day(count: int) -> date | None:
        return almanac.working_days_before(at.date(), count) if count else None

    return Life(
        state=State.RECEIVED,
        submitted_at=at,
        due_at=deadlines.resolution(at, almanac.calendar, almanac.zone, settings.resolution_days),
        completeness_due_at=deadlines.completeness(at, almanac.calendar, almanac.zone),
        filed_on=day(sample.filed),
        closed_on=day(sample.closed),
    )


def _move(life: Life, action: Action) -> Role:
    """Brings the report to its next state; returns who did it."""
    for row in TRANSITIONS:
        if row.source is life.state and row.action is action:
            target = row.target or life.resume_state
            assert target is not None
            life.state = target
            return next(role for role in _ACTING if role in row.roles)
    raise LookupError(f"{action} is forbidden while {life.state}")


def _mark(
    life: Life, deed: Deed, before: State, at: datetime, almanac: Almanac, settings: Settings
) -> None:
    """Clocks and answers (specification 5)."""
    calendar, zone = almanac.calendar, almanac.zone
    match deed.action:
        case Action.REQUEST_DATA:
            left = calendar.days_between(at.date(), deadlines.due_day(life.due_at, zone))
            life.paused_working_days = max(1, len(left))
            life.resume_state = before
            life.data_due_at = at + timedelta(hours=settings.missing_data_hours)
        case Action.UPDATE:
            assert life.paused_working_days is not None
            life.due_at = deadlines.resolution(at, calendar, zone, life.paused_working_days)
            life.paused_working_days = life.resume_state = life.data_due_at = None
        case Action.EXPIRE | Action.CANCEL | Action.REJECT:
            life.paused_working_days = life.resume_state = life.data_due_at = None
            life.ended_at = at
        case Action.ANSWER:
            life.outcome, life.answer = "solved", deed.answer
        case Action.CLOSE:
            life.ended_at = at
            life.reopen_until = at + timedelta(days=settings.reopen_days)
        case Action.SEND_BACK:
            life.outcome = life.answer = None
        case Action.REQUEST_REOPENING:
            life.ended_at = None
        case Action.ACCEPT_REOPENING:
            life.outcome = life.answer = life.reopen_until = None
            life.due_at = deadlines.resolution(at, calendar, zone, settings.resolution_days)
        case Action.REFUSE_REOPENING:
            life.ended_at = at
        case Action.SUBMIT | Action.START_REVIEW | Action.REFER | Action.RETURN_TO_AMER:
            pass
        case _:
            assert_never(deed.action)
