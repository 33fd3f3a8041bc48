"""Giving one report to somebody, and taking the one that is due next (specification 1)."""

from typing import Any

from litestar import Response, Router, get, post
from litestar.params import FromPath

from balagh import clock
from balagh.i18n import N_
from balagh.reports.assignment import Given, colleagues, give, holder_of, take_next
from balagh.reports.hands import HOLDERS, Hinder, hinder
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, render
from balagh.web.staff import assignment, case
from balagh.web.staff.assignment import NOBODY
from balagh.web.staff.desk import CASEWORK, case_of, desk_of
from balagh.web.telling import teller_of

HINDERED = {
    Hinder.ENDED: N_("The report has ended: nobody has to work on it."),
    Hinder.NOT_YOURS: N_("Only who has the report, or who leads the team, hands it over."),
    Hinder.NOT_THEM: N_("They do not work on reports here any more."),
}


@get("/cases/{number:str}/assignment")
async def back(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """The form is on the report's page; a reload of its answer leads there."""
    return go(f"/cases/{(await case_of(request, number)).number}")


@post("/cases/{number:str}/assignment")
async def assign(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """Gives it to whom the form names, if it is still with whom it was seen with."""
    found, desk, teller = await case_of(request, number), desk_of(request), await teller_of(request)
    form = await request.form()
    chosen, seen = str(form.get("to", "")), whole(str(form.get("held", "")))
    people = await colleagues(desk, teller.language.code)
    to = people.get(whole(chosen) or 0)
    text = teller.language.text

    async def again(status: int, **shown: Any) -> Response[Any]:
        view = await assignment.panel(request, found, chosen=chosen, **shown)
        return await case.show(request, found, status=status, assignment=view, errors=view.errors)

    if to is None and chosen != NOBODY:
        return await again(422, error=text(N_("Choose who gets the report")))
    me, holder = people[desk.staff_id], people.get(seen or 0)
    why = hinder(me, found.state, holder, to, teller.now)
    if why is not None:
        return await again(422, error=text(HINDERED[why]))
    wanted = to.id if to else None
    if seen != wanted:
        done = await give(desk, found.id, seen, wanted, teller.now)
        if not isinstance(done, Given):
            found = await case_of(request, number)
            # Pressed twice, or somebody else had the same idea: it is where they wanted it.
            if holder_of(desk, found) != wanted:
                return await again(409, overtaken=done)
    return go(f"/cases/{found.number}")


@post("/inbox/next")
async def take(request: AnyRequest) -> Response[Any]:
    """Takes the report that waits and is due first, and leads to it."""
    desk = desk_of(request)
    number = await take_next(desk, clock.now()) if desk.role in HOLDERS else None
    return go(f"/cases/{number}" if number else "/inbox/next")


@get("/inbox/next")
async def nothing(request: AnyRequest) -> Response[Any]:
    """Where taking leads when nothing waits."""
    return render(request, "staff/nothing_waits.html")


def whole(given: str) -> int | None:
    """An id as a form sends it, or none."""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 18 else None


router = Router("/", guards=[CASEWORK], route_handlers=[back, assign, take, nothing])
