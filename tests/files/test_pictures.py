"""Pictures: only the pixels are kept, upright, whatever came with them is gone."""

import io
import zlib

import pytest
from PIL import Image, ImageCms
from tests.files import samples
from tests.files.samples import inspected

from balagh.files.formats import MAX_BYTES, recognise
from balagh.files.inspection import Accepted, Refused

FORMATS = [
    ("PNG", "IMG_1.PNG", "image/png", "IMG_1.png"),
    ("JPEG", "IMG_1.jpeg", "image/jpeg", "IMG_1.jpg"),
    ("WEBP", "IMG_1.webp", "image/jpeg", "IMG_1.jpg"),
    ("HEIF", "IMG_1.HEIC", "image/jpeg", "IMG_1.jpg"),
]


async def accepted(raw: bytes, name: str = "x") -> Accepted:
    verdict = await inspected(raw, name)
    assert isinstance(verdict, Accepted), verdict
    return verdict


def is_red(pixel: object) -> bool:
    assert isinstance(pixel, tuple)
    return bool(pixel[0] > 200 and pixel[2] < 60)


@pytest.mark.parametrize(("format", "name", "media_type", "kept_name"), FORMATS)
async def test_nothing_but_the_pixels_is_kept(
    format: str, name: str, media_type: str, kept_name: str
) -> None:
    sent = samples.picture(format)
    assert samples.MAKER.encode() in sent, "the sample carries what is to be removed"
    kept = await accepted(sent, name)
    assert (kept.media_type, kept.name) == (media_type, kept_name)
    for trace in (samples.MAKER.encode(), b"Riyadh", b"Exif", b"eXIf", b"xmpmeta", b"2026:11:23"):
        assert trace not in kept.data
    with Image.open(io.BytesIO(kept.data)) as image:
        assert image.size == (120, 80)
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        shown = image.convert("RGB")
        assert is_red(shown.getpixel((10, 40)))
        assert not is_red(shown.getpixel((110, 40)))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "HEIF"])
@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [
        (1, (120, 80), (10, 40)),
        (2, (120, 80), (110, 40)),
        (3, (120, 80), (110, 40)),
        (4, (120, 80), (10, 40)),
        (5, (80, 120), (40, 10)),
        (6, (80, 120), (40, 10)),
        (7, (80, 120), (40, 110)),
        (8, (80, 120), (40, 110)),
    ],
)
async def test_a_picture_taken_sideways_is_kept_upright(
    format: str, orientation: int, size: tuple[int, int], red_at: tuple[int, int]
) -> None:
    kept = await accepted(samples.picture(format, orientation))
    with Image.open(io.BytesIO(kept.data)) as image:
        assert image.size == size
        assert is_red(image.convert("RGB").getpixel(red_at))


@pytest.mark.parametrize(
    "damaged", [b"", b"no TIFF at all", samples.exif(6)[6:20], samples.exif(6)[6:-9], bytes(64)]
)
async def test_damaged_notes_of_the_camera_cost_nobody_their_picture(damaged: bytes) -> None:
    sent = samples.saved(samples.corners(), "JPEG", exif=b"Exif\0\0" + damaged)
    assert (await accepted(sent)).media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("colours", "channels", "mode"), [(0, 1, "L"), (2, 3, "RGB"), (4, 2, "RGBA"), (6, 4, "RGBA")]
)
async def test_sixteen_bits_become_eight(colours: int, channels: int, mode: str) -> None:
    row = b"\0" + b"\x80\x40" * channels * 4
    kept = await accepted(samples.png(4, 2, 16, colours, row * 2))
    with Image.open(io.BytesIO(kept.data)) as image:
        assert image.mode == mode
        pixel = image.getpixel((0, 0))
        assert pixel == (128 if mode == "L" else (128,) * len(mode))


async def test_what_is_transparent_stays_so_or_turns_white() -> None:
    clear = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
    for format, seen in (("PNG", (0,)), ("WEBP", (255, 255, 255))):
        kept = await accepted(samples.saved(clear, format))
        with Image.open(io.BytesIO(kept.data)) as image:
            pixel = image.getpixel((20, 15))
        assert isinstance(pixel, tuple)
        assert pixel[-len(seen) :] == seen


async def test_colours_of_another_space_are_converted() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (lab, b"no profile at all"):
        kept = await accepted(samples.saved(samples.corners(), "JPEG", icc_profile=profile))
        assert b"ICC_PROFILE" not in kept.data


