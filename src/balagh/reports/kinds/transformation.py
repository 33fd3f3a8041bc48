"""Transformation request «طلب تحول»: turn a paper service digital (specification 3.2)."""

from typing import Any

from balagh.i18n import N_
from balagh.reports import steps
from balagh.reports.eligibility import Code, Failure
from balagh.reports.fields import Line, Paragraphs, Situation, Values, service_of
from balagh.reports.wizard import Kind, Once
from balagh.text import text_key
from balagh.workdays import Calendar

SERVICE = steps.paper_service(
    title=N_("Which paper service should become digital?"),
    lead=N_("Pick it from the list. If it is not there, write its name."),
    section=N_("The service"),
)

DETAILS = steps.details(
    title=N_("Why should it become digital?"),
    lead=N_("Say what the paper way costs you, and what a digital one would change."),
    headline=Line(
        name="title",
        label=N_("Title of the request"),
        hint=N_("What you ask for, in one line"),
        missing=N_("Write a title for the request"),
        least=5,
        maxlength=100,
    ),
    text=Paragraphs(
        name="description",
        label=N_("Reasons for the request"),
        hint=N_("How it is done today, how often, how long it takes. Up to 3,000 characters."),
        missing=N_("Write why it should become digital"),
        least=20,
        maxlength=3000,
    ),
)

DOCUMENTS = steps.documents(
    N_("Such as the paper form or a letter. Each file is saved as soon as you choose it.")
)


def service_key(service: Any) -> str:
    """The service as requests about it are compared: its code where the catalogue knows it, which
    stays when its name is mended, else the words of the name (no code has a colon before it)."""
    return text_key(service) if isinstance(service, str) else f"code:{service.code}"


def columns(values: Values) -> dict[str, Any]:
    """The report's columns that this kind fills."""
    service = service_of(values)
    typed = isinstance(service, str)
    return {
        "agency_id": values["agency"].id,
        "service_id": None if typed else service.id,
        "service_name": service if typed else None,
        "service_key": service_key(service),
        "title": values["title"],
        "description": values["description"],
    }


def _failing(
    values: Values, situation: Situation, _calendar: Calendar, earlier: str
) -> tuple[Failure, ...]:
    service = service_of(values)
    found = []
    if service is not None and not isinstance(service, str):
        if service.digital:
            found.append(Failure(Code.DIGITAL_SERVICE))
        elif situation.directory.alternative(service.code):
            found.append(Failure(Code.HAS_ALTERNATIVE))
    if earlier:
        found.append(Failure(Code.ALREADY_REQUESTED, number=earlier))
    return tuple(found)


def _judged(values: Values) -> tuple[Code, ...]:
    # Of a service that the catalogue does not know, nothing is known to be digital.
    typed = isinstance(service_of(values), str)
    known = () if typed else (Code.DIGITAL_SERVICE, Code.HAS_ALTERNATIVE)
    return (*known, Code.ALREADY_REQUESTED)


def _key(values: Values) -> tuple[int, str] | None:
    service = service_of(values)
    return None if service is None else (values["agency"].id, service_key(service))


TRANSFORMATION = Kind(
    code="transformation",
    name=N_("Transformation request"),
    start=N_("File a transformation request"),
    check_title=N_("Check your answers before filing the request"),
    submit=N_("File the request"),
    received=N_("Your transformation request has been received"),
    takes="paper",
    steps=(steps.CONTACT, SERVICE, DETAILS, DOCUMENTS),
    once=Once(
        index="report_transformation_once",
        code=Code.ALREADY_REQUESTED,
        columns=("agency_id", "service_key"),
        key=_key,
    ),
    failing=_failing,
    columns=columns,
    judged=_judged,
)
