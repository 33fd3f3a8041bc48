"""The signs that a receipt can show. Its fonts have Arabic and Latin letters; PDF/UA forbids the
empty box for anything else, so what people type besides (emoji, other scripts) is told apart."""

import re
import struct
import unicodedata
from functools import cache
from pathlib import Path

FONTS = Path(__file__).with_name("fonts")
# Stands for one or more signs that the fonts do not have.
MISSING = "◊"
# Joiners that shape a word, and the marks of direction; the setter needs no glyph for them.
_KEPT = "\u200c\u200d\u200e\u200f"
_SPACES = {"Cc", "Zs", "Zl", "Zp"}
# Longer than any word: an address, or a hand on one key. It may break there.
_UNBROKEN = re.compile(r"\S{41,}")


def printable(text: str, longest: int) -> str:
    """The text on one line as it can be printed, at most ``longest`` characters of it."""
    seen = []
    for sign in unicodedata.normalize("NFC", text):
        category = unicodedata.category(sign)
        if category in _SPACES:
            seen.append(" ")
        elif category == "Cf":
            # What turns the direction around (U+202E) would tell another text than was typed.
            seen.append(sign if sign in _KEPT else "")
        else:
            seen.append(sign if ord(sign) in shown() else MISSING)
    line = " ".join(re.sub(f"{MISSING}+", MISSING, "".join(seen)).split())
    if len(line) > longest:
        line = line[: longest - 1].rstrip() + "…"
    return _UNBROKEN.sub(lambda word: "\u200b".join(re.findall(".{1,10}", word[0])), line)


@cache
def shown() -> frozenset[int]:
    """The code points that all weights have."""
    fonts = [_code_points(path.read_bytes()) for path in sorted(FONTS.glob("*.ttf"))]
    return frozenset(set.intersection(*fonts))


def _code_points(font: bytes) -> set[int]:
    """By the table `cmap` of the font, its Unicode part in format 4 (OpenType 1.9, `cmap`)."""
    (tables,) = struct.unpack_from(">H", font, 4)
    at = {font[n : n + 4]: struct.unpack_from(">I", font, n + 8)[0] for n in _steps(12, 16, tables)}
    cmap = at[b"cmap"]
    (parts,) = struct.unpack_from(">H", font, cmap + 2)
    records = [struct.unpack_from(">HHI", font, n) for n in _steps(cmap + 4, 8, parts)]
    part = cmap + next(offset for platform, encoding, offset in records if platform == 3)
    (double,) = struct.unpack_from(">H", font, part + 6)
    count = double // 2
    ends, starts, deltas, ranges = (
        struct.unpack_from(f">{count}H", font, part + 14 + skipped)
        for skipped in (0, double + 2, 2 * double + 2, 3 * double + 2)
    )
    found = set()
    for n in range(count):
        for code in range(starts[n], ends[n] + 1):
            glyph = code
            if ranges[n]:
                place = part + 16 + 3 * double + 2 * n + ranges[n] + 2 * (code - starts[n])
                (glyph,) = struct.unpack_from(">H", font, place)
            if glyph and (glyph + deltas[n]) % 0x10000:
                found.add(code)
    return found - {0xFFFF}


def _steps(start: int, size: int, count: int) -> range:
    return range(start, start + size * count, size)
