"""What each action of staff must give, as data: its fields, which are required, their limits.

Specification 4: a data request lists what is missing, a rejection and a return have a reason, an
answer is the solution, or accepted with a date, or refused with reasons. Pure: forms, what they
refuse and the tests derive from here. What only staff read of it says ``for_staff``.
"""

from collections.abc import Mapping, Sequence

import msgspec

from balagh.i18n import N_
from balagh.reports.fields import (
    Answers,
    Choice,
    ComingDay,
    Field,
    Items,
    OneOf,
    Option,
    Paragraphs,
    Pick,
    Problem,
    Situation,
    Values,
)
from balagh.reports.lifecycle import Action

ITEMS = Items(
    name="item",
    label=N_("What is missing"),
    missing=N_("Write what is missing"),
    hint=N_("One thing a line, as the beneficiary reads it. Up to 10 lines of 200 characters."),
)
AGENCY = Pick(
    name="agency",
    label=N_("Agency"),
    missing=N_("Choose the agency"),
    offer=lambda directory, _answers: directory.agencies(),
)
PRIORITY = OneOf(
    name="priority",
    label=N_("Priority"),
    missing=N_("Choose the priority"),
    choices=(Option("normal", N_("Normal")), Option("high", N_("High"))),
)
GUIDANCE = Paragraphs(
    name="guidance",
    label=N_("Guidance to the agency"),
    hint=N_("Only staff read it, here and at the agency. Up to 2,000 characters."),
    optional=True,
    maxlength=2000,
)
SOLUTION = Paragraphs(
    name="text",
    label=N_("The solution"),
    missing=N_("Write the solution"),
    hint=N_("What was done, as the beneficiary reads it. Up to 4,000 characters."),
    least=10,
    maxlength=4000,
)
OUTCOME = Choice(
    name="outcome",
    label=N_("The agency's decision"),
    missing=N_("Choose whether the request is accepted"),
    choices=(
        Option("accepted", N_("Accept, with an implementation date")),
        Option("refused", N_("Refuse, with reasons")),
    ),
)
PROMISED_ON = ComingDay(
    name="promised_on",
    label=N_("Implementation date"),
    missing=N_("Write the implementation date"),
    past=N_("The implementation date is today or later"),
    shown=lambda _answers, values: values.get("outcome") == "accepted",
)
PLAN = Paragraphs(
    name="plan",
    label=N_("What will be done"),
    missing=N_("Write what will be done"),
    hint=N_("As the beneficiary reads it. Up to 4,000 characters."),
    least=10,
    maxlength=4000,
    shown=lambda _answers, values: values.get("outcome") == "accepted",
)
REASONS = Paragraphs(
    name="reasons",
    label=N_("Reasons for refusing"),
    missing=N_("Write the reasons"),
    hint=N_("As the beneficiary reads it. Up to 4,000 characters."),
    least=10,
    maxlength=4000,
    shown=lambda _answers, values: values.get("outcome") == "refused",
)
TO_THE_BENEFICIARY = Paragraphs(
    name="reason",
    label=N_("Reason for the beneficiary"),
    missing=N_("Write the reason"),
    hint=N_("The beneficiary reads it in the message and in the details. Up to 2,000 characters."),
    least=10,
    maxlength=2000,
)
TO_AMER = Paragraphs(
    name="reason",
    label=N_("Reason for Amer centre"),
    missing=N_("Write the reason"),
    hint=N_("Only staff read it. Up to 2,000 characters."),
    least=10,
    maxlength=2000,
)
TO_THE_AGENCY = Paragraphs(
    name="reason",
    label=N_("Reason for the agency"),
    missing=N_("Write the reason"),
    hint=N_("Only staff read it, here and at the agency. Up to 2,000 characters."),
    least=10,
    maxlength=2000,
)
COMMENT = Paragraphs(
    name="comment",
    label=N_("Comment to the beneficiary"),
    hint=N_("It goes out with the message. Up to 1,000 characters."),
    optional=True,
    maxlength=1000,
)

