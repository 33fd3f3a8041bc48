"""The name under which a file is shown and downloaded; it is never a path on our side."""

import re
import unicodedata
from urllib.parse import quote

from balagh.files.formats import EXTENSIONS

# As the attachment table: characters, extension included.
MAX_LENGTH = 200

# Cc, Cf: control characters and those that turn the reading direction («gpj.exe» for «exe.jpg»);
# Cs, Co, Cn: nothing that has a meaning of its own; Zl, Zp: line and paragraph ends.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_EXTENSION = re.compile(r"\.(?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{1,5}$")
# RFC 8187, 3.2.1: attr-char besides letters and digits.
_ATTR_CHAR = "!#$&+-.^_`|~"


def display_name(sent: str, media_type: str) -> str:
    """The name sent by the browser, made safe, with the extension of the real type (a key of
    ``EXTENSIONS``); at most ``MAX_LENGTH`` characters."""
    stem = _EXTENSION.sub("", safe_name(sent).rstrip(".")).strip(" .")
    extension = EXTENSIONS[media_type]
    stem = stem[: MAX_LENGTH - len(extension)].rstrip(" .")
    return (stem or "file") + extension


def safe_name(sent: str) -> str:
    """The last part of a path, with nothing invisible in it, at most ``MAX_LENGTH`` characters:
    to tell people which of their files is meant."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", sent))[-1]
    seen = "".join(
        character
        for character in re.sub(r"\s", " ", last)
        if unicodedata.category(character) not in _INVISIBLE
    )
    # Reserved in file names by the systems people download to.
    seen = re.sub(r'[<>:"|?*]', "_", seen)
    return re.sub(r" +", " ", seen).strip()[:MAX_LENGTH]


def content_disposition(name: str) -> str:
    """The header that has the browser save the file and not show it (RFC 6266, 4; RFC 8187)."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", name)
    if not re.search(r"[A-Za-z0-9]", plain.rpartition(".")[0]):
        plain = "file" + re.sub(
            r"[^.A-Za-z0-9]", "", plain[plain.rfind(".") :] if "." in plain else ""
        )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_ATTR_CHAR)}"


def download_headers(name: str, media_type: str) -> dict[str, str]:
    """Headers for serving a kept file: saved, taken for nothing else, able to do nothing, and left
    in no shared cache. Whether the person may see it is the caller's question."""
    return {
        "Content-Type": media_type,
        "Content-Disposition": content_disposition(name),
        "X-Content-Type-Options": "nosniff",
        # `sandbox` alone takes the origin away; the rest is for readers that know it not.
        "Content-Security-Policy": (
            "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        ),
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-store",
        "Referrer-Policy": "no-referrer",
    }
