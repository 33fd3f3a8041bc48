"""«المواعيد الموعودة»: accepted requests and the dates that were promised for them."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, Router, get
from litestar.response import Stream
from markupsafe import Markup

from balagh.directory.lookup import Catalogue, catalogue
from balagh.i18n import N_
from balagh.people import audit
from balagh.reports import promises
from balagh.reports.cases import Desk
from balagh.reports.kinds import KINDS
from balagh.reports.promises import MANY, Promise, Tab
from balagh.web.downloads import csv_file
from balagh.web.page import AnyRequest, render
from balagh.web.staff.desk import CASEWORK, desk_of
from balagh.web.staff.promise import how_it_stands
from balagh.web.telling import Teller, teller_of
from balagh.web.views import OptionView, number

_TABS = {
    Tab.SOON: N_("Due within 30 days"),
    Tab.OVERDUE: N_("Overdue"),
    Tab.DELIVERED: N_("Delivered"),
    Tab.ALL: N_("All"),
}
_NOTHING = {
    Tab.SOON: N_("No promised date comes within 30 days."),
    Tab.OVERDUE: N_("No promised date has passed without delivery."),
    Tab.DELIVERED: N_("Nothing was marked as delivered yet."),
    Tab.ALL: N_("No request was accepted yet."),
}
# Lines of the export that are read at once.
_BATCH = 1000


class TabView(msgspec.Struct, frozen=True):
    """``count``: empty where it is not counted."""

    url: str
    text: str
    count: str
    current: bool


class LineView(msgspec.Struct, frozen=True):
    url: str
    number: Markup
    title: str
    kind: str
    agency: str
    promised: str
    state: str
    tone: str


@get("/promises")
async def ledger(request: AnyRequest) -> Response[Any]:
    desk, teller = desk_of(request), await teller_of(request)
    known = await catalogue(teller.now)
    tab, agency, after = _asked(request, desk, known)
    today = teller.now.astimezone(teller.zone).date()
    page = await promises.ledger(desk, tab, today, agency=agency, after=after)
    counts = await promises.counts(desk, today, agency=agency)
    code = known.agencies[agency].code if agency else ""
    more = {"agency": code} if code else {}
    language = teller.language
    return render(
        request,
        "staff/promises.html",
        tabs=[
            TabView(
                "/promises?" + urlencode({"tab": one.value, **more}),
                language.text(text),
                _count(counts.get(one)),
                one is tab,
            )
            for one, text in _TABS.items()
        ],
        tab=tab.value,
        lines=[_line(one, teller) for one in page.lines],
        nothing=language.text(_NOTHING[tab]),
        next_url="/promises?" + urlencode({"tab": tab.value, **more, "after": page.next})
        if page.next
        else "",
        export_url="/promises.csv?" + urlencode({"tab": tab.value, **more}),
        agencies=[
            OptionView(one.code, language.name(one), "", one.code == code)
            for one in known.agency_list(language.code)
        ]
        if desk.agency_id is None
        else [],
    )


@get("/promises.csv")
async def export(request: AnyRequest) -> Stream:
    """All that the filter shows, without a cap."""
    desk, teller = desk_of(request), await teller_of(request)
    known = await catalogue(teller.now)
    tab, agency, _ = _asked(request, desk, known)
    data = {"tab": tab.value, **({"agency": agency} if agency else {})}
    await audit.record(desk.staff_id, "export", "promises", teller.now, data)
    return csv_file("promises.csv", _batches(desk, tab, agency, teller))


async def _batches(
    desk: Desk, tab: Tab, agency: int | None, teller: Teller
) -> AsyncIterator[Sequence[Sequence[object]]]:
    text = teller.language.text
    yield [
        (
            text("Report number"), text("Title"), text("Kind"), text("Agency"),
            text("Promised for"), text("Delivered on"), text("State"),
        )
    ]  # fmt: skip
    today = teller.now.astimezone(teller.zone).date()
    after = None
    while True:
        page = await promises.ledger(desk, tab, today, agency=agency, after=after, limit=_BATCH)
        yield [
            (
                one.number,
                one.title,
                text(KINDS[one.kind].name),
                teller.language.name(one, "agency"),
                one.promised_on.isoformat(),
                one.delivered_at.astimezone(teller.zone).date().isoformat()
                if one.delivered_at
                else "",
                how_it_stands(one.promised_on, one.delivered_at, teller)[0],
            )
            for one in page.lines
        ]
        if page.next is None:
            return
        after = page.next


def _asked(request: AnyRequest, desk: Desk, known: Catalogue) -> tuple[Tab, int | None, int | None]:
    """Tab, agency and place, as the address says; what it does not know is left out."""
    query = request.query_params
    tab = Tab(query["tab"]) if query.get("tab") in {*Tab} else Tab.SOON
    named = known.agency_codes.get(query.get("agency", "")) if desk.agency_id is None else None
    after = query.get("after", "")
    return (
        tab,
        named.id if named else None,
        int(after) if after.isascii() and after.isdigit() and len(after) < 18 else None,
    )


def _count(count: int | None) -> str:
    if count is None:
        return ""
    return f"{MANY - 1}+" if count >= MANY else str(count)


def _line(one: Promise, teller: Teller) -> LineView:
    language = teller.language
    state, tone = how_it_stands(one.promised_on, one.delivered_at, teller)
    return LineView(
        f"/cases/{one.number}",
        number(one.number),
        one.title,
        language.text(KINDS[one.kind].name),
        language.name(one, "agency"),
        language.date(one.promised_on, weekday=False),
        state,
        tone,
    )


router = Router("/", guards=[CASEWORK], route_handlers=[ledger, export])
