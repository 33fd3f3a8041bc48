"""Field types: how an answer is typed, understood, refused and shown.

A field takes what was typed, as typed (``Answers``), and gives a value or a ``Problem``. Texts are
English msgids; the page translates them. Nothing here knows HTTP, the database or the clock.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Literal, Protocol

import msgspec
import phonenumbers
from hijridate import Gregorian, Hijri
from markupsafe import Markup, escape

from balagh.i18n import N_, Language, isolate
from balagh.i18n import typed as as_typed
from balagh.text import latin_digits, reference_key, text_key

Answers = Mapping[str, str]
Values = Mapping[str, Any]


class Named(Protocol):
    """A row of the directory: a stable code and its name in both languages."""

    @property
    def code(self) -> str: ...
    @property
    def name_ar(self) -> str: ...
    @property
    def name_en(self) -> str: ...


class Directory(Protocol):
    """What the choices of a step are picked from (specification 2)."""

    def agencies(self) -> Sequence[Named]: ...
    def platforms(self, agency: str) -> Sequence[Named]: ...
    def services(self, agency: str, platform: str) -> Sequence[Named]: ...
    def paper_services(self, agency: str) -> Sequence[Named]: ...
    def channels(self, service: str) -> Sequence[Named]: ...
    def named(self, agency: str, name: str) -> Named | None: ...
    def place(self, service: str) -> Mapping[str, str]: ...
    def alternative(self, service: str) -> Named | None: ...


class _NotListed(msgspec.Struct, frozen=True):
    code: str
    name_ar: str
    name_en: str
    # Only paper services are typed; nothing else is known of them.
    digital: bool = False
    sla_days: None = None
    id: None = None


_NOT_IN_THE_LIST = N_("It is not in the list")
# Picked instead of a row: what is meant is typed.
NOT_LISTED = _NotListed(
    "not-listed",
    Language.of("ar").text(_NOT_IN_THE_LIST),
    Language.of("en").text(_NOT_IN_THE_LIST),
)


def named_only(name: str) -> Named:
    """A service that the directory does not know, to be shown by its name."""
    return _NotListed("", name, name)


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What a step may depend on besides the answers. ``today`` is the local day; ``assisted``:
    staff files for a caller."""

    today: date
    directory: Directory
    files: int = 0
    images: int = 0
    assisted: bool = False


class Problem(msgspec.Struct, frozen=True):
    """Why an answer cannot be taken, in words that say what to do; ``part`` of a date."""

    text: str
    values: dict[str, object] = {}
    part: str = ""


class Option(msgspec.Struct, frozen=True):
    value: str
    label: str
    hint: str = ""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One question. ``missing``: the error when it is not answered; ``shown``: whether it is asked,
    by the answers; ``refine``: what else is asked or told depends on it; ``spared``: a caller may
    leave it out."""

    type: ClassVar[str] = "text"

    name: str
    label: str
    missing: str = ""
    hint: str = ""
    optional: bool = False
    spared: bool = False
    shown: Callable[[Answers, Values], bool] = lambda _answers, _values: True
    autocomplete: str = ""
    inputmode: str = ""
    maxlength: int | None = None
    ltr: bool = False
    refine: bool = False
    # Said on the check and details pages; where it differs from the question.
    summary: str = ""

    def inputs(self) -> tuple[str, ...]:
        """The names of the form's inputs that make up this field."""
        return (self.name,)

    def options(self, answers: Answers, situation: Situation) -> Sequence[Option | Named]:
        return ()

    def parse(self, answers: Answers, values: Values, situation: Situation) -> Any:
        """The value, ``None`` when an optional field is empty, or a ``Problem``."""
        typed = answers.get(self.name, "").strip()
        if not typed:
            return None if self.may_be_empty(situation) else Problem(self.missing)
        return self.understand(typed, answers, values, situation)

    def may_be_empty(self, situation: Situation) -> bool:
        return self.optional or (self.spared and situation.assisted)

    def understand(self, typed: str, answers: Answers, values: Values, situation: Situation) -> Any:
        return typed

    def show(self, value: Any, language: Language) -> Markup:
        return escape(value)


