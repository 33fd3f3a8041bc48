"""What was filed, as the fields of its kind understand and ask it.

The same declaration that asked for it shows it again to the beneficiary and to staff, and asks it
once more where staff corrects it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol

from balagh.directory.lookup import Catalogue
from balagh.i18n import Language
from balagh.reports.choices import PAPER, Choices
from balagh.reports.fields import NOT_LISTED, Answers, Day, Field, named_only, phone_text
from balagh.reports.kinds import KINDS


class Filed(Protocol):
    """A report's columns, by their names."""

    @property
    def kind(self) -> str: ...
    @property
    def agency_id(self) -> int: ...
    @property
    def platform_id(self) -> int | None: ...
    @property
    def service_id(self) -> int | None: ...
    @property
    def service_name(self) -> str | None: ...
    @property
    def delivery_channel(self) -> str | None: ...
    @property
    def ground(self) -> str | None: ...
    @property
    def reference(self) -> str | None: ...
    @property
    def filed_on(self) -> date | None: ...
    @property
    def response_days(self) -> int | None: ...
    @property
    def closed_on(self) -> date | None: ...
    @property
    def matter(self) -> str | None: ...
    @property
    def still_happening(self) -> bool | None: ...
    @property
    def title(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def account_type(self) -> str: ...
    @property
    def organisation_name(self) -> str | None: ...
    @property
    def organisation_number(self) -> str | None: ...


def values_of(report: Filed, known: Catalogue, choices: Choices) -> dict[str, Any]:
    """By field name; what does not apply is not in it. ``known`` has the report's rows."""
    values: dict[str, Any] = {
        name: getattr(report, name)
        for name in (
            "ground", "matter", "reference", "filed_on", "response_days", "closed_on",
            "service_name", "title", "description",
        )
        if getattr(report, name) is not None
    }  # fmt: skip
    values["agency"] = known.agencies[report.agency_id]
    if report.platform_id is not None:
        values["platform"] = known.platforms[report.platform_id]
    if report.service_id is not None:
        values["service"] = known.services[report.service_id]
    elif KINDS[report.kind].takes == "digital":
        # Of a part whose service is not known: as the whole report names it.
        values["service"] = named_only(report.service_name or "")
    else:
        values["service"] = NOT_LISTED
    if report.delivery_channel is not None:
        values["delivery_channel"] = choices.channel(report.delivery_channel)
    if report.still_happening is not None:
        values["still_happening"] = "yes" if report.still_happening else "no"
    return values


def typed(values: Mapping[str, Any]) -> dict[str, str]:
    """The answers that mean these values, by input name, as somebody would have typed them."""
    answers: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, date):
            parts = {"day": value.day, "month": value.month, "year": value.year}
            answers |= {f"{name}_{part}": str(number) for part, number in parts.items()}
        elif name == "phone" and value:
            answers[name] = phone_text(value)
        elif hasattr(value, "code"):
            answers[name] = value.code
        elif value is not None:
            answers[name] = str(value)
    service = values.get("service")
    if service is not None and service is not NOT_LISTED and "platform" not in values:
        # An agency's paper services stand under no platform.
        answers["platform"] = PAPER
    return answers


def words(field: Field, value: Any, language: Language) -> str:
    """The answer as plain text; empty where there is none."""
    if value is None:
        return ""
    if value is NOT_LISTED:
        return language.name(value)
    if isinstance(field, Day):
        return language.date(value)
    if isinstance(value, str) and field.type in ("text", "textarea"):
        return value
    return str(field.show(value, language).striptags())


def plain(value: Any) -> Any:
    """The answer as it is compared and kept in an event: a code, a text, a number or a date."""
    if isinstance(value, date):
        return value.isoformat()
    return getattr(value, "code", value)


class KeptChoices(Choices):
    """The catalogue's choices, and what a report has already, although it is offered no more."""

    def __init__(self, catalogue: Catalogue, language: str, kept: Answers) -> None:
        super().__init__(catalogue, language)
        self._known = catalogue
        self._kept = kept

    def agencies(self) -> Any:
        return self._with(super().agencies(), self._known.agency_codes.get(self._kept["agency"]))

    def platforms(self, agency: str) -> Any:
        kept = self._known.platform_codes.get(self._kept.get("platform", ""))
        ours = agency == self._kept["agency"]
        return self._with(super().platforms(agency), kept if ours else None)

    def services(self, agency: str, platform: str) -> Any:
        found = super().services(agency, platform)
        ours = (agency, platform) == (self._kept["agency"], self._kept.get("platform"))
        return self._with(found, self._service() if ours else None)

    def paper_services(self, agency: str) -> Any:
        found = super().paper_services(agency)
        service = self._service()
        ours = agency == self._kept["agency"] and service is not None and not service.digital
        return self._with(found, service if ours else None)

    def channels(self, service: str) -> Any:
        found = super().channels(service)
        kept = self._kept.get("delivery_channel")
        ours = service == self._kept.get("service") and kept
        return self._with(found, self.channel(kept) if ours and kept else None)

    def _service(self) -> Any:
        return self._known.service_codes.get(self._kept.get("service", ""))

    @staticmethod
    def _with(found: Any, kept: Any) -> Any:
        if kept is None or kept.code in {row.code for row in found}:
            return found
        return (*found, kept)
