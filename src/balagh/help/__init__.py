"""Help in people's own words: one entry per question, each under its own address.

The texts are data: one file for each group (``*.toml`` beside this one, in the order of their
names), both languages of an entry next to each other, so that a translator sees both at once.
Everything is read once and kept; searching needs no database.

An entry has ``slug``, a ``title`` and a ``body`` in each language, ``words`` that people look for
and the text does not use, and ``see``: what else is worth reading. The body's markup is all there
is: blocks apart by an empty line; lines that begin with ``- `` or ``1. `` are lists; ``**bold**``;
```reference``` for what is typed as it stands; ``[text](slug)`` or ``[text](/path)``; ``{name}``
for a value that comes from the settings. A block that begins with ``?name`` or ``!name`` is shown
only with that value, or only without it. Everything else is text and escaped.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from markupsafe import Markup, escape

from balagh.i18n import Language, isolate

FOLDER = Path(__file__).parent

_CONDITION = re.compile(r"([?!])(\w+) ")
_LIST_LINE = re.compile(r"(?:-|\d+\.) ")
_LINK = re.compile(r"\[([^\]]+)\]\((/?[a-z][a-z0-9/-]*)\)")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_AS_TYPED = re.compile(r"`([^`]+)`")
_VALUE = re.compile(r"\{(\w+)\}")


class Wording(msgspec.Struct, frozen=True):
    """An entry in one language."""

    title: str
    body: str
    words: str = ""


class Entry(msgspec.Struct, frozen=True):
    slug: str
    ar: Wording
    en: Wording
    see: tuple[str, ...] = ()

    def wording(self, language: Language) -> Wording:
        return self.ar if language.code == "ar" else self.en


class Group(msgspec.Struct, frozen=True):
    """Entries that belong together, under a heading in each language."""

    ar: str
    en: str
    entry: tuple[Entry, ...]

    def title(self, language: Language) -> str:
        return self.ar if language.code == "ar" else self.en


@cache
def groups() -> tuple[Group, ...]:
    """Every entry, grouped, in the order in which the page lists them."""
    return tuple(
        msgspec.convert(tomllib.loads(path.read_text("utf-8")), Group)
        for path in sorted(FOLDER.glob("*.toml"))
    )


@cache
def entries() -> dict[str, Entry]:
    """By slug. Raises ``ValueError`` for a slug that stands twice: one of the two is lost."""
    found = [entry for group in groups() for entry in group.entry]
    known = {entry.slug: entry for entry in found}
    if len(known) != len(found):
        raise ValueError("a help entry's slug stands twice")
    return known


def body(entry: Entry, language: Language, values: Mapping[str, Any]) -> Markup:
    """The entry's text as HTML. ``values``: by name; what is ``None`` is not there.

    Raises ``KeyError`` for a value that the text names and nobody gave.
    """
    blocks = _blocks(entry.wording(language).body, values)
    return Markup("\n").join(_block(block, values) for block in blocks)


def summary(entry: Entry, language: Language, values: Mapping[str, Any], most: int = 140) -> str:
    """How the text begins, without markup, cut between words after at most ``most`` letters."""
    first = next(iter(_blocks(entry.wording(language).body, values)))
    text = _inline(" ".join(first.split("\n")), values).striptags()
    if len(text) <= most:
        return text
    return text[:most].rsplit(" ", 1)[0].rstrip(".,:;،؛ ") + "…"


def _blocks(text: str, values: Mapping[str, Any]) -> list[str]:
    found = []
    for block in text.strip().split("\n\n"):
        condition = _CONDITION.match(block)
        if condition is None:
            found.append(block)
        elif (values[condition[2]] is not None) == (condition[1] == "?"):
            found.append(block[condition.end() :])
    return found


def _block(text: str, values: Mapping[str, Any]) -> Markup:
    lines = text.split("\n")
    if _LIST_LINE.match(lines[0]):
        kind = "ul" if lines[0].startswith("-") else "ol"
        items = Markup("").join(
            Markup("<li>{}</li>").format(_inline(_LIST_LINE.sub("", line, count=1), values))
            for line in lines
        )
        return Markup("<{0}>{1}</{0}>").format(kind, items)
    return Markup("<p>{}</p>").format(_inline(" ".join(lines), values))


def _inline(text: str, values: Mapping[str, Any]) -> Markup:
    """Escaped first; what is put in afterwards is ours and escapes its own parts."""
    made = str(escape(text))
    made = _BOLD.sub(r"<b>\1</b>", made)
    made = _AS_TYPED.sub(r"<bdi>\1</bdi>", made)
    made = _LINK.sub(_link, made)
    made = _VALUE.sub(lambda name: str(_value(values[name[1]])), made)
    return Markup(made)  # noqa: S704 - escaped above


def _link(found: re.Match[str]) -> str:
    text, target = found[1], found[2]
    return f'<a href="{target if target.startswith("/") else f"/help/{target}"}">{text}</a>'


def _value(value: Any) -> Markup:
    return isolate(value) if isinstance(value, int) else escape(value)
