"""Complaint «تقديم شكوى»: escalates one about a digital service (specification 3.1).

Exactly one ground holds and all gates pass; they are judged in ``eligibility``.
"""

from typing import Any

from balagh.i18n import N_
from balagh.reports import steps
from balagh.reports.eligibility import Code, Facts, Failure, failing
from balagh.reports.fields import (
    Answers,
    Choice,
    Day,
    Line,
    Number,
    Option,
    Paragraphs,
    Reference,
    Situation,
    Values,
)
from balagh.reports.wizard import Kind, Once, Step
from balagh.text import reference_key
from balagh.workdays import Calendar

OUTAGE = "outage"
SLA = "sla_exceeded"
NO_TIME = "no_response_time"
CLOSED = "closed_unresolved"


def _closed(answers: Answers, _situation: Situation) -> bool:
    return answers.get("ground") == CLOSED


def _has_reference(answers: Answers, _situation: Situation) -> bool:
    return answers.get("ground") != OUTAGE


def _no_sla_known(answers: Answers, values: Values) -> bool:
    service = values.get("service")
    return answers.get("ground") == SLA and service is not None and service.sla_days is None


GROUND = Step(
    slug="ground",
    title=N_("Why are you escalating your complaint?"),
    lead=N_("Choose the one reason that fits."),
    help="why-ground",
    section=N_("The earlier complaint"),
    fields=(
        Choice(
            name="ground",
            label=N_("Ground for escalation"),
            missing=N_("Choose the reason that fits your complaint"),
            choices=(
                Option(
                    value=OUTAGE,
                    label=N_("The system was down and no complaint could be opened"),
                    hint=N_("You need an image of the fault"),
                ),
                Option(
                    value=SLA,
                    label=N_("The response time of the service level agreement has passed"),
                    hint=N_("You have a reference number, and the promised time is over"),
                ),
                Option(
                    value=NO_TIME,
                    label=N_("There is a reference number and no response time was set"),
                    hint=N_("More than 5 working days have passed since you filed it"),
                ),
                Option(
                    value=CLOSED,
                    label=N_("The complaint was closed without a satisfactory solution"),
                    hint=N_("A technical problem that is still there"),
                ),
            ),
        ),
    ),
)

CLOSURE = Step(
    slug="closure",
    title=N_("What was the closed complaint about?"),
    help="ground-closed",
    section=N_("The earlier complaint"),
    shown=_closed,
    fields=(
        Choice(
            name="matter",
            label=N_("The complaint was about"),
            missing=N_("Choose what the complaint was about"),
            choices=(
                Option(
                    value="technical",
                    label=N_("A technical problem"),
                    hint=N_("A fault in the platform: an error message, a page that does not open"),
                ),
                Option(
                    value="procedural",
                    label=N_("The provider's procedures"),
                    hint=N_("Conditions, fees, or a decision on your request"),
                ),
            ),
        ),
        Choice(
            name="still_happening",
            label=N_("Is the problem still there?"),
            summary=N_("The problem is still there"),
            missing=N_("Say whether the problem is still there"),
            choices=(
                Option(value="yes", label=N_("Yes, it is still there")),
                Option(value="no", label=N_("No, it is solved")),
            ),
        ),
    ),
)

SERVICE = steps.digital_service(
    title=N_("Which service is it about?"), section=N_("The earlier complaint")
)

REFERENCE = Step(
    slug="reference",
    title=N_("Reference number and date of the complaint"),
    lead=N_("As they stand in the message that confirmed your complaint."),
    help="reference-number",
    section=N_("The earlier complaint"),
    shown=_has_reference,
    fields=(
        Reference(
            name="reference",
            label=N_("Reference number of your complaint with the provider"),
            summary=N_("Reference number"),
            hint=N_("Letters or digits, such as BLD-4471882"),
            missing=N_("Write the reference number"),
            maxlength=60,
            ltr=True,
            autocomplete="off",
        ),
        Day(
            name="filed_on",
            label=N_("Date on which you filed it with the provider"),
            summary=N_("Filed on"),
            missing=N_("Write the date on which you filed the complaint"),
            future=N_("The filing date must be today or before"),
        ),
        Number(
            name="response_days",
            label=N_("How many working days were you promised?"),
            summary=N_("Promised response time (working days)"),
            hint=N_("A number of working days, such as 3"),
            missing=N_("Write how many working days you were promised"),
            shown=_no_sla_known,
            low=1,
            high=366,
            inputmode="numeric",
            maxlength=3,
            ltr=True,
        ),
        Day(
            name="closed_on",
            label=N_("Date on which the provider closed it"),
            summary=N_("Closed on"),
            missing=N_("Write the date on which the complaint was closed"),
            future=N_("The closing date must be today or before"),
            not_before="filed_on",
            before_text=N_("The closing date must not be before the filing date"),
            shown=lambda answers, _values: answers.get("ground") == CLOSED,
        ),
    ),
)


