"""A picture is decoded and written anew, so that only its pixels remain.

Camera, place and time (EXIF, XMP, IPTC), comments, thumbnails, further frames and whatever was
hidden behind the picture are gone. Runs in the limited process of ``child``.
"""

import io
import warnings

import pillow_heif
from PIL import Image, ImageCms, MpoImagePlugin, WebPImagePlugin
from PIL.ExifTags import Base
from PIL.Image import Transpose

from balagh.files.formats import MAX_BYTES, MAX_PIXELS, Format, RefusedError

# Pillow loads decoders at first use, which would be after the process may open nothing more.
Image.preinit()
DECODERS = (MpoImagePlugin.MpoImageFile, WebPImagePlugin.WebPImageFile)

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
# Up to twice the limit Pillow only warns.
warnings.simplefilter("error", Image.DecompressionBombWarning)

pillow_heif.options.DECODE_THREADS = 1
pillow_heif.options.THUMBNAILS = False
pillow_heif.options.DEPTH_IMAGES = False
pillow_heif.options.AUX_IMAGES = False
pillow_heif.register_heif_opener()

# One decoder alone looks at the bytes: the one that the signature named.
_DECODER: dict[Format, str] = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP", "heic": "HEIF"}
# EXIF 2.32, 4.6.4, orientation: what brings the picture upright.
_UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def remake(raw: bytes, format: Format) -> tuple[bytes, str]:
    """The picture written anew, at most ``MAX_BYTES``, and its media type.

    Upright (EXIF orientation applied), in sRGB, without any metadata. Raises ``RefusedError``:
    ``too_many_pixels`` (told from the header, before decoding), ``animated``, ``broken``.
    """
    if format == "webp" and _webp_pixels(raw) > MAX_PIXELS:
        raise RefusedError("too_many_pixels")
    try:
        image = _decoded(raw, format)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise RefusedError("too_many_pixels") from None
    return _write(_plain(image), format)


def _webp_pixels(raw: bytes) -> int:
    """Width × height by the header (RFC 9649, 2.5–2.7): Pillow's decoder takes the memory for the
    whole canvas as soon as it opens the file."""
    chunk, data = raw[12:16], raw[20:30]
    if len(data) < 10:
        raise RefusedError("broken")
    if chunk == b"VP8X":
        width = int.from_bytes(data[4:7], "little") + 1
        height = int.from_bytes(data[7:10], "little") + 1
    elif chunk == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width = int.from_bytes(data[6:8], "little") & 0x3FFF
        height = int.from_bytes(data[8:10], "little") & 0x3FFF
    return width * height


def _decoded(raw: bytes, format: Format) -> Image.Image:
    with Image.open(io.BytesIO(raw), formats=(_DECODER[format],)) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise RefusedError("too_many_pixels")
        # In a JPEG or HEIC file the further images are previews, depth and bursts: the first is the
        # picture. In the other two they are a film, of which one frame proves little.
        if format in ("png", "webp") and getattr(opened, "is_animated", False):
            raise RefusedError("animated")
        # The copy lets go of the decoder, which for WebP holds the canvas twice.
        return opened.copy()


def _plain(image: Image.Image) -> Image.Image:
    """Upright, sRGB, mode 1, L, P, RGB or RGBA, and nothing but pixels."""
    profile = image.info.get("icc_profile")
    image = _upright(image)
    if image.mode == "I;16":
        image = image.point(lambda level: level / 256).convert("L")
    if "transparency" in image.info or image.mode in ("LA", "La", "PA", "RGBa"):
        image = image.convert("RGBA")
    if profile and image.mode == "P":
        image = image.convert("RGB")
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        image = _in_srgb(image, profile)
    if image.mode not in ("1", "L", "P", "RGB", "RGBA"):
        image = image.convert("RGB")
    # Pillow writes some of what it read here into the new file (comment, profile, …).
    image.info.clear()
    return image


def _upright(image: Image.Image) -> Image.Image:
    # Not ImageOps.exif_transpose: it writes the EXIF data anew and fails where that is damaged.
    try:
        orientation = image.getexif().get(Base.Orientation)
    except Exception:
        # Whatever the parser stumbles over there, the picture itself is whole.
        return image
    turn = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Colours converted; with a profile that makes no sense they are taken as sRGB."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if image.mode != "CMYK" and ImageCms.getProfileDescription(source).startswith("sRGB"):
            return image
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        made = ImageCms.profileToProfile(image, source, _SRGB, outputMode=mode)
    except (OSError, ImageCms.PyCMSError):
        return image
    return made or image


def _write(image: Image.Image, format: Format) -> tuple[bytes, str]:
    if format == "png":
        made = _saved(image, "PNG", compress_level=6)
        if len(made) <= MAX_BYTES:
            return made, "image/png"
    image = _on_white(image)
    while True:
        for quality in (90, 80, 65):
            made = _saved(image, "JPEG", quality=quality)
            if len(made) <= MAX_BYTES:
                return made, "image/jpeg"
        image = image.reduce(2)


def _saved(image: Image.Image, name: str, **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, name, **options)
    return out.getvalue()


def _on_white(image: Image.Image) -> Image.Image:
    """JPEG knows no transparency and no palette."""
    if image.mode == "RGBA":
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        return ground
    return image if image.mode in ("L", "RGB") else image.convert("RGB")
