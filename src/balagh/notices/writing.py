"""Fills the texts of messages (``wording``) with a moment's facts: SMS, subject, e-mail."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from markupsafe import Markup, escape

from balagh.i18n import Language
from balagh.notices.facts import Part
from balagh.notices.wording import PIECE, Filler, Kind, Line

# Unicode UAX #9: keeps a number or a name of the other direction from reordering what is around it.
_FIRST_STRONG_ISOLATE, _POP = "\u2068", "\u2069"
_LEFT_TO_RIGHT_MARK = "\u200e"
_NO_BREAK_SPACE = "\u00a0"


def plain(text: str, part: Literal["sms", "subject"], filler: Filler) -> str:
    """The text of an SMS, or a subject in one line."""
    lines = [
        PIECE.sub(lambda found: _plain(found, part, filler), line.text)
        for line in filler.lines(text, part)
    ]
    if part == "subject":
        # What people wrote may have several lines; a header has one.
        return " ".join(" ".join(lines).split())
    return "\n".join(line for line in lines if line).strip()


def email_text(text: str, filler: Filler) -> str:
    """The plain text of an e-mail."""
    found: list[str] = []
    for number, line in _numbered(filler.lines(text, "email")):
        beginning = {"quote": "", "bullet": "- ", "numbered": f"{number}. "}.get(line.kind, "")
        if line.kind in ("bullet", "numbered") and (items := _items_of(line, filler)) is not None:
            found += [f"- {_apart(item)}" for item in items]
            continue
        if line.kind == "listing":
            found += _listed(filler.value(line.text[1:-1]) or ())
            continue
        words = PIECE.sub(lambda piece: _plain(piece, "email", filler), line.text)
        found.append(beginning + (f"{words}:" if line.kind == "button" else words))
        if line.kind == "button":
            found.append(filler.said(line.link))
    return "\n".join(found).strip()


class Page(msgspec.Struct, frozen=True):
    """An e-mail in HTML, without what stands around it. ``title``: its heading as text."""

    title: str
    body: Markup
    links: tuple[str, ...]


def email_html(text: str, filler: Filler) -> Page:
    """The HTML of an e-mail; ``links``: those of its buttons, in order."""
    lines = filler.lines(text, "email")
    heading = next((line.text for line in lines if line.kind == "heading"), "")
    links = tuple(dict.fromkeys(filler.said(one.link) for one in lines if one.kind == "button"))
    blocks: list[list[Line]] = [[]]
    for line in lines:
        if line.kind == "gap":
            blocks.append([])
        else:
            blocks[-1].append(line)
    body = Markup("\n").join(part for block in blocks for part in _block(block, filler))
    return Page(title(heading, filler), body, links)


def title(heading: str, filler: Filler) -> str:
    """A heading as plain text."""
    return PIECE.sub(lambda piece: _plain(piece, "sms", filler), heading)


def _plain(found: re.Match[str], part: Part, filler: Filler) -> str:
    if found[2]:
        # In an SMS they are stars; what is in them is filled all the same.
        words = PIECE.sub(lambda piece: _plain(piece, part, filler), found[2])
        return words if part == "email" else f"**{words}**"
    fact, said = filler.fact(found[1]), filler.said(found[1])
    if part == "sms":
        return _for_sms(said, filler.language) if fact.kind == "number" else said
    apart = fact.kind in ("text", "code", "number", "short", "items")
    return _apart(said) if apart and said else said


def _apart(value: str) -> str:
    return f"{_FIRST_STRONG_ISOLATE}{value}{_POP}"


def _for_sms(number: str, language: Language) -> str:
    """Groups that stay in order on any phone.

    Spaces between numbers take the direction of the text, so in Arabic "730 264 1185" would be
    shown as "1185 264 730". Old phones print isolates as boxes, so: one left-to-right mark, which
    all have known for twenty years, and no-break spaces, which join numbers even where the mark is
    dropped on the way (UAX #9, rules W4 and W7). English keeps the GSM alphabet, which has neither.
    """
    if language.code != "ar":
        return number
    return _LEFT_TO_RIGHT_MARK + number.replace(" ", _NO_BREAK_SPACE)


def _items_of(line: Line, filler: Filler) -> list[str] | None:
    """Of a line that is nothing but a list; ``None`` for any other."""
    found = PIECE.fullmatch(line.text.strip())
    if found is None or not found[1] or filler.fact(found[1]).kind != "items":
        return None
    return list(filler.value(found[1]) or ())


def _numbered(lines: list[Line]) -> Iterator[tuple[int, Line]]:
    """Each with its place among the numbered lines around it."""
    place = 0
    for line in lines:
        place = place + 1 if line.kind == "numbered" else 0
        yield place, line


def _block(block: list[Line], filler: Filler) -> Iterator[Markup]:
    """Lines without a gap: those of one kind that follow each other make one element."""
    if block and block[0].kind == "heading":
        yield _hero(block, filler)
        return
    place = 0
    while place < len(block):
        end, kind = place + 1, block[place].kind
        while end < len(block) and block[end].kind == kind and kind not in _ALONE:
            end += 1
        yield _element(kind, block[place:end], filler)
        place = end


def _hero(block: list[Line], filler: Filler) -> Markup:
    parts = [Markup("<h1>{}</h1>").format(_inline(block[0].text, filler))]
    for line in block[1:]:
        label, value = _row(line.text) if line.kind == "row" else ("", line.text)
        if label:
            parts.append(Markup("<p>{}</p>").format(_inline(label, filler)))
        large = Markup(' class="number"') if line.kind == "row" else Markup("")
        parts.append(Markup("<p{}>{}</p>").format(large, _inline(value, filler)))
    return Markup('<div class="hero">\n{}\n</div>').format(Markup("\n").join(parts))


# Each of these is an element of its own.
_ALONE = ("button", "rating", "listing")


def _element(kind: Kind, lines: list[Line], filler: Filler) -> Markup:
    words = [_inline(line.text, filler) for line in lines]
    if kind == "subheading":
        return Markup("<h2>{}</h2>").format(Markup(" ").join(words))
    if kind == "row":
        return Markup('<div class="card"><dl>\n{}\n</dl></div>').format(
            Markup("\n").join(
                Markup("<dt>{}</dt><dd>{}</dd>").format(*(_inline(one, filler) for one in row))
                for row in (_row(line.text) for line in lines)
            )
        )  # fmt: skip
    if kind == "quote":
        return Markup('<div class="card"><p>{}</p></div>').format(Markup("<br>").join(words))
    if kind in ("bullet", "numbered"):
        items = [item for line in lines for item in _list_items(line, filler)]
        made = Markup("").join(Markup("<li>{}</li>").format(item) for item in items)
        around = Markup("<ul>{}</ul>") if kind == "bullet" else Markup("<ol>{}</ol>")
        return around.format(made)
    if kind == "button":
        return Markup('<p class="action"><a class="button" href="{}">{}</a></p>').format(
            filler.said(lines[0].link), words[0]
        )
    if kind == "listing":
        return _listing(filler.value(lines[0].text[1:-1]) or ())
    if kind == "rating":
        return _scores(filler.said(lines[0].text[1:-1]))
    return Markup("<p>{}</p>").format(Markup("<br>").join(words))


def _row(text: str) -> tuple[str, str]:
    """Label and value; a row without a colon is all value."""
    label, colon, value = text.partition(":")
    return (label.strip(), value.strip()) if colon else ("", text)


def _list_items(line: Line, filler: Filler) -> list[Markup]:
    items = _items_of(line, filler)
    if items is None:
        return [_inline(line.text, filler)]
    return [Markup("<bdi>{}</bdi>").format(item) for item in items]


def _listed(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Sections with their rows, or lines that lead somewhere, in plain text."""
    for place, one in enumerate(found):
        if "text" in one:
            yield f"{one['text']}: {one['url']}"
            continue
        if place:
            yield ""
        yield one["title"]
        for row in one["rows"]:
            about = [_apart(row["number"]), row["kind"], _apart(row["agency"]), row["came"]]
            yield f"- {' · '.join(each for each in (*about, row['due']) if each)}"
            yield f"  {row['url']}"
        if one["more"]:
            yield f"{one['more']}: {one['url']}"


def _listing(found: Sequence[Mapping[str, Any]]) -> Markup:
    """The same in HTML."""
    link = Markup('<p><a class="link" href="{}">{}</a></p>')
    parts: list[Markup] = []
    for one in found:
        if "text" in one:
            parts.append(link.format(one["url"], one["text"]))
            continue
        parts.append(Markup("<h2>{}</h2>").format(one["title"]))
        for row in one["rows"]:
            number = Markup("<bdi>{}</bdi>").format(row["number"])
            about = Markup("{} · <bdi>{}</bdi>").format(row["kind"], row["agency"])
            if row["came"]:
                about += Markup(" · {}").format(row["came"])
            parts.append(
                Markup('<div class="card">{}<p class="small">{}</p><p>{}</p></div>').format(
                    link.format(row["url"], number), about, row["due"]
                )
            )
        if one["more"]:
            parts.append(link.format(one["url"], one["more"]))
    return Markup("\n").join(parts)


def _scores(address: str) -> Markup:
    """A tap opens the page with the score marked; that page's button records it."""
    mark = "&" if "?" in address else "?"
    scores = Markup("").join(
        Markup('<a class="score" href="{}{}s={}"><bdi>{}</bdi></a>').format(address, mark, n, n)
        for n in range(1, 6)
    )
    return Markup('<p class="scores">{}</p>').format(scores)


def _inline(text: str, filler: Filler) -> Markup:
    found, place = Markup(""), 0
    for piece in PIECE.finditer(text):
        found += escape(text[place : piece.start()])
        if piece[2]:
            found += Markup("<b>{}</b>").format(_inline(piece[2], filler))
        else:
            found += _value(piece[1], filler)
        place = piece.end()
    return found + escape(text[place:])


def _value(placeholder: str, filler: Filler) -> Markup:
    fact, said = filler.fact(placeholder), filler.said(placeholder)
    if fact.kind in ("code", "number"):
        return Markup('<bdi dir="ltr">{}</bdi>').format(said)
    if fact.kind in ("link", "rating"):
        return Markup('<a class="link" href="{0}"><bdi dir="ltr">{0}</bdi></a>').format(said)
    if fact.kind in ("text", "short", "items"):
        return Markup("<bdi>{}</bdi>").format(said)
    return escape(said)
