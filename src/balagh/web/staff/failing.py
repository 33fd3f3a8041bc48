"""A message that could not be delivered, in words: what it was, where to, why not."""

import re
from typing import Literal

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

# What is to be done about a failure.
Cure = Literal["correct", "later", "way", "mend", ""]

# What the outbox keeps of a failure, what that means, and the cure; the first that fits. RFC 3463:
# 5.1.7 and 5.1.8 speak of the sender, the other 5.1 of the recipient.
_WHY: tuple[tuple[str, str, Cure], ...] = (
    (r"SMTP refused: 5\d\d 5\.1\.[78]\b",
     N_("The mail server there does not take our address as a sender."), "mend"),
    (r"SMTP refused: 5\d\d 5\.1\.", N_("There is no such mailbox."), "correct"),
    (r"SMTP refused: [45]\d\d [45]\.2\.2\b", N_("The mailbox is full."), "later"),
    (r"SMTP refused: 5\d\d 5\.7\.",
     N_("The mail server there does not take our messages."), "mend"),
    (r"SMTP refused: 5", N_("The mail server there refused the message for good."), "correct"),
    (r"SMTP refused: 4", N_("The mail server there asked to try again later."), "later"),
    (r"SMTP (sign-in|connection) refused: ",
     N_("Our own mail server does not let Balagh in."), "mend"),
    (r"SMTP connection failed: ", N_("Our own mail server could not be reached."), "way"),
    (r"SMTP conversation broke off: ",
     N_("The connection to our own mail server broke off."), "way"),
    (r"the address is not valid|SMTP server lacks",
     N_("No message can be sent to this address."), "correct"),
    (r"SMS gateway refused the message: ",
     N_("The SMS gateway refused the message: is the number right?"), "correct"),
    (r"SMS gateway refuses our account: ",
     N_("The SMS gateway refuses our account: password, balance or sender name."), "mend"),
    (r"SMS gateway takes nothing now: ", N_("The SMS gateway took no messages."), "way"),
    (r"the SMS gateway took nothing for a day", N_("The SMS gateway took no messages."), "way"),
    (r"SMS gateway gave an unknown answer: ",
     N_("The SMS gateway gave an answer that Balagh does not know."), "mend"),
    (r"SMS gateway did not answer: ", N_("The SMS gateway could not be reached."), "way"),
    (r"not delivered: ", N_("The SMS was sent, but did not reach the phone."), "correct"),
    (r"no SMS gateway", N_("No SMS gateway is set up."), "mend"),
    (r"no answer in time", N_("There was no answer in time."), "way"),
    (r"the message could not be written: ",
     N_("A fault in Balagh: tell your administrator."), "mend"),
)  # fmt: skip
# By the cure: while it waits, after it failed, and where it cannot be sent again.
_WAITS: dict[Cure, str] = {
    "mend": N_("Tell your administrator. It goes out by itself once that is mended."),
    "way": N_("It is tried again by itself. If it lasts, tell your administrator."),
    "later": N_("It is tried again by itself."),
}
_FAILED: dict[Cure, str] = {
    "mend": N_("Tell your administrator, and send it again once that is mended."),
    "way": N_("Send it again once it works. If it lasts, tell your administrator."),
    "later": N_("Send it again later, or tell the person otherwise and settle it."),
    "correct": N_("Tell the person otherwise and settle it."),
}
_CORRECT = N_("Correct the address, or tell the person otherwise and settle it.")
_TOLD = N_("They were told by e-mail. Correct the number for what comes next, or settle it.")
_NOT_AGAIN: dict[Cure, str] = {"mend": N_("Tell your administrator.")}


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """``why``: in plain words, ``advice``: what to do now, ``error``: as it is kept; ``state``: how
    it stands, with its tone; ``case_url``: of the report, if it is about one; ``told``: what went
    out all the same."""

    url: str
    moment: str
    number: Markup
    case_url: str
    channel: str
    recipient: Markup
    why: str
    advice: str
    error: str
    attempts: str
    created: str
    last: str
    state: str
    told: str
    settled: str


def line_view(one: Line, teller: Teller) -> LineView:
    language = teller.language
    why, cure = _why(one.error)
    return LineView(
        url=f"/undelivered/{one.id}",
        moment=moment_text(one.moment, language),
        number=number(one.number) if one.number else Markup(""),
        case_url=f"/cases/{one.number}" if one.number else "",
        channel=language.text(CHANNELS[one.channel]),
        recipient=masked_recipient(one.channel, one.recipient),
        why=language.text(why),
        advice=language.text(said) if (said := _advice(one, cure)) else "",
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


def _why(error: str | None) -> tuple[str, Cure]:
    if not error:
        return N_("Nothing was noted of why."), ""
    for pattern, said, cure in _WHY:
        if re.match(pattern, error):
            return said, cure
    return N_("The message was not taken."), "later"


def _advice(one: Line, cure: Cure) -> str:
    if one.state == "waiting":
        return _WAITS.get(cure, "")
    if not one.failed:
        return ""
    if not one.again:
        return _NOT_AGAIN.get(cure, "")
    if cure == "correct" and one.correctable:
        return _TOLD if one.told else _CORRECT
    return _FAILED.get(cure, "")


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
