"""Pages for everybody: the start, and what we promise about access and privacy."""

from typing import Any

from litestar import Response, Router, get

from balagh import clock
from balagh.notices import circuit
from balagh.notices.quiet_hours import QuietHours
from balagh.reports import deliveries, sweeps
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
async def health(request: AnyRequest) -> Response[dict[str, Any]]:
    """200 when this process answers and reaches the database; for load balancers and `doctor`.

    ``status`` is ``alarm`` when a sweep of the worker has not come to its end lately (``silent``
    names it), or when nothing goes out on a channel although something should (``stuck`` says
    which, and since when it is due). It is ``degraded`` when a channel takes no messages;
    ``closed`` says which, since when. None is a fault of this process, so it stays 200;
    ``/health/worker`` is 503 at an alarm.
    """
    return await _health(request)


@get("/health/worker", opt={access.ANONYMOUS: True})
async def worker_health(request: AnyRequest) -> Response[dict[str, Any]]:
    """As ``/health``, but 503 at an alarm: for whoever is to be woken by it, or starts the worker
    anew, which does not help against a closed channel."""
    return await _health(request, at_alarm=503)


async def _health(request: AnyRequest, at_alarm: int = 200) -> Response[dict[str, Any]]:
    now = clock.now()
    silent = [last.sweep for last in await sweeps.latest() if last.silent(now)]
    closed = {one.channel: one.since.isoformat() for one in await circuit.open_now()}
    stuck = await deliveries.stuck(now, QuietHours.of(settings_of(request)))
    alarm = bool(silent or stuck)
    found: dict[str, Any] = {"status": "alarm" if alarm else "degraded" if closed else "ok"}
    if silent:
        found["silent"] = silent
    if stuck:
        found["stuck"] = {one.channel: one.since.isoformat() for one in stuck}
    if closed:
        found["closed"] = closed
    return Response(
        found,
        status_code=at_alarm if alarm else 200,
        headers={"Cache-Control": "no-store"},
    )


router = Router("/", route_handlers=[start, health, worker_health, page])
