"""The unified number, and on whose behalf a report is filed."""

from datetime import date

import pytest

from balagh.directory.lookup import Catalogue
from balagh.i18n import Language
from balagh.reports.behalf import (
    ACCOUNT_TYPES,
    FIELDS,
    INDIVIDUAL,
    Behalf,
    UnifiedNumber,
    behalf_of,
)
from balagh.reports.choices import Choices
from balagh.reports.fields import Problem, Situation

NUMBER = next(field for field in FIELDS if isinstance(field, UnifiedNumber))


@pytest.fixture
def around() -> Situation:
    return Situation(today=date(2026, 11, 23), directory=Choices(Catalogue((), (), ()), "ar"))


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("7001234567", "7001234567"),
        ("7041568804", "7041568804"),
        (" 7001 234 567 ", "7001234567"),
        ("700-123-4567", "7001234567"),
        ("٧٠٠١٢٣٤٥٦٧", "7001234567"),
        ("٧٠٠ ١٢٣ ٤٥٦٧", "7001234567"),
        ("۷۰۰۱۲۳۴۵۶۷", "7001234567"),
        ("7001\u00a0234\u00a0567", "7001234567"),
        ("\u200e7001234567\u200f", "7001234567"),
        # Any last digit: how it follows from the others is published nowhere.
        ("7001234568", "7001234568"),
        ("700123456", None),
        ("70012345678", None),
        ("1001234567", None),
        ("2001234567", None),
        ("7001.234567", None),
        ("7OO1234567", None),
        ("+7001234567", None),
        ("سبعة", None),
    ],
)
def test_the_unified_number(around: Situation, typed: str, number: str | None) -> None:
    found = NUMBER.parse({NUMBER.name: typed}, {"account_type": "business"}, around)
    assert found == number if number else isinstance(found, Problem)


def test_a_number_that_is_missing(around: Situation) -> None:
    for typed in ("", "  "):
        assert NUMBER.parse({NUMBER.name: typed}, {}, around) == Problem(NUMBER.missing)


@pytest.mark.parametrize("account_type", ACCOUNT_TYPES)
def test_only_organisations_are_asked_for_name_and_number(account_type: str) -> None:
    shown = [field.name for field in FIELDS if field.shown({}, {"account_type": account_type})]
    rest = [] if account_type == INDIVIDUAL else ["organisation_name", "organisation_number"]
    assert shown == ["account_type", *rest]


def test_what_is_answered_comes_before_what_is_known() -> None:
    known = Behalf(account_type="business", name="Al-Noor", number="7001234567")
    assert behalf_of({}, known) == known
    assert behalf_of({"account_type": INDIVIDUAL}, known) == Behalf()
    other = {"account_type": "nonprofit", "organisation_name": "B", "organisation_number": "7"}
    found = behalf_of(other, known)
    assert (found.account_type, found.name, found.number) == ("nonprofit", "B", "7")
    assert found.values() == other
    assert Behalf().values() == {"account_type": INDIVIDUAL}


def test_every_type_has_a_name_in_both_languages() -> None:
    field = FIELDS[0]
    for code in ("ar", "en"):
        names = {str(field.show(each, Language.of(code))) for each in ACCOUNT_TYPES}
        assert len(names) == len(ACCOUNT_TYPES)
