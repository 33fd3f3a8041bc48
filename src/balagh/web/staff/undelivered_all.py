"""Sending several failed messages again at once, after an outage: counted first, then sent."""

from datetime import datetime, timedelta
from typing import Any

from litestar import Response, Router, get, post

from balagh.i18n import N_
from balagh.reports import undelivered
from balagh.reports.undelivered import KEEPERS, Bulk
from balagh.web import access
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, render
from balagh.web.staff.assigning import whole
from balagh.web.staff.desk import desk_of
from balagh.web.staff.failing import asked_for, choices_view
from balagh.web.telling import teller_of
from balagh.web.views import OptionView

# Since when, in hours back; 0: whenever.
_SINCE = {
    "24": N_("In the last 24 hours"),
    "72": N_("In the last 3 days"),
    "168": N_("In the last week"),
    "0": N_("Whenever"),
}


@get("/undelivered/resend")
async def ask_all(request: AnyRequest) -> Response[Any]:
    """How many that would be, before it is done."""
    teller = await teller_of(request)
    _, given = asked_for(request)
    hours = request.query_params.get("hours", "24")
    hours = hours if hours in _SINCE else "24"
    since = _since(hours, teller.now)
    wanted = Bulk(**given, since=since, last=await undelivered.last())
    count, told = await undelivered.bulk_count(wanted)
    language = teller.language
    return render(
        request,
        "staff/undelivered_all.html",
        asked=await choices_view(given, teller),
        hours=[
            OptionView(code, language.text(text), "", code == hours)
            for code, text in _SINCE.items()
        ],
        count=language.plural("{n} message", "{n} messages", count) if count else "",
        told=language.plural(
            "{n} message is left out: an e-mail tells the same.",
            "{n} messages are left out: e-mails tell the same.",
            told,
        )
        if told
        else "",
        given={**given, "since": since.isoformat(), "last": wanted.last},
    )


@post("/undelivered/resend")
async def resend_all(request: AnyRequest) -> Response[Any]:
    """Sends again what was counted and has still failed."""
    form, now = await request.form(), (await teller_of(request)).now
    last = whole(str(form.get("last", "")))
    since = _instant(str(form.get("since", "")))
    if last is None or since is None:
        return go("/undelivered/resend")
    wanted = Bulk(
        channel=str(form.get("channel", ""))[:20].replace("\x00", ""),
        moment=str(form.get("moment", ""))[:60].replace("\x00", ""),
        since=since,
        last=last,
    )
    sent = await undelivered.resend_all(wanted, desk_of(request).staff_id, now)
    request.app.state.waker.wake()
    return go(f"/undelivered?sent={sent}")


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _since(hours: str, now: datetime) -> datetime:
    return now - timedelta(hours=int(hours) or 24 * 3650)


router = Router("/", guards=[access.staff(*KEEPERS)], route_handlers=[ask_all, resend_all])
