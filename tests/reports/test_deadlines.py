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


CAIRO, HAVANA = ZoneInfo("Africa/Cairo"), ZoneInfo("America/Havana")


@pytest.mark.parametrize(
    ("day", "zone", "end"),
    [
        # Summer time begins at midnight in Cairo: Friday 24 April 2026 has no 00:00.
        ("2026-04-22", CAIRO, "2026-04-22T22:00"),
        ("2026-04-23", CAIRO, "2026-04-23T22:00"),
        ("2026-04-24", CAIRO, "2026-04-24T21:00"),
        # It ends at midnight: the last hour of Thursday 29 October comes twice.
        ("2026-10-28", CAIRO, "2026-10-28T21:00"),
        ("2026-10-29", CAIRO, "2026-10-29T22:00"),
        # Havana: 00:00 to 01:00 of Sunday 1 November comes twice; the day ends at the first.
        ("2026-10-31", HAVANA, "2026-11-01T04:00"),
        ("2026-11-01", HAVANA, "2026-11-02T05:00"),
        ("2026-11-30", RIYADH, "2026-11-30T21:00"),
    ],
)
def test_a_day_ends_once_in_every_zone(day: str, zone: ZoneInfo, end: str) -> None:
    found = deadlines.end_of(date.fromisoformat(day), zone)
    instant = datetime.fromisoformat(end).replace(tzinfo=UTC)
    assert found.astimezone(UTC) == instant
    # A time of day that exists: what does not is equal to no instant.
    assert found.astimezone(UTC).astimezone(zone).time() == found.time()
    # As it is written and as the database gives it back.
    for one in (found, instant):
        assert deadlines.due_day(one, zone) == date.fromisoformat(day)


# Closed at, in that zone; the last day of 14; that day's end, in UTC.
WINDOWS = [
    ("2026-11-25T12:00", RIYADH, "2026-12-09", "2026-12-09T21:00", "at noon"),
    ("2026-11-24T23:59", RIYADH, "2026-12-08", "2026-12-08T21:00", "a minute before midnight"),
    ("2026-11-25T00:00", RIYADH, "2026-12-09", "2026-12-09T21:00", "at midnight"),
    ("2026-11-25T02:59", RIYADH, "2026-12-09", "2026-12-09T21:00", "still the day before in UTC"),
    ("2026-12-31T23:59", RIYADH, "2027-01-14", "2027-01-14T21:00", "over the year's end"),
    ("2026-04-09T12:00", CAIRO, "2026-04-23", "2026-04-23T22:00", "to the night of summer time"),
    ("2026-04-20T23:59", CAIRO, "2026-05-04", "2026-05-04T21:00", "over its beginning"),
    ("2026-10-29T23:30", CAIRO, "2026-11-12", "2026-11-12T22:00", "in the hour that comes twice"),
]


@pytest.mark.parametrize(
    ("closed", "zone", "day", "end"), [row[:4] for row in WINDOWS], ids=[row[4] for row in WINDOWS]
)
def test_reopening_can_be_asked_for_on_the_whole_last_day(
    closed: str, zone: ZoneInfo, day: str, end: str
) -> None:
    at_once = datetime.fromisoformat(closed).replace(tzinfo=zone)
    for closed_at in (at_once, at_once.astimezone(UTC)):
        until = deadlines.reopening(closed_at, zone, 14)
        assert until == datetime.fromisoformat(end).replace(tzinfo=UTC)
        assert deadlines.due_day(until, zone) == date.fromisoformat(day)
    assert deadlines.reopening(at_once, zone, 0) is None


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
