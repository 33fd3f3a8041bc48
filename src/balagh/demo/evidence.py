"""Documents of the sample reports: a screenshot or a scanned page with a few lines on it.

In English, because the letters that Pillow brings along are Latin ones.
"""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

# A phone's screen, and A4 at 72 dots an inch.
_SCREEN, _PAGE = (540, 960), (595, 842)
_INK, _FAINT, _GROUND, _WHITE = "#1F2A37", "#6C737F", "#F3F4F6", "#FFFFFF"


def draw(name: str, shows: Sequence[str]) -> bytes:
    """A PNG or, by its name, a PDF; the first line is the largest."""
    pdf = media_type(name) == "application/pdf"
    picture = Image.new("RGB", _PAGE if pdf else _SCREEN, _WHITE if pdf else _GROUND)
    pen = ImageDraw.Draw(picture)
    width, height = picture.size
    if not pdf:
        pen.rectangle((0, 0, width, 72), fill=_INK)
        pen.rounded_rectangle((24, 300, width - 24, 640), 12, fill=_WHITE)
    top = height // 8 if pdf else 350
    for place, line in enumerate(shows):
        size = 28 if place == 0 else 20
        font = ImageFont.load_default(size)
        pen.text((56, top), line, _FAINT if place else _INK, font)
        top += size * 2
    out = BytesIO()
    picture.save(out, "PDF" if pdf else "PNG")
    return out.getvalue()


def media_type(name: str) -> str:
    return "application/pdf" if name.endswith(".pdf") else "image/png"
