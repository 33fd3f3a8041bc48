"""Where staff go from every page, by role."""

import msgspec

from balagh.i18n import N_, Language
from balagh.people.sessions import Visitor
from balagh.reports import cases, hands, replies, undelivered
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
    Place("/staff", N_("Staff"), frozenset({Role.ADMINISTRATOR})),
    Place("/undelivered", N_("Not delivered"), undelivered.KEEPERS),
    Place("/calendar", N_("Working days"), frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})),
    Place("/sweeps", N_("Sweeps"), frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})),
    Place("/messages", N_("Messages"), frozenset({Role.ADMINISTRATOR})),
    Place("/audit", N_("Audit log"), frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})),
)


# What fits beside the search on a laptop in English; the others are one press away.
_IN_THE_BAR = 5


class PlaceView(msgspec.Struct, frozen=True):
    """``count``: how much waits there; ``counted``: what that is, for those who do not see it."""

    url: str
    text: str
    here: bool
    count: int = 0
    counted: str = ""


class PlacesView(msgspec.Struct, frozen=True):
    """``more``: behind a word that opens them."""

    bar: tuple[PlaceView, ...] = ()
    more: tuple[PlaceView, ...] = ()


def places(visitor: Visitor | None, path: str, language: Language) -> PlacesView:
    """Those of the visitor's role; none for anybody who is not of the staff."""
    if visitor is None or visitor.staff_id is None:
        return PlacesView()
    waits = {
        "/mentions": (visitor.mentions, language.text("unread")),
        "/undelivered": (visitor.undelivered, language.text("not delivered")),
    }
    theirs = tuple(
        PlaceView(
            one.path,
            language.text(one.text),
            path == one.path or path.startswith(one.path + "/"),
            *waits.get(one.path, (0, "")),
        )
        for one in PLACES
        if visitor.role in one.roles
    )
    if len(theirs) <= _IN_THE_BAR:
        return PlacesView(theirs)
    return PlacesView(theirs[: _IN_THE_BAR - 1], theirs[_IN_THE_BAR - 1 :])


def first_place(role: str) -> str:
    """Where a member of staff in that role begins."""
    return next((one.path for one in PLACES if role in one.roles), "/profile")
