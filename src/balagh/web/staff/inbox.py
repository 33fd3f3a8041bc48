"""The inbox of reviewers and of agencies: what is theirs to do, the next due first."""

from typing import Any

from litestar import Response, Router, get

from balagh.database import fetch
from balagh.reports import cases
from balagh.web.page import AnyRequest, render
from balagh.web.staff import bulk
from balagh.web.staff.desk import CASEWORK, desk_of


@get("/inbox")
async def inbox(request: AnyRequest) -> Response[Any]:
    desk = desk_of(request)
    condition, arguments = cases.scope(desk, 1)
    rows = await fetch(
        f"SELECT r.number, r.title FROM report r WHERE {condition} "  # noqa: S608
        "AND r.state NOT IN ('closed','cancelled','rejected') ORDER BY r.due_at, r.id LIMIT 50",
        *arguments,
    )
    return render(
        request,
        "staff/inbox.html",
        rows=[(row["number"], row["title"]) for row in rows],
        bulk=await bulk.bar(request),
    )


router = Router("/", guards=[CASEWORK], route_handlers=[inbox])
