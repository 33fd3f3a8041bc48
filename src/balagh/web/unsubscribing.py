"""``/unsubscribe/{token}``: stopping the notices to staff by the link in one, without signing in.

Opening the link stops nothing, because programs that check mail open links too; the button does.
Mail programs send the same form by themselves (RFC 8058): without a cookie, an origin or a token of
ours, so the address alone says whose it is, and the answer is a page and no redirection.
"""

from typing import Any

from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from balagh import clock
from balagh.people import unsubscribing
from balagh.web import access
from balagh.web.page import AnyRequest, render, settings_of

# What RFC 8058 makes mail programs send.
_ONE_CLICK = "List-Unsubscribe"


@get("/unsubscribe/{token:str}")
async def ask(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """``?done``: it was stopped just now."""
    _whose(request, token)
    return _page(request, token, done="done" in request.query_params)


@post("/unsubscribe/{token:str}", opt={access.OUTSIDE: True}, status_code=200)
async def stop(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    if not await unsubscribing.stop(_whose(request, token)):
        raise NotFoundException
    if _ONE_CLICK in await request.form():
        return _page(request, token, done=True)
    return access.see_other(f"/unsubscribe/{token}?done")


def _whose(request: AnyRequest, token: str) -> int:
    """404, as for any address that does not exist, when it is none of ours or over."""
    found = unsubscribing.read(token, settings_of(request).secret_key, clock.now())
    if found is None:
        raise NotFoundException
    return found


def _page(request: AnyRequest, token: str, *, done: bool) -> Response[Any]:
    response = render(request, "public/unsubscribe.html", action=f"/unsubscribe/{token}", done=done)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


router = Router("/", route_handlers=[ask, stop])
