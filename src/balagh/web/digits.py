"""Arabic-Indic digits on Arabic pages, for those who prefer them.

The page is made with Latin digits and gone over once before it is sent: whatever a handler, a date,
a count or a translated sentence says, the digits that are *read* are changed and those that
machines read are not. Tags and their attributes (links, form values, ``data-copy``, ids) stay, and
so does what people typed: the content of text areas, of ``dir="auto"`` and of ``data-typed``.
A number that is part of a Latin word stays whole: an e-mail address, BLD-4471882, fault2.png.

Everybody else's pages never come here, so nothing is slower for them (``docs/decisions/065``).
"""

import re

_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_NO_BREAK_SPACE = "\u00a0"

_PARTS = re.compile(
    r"""<textarea\b.*?</textarea>      # what was typed, with its element
      |<(?P<tag>[a-z][a-z0-9]*)\b[^<>]*\b(?:data-typed|dir="auto")[^<>]*>.*?</(?P=tag)>
      |<[^<>]*>                         # a tag and its attributes
      |&\#?\w+;                         # a character that HTML spells out
      |\+[0-9]+(?:[ ][0-9]+)*           # a telephone number with its country
      |(?P<groups>[0-9]+(?:[ ][0-9]+)+)(?![\w@/:-])   # 730 264 1185
      |(?P<word>[\w@./:+-]+)            # 9:30, 1.2, 1448هـ, BLD-4471882, n1@example.sa""",
    re.VERBOSE | re.DOTALL,
)
_LATIN = re.compile("[A-Za-z@]")


def arabic(html: str) -> str:
    """The page or fragment with Arabic-Indic digits wherever it speaks itself.

    Groups of one number get no-break spaces between them: Arabic-Indic digits that are kept apart
    by ordinary spaces run from right to left, group by group (Unicode UAX #9, rule W4).
    """
    return _PARTS.sub(_part, html)


def _part(found: re.Match[str]) -> str:
    text = found[0]
    if found["groups"]:
        return text.replace(" ", _NO_BREAK_SPACE).translate(_ARABIC)
    if found["word"] and not _LATIN.search(text):
        return text.translate(_ARABIC)
    return text
