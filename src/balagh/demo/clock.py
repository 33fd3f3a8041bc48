"""``/demo/clock``: moves the demonstration's clock forward by hand, so that lateness, reminders and
expiry can be seen happening."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import ClientException

from balagh import clock, jobs
from balagh.database import fetch
from balagh.demo import ahead
from balagh.directory.holidays import calendar
from balagh.i18n import N_
from balagh.settings import Settings
from balagh.web import access
from balagh.web.page import AnyRequest, language_of, render, settings_of

_MORNING = time(9)


class Step(msgspec.Struct, frozen=True):
    """``hours``, or ``working_days`` of which the last begins at 09:00."""

    text: str
    hours: int = 0
    working_days: int = 0


STEPS = {
    "hour": Step(N_("One hour"), hours=1),
    "day": Step(N_("24 hours"), hours=24),
    "two-days": Step(N_("48 hours"), hours=48),
    "working-day": Step(N_("To the next working day, 9:00"), working_days=1),
    "five": Step(N_("5 working days on, 9:00"), working_days=5),
    "six": Step(N_("6 working days on, 9:00"), working_days=6),
}


@get("/demo/clock")
async def show(request: AnyRequest) -> Response[Any]:
    language, zone = language_of(request), ZoneInfo(settings_of(request).zone)
    now = clock.now()
    return render(
        request,
        "demo/clock.html",
        day=now,
        time=language.time(now, zone),
        steps=[(code, language.text(step.text)) for code, step in STEPS.items()],
    )


@post("/demo/clock")
async def move(request: AnyRequest) -> Response[Any]:
    """Moves the clock on, and does at once what the worker would do within a minute."""
    settings = settings_of(request)
    step = STEPS.get(str((await request.form()).get("step", "")))
    if step is None:
        raise ClientException("no such step")
    before = clock.now()
    by = await _until(step, before, settings)
    # Those who are signed in stay so: for them no time has passed. Nor has it for the worker, which
    # would else seem to have been silent all the while.
    await fetch(
        "UPDATE session SET seen_at = seen_at + $1, expires_at = expires_at + $1 "
        "WHERE revoked_at IS NULL AND expires_at > $2",
        by, before,
    )  # fmt: skip
    await fetch("UPDATE sweep_run SET started_at = started_at + $1, ended_at = ended_at + $1", by)
    ahead.move(settings.data, by)
    await jobs.at_once(settings)
    request.app.state.waker.wake()
    return access.see_other("/demo/clock")


async def _until(step: Step, now: datetime, settings: Settings) -> timedelta:
    if step.hours:
        return timedelta(hours=step.hours)
    zone = ZoneInfo(settings.zone)
    worked = await calendar(frozenset(settings.weekend), now)
    day = worked.after(now.astimezone(zone).date(), step.working_days)
    return datetime.combine(day, _MORNING, zone) - now


router = Router("/", route_handlers=[show, move])
