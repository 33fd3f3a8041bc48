"""Words for dates and times, for one request (specification 5)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from balagh import clock
from balagh.directory.holidays import calendar as working_calendar
from balagh.i18n import Language
from balagh.reports import deadlines
from balagh.web.page import AnyRequest, language_of, settings_of
from balagh.workdays import Calendar


class Teller(msgspec.Struct, frozen=True):
    """Words for dates and times, for one request."""

    language: Language
    zone: ZoneInfo
    now: datetime
    calendar: Calendar

    def when(self, at: datetime) -> str:
        """Today, 9:30 am · Sunday 22 November, 8:40 pm."""
        local, today = at.astimezone(self.zone).date(), self.now.astimezone(self.zone).date()
        if local == today:
            day = self.language.text("Today")
        elif local == today - timedelta(days=1):
            day = self.language.text("Yesterday")
        else:
            day = self.language.date(local, year=local.year != today.year)
        return self.language.text("{day}, {time}", day=day, time=self.language.time(at, self.zone))

    def instant(self, at: datetime) -> str:
        """Sunday 22 November, 8:40 pm: within a sentence, whatever day it is."""
        local, today = at.astimezone(self.zone).date(), self.now.astimezone(self.zone).date()
        day = self.language.date(local, year=local.year != today.year)
        return self.language.text("{day}, {time}", day=day, time=self.language.time(at, self.zone))

    def until(self, due: datetime) -> str:
        """How much of the promised time is left, in working days."""
        today = self.now.astimezone(self.zone).date()
        last = deadlines.due_day(due, self.zone)
        if self.now >= due:
            return self.language.text("past its date, still being worked on")
        left = len(self.calendar.days_between(today, last)) if last > today else 0
        if left == 0:
            return self.language.text("today is the last day")
        return self.language.plural("{n} working day left", "{n} working days left", left)

    def counted(self, since: date, days: int) -> list[str]:
        """How a due date comes about, day by day: Thursday 26 November: working day 3 · Friday 27
        November: weekend."""
        language = self.language
        found = []
        for one in deadlines.counted(since, days, self.calendar):
            if one.place:
                what = language.text("working day {n}", n=one.place)
            elif one.holiday is not None:
                what = language.name(one.holiday)
            else:
                what = language.text("weekend")
            day = language.date(one.day, year=False)
            found.append(language.text("{day}: {what}", day=day, what=what))
        return found

    def hours(self, due: datetime) -> str:
        left = max(0, int((due - self.now).total_seconds() // 3600))
        return self.language.plural("{n} hour left", "{n} hours left", left)


async def teller_of(request: AnyRequest) -> Teller:
    settings, now = settings_of(request), clock.now()
    return Teller(
        language_of(request),
        ZoneInfo(settings.zone),
        now,
        await working_calendar(frozenset(settings.weekend), now),
    )
