"""Passwords of local accounts: which are taken, and what is kept of them (NIST SP 800-63B, 5.1.1).

At least 12 signs: longer than the 8 that a password with a second factor needs, because the first
factor is all that keeps a stranger from trying codes. Up to 256 are taken, any signs, spaces too;
nothing has to be mixed and nothing expires. What everybody tries first is refused. The same
password typed on another keyboard is the same: it is brought to Unicode's form NFKC.
"""

import asyncio
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from balagh.i18n import N_

SHORTEST, LONGEST = 12, 256

# OWASP's least for Argon2id: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Each takes 19 MiB: strangers must not decide how many there are at once.
_AT_ONCE = asyncio.Semaphore(4)
# Signs that a password must hold besides words that everybody knows and runs like 12345.
_OWN = 6
_DIFFERENT = 5
# Written in the place of letters by those who were told to mix.
_LETTERS = str.maketrans("@4301$5!7", "aaeoissit")

TOO_SHORT = N_("Use at least {least} characters")
TOO_LONG = N_("Use at most {most} characters")
TOO_EASY = N_(
    "This password is easy to guess: it is made of common words, of your name, or of characters "
    "in a row. Choose another, such as four words that do not belong together."
)


def normalised(password: str) -> str:
    """The form that is hashed and counted."""
    return unicodedata.normalize("NFKC", password)


def problem(password: str, own: Iterable[str] = ()) -> str | None:
    """Why that password is not taken, as a text to be translated (``least`` and ``most`` go in), or
    none. ``own``: what others know of the person: their names, their e-mail address."""
    given = normalised(password)
    if len(given) < SHORTEST:
        return TOO_SHORT
    if len(given) > LONGEST:
        return TOO_LONG
    folded = given.casefold()
    words = sorted(_common() | _words(own), key=len, reverse=True)
    left = min((_without(text, words) for text in (folded, folded.translate(_LETTERS))), key=_steps)
    if _steps(left) < _OWN or len(set(folded)) < _DIFFERENT or _repeated(folded):
        return TOO_EASY
    return None


async def hashed(password: str) -> str:
    """Argon2id, with its parameters and salt. Takes a while, in a thread of its own."""
    async with _AT_ONCE:
        return await asyncio.to_thread(_HASHER.hash, normalised(password))


async def verified(kept: str | None, password: str) -> bool:
    """Whether it is that password. Without one it takes as long, and is not."""
    given = normalised(password[: LONGEST * 4])
    async with _AT_ONCE:
        return await asyncio.to_thread(_verified, kept, given)


def outdated(kept: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


def _verified(kept: str | None, given: str) -> bool:
    try:
        _HASHER.verify(kept or _nobodys(), given)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


@cache
def _nobodys() -> str:
    return _HASHER.hash("the password of nobody")


@cache
def _common() -> frozenset[str]:
    text = (Path(__file__).parent / "common_words.txt").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(normalised(word).casefold() for line in lines for word in line.split())


def _words(own: Iterable[str]) -> set[str]:
    """The parts of names and addresses that are long enough to be noticed."""
    parts: set[str] = set()
    for text in own:
        folded = normalised(text).casefold()
        letters = "".join(sign if sign.isalnum() else " " for sign in folded).split()
        parts |= {word for word in letters if len(word) > 2}
        # «الشمري» is also typed without its article.
        parts |= {word.removeprefix("ال") for word in letters if len(word) > 4}
    return parts


def _without(text: str, words: Iterable[str]) -> str:
    """The longest words first, so that a part of one does not hide it."""
    for word in words:
        text = text.replace(word, "")
    return text


def _steps(text: str) -> int:
    """How many signs of it do not simply follow from the one before (aaa, 123, cba)."""
    signs = "".join(text.split())
    return bool(signs) + sum(abs(ord(one) - ord(two)) > 1 for one, two in pairwise(signs))


def _repeated(text: str) -> bool:
    """Whether it is one short piece several times."""
    return text in (text + text)[1:-1] and len(text) >= 2 * (text + text).find(text, 1)
