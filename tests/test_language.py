"""Counts, dates in both calendars, times and markup, in both languages."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from balagh.i18n import Language, isolate

RIYADH = ZoneInfo("Asia/Riyadh")
AR, EN = Language.of("ar"), Language.of("en")


@pytest.mark.parametrize(
    ("n", "arabic", "english"),
    [
        (0, "لم يبقَ أي يوم عمل", "0 working days left"),
        (1, "بقي يوم عمل واحد", "1 working day left"),
        (2, "بقي يوما عمل", "2 working days left"),
        (3, "بقيت 3 أيام عمل", "3 working days left"),
        (10, "بقيت 10 أيام عمل", "10 working days left"),
        (11, "بقي 11 يوم عمل", "11 working days left"),
        (99, "بقي 99 يوم عمل", "99 working days left"),
        (100, "بقي 100 يوم عمل", "100 working days left"),
        (101, "بقي 101 يوم عمل", "101 working days left"),
        (102, "بقي 102 يوم عمل", "102 working days left"),
        (103, "بقيت 103 أيام عمل", "103 working days left"),
        (111, "بقي 111 يوم عمل", "111 working days left"),
    ],
)
def test_counts_follow_the_language(n: int, arabic: str, english: str) -> None:
    forms = ("{n} working day left", "{n} working days left")
    assert AR.plural(*forms, n) == arabic
    assert EN.plural(*forms, n) == english


@pytest.mark.parametrize(
    ("month", "arabic", "english"),
    [
        (1, "يناير", "January"),
        (2, "فبراير", "February"),
        (3, "مارس", "March"),
        (4, "أبريل", "April"),
        (5, "مايو", "May"),
        (6, "يونيو", "June"),
        (7, "يوليو", "July"),
        (8, "أغسطس", "August"),
        (9, "سبتمبر", "September"),
        (10, "أكتوبر", "October"),
        (11, "نوفمبر", "November"),
        (12, "ديسمبر", "December"),
    ],
)
def test_months_are_the_gregorian_ones_of_saudi_arabia(
    month: int, arabic: str, english: str
) -> None:
    day = date(2026, month, 9)
    assert AR.date(day, weekday=False) == f"9 {arabic} 2026"
    assert EN.date(day, weekday=False) == f"9 {english} 2026"


@pytest.mark.parametrize(
    ("day", "arabic", "english"),
    [
        (date(2024, 7, 7), "محرم", "Muharram"),
        (date(2024, 8, 5), "صفر", "Safar"),
        (date(2024, 9, 4), "ربيع الأول", "Rabi' al-Awwal"),
        (date(2024, 10, 4), "ربيع الثاني", "Rabi' al-Thani"),
        (date(2024, 11, 3), "جمادى الأولى", "Jumada al-Ula"),
        (date(2024, 12, 2), "جمادى الآخرة", "Jumada al-Akhirah"),
        (date(2025, 1, 1), "رجب", "Rajab"),
        (date(2025, 1, 31), "شعبان", "Sha'ban"),
        (date(2025, 3, 1), "رمضان", "Ramadan"),
        (date(2025, 3, 30), "شوال", "Shawwal"),
        (date(2025, 4, 29), "ذو القعدة", "Dhu al-Qa'dah"),
        (date(2025, 5, 28), "ذو الحجة", "Dhu al-Hijjah"),
    ],
)
def test_months_of_1446_begin_as_umm_al_qura_has_it(day: date, arabic: str, english: str) -> None:
    assert AR.hijri(day) == f"1 {arabic} 1446هـ"
    assert EN.hijri(day) == f"1 {english} 1446 AH"


def test_dates_in_both_calendars() -> None:
    day = date(2026, 11, 23)
    assert AR.date(day) == "الاثنين 23 نوفمبر 2026"
    assert EN.date(day) == "Monday 23 November 2026"
    assert AR.date(day, year=False) == "الاثنين 23 نوفمبر"
    assert EN.date(day, weekday=False, year=False) == "23 November"
    assert AR.hijri(day) == "13 جمادى الآخرة 1448هـ"
    assert EN.hijri(day) == "13 Jumada al-Akhirah 1448 AH"


def test_weekdays_short_enough_for_a_column() -> None:
    week = [date(2026, 11, 22 + n) for n in range(7)]
    assert [AR.weekday(day) for day in week] == [
        "أحد",
        "اثنين",
        "ثلاثاء",
        "أربعاء",
        "خميس",
        "جمعة",
        "سبت",
    ]
    assert [EN.weekday(day) for day in week] == ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]


def test_time_of_day_in_the_zone_with_latin_digits() -> None:
    morning = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
    assert (AR.time(morning, RIYADH), EN.time(morning, RIYADH)) == ("9:30 ص", "9:30 am")
    evening = datetime(2026, 11, 22, 17, 40, tzinfo=UTC)
    assert (AR.time(evening, RIYADH), EN.time(evening, RIYADH)) == ("8:40 م", "8:40 pm")


def test_values_are_escaped_in_markup_and_put_in_as_they_are_in_text() -> None:
    told = AR.markup("{agency} answered.", agency="<b>A & B</b>")
    assert told == Markup("وصل رد &lt;b&gt;A &amp; B&lt;/b&gt;.")
    assert EN.markup("{agency} answered.", agency=Markup("<b>A</b>")) == "<b>A</b> answered."
    assert EN.text("{agency} answered.", agency="<b>") == "<b> answered."
    assert isolate("<1>") == Markup("<bdi>&lt;1&gt;</bdi>")


def test_braces_are_filled_only_when_values_are_given() -> None:
    assert EN.text("{agency} answered.") == "{agency} answered."
    assert AR.text("{agency} answered.") == "وصل رد {agency}."
    with pytest.raises(KeyError, match="agency"):
        AR.text("{agency} answered.", day="Monday")
    with pytest.raises(KeyError, match="place"):
        EN.plural("{n} day in {place}", "{n} days in {place}", 2)


def test_direction_and_names() -> None:
    assert (AR.direction, EN.direction) == ("rtl", "ltr")
    row = {"name_ar": "وزارة العدل", "name_en": "Ministry of Justice"}
    assert (AR.name(row), EN.name(row)) == ("وزارة العدل", "Ministry of Justice")
    with pytest.raises(ValueError, match="'fr'"):
        Language.of("fr")
