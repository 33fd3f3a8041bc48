"""The page of one report for those who work on it (specification 4).

It is put together from panels, each with its module and its partial template. A panel whose form
was sent with something wrong passes its own view instead, and the page comes back with it.
"""

from typing import Any

from litestar import Response, Router, get
from litestar.params import FromPath

from balagh import clock
from balagh.people import audit
from balagh.reports import cases
from balagh.reports.cases import Case
from balagh.reports.lifecycle import STATE_TEXT
from balagh.web.page import AnyRequest, render, settings_of
from balagh.web.staff import evidence_links, splitting
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
    desk, teller = desk_of(request), await teller_of(request)
    sms = settings_of(request).sms_url is not None
    views: dict[str, Any] = {
        "entries": await cases.entries(desk, found.id),
        "evidence_link": await evidence_links.panel(found, desk, teller, sms=sms),
        "parts": await splitting.panel(found, desk, teller),
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
