"""On whose behalf a report is filed (specification 1: "account types: individual, business,
nonprofit, government").

Sign-in says who the person is, not whom they speak for: the organisation is what they state, and
the check page says so.
"""

import re
from typing import Any

import msgspec
from markupsafe import Markup

from balagh.i18n import N_, Language, isolate
from balagh.reports.fields import (
    Answers,
    Choice,
    Field,
    Line,
    Option,
    Problem,
    Situation,
    Values,
)
from balagh.text import latin_digits, without_marks

INDIVIDUAL = "individual"
ACCOUNT_TYPES = (INDIVIDUAL, "business", "nonprofit", "government")


class UnifiedNumber(Field, frozen=True, kw_only=True):
    """The unified number «الرقم الموحد» of an establishment: ten digits that begin with 7 (Saudi
    Central Bank circular 42007290 of 28 September 2020).

    How its last digit follows from the others is published nowhere, so that is not checked.
    """

    def understand(
        self, typed: str, answers: Answers, values: Values, situation: Situation
    ) -> str | Problem:
        bare = re.sub(r"[\s-]", "", latin_digits(without_marks(typed)))
        if not re.fullmatch(r"7[0-9]{9}", bare):
            return Problem(N_("The unified number has 10 digits and begins with 7"))
        return bare

    def show(self, value: Any, language: Language) -> Markup:
        return isolate(value)


def _for_an_organisation(_answers: Answers, values: Values) -> bool:
    return bool(values.get("account_type", INDIVIDUAL) != INDIVIDUAL)


FIELDS: tuple[Field, ...] = (
    Choice(
        name="account_type",
        label=N_("On whose behalf are you filing?"),
        summary=N_("On behalf of"),
        missing=N_("Choose on whose behalf you are filing"),
        refine=True,
        choices=(
            Option(value=INDIVIDUAL, label=N_("Myself")),
            Option(value="business", label=N_("A business")),
            Option(value="nonprofit", label=N_("A non-profit organisation")),
            Option(value="government", label=N_("A government body")),
        ),
    ),
    Line(
        name="organisation_name",
        label=N_("Name of the organisation"),
        hint=N_("As it is registered"),
        missing=N_("Write the name of the organisation"),
        shown=_for_an_organisation,
        least=2,
        maxlength=200,
        autocomplete="organization",
    ),
    UnifiedNumber(
        name="organisation_number",
        label=N_("Unified number"),
        hint=N_("10 digits that begin with 7, such as 7001234567"),
        missing=N_("Write the unified number of the organisation"),
        shown=_for_an_organisation,
        autocomplete="off",
        inputmode="numeric",
        maxlength=20,
        ltr=True,
    ),
)


class Behalf(msgspec.Struct, frozen=True, kw_only=True):
    """For whom: ``name`` and ``number`` are set unless it is an individual."""

    account_type: str = INDIVIDUAL
    name: str | None = None
    number: str | None = None

    @property
    def organisation(self) -> bool:
        return self.account_type != INDIVIDUAL

    def values(self) -> dict[str, Any]:
        """As the fields understand it, to be shown by them."""
        found = {"account_type": self.account_type}
        if self.organisation:
            found |= {
                "organisation_name": self.name or "",
                "organisation_number": self.number or "",
            }
        return found


def behalf_of(values: Values, known: Behalf) -> Behalf:
    """As answered, else as known of the person."""
    if "account_type" not in values:
        return known
    if values["account_type"] == INDIVIDUAL:
        return Behalf()
    return Behalf(
        account_type=values["account_type"],
        name=values["organisation_name"],
        number=values["organisation_number"],
    )
