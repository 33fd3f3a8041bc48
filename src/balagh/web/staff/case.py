"""The page of one report for those who work on it (specification 4).

It is put together from panels, each with its module and its partial template. A panel whose form
was sent with something wrong passes its own view instead, and the page comes back with it. What
makes a panel's view imports nothing of this module; the handlers of its forms do.
"""

from collections.abc import Sequence
from typing import Any

from litestar import Response, Router, get
from litestar.params import FromPath

from balagh import clock
from balagh.people import audit
from balagh.reports import notes, presence
from balagh.reports.cases import Case
from balagh.web import access
from balagh.web.counting import agreeing
from balagh.web.page import AnyRequest, render, settings_of
from balagh.web.staff import actions, assignment, evidence_links, facts, related, splitting, story
from balagh.web.staff.acknowledgement import acknowledgement
from balagh.web.staff.answer_links import answer_links
from balagh.web.staff.desk import CASEWORK, case_of, desk_of
from balagh.web.staff.head import head, remember_inbox
from balagh.web.staff.presence import presence_view
from balagh.web.staff.promise import promise
from balagh.web.telling import teller_of
from balagh.web.views import ErrorView


@get("/cases/{number:str}")
async def case(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    found, desk, now = await case_of(request, number), desk_of(request), clock.now()
    access.saw_mentions(request, await notes.read(desk, found.id, now))
    await presence.opened(desk, found.id, found.version, now)
    response = await show(request, found)
    # Last, and for itself: who writes into the log keeps others from it until the end.
    await audit.record(desk.staff_id, "view", f"report:{found.id}", now)
    return response


async def show(
    request: AnyRequest,
    found: Case,
    *,
    status: int = 200,
    errors: Sequence[ErrorView] = (),
    **panels: Any,
) -> Response[Any]:
    """The page. ``panels``: views that take the place of what a panel would say by itself;
    ``errors``: what is wrong with the form that was sent, told first of all."""
    desk, teller = desk_of(request), await agreeing(await teller_of(request), [found])
    sms = settings_of(request).sms_url is not None
    public = request.query_params.get("story") == "public"
    # Each by the name of its partial; none: the panel is not there.
    views: dict[str, Any] = {
        "facts": await facts.panel(desk, found, teller),
        "promise": promise(desk, found, teller),
        "story": None
        if "story" in panels
        else await story.panel(desk, found, teller, public=public),
        "actions": None if "actions" in panels else await actions.panel(request, found),
        "assignment": await assignment.panel(request, found),
        "parts": await splitting.panel(found, desk, teller),
        "evidence_link": await evidence_links.panel(found, desk, teller, sms=sms),
        "answer_links": await answer_links(desk, found, teller),
        "acknowledgement": await acknowledgement(desk, found, teller),
        "related": await related.panel(desk, found, teller),
    }
    top = await head(request, desk, found, teller)
    response = render(
        request,
        "staff/case.html",
        status=status,
        case=found,
        case_url=f"/cases/{found.number}",
        head=top,
        presence=await presence_view(desk, found, teller),
        errors=errors,
        **(views | panels),
    )
    response.set_cookie(remember_inbox(request, top.back_url))
    return response


router = Router("/", guards=[CASEWORK], route_handlers=[case])
