"""What a message says: (moment, channel, language, data) → SMS text, or e-mail subject, text, HTML.

The words are in ``templates/notices``; the row's ``data`` holds all that they need, so a message
that waits for hours still says what was true when it was promised.
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

import css_inline
import msgspec
from jinja2 import Environment

from balagh.i18n import grouped
from balagh.templating import environment

# Unicode UAX #9: keeps a number or a name of the other direction from reordering what is around it.
_FIRST_STRONG_ISOLATE, _POP = "\u2068", "\u2069"
_LEFT_TO_RIGHT_MARK = "\u200e"
_NO_BREAK_SPACE = "\u00a0"

# 3GPP TS 23.038, 6.2.1 (basic characters) and 6.2.1.1 (those that take two places).
_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("^{}\\[~]|€")


class Sms(msgspec.Struct, frozen=True):
    text: str


class Email(msgspec.Struct, frozen=True):
    subject: str
    text: str
    html: str


def render(moment: str, channel: str, language: str, data: Mapping[str, Any]) -> Sms | Email:
    """Raises ``jinja2.TemplateError`` when the moment has no words or data is missing for them."""
    facts = _facts(language, data)

    def words(part: str) -> str:
        made = environment(language) if part.endswith("html") else _plain(language)
        return made.get_template(f"notices/{moment}.{part}.jinja").render(facts).strip()

    if channel == "sms":
        return Sms(words("sms.txt"))
    html = _inliner().inline(words("email.html"))
    return Email(words("subject.txt"), words("email.txt") + "\n", html)


def segments(text: str) -> int:
    """How many SMS the text takes: 160 places (153 each when several) if every character is in the
    GSM alphabet, else 70 (67) UTF-16 units, as Arabic is (3GPP TS 23.040, 9.2.3.24.1)."""
    if all(character in _GSM_BASIC or character in _GSM_EXTENDED for character in text):
        size, alone, joined = len(text) + sum(c in _GSM_EXTENDED for c in text), 160, 153
    else:
        size, alone, joined = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if size <= alone else -(-size // joined)


def _facts(language: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with dates parsed, and the names of this language without their suffix.

    ``number`` is grouped; ``number_sms`` the same for text without markup in a short message, and
    ``apart`` isolates any value in plain text.
    """
    facts: dict[str, Any] = {**data, "apart": _apart}
    for name, value in data.items():
        if name.endswith("_on") and value:
            facts[name] = date.fromisoformat(value)
        elif name.endswith(("_at", "_until")) and value:
            facts[name] = datetime.fromisoformat(value)
        elif name.endswith(f"_{language}"):
            facts[name.removesuffix(f"_{language}")] = value
    if "number" in data:
        facts["number"] = grouped(data["number"])
        facts["number_sms"] = _for_sms(facts["number"], language)
    return facts


def _apart(value: object) -> str:
    return f"{_FIRST_STRONG_ISOLATE}{value}{_POP}"


def _for_sms(number: str, language: str) -> str:
    """Groups that stay in order on any phone.

    Spaces between numbers take the direction of the text, so in Arabic "730 264 1185" would be
    shown as "1185 264 730". Old phones print isolates as boxes, so: one left-to-right mark, which
    all have known for twenty years, and no-break spaces, which join numbers even where the mark is
    dropped on the way (UAX #9, rules W4 and W7). English keeps the GSM alphabet, which has neither.
    """
    if language != "ar":
        return number
    return _LEFT_TO_RIGHT_MARK + number.replace(" ", _NO_BREAK_SPACE)


@cache
def _plain(language: str) -> Environment:
    """The texts and filters of pages, but ``&`` stays ``&``."""
    return environment(language).overlay(autoescape=False)


@cache
def _inliner() -> css_inline.CSSInliner:
    # Media queries (dark scheme) cannot be inlined and stay in the head; nothing is fetched.
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
