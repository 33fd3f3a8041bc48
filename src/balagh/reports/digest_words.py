"""What a notice to staff says, ready in their language: sections with their first rows. Pure."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from balagh.i18n import N_, Language, grouped
from balagh.people.staff_notices import KINDS as TOLD
from balagh.people.staff_notices import Kind
from balagh.reports import deadlines
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import Action, Entry

# Where each kind is found.
_URLS: dict[Kind, str] = {
    "new": "/inbox?view=mine",
    "due": "/inbox?view=mine",
    "overdue": "/inbox?view=overdue",
    "check": "/inbox?view=check",
    "promise": "/promises",
    "mention": "/mentions",
}
# How it came to whoever is told.
_CAME: dict[str, str] = {
    Entry.ASSIGN: N_("assigned to you"),
    Action.REFER: N_("referred to your agency"),
    Action.SEND_BACK: N_("sent back to your agency"),
    Action.ACCEPT_REOPENING: N_("reopened"),
    Action.ANSWER: N_("answered by the agency"),
    Action.RETURN_TO_AMER: N_("returned by the agency"),
    Action.REQUEST_REOPENING: N_("reopening asked for"),
    Action.UPDATE: N_("data completed"),
}


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A row. ``of_kind``: how many there are of its kind, those that are not shown too; ``action``:
    how it came, for what is new."""

    kind: Kind
    of_kind: int
    action: str | None
    number: str
    report_kind: str
    due_at: datetime
    completeness_due_at: datetime
    promised_on: date | None
    agency_ar: str
    agency_en: str


def message(
    items: Sequence[Item],
    *,
    language: str,
    role: str,
    digest: bool,
    today: date,
    zone: ZoneInfo,
    waiting: int,
    undelivered: int,
    public_url: str,
) -> dict[str, Any] | None:
    """The data of a notice, or none when there is nothing to say. ``waiting``, ``undelivered``:
    what waits for a team, and messages that failed, for whoever leads it."""
    if not items and not waiting and not undelivered:
        return None
    said = Language.of(language)
    sections = [
        _section([one for one in items if one.kind == kind], said, zone, public_url)
        for kind in TOLD.get(role, ())
        if any(one.kind == kind for one in items)
    ]
    team = []
    if waiting:
        count = said.plural(
            "{n} report waits for somebody to take it",
            "{n} reports wait for somebody to take them", waiting,
        )  # fmt: skip
        team.append({"text": count, "url": f"{public_url}/inbox?view=unassigned"})
    if undelivered:
        count = said.plural(
            "{n} message could not be delivered",
            "{n} messages could not be delivered", undelivered,
        )  # fmt: skip
        team.append({"text": count, "url": f"{public_url}/undelivered"})
    return {
        "today": said.date(today) if digest else "",
        "first": sections[0]["title"] if sections else team[0]["text"],
        "sections": sections,
        "team": team,
        "link": f"{public_url}/inbox",
        "profile_link": f"{public_url}/profile",
    }


def _section(
    items: Sequence[Item], said: Language, zone: ZoneInfo, public_url: str
) -> dict[str, Any]:
    kind, count = items[0].kind, items[0].of_kind
    left = count - len(items)
    return {
        "kind": kind,
        "title": _title(kind, count, said),
        "rows": [_row(item, said, zone, public_url) for item in items],
        "more": said.plural("and {n} more", "and {n} more", left) if left else "",
        "url": f"{public_url}{_URLS[kind]}",
    }


def _title(kind: Kind, n: int, said: Language) -> str:
    match kind:
        case "new":
            return said.plural("{n} new report", "{n} new reports", n)
        case "due":
            return said.plural(
                "{n} report due by the next working day",
                "{n} reports due by the next working day", n,
            )  # fmt: skip
        case "overdue":
            return said.plural("{n} overdue report", "{n} overdue reports", n)
        case "check":
            return said.plural(
                "{n} report whose completeness check is due",
                "{n} reports whose completeness check is due", n,
            )  # fmt: skip
        case "promise":
            return said.plural(
                "{n} promised date that comes or has passed",
                "{n} promised dates that come or have passed", n,
            )  # fmt: skip
        case "mention":
            return said.plural("{n} note that mentions you", "{n} notes that mention you", n)


def _row(item: Item, said: Language, zone: ZoneInfo, public_url: str) -> dict[str, str]:
    if item.kind == "promise" and item.promised_on is not None:
        due = said.text("promised for {day}", day=said.date(item.promised_on))
    elif item.kind == "check":
        due = said.text(
            "check due by {day}", day=said.date(deadlines.due_day(item.completeness_due_at, zone))
        )
    else:
        due = said.text("due by {day}", day=said.date(deadlines.due_day(item.due_at, zone)))
    return {
        "number": grouped(item.number),
        "url": f"{public_url}/cases/{item.number}",
        "kind": said.text(KINDS[item.report_kind].name),
        "agency": said.name(item, "agency"),
        "due": due,
        "came": said.text(_CAME[item.action]) if item.action in _CAME else "",
    }
