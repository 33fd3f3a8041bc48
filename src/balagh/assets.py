"""Static files under names that hold their hash, minified and compressed once, kept in memory.

A name changes with its content, so browsers may keep what they have for ever.
"""

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path

import brotli
import msgspec
import rcssmin

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_COMPRESSED = (".css", ".js", ".svg")
_URL = re.compile(r"/static/(?P<stem>.+)\.(?P<digest>[0-9a-f]{10})(?P<suffix>\.[a-z]+)")


class Asset(msgspec.Struct, frozen=True):
    """``brotli``, ``gzip``: the body compressed, for what compresses."""

    body: bytes
    etag: str
    media_type: str
    brotli: bytes | None
    gzip: bytes | None


def asset(name: str) -> str:
    """``app.css`` → ``/static/app.0123456789.css``. Raises ``KeyError`` for a file there is not."""
    stem, dot, suffix = name.rpartition(".")
    return f"/static/{stem}.{_digest(name)}{dot}{suffix}"


def lookup(url: str) -> Asset | None:
    """The file that ``asset`` calls by this address; none under any other hash."""
    found = _URL.fullmatch(url)
    if found is None:
        return None
    name = found["stem"] + found["suffix"]
    if name not in _paths() or _digest(name) != found["digest"]:
        return None
    return _made(name)


@cache
def _paths() -> dict[str, Path]:
    """Every file that is served, by its path below ``static``; an address never becomes a path."""
    return {
        path.relative_to(STATIC).as_posix(): path
        for path in sorted(STATIC.rglob("*"))
        if path.suffix in TYPES
    }


@cache
def _body(name: str) -> bytes:
    path = _paths()[name]
    if path.suffix == ".css":
        return str(rcssmin.cssmin(path.read_text("utf-8"))).encode()
    return path.read_bytes()


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(_body(name)).hexdigest()[:10]


@cache
def _made(name: str) -> Asset:
    body, suffix = _body(name), _paths()[name].suffix
    compressed = suffix in _COMPRESSED
    return Asset(
        body=body,
        etag=f'"{_digest(name)}"',
        media_type=TYPES[suffix],
        brotli=brotli.compress(body, quality=11) if compressed else None,
        gzip=gzip.compress(body, 9, mtime=0) if compressed else None,
    )
