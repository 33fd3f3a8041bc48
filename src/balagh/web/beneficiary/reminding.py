"""«ذكّرني في هذا اليوم»: where only time keeps a report from being filed (specification 3.1)."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, Router, post
from litestar.params import FromPath
from litestar.response import Redirect
from markupsafe import Markup

from balagh.reports import casework
from balagh.reports.eligibility import Failure, possible_on
from balagh.reports.fields import phone_text
from balagh.reports.telling_channels import ways
from balagh.web.beneficiary.visits import (
    Visit,
    contact_of,
    go,
    own_draft,
    reach_of,
    visit,
)
from balagh.web.page import AnyRequest, settings_of


class ReminderView(msgspec.Struct, frozen=True, kw_only=True):
    """``day``: the first on which it can be filed; ``is_set``: a reminder was asked for then;
    ``how``: what is sent, and where to."""

    url: str
    day: date
    is_set: bool
    how: Markup


@post("/drafts/{draft:uuid}/reminder")
async def remind(request: AnyRequest, draft: FromPath[UUID]) -> Response[Any]:
    """Sets the reminder for the day that the draft's answers give; the form gives none."""
    found = await own_draft(request, draft)
    if isinstance(found, Redirect):
        return found
    here = await visit(request, found)
    day = possible_on(await here.failing())
    if day is not None:
        await casework.remind(found.id, found.person_id, day)
    return go(here.url("refusal"))


@post("/drafts/{draft:uuid}/reminder/removal")
async def forget(request: AnyRequest, draft: FromPath[UUID]) -> Response[Any]:
    """Takes the reminder back."""
    found = await own_draft(request, draft)
    if isinstance(found, Redirect):
        return found
    await casework.remind(found.id, found.person_id, None)
    return go(f"/drafts/{found.id}/refusal")


def reminder_view(here: Visit, failures: Sequence[Failure]) -> ReminderView | None:
    """The offer of a reminder, or that it is set; none where more than time is in the way."""
    day = possible_on(failures)
    if day is None:
        return None
    language, phone = here.language, contact_of(here).phone
    told = ways(reach_of(here), sms=settings_of(here.request).sms_url is not None)
    channels = {way.channel for way in told}
    if channels == {"sms", "email"}:
        how = language.markup(
            "A text message to {phone} and an e-mail, with a link that brings you back to what you "
            "wrote.",
            phone=masked_markup(phone),
        )
    elif channels == {"sms"}:
        how = language.markup(
            "A text message to {phone}, with a link that brings you back to what you wrote.",
            phone=masked_markup(phone),
        )
    else:
        how = language.markup("An e-mail with a link that brings you back to what you wrote.")
    return ReminderView(
        url=f"{here.base}/reminder", day=day, is_set=here.draft.remind_on == day, how=how
    )


def masked_markup(e164: str) -> Markup:
    """As ``masked``, for a page: dots have no direction of their own."""
    return Markup('<bdi dir="ltr">{}</bdi>').format(masked(e164))


def masked(e164: str) -> str:
    """``+966553184471`` → ``05• ••• •471``: enough to know one's own number."""
    text = phone_text(e164)
    places = [place for place, sign in enumerate(text) if sign.isdigit()]
    hidden = set(places[2:-3])
    return "".join("•" if place in hidden else sign for place, sign in enumerate(text))


router = Router("/", route_handlers=[remind, forget])
