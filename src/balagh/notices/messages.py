"""What a message says: (moment, channel, language, data) → SMS text, or e-mail subject, text, HTML.

The row's ``data`` holds all that the words need, so a message that waits for hours still says what
was true when it was promised; the words are those of the moment in which it is written (``texts``).
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

import css_inline
import msgspec
import structlog
from jinja2 import Environment

from balagh.i18n import Language
from balagh.notices import moulds, texts, writing
from balagh.notices.facts import Part
from balagh.notices.texts import Words
from balagh.notices.wording import Filler, moment_of
from balagh.notices.writing import Page
from balagh.templating import environment

# 3GPP TS 23.038, 6.2.1 (basic characters) and 6.2.1.1 (those that take two places).
_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("^{}\\[~]|€")

_log = structlog.get_logger()
_T = TypeVar("_T")


class Sms(msgspec.Struct, frozen=True):
    text: str


class Email(msgspec.Struct, frozen=True):
    """``unsubscribe``: where whoever gets it can stop such messages; empty for those that cannot be
    stopped."""

    subject: str
    text: str
    html: str
    unsubscribe: str = ""


def render(
    moment: str, channel: str, language: str, data: Mapping[str, Any], words: Words | None = None
) -> Sms | Email:
    """The message as it goes out. ``words``: the zone and the changed texts; without them our own,
    for Riyadh.

    A changed text that cannot be filled for this row gives way to ours, and the log says so. Raises
    ``ValueError`` for a moment that is not in the table, and where our words cannot be filled.
    """
    words = words or Words()
    filler = Filler(moment_of(moment), data, Language.of(language), words.zone)

    def said(part: Part, write: Callable[[str], _T]) -> _T:
        changed = words.changed.get((moment, language, part))
        if changed is not None:
            try:
                return write(changed)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                # The people it is meant for should not lose the message to it.
                _log.error(
                    "a changed text cannot be filled",
                    moment=moment, language=language, part=part, reason=type(error).__name__,
                )  # fmt: skip
        own = texts.ours(moment).get((language, part))
        if own is None:
            raise ValueError(f"{moment} has no {part}")
        return write(own)

    if channel == "sms":
        return Sms(said("sms", lambda text: writing.plain(text, "sms", filler)))
    unsubscribe = str(data.get("unsubscribe") or "")
    subject = said("subject", lambda text: writing.plain(text, "subject", filler))
    plain, html = said("email", lambda text: moulds.email(text, filler, unsubscribe, _framed))
    return Email(subject, plain, html, unsubscribe)


def segments(text: str) -> int:
    """How many SMS the text takes: 160 places (153 each when several) if every character is in the
    GSM alphabet, else 70 (67) UTF-16 units, as Arabic is (3GPP TS 23.040, 9.2.3.24.1). What takes
    two places is not split between two parts, so the last place of a part may stay empty."""
    places, (alone, joined) = _places(text), room(text)
    if sum(places) <= alone:
        return 1
    parts, left = 1, joined
    for size in places:
        if size > left:
            parts, left = parts + 1, joined
        left -= size
    return parts


def length(text: str) -> int:
    """The places that the text takes in an SMS."""
    return sum(_places(text))


def room(text: str) -> tuple[int, int]:
    """The places of one SMS in the text's alphabet: alone, and as one of several."""
    return (160, 153) if _gsm(text) else (70, 67)


def _places(text: str) -> list[int]:
    """Of each character: one, or two."""
    if _gsm(text):
        return [2 if character in _GSM_EXTENDED else 1 for character in text]
    return [2 if ord(character) > 0xFFFF else 1 for character in text]


def _gsm(text: str) -> bool:
    return all(character in _GSM_BASIC or character in _GSM_EXTENDED for character in text)


def _framed(language: str, plain: str, page: Page, unsubscribe: str) -> tuple[str, str]:
    """Text and HTML with what stands around them, the styles in the elements."""
    text = _frame(language, "txt").render(body=plain, unsubscribe=unsubscribe)
    html = _frame(language, "html").render(
        title=page.title, body=page.body, links=page.links, unsubscribe=unsubscribe
    )
    return text.strip() + "\n", _inliner().inline(html)


@cache
def _frame(language: str, ending: str) -> Any:
    made = environment(language) if ending == "html" else _unescaped(language)
    return made.get_template(f"notices/email.{ending}.jinja")


@cache
def _unescaped(language: str) -> Environment:
    """The texts and filters of pages, but ``&`` stays ``&``."""
    return environment(language).overlay(autoescape=False)


@cache
def _inliner() -> css_inline.CSSInliner:
    # Media queries (dark scheme) cannot be inlined and stay in the head; nothing is fetched.
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
