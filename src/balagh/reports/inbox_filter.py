"""What of the inbox is shown: a view, what narrows it, what is searched; all of it in the address.

A value that the address has and nobody can mean is left out and named, never a fault.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec

from balagh.directory.lookup import Catalogue
from balagh.i18n import N_
from balagh.reports import deadlines
from balagh.reports.cases import Desk, scope
from balagh.reports.inbox_views import ALL, IS_OPEN, View, views_of
from balagh.reports.kinds import KINDS, complaint
from balagh.reports.lifecycle import State
from balagh.text import latin_digits

# The states a filter knows besides those of the life cycle.
OPEN, ANY = "open", "any"
_STATES = frozenset({OPEN, ANY, *(state.value for state in State)})
# Whose: nobody's, one's own, or that person's id.
NOBODY, ME = "none", "me"

CHANNELS: Mapping[str, str] = {
    "portal": N_("Balagh portal"),
    "toll_free": N_("Toll-free 199099"),
    "gov_sa": N_("GOV.SA"),
    "other": N_("Another channel"),
}
# Shorter than where a beneficiary chooses.
GROUNDS: Mapping[str, str] = {
    complaint.OUTAGE: N_("System down"),
    complaint.SLA: N_("Response time passed"),
    complaint.NO_TIME: N_("No response time"),
    complaint.CLOSED: N_("Closed without a solution"),
}
PRIORITIES: Mapping[str, str] = {"normal": N_("Normal"), "high": N_("High")}

# In the order of the page and of the address.
NAMES = (
    *("kind", "agency", "state", "channel", "platform", "service", "ground", "priority"),
    *("assignee", "from", "to"),
)
LABELS: Mapping[str, str] = {
    "kind": N_("Kind"),
    "agency": N_("Agency"),
    "state": N_("State"),
    "channel": N_("Channel"),
    "platform": N_("Platform"),
    "service": N_("Service"),
    "ground": N_("Ground"),
    "priority": N_("Priority"),
    "assignee": N_("Assignee"),
    "from": N_("Filed from"),
    "to": N_("Filed until"),
}
LONGEST_SEARCH = 200
# Of days that reports can have been filed on.
_YEARS = range(2000, 2101)


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """``chosen``: what narrows the view, by name, as in the address and known to mean something;
    ``search``: what is searched; ``ignored``: names of what meant nothing."""

    view: View
    chosen: Mapping[str, str] = {}
    search: str = ""
    ignored: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """The state asked for; of a view that shows what is open, that when none was."""
        return self.chosen.get("state", OPEN if self.view.open and not self.search else "")

    def query(self, **changes: str | None) -> str:
        """As an address's query, always in the same order; ``changes``: other values, or without
        (``None``)."""
        given = {"view": self.view.code, **self.chosen, "q": self.search, **changes}
        if given.get("view") == ALL.code:
            given["view"] = None
        order = ("view", *NAMES, "q")
        return urlencode([(name, value) for name in order if (value := given.get(name))])


def read(query: Mapping[str, str], desk: Desk, catalogue: Catalogue) -> Filter:
    """What the address asks for."""
    views = {view.code: view for view in views_of(desk)}
    ignored = []
    view = views.get(query.get("view", ALL.code))
    if view is None:
        ignored.append("view")
        view = ALL
    chosen = {}
    for name in NAMES:
        typed = query.get(name, "").strip()
        if not typed:
            continue
        known = _known(name, latin_digits(typed), catalogue)
        if known is None:
            ignored.append(name)
        else:
            chosen[name] = known
    search = " ".join(query.get("q", "").replace("\x00", "").split())[:LONGEST_SEARCH]
    return Filter(view=view, chosen=chosen, search=search, ignored=tuple(ignored))


def _known(name: str, typed: str, catalogue: Catalogue) -> str | None:
    match name:
        case "kind":
            valid = typed in KINDS
        case "agency":
            valid = typed in catalogue.agency_codes
        case "platform":
            valid = typed in catalogue.platform_codes
        case "service":
            valid = typed in catalogue.service_codes
        case "ground":
            valid = typed in GROUNDS
        case "channel":
            valid = typed in CHANNELS
        case "priority":
            valid = typed in PRIORITIES
        case "state":
            valid = typed in _STATES
        case "assignee":
            valid = typed in (NOBODY, ME) or (
                typed.isascii() and typed.isdigit() and len(typed) < 18
            )
        case _:
            return _day(typed)
    return typed if valid else None


def _day(typed: str) -> str | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day.isoformat() if day.year in _YEARS else None


class Conditions:
    """Conditions on ``report r`` and their arguments, gathered for one statement."""

    def __init__(self) -> None:
        self.arguments: list[object] = []
        self._conditions: list[str] = []

    def put(self, value: object) -> str:
        """The placeholder of one more argument."""
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def add(self, condition: str) -> None:
        self._conditions.append(condition)

    def __str__(self) -> str:
        return " AND ".join(self._conditions) or "true"


def within(desk: Desk, view: View, now: datetime, zone: ZoneInfo) -> Conditions:
    """What that view shows that desk."""
    found = Conditions()
    add_view(found, desk, view, now, zone)
    return found


def add_view(found: Conditions, desk: Desk, view: View, now: datetime, zone: ZoneInfo) -> None:
    allowed, arguments = scope(desk, len(found.arguments) + 1)
    found.arguments += arguments
    found.add(allowed)
    condition = view.condition
    today = now.astimezone(zone).date()
    for name, value in (
        (":me", desk.staff_id), (":now", now), (":tomorrow", deadlines.end_of(today, zone)),
    ):  # fmt: skip
        if name in condition:
            condition = condition.replace(name, found.put(value))
    found.add(condition)


def conditions(
    given: Filter, desk: Desk, catalogue: Catalogue, now: datetime, zone: ZoneInfo
) -> Conditions:
    """What the filter shows that desk, without what is searched."""
    found = within(desk, given.view, now, zone)
    if given.state == OPEN:
        found.add(IS_OPEN)
    elif given.state not in ("", ANY):
        # One of the life cycle's: as a literal it lets partial indexes serve.
        found.add(f"r.state = '{State(given.state)}'")
    for name, value in given.chosen.items():
        match name:
            case "kind" | "ground" | "channel" | "priority":
                found.add(f"r.{name} = {found.put(value)}")
            case "agency":
                found.add(f"r.agency_id = {found.put(catalogue.agency_codes[value].id)}")
            case "platform":
                platform = catalogue.platform_codes[value]
                # The agency goes without saying; it has an index in the order of the page.
                found.add(f"r.agency_id = {found.put(platform.agency_id)}")
                found.add(f"r.platform_id = {found.put(platform.id)}")
            case "service":
                service = catalogue.service_codes[value]
                found.add(f"r.agency_id = {found.put(service.agency_id)}")
                found.add(f"r.service_id = {found.put(service.id)}")
            case "assignee":
                column = "r.assignee_id" if desk.side == "amer" else "r.officer_id"
                if value == NOBODY:
                    found.add(f"{column} IS NULL")
                else:
                    who = desk.staff_id if value == ME else int(value)
                    found.add(f"{column} = {found.put(who)}")
            case "from":
                begin = deadlines.end_of(date.fromisoformat(value) - timedelta(days=1), zone)
                found.add(f"r.submitted_at >= {found.put(begin)}")
            case "to":
                end = deadlines.end_of(date.fromisoformat(value), zone)
                found.add(f"r.submitted_at < {found.put(end)}")
    return found
