"""How a member of staff is told, on their profile (specification 6: "a daily digest")."""

from typing import Any

import msgspec
from litestar import Response, Router, post
from litestar.exceptions import NotFoundException

from balagh import clock
from balagh.i18n import N_, Language
from balagh.people import staff_notices
from balagh.people.staff_notices import HOW, KINDS, Choice, How, Kind
from balagh.reports.lifecycle import Role
from balagh.web import access
from balagh.web.page import AnyRequest
from balagh.web.views import OptionView

_HOW: dict[How, str] = {
    "digest": N_("Once on each working day, in the morning"),
    "each": N_("At once, whenever something comes"),
    "none": N_("No messages"),
}
_KINDS: dict[Kind, str] = {
    "new": N_("What is new in my inbox"),
    "due": N_("What is due by the next working day"),
    "overdue": N_("What is overdue"),
    "check": N_("Completeness checks that are due"),
    "promise": N_("Promised dates of my agency"),
    "mention": N_("Notes that mention me"),
}


class NoticeChoiceView(msgspec.Struct, frozen=True):
    how: list[OptionView]
    kinds: list[OptionView]


def choice_view(role: str, chosen: Choice, language: Language) -> NoticeChoiceView | None:
    """None for whom nothing of it concerns."""
    if role not in KINDS:
        return None
    return NoticeChoiceView(
        [OptionView(how, language.text(_HOW[how]), "", how == chosen.how) for how in HOW],
        [
            OptionView(kind, language.text(_KINDS[kind]), "", kind not in chosen.without)
            for kind in KINDS[role]
        ],
    )


@post("/profile/notices")
async def choose(request: AnyRequest) -> Response[Any]:
    """What the form cannot have sent changes nothing."""
    visitor, form = access.visitor(request), await request.form()
    if visitor is None or visitor.staff_id is None:
        raise NotFoundException
    how = next((one for one in HOW if one == form.get("notify")), None)
    if how is not None:
        wanted = set(form.getall("kind", []))
        without = [kind for kind in KINDS[visitor.role] if kind not in wanted]
        await staff_notices.choose(visitor.staff_id, how, without, clock.now())
    return access.see_other("/profile?saved=notices")


router = Router(
    "/", guards=[access.staff(*(Role(role) for role in KINDS))], route_handlers=[choose]
)
