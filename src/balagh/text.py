"""Arabic as it is compared, and reference numbers as they are compared (specification 3.3).

The same word is written in several ways: with or without hamza and diacritics, ta marbuta as ha, ya
without its dots, drawn out with tatweel, digits of either form. For comparing they are one.
"""

import unicodedata

_LETTERS = {
    **dict.fromkeys("أإآٱ", "ا"),
    **dict.fromkeys("ىئیې", "ي"),
    "ؤ": "و",
    "ة": "ه",
    "ۀ": "ه",
    "ھ": "ه",
    "ہ": "ه",
    "ک": "ك",
    "ڪ": "ك",
    "ء": "",
    "ـ": "",
}
_TABLE = str.maketrans(_LETTERS)


def latin_digits(text: str) -> str:
    """The text with Arabic-Indic, Persian and any other decimal digits as 0–9."""
    return "".join(
        str(unicodedata.decimal(sign)) if not sign.isascii() and sign.isdecimal() else sign
        for sign in text
    )


def without_marks(text: str) -> str:
    """The text without the signs that nobody sees: direction marks, zero-width joiners, soft
    hyphens. They come along with what is copied out of a page or a message."""
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf")


def fold(text: str) -> str:
    """The text as it is compared and sorted: one form of each letter, no diacritics, no invisible
    marks, small Latin letters, single spaces. Punctuation stays."""
    # Hamza and diacritics that are signs of their own fall with the combining marks.
    seen = latin_digits(without_marks(text)).translate(_TABLE)
    decomposed = unicodedata.normalize("NFKD", seen)
    bare = "".join(sign for sign in decomposed if unicodedata.category(sign) not in ("Mn", "Me"))
    return " ".join(bare.translate(_TABLE).casefold().split())


def reference_key(text: str) -> str:
    """A reference number as it is compared: letters and digits alone. Empty when there are none."""
    return text_key(text)


def text_key(text: str) -> str:
    """A name or a text as it is compared when only its words count: folded, letters and digits
    alone, so that neither punctuation nor spaces make a difference. Empty when there are none."""
    return "".join(sign for sign in fold(text) if sign.isalnum())


# What a spreadsheet takes for a formula at the beginning of a cell (OWASP, CSV injection), in their
# full-width forms too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def computed(cell: str) -> bool:
    """Whether a spreadsheet might compute a cell that holds this instead of showing it."""
    return cell.lstrip(" ").startswith(_FORMULA)