_ANY_KIND = (
    Option("filed_before", N_("The same was filed before")),
    Option("outside", N_("It is outside what Balagh is for")),
    Option("unclear", N_("It does not say what it is about")),
    Option("improper", N_("It holds insults, or data of somebody else")),
)
# Why a report is rejected, by kind.
REJECTIONS: Mapping[str, tuple[Option, ...]] = {
    "complaint": (
        Option("conditions", N_("The conditions of a complaint do not hold")),
        Option("within_time", N_("The agency's time for its answer is not over")),
        *_ANY_KIND,
    ),
    "transformation": (
        Option("digital_already", N_("The service is digital already")),
        *_ANY_KIND,
    ),
    "suggestion": (
        Option("exists_already", N_("The service already does this")),
        *_ANY_KIND,
    ),
}
RETURNS = (
    Option("other_agency", N_("It concerns another agency")),
    Option("no_competence", N_("The agency is not competent for it")),
    Option("other_service", N_("It is about another service or platform")),
    Option("not_reviewed", N_("It is not complete enough to be referred")),
)
RETURN_CODE = OneOf(
    name="code",
    label=N_("Why it is returned"),
    missing=N_("Choose why it is returned"),
    choices=RETURNS,
)


def rejection_code(kind: str) -> OneOf:
    return OneOf(
        name="code",
        label=N_("Why it is rejected"),
        missing=N_("Choose why it is rejected"),
        choices=REJECTIONS[kind],
    )


class Papers(msgspec.Struct, frozen=True, kw_only=True):
    """What an action asks for. ``reply``: into which of its fields a canned reply goes;
    ``for_staff``: the field that only staff read, as an entry of its own."""

    fields: tuple[Field, ...] = ()
    reply: str = ""
    for_staff: str = ""


_PAPERS: Mapping[Action, Papers] = {
    Action.START_REVIEW: Papers(),
    Action.REQUEST_DATA: Papers(fields=(ITEMS,), reply="item"),
    # Its fields are what was asked for.
    Action.UPDATE: Papers(),
    Action.REFER: Papers(
        fields=(AGENCY, PRIORITY, GUIDANCE), reply="guidance", for_staff="guidance"
    ),
    Action.RETURN_TO_AMER: Papers(
        fields=(RETURN_CODE, TO_AMER), reply="reason", for_staff="reason"
    ),
    Action.CLOSE: Papers(fields=(COMMENT,), reply="comment"),
    Action.SEND_BACK: Papers(fields=(TO_THE_AGENCY,), reply="reason", for_staff="reason"),
    Action.ACCEPT_REOPENING: Papers(fields=(GUIDANCE,), reply="guidance", for_staff="guidance"),
    Action.REFUSE_REOPENING: Papers(fields=(TO_THE_BENEFICIARY,), reply="reason"),
}
# What staff do: the rest of the life cycle is the beneficiary's and the clock's.
BY_STAFF = frozenset({*_PAPERS, Action.REJECT, Action.ANSWER})


def papers(action: Action, kind: str) -> Papers:
    """What ``action`` on a report of that kind must give. Raises ``KeyError`` for what staff do not
    do."""
    if action is Action.REJECT:
        return Papers(fields=(rejection_code(kind), TO_THE_BENEFICIARY), reply="reason")
    if action is Action.ANSWER and kind == "complaint":
        return Papers(fields=(SOLUTION,), reply="text")
    if action is Action.ANSWER:
        return Papers(fields=(OUTCOME, PROMISED_ON, PLAN, REASONS), reply="reasons")
    return _PAPERS[action]


def read(
    fields: Sequence[Field], answers: Answers, situation: Situation
) -> tuple[Values, dict[str, Problem]]:
    """What was given, by field, and what is wrong. A field that does not apply has neither."""
    values: dict[str, object] = {}
    problems: dict[str, Problem] = {}
    for field in fields:
        if not field.shown(answers, values):
            continue
        found = field.parse(answers, values, situation)
        if isinstance(found, Problem):
            problems[field.name] = found
        else:
            values[field.name] = found
    return values, problems
