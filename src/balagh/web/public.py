"""Pages for everybody: the start, and what we promise about access and privacy."""

from typing import Any

from litestar import Response, Router, get

from balagh.database import fetch
from balagh.web import access
from balagh.web.page import AnyRequest, render, settings_of

PAGES = ["/accessibility", "/privacy"]


@get("/")
async def start(request: AnyRequest) -> Response[Any]:
    """What Balagh is, the kinds of report, what each needs, what happens afterwards."""
    return render(
        request,
        "public/start.html",
        resolution_days=settings_of(request).resolution_days,
    )


@get(PAGES)
async def page(request: AnyRequest) -> Response[Any]:
    return render(
        request,
        f"public/{request.url.path.strip('/')}.html",
        resolution_days=settings_of(request).resolution_days,
        reopen_days=settings_of(request).reopen_days,
        retention_years=settings_of(request).retention_years,
    )


@get("/health", opt={access.ANONYMOUS: True})
async def health() -> Response[dict[str, str]]:
    """200 when this process answers and reaches the database; for load balancers and `doctor`."""
    await fetch("SELECT 1")
    return Response({"status": "ok"}, headers={"Cache-Control": "no-store"})


router = Router("/", route_handlers=[start, health, page])