@pytest.mark.parametrize(
    ("mode", "format"),
    [
        ("1", "PNG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("P", "PNG"),
        ("RGBA", "PNG"),
        ("I;16", "PNG"),
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("RGBA", "WEBP"),
        ("RGBA", "HEIF"),
    ],
)
async def test_every_way_of_storing_pixels_can_be_kept(mode: str, format: str) -> None:
    image = samples.corners().convert("L") if mode == "I;16" else samples.corners()
    kept = await accepted(samples.saved(image.convert(mode), format))
    with Image.open(io.BytesIO(kept.data)) as shown:
        shown.load()
        assert shown.size == (120, 80)


async def test_the_first_picture_of_a_telephone_s_pair_is_kept() -> None:
    pair = samples.saved(
        samples.corners(), "MPO", save_all=True, append_images=[Image.new("RGB", (60, 40))]
    )
    kept = await accepted(pair)
    assert kept.media_type == "image/jpeg"
    assert kept.data.count(b"\xff\xd8\xff") == 1


async def test_what_grows_past_the_limit_is_kept_smaller() -> None:
    """Noise: small enough to be sent, too large when it is written anew as well as can be."""
    noise = Image.merge("RGB", [Image.effect_noise((4000, 3000), 120) for _ in range(3)])
    sent = samples.saved(noise, "JPEG", quality=80)
    assert len(sent) < MAX_BYTES < len(samples.saved(noise, "JPEG", quality=90))
    kept = await accepted(sent)
    assert kept.size == len(kept.data) <= MAX_BYTES
    assert len(kept.sha256) == 32


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
async def test_ten_megabytes_exactly_are_taken(format: str) -> None:
    assert (await accepted(samples.picture(format).ljust(MAX_BYTES, b"\0"))).size < 10_000


ANIMATED = {"save_all": True, "append_images": [Image.new("RGB", (120, 80), "green")]}


def with_chunk(kind: bytes, head: bytes) -> bytes:
    """A picture of four pixels with a note of 200 MB in 200 kB."""
    note = samples.png_chunk(kind, head + zlib.compress(bytes(200_000_000), 9))
    return samples.png(2, 2, 8, 0, bytes(6), note)


REFUSED = [
    ("empty", b"", "empty"),
    ("10 MiB and a byte", samples.picture("PNG").ljust(MAX_BYTES + 1, b"\0"), "too_large"),
    (
        "50 000 × 50 000 PNG in 100 bytes",
        samples.png_header_only(50_000, 50_000),
        "too_many_pixels",
    ),
    ("just above 40 Mpx", samples.png_header_only(8001, 5000), "too_many_pixels"),
    ("WebP canvas", samples.webp_header_only(b"VP8X"), "too_many_pixels"),
    ("WebP lossless", samples.webp_header_only(b"VP8L"), "too_many_pixels"),
    ("WebP lossy", samples.webp_header_only(b"VP8 "), "too_many_pixels"),
    ("HEIC", samples.heic_header_only(50_000, 50_000), "too_many_pixels"),
    ("WebP signature only", b"RIFF\x04\0\0\0WEBP", "broken"),
    ("PNG without its pixels", samples.png_header_only(600, 600), "broken"),
    ("PNG signature, then HTML", b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", "broken"),
    ("JPEG signature, then HTML", b"\xff\xd8\xff\xe0<script>alert(1)</script>", "broken"),
    ("HEIC signature, then nothing", b"\0\0\0\x1cftypheic" + bytes(5000), "broken"),
    ("PNG with 200 MB of text", with_chunk(b"zTXt", b"k\0\0"), "broken"),
    ("PNG with 200 MB of international text", with_chunk(b"iTXt", b"k\0\1\0\0\0"), "broken"),
    ("PNG with a profile of 200 MB", with_chunk(b"iCCP", b"k\0\0"), "broken"),
    ("animated PNG", samples.saved(samples.corners(), "PNG", **ANIMATED), "animated"),
    ("animated WebP", samples.saved(samples.corners(), "WEBP", **ANIMATED), "animated"),
    ("GIF", samples.saved(samples.corners(), "GIF"), "type_not_allowed"),
    ("BMP", samples.saved(samples.corners(), "BMP"), "type_not_allowed"),
    ("TIFF", samples.saved(samples.corners(), "TIFF"), "type_not_allowed"),
    ("AVIF", samples.saved(samples.corners(), "AVIF"), "type_not_allowed"),
    ("HTML", b"<!doctype html><script>alert(1)</script>", "type_not_allowed"),
    ("SVG", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "type_not_allowed"),
    ("ZIP", b"PK\x03\x04" + bytes(60), "type_not_allowed"),
    ("EXE", b"MZ\x90\0" + bytes(60), "type_not_allowed"),
    ("text", "شكوى".encode(), "type_not_allowed"),
    ("video", b"\0\0\0\x1cftypmp42" + bytes(60), "type_not_allowed"),
    ("GIF that is also a script", b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)", "type_not_allowed"),
]


@pytest.mark.parametrize(("raw", "code"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED])
async def test_refused(raw: bytes, code: str) -> None:
    """The name says «png» each time, and is believed never."""
    assert await inspected(raw, "صورة.png") == Refused(code)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "HEIF"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
async def test_a_picture_cut_off_on_its_way_is_refused(format: str, share: float) -> None:
    whole = samples.saved(Image.effect_noise((300, 200), 80).convert("RGB"), format)
    assert await inspected(whole[: int(len(whole) * share)], "x.png") == Refused("broken")


@pytest.mark.parametrize(
    ("hidden", "trace"),
    [
        (b"<script>alert(1)</script>", b"<script>"),
        (b"PK\x03\x04evil.exe" + bytes(30), b"evil.exe"),
        (b"%PDF-1.7\n1 0 obj <</Type/Catalog>> endobj\n%%EOF", b"%PDF"),
    ],
)
@pytest.mark.parametrize("format", ["PNG", "JPEG", "HEIF"])
async def test_what_hides_behind_a_picture_is_gone(
    format: str, hidden: bytes, trace: bytes
) -> None:
    kept = await accepted(samples.saved(samples.corners(), format) + hidden)
    assert trace not in kept.data


async def test_what_hides_in_a_comment_is_gone() -> None:
    pdf = samples.document()
    kept = await accepted(samples.saved(samples.corners(), "JPEG", comment=pdf))
    assert b"%PDF" not in kept.data
    assert recognise(kept.data) == "jpeg"
