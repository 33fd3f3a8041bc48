"""Draws the icons for home screens from the mark: ``just icons``.

They are kept in the repository, because who runs Balagh should not need to draw; a test compares
them with what this draws. The drawing is Typst's, which sets the receipts too.
"""

import io

import msgspec
import typst
from PIL import Image

from balagh.assets import STATIC

ICONS = STATIC / "icons"
GREEN = "#1b8354"


class Icon(msgspec.Struct, frozen=True):
    """``size``: pixels of a side. ``full``: green to the edges, for systems that cut a shape of
    their own; the mark then takes ``mark`` of the side, else its own rounded square is all."""

    size: int
    full: bool = False
    mark: float = 1


DRAWN = {
    "icon-192.png": Icon(192),
    "icon-512.png": Icon(512),
    # What is cut away may be all outside a circle of 80 % (W3C, Web Application Manifest,
    # "Icon masks and safe zone"). The mark without its square reaches 79 %, so it is drawn smaller.
    "maskable-192.png": Icon(192, full=True, mark=0.86),
    "maskable-512.png": Icon(512, full=True, mark=0.86),
    "apple-180.png": Icon(180, full=True, mark=0.92),
}

_PAGE = """
#set page(width: {size}pt, height: {size}pt, margin: 0pt, fill: {ground})
#place(center + horizon, image(bytes(sys.inputs.mark), format: "svg", width: {width}pt))
"""


def draw(icon: Icon) -> bytes:
    """The icon as PNG; without transparency, in as few colours as its edges need."""
    page = _PAGE.format(
        size=icon.size,
        width=icon.size * icon.mark,
        ground=f'rgb("{GREEN}")' if icon.full else "none",
    )
    mark = (STATIC / "mark.svg").read_text("utf-8")
    raw = typst.compile(page.encode(), format="png", ppi=72, sys_inputs={"mark": mark})
    assert isinstance(raw, bytes)
    picture: Image.Image = Image.open(io.BytesIO(raw))
    if icon.full:
        picture = picture.convert("RGB").quantize(64, dither=Image.Dither.NONE)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> None:
    ICONS.mkdir(exist_ok=True)
    for name, icon in DRAWN.items():
        (ICONS / name).write_bytes(draw(icon))


if __name__ == "__main__":
    main()
