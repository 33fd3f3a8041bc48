"""The two surveys after closing: what is asked, who may answer, and until when. Pure.

Specification 7: "After closing, two separate surveys: satisfaction with the agency's response
«استجابة الجهة», and with the experience of Balagh «تجربة المستفيد»; 1–5 and a comment, from the
page or one tap in the message without signing in."
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from balagh.i18n import N_
from balagh.reports import deadlines
from balagh.reports.lifecycle import State

Code = Literal["agency", "balagh"]

# Whole days after that of the closing on which a rating may be given and changed.
DAYS = 30
# Up to this score we ask what was wrong.
LOW = 2
COMMENT_MAX = 1000
# The reason that leads on to a request for reopening.
PROBLEM_REMAINS = "problem_remains"

SCORES = {
    1: N_("Not at all"),
    2: N_("Not really"),
    3: N_("Neutral"),
    4: N_("Satisfied"),
    5: N_("Very satisfied"),
}


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """One question. ``reasons``: what may be ticked at a low score, by code; texts are msgids."""

    code: Code
    name: str
    question: str
    invitation: str
    reasons: Mapping[str, str]


SURVEYS: Mapping[str, Survey] = {
    "agency": Survey(
        code="agency",
        name=N_("The agency's response"),
        question=N_("How satisfied are you with the agency's response?"),
        invitation=N_("Rate the agency's response"),
        reasons={
            PROBLEM_REMAINS: N_("The problem remains"),
            "not_answered": N_("It did not answer what I asked"),
            "unclear": N_("It was not clear"),
            "slow": N_("It took too long"),
            "manner": N_("I was not treated well"),
        },
    ),
    "balagh": Survey(
        code="balagh",
        name=N_("Your experience of Balagh"),
        question=N_("How satisfied are you with your experience of Balagh?"),
        invitation=N_("Rate your experience of Balagh"),
        reasons={
            "hard_to_file": N_("Filing the report was difficult"),
            "not_informed": N_("I was not kept informed"),
            "not_followed": N_("Amer centre did not follow it well"),
            "broken": N_("The site did not work well"),
        },
    ),
}

# A rejected report never reached the agency: there is no response of its to rate.
_AFTER: Mapping[State, tuple[Code, ...]] = {
    State.CLOSED: ("agency", "balagh"),
    State.REJECTED: ("balagh",),
}


class Opinion(msgspec.Struct, frozen=True):
    """What somebody answers: ``score`` 1–5, reasons by code, a comment or none."""

    score: int
    reasons: tuple[str, ...] = ()
    comment: str | None = None


def rate_until(ended_at: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which ratings of a report that ended then are over: the end of a day.

    A report that was reopened and closed again may be rated anew, from the new closing.
    """
    return deadlines.end_of(ended_at.astimezone(zone).date() + timedelta(days=DAYS), zone)


def ended_since(now: datetime, zone: ZoneInfo) -> datetime:
    """Reports that ended at that instant or later may be rated at ``now``."""
    return deadlines.end_of(now.astimezone(zone).date() - timedelta(days=DAYS + 1), zone)


def after(state: State, *, part: bool = False) -> tuple[Code, ...]:
    """The surveys that a report in that state has, in the order in which they are offered. Of a
    ``part`` of another report the agency's response is rated; Balagh is, once, with the whole."""
    found = _AFTER.get(state, ())
    return tuple(code for code in found if code != "balagh") if part else found


def may_rate(
    survey: Code,
    state: State,
    ended_at: datetime | None,
    now: datetime,
    zone: ZoneInfo,
    *,
    part: bool = False,
) -> bool:
    """Whether the beneficiary may rate, or change the rating, now. The same for every kind."""
    if survey not in after(state, part=part) or ended_at is None:
        return False
    return now < rate_until(ended_at, zone)


def opinion(survey: Survey, score: int, reasons: Sequence[str], comment: str) -> Opinion:
    """Reasons belong to a low score and to this survey; others are dropped, as is an empty
    comment."""
    kept = tuple(code for code in survey.reasons if code in reasons) if score <= LOW else ()
    return Opinion(score, kept, comment.strip() or None)


def leads_to_reopening(
    survey: Code,
    given: Opinion,
    *,
    kind: str,
    state: State,
    reopen_until: datetime | None,
    now: datetime,
) -> bool:
    """Whether the answer should be followed by the way to ask for reopening (specification 4)."""
    return (
        survey == "agency"
        and PROBLEM_REMAINS in given.reasons
        and kind == "complaint"
        and state is State.CLOSED
        and reopen_until is not None
        and now < reopen_until
    )
