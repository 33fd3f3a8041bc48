"""What an answer must give, by the kind of report (specification 3.2, 3.3, 4).

"Complaint: the solution. Others: accept with a date, or refuse with reasons"; both are mandatory.
Pure.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Literal, cast

import msgspec

from balagh.i18n import N_
from balagh.reports.fields import (
    Answers,
    Choice,
    Day,
    Field,
    Option,
    Paragraphs,
    Problem,
    Situation,
    Values,
)
from balagh.reports.standing import Answer

ACCEPTED, REFUSED = "accepted", "refused"
_LONGEST = 4000
# A date further away than that is a slip of the finger.
_FURTHEST = timedelta(days=5 * 366)


class PromisedDay(Day, frozen=True, kw_only=True):
    """A day from today on, in either calendar. ``past``: what is said to an earlier one."""

    past: str

    def parse(self, answers: Answers, values: Values, situation: Situation) -> Any:
        later = msgspec.structs.replace(situation, today=situation.today + _FURTHEST)
        found = super().parse(answers, values, later)
        if isinstance(found, date) and found < situation.today:
            return Problem(self.past, part="day")
        return found


SOLUTION = Paragraphs(
    name="answer",
    label=N_("The solution"),
    hint=N_("What was done, in words for the beneficiary. Up to 4,000 characters."),
    missing=N_("Write what was done"),
    least=10,
    maxlength=_LONGEST,
)
OUTCOME = Choice(
    name="outcome",
    label=N_("The decision"),
    missing=N_("Choose whether the request is accepted or refused"),
    choices=(
        Option(
            value=ACCEPTED,
            label=N_("Accepted"),
            hint=N_("With the date by which it is carried out"),
        ),
        Option(value=REFUSED, label=N_("Refused"), hint=N_("With the reasons")),
    ),
)
PROMISED = PromisedDay(
    name="promised_on",
    label=N_("Date by which it is carried out, if it is accepted"),
    summary=N_("It is to be carried out by"),
    missing=N_("Write the date by which it is carried out"),
    future=N_("The date must be within five years"),
    past=N_("The date must be today or later"),
    shown=lambda answers, _values: answers.get("outcome") == ACCEPTED,
)
EXPLANATION = Paragraphs(
    name="answer",
    label=N_("What will be done, or why not"),
    hint=N_("In words for the beneficiary; a refusal needs its reasons. Up to 4,000 characters."),
    missing=N_("Write what will be done, or the reasons for refusing"),
    least=10,
    maxlength=_LONGEST,
)


def fields(kind: str) -> tuple[Field, ...]:
    """What is asked of whoever answers a report of that kind."""
    return (SOLUTION,) if kind == "complaint" else (OUTCOME, PROMISED, EXPLANATION)


def read(
    kind: str, answers: Answers, situation: Situation
) -> tuple[Answer | None, Mapping[str, Problem]]:
    """The answer that was typed, or none and what is wrong with each field."""
    values: dict[str, Any] = {}
    problems: dict[str, Problem] = {}
    for field in fields(kind):
        if not field.shown(answers, values):
            continue
        found = field.parse(answers, values, situation)
        if isinstance(found, Problem):
            problems[field.name] = found
        else:
            values[field.name] = found
    if problems:
        return None, problems
    outcome = cast(Literal["solved", "accepted", "refused"], values.get("outcome", "solved"))
    return Answer(outcome, values["answer"], values.get("promised_on")), {}
