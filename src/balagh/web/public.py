"""Pages for everybody: the start, and what we promise about access and privacy."""

from typing import Any

from litestar import Response, Router, get

from balagh import clock
from balagh.reports import sweeps
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
async def health() -> Response[dict[str, Any]]:
    """200 when this process answers and reaches the database; for load balancers and `doctor`.

    ``status`` is ``alarm`` when a sweep of the worker has not come to its end lately; ``silent``
    names it. That is no fault of this process, so it stays 200; ``/health/worker`` is 503 then.
    """
    return _health(await _silent(), status=200)


@get("/health/worker", opt={access.ANONYMOUS: True})
async def worker_health() -> Response[dict[str, Any]]:
    """As ``/health``, but 503 while something is silent: for whoever is to be woken by it."""
    silent = await _silent()
    return _health(silent, status=503 if silent else 200)


async def _silent() -> list[str]:
    now = clock.now()
    return [last.sweep for last in await sweeps.latest() if last.silent(now)]


def _health(silent: list[str], *, status: int) -> Response[dict[str, Any]]:
    found = {"status": "alarm", "silent": silent} if silent else {"status": "ok"}
    return Response(found, status_code=status, headers={"Cache-Control": "no-store"})


router = Router("/", route_handlers=[start, health, worker_health, page])
