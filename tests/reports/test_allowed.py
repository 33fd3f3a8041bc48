"""What may be done to a report now: every state, kind and role, and instants around each end."""

from datetime import datetime, timedelta
from itertools import product

import msgspec
import pytest
from tests.reports.filed import NOW

from balagh.reports.allowed import Why, allowed, refusal
from balagh.reports.lifecycle import TRANSITIONS, Action, Role, State

KINDS = ("complaint", "transformation", "suggestion")
SECOND = timedelta(seconds=1)


class Facts(msgspec.Struct, frozen=True):
    kind: str
    state: State
    data_due_at: datetime | None = None
    reopen_until: datetime | None = None


def facts(state: State, kind: str = "complaint", ends: datetime | None = NOW + SECOND) -> Facts:
    """``ends``: of the time for missing data, or for asking to reopen."""
    data = ends if state is State.MISSING_DATA else None
    window = ends if state in (State.CLOSED, State.REOPEN_REQUESTED) else None
    return Facts(kind, state, data, window)


# What a beneficiary may do in time, by state; the specification's table written down once more.
BENEFICIARY = {
    "received": ["cancel"],
    "under_review": ["cancel"],
    "missing_data": ["update", "cancel"],
    "in_progress": ["cancel"],
    "answered": [],
    "closed": ["request_reopening"],
    "cancelled": [],
    "rejected": [],
    "reopen_requested": [],
}


@pytest.mark.parametrize(("state", "kind"), list(product(State, KINDS)))
def test_what_a_beneficiary_may_do_in_time(state: State, kind: str) -> None:
    expected = BENEFICIARY[state.value]
    if kind != "complaint":
        expected = [action for action in expected if action != "request_reopening"]
    assert list(allowed(facts(state, kind), Role.BENEFICIARY, NOW)) == expected


# Before the end, at it, after it, and where no end is known.
ENDS = [
    (NOW + SECOND, True), (NOW + timedelta(microseconds=1), True),
    (NOW, False), (NOW - SECOND, False), (None, False),
]  # fmt: skip


@pytest.mark.parametrize(("ends", "may"), ENDS)
@pytest.mark.parametrize("role", [Role.BENEFICIARY, Role.REVIEWER, Role.INTAKE_OFFICER])
def test_the_data_may_come_until_that_instant_and_not_at_it(
    ends: datetime | None, may: bool, role: Role
) -> None:
    missing = facts(State.MISSING_DATA, ends=ends)
    assert (Action.UPDATE in allowed(missing, role, NOW)) == may
    assert refusal(missing, Action.UPDATE, role, NOW) == (None if may else Why.DATA_TOO_LATE)
    # The clock comes when it is over, never before; cancelling stays possible.
    assert (Action.EXPIRE in allowed(missing, Role.CLOCK, NOW)) == (not may and ends is not None)
    assert Action.CANCEL in allowed(missing, Role.BENEFICIARY, NOW)


@pytest.mark.parametrize(("ends", "may"), ENDS)
@pytest.mark.parametrize("kind", KINDS)
def test_reopening_is_asked_for_within_the_window(
    ends: datetime | None, may: bool, kind: str
) -> None:
    closed = facts(State.CLOSED, kind, ends)
    expected = None if may else Why.WINDOW_OVER
    if kind != "complaint":
        may, expected = False, Why.OTHER_KIND
    assert (Action.REQUEST_REOPENING in allowed(closed, Role.BENEFICIARY, NOW)) == may
    assert refusal(closed, Action.REQUEST_REOPENING, Role.BENEFICIARY, NOW) == expected


REFUSALS = {
    Action.UPDATE: {
        **dict.fromkeys(State, Why.NOTHING_MISSING), State.MISSING_DATA: None,
    },
    Action.CANCEL: {
        **dict.fromkeys((State.RECEIVED, State.UNDER_REVIEW, State.MISSING_DATA), None),
        State.IN_PROGRESS: None,
        **dict.fromkeys((State.ANSWERED, State.REOPEN_REQUESTED), Why.ALREADY_ANSWERED),
        **dict.fromkeys((State.CLOSED, State.CANCELLED, State.REJECTED), Why.ALREADY_ENDED),
    },
    Action.REQUEST_REOPENING: {
        **dict.fromkeys(State, Why.NOT_CLOSED), State.CLOSED: None,
        **dict.fromkeys((State.CANCELLED, State.REJECTED), Why.NOT_REOPENED),
        State.REOPEN_REQUESTED: Why.ASKED_ALREADY,
    },
}  # fmt: skip


@pytest.mark.parametrize(("action", "state"), list(product(REFUSALS, State)), ids=str)
def test_why_not(action: Action, state: State) -> None:
    assert refusal(facts(state), action, Role.BENEFICIARY, NOW) is REFUSALS[action][state]


@pytest.mark.parametrize(("state", "role"), list(product(State, Role)), ids=str)
def test_in_time_everybody_may_do_what_the_table_says(state: State, role: Role) -> None:
    table = {row.action for row in TRANSITIONS if row.source is state and role in row.roles}
    assert set(allowed(facts(state), role, NOW)) == table - {Action.EXPIRE}
    for action in Action:
        assert (refusal(facts(state), action, role, NOW) is None) == (
            action in table - {Action.EXPIRE}
        )
