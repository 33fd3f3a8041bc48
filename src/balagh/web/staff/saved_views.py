"""Saved views of the inbox: kept, renamed, shared with one's side, deleted."""

from typing import Any

from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from balagh import clock
from balagh.directory.lookup import catalogue
from balagh.i18n import N_
from balagh.people import audit
from balagh.reports import inbox_filter, saved_views
from balagh.reports.cases import Desk
from balagh.reports.fields import Line, Problem
from balagh.reports.saved_views import SavedView
from balagh.web.access import see_other
from balagh.web.page import AnyRequest, language_of, render
from balagh.web.staff.desk import CASEWORK, desk_of
from balagh.web.views import ErrorView, FieldView, error_views, text_view

NAME = Line(
    name="name",
    label=N_("Name of the view"),
    missing=N_("Write a name for the view"),
    least=1,
    maxlength=saved_views.LONGEST_NAME,
)


@get("/inbox/views")
async def listing(request: AnyRequest) -> Response[Any]:
    """One's own, to be changed, and those that colleagues share."""
    return await _page(request)


@get("/inbox/views/new")
async def ask(request: AnyRequest) -> Response[Any]:
    """What the filter that the address names shall be called."""
    return await _form(request, "", shared=False)


@post("/inbox/views/new")
async def save(request: AnyRequest) -> Response[Any]:
    """Keeps the filter of the address under the name given."""
    desk, typed, shared = desk_of(request), *await _typed(request)
    name = NAME.read(typed) if typed else Problem(NAME.missing)
    query = await _query(request, desk)
    if isinstance(name, Problem):
        return await _form(request, typed, shared=shared, problem=name)
    now = clock.now()
    if not await saved_views.save(desk, name, query, shared=shared, now=now):
        return await _form(request, typed, shared=shared, problem=_TOO_MANY)
    await audit.record(desk.staff_id, "save_view", "inbox", now, {"shared": shared})
    return see_other("/inbox" + (f"?{query}" if query else ""))


@get("/inbox/views/{view:int}")
async def change_form(request: AnyRequest, view: FromPath[int]) -> Response[Any]:
    one = await _own(request, view)
    return await _form(request, one.name, shared=one.shared, one=one)


@post("/inbox/views/{view:int}")
async def change(request: AnyRequest, view: FromPath[int]) -> Response[Any]:
    """Renames it, shares it or keeps it to oneself."""
    one = await _own(request, view)
    desk, typed, shared = desk_of(request), *await _typed(request)
    name = NAME.read(typed) if typed else Problem(NAME.missing)
    if not isinstance(name, Problem) and not await saved_views.change(
        desk, view, name, shared=shared
    ):
        name = _TAKEN
    if isinstance(name, Problem):
        return await _form(request, typed, shared=shared, problem=name, one=one)
    now = clock.now()
    await audit.record(desk.staff_id, "change_view", f"view:{view}", now, {"shared": shared})
    return see_other("/inbox/views")


@post("/inbox/views/{view:int}/deletion")
async def delete(request: AnyRequest, view: FromPath[int]) -> Response[Any]:
    await _own(request, view)
    desk = desk_of(request)
    await saved_views.delete(desk, view)
    await audit.record(desk.staff_id, "delete_view", f"view:{view}", clock.now())
    return see_other("/inbox/views")


_TAKEN = Problem(N_("Another view of yours has that name"))
_TOO_MANY = Problem(N_("You keep as many views as there can be. Delete one first."))


async def _own(request: AnyRequest, view: int) -> SavedView:
    # Beyond what the database can number there is none.
    one = await saved_views.own_view(desk_of(request), view) if view < 2**63 else None
    if one is None:
        raise NotFoundException
    return one


async def _typed(request: AnyRequest) -> tuple[str, bool]:
    form = await request.form()
    given = form.get("name")
    name = given.replace("\x00", "").strip() if isinstance(given, str) else ""
    return name[: 4 * saved_views.LONGEST_NAME], form.get("shared") == "yes"


async def _query(request: AnyRequest, desk: Desk) -> str:
    """The filter of the address as the inbox writes it, without what it would not understand."""
    given = inbox_filter.read(request.query_params, desk, await catalogue(clock.now()))
    query = given.query()
    return query if len(query) <= saved_views.LONGEST_QUERY else given.query(q=None)


async def _page(request: AnyRequest) -> Response[Any]:
    language = language_of(request)
    found = await saved_views.saved_views(desk_of(request))
    return render(
        request,
        "staff/views.html",
        own=[_view(one) for one in found if one.own],
        others=[_view(one) | {"owner": language.name(one, "owner")}
                for one in found if not one.own],
    )  # fmt: skip


def _view(one: SavedView) -> dict[str, Any]:
    return {
        "name": one.name,
        "shared": one.shared,
        "url": "/inbox" + (f"?{one.query}" if one.query else ""),
        "edit_url": f"/inbox/views/{one.id}",
    }


async def _form(
    request: AnyRequest,
    typed: str,
    *,
    shared: bool,
    problem: Problem | None = None,
    one: SavedView | None = None,
) -> Response[Any]:
    language, desk = language_of(request), desk_of(request)
    field: FieldView = text_view(NAME, typed, problem, language)
    errors: list[ErrorView] = error_views([field])
    query = await _query(request, desk)
    return render(
        request,
        "staff/view.html",
        one=one,
        field=field,
        errors=errors,
        shared=shared,
        side=desk.side,
        action=f"/inbox/views/{one.id}" if one else "/inbox/views/new" + (query and f"?{query}"),
        back_url="/inbox/views" if one else "/inbox" + (query and f"?{query}"),
        status=422 if problem else 200,
    )


router = Router(
    "/", guards=[CASEWORK], route_handlers=[listing, ask, save, change_form, change, delete]
)
