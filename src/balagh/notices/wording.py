"""The language of the texts of messages: an administrator's and our own, there is no other.

``{name}`` is filled in. A line that begins with ``?name `` is there only with that value, one with
``!name `` only without it. That is all there is in an SMS and in a subject. In an e-mail empty
lines keep blocks apart, and how a line begins says what it is:

    # The heading; the lines up to the next empty one stand with it at the top
    ## A heading further down
    | Label: a value
    > Words that somebody wrote
    - or 1. an item of a list; `- {items}` makes one of each
    [Text of a button]({link})
    {rating_agency} or {sections}

``**bold**`` is bold. Everything else is text: what is put in is escaped, and nothing in a value is
read as markup, because the text is understood before it is filled.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from balagh.i18n import N_, Language
from balagh.notices.facts import Fact, Part
from balagh.notices.moments import MOMENTS, Moment

# Letters of a text as it is written.
LONGEST: Mapping[Part, int] = {"sms": 600, "subject": 150, "email": 8000}

_CONDITION = re.compile(r"([?!])([a-z_]+) +(.*)")
_BUTTON = re.compile(r"\[([^\[\]]+)\]\(\{([a-z_]+)\}\)")
_BEGINNINGS: tuple[tuple[str, "Kind"], ...] = (
    ("## ", "subheading"), ("# ", "heading"), ("| ", "row"), ("> ", "quote"), ("- ", "bullet"),
)  # fmt: skip
# What makes a block of its own, alone on its line.
LISTINGS = frozenset(
    f"{{{fact.name}}}"
    for moment in MOMENTS.values()
    for fact in moment.facts
    if fact.kind == "listing"
)
_NUMBERED = re.compile(r"\d+\. ")
# A placeholder, or what is bold.
PIECE = re.compile(r"\{([a-z_]+)\}|\*\*([^*]+)\*\*")
_BRACED = re.compile(r"\{([^{}\n]*)\}")
# Nothing that a person types on purpose; joiners and direction marks they may.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")

Kind = Literal[
    "text", "heading", "subheading", "row", "quote", "bullet", "numbered", "button", "rating",
    "listing", "gap",
]  # fmt: skip


class Fault(msgspec.Struct, frozen=True):
    """Why a text cannot be taken: a msgid and what it names."""

    text: str
    values: Mapping[str, str] = {}


class WordingError(ValueError):
    """A text that cannot be filled: what it names is not there."""


class Line(msgspec.Struct, frozen=True):
    """``link``: the placeholder behind a button; ``condition``: ``?name``, ``!name`` or empty."""

    kind: Kind
    text: str
    link: str = ""
    condition: str = ""


class Filler(msgspec.Struct, frozen=True):
    """What a text is filled with."""

    moment: Moment
    data: Mapping[str, Any]
    language: Language
    zone: ZoneInfo

    def fact(self, placeholder: str) -> Fact:
        fact = self.moment.placeholders().get(placeholder)
        if fact is None:
            raise WordingError(f"{self.moment.name} knows no {{{placeholder}}}")
        return fact

    def has(self, name: str) -> bool:
        """Whether that fact is there and not empty."""
        return self.fact(name).of(self.data, self.language) is not None

    def value(self, placeholder: str) -> Any:
        """Raises ``WordingError`` when the data has no such thing, ``ValueError`` when it is not
        what it should be; empty text is there."""
        fact = self.fact(placeholder)
        value = fact.of(self.data, self.language)
        if value is None and not {fact.name, f"{fact.name}_{self.language.code}"} & {*self.data}:
            raise WordingError(f"there is no {{{placeholder}}} for {self.moment.name}")
        return value

    def said(self, placeholder: str) -> str:
        value = self.value(placeholder)
        if value is None:
            return ""
        return self.fact(placeholder).said(value, placeholder, self.language, self.zone)

    def lines(self, text: str, part: Part) -> list[Line]:
        """The lines that are there with this data; no two gaps in a row."""
        found: list[Line] = []
        for line in read(text, part):
            if line.condition and self.has(line.condition[1:]) != (line.condition[0] == "?"):
                continue
            if line.kind != "gap" or (found and found[-1].kind != "gap"):
                found.append(line)
        return found


def clean(text: str) -> str:
    """As it is kept: line feeds only, no space at a line's end, no empty lines around."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def faults(moment: Moment, part: Part, text: str) -> list[Fault]:
    """All that keeps the text (``clean``) from being that part of the moment's messages."""
    if not text.strip():
        return [Fault(N_("Write the text"))]
    found = [*_of_form(part, text), *_of_braces(moment, part, text)]
    for line in read(text, part):
        name = line.condition[1:]
        if name and name not in {fact.name for fact in moment.facts}:
            found.append(_unknown(moment, f"{line.condition}", name))
        if line.link and (fact := moment.placeholders().get(line.link)) and fact.kind != "link":
            found.append(Fault(N_("{named} is no link"), {"named": f"{{{line.link}}}"}))
    found += _of_optional(moment, part, text)
    missing = [fact for fact in moment.facts if part in fact.must and not _said_always(fact, text)]
    found += [
        Fault(
            N_("{named} is missing: without it the message does not say what it must"),
            {"named": f"{{{fact.name}}}"},
        )
        for fact in missing
    ]
    return list({(one.text, *one.values.values()): one for one in found}.values())


