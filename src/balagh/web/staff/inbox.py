"""The inbox of reviewers and of agencies: what is theirs to do, the next due first.

All of it is in the address: the view, what narrows it, what is searched, the place to go on from.
Every link is a page of its own; a script only tells what is new and moves with the keyboard.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, Router, get
from markupsafe import Markup

from balagh import clock
from balagh.directory.lookup import Catalogue, catalogue
from balagh.i18n import N_, Language, isolate
from balagh.people import audit
from balagh.people.staff_names import StaffName, StaffNames
from balagh.reports import inbox as reading
from balagh.reports import inbox_filter, inbox_search, numbers
from balagh.reports.cases import Desk
from balagh.reports.inbox import MOST, ROWS, Asked, Counts, Page, Place
from balagh.reports.inbox_filter import LABELS
from balagh.reports.inbox_views import views_of
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import STATE_TEXT, State
from balagh.reports.saved_views import SavedView, saved_views
from balagh.web import access, views
from balagh.web.page import AnyRequest, language_of, render, settings_of
from balagh.web.staff import bulk
from balagh.web.staff.desk import CASEWORK, desk_of
from balagh.web.staff.inbox_rows import row_views
from balagh.web.telling import teller_of

# Which filters stand beside the list; the others unfold.
_FIRST = ("kind", "agency", "state", "channel")


class TabView(msgspec.Struct, frozen=True):
    code: str
    text: str
    url: str
    count: str
    late: bool
    here: bool


class ChoiceView(msgspec.Struct, frozen=True):
    """A list to choose from: ``options`` by value and text, the chosen one marked."""

    name: str
    label: str
    options: list[tuple[str, str, bool]]


class ChipView(msgspec.Struct, frozen=True):
    """A filter that is on, and the address without it."""

    text: str
    url: str


@get("/inbox")
async def inbox(request: AnyRequest) -> Response[Any]:
    asked, found = await asked_of(request)
    query = request.query_params
    page = await reading.page(
        asked,
        after=Place.parse(query.get("after", "")),
        before=Place.parse(query.get("before", "")),
    )
    return await _show(request, asked, found, page)


@get("/inbox/news", opt={access.PASSIVE: True})
async def news(request: AnyRequest) -> Response[Any]:
    """What is new since the page was shown (``since``), and the counts: for the page's script."""
    asked, _ = await asked_of(request, searching=False)
    place = Place.parse(request.query_params.get("since", "") + "-0")
    # What is older than a day needs no announcement: the page is.
    oldest = asked.now - timedelta(days=1)
    since = max(place.due_at, oldest) if place else asked.now
    return render(
        request,
        "staff/_news.html",
        at="/inbox",
        news=await reading.news(asked, since),
        news_url=_address(asked.filter.query()),
        tabs=await _tabs(request, asked),
    )


@get("/inbox/shortcuts")
async def shortcuts(request: AnyRequest) -> Response[Any]:
    """The keys, for whoever opens the list as a page."""
    return render(request, "staff/shortcuts.html")


async def asked_of(
    request: AnyRequest, *, searching: bool = True, most: int | None = inbox_search.MOST
) -> tuple[Asked, inbox_search.Matches | None]:
    """What the address asks for, and what its search found; searching is recorded, because it
    tells whose a report is. ``most``: how many matches at most."""
    desk, now = desk_of(request), clock.now()
    known = await catalogue(now)
    given = inbox_filter.read(request.query_params, desk, known)
    found = None
    if given.search and searching:
        found = await inbox_search.matches(desk, given.search, most)
        await audit.record(desk.staff_id, "search", "inbox", now, {"found": len(found.ids)})
    asked = Asked(
        desk=desk,
        filter=given,
        ids=None if found is None else found.ids,
        catalogue=known,
        now=now,
        zone=ZoneInfo(settings_of(request).zone),
    )
    return asked, found


