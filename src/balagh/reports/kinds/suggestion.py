"""Improvement suggestion «اقتراح تطوير»: improve a digital service (specification 3.3)."""

from hashlib import sha256
from typing import Any

from balagh.i18n import N_
from balagh.reports import steps
from balagh.reports.eligibility import Code, Failure
from balagh.reports.fields import Line, Paragraphs, Situation, Values
from balagh.reports.wizard import Kind, Once
from balagh.text import fold, text_key
from balagh.workdays import Calendar

SERVICE = steps.digital_service(
    title=N_("Which service do you want to improve?"), section=N_("The service")
)

DETAILS = steps.details(
    title=N_("What do you suggest?"),
    lead=N_("Describe the improvement, and whom it helps. One idea in each suggestion."),
    headline=Line(
        name="title",
        label=N_("Title of the suggestion"),
        hint=N_("The idea in one line"),
        missing=N_("Write a title for the suggestion"),
        least=5,
        maxlength=100,
    ),
    text=Paragraphs(
        name="description",
        label=N_("Text of the suggestion"),
        hint=N_("What is hard today, and how it could be better. Up to 3,000 characters."),
        missing=N_("Write your suggestion"),
        refine=True,
        least=20,
        maxlength=3000,
    ),
)

DOCUMENTS = steps.documents(
    N_(
        "Such as a screenshot of the page that you would change. Each file is saved as soon as you "
        "choose it."
    )
)


def text_hash(text: str) -> bytes:
    """The text as it is compared: its words alone, SHA-256."""
    return sha256(text_key(text).encode()).digest()


def columns(values: Values) -> dict[str, Any]:
    """The report's columns that this kind fills."""
    return {
        "agency_id": values["agency"].id,
        "platform_id": values["platform"].id,
        "service_id": values["service"].id,
        "delivery_channel": values["delivery_channel"].code,
        "title": values["title"],
        "description": values["description"],
        "text_hash": text_hash(values["description"]),
        "folded_text": fold(values["description"]),
    }


def _failing(
    values: Values, _situation: Situation, _calendar: Calendar, earlier: str
) -> tuple[Failure, ...]:
    service = values.get("service")
    found = []
    if service is not None and not service.digital:
        found.append(Failure(Code.PAPER_SERVICE))
    if earlier:
        found.append(Failure(Code.ALREADY_SUGGESTED, number=earlier))
    return tuple(found)


def _key(values: Values) -> tuple[int, bytes] | None:
    if "service" not in values or "description" not in values:
        return None
    return values["service"].id, text_hash(values["description"])


def _alike(values: Values) -> tuple[int, str] | None:
    if "service" not in values or "description" not in values:
        return None
    return values["service"].id, fold(values["description"])


SUGGESTION = Kind(
    code="suggestion",
    name=N_("Improvement suggestion"),
    start=N_("File a suggestion"),
    check_title=N_("Check your answers before filing the suggestion"),
    submit=N_("File the suggestion"),
    received=N_("Your suggestion has been received"),
    takes="digital",
    steps=(steps.CONTACT, SERVICE, DETAILS, DOCUMENTS),
    once=Once(
        index="report_suggestion_once",
        code=Code.ALREADY_SUGGESTED,
        columns=("service_id", "text_hash"),
        key=_key,
    ),
    failing=_failing,
    columns=columns,
    alike=_alike,
    judged=lambda values: (
        (Code.PAPER_SERVICE, Code.ALREADY_SUGGESTED) if "service" in values else ()
    ),
)
