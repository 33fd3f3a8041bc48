"""``/stop/{token}`` and ``/unsubscribe/{token}``: ending reminders, or the notices to staff, by the
link of one of them, without signing in.

Opening the link changes nothing, because programs that check mail open links too; its page asks
once. Mail programs that offer a button of their own send one POST and show no page (RFC 8058): it
comes from the mailbox's provider, so neither its origin nor a session says anything, and the token
alone does.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from balagh import clock
from balagh.people import unsubscribing
from balagh.reports import stop_links
from balagh.web import access
from balagh.web.page import AnyRequest, render, settings_of

# What RFC 8058 makes mail programs send.
_ONE_CLICK = "List-Unsubscribe"


class _Kind(msgspec.Struct, frozen=True):
    """``read``: whose a token is and until when; ``stop``: false when there is nobody like that."""

    path: str
    template: str
    read: Callable[[str, bytes], tuple[int, datetime] | None]
    stop: Callable[[int], Awaitable[bool]]


_REMINDERS = _Kind("/stop", "public/stop.html", stop_links.read, stop_links.stop)
_STAFF = _Kind(
    "/unsubscribe", "public/unsubscribe.html", unsubscribing.read, unsubscribing.stop
)  # fmt: skip


@get("/stop/{token:str}")
async def ask_about_reminders(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    return _ask(_REMINDERS, request, token)


@post("/stop/{token:str}", opt={access.OUTSIDE: True})
async def stop_reminders(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    return await _stop(_REMINDERS, request, token)


@get("/unsubscribe/{token:str}")
async def ask_about_notices(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    return _ask(_STAFF, request, token)


@post("/unsubscribe/{token:str}", opt={access.OUTSIDE: True})
async def stop_notices(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    return await _stop(_STAFF, request, token)


def _ask(kind: _Kind, request: AnyRequest, token: str) -> Response[Any]:
    """``?done=1``: after it was done, in a browser."""
    _, over = _linked(kind, request, token)
    if over:
        return _page(kind, request, token, "over")
    return _page(kind, request, token, "done" if request.query_params.get("done") == "1" else "ask")


async def _stop(kind: _Kind, request: AnyRequest, token: str) -> Response[Any]:
    """Ends them, however often it is sent. Mail providers follow no redirection."""
    whose, over = _linked(kind, request, token)
    if not over and not await kind.stop(whose):
        raise NotFoundException
    if _ONE_CLICK in await request.form():
        return Response(b"", status_code=410 if over else 200, media_type="text/plain")
    if over:
        return _page(kind, request, token, "over")
    return access.see_other(f"{kind.path}/{token}?done=1")


def _linked(kind: _Kind, request: AnyRequest, token: str) -> tuple[int, bool]:
    """Whose, and whether it is over; 404, as for any address that does not exist, when we never
    made it."""
    link = kind.read(token, settings_of(request).secret_key)
    if link is None:
        raise NotFoundException
    whose, expires = link
    return whose, clock.now() >= expires


def _page(kind: _Kind, request: AnyRequest, token: str, state: str) -> Response[Any]:
    page = render(
        request,
        kind.template,
        status=410 if state == "over" else 200,
        state=state,
        action=f"{kind.path}/{token}",
    )
    page.headers["X-Robots-Tag"] = "noindex"
    return page


router = Router(
    "/", route_handlers=[ask_about_reminders, stop_reminders, ask_about_notices, stop_notices]
)
