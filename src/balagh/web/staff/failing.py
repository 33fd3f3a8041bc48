"""A message that could not be delivered, in words: what it was, where to, why not."""

import re

import msgspec
from markupsafe import Markup

from balagh.i18n import N_, Language
from balagh.notices.moments import MOMENTS
from balagh.reports import undelivered
from balagh.reports.undelivered import Line, Tab
from balagh.web.page import AnyRequest
from balagh.web.staff.story import CHANNELS, masked_recipient
from balagh.web.telling import Teller
from balagh.web.views import OptionView, number

# Those that are about no report, or not to its beneficiary.
# What the outbox keeps of a failure, and what that means; the first that fits.
_WHY = (
    (r"SMTP refused: 5\d\d 5\.1\.", N_("There is no such mailbox.")),
    (r"SMTP refused: 5\d\d 5\.2\.2", N_("The mailbox is full.")),
    (r"SMTP refused: 5\d\d 5\.7\.", N_("The mail server there does not take our messages.")),
    (r"SMTP refused: 5", N_("The mail server there refused the message for good.")),
    (r"SMTP refused: 4", N_("The mail server there asked to try again later.")),
    (r"SMTP (sign-in|connection) refused", N_("Our own mail server does not let Balagh in.")),
    (r"SMTP con", N_("Our own mail server could not be reached.")),
    (r"the address is not valid|SMTP server lacks", N_("No message can be sent to this address.")),
    (r"SMS gateway answered 4", N_("The SMS gateway refused the message: is the number right?")),
    (r"SMS gateway", N_("The SMS gateway could not be reached.")),
    (r"no SMS gateway", N_("No SMS gateway is set up.")),
    (r"no answer in time", N_("There was no answer in time.")),
    (r"the message could not be written", N_("A fault in Balagh: tell your administrator.")),
)


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """``why``: in plain words, ``error``: as it is kept; ``state``: how it stands, with its tone;
    ``case_url``: of the report, if it is about one; ``told``: what went out all the same."""

    url: str
    moment: str
    number: Markup
    case_url: str
    channel: str
    recipient: Markup
    why: str
    error: str
    attempts: str
    created: str
    last: str
    state: str
    told: str
    settled: str


def line_view(one: Line, teller: Teller) -> LineView:
    language = teller.language
    return LineView(
        url=f"/undelivered/{one.id}",
        moment=moment_text(one.moment, language),
        number=number(one.number) if one.number else Markup(""),
        case_url=f"/cases/{one.number}" if one.number else "",
        channel=language.text(CHANNELS[one.channel]),
        recipient=masked_recipient(one.channel, one.recipient),
        why=_why(one.error, language),
        error=one.error or "",
        attempts=language.plural("{n} attempt", "{n} attempts", one.attempts),
        created=teller.when(one.created_at),
        last=teller.when(one.last_at),
        state=_state(one, teller),
        told=language.text("The e-mail about it was sent.") if one.told else "",
        settled=_settled(one, teller),
    )


def moment_text(moment: str, language: Language) -> str:
    """What was told; a moment that is new here by its own name."""
    known = MOMENTS.get(moment)
    return language.text(known.title) if known else moment


def _why(error: str | None, language: Language) -> str:
    if not error:
        return language.text("Nothing was noted of why.")
    found = next((said for pattern, said in _WHY if re.match(pattern, error)), None)
    return language.text(found or N_("The message was not taken."))


def _state(one: Line, teller: Teller) -> str:
    text = teller.language.text
    if one.dismissed_at is not None:
        return text("settled otherwise")
    if one.state == "failed":
        return text("could not be delivered, {when}", when=teller.when(one.last_at))
    if one.state == "sent":
        return text("sent")
    return text("waiting; tried again: {when}", when=teller.when(one.last_at))


def _settled(one: Line, teller: Teller) -> str:
    if one.dismissed_at is None:
        return ""
    return teller.language.text(
        "{who}, {when}: {why}",
        who=teller.language.name(one, "dismissed"),
        when=teller.when(one.dismissed_at),
        why=one.dismissed_why or "",
    )


def asked_for(request: AnyRequest) -> tuple[Tab, dict[str, str]]:
    """Tab and filter, as the address says; what it does not know is left out."""
    query = request.query_params
    tab = Tab(query["tab"]) if query.get("tab") in {*Tab} else Tab.FAILED
    channel, moment = query.get("channel", ""), query.get("moment", "")
    return tab, {
        "channel": channel if channel in CHANNELS else "",
        "moment": moment if moment.isascii() and moment.replace("_", "").isalpha() else "",
    }


async def choices_view(given: dict[str, str], teller: Teller) -> dict[str, list[OptionView]]:
    """The channels and moments that can be asked for."""
    text = teller.language.text
    return {
        "channels": [
            OptionView(code, text(name), "", code == given["channel"])
            for code, name in CHANNELS.items()
        ],
        "moments": [
            OptionView(one, moment_text(one, teller.language), "", one == given["moment"])
            for one in await undelivered.moments()
        ],
    }
