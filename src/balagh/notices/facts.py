"""What a message may say of its moment: the placeholders of its texts, and how each is written.

A fact is read from the row's ``data``: a name that exists in both languages as ``agency_ar`` and
``agency_en``, days and instants as ISO 8601. Days and instants have several forms, each a
placeholder of its own: ``{due_on}``, ``{due_on_hijri}``.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from balagh.i18n import N_, Language, grouped
from balagh.workdays import last_day

Part = Literal["sms", "subject", "email"]
PARTS: tuple[Part, ...] = ("sms", "subject", "email")
# phrase: words of ours in the message's language; code: read from left to right wherever it stands;
# end: the instant that ends a day, told as that day; short: a name, where it is short enough for an
# SMS; rating: a survey's link, five scores in HTML;
# listing: what is listed for staff, each with its link, ready in their language.
Kind = Literal[
    "text", "phrase", "code", "number", "days", "short", "day", "instant", "end", "link", "rating",
    "items", "listing",
]  # fmt: skip

# A longer name would take one more SMS.
_SHORT = 24
# What is added to the name of a day or an instant, and what that form is.
FORMS: Mapping[Kind, Mapping[str, str]] = {
    "day": {
        "": N_("with weekday and year"),
        "_hijri": N_("in the Hijri calendar"),
        "_date": N_("without the weekday"),
        "_soon": N_("without the year"),
        "_short": N_("day and month only"),
    },
    "instant": {
        "": N_("with the time of day"),
        "_day": N_("without the time of day"),
        "_hijri": N_("in the Hijri calendar"),
        "_soon": N_("without the year"),
    },
    "end": {
        "": N_("with weekday and year"),
        "_hijri": N_("in the Hijri calendar"),
        "_soon": N_("without the year"),
    },
}


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """``about``: what it is (msgid); ``example``: as in a row's data, a pair where it differs by
    language; ``must``: the parts that are not complete without it; ``only``: the parts in which it
    may stand; ``optional``: some messages of the moment have none."""

    name: str
    kind: Kind
    about: str
    example: Any
    must: frozenset[Part] = frozenset()
    only: frozenset[Part] = frozenset(PARTS)
    optional: bool = False

    def names(self) -> dict[str, str]:
        """Its placeholders, each with what is said of the form (msgid, empty for the only one)."""
        forms = FORMS.get(self.kind, {"": ""})
        return {self.name + end: about for end, about in forms.items()}

    def fits(self, part: Part) -> bool:
        """Whether it may stand in that part. A subject is a line to be read."""
        unfit = part == "subject" and self.kind in ("link", "rating", "items", "listing")
        return part in self.only and not unfit

    def of(self, data: Mapping[str, Any], language: Language) -> Any:
        """Its value, parsed; ``None`` when there is none or it is empty."""
        name = self.name.removesuffix("_sms") if self.kind == "short" else self.name
        if self.kind == "rating":
            value = data.get("survey_links", {}).get(name.removeprefix("rating_"))
        else:
            value = data.get(f"{name}_{language.code}", data.get(name))
        if value is None or value in ("", []):
            return None
        if self.kind == "short":
            return value if len(value) <= _SHORT else None
        if self.kind == "number":
            return grouped(value)
        if self.kind == "day":
            return date.fromisoformat(value)
        return datetime.fromisoformat(value) if self.kind in ("instant", "end") else value

    def said(self, value: Any, placeholder: str, language: Language, zone: ZoneInfo) -> str:
        """The value as that placeholder writes it."""
        form = placeholder.removeprefix(self.name)
        if self.kind == "day":
            return _day(value, form, language)
        if self.kind == "end":
            return _day(last_day(value, zone), form, language)
        if self.kind == "instant":
            return _instant(value, form, language, zone)
        if self.kind == "days":
            return language.plural("{n} day", "{n} days", int(value))
        if self.kind == "items":
            return language.text(", ").join(value)
        return str(value)


def examples(facts: Sequence[Fact], language: Language) -> dict[str, Any]:
    """A row's data in which every fact has its example."""
    data: dict[str, Any] = {}
    for fact in facts:
        pair = isinstance(fact.example, tuple)
        value = fact.example[language.code == "en"] if pair else fact.example
        if fact.kind == "rating":
            data.setdefault("survey_links", {})[fact.name.removeprefix("rating_")] = value
        elif fact.kind != "short":
            data[fact.name] = list(value) if fact.kind == "items" else value
    return data


def _day(day: date, form: str, language: Language) -> str:
    if form == "_hijri":
        return language.hijri(day)
    return language.date(
        day, weekday=form not in ("_date", "_short"), year=form not in ("_soon", "_short")
    )


def _instant(instant: datetime, form: str, language: Language, zone: ZoneInfo) -> str:
    day = instant.astimezone(zone).date()
    if form == "_hijri":
        return language.hijri(day)
    if form == "_day":
        return language.date(day)
    return language.text(
        "{day}, {time}",
        day=language.date(day, year=form != "_soon"),
        time=language.time(instant, zone),
    )
