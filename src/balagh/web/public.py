"""Pages for everybody: the start, and what we promise about access and privacy."""

from typing import Any

from litestar import Response, Router, get

from balagh import clock
from balagh.notices import circuit
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
    names it. It is ``degraded`` when a channel takes no messages; ``closed`` says which, since
    when. Neither is a fault of this process, so it stays 200; ``/health/worker`` is 503 when
    something is silent.
    """
    return await _health()


@get("/health/worker", opt={access.ANONYMOUS: True})
async def worker_health() -> Response[dict[str, Any]]:
    """As ``/health``, but 503 while something is silent: for whoever is to be woken by it, or
    starts the worker anew, which does not help against a closed channel."""
    return await _health(when_silent=503)


async def _health(when_silent: int = 200) -> Response[dict[str, Any]]:
    now = clock.now()
    silent = [last.sweep for last in await sweeps.latest() if last.silent(now)]
    closed = {one.channel: one.since.isoformat() for one in await circuit.open_now()}
    found: dict[str, Any] = {"status": "alarm" if silent else "degraded" if closed else "ok"}
    if silent:
        found["silent"] = silent
    if closed:
        found["closed"] = closed
    return Response(
        found,
        status_code=when_silent if silent else 200,
        headers={"Cache-Control": "no-store"},
    )


router = Router("/", route_handlers=[start, health, worker_health, page])
