"""What may be done to a report now, and why not: the life cycle's table and its times.

Pure: pages ask it which buttons to show, and once more when one was pressed.
"""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from balagh.reports.lifecycle import TRANSITIONS, Action, Role, State, Transition, transition


class Facts(Protocol):
    """What it depends on, as ``report`` has it."""

    @property
    def kind(self) -> str: ...
    @property
    def state(self) -> State: ...
    @property
    def data_due_at(self) -> datetime | None: ...
    @property
    def reopen_until(self) -> datetime | None: ...


class Why(StrEnum):
    """Why something cannot be done."""

    NOTHING_MISSING = "nothing_missing"
    DATA_TOO_LATE = "data_too_late"
    ALREADY_ENDED = "already_ended"
    ALREADY_ANSWERED = "already_answered"
    NOT_CLOSED = "not_closed"
    NOT_REOPENED = "not_reopened"
    OTHER_KIND = "other_kind"
    WINDOW_OVER = "window_over"
    ASKED_ALREADY = "asked_already"
    FORBIDDEN = "forbidden"


def allowed(report: Facts, role: Role, now: datetime) -> tuple[Action, ...]:
    """What ``role`` may do to the report at ``now``, in the order of the table."""
    return tuple(
        dict.fromkeys(
            row.action
            for row in TRANSITIONS
            if row.source is report.state and role in row.roles and _in_time(row, report, now)
        )
    )


def refusal(report: Facts, action: Action, role: Role, now: datetime) -> Why | None:
    """Why ``role`` may not do that at ``now``; none when they may."""
    if action in allowed(report, role, now):
        return None
    late = transition(report.state, action, role) is not None
    ended = report.state in (State.CLOSED, State.CANCELLED, State.REJECTED)
    match action:
        case Action.UPDATE:
            return Why.DATA_TOO_LATE if late else Why.NOTHING_MISSING
        case Action.CANCEL:
            return Why.ALREADY_ENDED if ended else Why.ALREADY_ANSWERED
        case Action.REQUEST_REOPENING if report.kind != "complaint":
            return Why.OTHER_KIND
        case Action.REQUEST_REOPENING if late:
            return Why.WINDOW_OVER
        case Action.REQUEST_REOPENING if report.state is State.REOPEN_REQUESTED:
            return Why.ASKED_ALREADY
        case Action.REQUEST_REOPENING:
            # Cancelled and rejected reports were never answered: there is nothing to open again.
            return Why.NOT_REOPENED if ended else Why.NOT_CLOSED
        case _:
            return Why.FORBIDDEN


def _in_time(row: Transition, report: Facts, now: datetime) -> bool:
    if row.action is Action.UPDATE:
        # From that instant the clock may cancel it, whether it has come to that or not.
        return report.data_due_at is not None and now < report.data_due_at
    if row.action is Action.EXPIRE:
        return report.data_due_at is not None and now >= report.data_due_at
    if row.condition == "complaint_in_window":
        until = report.reopen_until
        return report.kind == "complaint" and until is not None and now < until
    return True
