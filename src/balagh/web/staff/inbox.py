"""The inbox of reviewers and of agencies: what is theirs to do, the next due first."""

from typing import Any

from litestar import Response, Router, get

from balagh.web.page import AnyRequest, render
from balagh.web.staff.desk import CASEWORK


@get("/inbox")
async def inbox(request: AnyRequest) -> Response[Any]:
    return render(request, "staff/inbox.html")


router = Router("/", guards=[CASEWORK], route_handlers=[inbox])
