"""What each action does to a report: state, clocks, answer. Days are counted by hand."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.reports.calendars import SAUDI

from balagh.reports import deadlines
from balagh.reports.lifecycle import TRANSITIONS, Action, State, Transition
from balagh.reports.standing import Answer, Referral, Standing, Terms, after

RIYADH = ZoneInfo("Asia/Riyadh")
TERMS = Terms(calendar=SAUDI, zone=RIYADH, resolution_days=5, missing_data_hours=48, reopen_days=14)


def at(day: str, time: str = "10:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{time}:00").replace(tzinfo=RIYADH)


def due(day: str) -> datetime:
    """The end of that day."""
    return deadlines.end_of(date.fromisoformat(day), RIYADH)


def row(state: State, action: Action) -> Transition:
    return next(row for row in TRANSITIONS if row.source is state and row.action is action)


# Filed on Sunday 22 November 2026.
DUE = due("2026-11-29")
# With an agency that has taken it up, after the completeness check.
HELD: dict[str, Any] = {
    "referred_agency_id": 7, "referred_at": at("2026-11-23"),
    "acknowledged_at": at("2026-11-23", "12:00"), "checked_at": at("2026-11-23"),
}  # fmt: skip
FREE = dict.fromkeys(("referred_agency_id", "referred_at", "acknowledged_at"))
# The first of five working days is Monday 23 November.
COUNTED: dict[str, Any] = {"due_from": date(2026, 11, 22), "due_days": 5}
OPEN = Standing(state=State.IN_PROGRESS, due_at=DUE, **COUNTED, **HELD)
NEW = Standing(state=State.RECEIVED, due_at=DUE, **COUNTED)
PAUSED = Standing(
    state=State.MISSING_DATA, due_at=DUE, data_asked_at=at("2026-11-24"),
    data_due_at=at("2026-11-26"), paused_working_days=3, resume_state=State.UNDER_REVIEW, **COUNTED,
)  # fmt: skip
ENDED = Standing(
    state=State.CLOSED, due_at=DUE, ended_at=at("2026-11-25"), reopen_until=due("2026-12-09"),
    outcome="solved", answer="It works again.", **COUNTED, **HELD,
)  # fmt: skip
ASKED = msgspec.structs.replace(ENDED, state=State.REOPEN_REQUESTED, ended_at=None)
NOW = at("2026-11-24")
UNPAUSED = {
    "data_asked_at": None,
    "data_due_at": None,
    "paused_working_days": None,
    "resume_state": None,
}


def _in(state: State) -> Standing:
    if state is State.MISSING_DATA:
        return PAUSED
    if state is State.ANSWERED:
        return msgspec.structs.replace(ENDED, state=state, ended_at=None, reopen_until=None)
    if state in (State.RECEIVED, State.UNDER_REVIEW):
        return msgspec.structs.replace(NEW, state=state)
    ended = {State.CLOSED: ENDED, State.REOPEN_REQUESTED: ASKED}
    return ended.get(state, msgspec.structs.replace(OPEN, state=state))


# Every row of the life cycle but submit: what it changes besides the state.
CHANGES: dict[tuple[State, Action], dict[str, object]] = {
    (State.RECEIVED, Action.START_REVIEW): {},
    (State.UNDER_REVIEW, Action.REQUEST_DATA): {
        "paused_working_days": 3, "resume_state": State.UNDER_REVIEW,
        "data_asked_at": NOW, "data_due_at": at("2026-11-26"), "checked_at": NOW,
    },
    (State.IN_PROGRESS, Action.REQUEST_DATA): {
        "paused_working_days": 3, "resume_state": State.IN_PROGRESS,
        "data_asked_at": NOW, "data_due_at": at("2026-11-26"),
    },
    # Three working days after Tuesday: Wednesday, Thursday, Sunday.
    (State.MISSING_DATA, Action.UPDATE): {
        **UNPAUSED, "due_at": due("2026-11-29"), "pauses": (NOW.date(), NOW.date()),
    },
    (State.MISSING_DATA, Action.EXPIRE): {**UNPAUSED, "ended_at": NOW},
    (State.UNDER_REVIEW, Action.REFER): {
        "referred_agency_id": 9, "referred_at": NOW, "priority": "high", "checked_at": NOW,
    },
    (State.UNDER_REVIEW, Action.REJECT): {"ended_at": NOW, "checked_at": NOW},
    (State.IN_PROGRESS, Action.RETURN_TO_AMER): FREE,
    (State.IN_PROGRESS, Action.ANSWER): {
        "outcome": "accepted", "answer": "From March on.", "promised_on": date(2027, 3, 1),
    },
    (State.ANSWERED, Action.CLOSE): {"ended_at": NOW, "reopen_until": due("2026-12-08")},
    (State.ANSWERED, Action.SEND_BACK): {"outcome": None, "answer": None, "promised_on": None},
    (State.RECEIVED, Action.CANCEL): {"ended_at": NOW},
    (State.UNDER_REVIEW, Action.CANCEL): {"ended_at": NOW},
    (State.MISSING_DATA, Action.CANCEL): {**UNPAUSED, "ended_at": NOW},
    (State.IN_PROGRESS, Action.CANCEL): {"ended_at": NOW},
    (State.CLOSED, Action.REQUEST_REOPENING): {"ended_at": None},
    (State.REOPEN_REQUESTED, Action.ACCEPT_REOPENING): {
        "due_at": due("2026-12-01"), "reopen_until": None, "outcome": None, "answer": None,
        "acknowledged_at": None, "due_from": NOW.date(), "due_days": 5,
    },
    (State.REOPEN_REQUESTED, Action.REFUSE_REOPENING): {"ended_at": NOW},
}  # fmt: skip
TARGETS = {(State.MISSING_DATA, Action.UPDATE): State.UNDER_REVIEW}


def test_every_row_of_the_life_cycle_is_in_the_table() -> None:
    assert set(CHANGES) == {(row.source, row.action) for row in TRANSITIONS if row.source}


@pytest.mark.parametrize(("state", "action"), list(CHANGES), ids=str)
def test_what_an_action_changes_and_what_it_leaves(state: State, action: Action) -> None:
    before = _in(state)
    given: Answer | Referral | None = None
    if action is Action.ANSWER:
        given = Answer("accepted", "From March on.", date(2027, 3, 1))
    if action is Action.REFER:
        given = Referral(9, "high")
    done = row(state, action)
    now = after(before, done, NOW, TERMS, given)
    target = done.target or TARGETS[state, action]
    expected = {**msgspec.structs.asdict(before), **CHANGES[state, action], "state": target}
    assert msgspec.structs.asdict(now) == expected


# Filed on which day, by when it is due.
FILED = {
    "2026-11-29": "2026-11-22",
    "2026-03-25": "2026-03-14",
    "2026-03-29": "2026-03-16",
    "2026-09-24": "2026-09-16",
}
# Due at the end of; data asked for at; working days left; updated at; due then at the end of.
PAUSES = [
    ("2026-11-29", "2026-11-24 10:00", 3, "2026-11-24 15:00", "2026-11-29", "the same day"),
    ("2026-11-29", "2026-11-24 10:00", 3, "2026-11-26 09:59", "2026-12-01", "at hour 47:59"),
    ("2026-11-29", "2026-11-26 16:00", 1, "2026-11-28 12:00", "2026-11-29", "over the weekend"),
    ("2026-11-29", "2026-11-27 10:00", 1, "2026-11-27 11:00", "2026-11-29", "on a Friday"),
    ("2026-11-29", "2026-11-29 10:00", 1, "2026-11-29 11:00", "2026-11-30", "on the last day"),
    ("2026-11-29", "2026-12-02 10:00", 1, "2026-12-02 11:00", "2026-12-03", "late: one is left"),
    ("2026-11-29", "2026-12-03 10:00", 1, "2026-12-04 11:00", "2026-12-06", "late, on a Thursday"),
    ("2026-11-29", "2026-11-28 23:59", 1, "2026-11-29 00:00", "2026-11-30", "at local midnight"),
    # Eid al-Fitr 2026: 19 to 24 March. What is left when it begins is there when it is over.
    ("2026-03-25", "2026-03-18 10:00", 1, "2026-03-19 10:00", "2026-03-25", "before Eid al-Fitr"),
    ("2026-03-29", "2026-03-18 10:00", 3, "2026-03-20 09:00", "2026-03-29", "during Eid al-Fitr"),
    # National Day 2026 is Wednesday 23 September.
    ("2026-09-24", "2026-09-22 10:00", 1, "2026-09-23 10:00", "2026-09-24", "on National Day"),
    ("2026-09-24", "2026-09-21 10:00", 2, "2026-09-22 12:00", "2026-09-27", "over National Day"),
]


@pytest.mark.parametrize(
    ("day", "asked", "left", "updated", "expected"),
    [row[:5] for row in PAUSES],
    ids=[row[5] for row in PAUSES],
)
def test_the_clock_stands_still_until_the_data_has_come(
    day: str, asked: str, left: int, updated: str, expected: str
) -> None:
    counted: dict[str, Any] = {"due_from": date.fromisoformat(FILED[day]), "due_days": 5}
    before = Standing(state=State.UNDER_REVIEW, due_at=due(day), **counted)
    asked_at, updated_at = at(*asked.split()), at(*updated.split())
    missing = after(before, row(State.UNDER_REVIEW, Action.REQUEST_DATA), asked_at, TERMS)
    assert missing.paused_working_days == left
    assert missing.data_due_at == asked_at + timedelta(hours=48)
    # The promise stays written as it was; who reads it sees that the clock stands.
    assert missing.due_at == before.due_at
    again = after(missing, row(State.MISSING_DATA, Action.UPDATE), updated_at, TERMS)
    assert again == Standing(
        state=State.UNDER_REVIEW, due_at=due(expected), checked_at=missing.checked_at,
        **counted, pauses=(asked_at.date(), updated_at.date()),
    )  # fmt: skip
    # As a page shows it day by day.
    since, days = deadlines.counting(again.due_from, again.due_days, again.pauses, SAUDI)
    assert (since, days) == (updated_at.date(), left)
    assert deadlines.counted(since, days, SAUDI)[-1].day == date.fromisoformat(expected)


def test_the_completeness_check_is_done_once() -> None:
    """Data asked for again, after an agency sent the report back, does not move it."""
    before = Standing(state=State.UNDER_REVIEW, due_at=DUE, checked_at=at("2026-11-23"), **COUNTED)
    for action, given in (
        (Action.REQUEST_DATA, None),
        (Action.REFER, Referral(9)),
        (Action.REJECT, None),
    ):
        assert after(before, row(before.state, action), NOW, TERMS, given).checked_at == at(
            "2026-11-23"
        )


def test_instants_in_another_zone_are_days_in_riyadh() -> None:
    """22:30 in UTC on the 24th is the 25th in Riyadh."""
    before = Standing(state=State.UNDER_REVIEW, due_at=due("2026-11-29").astimezone(UTC), **COUNTED)
    asked_at = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
    missing = after(before, row(State.UNDER_REVIEW, Action.REQUEST_DATA), asked_at, TERMS)
    assert missing.paused_working_days == 2


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("2026-12-02", "2026-12-09"),
        ("2026-12-03", "2026-12-10"),
        ("2026-12-05", "2026-12-10"),
        ("2026-05-25", "2026-06-07"),  # the day before Arafah
    ],
)
def test_reopening_begins_a_whole_new_time(accepted: str, expected: str) -> None:
    again = after(ASKED, row(State.REOPEN_REQUESTED, Action.ACCEPT_REOPENING), at(accepted), TERMS)
    held = {**HELD, "acknowledged_at": None, "due_from": at(accepted).date(), "due_days": 5}
    assert again == Standing(state=State.IN_PROGRESS, due_at=due(expected), **held)


def test_the_terms_are_the_installation_s() -> None:
    terms = msgspec.structs.replace(TERMS, missing_data_hours=72, reopen_days=0, resolution_days=1)
    missing = after(OPEN, row(State.IN_PROGRESS, Action.REQUEST_DATA), NOW, terms)
    assert missing.data_due_at == at("2026-11-27")
    closed = after(_in(State.ANSWERED), row(State.ANSWERED, Action.CLOSE), NOW, terms)
    assert closed.reopen_until is None
    again = after(ASKED, row(State.REOPEN_REQUESTED, Action.ACCEPT_REOPENING), NOW, terms)
    assert again.due_at == due("2026-11-25")
