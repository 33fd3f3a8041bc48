"""Who holds the clock and until when, in words (specification 5, 7)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from markupsafe import Markup, escape

from balagh import clock
from balagh.directory.holidays import calendar as working_calendar
from balagh.i18n import Language
from balagh.reports import deadlines, timeline
from balagh.reports.inboxes import ReportLine
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import STATE_TEXT, State
from balagh.reports.ratings import Subject
from balagh.web import views
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


def agency_of(report: ReportLine | Subject, language: Language) -> str:
    return report.agency_ar if language.code == "ar" else report.agency_en


def verdict(outcome: str | None, promised_on: date | None, language: Language) -> Markup:
    """What the agency decided about a request or a suggestion; empty for a solution."""
    if outcome == "accepted" and promised_on is not None:
        return language.markup(
            "Accepted. It is to be in place by {day}.", day=views.strong(language.date(promised_on))
        )
    return language.markup("Refused, for these reasons:") if outcome == "refused" else Markup("")


def sentence(line: ReportLine, agency: str, teller: Teller) -> Markup:
    """Who holds the clock, and until when."""
    language = teller.language
    bold = views.strong(agency)
    if line.state is State.MISSING_DATA and line.data_due_at:
        return language.markup(
            "The report lacks data. It is cancelled if it is not completed by {when}.",
            when=views.strong(teller.when(line.data_due_at)),
        )
    if line.state is State.CLOSED:
        if line.reopen_until and line.reopen_until > teller.now and KINDS[line.kind].reopens:
            return language.markup(
                "{agency} answered. You may ask for reopening until {day}.",
                agency=bold,
                day=language.date(
                    line.reopen_until.astimezone(teller.zone).date(), weekday=False, year=False
                ),
            )
        return language.markup("{agency} answered.", agency=bold)
    if line.state in timeline.ENDED:
        return escape(language.text(STATE_TEXT[line.state]))
    holder = timeline.holder(line.state, agency)
    return language.markup(
        "Now with {holder}. Answer by {day}: {left}.",
        holder=views.strong(language.text(holder)),
        day=language.date(deadlines.due_day(line.due_at, teller.zone), year=False),
        left=teller.until(line.due_at),
    )
