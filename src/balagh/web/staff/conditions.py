"""Which conditions a report passed when it was filed, in one line (specification 3)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from balagh.i18n import N_, Language, grouped
from balagh.reports import casework
from balagh.reports.cases import Case
from balagh.reports.eligibility import NO_RESPONSE_DAYS, Code, Failure
from balagh.reports.fields import Situation
from balagh.reports.wizard import Kind
from balagh.web.filing import Filing
from balagh.web.telling import Teller

# In order: what is said where the condition holds, and where it does not.
_WORDS: Mapping[Code, tuple[str, str]] = {
    Code.PAPER_SERVICE: (N_("The service is digital"), N_("The service is a paper one")),
    Code.PROCEDURAL: (N_("A technical matter"), N_("A matter of the provider's procedures")),
    Code.PROBLEM_GONE: (N_("The problem is still there"), N_("The problem is gone")),
    Code.ALREADY_ESCALATED: (
        N_("No other escalation of the same number"),
        N_("The same number is escalated in report {number}"),
    ),
    Code.DIGITAL_SERVICE: (N_("The service is a paper one"), N_("The service is digital")),
    Code.HAS_ALTERNATIVE: (N_("No digital alternative"), N_("There is a digital alternative")),
    Code.ALREADY_REQUESTED: (
        N_("Not requested before by the same beneficiary"),
        N_("The same beneficiary requested it in report {number}"),
    ),
    Code.ALREADY_SUGGESTED: (
        N_("Not suggested before by the same beneficiary"),
        N_("The same beneficiary suggested it in report {number}"),
    ),
}
_TIMES = (Code.SLA_NOT_OVER, Code.TOO_EARLY)


class ConditionView(msgspec.Struct, frozen=True):
    text: str
    passed: bool


async def conditions(
    case: Case, filing: Filing, images: int, teller: Teller
) -> list[ConditionView]:
    """Each condition that the kind judges, on the day of filing, by what the report says now."""
    values = _known(filing.kind, filing.values)
    failures = {one.code: one for one in await failing(case, filing.kind, values, teller, filing)}
    language = teller.language
    found = [
        ConditionView(_text(code, failures.get(code), case, filing, teller), code not in failures)
        for code in filing.kind.judged(values)
        if code in _WORDS or (case.filed_on and _needed(code, case, filing))
    ]
    if filing.kind.image_needed({"ground": case.ground or ""}):
        there = images > 0
        text = N_("An image of the fault") if there else N_("The image of the fault is missing")
        found.append(ConditionView(language.text(text), there))
    return found


async def failing(
    case: Case, kind: Kind, values: Mapping[str, Any], teller: Teller, filing: Filing
) -> tuple[Failure, ...]:
    """The conditions that fail by these values, on the day on which the report was filed."""
    values = _known(kind, values)
    key = kind.once.key(values)
    earlier = ""
    if key is not None:
        (earlier,) = await casework.earlier(kind, [(case.person_id, key)])
    situation = Situation(
        today=case.submitted_at.astimezone(teller.zone).date(),
        directory=filing.situation.directory,
    )
    # The report itself is not another.
    other = "" if earlier == case.number else earlier
    return kind.failing(values, situation, teller.calendar, other)


def failed_text(failure: Failure, language: Language) -> str:
    """What is wrong, for the one who corrects."""
    if failure.code in _TIMES:
        return language.plural(
            "Fewer than {n} working day had passed when it was filed",
            "Fewer than {n} working days had passed when it was filed",
            failure.days,
        )
    return language.text(_WORDS[failure.code][1], number=grouped(failure.number))


def _text(code: Code, failure: Failure | None, case: Case, filing: Filing, teller: Teller) -> str:
    language = teller.language
    if code not in _TIMES:
        held, broken = _WORDS[code]
        number = grouped(failure.number) if failure else ""
        return language.text(broken if failure else held, number=number)
    assert case.filed_on is not None
    filed = case.submitted_at.astimezone(teller.zone).date()
    passed = sum(day < filed for day in teller.calendar.days_between(case.filed_on, filed))
    return language.plural(
        "{n} working day had passed, more than {needed} are needed",
        "{n} working days had passed, more than {needed} are needed",
        passed,
        needed=_needed(code, case, filing),
    )


def _needed(code: Code, case: Case, filing: Filing) -> int | None:
    """More than how many working days had to pass; none where that is not known."""
    if code is Code.TOO_EARLY:
        return NO_RESPONSE_DAYS
    return getattr(filing.values.get("service"), "sla_days", None) or case.response_days


def _known(kind: Kind, values: Mapping[str, Any]) -> dict[str, Any]:
    """Without a digital service that the catalogue does not know (of a part): nothing is judged by
    it."""
    service = values.get("service")
    unknown = kind.takes == "digital" and service is not None and service.id is None
    return {name: value for name, value in values.items() if name != "service" or not unknown}
