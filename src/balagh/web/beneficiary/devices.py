"""Where the person is signed in, and signing out from afar."""

from datetime import timedelta
from typing import Any

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from balagh import clock
from balagh.people import sessions
from balagh.web import access
from balagh.web.beneficiary.visits import go, person_id
from balagh.web.page import AnyRequest, render, settings_of
from balagh.web.telling import teller_of


class SessionView(msgspec.Struct, frozen=True):
    seen_text: str
    since_text: str
    current: bool
    end_url: str


@get("/account/sessions")
async def signed_in(request: AnyRequest) -> Response[Any]:
    """Every session, the last used first. From where is not kept, so it is not shown."""
    teller = await teller_of(request)
    idle = timedelta(minutes=settings_of(request).session_idle_minutes)
    here = access.beneficiary_of(request).session_id
    found = await sessions.of_person(person_id(request), now=teller.now, idle=idle)
    return render(
        request,
        "account/sessions.html",
        sessions=[
            SessionView(
                teller.when(each.seen_at),
                teller.when(each.created_at),
                each.id == here,
                f"/account/sessions/{each.id}/end",
            )
            for each in found
        ],
    )


@post("/account/sessions/{session:int}/end")
async def end(request: AnyRequest, session: FromPath[int]) -> Response[Any]:
    """Ends one of the person's sessions; ending it again changes nothing."""
    if not await sessions.revoke_own(session, person_id(request), now=clock.now()):
        raise NotFoundException
    if session == access.beneficiary_of(request).session_id:
        return _signed_out(request)
    return go("/account/sessions")


@post("/account/sessions/end")
async def end_all(request: AnyRequest) -> Response[Any]:
    """Signs out everywhere, here too."""
    await sessions.revoke_all(person_id=person_id(request), now=clock.now())
    return _signed_out(request)


def _signed_out(request: AnyRequest) -> Response[Any]:
    settings = settings_of(request)
    if request.headers.get("hx-request") == "true":
        # The frame around the fragment would go on saying that somebody is signed in.
        response = Response(b"", status_code=200, headers={"HX-Redirect": "/"})
    else:
        response = access.see_other("/")
    response.set_cookie(access.expired_cookie(access.cookie_name(settings), settings))
    return response


router = Router("/", route_handlers=[signed_in, end, end_all])
