"""Where staff go from every page, by role."""

import msgspec

from balagh.i18n import N_, Language
from balagh.people.sessions import Visitor
from balagh.reports import cases, hands, replies
from balagh.reports.lifecycle import Role


class Place(msgspec.Struct, frozen=True):
    path: str
    text: str
    roles: frozenset[Role]


PLACES = (
    Place("/inbox", N_("Inbox"), cases.AMER | cases.AGENCY),
    Place("/mentions", N_("Mentions"), cases.AMER | cases.AGENCY),
    Place("/replies", N_("Canned replies"), frozenset(replies.KEEPERS)),
    Place("/intake", N_("Callers"), frozenset({Role.INTAKE_OFFICER})),
    Place("/promises", N_("Promised dates"), cases.AMER | cases.AGENCY),
    Place("/load", N_("Team load"), frozenset({Role.AGENCY_MANAGER, Role.SUPERVISOR})),
    Place("/assignment", N_("Assignment"), hands.LEADERS),
    Place("/calendar", N_("Working days"), frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})),
    Place("/sweeps", N_("Sweeps"), frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})),
    Place("/staff", N_("Staff"), frozenset({Role.ADMINISTRATOR})),
    Place("/audit", N_("Audit log"), frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})),
)


class PlaceView(msgspec.Struct, frozen=True):
    """``count``: what is new there."""

    url: str
    text: str
    here: bool
    count: int = 0


def places(visitor: Visitor | None, path: str, language: Language) -> list[PlaceView]:
    """Those of the visitor's role; none for anybody who is not of the staff."""
    if visitor is None or visitor.staff_id is None:
        return []
    return [
        PlaceView(
            one.path,
            language.text(one.text),
            path == one.path or path.startswith(one.path + "/"),
            visitor.mentions if one.path == "/mentions" else 0,
        )
        for one in PLACES
        if visitor.role in one.roles
    ]


def first_place(role: str) -> str:
    """Where a member of staff in that role begins."""
    return next((one.path for one in PLACES if role in one.roles), "/profile")