class Choice(Field, frozen=True, kw_only=True):
    """One of a fixed few, as radio buttons."""

    type: ClassVar[str] = "radio"
    choices: tuple[Option, ...]

    def options(self, answers: Answers, situation: Situation) -> Sequence[Option]:
        return self.choices

    def understand(
        self, typed: str, answers: Answers, values: Values, situation: Situation
    ) -> str | Problem:
        if typed not in {option.value for option in self.choices}:
            return Problem(self.missing)
        return typed

    def show(self, value: Any, language: Language) -> Markup:
        label = next(option.label for option in self.choices if option.value == value)
        return escape(language.text(label))


class Pick(Field, frozen=True, kw_only=True):
    """A row of the directory. ``offer`` lists what can be picked, given the other answers."""

    type: ClassVar[str] = "select"
    offer: Callable[[Directory, Answers], Sequence[Named]]

    def options(self, answers: Answers, situation: Situation) -> Sequence[Named]:
        return self.offer(situation.directory, answers)

    def understand(
        self, typed: str, answers: Answers, values: Values, situation: Situation
    ) -> Named | Problem:
        for row in self.options(answers, situation):
            if row.code == typed:
                return row
        return Problem(self.missing)

    def show(self, value: Any, language: Language) -> Markup:
        return escape(language.name(value))


class PickOne(Pick, frozen=True, kw_only=True):
    """As ``Pick``, few enough for radio buttons."""

    type: ClassVar[str] = "radio"


class PickOrType(Pick, frozen=True, kw_only=True):
    """As ``Pick``, with a way out for what the directory does not know: it is typed instead."""

    def options(self, answers: Answers, situation: Situation) -> Sequence[Named]:
        return (*super().options(answers, situation), NOT_LISTED)

    def to_be_typed(self, values: Values) -> bool:
        return values.get(self.name) is NOT_LISTED

    def show(self, value: Any, language: Language) -> Markup:
        # What was typed instead is shown, not that it was typed.
        return Markup("") if value is NOT_LISTED else super().show(value, language)


class Line(Field, frozen=True, kw_only=True):
    """A line of text of ``least`` to ``maxlength`` characters."""

    least: int = 1

    def understand(
        self, typed: str, answers: Answers, values: Values, situation: Situation
    ) -> str | Problem:
        return self.read(typed)

    def read(self, typed: str) -> str | Problem:
        """The text, which depends on nothing else, or what is wrong with it."""
        # Line ends arrive as CR LF (HTML, 4.10.21.4); people count them as one character.
        typed = typed.replace("\r\n", "\n")
        if len(typed) < self.least:
            return Problem(N_("Write at least {n} characters"), {"n": self.least})
        if self.maxlength and len(typed) > self.maxlength:
            return _too_long(typed, self.maxlength)
        return typed

    def show(self, value: Any, language: Language) -> Markup:
        return as_typed(value)


class ServiceName(Field, frozen=True, kw_only=True):
    """The name of a service of the agency answered before. The value is the directory's row when
    the name is one that it knows, as if it had been picked, else the name as typed."""

    def understand(
        self, typed: str, answers: Answers, values: Values, situation: Situation
    ) -> Named | str | Problem:
        if not text_key(typed):
            return Problem(self.missing)
        if self.maxlength and len(typed) > self.maxlength:
            return _too_long(typed, self.maxlength)
        return situation.directory.named(values["agency"].code, typed) or typed

    def show(self, value: Any, language: Language) -> Markup:
        return isolate(value if isinstance(value, str) else language.name(value))


class Paragraphs(Line, frozen=True, kw_only=True):
    """Free text over several lines; shown with its line breaks."""

    type: ClassVar[str] = "textarea"

    def show(self, value: Any, language: Language) -> Markup:
        lines = Markup("<br>").join(escape(line) for line in str(value).split("\n"))
        # Arabic on an English page, or the other way round, keeps its full stops where they belong.
        return Markup('<div dir="auto">{}</div>').format(lines)


class Reference(Field, frozen=True, kw_only=True):
    """The provider's reference number: letters, digits and what separates them."""

    def understand(
        self, typed: str, answers: Answers, values: Values, situation: Situation
    ) -> str | Problem:
        if self.maxlength and len(typed) > self.maxlength:
            return _too_long(typed, self.maxlength)
        if not reference_key(typed):
            return Problem(N_("The reference number must hold letters or digits"))
        return latin_digits(typed)

    def show(self, value: Any, language: Language) -> Markup:
        return as_typed(value)


