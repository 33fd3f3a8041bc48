"""The wizard, as data: a kind declares steps and fields; pages and errors derive from it.

The journey is recomputed from the answers on each request, so skipping ahead by URL leads back to
the first unanswered step, and a changed answer opens or closes the steps that depend on it.
"""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from balagh.reports.eligibility import Code, Failure
from balagh.reports.fields import Answers, Field, Problem, Situation, Values, phone_text
from balagh.workdays import Calendar

CHECK = "check"
# The answer of a step where files are gathered: it was seen and gone on from.
DONE = "done"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One page of questions that belong together. ``section`` groups it on the check page;
    ``help``: the slug of the help entry that says why it is asked."""

    slug: str
    title: str
    section: str
    lead: str = ""
    help: str = ""
    fields: tuple[Field, ...] = ()
    # Where files are gathered instead of fields.
    files: bool = False
    shown: Callable[[Answers, Situation], bool] = lambda _answers, _situation: True


class Once(msgspec.Struct, frozen=True, kw_only=True):
    """What may be filed once only; cancelled and rejected reports do not count.

    ``index``: the database's own, which has the last word. ``columns`` make two reports the same,
    ``key`` gives them, in that order, once the values tell. ``own``: among the person's own reports
    only, else among anybody's. ``code``: the condition that fails.
    """

    index: str
    code: Code
    columns: tuple[str, ...]
    key: Callable[[Values], tuple[Any, ...] | None]
    own: bool = True


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of report: one declaration.

    ``takes``: which services it is about. ``failing``: the conditions that fail; its last argument
    is the number of a report that is the same, empty when none is known. ``columns``: the report's
    columns that the kind fills. ``alike``: the service's id and the folded text by which the
    person's earlier reports resemble it, where that is asked. ``image_needed``: there must be
    evidence. ``judged``: which conditions these values are held to, whether they fail or not.
    """

    code: str
    name: str
    # What leads to the first step, the question above the answers, the button under them, and what
    # is said once it is filed.
    start: str
    check_title: str
    submit: str
    received: str
    steps: tuple[Step, ...]
    takes: Literal["digital", "paper"]
    once: Once
    failing: Callable[[Values, Situation, Calendar, str], tuple[Failure, ...]]
    columns: Callable[[Values], dict[str, Any]]
    alike: Callable[[Values], tuple[int, str] | None] = lambda _values: None
    image_needed: Callable[[Answers], bool] = lambda _answers: False
    judged: Callable[[Values], tuple[Code, ...]] = lambda _values: ()


class Journey(msgspec.Struct, frozen=True, kw_only=True):
    """Where the answers lead: the steps of this journey, what is understood, where it stops.

    ``values`` holds what was understood up to the first unanswered step; ``at`` is the slug of that
    step, or ``check`` when everything is answered.
    """

    steps: tuple[Step, ...]
    values: dict[str, Any]
    at: str

    def number(self, slug: str) -> int:
        """1-based; the check page is the last."""
        slugs = [step.slug for step in self.steps]
        return slugs.index(slug) + 1 if slug in slugs else len(slugs) + 1

    @property
    def count(self) -> int:
        return len(self.steps) + 1

    def step(self, slug: str) -> Step | None:
        return next((step for step in self.steps if step.slug == slug), None)

    def reached(self, slug: str) -> bool:
        """Whether every step before it is answered."""
        return self.number(slug) <= self.number(self.at)

    def before(self, slug: str) -> str | None:
        place = self.number(slug) - 2
        return self.steps[place].slug if place >= 0 else None


def asked_of(
    answers: Answers,
    *,
    name: str,
    phone: str | None,
    email: str | None,
    behalf: Answers | None = None,
    again: bool = False,
    assisted: bool = False,
) -> dict[str, str]:
    """The answers, and what is known of who gives them where that has to be asked for.

    Contact details are asked for when sign-in brought none, and ``again`` when the person wants to
    change them; the name only when it is not known, because it is the identity provider's word.
    ``phone`` in E.164; ``behalf``: on whose behalf they filed last, by input name; ``assisted``:
    staff files for them, who may have no e-mail address.
    """
    if name and phone and (email or assisted) and not again and "phone" not in answers:
        return dict(answers)
    known = {"phone": phone_text(phone) if phone else "", "email": email or "", **(behalf or {})}
    return {**({} if name else {"name": ""}), **known, **answers}


def fields_shown(step: Step, answers: Answers, values: Values) -> tuple[Field, ...]:
    """The step's fields that apply, given the answers so far."""
    return tuple(field for field in step.fields if field.shown(answers, values))


def parse(
    step: Step, answers: Answers, earlier: Values, situation: Situation
) -> tuple[dict[str, Any], dict[str, Problem]]:
    """What the step's answers mean, and what is wrong with the others, by field name."""
    values: dict[str, Any] = {}
    problems: dict[str, Problem] = {}
    for field in step.fields:
        known = {**earlier, **values}
        if not field.shown(answers, known):
            continue
        found = field.parse(answers, known, situation)
        if isinstance(found, Problem):
            problems[field.name] = found
        else:
            values[field.name] = found
    return values, problems


def image_owed(kind: Kind, answers: Answers, situation: Situation) -> bool:
    """Whether it cannot go on without an image (specification 3.1: "required at submission online;
    may follow later when staff files for the caller")."""
    return kind.image_needed(answers) and situation.images == 0 and not situation.assisted


def journey(kind: Kind, answers: Answers, situation: Situation) -> Journey:
    """Follows the answers from the first step to the first that is not answered."""
    steps = tuple(step for step in kind.steps if step.shown(answers, situation))
    values: dict[str, Any] = {}
    for step in steps:
        if step.files:
            # Nothing is asked here, so it is answered once it was seen, unless an image is owed.
            if image_owed(kind, answers, situation) or answers.get(step.slug) != DONE:
                return Journey(steps=steps, values=values, at=step.slug)
            continue
        understood, wrong = parse(step, answers, values, situation)
        if wrong:
            return Journey(steps=steps, values=values, at=step.slug)
        values.update(understood)
    return Journey(steps=steps, values=values, at=CHECK)
