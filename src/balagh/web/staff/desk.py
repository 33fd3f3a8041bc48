"""Who of the staff makes the request, and the report they work on."""

from litestar.exceptions import NotFoundException

from balagh.reports import cases, numbers
from balagh.reports.cases import Case, Desk
from balagh.reports.lifecycle import Role
from balagh.web import access
from balagh.web.page import AnyRequest

# Everybody who works on reports: the guard of their pages.
CASEWORK = access.staff(*cases.AMER, *cases.AGENCY)


def desk_of(request: AnyRequest) -> Desk:
    """Behind a guard for staff."""
    found = access.visitor(request)
    if found is None or found.staff_id is None:
        raise NotFoundException
    return Desk(found.staff_id, Role(found.role), found.agency_id)


async def case_of(request: AnyRequest, number: str) -> Case:
    """The report, when whoever asks may see it; else it is as absent as one that does not exist."""
    found = await cases.case_for(desk_of(request), numbers.parse(number) or "")
    if found is None:
        raise NotFoundException
    return found
