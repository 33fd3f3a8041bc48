"""Report numbers: 10 digits, random, the last one a check digit, safe to read over a telephone.

The check digit is Damm's (H. M. Damm, 2004): it finds every wrong digit and every swap of two
neighbours. Random, so that a number tells neither how many reports there are nor the next one.
"""

import re
import unicodedata
from collections.abc import Callable

from stdnum import damm

from balagh.text import latin_digits, without_marks

_SHAPE = re.compile(r"[1-9][0-9]{9}")


def new(randbelow: Callable[[int], int]) -> str:
    """``randbelow(n)``: a random number below ``n`` (``secrets.randbelow``)."""
    body = str(100_000_000 + randbelow(900_000_000))
    return body + damm.calc_check_digit(body)


def parse(text: str) -> str | None:
    """The number that somebody typed or pasted, or none when it cannot be one.

    Digits of any form; spaces, hyphens and dashes, and invisible marks between them are dropped.
    """
    digits = "".join(
        sign
        for sign in latin_digits(without_marks(text))
        if not sign.isspace() and unicodedata.category(sign) != "Pd"
    )
    return digits if _SHAPE.fullmatch(digits) and damm.is_valid(digits) else None
