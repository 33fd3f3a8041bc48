"""Finding an entry by the words that people use (in memory, without a database).

Words are compared folded (``text.fold``): one form of each letter, no diacritics. In Arabic a word
is found with and without what is written onto its front (the article, "and", "for", "by") and
without the endings of plural and feminine; in English without the plural's s. The beginning of a
word finds it too.
"""

import re
from functools import cache
from typing import NamedTuple

from balagh.help import Entry, entries
from balagh.i18n import LANGUAGES, Language
from balagh.text import fold

MOST = 10
# More is no question: nobody types it into a search field.
LONGEST = 100

_WORD = re.compile(r"\w+")
# As folded. Longest first: "for the" before "the".
_FRONTS = ("وبال", "وال", "بال", "كال", "فال", "لل", "ال", "و", "ب", "ل")
_ENDS = ("ات", "ين", "ون", "ه", "ي")
# The least that stays when something is taken off, and the least that finds by its beginning.
_STEM, _BEGINNING = 3, 3
_TITLE, _WORDS, _BODY = 12, 8, 2
# What every question has in it.
_COMMON = {
    "ar": "في من علي عن الي او ان هل ما ماذا كيف متي لم لا هذا هذه التي الذي مع لماذا اين اريد",
    "en": "the a an of to in on for and or is are do does how what why when where can i my me we "
    "it you your this that with not no",
}


class _Indexed(NamedTuple):
    entry: Entry
    title: frozenset[str]
    words: frozenset[str]
    body: frozenset[str]


def find(text: str, language: Language) -> list[Entry]:
    """The entries that fit best, best first, ``MOST`` at most; none when nothing does.

    Entries that hold all the words come before those that hold some; a word in the title counts
    more than one in the text, and a short title more than a long one.
    """
    asked = _asked(text[:LONGEST], language.code)
    if not asked:
        return []
    ranked = []
    for place, indexed in enumerate(_index(language.code)):
        scores = [_score(stems, indexed) for stems in asked]
        held = sum(score > 0 for score in scores)
        # Of four words at least two, so that one common word among them finds nothing odd.
        if held * 2 >= len(asked) and held:
            ranked.append((-held, -sum(scores), len(indexed.title), place, indexed.entry))
    ranked.sort(key=lambda each: each[:4])
    return [entry for *_, entry in ranked[:MOST]]


def _asked(text: str, code: str) -> list[frozenset[str]]:
    """The stems of each word of the question that says something."""
    words = dict.fromkeys(_WORD.findall(fold(text)))
    telling = [word for word in words if word not in _COMMON[code].split()]
    return [_stems(word) for word in telling or words]


def _score(stems: frozenset[str], indexed: _Indexed) -> int:
    score = 0
    for words, weight in (
        (indexed.title, _TITLE),
        (indexed.words, _WORDS),
        (indexed.body, _BODY),
    ):
        if stems & words:
            score += weight
        elif any(
            len(stem) >= _BEGINNING and word.startswith(stem) for stem in stems for word in words
        ):
            score += weight // 2
    return score


@cache
def _index(code: str) -> tuple[_Indexed, ...]:
    if code not in LANGUAGES:
        raise ValueError(f"unknown language {code!r}")
    language = Language.of(code)
    found = []
    for entry in entries().values():
        wording = entry.wording(language)
        # Addresses and names of values are not text.
        body = re.sub(r"\]\([^)]*\)|\{\w+\}|^[?!]\w+ ", " ", wording.body, flags=re.MULTILINE)
        found.append(
            _Indexed(entry, _stemmed(wording.title), _stemmed(wording.words), _stemmed(body))
        )
    return tuple(found)


def _stemmed(text: str) -> frozenset[str]:
    return frozenset(stem for word in _WORD.findall(fold(text)) for stem in _stems(word))


def _stems(word: str) -> frozenset[str]:
    """The word, and what is left of it without fronts and ends."""
    found = {word}
    if word.isascii():
        if len(word) > _STEM and word.endswith("s"):
            found.add(word[:-1])
        return frozenset(found)
    for front in _FRONTS:
        if word.startswith(front) and len(word) - len(front) >= _STEM:
            found.add(word[len(front) :])
            break
    for each in tuple(found):
        for end in _ENDS:
            if each.endswith(end) and len(each) - len(end) >= _STEM:
                found.add(each[: -len(end)])
                break
    return frozenset(found)