async def _show(
    request: AnyRequest, asked: Asked, found: inbox_search.Matches | None, page: Page
) -> Response[Any]:
    teller, language = await teller_of(request), language_of(request)
    held = {row.held_by for row in page.rows if row.held_by is not None}
    names = await _names(request).at(asked.now, held)
    given = asked.filter
    current = given.query()
    tabs = await _tabs(request, asked)
    saved = await saved_views(asked.desk)
    choices = _choices(asked, names, language)
    return render(
        request,
        "staff/inbox.html",
        tabs=tabs,
        view=next((tab.text for tab in tabs if tab.here), ""),
        rows=row_views(page.rows, asked.desk, names, asked.catalogue, teller),
        search=given.search,
        found=None if found is None else _found_text(asked.desk, found, language),
        done=_done(request, language),
        hidden=[("view", given.view.code)] + ([("q", given.search)] if given.search else []),
        choices=choices[: len(_FIRST)],
        more=choices[len(_FIRST) :],
        days=[(name, language.text(LABELS[name]), given.chosen.get(name, ""))
              for name in ("from", "to")],
        more_open=bool(given.chosen.keys() - {*_FIRST}),
        chips=_chips(asked, names, language),
        ignored=language.text(", ").join(
            language.text(LABELS.get(name, N_("View"))) for name in given.ignored
        ),
        query=current,
        saved=[_saved(one, current, language) for one in saved],
        is_saved=any(one.query == current for one in saved),
        export_url="/inbox/export?" + (current + "&" if current else "") + "format=",
        earlier=_address(given.query(), before=page.before),
        later=_address(given.query(), after=page.after),
        extent=_extent(page, request, asked, tabs, language),
        news_url=None if given.search else "/inbox/news?" + (current + "&" if current else "")
        + f"since={str(Place(asked.now, 0)).partition('-')[0]}",
        here_url=_address(current),
        agency=asked.desk.side == "agency",
        bulk=await bulk.bar(request),
    )  # fmt: skip


def _done(request: AnyRequest, language: Language) -> Markup:
    """What was just done to a report that is out of the desk's sight now."""
    number = numbers.parse(request.query_params.get("returned", ""))
    if number is None:
        return Markup("")
    return language.markup(
        "Report {number} was returned to Amer centre.", number=views.number(number)
    )


async def _tabs(request: AnyRequest, asked: Asked) -> list[TabView]:
    language = language_of(request)
    counts = await _counts(request).of(asked.desk, asked.now, asked.zone)
    return [
        TabView(
            view.code,
            language.text(view.name),
            "/inbox" if view.open else f"/inbox?view={view.code}",
            f"{MOST - 1}+" if counts[view.code] >= MOST else str(counts[view.code]),
            view.code == "overdue" and counts[view.code] > 0,
            view == asked.filter.view,
        )
        for view in views_of(asked.desk)
    ]


def _address(query: str, **place: Place | None) -> str:
    """The inbox's address with that query; empty for a place there is not."""
    parts = [query] if query else []
    for name, at in place.items():
        if at is None:
            return ""
        parts.append(f"{name}={at}")
    return "/inbox" + ("?" + "&".join(parts) if parts else "")


def _extent(
    page: Page, request: AnyRequest, asked: Asked, tabs: Sequence[TabView], language: Language
) -> Any:
    """1–50 of 128, where that is known without counting; else nothing."""
    query, rows = request.query_params, len(page.rows)
    if not rows or "after" in query or "before" in query:
        return ""
    whole = str(rows) if page.after is None else ""
    plain = not asked.filter.chosen and asked.ids is None
    if not whole and plain:
        whole = next((tab.count for tab in tabs if tab.here), "")
        # Seconds old, and less than what is seen: nothing is better than that.
        if not whole.endswith("+") and int(whole) <= ROWS:
            whole = ""
    everything = asked.filter.view.open and not asked.filter.chosen
    if not whole and asked.ids is not None and everything:
        whole = str(len(asked.ids))
    return whole and language.markup(
        "{extent} of {count}", extent=isolate(f"1–{rows}"), count=isolate(whole)
    )


def _choices(asked: Asked, names: Mapping[int, StaffName], language: Language) -> list[ChoiceView]:
    given, known, code = asked.filter, asked.catalogue, language.code
    chosen = given.chosen
    agency = known.agency_codes.get(chosen.get("agency", ""))
    platform = known.platform_codes.get(chosen.get("platform", ""))
    platforms = known.platforms_of(agency.id, code) if agency else known.platform_list(code)
    services: Sequence[Any] = ()
    if platform:
        services = known.services_of(platform.id, code)
    elif agency:
        services = (
            *(one for each in platforms for one in known.services_of(each.id, code)),
            *known.paper_services_of(agency.id, code),
        )
    elif "service" in chosen:
        services = (known.service_codes[chosen["service"]],)
    colleagues = [
        (str(one.id), language.name(one))
        for one in sorted(names.values(), key=lambda one: language.name(one))
        if one.active and one.agency_id == asked.desk.agency_id and one.role != "administrator"
    ]
    lists: dict[str, list[tuple[str, str]]] = {
        "kind": [(kind.code, language.text(kind.name)) for kind in KINDS.values()],
        "agency": [(one.code, language.name(one)) for one in known.agency_list(code)],
        "state": [
            (inbox_filter.OPEN, language.text("Not ended")),
            (inbox_filter.ANY, language.text("Any")),
            *((state.value, language.text(text)) for state, text in STATE_TEXT.items()),
        ],
        "channel": _texts(inbox_filter.CHANNELS, language),
        "platform": [(one.code, language.name(one, "short")) for one in platforms],
        "service": [(one.code, language.name(one)) for one in services],
        "ground": _texts(inbox_filter.GROUNDS, language),
        "priority": _texts(inbox_filter.PRIORITIES, language),
        "assignee": [
            (inbox_filter.ME, language.text("Me")),
            (inbox_filter.NOBODY, language.text("Nobody")),
            *colleagues,
        ],
    }
    return [
        ChoiceView(
            name,
            language.text(LABELS[name]),
            [(value, text, value == chosen.get(name)) for value, text in options],
        )
        for name, options in lists.items()
        if options
    ]