DETAILS = steps.details(
    title=N_("What happened?"),
    lead=N_("Write it as you would tell it. Leave out passwords and card numbers."),
    headline=Line(
        name="title",
        label=N_("Title of the complaint"),
        hint=N_("The problem in one line"),
        missing=N_("Write a title"),
        least=5,
        maxlength=100,
    ),
    text=Paragraphs(
        name="description",
        label=N_("Description"),
        hint=N_("What you did, what appeared, what you expected. Up to 3,000 characters."),
        missing=N_("Write what happened"),
        least=20,
        maxlength=3000,
    ),
)

DOCUMENTS = steps.documents(
    N_(
        "What proves the problem: a screenshot, the provider's reply or a payment receipt. "
        "Each file is saved as soon as you choose it."
    )
)


def facts(values: Values, situation: Situation, escalated: bool | None) -> Facts:
    """What is known so far, in eligibility's terms; ``None`` where it is not known yet."""
    service = values.get("service")
    still = values.get("still_happening")
    return Facts(
        today=situation.today,
        ground=values.get("ground"),
        digital=None if service is None else service.digital,
        sla_days=None if service is None else service.sla_days,
        response_days=values.get("response_days"),
        filed_on=values.get("filed_on"),
        closed_on=values.get("closed_on"),
        matter=values.get("matter"),
        still_happening=None if still is None else still == "yes",
        escalated=escalated,
    )


def columns(values: Values) -> dict[str, Any]:
    """The report's columns that this kind fills."""
    reference = values.get("reference")
    still = values.get("still_happening")
    platform = values["platform"]
    return {
        "agency_id": values["agency"].id,
        # The provider's paper services stand under no platform.
        "platform_id": getattr(platform, "id", None),
        "service_id": values["service"].id,
        "delivery_channel": values["delivery_channel"].code,
        "ground": values["ground"],
        "reference": reference,
        "reference_key": reference and reference_key(reference),
        "filed_on": values.get("filed_on"),
        "response_days": values.get("response_days"),
        "closed_on": values.get("closed_on"),
        "matter": values.get("matter"),
        "still_happening": None if still is None else still == "yes",
        "title": values["title"],
        "description": values["description"],
    }


def _failing(
    values: Values, situation: Situation, calendar: Calendar, earlier: str
) -> tuple[Failure, ...]:
    return failing(facts(values, situation, bool(earlier)), calendar)


def _judged(values: Values) -> tuple[Code, ...]:
    """The ground's own conditions, between the two that hold for all."""
    own: dict[str, tuple[Code, ...]] = {
        SLA: (Code.SLA_NOT_OVER,),
        NO_TIME: (Code.TOO_EARLY,),
        CLOSED: (Code.PROCEDURAL, Code.PROBLEM_GONE),
    }
    once = (Code.ALREADY_ESCALATED,) if "reference" in values else ()
    known = (Code.PAPER_SERVICE,) if "service" in values else ()
    return (*known, *own.get(values.get("ground", ""), ()), *once)


def _key(values: Values) -> tuple[int, str] | None:
    """The provider, and the reference as it is compared (gate b)."""
    if "agency" not in values or "reference" not in values:
        return None
    return values["agency"].id, reference_key(values["reference"])


COMPLAINT = Kind(
    code="complaint",
    name=N_("Complaint"),
    start=N_("File a complaint"),
    check_title=N_("Check your answers before filing the complaint"),
    submit=N_("File the complaint"),
    received=N_("Your complaint has been received"),
    takes="digital",
    steps=(steps.CONTACT, GROUND, CLOSURE, SERVICE, REFERENCE, DETAILS, DOCUMENTS),
    once=Once(
        index="report_reference_once",
        code=Code.ALREADY_ESCALATED,
        columns=("agency_id", "reference_key"),
        key=_key,
        own=False,
    ),
    failing=_failing,
    columns=columns,
    image_needed=lambda answers: answers.get("ground") == OUTAGE,
    judged=_judged,
)
