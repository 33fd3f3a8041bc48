"""What an action does to a report: its state, its clocks and its answer (specification 4, 5).

One place for everybody who acts, the demonstration's stories included. Pure: the instant, the
calendar and the limits are arguments.
"""

from datetime import date, datetime, timedelta
from typing import Literal, assert_never
from zoneinfo import ZoneInfo

import msgspec

from balagh.reports import deadlines
from balagh.reports.lifecycle import Action, State, Transition
from balagh.workdays import Calendar


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Columns of ``report``, by their names, that actions change.

    ``due_at`` is the end of working day ``due_days`` after ``due_from``, with the ``pauses`` since
    then (``deadlines.counting``): on which day data was asked for and on which it came, in turn.
    ``referred_agency_id``: who works on it (who of them has it, ``officer_id``, goes with the
    agency); ``checked_at``: when the completeness check was done;
    ``paused_working_days``: what was left of the resolution time when data was asked for;
    ``resume_state``: where the report goes on once it has come.
    """

    state: State
    due_at: datetime
    due_from: date
    due_days: int
    pauses: tuple[date, ...] = ()
    data_asked_at: datetime | None = None
    data_due_at: datetime | None = None
    paused_working_days: int | None = None
    resume_state: State | None = None
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

    @classmethod
    def of(cls, report: object) -> "Standing":
        """Of whatever has the columns by their names."""
        return cls(**{name: getattr(report, name) for name in cls.__struct_fields__})


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How time is counted here."""

    calendar: Calendar
    zone: ZoneInfo
    resolution_days: int
    missing_data_hours: int
    reopen_days: int


class Answer(msgspec.Struct, frozen=True):
    """An agency's answer: the solution, or accepted with a date, or refused with reasons."""

    outcome: Literal["solved", "accepted", "refused"]
    text: str
    promised_on: date | None = None


class Referral(msgspec.Struct, frozen=True):
    """To which agency, and how urgently."""

    agency_id: int
    priority: Literal["normal", "high"] = "normal"


def after(
    before: Standing,
    row: Transition,
    at: datetime,
    terms: Terms,
    given: Answer | Referral | None = None,
) -> Standing:
    """How the report stands once ``row`` was done at that instant. ``given``: the answer with
    ``ANSWER``, the referral with ``REFER``."""
    target = row.target or before.resume_state
    assert target is not None, "the life cycle and the database agree on that"
    changed = msgspec.structs.replace
    now = changed(before, state=target)
    match row.action:
        case Action.REQUEST_DATA:
            stopped = (*before.pauses, at.astimezone(terms.zone).date())
            return changed(
                now,
                # The clock stands still; at least a day is left when it goes on.
                paused_working_days=deadlines.counting(
                    before.due_from, before.due_days, stopped, terms.calendar
                )[1],
                resume_state=before.state,
                data_asked_at=at,
                data_due_at=at + timedelta(hours=terms.missing_data_hours),
                checked_at=before.checked_at or at,
            )
        case Action.UPDATE:
            assert before.data_asked_at is not None
            pause = (moment.astimezone(terms.zone).date() for moment in (before.data_asked_at, at))
            return _due(changed(_unpaused(now), pauses=(*before.pauses, *pause)), terms)
        case Action.EXPIRE | Action.CANCEL:
            return changed(_unpaused(now), ended_at=at)
        case Action.REJECT:
            return changed(now, ended_at=at, checked_at=before.checked_at or at)
        case Action.REFER:
            assert isinstance(given, Referral)
            return changed(
                now,
                referred_agency_id=given.agency_id,
                referred_at=at,
                priority=given.priority,
                checked_at=before.checked_at or at,
            )
        case Action.RETURN_TO_AMER:
            # From here on the agency sees it no more.
            return changed(now, referred_agency_id=None, referred_at=None, acknowledged_at=None)
        case Action.ANSWER:
            assert isinstance(given, Answer)
            return changed(
                now, outcome=given.outcome, answer=given.text, promised_on=given.promised_on
            )
        case Action.CLOSE:
            until = deadlines.reopening(at, terms.zone, terms.reopen_days)
            return changed(now, ended_at=at, reopen_until=until)
        case Action.SEND_BACK:
            return changed(now, outcome=None, answer=None, promised_on=None)
        case Action.REQUEST_REOPENING:
            return changed(now, ended_at=None)
        case Action.ACCEPT_REOPENING:
            again = changed(
                now,
                outcome=None,
                answer=None,
                promised_on=None,
                reopen_until=None,
                acknowledged_at=None,
                due_from=at.astimezone(terms.zone).date(),
                due_days=terms.resolution_days,
                pauses=(),
            )
            return _due(again, terms)
        case Action.REFUSE_REOPENING:
            return changed(now, ended_at=at)
        case Action.SUBMIT | Action.START_REVIEW:
            return now
        case _:
            assert_never(row.action)


def _due(standing: Standing, terms: Terms) -> Standing:
    """With the end of its time, as this calendar has it."""
    since, days = deadlines.counting(
        standing.due_from, standing.due_days, standing.pauses, terms.calendar
    )
    due_at = deadlines.end_of(terms.calendar.after(since, days), terms.zone)
    return msgspec.structs.replace(standing, due_at=due_at)


def _unpaused(standing: Standing) -> Standing:
    return msgspec.structs.replace(
        standing, paused_working_days=None, resume_state=None, data_asked_at=None, data_due_at=None
    )
