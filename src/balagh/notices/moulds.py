"""E-mails by moulds: what the messages of one shape have in common is made once.

A text is laid out, framed and its styles are moved into the elements with marks where the values
go; each message fills the marks. Two messages have the same shape when the same lines are there,
the same values are empty and their lists are as long. Made anew for each, it took longer than the
conversation with the mail server.
"""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from markupsafe import escape

from balagh.i18n import Language
from balagh.notices import writing
from balagh.notices.facts import Kind
from balagh.notices.moments import MOMENTS
from balagh.notices.wording import Filler, WordingError, read

# Unguessable, so that no text can hold a mark; letters that nothing escapes.
_NONCE = secrets.token_hex(8)
_MARK = re.compile(rf"\ue000{_NONCE}:(\d+)\??\ue001")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

# Of each placeholder: whether it says anything; of a list how long it is; of a link which value is
# the first that says the same, and whether it has a query.
_Shape = tuple[Any, ...]
# Language, plain text, page, where to stop such messages → text, HTML.
Frame = Callable[[str, str, writing.Page, str], tuple[str, str]]


class _Mould(msgspec.Struct, frozen=True):
    """Pieces, and between them the number of a value."""

    pieces: tuple[str, ...]
    values: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> "_Mould":
        split = _MARK.split(text)
        return cls(tuple(split[::2]), tuple(int(number) for number in split[1::2]))

    def filled(self, values: Sequence[str]) -> str:
        parts = [""] * (2 * len(self.values) + 1)
        parts[::2] = self.pieces
        parts[1::2] = [values[number] for number in self.values]
        return "".join(parts)


def email(text: str, filler: Filler, unsubscribe: str, frame: Frame) -> tuple[str, str]:
    """Text and HTML of an e-mail. ``frame`` puts them into what stands around them.

    Raises as ``Filler.said`` where a value is missing.
    """
    moment = filler.moment.name
    there = tuple(filler.has(name) for name in _conditions(text))
    plan = _plan(moment, text, there)
    if any(kind == "listing" for _, kind in plan.names):
        # No two are of one shape: each is made for itself.
        page = writing.email_html(text, filler)
        return frame(filler.language.code, writing.email_text(text, filler), page, unsubscribe)
    values: list[str] = []
    shape: list[Any] = []
    for name, kind in plan.names:
        said = filler.said(name)
        if kind == "items":
            items = list(filler.value(name) or ())
            shape.append(len(items))
            values += items
        elif kind in ("link", "rating"):
            first = values.index(said) if said in values else len(values)
            shape.append((first, "?" in said) if said else None)
        else:
            shape.append(bool(said))
        values.append(said)
    values += [writing.title(plan.heading, filler), unsubscribe]
    plain, html = _moulds(
        moment, filler.language, text, there, tuple(shape), bool(unsubscribe), frame
    )
    return plain.filled(values), html.filled([str(escape(value)) for value in values])


class _Plan(msgspec.Struct, frozen=True):
    """``names``: the placeholders of the lines that are there, with their facts' kinds."""

    names: tuple[tuple[str, Kind], ...]
    heading: str


@lru_cache(maxsize=512)
def _conditions(text: str) -> tuple[str, ...]:
    """The names on which lines of it depend."""
    found = (line.condition[1:] for line in read(text, "email") if line.condition)
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=512)
def _plan(moment: str, text: str, there: tuple[bool, ...]) -> _Plan:
    has = dict(zip(_conditions(text), there, strict=True))
    lines = [
        line for line in read(text, "email")
        if not line.condition or has[line.condition[1:]] == (line.condition[0] == "?")
    ]  # fmt: skip
    names = dict.fromkeys(
        name for line in lines for name in (*_PLACEHOLDER.findall(line.text), line.link) if name
    )
    known = MOMENTS[moment].placeholders()
    if unknown := [name for name in names if name not in known]:
        raise WordingError(f"{moment} knows no {unknown}")
    heading = next((line.text for line in lines if line.kind == "heading"), "")
    return _Plan(tuple((name, known[name].kind) for name in names), heading)


class _Marks(Filler, frozen=True):
    """Says marks instead of values."""

    marks: Mapping[str, str]
    listed: Mapping[str, list[str]]
    there: Mapping[str, bool]

    def has(self, name: str) -> bool:
        return self.there[name]

    def value(self, placeholder: str) -> Any:
        return self.listed[placeholder]

    def said(self, placeholder: str) -> str:
        return self.marks[placeholder]


@lru_cache(maxsize=512)
def _moulds(
    moment: str, language: Language, text: str, there: tuple[bool, ...], shape: _Shape,
    unsubscribe: bool, frame: Frame,
) -> tuple[_Mould, _Mould]:  # fmt: skip
    marks: dict[str, str] = {}
    listed: dict[str, list[str]] = {}
    number = 0
    for (name, kind), form in zip(_plan(moment, text, there).names, shape, strict=True):
        if kind == "items":
            listed[name] = [_mark(number + n) for n in range(form)]
            number += form
        if kind in ("link", "rating") and form:
            marks[name] = _mark(form[0], query=form[1])
        else:
            marks[name] = _mark(number) if form else ""
        number += 1
    has = dict(zip(_conditions(text), there, strict=True))
    # The zone matters to values alone.
    filler = _Marks(MOMENTS[moment], {}, language, ZoneInfo("UTC"), marks, listed, has)
    page = msgspec.structs.replace(writing.email_html(text, filler), title=_mark(number))
    around = _mark(number + 1) if unsubscribe else ""
    plain, html = frame(language.code, writing.email_text(text, filler), page, around)
    return _Mould.of(plain), _Mould.of(html)


def _mark(number: int, *, query: bool = False) -> str:
    return f"\ue000{_NONCE}:{number}{'?' if query else ''}\ue001"
