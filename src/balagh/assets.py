"""Static files under names that hold their hash, compressed once, kept in memory.

A name changes with its content, so browsers may keep what they have for ever.
"""

import gzip
import hashlib
from functools import cache
from pathlib import Path

import brotli
import msgspec
import rcssmin

STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_COMPRESSED = {".css", ".js", ".svg"}


class Asset(msgspec.Struct, frozen=True):
    """``brotli``, ``gzip``: the body compressed, where that makes it smaller."""

    url: str
    body: bytes
    etag: str
    media_type: str
    brotli: bytes | None
    gzip: bytes | None


def asset(name: str) -> str:
    """``app.css`` → ``/static/app.0123456789.css``. Raises ``KeyError`` for a file there is not."""
    return _assets()[name].url


def lookup(path: str) -> Asset | None:
    """The file that ``asset`` calls by this address, or none."""
    return _by_url().get(path)


@cache
def _by_url() -> dict[str, Asset]:
    return {found.url: found for found in _assets().values()}


@cache
def _assets() -> dict[str, Asset]:
    """Every servable file by its path below ``static``."""
    return {
        str(path.relative_to(STATIC)): _made(path)
        for path in sorted(STATIC.rglob("*"))
        if path.suffix in _TYPES
    }


def _made(path: Path) -> Asset:
    body = path.read_bytes()
    if path.suffix == ".css":
        body = str(rcssmin.cssmin(body.decode())).encode()
    digest = hashlib.sha256(body).hexdigest()[:10]
    name = path.relative_to(STATIC).with_suffix("")
    compressed = path.suffix in _COMPRESSED
    return Asset(
        url=f"/static/{name}.{digest}{path.suffix}",
        body=body,
        etag=f'"{digest}"',
        media_type=_TYPES[path.suffix],
        brotli=brotli.compress(body, quality=11) if compressed else None,
        gzip=gzip.compress(body, 9, mtime=0) if compressed else None,
    )
