"""Who may give a report to whom, and who may stand in for whom (specification 1, 4).

"Supervisor: assigns. Agency manager: assigns." The others take what waits, and hand over what is
theirs: nobody takes a report out of a colleague's hands, and none stays in the hands of somebody
who has left. Pure: pages ask it what to offer, and once more when it was sent.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from balagh.reports.lifecycle import Role, State

# Who works on reports, and so may have one. An agency's manager assigns them and answers none.
HOLDERS = frozenset({Role.REVIEWER, Role.SUPERVISOR, Role.AGENCY_OFFICER})
# Who assigns whatever is their side's, and keeps its rules and absences.
LEADERS = frozenset({Role.SUPERVISOR, Role.AGENCY_MANAGER})
# Where something is still to be done with a report.
OPEN = frozenset(State) - {State.CLOSED, State.CANCELLED, State.REJECTED}

# Who may stand in for whom: whoever could do with the report what they do.
STANDS_IN: Mapping[Role, frozenset[Role]] = {
    Role.INTAKE_OFFICER: frozenset({Role.INTAKE_OFFICER, Role.REVIEWER, Role.SUPERVISOR}),
    Role.REVIEWER: frozenset({Role.REVIEWER, Role.SUPERVISOR}),
    Role.SUPERVISOR: frozenset({Role.REVIEWER, Role.SUPERVISOR}),
    Role.AGENCY_OFFICER: frozenset({Role.AGENCY_OFFICER}),
    Role.AGENCY_MANAGER: frozenset({Role.AGENCY_MANAGER, Role.AGENCY_OFFICER}),
}


class Colleague(msgspec.Struct, frozen=True, kw_only=True):
    """One of the staff as the others of their side see them. ``agency_id``: of a provider's people.

    ``away_from``, ``away_until``: the first instant of their absence and the first one after it;
    ``deputy_id``: who stands in meanwhile; ``load``: how many open reports they have.
    """

    id: int
    role: Role
    agency_id: int | None
    name_ar: str
    name_en: str
    active: bool = True
    away_from: datetime | None = None
    away_until: datetime | None = None
    deputy_id: int | None = None
    load: int = 0

    def away(self, at: datetime) -> bool:
        return (
            self.away_from is not None
            and self.away_until is not None
            and self.away_from <= at < self.away_until
        )


class Hinder(StrEnum):
    """Why a report cannot be given to somebody."""

    NOT_YOURS = "not_yours"
    ENDED = "ended"
    NOT_THEM = "not_them"


def hinder(
    asking: Colleague, state: State, holder: Colleague | None, to: Colleague | None, at: datetime
) -> Hinder | None:
    """Why ``asking`` may not give a report that ``holder`` has (none: nobody) to ``to`` (none: to
    nobody) at that instant; none when they may."""
    if state not in OPEN:
        return Hinder.ENDED
    if not _theirs(asking, holder, at):
        return Hinder.NOT_YOURS
    if to is not None and not may_have(to, asking.agency_id):
        return Hinder.NOT_THEM
    return None


def may_have(one: Colleague, agency_id: int | None) -> bool:
    """Whether they work on the reports of that side: of Amer (none), of the agency."""
    return one.active and one.role in HOLDERS and one.agency_id == agency_id


def _theirs(asking: Colleague, holder: Colleague | None, at: datetime) -> bool:
    """Whether it is theirs to give: as a leader, as the holder, because nobody who works has it, or
    because they stand in for who has it."""
    if asking.role in LEADERS:
        return True
    if asking.role not in HOLDERS:
        return False
    return (
        holder is None
        or holder.id == asking.id
        or not may_have(holder, asking.agency_id)
        or (holder.away(at) and holder.deputy_id == asking.id)
    )


class Absence(msgspec.Struct, frozen=True):
    """From that instant until that one, which is not part of it."""

    since: datetime
    until: datetime
    deputy_id: int


class Unfit(StrEnum):
    """Why an absence cannot be so."""

    BACKWARDS = "backwards"
    OVER = "over"
    NOBODY = "nobody"
    THEMSELVES = "themselves"
    DEPUTY_AWAY = "deputy_away"


def unfit(
    one: Colleague, wanted: Absence, people: Collection[Colleague], now: datetime
) -> Unfit | None:
    """Why ``one`` cannot be away so; none when they can. ``people``: all of their side.

    A deputy who is away in that time is refused, so that no circle can come about: its last link
    would lead to somebody who is away on that day already.
    """
    if wanted.until <= wanted.since:
        return Unfit.BACKWARDS
    if wanted.until <= now:
        return Unfit.OVER
    if wanted.deputy_id == one.id:
        return Unfit.THEMSELVES
    deputy = next((each for each in people if each.id == wanted.deputy_id), None)
    if (
        deputy is None
        or not deputy.active
        or deputy.agency_id != one.agency_id
        or deputy.role not in STANDS_IN.get(one.role, frozenset())
    ):
        return Unfit.NOBODY
    if deputy.away_from is None or deputy.away_until is None:
        return None
    # Half-open on both sides: one comes back on the day on which the other leaves.
    overlaps = deputy.away_from < wanted.until and wanted.since < deputy.away_until
    return Unfit.DEPUTY_AWAY if overlaps else None
