"""The inbox's views, as data: which reports each shows (specification 4, 5).

A view is a condition on ``report r``. ``:me`` stands for who asks, ``:now`` for the instant and
``:tomorrow`` for the midnight that ends today; whose reports can be seen at all is the business of
``cases.scope``. States stand there as literals, so that the partial indexes serve them.
"""

import msgspec

from balagh.i18n import N_
from balagh.reports.cases import Desk
from balagh.reports.lifecycle import State
from balagh.reports.timeline import ENDED


def _states(*states: State) -> str:
    return "r.state IN (" + ",".join(f"'{state}'" for state in states) + ")"


OPEN = tuple(state for state in State if state not in ENDED)
IS_OPEN = _states(*OPEN)
# Its clock runs (``clocks.RUNNING``): while the beneficiary, or a decision on reopening, is waited
# for it stands still.
_RUNS = f"{IS_OPEN} AND r.state NOT IN ('missing_data','reopen_requested')"
# The agency's share of that clock: what it answered waits for Amer.
_AT_AGENCY = f"{IS_OPEN} AND r.state = 'in_progress'"


class View(msgspec.Struct, frozen=True):
    """``code``: in the address; ``name``: its tab; ``condition``: which reports. ``open``: shows
    those that have not ended, unless a state is asked for."""

    code: str
    name: str
    condition: str
    open: bool = False


ALL = View("all", N_("All"), "true", open=True)
_WAITING = View("waiting", N_("With beneficiary"), _states(State.MISSING_DATA))

AMER: tuple[View, ...] = (
    View("mine", N_("Mine"), f"r.assignee_id = :me AND {IS_OPEN}"),
    View("new", N_("New"), _states(State.RECEIVED)),
    # Where it is Amer's turn, and nobody has it.
    View(
        "unassigned",
        N_("Unassigned"),
        "r.assignee_id IS NULL AND "
        + _states(State.RECEIVED, State.UNDER_REVIEW, State.ANSWERED, State.REOPEN_REQUESTED),
    ),
    View(
        "check",
        N_("Check due"),
        f"r.checked_at IS NULL AND {_states(State.RECEIVED, State.UNDER_REVIEW)} "
        "AND r.completeness_due_at <= :tomorrow",
    ),
    View("today", N_("Due today"), f"{_RUNS} AND r.due_at > :now AND r.due_at <= :tomorrow"),
    View("overdue", N_("Overdue"), f"{_RUNS} AND r.due_at <= :now"),
    _WAITING,
    View("answered", N_("To close"), _states(State.ANSWERED)),
    View("reopening", N_("Reopening"), _states(State.REOPEN_REQUESTED)),
    ALL,
)

AGENCY: tuple[View, ...] = (
    View("mine", N_("Mine"), f"r.officer_id = :me AND {IS_OPEN}"),
    View("new", N_("New"), f"{_AT_AGENCY} AND r.acknowledged_at IS NULL"),
    View("unassigned", N_("Unassigned"), "r.officer_id IS NULL AND r.state = 'in_progress'"),
    View("today", N_("Due today"), f"{_AT_AGENCY} AND r.due_at > :now AND r.due_at <= :tomorrow"),
    View("overdue", N_("Overdue"), f"{_AT_AGENCY} AND r.due_at <= :now"),
    _WAITING,
    View("answered", N_("Answered"), _states(State.ANSWERED)),
    ALL,
)


def views_of(desk: Desk) -> tuple[View, ...]:
    """The views of that desk, in the order of their tabs."""
    return AMER if desk.side == "amer" else AGENCY
