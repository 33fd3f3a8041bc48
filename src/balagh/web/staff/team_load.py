"""Who has how much: for an agency's manager their own people, for a supervisor all agencies."""

from itertools import groupby
from typing import Any

import msgspec
from litestar import Response, Router, get

from balagh.reports import deadlines
from balagh.reports.lifecycle import Role
from balagh.reports.load import Share, amer_shares, shares
from balagh.web import access
from balagh.web.page import AnyRequest, render
from balagh.web.staff.desk import desk_of
from balagh.web.telling import Teller, teller_of


class ShareView(msgspec.Struct, frozen=True):
    """One row: numbers and where the inbox shows what they count; ``days``: with a unit."""

    name: str
    nobody: bool
    url: str
    open: int
    overdue: int
    today: int
    waiting: int
    days: str


class AgencyView(msgspec.Struct, frozen=True):
    name: str
    rows: list[ShareView]
    open: int
    overdue: int
    today: int
    waiting: int


@get("/load", guards=[access.staff(Role.AGENCY_MANAGER, Role.SUPERVISOR)])
async def load(request: AnyRequest) -> Response[Any]:
    desk, teller = desk_of(request), await teller_of(request)
    midnight = deadlines.end_of(teller.now.astimezone(teller.zone).date(), teller.zone)
    found = await shares(desk.agency_id, teller.now, midnight)
    by_agency = groupby(found, lambda one: one.agency_id)
    agencies = [_agency(list(rows), teller) for _, rows in by_agency]
    amer = await amer_shares(teller.now, midnight) if desk.agency_id is None else []
    return render(
        request,
        "staff/load.html",
        # What nobody waits for comes last for somebody who sees all of them.
        agencies=[
            *([_agency(amer, teller)] if amer else []),
            *sorted(agencies, key=lambda one: (-one.overdue, -one.open)),
        ],
    )


def _agency(rows: list[Share], teller: Teller) -> AgencyView:
    language, of_amer = teller.language, rows[0].agency_id is None
    return AgencyView(
        language.text("Amer centre") if of_amer else language.name(rows[0], "agency"),
        [_row(one, teller) for one in rows],
        *(
            sum(getattr(one, name) for one in rows)
            for name in ("open", "overdue", "today", "waiting")
        ),
    )


def _row(one: Share, teller: Teller) -> ShareView:
    language = teller.language
    nobody = one.staff_id is None
    return ShareView(
        language.text("With nobody yet") if nobody else language.name(one),
        nobody,
        f"/inbox?assignee={'none' if nobody else one.staff_id}",
        one.open,
        one.overdue,
        one.today,
        one.waiting,
        "" if one.days is None else f"{one.days:.1f}",
    )


router = Router("/", route_handlers=[load])
