"""What the worker's sweeps and deliveries do: when each came to its end last, what it settled, what
stopped it.

A sweep is late and a channel stuck here by the same rules by which ``/health`` raises its alarm.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response, Router, get

from balagh.i18n import N_, Language
from balagh.notices.quiet_hours import QuietHours
from balagh.reports import deliveries, sweeps
from balagh.reports.deliveries import Lately
from balagh.reports.lifecycle import Role
from balagh.reports.sweeps import Day, Last, Run
from balagh.web import access
from balagh.web.page import AnyRequest, render, settings_of
from balagh.web.telling import Teller, teller_of

# What each does.
WORDS = {
    "sweep": N_("Sends messages that were put off or that nobody was woken for"),
    "clocks": N_("Tells that answers are late, reminds, and cancels where no data came"),
    "remind": N_("Tells people that they can file now what came too early"),
    "tell_staff": N_("Tells staff what is theirs to do, once a day or at once"),
    "leave_none_behind": N_("Gives the reports of people who left to others"),
    "tidy": N_("Deletes sessions, links, codes and files that have run out"),
}
# What a fault of a delivery is on record as.
_DELIVERIES = {"email": N_("Delivery of e-mail"), "sms": N_("Delivery of SMS")}
_CHANNELS = {"email": N_("E-mail"), "sms": N_("SMS")}
_READERS = access.staff(Role.SUPERVISOR, Role.ADMINISTRATOR)


class SweepView(msgspec.Struct, frozen=True, kw_only=True):
    """``late``: an alarm in ``/health``; ``error``: what stopped it since."""

    text: str
    last: str
    late: bool
    patience: str
    took: str
    done: int
    error: str
    day: Day
    longest: str


class ChannelView(msgspec.Struct, frozen=True, kw_only=True):
    """``stuck``: since when something is due and nothing goes out; ``error``: what stopped a
    delivery since messages went last."""

    text: str
    last: str
    stuck: str
    sent: int
    put_off: int
    failed: int
    longest: str
    stopped: int
    error: str


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """``bad``: stopped, or never ended."""

    when: str
    text: str
    took: str
    done: int
    outcome: str
    bad: bool


@get("/sweeps")
async def page(request: AnyRequest) -> Response[Any]:
    return render(request, "staff/sweeps.html", **await _view(request))


@get("/sweeps/now", opt={access.PASSIVE: True})
async def now(request: AnyRequest) -> Response[Any]:
    """As it is now, for a page that lies open; keeps no session from ending."""
    return render(request, "staff/_sweeps.html", **await _view(request))


async def _view(request: AnyRequest) -> dict[str, Any]:
    teller = await teller_of(request)
    days, latest = await sweeps.day(teller.now), await sweeps.latest()
    found = [_sweep(one, days.get(one.sweep, Day()), teller) for one in latest]
    late = await deliveries.stuck(teller.now, QuietHours.of(settings_of(request)))
    stuck = {one.channel: teller.when(one.since) for one in late}
    return {
        "sweeps": found,
        "channels": [_channel(one, stuck, teller) for one in await deliveries.lately(teller.now)],
        "stuck": bool(stuck),
        "late": sum(one.late for one in found),
        "runs": [_run(one, teller) for one in await sweeps.runs(teller.now)],
        "read_at": teller.language.time(teller.now, teller.zone),
    }


def _sweep(one: Last, day: Day, teller: Teller) -> SweepView:
    language = teller.language
    minutes = int(sweeps.PATIENCE[one.sweep].total_seconds() // 60)
    return SweepView(
        text=language.text(WORDS[one.sweep]),
        last=teller.when(one.ended_at) if one.ended_at else language.text("Never yet"),
        late=one.silent(teller.now),
        patience=language.plural("{n} minute", "{n} minutes", minutes)
        if minutes < 60
        else language.plural("{n} hour", "{n} hours", minutes // 60),
        took=_took(one.took, language) if one.ended_at else "",
        done=one.done,
        error=_stopped(one.error, language) if one.error else "",
        day=day,
        longest=_took(day.longest, language),
    )


def _channel(one: Lately, stuck: Mapping[str, str], teller: Teller) -> ChannelView:
    language = teller.language
    return ChannelView(
        text=language.text(_CHANNELS[one.channel]),
        last=teller.when(one.last) if one.last else language.text("None in these 24 hours"),
        stuck=stuck.get(one.channel, ""),
        sent=one.sent,
        put_off=one.put_off,
        failed=one.failed,
        longest=_took(one.longest, language),
        stopped=one.stopped,
        error=_stopped(one.error, language) if one.error else "",
    )


def _run(one: Run, teller: Teller) -> RunView:
    text = teller.language.text
    if one.error is not None:
        outcome = _stopped(one.error, teller.language)
    elif one.ended_at is None:
        outcome = text("Never came to its end")
    else:
        outcome = text("Done")
    return RunView(
        when=teller.when(one.started_at),
        text=text(WORDS.get(one.sweep) or _DELIVERIES.get(one.sweep, one.sweep)),
        took=_took(one.took, teller.language) if one.ended_at else "",
        done=one.done,
        outcome=outcome,
        bad=one.error is not None or one.ended_at is None,
    )


def _stopped(error: str, language: Language) -> str:
    """A fault by its name; its time was over or the worker was stopped: in words."""
    if error == asyncio.CancelledError.__name__:
        return language.text("Cut off: the worker was stopped, or it took too long")
    return language.text("Stopped: {error}", error=error)


def _took(milliseconds: int, language: Language) -> str:
    if milliseconds < 1000:
        return language.text("{n} ms", n=milliseconds)
    return language.text("{n} s", n=f"{milliseconds / 1000:.1f}")


router = Router("/", guards=[_READERS], route_handlers=[page, now])
