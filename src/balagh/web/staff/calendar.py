"""The year as working days: weekend, holidays, what was declared; and which reports moved by it."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from hijridate import Gregorian
from litestar import Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from markupsafe import Markup

from balagh.directory import holidays
from balagh.directory.holidays import Correction, estimated, official
from balagh.i18n import N_, Language
from balagh.reports import calendar_changes
from balagh.reports.calendar_changes import BEFORE, Made, World
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import Role
from balagh.reports.recounting import Move
from balagh.web import access
from balagh.web.page import AnyRequest, render, settings_of
from balagh.web.staff.assigning import whole
from balagh.web.staff.desk import desk_of
from balagh.web.telling import Teller, teller_of
from balagh.web.views import number
from balagh.workdays import Calendar

READERS = access.staff(Role.SUPERVISOR, Role.ADMINISTRATOR)
_DAY = timedelta(days=1)
# The week begins on Sunday.
_WEEK = (6, 0, 1, 2, 3, 4, 5)


class CellView(msgspec.Struct, frozen=True):
    """A day of a month; ``mark``: ``weekend``, ``holiday``, ``declared``, ``worked``, or nothing
    for an ordinary working day; ``text``: what it is, for those marked."""

    day: int
    mark: str
    text: str
    today: bool


class MonthView(msgspec.Struct, frozen=True):
    """Weeks from Sunday, with nothing where another month's days stand."""

    name: str
    hijri: str
    worked: str
    weeks: list[list[CellView | None]]


class SpanView(msgspec.Struct, frozen=True, kw_only=True):
    """Days in a row that are off, or worked, for the same reason; ``url``: where they are changed,
    empty where they cannot be."""

    days: str
    hijri: str
    count: str
    name_ar: str
    name_en: str
    source: str
    url: str


class MadeView(msgspec.Struct, frozen=True):
    url: str
    when: str
    who: str
    what: str
    moved: str


class MoveView(msgspec.Struct, frozen=True):
    """``url``: the report's page, for whoever may open it; ``was``, ``due``: a day, or what is left
    while data is missing."""

    url: str
    number: Markup
    kind: str
    was: str
    due: str


@get("/calendar")
async def year_page(request: AnyRequest) -> Response[Any]:
    teller, week = await teller_of(request), world_of(request)
    today = week.today(teller.now)
    first, last = holidays.reach(today)
    asked = whole(request.query_params.get("year", "")) or today.year
    year = min(max(asked, first.year), last.year)
    declared = await holidays.corrections(first, last)
    # Read afresh: whoever declared a day in another process sees it at once.
    calendar = holidays.corrected(week.weekend, today, declared)
    return render(
        request,
        "staff/calendar.html",
        year=year,
        earlier=year - 1 if year > first.year else None,
        later=year + 1 if year < last.year else None,
        worked=sum(calendar.is_working(day) for day in _year(year)),
        weekdays=[teller.language.weekday(date(2026, 11, 2 + n)) for n in _WEEK],
        months=[_month(date(year, n, 1), calendar, declared, today, teller) for n in range(1, 13)],
        spans=list(_spans(year, declared, today, teller)),
        changes=[made_view(one, teller) for one in await calendar_changes.history()],
        may_change=desk_of(request).role is Role.ADMINISTRATOR,
    )


@get("/calendar/changes/{change:int}")
async def change_page(request: AnyRequest, change: FromPath[int]) -> Response[Any]:
    """What was changed, by whom, and the reports that moved with it."""
    made = await calendar_changes.made(change) if change < 2**63 else None
    if made is None:
        raise NotFoundException
    teller = await teller_of(request)
    after = whole(request.query_params.get("after", "")) or 0
    moves, following = await calendar_changes.moved(change, after)
    opens = desk_of(request).role is Role.SUPERVISOR
    return render(
        request,
        "staff/calendar_changed.html",
        made=made_view(made, teller),
        days=span_text(made.first_day, made.last_day, teller.language),
        moved=made.moved,
        moves=[move_view(one, teller, opens=opens) for one in moves],
        next_url=f"/calendar/changes/{change}?after={following}" if following else "",
        year=made.first_day.year,
    )


def world_of(request: AnyRequest) -> World:
    settings = settings_of(request)
    return World(weekend=frozenset(settings.weekend), zone=ZoneInfo(settings.zone))


