"""The life of a report, as data (specification 4): who may do what in which state.

Buttons, permissions, ``docs/lifecycle.md`` and the tests derive from ``TRANSITIONS``.
"""

from enum import StrEnum
from typing import Literal

import msgspec

from balagh.i18n import N_


class State(StrEnum):
    RECEIVED = "received"
    UNDER_REVIEW = "under_review"
    MISSING_DATA = "missing_data"
    IN_PROGRESS = "in_progress"
    ANSWERED = "answered"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    REOPEN_REQUESTED = "reopen_requested"


STATE_TEXT = {
    State.RECEIVED: N_("Received"),
    State.UNDER_REVIEW: N_("Under review"),
    State.MISSING_DATA: N_("Data missing"),
    State.IN_PROGRESS: N_("In progress"),
    State.ANSWERED: N_("Answered"),
    State.CLOSED: N_("Closed"),
    State.CANCELLED: N_("Cancelled"),
    State.REJECTED: N_("Rejected"),
    State.REOPEN_REQUESTED: N_("Reopening requested"),
}


class Action(StrEnum):
    SUBMIT = "submit"
    START_REVIEW = "start_review"
    REQUEST_DATA = "request_data"
    UPDATE = "update"
    EXPIRE = "expire"
    REFER = "refer"
    REJECT = "reject"
    RETURN_TO_AMER = "return_to_amer"
    ANSWER = "answer"
    CLOSE = "close"
    SEND_BACK = "send_back"
    CANCEL = "cancel"
    REQUEST_REOPENING = "request_reopening"
    ACCEPT_REOPENING = "accept_reopening"
    REFUSE_REOPENING = "refuse_reopening"


class Entry(StrEnum):
    """What is recorded of a report besides what moves it: events without a new state."""

    NOTE = "note"
    ASSIGN = "assign"
    ACKNOWLEDGE = "acknowledge"
    CORRECT = "correct"
    SPLIT = "split"
    ADD_EVIDENCE = "add_evidence"
    SEND_LINK = "send_link"
    REVOKE_LINK = "revoke_link"
    DELIVER = "deliver"
    LATE = "late"
    MOVE_DUE = "move_due"


# These leave a report's version as it is: nobody comes too late because of them (decision 099).
NO_CHANGE = frozenset({Entry.NOTE, Entry.ASSIGN, Entry.SEND_LINK, Entry.REVOKE_LINK, Entry.LATE})


class Role(StrEnum):
    BENEFICIARY = "beneficiary"
    INTAKE_OFFICER = "intake_officer"
    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    AGENCY_OFFICER = "agency_officer"
    AGENCY_MANAGER = "agency_manager"
    CLOCK = "clock"


Condition = Literal["", "complaint_in_window"]


class Transition(msgspec.Struct, frozen=True):
    """``source`` none: there is no report yet. ``target`` none: the state it came from.

    ``condition``: what must hold besides state and role.
    """

    source: State | None
    action: Action
    roles: frozenset[Role]
    target: State | None
    condition: Condition = ""


_BENEFICIARY = frozenset({Role.BENEFICIARY})
# A supervisor does everything that a reviewer does (specification 1).
_REVIEWER = frozenset({Role.REVIEWER, Role.SUPERVISOR})
_OFFICER = frozenset({Role.AGENCY_OFFICER})
_FILES = frozenset({Role.BENEFICIARY, Role.INTAKE_OFFICER})
# "Staff on their behalf": those at Amer who talk to the beneficiary.
_UPDATES = _FILES | _REVIEWER
_CLOCK = frozenset({Role.CLOCK})

TRANSITIONS = (
    Transition(None, Action.SUBMIT, _FILES, State.RECEIVED),
    Transition(State.RECEIVED, Action.START_REVIEW, _REVIEWER, State.UNDER_REVIEW),
    Transition(State.UNDER_REVIEW, Action.REQUEST_DATA, _REVIEWER, State.MISSING_DATA),
    Transition(State.IN_PROGRESS, Action.REQUEST_DATA, _OFFICER, State.MISSING_DATA),
    Transition(State.MISSING_DATA, Action.UPDATE, _UPDATES, None),
    Transition(State.MISSING_DATA, Action.EXPIRE, _CLOCK, State.CANCELLED),
    Transition(State.UNDER_REVIEW, Action.REFER, _REVIEWER, State.IN_PROGRESS),
    Transition(State.UNDER_REVIEW, Action.REJECT, _REVIEWER, State.REJECTED),
    Transition(State.IN_PROGRESS, Action.RETURN_TO_AMER, _OFFICER, State.UNDER_REVIEW),
    Transition(State.IN_PROGRESS, Action.ANSWER, _OFFICER, State.ANSWERED),
    Transition(State.ANSWERED, Action.CLOSE, _REVIEWER, State.CLOSED),
    Transition(State.ANSWERED, Action.SEND_BACK, _REVIEWER, State.IN_PROGRESS),
    *(
        Transition(state, Action.CANCEL, _BENEFICIARY, State.CANCELLED)
        for state in (
            State.RECEIVED,
            State.UNDER_REVIEW,
            State.MISSING_DATA,
            State.IN_PROGRESS,
        )
    ),
    Transition(
        State.CLOSED,
        Action.REQUEST_REOPENING,
        _BENEFICIARY,
        State.REOPEN_REQUESTED,
        "complaint_in_window",
    ),
    Transition(State.REOPEN_REQUESTED, Action.ACCEPT_REOPENING, _REVIEWER, State.IN_PROGRESS),
    Transition(State.REOPEN_REQUESTED, Action.REFUSE_REOPENING, _REVIEWER, State.CLOSED),
)


def transition(state: State | None, action: Action, role: Role) -> Transition | None:
    """The row that lets ``role`` do ``action`` in ``state``, or none: it is forbidden."""
    return next(
        (
            row
            for row in TRANSITIONS
            if row.source is state and row.action is action and role in row.roles
        ),
        None,
    )


def as_markdown() -> str:
    """``docs/lifecycle.md``: the table and its diagram."""
    lines = [
        "# The life of a report",
        "",
        "<!-- Made from src/balagh/reports/lifecycle.py by `just docs`. Change it there. -->",
        "",
        "| from | action | by | to |",
        "|---|---|---|---|",
    ]
    for row in TRANSITIONS:
        roles = ", ".join(role.value for role in Role if role in row.roles)
        action = row.action.value + (f" ({row.condition})" if row.condition else "")
        target = row.target.value if row.target else "the state it came from"
        source = row.source.value if row.source else "–"
        lines.append(f"| {source} | {action} | {roles} | {target} |")
    lines += [
        "",
        "`complaint_in_window`: a complaint, at most `BALAGH_REOPEN_DAYS` days after closing.",
        "",
        "```mermaid",
        "stateDiagram-v2",
    ]
    for row in TRANSITIONS:
        targets = (row.target,) if row.target else (State.UNDER_REVIEW, State.IN_PROGRESS)
        source = row.source.value if row.source else "[*]"
        lines += [f"    {source} --> {target.value}: {row.action.value}" for target in targets]
    return "\n".join([*lines, "```"])


if __name__ == "__main__":
    print(as_markdown())