def moment_of(name: str) -> Moment:
    """Raises ``WordingError`` for a moment that is not in the table."""
    if name not in MOMENTS:
        raise WordingError(f"nothing is said at {name}")
    return MOMENTS[name]


@lru_cache(maxsize=512)
def read(text: str, part: Part) -> tuple[Line, ...]:
    """The text's lines. Marks at their beginning mean something in an e-mail only."""
    return tuple(_line(line, part) for line in text.split("\n"))


def _line(line: str, part: Part) -> Line:
    condition = ""
    if found := _CONDITION.fullmatch(line):
        condition, line = found[1] + found[2], found[3]
    if not line.strip():
        return Line("gap", "", condition=condition)
    if part == "email":
        if found := _BUTTON.fullmatch(line):
            return Line("button", found[1], found[2], condition)
        if re.fullmatch(r"\{rating_[a-z_]+\}", line):
            return Line("rating", line, condition=condition)
        if line in LISTINGS:
            return Line("listing", line, condition=condition)
        if found := _NUMBERED.match(line):
            return Line("numbered", line[found.end() :], condition=condition)
        for beginning, kind in _BEGINNINGS:
            if line.startswith(beginning):
                return Line(kind, line.removeprefix(beginning).strip(), condition=condition)
    return Line("text", line, condition=condition)


def _of_form(part: Part, text: str) -> Iterator[Fault]:
    if len(text) > LONGEST[part]:
        yield Fault(N_("Shorten it to {n} letters at most"), {"n": f"{LONGEST[part]:,}"})
    if part == "subject" and "\n" in text:
        yield Fault(N_("A subject has one line: take the line end out"))
    if _CONTROL.search(text):
        yield Fault(N_("It has a sign that is no letter: type it anew instead of pasting it"))
    for line in read(text, part):
        written = line.text.strip()
        if line.kind == "text" and "](" in written:
            said = N_("A button stands alone on its line in an e-mail, as [Text]({link}): {line}")
            yield Fault(said, {"line": written[:60], "link": "{link}"})
    if part == "email" and sum(line.kind == "heading" for line in read(text, part)) != 1:
        yield Fault(N_("An e-mail has one heading: a line that begins with # and a space"))


def _of_braces(moment: Moment, part: Part, text: str) -> Iterator[Fault]:
    known = moment.placeholders()
    for name in _BRACED.findall(text):
        if name not in known:
            yield _unknown(moment, f"{{{name}}}", name)
        elif not known[name].fits(part):
            yield Fault(N_("{named} cannot stand here"), {"named": f"{{{name}}}"})
    for one in read(text, part):
        for listing in LISTINGS if one.kind != "listing" else ():
            if listing in one.text:
                yield Fault(N_("{named} stands alone on its line"), {"named": listing})
    rest = _BRACED.sub("", text)
    for line in rest.split("\n"):
        if "{" in line or "}" in line:
            said = N_("A brace is not closed or not opened in “{line}”")
            yield Fault(said, {"line": line.strip()[:60]})


def _of_optional(moment: Moment, part: Part, text: str) -> Iterator[Fault]:
    """What some messages have not stands on a line that they have not either."""
    for line in read(text, part):
        for name in [line.link, *_BRACED.findall(line.text)]:
            fact = moment.placeholders().get(name)
            if fact is None or not fact.optional:
                continue
            asked = line.condition.removeprefix("?")
            # The number of an organisation is there with the organisation.
            if line.condition[:1] != "?" or not f"{fact.name}_".startswith(f"{asked}_"):
                said = N_("Some messages have no {named}: begin its line with {condition}")
                yield Fault(said, {"named": f"{{{name}}}", "condition": f"?{fact.name}"})


def _unknown(moment: Moment, written: str, name: str) -> Fault:
    near = difflib.get_close_matches(name, list(moment.placeholders()), n=1)
    if near:
        said = N_("Nothing is filled in for {named}. Did you mean {near}?")
        return Fault(said, {"named": written, "near": f"{{{near[0]}}}"})
    return Fault(N_("Nothing is filled in for {named}"), {"named": written})


def _said_always(fact: Fact, text: str) -> bool:
    """Whether the text has it whatever else there is."""
    conditions = {
        line.condition
        for line in (_line(one, "email") for one in text.split("\n"))
        if {line.link, *_BRACED.findall(line.text)} & {*fact.names()}
    }
    either = any(f"?{one[1:]}" in conditions and f"!{one[1:]}" in conditions for one in conditions)
    return either or bool(conditions & {"", f"?{fact.name}"})
