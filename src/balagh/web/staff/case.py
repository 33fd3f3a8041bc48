"""The page of one report for those who work on it (specification 4).

It is put together from panels, each with its module and its partial template. A panel whose form
was sent with something wrong passes its own view instead, and the page comes back with it. What
makes a panel's view imports nothing of this module; the handlers of its forms do.
"""

from typing import Any

from litestar import Response, Router, get
from litestar.params import FromPath

from balagh import clock
from balagh.people import audit
from balagh.reports.cases import Case
from balagh.reports.lifecycle import STATE_TEXT
from balagh.web.page import AnyRequest, render
from balagh.web.staff import assignment
from balagh.web.staff.desk import CASEWORK, case_of, desk_of
from balagh.web.telling import teller_of


@get("/cases/{number:str}")
async def case(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    found = await case_of(request, number)
    desk = desk_of(request)
    await audit.record(desk.staff_id, "view", f"report:{found.id}", clock.now())
    return await show(request, found)


async def show(
    request: AnyRequest, found: Case, *, status: int = 200, **panels: Any
) -> Response[Any]:
    """The page. ``panels``: views that take the place of what a panel would say by itself."""
    teller = await teller_of(request)
    # Each by the name of its partial; none: the panel is not there.
    views: dict[str, Any] = {
        "facts": None,
        "promise": None,
        "story": None,
        "actions": None,
        "assignment": await assignment.panel(request, found),
        "parts": None,
        "evidence_link": None,
        "answer_links": None,
        "related": None,
    }
    return render(
        request,
        "staff/case.html",
        status=status,
        case=found,
        case_url=f"/cases/{found.number}",
        state_text=teller.language.text(STATE_TEXT[found.state]),
        **(views | panels),
    )


router = Router("/", guards=[CASEWORK], route_handlers=[case])
