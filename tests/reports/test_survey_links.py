"""Signed links: only ours, each for one report and one survey, in one spelling."""

import hmac
import string
from datetime import UTC, datetime

import pytest

from balagh.people import keys
from balagh.reports import survey_links
from balagh.reports.survey_links import SurveyLink, read, token
from balagh.reports.surveys import Code

KEY, OTHER_KEY = b"k" * 32, b"K" * 32
EXPIRES = datetime(2026, 12, 12, 7, 25, tzinfo=UTC)
LINK = SurveyLink("7302641185", "agency", EXPIRES)
SIGNS = string.digits + string.ascii_letters


@pytest.mark.parametrize("number", ["1000000005", "7302641185", "9999999994"])
@pytest.mark.parametrize("survey", ["agency", "balagh"])
@pytest.mark.parametrize("year", [2026, 2027, 2105])
def test_what_is_written_is_read(number: str, survey: Code, year: int) -> None:
    link = SurveyLink(number, survey, EXPIRES.replace(year=year))
    made = token(link, KEY)
    assert read(made, KEY) == link
    assert token(link, KEY) == made
    # Fits an SMS, and nothing in it ends a link early.
    assert len(made) == 29
    assert set(made) <= set(SIGNS)


def test_fractions_of_a_second_do_not_make_it_longer() -> None:
    made = read(token(SurveyLink("7302641185", "agency", EXPIRES.replace(microsecond=9)), KEY), KEY)
    assert made is not None
    assert made.expires == EXPIRES


def test_parts_of_two_links_do_not_make_a_third() -> None:
    one = survey_links._raw(token(LINK, KEY)) or b""
    for other in (
        SurveyLink("2093886417", "agency", EXPIRES),
        SurveyLink("7302641185", "balagh", EXPIRES),
        SurveyLink("7302641185", "agency", EXPIRES.replace(year=2030)),
    ):
        two = survey_links._raw(token(other, KEY)) or b""
        assert read(survey_links._written(two[:10] + one[10:]), KEY) is None


@pytest.mark.parametrize("place", range(29))
def test_every_sign_counts(place: int) -> None:
    made = token(LINK, KEY)
    for sign in SIGNS + "-_= .٣é":
        changed = made[:place] + sign + made[place + 1 :]
        if changed != made:
            assert read(changed, KEY) is None, changed


@pytest.mark.parametrize("place", range(22))
@pytest.mark.parametrize("bit", range(8))
def test_every_bit_counts(place: int, bit: int) -> None:
    raw = bytearray(survey_links._raw(token(LINK, KEY)) or b"")
    raw[place] ^= 1 << bit
    assert read(survey_links._written(bytes(raw)), KEY) is None


@pytest.mark.parametrize(
    "given",
    ["", "0", "0" * 29, "z" * 29, "z" * 30, "٣" * 29, "../reports", "a" * 5000, "\u0000" * 29],
)
def test_what_was_never_made_is_not_read(given: str) -> None:
    assert read(given, KEY) is None


def test_one_token_has_one_spelling() -> None:
    made = token(LINK, KEY)
    for other in (made + "0", "0" + made, made[:-1], made.swapcase(), made + " ", " " + made):
        assert read(other, KEY) is None


def test_another_key_and_another_purpose() -> None:
    assert read(token(LINK, OTHER_KEY), KEY) is None
    # The same bytes under a key of another purpose, as would be with one key for all.
    payload = (survey_links._raw(token(LINK, KEY)) or b"")[:10]
    for label in (keys.FORM_TOKEN, keys.NATIONAL_ID_LOOKUP, keys.NATIONAL_ID_SEAL):
        mac = hmac.digest(keys.derive(KEY, label), payload, "sha256")[:12]
        assert read(survey_links._written(payload + mac), KEY) is None
    mac = hmac.digest(keys.derive(KEY, keys.SURVEY_LINK), payload, "sha256")[:12]
    assert read(survey_links._written(payload + mac), KEY) == LINK


@pytest.mark.parametrize("survey", [0x00, 0x10, 0x13, 0xFF])
def test_a_survey_that_does_not_exist(survey: int) -> None:
    payload = bytes([survey]) + (survey_links._raw(token(LINK, KEY)) or b"")[1:10]
    mac = hmac.digest(keys.derive(KEY, keys.SURVEY_LINK), payload, "sha256")[:12]
    assert read(survey_links._written(payload + mac), KEY) is None
