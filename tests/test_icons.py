"""The icons for home screens are the mark, drawn as each system wants it."""

import io

import pytest
from PIL import Image, ImageChops, ImageDraw
from tools.icons import DRAWN, ICONS, draw

GREEN = (0x1B, 0x83, 0x54, 255)


def test_all_are_kept_and_nothing_else() -> None:
    assert {path.name for path in ICONS.iterdir()} == set(DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_kept_as_drawn(name: str) -> None:
    kept = Image.open(ICONS / name).convert("RGBA")
    drawn = Image.open(io.BytesIO(draw(DRAWN[name]))).convert("RGBA")
    assert kept.size == drawn.size == (DRAWN[name].size,) * 2
    # Another version of the drawing program may soften an edge by a shade.
    assert max(ImageChops.difference(kept, drawn).tobytes()) <= 24
    assert (ICONS / name).stat().st_size < 12_000


@pytest.mark.parametrize("name", DRAWN)
def test_shape(name: str) -> None:
    icon, picture = DRAWN[name], Image.open(ICONS / name).convert("RGBA")
    corner = picture.getpixel((0, 0))
    assert corner == (GREEN if icon.full else (0, 0, 0, 0))
    assert picture.getpixel((icon.size // 2, icon.size // 16)) == GREEN
    if name.startswith("maskable"):
        # Outside the safe zone, a circle with a radius of two fifths of the side, is but green.
        outside = Image.new("L", picture.size, 255)
        edge = icon.size * 0.1
        ImageDraw.Draw(outside).ellipse((edge, edge, icon.size - edge, icon.size - edge), fill=0)
        green = Image.new("RGBA", picture.size, GREEN)
        seen = Image.composite(picture, green, outside)
        assert max(ImageChops.difference(seen, green).tobytes()) <= 2
