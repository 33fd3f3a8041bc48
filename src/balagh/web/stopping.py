"""``/stop/{token}``: ending reminders by the link of one, without signing in.

Opening the link changes nothing, because programs that check mail open links too; its page asks
once. Mail programs that offer a button of their own send one POST and show no page (RFC 8058): it
comes from the mailbox's provider, so neither its origin nor a session says anything, and the token
alone does.
"""

from typing import Any

from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from balagh import clock
from balagh.reports import stop_links
from balagh.reports.stop_links import StopLink
from balagh.web import access
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, render, settings_of

_ONE_CLICK = "List-Unsubscribe"


@get("/stop/{token:str}")
async def ask(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """``?done=1``: after it was done, in a browser."""
    link = _linked(request, token)
    if clock.now() >= link.expires:
        return _page(request, token, "over")
    return _page(request, token, "done" if request.query_params.get("done") == "1" else "ask")


@post("/stop/{token:str}", opt={access.OUTSIDE: True})
async def stop(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """Ends them, however often it is sent. Mail providers follow no redirection."""
    link = _linked(request, token)
    over = clock.now() >= link.expires
    if not over:
        await stop_links.stop(link.person)
    if _ONE_CLICK in await request.form():
        return Response(b"", status_code=410 if over else 200, media_type="text/plain")
    return _page(request, token, "over") if over else go(f"/stop/{token}?done=1")


def _linked(request: AnyRequest, token: str) -> StopLink:
    """404, as for any address that does not exist, when we never made it."""
    link = stop_links.read(token, settings_of(request).secret_key)
    if link is None:
        raise NotFoundException
    return link


def _page(request: AnyRequest, token: str, state: str) -> Response[Any]:
    page = render(
        request,
        "public/stop.html",
        status=410 if state == "over" else 200,
        state=state,
        action=f"/stop/{token}",
    )
    page.headers["X-Robots-Tag"] = "noindex"
    return page


router = Router("/", route_handlers=[ask, stop])