class Number(Field, frozen=True, kw_only=True):
    """A whole number from ``low`` to ``high``; Arabic-Indic digits are taken too."""

    type: ClassVar[str] = "number"
    low: int
    high: int

    def understand(
        self, typed: str, answers: Answers, values: Values, situation: Situation
    ) -> int | Problem:
        digits = latin_digits(typed)
        if not re.fullmatch(r"[0-9]{1,9}", digits) or not self.low <= int(digits) <= self.high:
            return Problem(
                N_("Write a whole number from {low} to {high}"),
                {"low": self.low, "high": self.high},
            )
        return int(digits)

    def show(self, value: Any, language: Language) -> Markup:
        return isolate(value)


class Phone(Field, frozen=True, kw_only=True):
    """A mobile number in any country, Saudi when no country is written; kept as E.164."""

    type: ClassVar[str] = "tel"

    def understand(
        self, typed: str, answers: Answers, values: Values, situation: Situation
    ) -> str | Problem:
        wrong = Problem(N_("Write a mobile number such as 05X XXX XXXX, or with its country code"))
        try:
            number = phonenumbers.parse(latin_digits(typed), "SA")
        except phonenumbers.NumberParseException:
            return wrong
        kind = phonenumbers.number_type(number)
        mobile = (
            phonenumbers.PhoneNumberType.MOBILE,
            phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
        )
        if not phonenumbers.is_valid_number(number) or kind not in mobile:
            return wrong
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def show(self, value: Any, language: Language) -> Markup:
        return isolate(phone_text(value))


class Email(Field, frozen=True, kw_only=True):
    """An e-mail address, checked for its shape only (RFC 5321 lengths)."""

    type: ClassVar[str] = "email"

    def understand(
        self, typed: str, answers: Answers, values: Values, situation: Situation
    ) -> str | Problem:
        local, _, domain = typed.rpartition("@")
        shaped = re.fullmatch(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\]+\.[^@\s.]{2,}", typed)
        if not shaped or len(local) > 64 or len(domain) > 253 or ".." in typed:
            return Problem(N_("Write an e-mail address such as name@example.com"))
        return f"{local}@{domain.lower()}"

    def show(self, value: Any, language: Language) -> Markup:
        return as_typed(value)


class Day(Field, frozen=True, kw_only=True):
    """A date in either calendar: day, month, year, and which calendar they are of.

    ``not_before`` names an earlier answered date field it may not precede.
    """

    type: ClassVar[str] = "date"
    # What people mean by "today or before"; and no complaint is older than the platforms.
    future: str
    not_before: str = ""
    before_text: str = ""
    earliest: date = date(2010, 1, 1)

    def inputs(self) -> tuple[str, ...]:
        parts: tuple[Literal["day", "month", "year", "calendar"], ...] = (
            "day",
            "month",
            "year",
            "calendar",
        )
        return tuple(f"{self.name}_{part}" for part in parts)

    def parse(self, answers: Answers, values: Values, situation: Situation) -> Any:
        typed = {
            part: latin_digits(answers.get(f"{self.name}_{part}", "").strip())
            for part in ("day", "month", "year")
        }
        if not any(typed.values()):
            return None if self.optional else Problem(self.missing, part="day")
        for part, text in (
            ("day", N_("Write the day too")),
            ("month", N_("Write the month too")),
            ("year", N_("Write the year too")),
        ):
            if not typed[part]:
                return Problem(text, part=part)
        hijri = answers.get(f"{self.name}_calendar") == "hijri"
        found = _real_day(typed, hijri=hijri)
        if isinstance(found, Problem):
            return found
        return self.bounded(found, values, situation)

    def bounded(self, found: date, values: Values, situation: Situation) -> date | Problem:
        """The day when it is one that may be answered."""
        if found > situation.today:
            return Problem(self.future, part="day")
        if found < self.earliest:
            return Problem(N_("Check the year: it is too long ago"), part="year")
        floor = values.get(self.not_before) if self.not_before else None
        if floor is not None and found < floor:
            return Problem(self.before_text, part="day")
        return found

    def in_other_calendar(self, typed: Answers) -> dict[str, str]:
        """The inputs as they stand in the calendar they were not typed in: converted when they are
        a real day, else as they are."""
        hijri = typed.get(f"{self.name}_calendar") == "hijri"
        moved = {f"{self.name}_calendar": "gregorian" if hijri else "hijri"}
        parts = {
            part: latin_digits(typed.get(f"{self.name}_{part}", "").strip())
            for part in ("day", "month", "year")
        }
        found = _real_day(parts, hijri=hijri)
        if isinstance(found, Problem):
            return moved
        shown = found if hijri else Gregorian(found.year, found.month, found.day).to_hijri()
        for part in parts:
            moved[f"{self.name}_{part}"] = str(getattr(shown, part))
        return moved

    def show(self, value: Any, language: Language) -> Markup:
        return Markup("{}<small>{}</small>").format(language.date(value), language.hijri(value))


