"""Searching the reports that a desk may see: by number, reference, telephone number, the
beneficiary's name, words of title and description.

Names and words are compared folded (``folded`` in the database): however a word is spelled it is
found, within a longer one too, because Arabic writes onto the front of a word what stands alone
elsewhere.
"""

import msgspec
import phonenumbers

from balagh.database import fetch, transaction
from balagh.reports import numbers
from balagh.reports.cases import Desk, scope
from balagh.reports.inbox_filter import Conditions
from balagh.text import fold, latin_digits, reference_key

# What the database's trigrams need to find a word without reading every text.
SHORTEST = 3
# Reports that names and words find on a page: the latest. Nobody reads on, they add a word.
MOST = 1000
_WORDS = 8


class Matches(msgspec.Struct, frozen=True):
    """``ids``: of the reports found; ``cut``: there are more; ``short``: nothing was searched,
    because a word must have ``SHORTEST`` letters."""

    ids: tuple[int, ...]
    cut: bool = False
    short: bool = False


# Titles and descriptions.
_TEXTS = "SELECT r.id FROM report r WHERE {allowed} AND {likes} ORDER BY r.id DESC {limit}"
# Names: first whose they are, once; then their reports, in one walk through the index by person. As
# a join it is planned badly: how many a name has is only known once they were found.
_NAMES = """SELECT r.id FROM report r
WHERE {allowed} AND r.person_id = ANY(ARRAY(SELECT id FROM person WHERE {likes}))
ORDER BY r.id DESC {limit}"""


async def matches(desk: Desk, text: str, most: int | None = MOST) -> Matches:
    """The reports that the desk may see and the text finds; ``most`` none: all of them."""
    words = fold(text).split()[:_WORDS]
    searchable = any(len(word) >= SHORTEST for word in words)
    exact = await _exact(desk, text)
    if exact or not searchable:
        return Matches(tuple(exact), short=not exact and not searchable)
    found: set[int] = set()
    cut = False
    for statement in (_TEXTS, _NAMES):
        where = Conditions()
        allowed, where.arguments[:] = scope(desk, 1)
        likes = [f"searched LIKE {where.put(f'%{_literal(word)}%')}" for word in words]
        limit = "" if most is None else f"LIMIT {most + 1}"
        async with transaction():
            # By the word: a rare one has few rows to look up, a common one is met soon.
            await fetch("SET LOCAL plan_cache_mode = force_custom_plan")
            rows = await fetch(
                statement.format(allowed=allowed, likes=" AND ".join(likes), limit=limit),
                *where.arguments,
            )
        if most is not None and len(rows) > most:
            cut = True
            rows = rows[:most]
        found.update(row["id"] for row in rows)
    return Matches(tuple(found), cut)


async def _exact(desk: Desk, text: str) -> list[int]:
    """By what stands for itself: a number, a reference, a telephone number."""
    key, phone = reference_key(text), _phone(text)
    where = Conditions()
    allowed, where.arguments[:] = scope(desk, 1)
    sources = []
    number = numbers.parse(text)
    if number is not None:
        sources.append(f"SELECT id FROM report WHERE number = {where.put(number)}")  # noqa: S608
    # A reference without a digit would be a word.
    if any(sign.isdigit() for sign in key):
        placed = where.put(key)
        sources.append(f"SELECT id FROM report WHERE reference_key = {placed}")  # noqa: S608
    # How to reach people is Amer's (decision 086): an agency would learn whose a number is.
    if phone is not None and desk.side == "amer":
        placed = where.put(phone)
        sources.append(f"SELECT id FROM report WHERE phone = {placed}")  # noqa: S608
        sources.append(
            "SELECT o.id FROM person JOIN report o ON o.person_id = person.id "  # noqa: S608
            f"WHERE person.phone = {placed} AND o.phone IS NULL"
        )
    if not sources:
        return []
    rows = await fetch(
        f"SELECT r.id FROM report r WHERE {allowed} AND r.id IN ({' UNION '.join(sources)})",  # noqa: S608
        *where.arguments,
    )
    return [row["id"] for row in rows]


def _phone(text: str) -> str | None:
    """As it is kept (E.164), where the text can be a telephone number."""
    try:
        number = phonenumbers.parse(latin_digits(text), "SA")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _literal(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
