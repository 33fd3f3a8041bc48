"""Static files: fingerprinted names, compressed beforehand, kept by browsers for a year."""

from litestar import Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from balagh.assets import lookup
from balagh.web import access
from balagh.web.page import AnyRequest


@get("/{name:path}", opt={access.ANONYMOUS: True})
async def static_file(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """One file; 304 when the browser has it (RFC 9110, 13.1.2)."""
    found = lookup("/static" + name)
    if found is None:
        raise NotFoundException
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": found.etag,
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == found.etag:
        return Response(content=b"", status_code=304, headers=headers)
    body = found.body
    accepted = request.headers.get("accept-encoding", "")
    if "br" in accepted and found.brotli is not None:
        body, headers["Content-Encoding"] = found.brotli, "br"
    elif "gzip" in accepted and found.gzip is not None:
        body, headers["Content-Encoding"] = found.gzip, "gzip"
    return Response(content=body, media_type=found.media_type, headers=headers)


router = Router("/static", route_handlers=[static_file])
