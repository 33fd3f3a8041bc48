"""Every state × action × role, against the table of the specification written down once more."""

from itertools import product
from pathlib import Path

import pytest

from balagh.reports import lifecycle
from balagh.reports.lifecycle import TRANSITIONS, Action, Role, State, transition

# from | action | by | to. `reviewer` stands for the supervisor too, who does all that one does.
# "-": no report yet; "back": the state it came from.
SPECIFICATION = """
- | submit | beneficiary, intake_officer | received
received | start_review | reviewer | under_review
under_review | request_data | reviewer | missing_data
in_progress | request_data | agency_officer | missing_data
missing_data | update | beneficiary, intake_officer, reviewer | back
missing_data | expire | clock | cancelled
under_review | refer | reviewer | in_progress
under_review | reject | reviewer | rejected
in_progress | return_to_amer | agency_officer | under_review
in_progress | answer | agency_officer | answered
answered | close | reviewer | closed
answered | send_back | reviewer | in_progress
received | cancel | beneficiary | cancelled
under_review | cancel | beneficiary | cancelled
missing_data | cancel | beneficiary | cancelled
in_progress | cancel | beneficiary | cancelled
closed | request_reopening | beneficiary | reopen_requested
reopen_requested | accept_reopening | reviewer | in_progress
reopen_requested | refuse_reopening | reviewer | closed
"""


def allowed() -> dict[tuple[str, str, str], str]:
    table = {}
    for line in SPECIFICATION.strip().splitlines():
        source, action, by, target = (part.strip() for part in line.split("|"))
        for role in by.split(", "):
            table[source, action, role] = target
            if role == "reviewer":
                table[source, action, "supervisor"] = target
    return table


ALLOWED = allowed()
STATES: list[State | None] = [None, *State]


@pytest.mark.parametrize(
    ("state", "action", "role"),
    list(product(STATES, Action, Role)),
    ids=lambda value: "-" if value is None else str(value),
)
def test_who_may_do_what_in_which_state(state: State | None, action: Action, role: Role) -> None:
    row = transition(state, action, role)
    source = "-" if state is None else state.value
    expected = ALLOWED.get((source, action.value, role.value))
    if expected is None:
        assert row is None
    else:
        assert row is not None
        assert ("back" if row.target is None else row.target.value) == expected


def test_the_table_has_no_row_twice() -> None:
    assert len(ALLOWED) == sum(len(row.roles) for row in TRANSITIONS)


def test_only_reopening_has_a_condition() -> None:
    conditioned = {row.action: row.condition for row in TRANSITIONS if row.condition}
    assert conditioned == {Action.REQUEST_REOPENING: "complaint_in_window"}


def test_every_state_can_be_reached_and_has_words() -> None:
    reached = {row.target for row in TRANSITIONS if row.target}
    assert reached == set(State)
    assert set(lifecycle.STATE_TEXT) == set(State)


def test_the_document_is_up_to_date() -> None:
    """``just docs`` writes it."""
    document = Path(__file__).parents[2] / "docs" / "lifecycle.md"
    assert document.read_text("utf-8") == lifecycle.as_markdown() + "\n"
