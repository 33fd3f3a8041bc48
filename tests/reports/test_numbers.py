"""Report numbers: random, readable over the telephone, and a slip of the tongue is found."""

import random
import secrets

import pytest

from balagh.i18n import grouped
from balagh.reports import numbers

SOME = [numbers.new(random.Random(n).randrange) for n in range(300)]


def test_ten_digits_that_do_not_begin_with_zero() -> None:
    for number in SOME:
        assert len(number) == 10
        assert number.isdigit()
        assert number[0] != "0"
        assert numbers.parse(number) == number


def test_they_tell_nothing_of_each_other() -> None:
    assert len({numbers.new(secrets.randbelow) for _ in range(2000)}) == 2000
    assert {number[0] for number in SOME} == set("123456789")


def test_the_smallest_and_the_largest() -> None:
    assert numbers.new(lambda _below: 0).startswith("100000000")
    assert numbers.new(lambda below: below - 1).startswith("999999999")


def test_every_wrong_digit_is_found() -> None:
    for number in SOME:
        for place, right in enumerate(number):
            for wrong in set("0123456789") - {right}:
                assert numbers.parse(number[:place] + wrong + number[place + 1 :]) is None


def test_every_swap_of_neighbours_is_found() -> None:
    for number in SOME:
        for n in range(9):
            swapped = number[:n] + number[n + 1] + number[n] + number[n + 2 :]
            assert swapped == number or numbers.parse(swapped) is None


NUMBER = SOME[0]
ARABIC = NUMBER.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
PERSIAN = NUMBER.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (grouped(NUMBER), NUMBER),
        (f"  {NUMBER}\n", NUMBER),
        (grouped(NUMBER).replace(" ", "-"), NUMBER),
        (grouped(NUMBER).replace(" ", "\u00a0"), NUMBER),
        (grouped(NUMBER).replace(" ", "\u2013"), NUMBER),
        (f"{NUMBER[:5]}\u00ad{NUMBER[5:]}", NUMBER),
        (f"\u2068{NUMBER}\u2069", NUMBER),
        (f"\u200e{NUMBER}", NUMBER),
        (ARABIC, NUMBER),
        (PERSIAN, NUMBER),
        ("", None),
        (NUMBER[:-1], None),
        (NUMBER + "0", None),
        ("0" + NUMBER[1:], None),
        (f"#{NUMBER}", None),
        ("abcdefghij", None),
        (NUMBER[:5] + "x" + NUMBER[5:], None),
    ],
)
def test_what_people_type(typed: str, found: str | None) -> None:
    assert numbers.parse(typed) == found


def test_groups_of_three_three_and_four() -> None:
    assert grouped("7302641185") == "730 264 1185"
