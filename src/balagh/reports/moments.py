"""What the beneficiary is told when something is done to their report, and how they are reached.

Specification 6. The table of all moments is ``notices.moments``, their words are in
``notices/texts``; here is which action makes which moment, what its words need, and who is told on
which channels.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from balagh.database import fetch_one
from balagh.i18n import Language
from balagh.notices.messages import Sms, render, segments
from balagh.notices.texts import Words
from balagh.reports import deadlines
from balagh.reports.acting import Notice, to_all
from balagh.reports.lifecycle import Action
from balagh.reports.telling_channels import Reach


class Moment(msgspec.Struct, frozen=True):
    """``name``: in ``notices.moments``; ``needs``: data besides what every message has."""

    name: str
    needs: frozenset[str] = frozenset()


MOMENTS: Mapping[Action, Moment] = {
    Action.CANCEL: Moment("cancelled", frozenset({"new_link"})),
    Action.EXPIRE: Moment("expired", frozenset({"items", "data_due_at", "new_link"})),
    Action.REFER: Moment("in_progress"),
    Action.REQUEST_DATA: Moment(
        "missing_data", frozenset({"items", "items_sms", "data_due_at", "update_link"})
    ),
    Action.ACCEPT_REOPENING: Moment("reopened"),
    Action.REFUSE_REOPENING: Moment("reopening_refused", frozenset({"reasons"})),
}
# The clock's, which move no report.
LATE = Moment("late")
REMINDER = Moment("missing_data_reminder", frozenset({"items", "data_due_at", "update_link"}))


# What is missing must be said, so this message may take one more than the others
# (docs/notices.md).
_SEGMENTS = 3


class Addressee(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a report's messages go to, and what all of them say."""

    name: str
    phone: str | None
    email: str | None
    notify_sms: bool
    notify_email: bool
    language: str
    number: str
    kind: str
    title: str
    agency_ar: str
    agency_en: str
    due_at: datetime
    submitted_at: datetime
    part: bool = False


# A report's own contact details go first: they were confirmed for it.
ADDRESSEE = """
SELECT p.name, coalesce(r.phone, p.phone) AS phone, coalesce(r.email, p.email) AS email,
  p.notify_sms, p.notify_email, r.language, r.number, r.kind, r.title,
  a.name_ar AS agency_ar, a.name_en AS agency_en, r.due_at, r.submitted_at,
  r.part_of IS NOT NULL AS part
FROM report r JOIN person p ON p.id = r.person_id
  JOIN agency a ON a.id = coalesce(r.referred_agency_id, r.agency_id)
WHERE r.id = $1
"""


async def addressee_of(report: int) -> Addressee:
    """Raises ``LookupError`` when there is no such report."""
    row = await fetch_one(ADDRESSEE, report)
    if row is None:
        raise LookupError(f"there is no report {report}")
    return Addressee(**row)


def notices(
    moment: Moment, to: Addressee, *, public_url: str, sms: bool, zone: ZoneInfo, **more: Any
) -> tuple[Notice, ...]:
    """The messages of that moment. ``sms``: whether this installation has a gateway; ``more``: what
    the moment needs. Raises ``ValueError`` when something that its words need is missing."""
    if missing := moment.needs - more.keys():
        raise ValueError(f"{moment.name} needs {', '.join(sorted(missing))}")
    reach = Reach.of(to)
    data = common(to, public_url, zone) | more
    return to_all(reach, moment.name, to.language, data, sms=sms)


def missing(
    to: Addressee,
    items: Sequence[str],
    due: datetime,
    public_url: str,
    *,
    sms: bool,
    words: Words | None = None,
) -> dict[str, Any]:
    """What the words about missing data need. ``items_sms``: as much of them as three SMS hold with
    these ``words``, empty where that is too little to be understood."""
    zone = (words or Words()).zone
    more: dict[str, Any] = {
        "items": list(items),
        "items_sms": "",
        "data_due_at": due.isoformat(),
        "update_link": f"{public_url}/reports/{to.number}/update",
    }
    for text in _shorter(Language.of(to.language).text(", ").join(items)) if sms else ():
        data = {**common(to, public_url, zone), **more, "items_sms": text}
        said = render("missing_data", "sms", to.language, data, words)
        if isinstance(said, Sms) and segments(said.text) <= _SEGMENTS:
            return {**more, "items_sms": text}
    return more


def _shorter(text: str) -> Iterator[str]:
    """The text, then less and less of it, in whole words."""
    yield text
    for longest in range(min(len(text) - 1, 120), 15, -5):
        yield text[:longest].rsplit(" ", 1)[0].rstrip(",،") + "…"


def common(to: Addressee, public_url: str, zone: ZoneInfo) -> dict[str, Any]:
    """What every message about a report may say."""
    return {
        "name": to.name,
        "number": to.number,
        "title": to.title,
        "kind": to.kind,
        "agency_ar": to.agency_ar,
        "agency_en": to.agency_en,
        "due_on": deadlines.due_day(to.due_at, zone).isoformat(),
        "submitted_at": to.submitted_at.isoformat(),
        "link": f"{public_url}/reports/{to.number}",
    }