class ComingDay(Day, frozen=True, kw_only=True):
    """As ``Day``, today or later: what is promised. ``past``: the error when it is over already;
    ``years``: how far ahead at most."""

    future: str = ""
    past: str
    years: int = 5

    def bounded(self, found: date, values: Values, situation: Situation) -> date | Problem:
        if found < situation.today:
            return Problem(self.past, part="day")
        if found.year > situation.today.year + self.years:
            return Problem(N_("Check the year: it is too far ahead"), part="year")
        return found


class OneOf(Choice, frozen=True, kw_only=True):
    """As ``Choice``, as a list: more than a few, or nobody needs to see them all."""

    type: ClassVar[str] = "select"


class Items(Field, frozen=True, kw_only=True):
    """Several short texts, a line each; the value is a tuple of them."""

    type: ClassVar[str] = "items"
    most: int = 10
    maxlength: int | None = 200

    def inputs(self) -> tuple[str, ...]:
        return tuple(f"{self.name}_{n}" for n in range(self.most))

    def parse(self, answers: Answers, values: Values, situation: Situation) -> Any:
        """``part`` of a problem: the number of the line."""
        found: list[str] = []
        for n, name in enumerate(self.inputs()):
            typed = " ".join(answers.get(name, "").split())
            if not typed:
                continue
            if self.maxlength and len(typed) > self.maxlength:
                wrong = _too_long(typed, self.maxlength)
                return Problem(wrong.text, wrong.values, part=str(n))
            if typed not in found:
                found.append(typed)
        if not found:
            return None if self.optional else Problem(self.missing, part="0")
        return tuple(found)


def _too_long(typed: str, most: int) -> Problem:
    return Problem(
        N_("Shorten this to {n} characters; it has {now}"), {"n": most, "now": len(typed)}
    )


def service_of(values: Values) -> Any:
    """What a report is about: the service's row, its name as typed, or ``None`` while unknown."""
    picked = values.get("service")
    return values.get("service_name") if picked is NOT_LISTED else picked


def _real_day(typed: Mapping[str, str], *, hijri: bool) -> date | Problem:
    for part, top, text in (
        ("day", 31, N_("The day must be a number from 1 to 31")),
        ("month", 12, N_("The month must be a number from 1 to 12")),
    ):
        if not re.fullmatch(r"[0-9]{1,2}", typed[part]) or not 1 <= int(typed[part]) <= top:
            return Problem(text, part=part)
    if not re.fullmatch(r"[0-9]{4}", typed["year"]):
        return Problem(N_("The year must have four digits"), part="year")
    year, month, day = int(typed["year"]), int(typed["month"]), int(typed["day"])
    # Years do not overlap within living memory, so the wrong calendar is recognised, not guessed.
    if hijri and year > 1700:
        return Problem(N_("This year is Gregorian: change the calendar or the year"), part="year")
    if not hijri and year < 1700:
        return Problem(N_("This year is Hijri: change the calendar or the year"), part="year")
    try:
        if hijri:
            gregorian = Hijri(year, month, day).to_gregorian()
            return date(gregorian.year, gregorian.month, gregorian.day)
        return date(year, month, day)
    except (ValueError, OverflowError):
        return Problem(N_("There is no such date: check the day and the month"), part="day")


def phone_text(e164: str) -> str:
    """``+966553184471`` → ``055 318 4471``; other countries in international form."""
    number = phonenumbers.parse(e164)
    style = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if number.country_code == 966
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(number, style)
