"""When an answer and the completeness check are due. Expected days are counted by hand."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.reports.calendars import SAUDI, corrected

from balagh.reports import deadlines
from balagh.workdays import Calendar

RIYADH = ZoneInfo("Asia/Riyadh")


def at(day: str, time: str = "10:00") -> datetime:
    """A time of day in Riyadh."""
    return datetime.fromisoformat(f"{day}T{time}:00").replace(tzinfo=RIYADH)


# Submitted, in Riyadh; the day at whose end the answer is due; the same for the check.
DUE = [
    # The plain week: Sunday to Thursday.
    ("2026-11-22", "10:00", "2026-11-29", "2026-11-23", "Sunday"),
    ("2026-11-23", "10:00", "2026-11-30", "2026-11-24", "Monday"),
    ("2026-11-24", "10:00", "2026-12-01", "2026-11-25", "Tuesday"),
    ("2026-11-25", "10:00", "2026-12-02", "2026-11-26", "Wednesday"),
    ("2026-11-26", "10:00", "2026-12-03", "2026-11-29", "Thursday"),
    ("2026-11-26", "23:30", "2026-12-03", "2026-11-29", "Thursday evening"),
    ("2026-11-27", "10:00", "2026-12-03", "2026-11-29", "Friday"),
    ("2026-11-28", "23:59", "2026-12-03", "2026-11-29", "Saturday, last minute"),
    # The day changes at midnight in Riyadh, not elsewhere.
    ("2026-11-23", "23:59", "2026-11-30", "2026-11-24", "Monday 23:59"),
    ("2026-11-24", "00:00", "2026-12-01", "2026-11-25", "Tuesday 00:00"),
    ("2026-11-24", "02:59", "2026-12-01", "2026-11-25", "Tuesday, still Monday in UTC"),
    ("2026-11-26", "00:00", "2026-12-03", "2026-11-29", "Thursday 00:00"),
    ("2026-11-27", "00:00", "2026-12-03", "2026-11-29", "Friday 00:00"),
    ("2026-11-29", "00:00", "2026-12-06", "2026-11-30", "Sunday 00:00"),
    # Eid al-Fitr 2026: 19 to 24 March, days in lieu included.
    ("2026-03-12", "10:00", "2026-03-25", "2026-03-15", "the Thursday a week before Eid al-Fitr"),
    ("2026-03-17", "10:00", "2026-03-30", "2026-03-18", "two days before Eid al-Fitr"),
    ("2026-03-18", "23:59", "2026-03-31", "2026-03-25", "the evening before Eid al-Fitr"),
    ("2026-03-22", "10:00", "2026-03-31", "2026-03-25", "during Eid al-Fitr"),
    ("2026-03-24", "10:00", "2026-03-31", "2026-03-25", "the last day in lieu"),
    # Eid al-Fitr 2027: 9 to 14 March.
    ("2027-03-08", "10:00", "2027-03-21", "2027-03-15", "the day before Eid al-Fitr 2027"),
    # Arafah and Eid al-Adha 2026: 26 to 31 May.
    ("2026-05-21", "10:00", "2026-06-03", "2026-05-24", "the Thursday before Eid al-Adha"),
    ("2026-05-25", "10:00", "2026-06-07", "2026-06-01", "the day before Arafah"),
    # National Day, 23 September.
    ("2026-09-21", "10:00", "2026-09-29", "2026-09-22", "National Day on a Wednesday"),
    ("2026-09-22", "10:00", "2026-09-30", "2026-09-24", "the day before National Day"),
    ("2026-09-23", "10:00", "2026-09-30", "2026-09-24", "on National Day"),
    ("2022-09-20", "10:00", "2022-09-28", "2022-09-21", "on a Friday: the Thursday is off"),
    ("2022-09-21", "10:00", "2022-09-29", "2022-09-25", "on a Friday: the day before its Thursday"),
    ("2023-09-21", "10:00", "2023-10-01", "2023-09-25", "on a Saturday: the Sunday is off"),
    # Founding Day, 22 February.
    ("2026-02-19", "10:00", "2026-03-01", "2026-02-23", "Founding Day on a Sunday"),
    ("2025-02-20", "10:00", "2025-03-02", "2025-02-24", "on a Saturday: the Sunday is off"),
    ("2024-02-25", "10:00", "2024-03-03", "2024-02-26", "over 29 February"),
    # The year's end.
    ("2026-12-30", "10:00", "2027-01-06", "2026-12-31", "the last Wednesday of the year"),
    ("2026-12-31", "23:59", "2027-01-07", "2027-01-03", "New Year's Eve"),
    ("2027-01-01", "00:00", "2027-01-07", "2027-01-03", "New Year, a Friday"),
]


@pytest.mark.parametrize(
    ("day", "time", "answer", "check"), [row[:4] for row in DUE], ids=[row[4] for row in DUE]
)
def test_five_working_days_and_the_first(day: str, time: str, answer: str, check: str) -> None:
    due = deadlines.resolution(at(day, time), SAUDI, RIYADH, 5)
    assert deadlines.due_day(due, RIYADH) == date.fromisoformat(answer)
    # The end of that day: the midnight after it, in Riyadh.
    assert due == at(answer, "00:00") + timedelta(days=1)
    first = deadlines.completeness(at(day, time), SAUDI, RIYADH)
    assert deadlines.due_day(first, RIYADH) == date.fromisoformat(check)
    # The instant decides, in whatever zone it is written.
    assert deadlines.resolution(at(day, time).astimezone(UTC), SAUDI, RIYADH, 5) == due


CORRECTED = [
    ("2026-11-23", corrected(off=(date(2026, 11, 25),)), "2026-12-01", "a holiday declared"),
    ("2026-11-23", corrected(worked=(date(2026, 11, 28),)), "2026-11-29", "a Saturday worked"),
    ("2026-03-18", corrected(off=(date(2026, 3, 25),)), "2026-04-01", "Eid a day longer"),
    ("2026-03-18", corrected(worked=(date(2026, 3, 24),)), "2026-03-30", "Eid a day shorter"),
    (
        "2026-11-26",
        Calendar(weekend=frozenset({4}), holidays={}),
        "2026-12-02",
        "only Friday is off",
    ),
]


@pytest.mark.parametrize(
    ("day", "calendar", "answer"), [row[:3] for row in CORRECTED], ids=[row[3] for row in CORRECTED]
)
def test_the_administrator_s_calendar(day: str, calendar: Calendar, answer: str) -> None:
    due = deadlines.resolution(at(day), calendar, RIYADH, 5)
    assert deadlines.due_day(due, RIYADH) == date.fromisoformat(answer)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (at("2026-12-01", "00:00"), date(2026, 11, 30)),
        (at("2026-12-01", "00:01"), date(2026, 12, 1)),
        (at("2026-11-30", "23:59"), date(2026, 11, 30)),
        (datetime(2026, 11, 30, 21, tzinfo=UTC), date(2026, 11, 30)),
    ],
)
def test_the_day_that_ends_at_an_instant(instant: datetime, day: date) -> None:
    assert deadlines.due_day(instant, RIYADH) == day


@pytest.mark.parametrize(
    ("first", "last", "working"),
    [
        ("2026-11-23", "2026-11-23", []),
        ("2026-11-23", "2026-11-22", []),
        ("2026-11-23", "2026-11-24", [24]),
        ("2026-11-26", "2026-11-28", []),
        ("2026-11-25", "2026-11-30", [26, 29, 30]),
        ("2026-03-18", "2026-03-25", [25]),
    ],
)
def test_the_working_days_between(first: str, last: str, working: list[int]) -> None:
    found = SAUDI.days_between(date.fromisoformat(first), date.fromisoformat(last))
    assert [day.day for day in found] == working


def test_working_days_are_counted_from_one() -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        SAUDI.after(date(2026, 11, 23), 0)
