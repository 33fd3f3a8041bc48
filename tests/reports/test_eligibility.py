"""Every condition of a complaint, row by row. Days are counted by hand."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.reports.calendars import SAUDI, corrected

from balagh.reports.eligibility import Code, Facts, failing

TODAY = date(2026, 11, 23)
OLD = date(2026, 10, 1)


def codes(today: date = TODAY, **facts: Any) -> list[str]:
    return [failure.code.value for failure in failing(Facts(today=today, **facts), SAUDI)]


OUTAGE: dict[str, Any] = {"ground": "outage", "digital": True}
SLA: dict[str, Any] = {
    "ground": "sla_exceeded",
    "digital": True,
    "filed_on": OLD,
    "escalated": False,
}
NO_TIME: dict[str, Any] = {**SLA, "ground": "no_response_time"}
CLOSED: dict[str, Any] = {
    **SLA,
    "ground": "closed_unresolved",
    "closed_on": date(2026, 11, 20),
    "matter": "technical",
    "still_happening": True,
}

CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    # Nothing known, nothing failed.
    ("nothing is known", {}, []),
    ("only the ground: outage", {"ground": "outage"}, []),
    ("only the ground: sla", {"ground": "sla_exceeded"}, []),
    ("only the ground: no time", {"ground": "no_response_time"}, []),
    ("only the ground: closed", {"ground": "closed_unresolved"}, []),
    ("no time, no date yet", {**NO_TIME, "filed_on": None}, []),
    ("sla, date but no days yet", {**SLA}, []),
    ("sla, days but no date yet", {**SLA, "filed_on": None, "sla_days": 5}, []),
    ("closed, matter not told yet", {**CLOSED, "matter": None}, []),
    ("closed, still happening not told yet", {**CLOSED, "still_happening": None}, []),
    ("escalated not looked up yet", {**NO_TIME, "escalated": None}, []),
    # Each ground holds.
    ("outage", OUTAGE, []),
    ("sla of the catalogue over", {**SLA, "sla_days": 5}, []),
    ("stated time over", {**SLA, "response_days": 5}, []),
    ("no response time, long ago", NO_TIME, []),
    ("closed, technical, still there", CLOSED, []),
    ("closed today", {**CLOSED, "closed_on": TODAY}, []),
    ("closed, filed today", {**CLOSED, "filed_on": TODAY, "closed_on": TODAY}, []),
    # Gate a: digital only, whatever the ground.
    ("paper, ground not known", {"digital": False}, ["paper_service"]),
    ("paper, outage", {**OUTAGE, "digital": False}, ["paper_service"]),
    ("paper, sla", {**SLA, "digital": False, "response_days": 2}, ["paper_service"]),
    ("paper, no time", {**NO_TIME, "digital": False}, ["paper_service"]),
    ("paper, closed", {**CLOSED, "digital": False}, ["paper_service"]),
    # Gate b: once, by anyone.
    ("escalated, sla", {**SLA, "sla_days": 3, "escalated": True}, ["already_escalated"]),
    ("escalated, no time", {**NO_TIME, "escalated": True}, ["already_escalated"]),
    ("escalated, closed", {**CLOSED, "escalated": True}, ["already_escalated"]),
    # Gate c and the ground of closed complaints.
    ("procedural", {**CLOSED, "matter": "procedural"}, ["procedural"]),
    ("procedural before anything else", {"ground": "closed_unresolved", "matter": "procedural"},
     ["procedural"]),
    ("the problem is gone", {**CLOSED, "still_happening": False}, ["problem_gone"]),
    ("matter of another ground is not asked", {**NO_TIME, "matter": "procedural"}, []),
    ("still happening of another ground is not asked", {**SLA, "still_happening": False}, []),
    # Several at once: all are told, in one order.
    ("procedural and gone", {**CLOSED, "matter": "procedural", "still_happening": False},
     ["procedural", "problem_gone"]),
    ("paper, escalated", {**NO_TIME, "digital": False, "escalated": True},
     ["paper_service", "already_escalated"]),
    ("escalated and too early", {**NO_TIME, "filed_on": TODAY, "escalated": True},
     ["already_escalated", "too_early"]),
    ("paper and too early", {**NO_TIME, "digital": False, "filed_on": TODAY},
     ["paper_service", "too_early"]),
    ("everything", {**CLOSED, "digital": False, "matter": "procedural", "still_happening": False,
                    "escalated": True},
     ["paper_service", "procedural", "problem_gone", "already_escalated"]),
    ("escalated and within the sla", {**SLA, "sla_days": 5, "filed_on": TODAY, "escalated": True},
     ["already_escalated", "sla_not_over"]),
    # Time is the obstacle of two grounds only.
    ("outage today", {**OUTAGE, "filed_on": TODAY}, []),
    ("closed yesterday is not too early", {**CLOSED, "filed_on": TODAY - timedelta(days=1)}, []),
    ("no time: a catalogue's sla does not matter", {**NO_TIME, "sla_days": 100}, []),
    ("no time, filed today", {**NO_TIME, "filed_on": TODAY}, ["too_early"]),
    ("sla, filed today", {**SLA, "sla_days": 1, "filed_on": TODAY}, ["sla_not_over"]),
    # The catalogue's agreement goes before what the beneficiary was told.
    ("catalogue 60, told 1", {**SLA, "sla_days": 60, "response_days": 1}, ["sla_not_over"]),
    ("catalogue 1, told 60", {**SLA, "sla_days": 1, "response_days": 60}, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "expected"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_conditions(facts: dict[str, Any], expected: list[str]) -> None:
    assert codes(**facts) == expected


# The N-th working day after the filing date is over: from the day after it, weekend or not.
FIRST_DAYS = [
    ("2026-11-23", 5, "2026-12-01", "the example of the guide"),
    ("2026-11-18", 5, "2026-11-26", "Wednesday"),
    ("2026-11-19", 5, "2026-11-27", "Thursday: possible from a Friday"),
    ("2026-11-20", 5, "2026-11-27", "filed on a Friday"),
    ("2026-11-21", 5, "2026-11-27", "filed on a Saturday"),
    ("2026-11-22", 5, "2026-11-30", "filed on a Sunday"),
    ("2026-03-18", 5, "2026-04-01", "over Eid al-Fitr"),
    ("2027-03-08", 5, "2027-03-22", "over Eid al-Fitr 2027"),
    ("2026-05-25", 5, "2026-06-08", "over Eid al-Adha"),
    ("2026-09-21", 5, "2026-09-30", "over National Day"),
    ("2022-09-20", 5, "2022-09-29", "over National Day on a Friday"),
    ("2023-09-21", 5, "2023-10-02", "over National Day on a Saturday"),
    ("2026-02-19", 5, "2026-03-02", "over Founding Day"),
    ("2026-12-30", 5, "2027-01-07", "over the year's end"),
    ("2026-11-26", 1, "2026-11-30", "one day, over a weekend"),
    ("2026-11-22", 3, "2026-11-26", "three days"),
    ("2026-03-17", 3, "2026-03-27", "three days, over Eid al-Fitr"),
    ("2026-11-09", 10, "2026-11-24", "ten days"),
]


@pytest.mark.parametrize("ground", ["no_response_time", "sla of the catalogue", "stated sla"])
@pytest.mark.parametrize(
    ("filed", "days", "first"), [row[:3] for row in FIRST_DAYS], ids=[row[3] for row in FIRST_DAYS]
)
def test_the_first_possible_day(ground: str, filed: str, days: int, first: str) -> None:
    """The day before it is refused and names it; on the day itself it can be filed."""
    if ground == "no_response_time" and days != 5:
        # Its number of days is the guide's.
        days, first = 5, ""
    facts: dict[str, Any] = {**NO_TIME, "filed_on": date.fromisoformat(filed)}
    if "sla" in ground:
        facts |= {"ground": "sla_exceeded"}
        facts |= {"sla_days" if "catalogue" in ground else "response_days": days}
    code = Code.TOO_EARLY if ground == "no_response_time" else Code.SLA_NOT_OVER
    if not first:
        (failure,) = failing(Facts(today=date.fromisoformat(filed), **facts), SAUDI)
        assert (failure.code, failure.days) == (code, 5)
        return
    possible = date.fromisoformat(first)
    (failure,) = failing(Facts(today=possible - timedelta(days=1), **facts), SAUDI)
    assert (failure.code, failure.possible_on, failure.days) == (code, possible, days)
    assert not failing(Facts(today=possible, **facts), SAUDI)
    assert not failing(Facts(today=possible + timedelta(days=400), **facts), SAUDI)


def test_a_holiday_declared_afterwards_moves_the_first_day() -> None:
    facts = Facts(today=TODAY, **{**NO_TIME, "filed_on": date(2026, 11, 18)})
    (failure,) = failing(facts, corrected(off=(date(2026, 11, 24),)))
    assert failure.possible_on == date(2026, 11, 27)
    (failure,) = failing(facts, corrected(worked=(date(2026, 11, 20), date(2026, 11, 21))))
    assert failure.possible_on == date(2026, 11, 24)


def test_every_code_is_reached() -> None:
    told = {code for _, facts, _ in CASES for code in codes(**facts)}
    # The conditions of the other kinds are in `test_kinds`.
    assert told == {code.value for code in Code} - {
        "digital_service", "has_alternative", "already_requested", "already_suggested",
    }  # fmt: skip
