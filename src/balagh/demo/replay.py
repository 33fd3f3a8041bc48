"""A sample story, lived through by the rules: the events, and the report as they leave it."""

from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from balagh.demo.stories import Almanac, Deed, SampleReport
from balagh.reports import deadlines
from balagh.reports.lifecycle import TRANSITIONS, Action, Role, State, Transition
from balagh.reports.standing import Answer, Referral, Standing, Terms, after
from balagh.settings import Settings

# In which of the roles that may do something the sample reports do it.
_ACTING = (Role.BENEFICIARY, Role.REVIEWER, Role.AGENCY_OFFICER, Role.CLOCK)


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
    due_from: date
    due_days: int
    pauses: tuple[date, ...] = ()
    data_asked_at: datetime | None = None
    data_due_at: datetime | None = None
    paused_working_days: int | None = None
    resume_state: State | None = None
    late_told_due: datetime | None = None
    ended_at: datetime | None = None
    reopen_until: datetime | None = None
    outcome: str | None = None
    answer: str | None = None
    promised_on: date | None = None
    referred_agency_id: int | None = None
    referred_at: datetime | None = None
    priority: str = "normal"
    acknowledged_at: datetime | None = None
    checked_at: datetime | None = None
    filed_on: date | None = None
    closed_on: date | None = None


def replay(
    sample: SampleReport, almanac: Almanac, settings: Settings, agency: int
) -> tuple[Life, tuple[Happened, ...]]:
    """The report as it is at ``almanac.now``, and all that happened to it, in order;
    ``agency``: whom it is referred to.

    Raises ``LookupError`` when the life cycle forbids a deed.
    """
    first, *later = sample.story
    life = _submit(sample, almanac.instant(first.at), almanac, settings)
    terms = Terms(
        calendar=almanac.calendar,
        zone=almanac.zone,
        resolution_days=settings.resolution_days,
        missing_data_hours=settings.missing_data_hours,
        reopen_days=settings.reopen_days,
    )
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
        row, role = _transition(before, deed.action)
        _live(life, row, deed, at, terms, agency)
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
        due_from=at.date(),
        due_days=settings.resolution_days,
        completeness_due_at=deadlines.completeness(at, almanac.calendar, almanac.zone),
        filed_on=day(sample.filed),
        closed_on=day(sample.closed),
    )


def _transition(state: State, action: Action) -> tuple[Transition, Role]:
    """The row of the life cycle, and who does it."""
    for row in TRANSITIONS:
        if row.source is state and row.action is action:
            return row, next(role for role in _ACTING if role in row.roles)
    raise LookupError(f"{action} is forbidden while {state}")


def _live(life: Life, row: Transition, deed: Deed, at: datetime, terms: Terms, agency: int) -> None:
    """Brings the report to where the deed leaves it."""
    names = Standing.__struct_fields__
    before = Standing(**{name: getattr(life, name) for name in names})
    given: Answer | Referral | None = None
    if deed.action is Action.REFER:
        given = Referral(agency)
    if deed.action is Action.ANSWER:
        promised = at.date() + timedelta(days=deed.promised) if deed.promised else None
        given = Answer(deed.outcome, deed.answer, promised)
    now = after(before, row, at, terms, given)
    for name in names:
        setattr(life, name, getattr(now, name))
