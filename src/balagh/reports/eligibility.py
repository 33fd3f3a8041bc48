"""Why a report cannot be filed: every condition that fails, as a code; and the conditions of a
complaint (specification 3.1). Those of the other kinds are few and stand in their own files.

Pure: the working calendar and what is known are arguments. What is not known yet fails nothing, so
that each condition is told at the first step that knows it.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from balagh.workdays import Calendar

# "More than 5 working days passed since the filing date."
NO_RESPONSE_DAYS = 5


class Code(StrEnum):
    PAPER_SERVICE = "paper_service"
    PROCEDURAL = "procedural"
    PROBLEM_GONE = "problem_gone"
    ALREADY_ESCALATED = "already_escalated"
    SLA_NOT_OVER = "sla_not_over"
    TOO_EARLY = "too_early"
    DIGITAL_SERVICE = "digital_service"
    HAS_ALTERNATIVE = "has_alternative"
    ALREADY_REQUESTED = "already_requested"
    ALREADY_SUGGESTED = "already_suggested"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a complaint; ``None`` where it is not known yet.

    ``sla_days``: the catalogue's, ``response_days``: as the beneficiary was told; working days.
    ``escalated``: a live escalation of this reference with this provider exists, by anyone.
    """

    today: date
    ground: str | None = None
    digital: bool | None = None
    sla_days: int | None = None
    response_days: int | None = None
    filed_on: date | None = None
    closed_on: date | None = None
    matter: str | None = None
    still_happening: bool | None = None
    escalated: bool | None = None


class Failure(msgspec.Struct, frozen=True):
    """Where time is the obstacle, ``days`` working days must pass, and ``possible_on`` is the first
    day on which it can be filed. ``number``: the person's own earlier report that is the same."""

    code: Code
    possible_on: date | None = None
    days: int = 0
    number: str = ""


def possible_on(failures: Sequence[Failure]) -> date | None:
    """The first day on which it can be filed, when time is the only obstacle."""
    days = [failure.possible_on for failure in failures]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


def failing(facts: Facts, calendar: Calendar) -> tuple[Failure, ...]:
    """Every failing condition, in the order of ``RULES``; none when it can be filed."""
    found = (rule(facts, calendar) for rule in RULES)
    return tuple(failure for failure in found if failure is not None)


def possible_from(filed_on: date, days: int, calendar: Calendar) -> date:
    """The day after working day number ``days`` after the filing date: it is over then."""
    return calendar.after(filed_on, days) + timedelta(days=1)


def _paper_service(facts: Facts, _calendar: Calendar) -> Failure | None:
    return Failure(Code.PAPER_SERVICE) if facts.digital is False else None


def _procedural(facts: Facts, _calendar: Calendar) -> Failure | None:
    closed = facts.ground == "closed_unresolved"
    return Failure(Code.PROCEDURAL) if closed and facts.matter == "procedural" else None


def _problem_gone(facts: Facts, _calendar: Calendar) -> Failure | None:
    closed = facts.ground == "closed_unresolved"
    return Failure(Code.PROBLEM_GONE) if closed and facts.still_happening is False else None


def _already_escalated(facts: Facts, _calendar: Calendar) -> Failure | None:
    return Failure(Code.ALREADY_ESCALATED) if facts.escalated else None


def _sla_not_over(facts: Facts, calendar: Calendar) -> Failure | None:
    days = facts.sla_days or facts.response_days
    if facts.ground != "sla_exceeded" or days is None:
        return None
    return _in_time(Code.SLA_NOT_OVER, days, facts, calendar)


def _too_early(facts: Facts, calendar: Calendar) -> Failure | None:
    if facts.ground != "no_response_time":
        return None
    return _in_time(Code.TOO_EARLY, NO_RESPONSE_DAYS, facts, calendar)


def _in_time(code: Code, days: int, facts: Facts, calendar: Calendar) -> Failure | None:
    if facts.filed_on is None:
        return None
    first = possible_from(facts.filed_on, days, calendar)
    return Failure(code, first, days) if facts.today < first else None


RULES: tuple[Callable[[Facts, Calendar], Failure | None], ...] = (
    _paper_service,
    _procedural,
    _problem_gone,
    _already_escalated,
    _sla_not_over,
    _too_early,
)
