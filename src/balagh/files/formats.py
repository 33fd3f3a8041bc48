"""The kinds of file that are taken as evidence, how they are recognised, and the limits.

A file is what its first bytes say, never what its name or the browser says; the decoder then proves
it. The signatures are written here because the general recognisers take HEIC for video and take a
PDF header anywhere (docs/decisions/020). Sources: PNG (ISO 15948) 5.2, JPEG (ISO 10918-1) B.1.1.3,
RFC 9649 (WebP) 2.4, ISO 14496-12 4.3 with ISO 23008-12 10.2 (HEIC brands), ISO 32000-1 7.5.2.
"""

from typing import Literal

Format = Literal["png", "jpeg", "webp", "heic", "pdf"]

# Of the file as sent and of the file as kept; the attachment table refuses more.
MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_PAGES = 200

# Bytes that ``recognise`` looks at.
HEAD = 64

# WebP and HEIC are written anew as JPEG, which every officer's program opens.
KEPT_AS: dict[Format, str] = {"png": "image/png", "jpeg": "image/jpeg", "pdf": "application/pdf"}
EXTENSIONS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "application/pdf": ".pdf",
}

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


class RefusedError(Exception):
    """The file is not taken; ``code`` is a key of ``inspection.REASONS``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def recognise(raw: bytes) -> Format | None:
    """The format whose signature the bytes begin with, or none of those taken."""
    if raw.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if raw.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if raw.startswith(b"RIFF") and raw[8:12] == b"WEBP":
        return "webp"
    if raw[4:8] == b"ftyp" and raw[8:12] in _HEIC_BRANDS:
        return "heic"
    # White space and a byte order mark before the header are common faults of PDF writers; anything
    # else there makes a file that is also something else.
    if raw[:HEAD].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"%PDF-"):
        return "pdf"
    return None
