"""The steps that kinds of report share: who files, which service, what is told, what proves it.

A kind gives them its own words and puts them in its own order.
"""

from balagh.i18n import N_
from balagh.reports import behalf
from balagh.reports.fields import (
    Answers,
    Email,
    Line,
    Paragraphs,
    Phone,
    Pick,
    PickOne,
    PickOrType,
    ServiceName,
    Situation,
)
from balagh.reports.wizard import Step


def _contact_asked(answers: Answers, _situation: Situation) -> bool:
    # `asked_of` puts it there: sign-in did not bring it, or the person came here to change it.
    return "phone" in answers


PHONE = Phone(
    name="phone",
    label=N_("Mobile number"),
    hint=N_("Such as 05X XXX XXXX"),
    missing=N_("Write your mobile number"),
    autocomplete="tel",
    inputmode="tel",
    maxlength=25,
    ltr=True,
)

EMAIL = Email(
    name="email",
    label=N_("E-mail"),
    hint=N_("Such as name@example.com"),
    missing=N_("Write your e-mail address"),
    spared=True,
    autocomplete="email",
    inputmode="email",
    maxlength=254,
    ltr=True,
)

CONTACT = Step(
    slug="contact",
    title=N_("Who files, and how do we reach you?"),
    lead=N_("We send the report's number and each change of its state here."),
    help="why-contact",
    section=N_("Contact details"),
    shown=_contact_asked,
    fields=(
        Line(
            name="name",
            label=N_("Full name"),
            missing=N_("Write your full name"),
            shown=lambda answers, _values: "name" in answers,
            least=2,
            maxlength=200,
            autocomplete="name",
        ),
        PHONE,
        EMAIL,
        *behalf.FIELDS,
    ),
)


AGENCY = Pick(
    name="agency",
    label=N_("Agency"),
    missing=N_("Choose the agency"),
    offer=lambda directory, _answers: directory.agencies(),
    refine=True,
)

PLATFORM = Pick(
    name="platform",
    label=N_("Platform"),
    missing=N_("Choose the platform"),
    shown=lambda _answers, values: "agency" in values,
    offer=lambda directory, answers: directory.platforms(answers.get("agency", "")),
    refine=True,
)

DIGITAL_SERVICE = Pick(
    name="service",
    label=N_("Service"),
    missing=N_("Choose the service"),
    shown=lambda _answers, values: "platform" in values,
    offer=lambda directory, answers: directory.services(
        answers.get("agency", ""), answers.get("platform", "")
    ),
    refine=True,
)

CHANNEL = PickOne(
    name="delivery_channel",
    label=N_("Where did you use the service?"),
    summary=N_("Service channel"),
    missing=N_("Choose where you used the service"),
    shown=lambda _answers, values: "service" in values and values["service"].digital,
    offer=lambda directory, answers: directory.channels(answers.get("service", "")),
)

# Picked from the catalogue, or typed: not every paper service is known there.
PAPER_SERVICE = PickOrType(
    name="service",
    label=N_("Paper service"),
    missing=N_("Choose the service"),
    shown=lambda _answers, values: "agency" in values,
    offer=lambda directory, answers: directory.paper_services(answers.get("agency", "")),
    refine=True,
)

SERVICE_NAME = ServiceName(
    name="service_name",
    label=N_("Name of the paper service"),
    summary=N_("Paper service"),
    hint=N_("As the agency calls it"),
    missing=N_("Write the name of the service"),
    shown=lambda _answers, values: PAPER_SERVICE.to_be_typed(values),
    refine=True,
    maxlength=150,
)


def digital_service(*, title: str, section: str) -> Step:
    """Agency, platform, service and where it was used, each narrowing the next."""
    return Step(
        slug="service",
        title=title,
        help="choose-service",
        section=section,
        fields=(AGENCY, PLATFORM, DIGITAL_SERVICE, CHANNEL),
    )


def paper_service(*, title: str, lead: str, section: str) -> Step:
    """Agency and service, the latter typed when the catalogue does not know it."""
    return Step(
        slug="service",
        title=title,
        lead=lead,
        help="service-not-listed",
        section=section,
        fields=(AGENCY, PAPER_SERVICE, SERVICE_NAME),
    )


def details(*, title: str, lead: str, headline: Line, text: Paragraphs) -> Step:
    """Title and text. Their names are the same in all kinds, so that they survive a switch."""
    assert (headline.name, text.name) == ("title", "description")
    return Step(
        slug="details",
        title=title,
        lead=lead,
        help="describe-well",
        section=N_("Details"),
        fields=(headline, text),
    )


def documents(lead: str) -> Step:
    """Where files are gathered."""
    return Step(
        slug="documents",
        title=N_("Supporting documents"),
        lead=lead,
        help="evidence",
        section=N_("Details"),
        files=True,
    )
