"""Who has how much: for an agency's manager their own people, for a supervisor all agencies."""

from itertools import groupby
from typing import Any

import msgspec
from litestar import Response, Router, get

from balagh.reports import deadlines
from balagh.reports.cases import Desk
from balagh.reports.lifecycle import Role
from balagh.reports.load import Share, amer_shares, shares
from balagh.web import access
from balagh.web.page import AnyRequest, render
from balagh.web.staff.desk import desk_of
from balagh.web.telling import Teller, teller_of


class ShareView(msgspec.Struct, frozen=True):
    """One row; ``url``: where the inbox shows what lies with them, empty where it cannot."""

    name: str
    url: str
    open: int
    overdue: int
    today: int
    waiting: int
    days: str


class AgencyView(msgspec.Struct, frozen=True):
    """``url``: where the inbox shows all that lies with the agency."""

    name: str
    url: str
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
    agencies = [_agency(list(rows), teller, desk) for _, rows in by_agency]
    amer = await amer_shares(teller.now, midnight) if desk.agency_id is None else []
    return render(
        request,
        "staff/load.html",
        # What nobody waits for comes last for somebody who sees all of them.
        agencies=[
            *([_agency(amer, teller, desk)] if amer else []),
            *sorted(agencies, key=lambda one: (-one.overdue, -one.open)),
        ],
    )


def _agency(rows: list[Share], teller: Teller, desk: Desk) -> AgencyView:
    language, code = teller.language, rows[0].agency_code
    # The inbox tells apart the people of one's own side alone.
    own = rows[0].agency_id == desk.agency_id
    return AgencyView(
        language.name(rows[0], "agency") if code else language.text("Amer centre"),
        "" if own else f"/inbox?agency={code}&state=in_progress",
        [_row(one, teller, own=own) for one in rows],
        *(
            sum(getattr(one, name) for one in rows)
            for name in ("open", "overdue", "today", "waiting")
        ),
    )


def _row(one: Share, teller: Teller, *, own: bool) -> ShareView:
    language = teller.language
    nobody = one.staff_id is None
    return ShareView(
        language.text("With nobody yet") if nobody else language.name(one),
        f"/inbox?assignee={'none' if nobody else one.staff_id}" if own and one.open else "",
        one.open,
        one.overdue,
        one.today,
        one.waiting,
        "" if one.days is None else f"{one.days:.1f}",
    )


router = Router("/", route_handlers=[load])
