"""Who is addressed in a note: ``@`` and a colleague's name, in either language.

Names are compared as texts are (``text.text_key``): spelling of alef, diacritics, underscores and
what punctuation follows make no difference. A first name alone is enough where only one colleague
has it. Pure.
"""

import re
from collections.abc import Sequence

import msgspec

from balagh.text import text_key

# No part of an e-mail address; and no name has more words.
_AT = re.compile(r"(?<![\w.])@(?=\w)")
_WORD = re.compile(r"[^\s@]+")
_LONGEST = 6


class Colleague(msgspec.Struct, frozen=True):
    """``id``: of the member of staff."""

    id: int
    name_ar: str
    name_en: str


class Mention(msgspec.Struct, frozen=True):
    """``text[start:end]`` addresses that colleague, the ``@`` included."""

    start: int
    end: int
    id: int


def mentions(text: str, colleagues: Sequence[Colleague]) -> list[Mention]:
    """Every place in ``text`` where a colleague is addressed, in order; what names nobody, or two
    people, is text like any other."""
    names = _names(colleagues)
    found = []
    for at in _AT.finditer(text):
        line = text[at.end() :].split("\n", 1)[0]
        words = list(_WORD.finditer(line))[:_LONGEST]
        # The longest name counts: the first name may be somebody else's.
        for count in range(len(words), 0, -1):
            said = line[: words[count - 1].end()]
            id = names.get(text_key(said))
            if id is not None:
                found.append(Mention(at.start(), at.end() + len(_bare(said)), id))
                break
    return found


def _names(colleagues: Sequence[Colleague]) -> dict[str, int]:
    """Each name as it is compared, full or the first part of it, where it is one person's alone."""
    meant: dict[str, set[int]] = {}
    for one in colleagues:
        for name in (one.name_ar, one.name_en):
            words = name.split()
            for count in range(1, len(words) + 1):
                meant.setdefault(text_key("".join(words[:count])), set()).add(one.id)
    return {key: next(iter(ids)) for key, ids in meant.items() if key and len(ids) == 1}


def _bare(said: str) -> str:
    """Without the punctuation that follows a name."""
    return re.sub(r"\W+$", "", said)
