"""Official holidays as the library gives them, and the administrator's corrections."""

from datetime import UTC, date, datetime, timedelta

import pytest

from balagh.database import fetch
from balagh.directory.holidays import calendar, load_calendar, official

WEEKEND = (4, 5)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(n) for n in range((last - first).days + 1)]


@pytest.mark.parametrize(
    ("first", "last", "arabic", "english"),
    [
        (date(2026, 2, 22), date(2026, 2, 22), "يوم التأسيس", "Founding Day"),
        (date(2026, 3, 19), date(2026, 3, 22), "عيد الفطر", "Eid al-Fitr"),
        (date(2026, 5, 26), date(2026, 5, 26), "يوم عرفة", "Day of Arafah"),
        (date(2026, 5, 27), date(2026, 5, 29), "عيد الأضحى", "Eid al-Adha"),
        (date(2026, 9, 23), date(2026, 9, 23), "اليوم الوطني", "National Day"),
        # In lieu of Friday and Saturday of the Eid, and of a Friday of Eid al-Adha.
        (date(2026, 3, 23), date(2026, 3, 24), "عيد الفطر", "Eid al-Fitr"),
        (date(2026, 5, 31), date(2026, 5, 31), "عيد الأضحى", "Eid al-Adha"),
        # National Day on a Friday gives the Thursday, on a Saturday the Sunday.
        (date(2022, 9, 22), date(2022, 9, 23), "اليوم الوطني", "National Day"),
        (date(2023, 9, 23), date(2023, 9, 24), "اليوم الوطني", "National Day"),
        (date(2025, 2, 22), date(2025, 2, 23), "يوم التأسيس", "Founding Day"),
    ],
)
def test_official_days(first: date, last: date, arabic: str, english: str) -> None:
    for day in _days(first, last):
        assert arabic in official(day.year)[day].name_ar
        assert english in official(day.year)[day].name_en


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 3, 18),
        date(2026, 3, 25),
        date(2026, 5, 25),
        date(2026, 6, 1),
        date(2026, 9, 22),
        date(2026, 9, 24),
        date(2026, 1, 1),
        date(2021, 2, 22),  # before the Founding Day was declared
    ],
)
def test_ordinary_days(day: date) -> None:
    assert day not in official(day.year)


@pytest.mark.parametrize("year", range(2022, 2040))
def test_every_year_has_the_four_holidays_and_both_languages(year: int) -> None:
    days = official(year)
    names = " ".join(day.name_en for day in days.values())
    for name in ("Founding Day", "Eid al-Fitr", "Eid al-Adha", "National Day"):
        assert name in names
    for day in days.values():
        assert day.name_ar != day.name_en
        assert day.name_ar[0] >= "ء"


@pytest.mark.usefixtures("db", "fresh")
async def test_calendar_without_corrections() -> None:
    found = await load_calendar(WEEKEND, NOW.date())
    assert found.is_working(date(2026, 11, 23))
    assert not found.is_working(date(2026, 11, 27))
    assert not found.is_working(date(2026, 9, 23))
    assert not found.is_working(date(2024, 9, 23))
    assert not found.is_working(date(2028, 2, 22))


@pytest.mark.usefixtures("db", "fresh")
async def test_corrections_go_both_ways() -> None:
    await fetch(
        "INSERT INTO calendar_day (day, working, name_ar, name_en) VALUES "
        "('2026-11-25', false, 'إجازة استثنائية', 'Exceptional holiday'), "
        "('2026-03-24', true, 'عودة العمل', 'Back to work'), "
        "('2026-11-27', true, 'دوام استثنائي', 'Exceptional working day'), "
        "('2026-11-28', false, 'إجازة', 'Holiday'), "
        "('2031-11-25', false, 'بعيد', 'Far')"
    )
    found = await load_calendar(WEEKEND, NOW.date())
    assert not found.is_working(date(2026, 11, 25))
    assert found.is_working(date(2026, 3, 24))
    assert found.is_working(date(2026, 11, 27))
    assert not found.is_working(date(2026, 11, 28))
    assert not found.is_working(date(2026, 3, 23))


@pytest.mark.usefixtures("db", "fresh")
async def test_a_correction_counts_within_thirty_seconds() -> None:
    day = date(2026, 11, 25)
    before = await calendar(WEEKEND, NOW)
    await fetch("INSERT INTO calendar_day VALUES ($1, false, 'إجازة', 'Holiday')", day)
    assert await calendar(list(WEEKEND), NOW + timedelta(seconds=29)) is before
    assert not (await calendar(WEEKEND, NOW + timedelta(seconds=30))).is_working(day)
    assert before.is_working(day)


@pytest.mark.usefixtures("db", "fresh")
async def test_each_weekend_has_its_calendar() -> None:
    friday_only = await calendar((4,), NOW)
    assert friday_only.is_working(date(2026, 11, 28))
    assert not (await calendar(WEEKEND, NOW)).is_working(date(2026, 11, 28))