def made_view(made: Made, teller: Teller) -> MadeView:
    language = teller.language
    words = {
        True: N_("{name}: worked, {days}"),
        False: N_("{name}: off, {days}"),
        None: N_("{name}: taken back, {days}"),
    }
    days = span_text(made.first_day, made.last_day, language)
    return MadeView(
        f"/calendar/changes/{made.id}",
        teller.when(made.at),
        language.name(made, "staff") if made.staff_en else language.text("The system"),
        language.text(words[made.working], name=language.name(made), days=days)
        if made.staff_en
        else language.text("The official calendar changed"),
        language.plural(
            "Time of {n} report counted again", "Time of {n} reports counted again", made.moved
        ),
    )


def move_view(move: Move, teller: Teller, *, opens: bool) -> MoveView:
    language = teller.language
    return MoveView(
        f"/cases/{move.number}" if opens else "",
        number(move.number),
        language.text(KINDS[move.kind].name),
        _time_text(move.was_on, move.had, language),
        _time_text(move.due_on, move.left, language),
    )


def _time_text(day: date | None, left: int | None, language: Language) -> str:
    """By when an answer is due; or what is left, while data is missing."""
    if day is not None:
        return language.date(day)
    return language.text(
        "{left}, while data is missing",
        left=language.plural("{n} working day left", "{n} working days left", left or 0),
    )


def span_text(first: date, last: date, language: Language) -> str:
    """Sunday 29 November 2026 · Sunday 29 November to Tuesday 1 December 2026."""
    if first == last:
        return language.date(first)
    return language.text(
        "{first} to {last}", first=language.date(first, year=False), last=language.date(last)
    )


def _month(
    first: date, calendar: Calendar, declared: dict[date, Correction], today: date, teller: Teller
) -> MonthView:
    language = teller.language
    days = [day for day in _year(first.year) if day.month == first.month]
    cells: list[CellView | None] = [None] * _WEEK.index(first.weekday())
    cells += [_cell(day, calendar, declared, today, language) for day in days]
    cells += [None] * (-len(cells) % 7)
    ends = [Gregorian(day.year, day.month, day.day).to_hijri() for day in (days[0], days[-1])]
    code: Literal["ar", "en"] = "ar" if language.code == "ar" else "en"
    months = dict.fromkeys(f"{each.month_name(code)} {each.year}" for each in ends)
    worked = sum(calendar.is_working(day) for day in days)
    return MonthView(
        language.month(first),
        " – ".join(months),
        language.plural("{n} working day", "{n} working days", worked),
        [cells[n : n + 7] for n in range(0, len(cells), 7)],
    )


def _cell(
    day: date, calendar: Calendar, declared: dict[date, Correction], today: date, language: Language
) -> CellView:
    mark, text = "", ""
    if day in declared:
        mark = "worked" if declared[day].working else "declared"
        text = language.name(declared[day])
    elif day in calendar.holidays:
        mark, text = "holiday", language.name(calendar.holidays[day])
    elif not calendar.is_working(day):
        mark, text = "weekend", language.text("weekend")
    return CellView(day.day, mark, text, day == today)


def _spans(
    year: int, declared: dict[date, Correction], today: date, teller: Teller
) -> Iterator[SpanView]:
    """The holidays of the year and what was declared, in order."""
    known = {**official(year), **{day: one for day, one in declared.items() if day.year == year}}
    ordered = sorted(known)

    def same(day: date) -> tuple[object, int]:
        """Equal for days in a row with the same reason."""
        return known[day], day.toordinal() - ordered.index(day)

    for (reason, _), days in groupby(ordered, same):
        span = list(days)
        yield _span(span[0], span[-1], reason, today, teller)


def _span(first: date, last: date, reason: Any, today: date, teller: Teller) -> SpanView:
    language = teller.language
    source, kind = language.text("Official"), "&kind=working"
    if isinstance(reason, Correction):
        source = language.text("Declared: worked") if reason.working else language.text("Declared")
        kind = ""
    elif estimated(last, reason, today):
        source = language.text("Official, estimated")
    hijri = language.hijri(first)
    if first != last:
        hijri = language.text("{first} to {last}", first=hijri, last=language.hijri(last))
    url = f"/calendar/change?first={first}&last={last}{kind}"
    return SpanView(
        days=span_text(first, last, language),
        hijri=hijri,
        count=language.plural("{n} day", "{n} days", (last - first).days + 1),
        name_ar=reason.name_ar,
        name_en=reason.name_en,
        source=source,
        url=url if first >= today - BEFORE else "",
    )


def _year(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += _DAY


router = Router("/", guards=[READERS], route_handlers=[year_page, change_page])
