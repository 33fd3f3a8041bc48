"""Colleagues with their load, as staff choose from them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from balagh.i18n import Language
from balagh.reports.hands import Colleague
from balagh.web.telling import Teller

Choice = tuple[str, str]


def colleague_text(one: Colleague, teller: Teller) -> str:
    """Lama Alotaibi: 4 open reports · away until Thursday 26 November."""
    language = teller.language
    load = language.plural("{n} open report", "{n} open reports", one.load)
    text = language.text("{name}: {load}", name=language.name(one), load=load)
    if one.away(teller.now):
        assert one.away_until is not None
        day = last_day(one.away_until, teller.zone, language)
        return language.text("{text}, away until {day}", text=text, day=day)
    return text


def colleague_choices(people: Sequence[Colleague], teller: Teller) -> list[Choice]:
    return [(str(one.id), colleague_text(one, teller)) for one in people]


def last_day(until: datetime, zone: ZoneInfo, language: Language) -> str:
    """The last day of what ends before that instant: Thursday 26 November."""
    return language.date((until - timedelta(microseconds=1)).astimezone(zone).date(), year=False)