def _texts(texts: Mapping[str, str], language: Language) -> list[tuple[str, str]]:
    return [(code, language.text(text)) for code, text in texts.items()]


def _chips(asked: Asked, names: Mapping[int, StaffName], language: Language) -> list[ChipView]:
    """What narrows the list, each to be taken off."""
    given, found = asked.filter, []
    if given.state and "state" not in given.chosen:
        found.append(
            ChipView(
                _chip("state", language.text("Not ended"), language),
                _address(given.query(state=inbox_filter.ANY)),
            )
        )
    for name, value in given.chosen.items():
        if name == "state" and value == inbox_filter.ANY:
            continue
        # Taken off the state of a view that shows what is open, any is meant.
        without = inbox_filter.ANY if name == "state" and given.view.open else None
        text = _meaning(name, value, asked.catalogue, names, language)
        found.append(
            ChipView(_chip(name, text, language), _address(given.query(**{name: without})))
        )
    if given.search:
        url = _address(given.query(q=None))
        found.append(ChipView(_chip("search", given.search, language), url))
    return found


def _chip(name: str, text: str, language: Language) -> str:
    label = language.text(LABELS[name]) if name in LABELS else language.text("Search")
    return language.text("{label}: {value}", label=label, value=text)


def _meaning(
    name: str,
    value: str,
    known: Catalogue,
    names: Mapping[int, StaffName],
    language: Language,
) -> str:
    match name:
        case "kind":
            return language.text(KINDS[value].name)
        case "agency":
            return language.name(known.agency_codes[value], "short")
        case "platform":
            return language.name(known.platform_codes[value], "short")
        case "service":
            return language.name(known.service_codes[value])
        case "ground":
            return language.text(inbox_filter.GROUNDS[value])
        case "channel":
            return language.text(inbox_filter.CHANNELS[value])
        case "priority":
            return language.text(inbox_filter.PRIORITIES[value])
        case "state" if value == inbox_filter.OPEN:
            return language.text("Not ended")
        case "state":
            return language.text(STATE_TEXT[State(value)])
        case "assignee" if value == inbox_filter.ME:
            return language.text("Me")
        case "assignee" if value == inbox_filter.NOBODY:
            return language.text("Nobody")
        case "assignee":
            one = names.get(int(value))
            return language.name(one) if one else value
        case _:
            return language.date(datetime.fromisoformat(value).date(), weekday=False)


def _saved(one: SavedView, current: str, language: Language) -> dict[str, Any]:
    return {
        "name": one.name,
        "url": _address(one.query),
        "here": one.query == current,
        "owner": "" if one.own else language.name(one, "owner"),
    }


def _found_text(desk: Desk, found: inbox_search.Matches, language: Language) -> str:
    if found.short and desk.side == "agency":
        return language.text(
            "Search for a word of at least {n} letters, a number or a reference.",
            n=inbox_search.SHORTEST,
        )
    if found.short:
        return language.text(
            "Search for a word of at least {n} letters, a number, a reference or a telephone.",
            n=inbox_search.SHORTEST,
        )
    if found.cut:
        return language.text(
            "More reports match than can be shown in order: these are among the latest. Add a "
            "word to find less."
        )
    return language.plural("{n} report matches", "{n} reports match", len(found.ids))


def _counts(request: AnyRequest) -> Counts:
    found: Counts = request.app.state.counts
    return found


def _names(request: AnyRequest) -> StaffNames:
    found: StaffNames = request.app.state.staff_names
    return found


router = Router("/", guards=[CASEWORK], route_handlers=[inbox, news, shortcuts])
