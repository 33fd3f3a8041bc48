"""Who else looks at a report, and that it changed: asked for by an open page every 20 seconds.

Nothing on the page is replaced but this: whatever is being typed stays as it is.
"""

from hashlib import sha256
from typing import Any

import msgspec
from litestar import Response, Router, get
from litestar.params import FromPath, FromQuery
from markupsafe import Markup, escape

from balagh.i18n import Language, isolate
from balagh.reports import presence
from balagh.reports.cases import Case, Desk
from balagh.web import access
from balagh.web.page import AnyRequest, render
from balagh.web.staff.desk import CASEWORK, case_of, desk_of
from balagh.web.staff.story import latest
from balagh.web.telling import Teller, teller_of


class PresenceView(msgspec.Struct, frozen=True, kw_only=True):
    """``onlookers``: who looks at it too; ``changed``: what was done since the page was opened;
    ``url``: where to ask again, with what is shown already."""

    onlookers: Markup
    changed: Markup
    url: str
    case_url: str


async def presence_view(
    desk: Desk, case: Case, teller: Teller, as_of: int | None = None
) -> PresenceView:
    """``as_of``: the version that the page shows, the report's own where it is just being made."""
    shown = case.version if as_of is None else as_of
    names = [
        teller.language.name(one) for one in await presence.onlookers(desk, case.id, teller.now)
    ]
    changed = await latest(desk, case, teller) if shown < case.version else Markup("")
    digest = sha256("\n".join([*names, changed, teller.language.code]).encode()).hexdigest()[:16]
    return PresenceView(
        onlookers=_onlookers(names, teller.language),
        changed=changed,
        url=f"/cases/{case.number}/presence?as_of={shown}&shown={digest}",
        case_url=f"/cases/{case.number}",
    )


def _onlookers(names: list[str], language: Language) -> Markup:
    if not names:
        return Markup("")
    if len(names) == 1:
        return language.markup("{name} is looking at this", name=isolate(names[0]))
    listed = escape(language.text(", ")).join(isolate(name) for name in names)
    return language.markup("Looking at this too: {names}", names=listed)


# Being there is not doing something: whoever leaves the page open is signed out all the same.
@get("/cases/{number:str}/presence", opt={access.PASSIVE: True})
async def ask(
    request: AnyRequest, number: FromPath[str], as_of: FromQuery[int], shown: FromQuery[str] = ""
) -> Response[Any]:
    """204 while everything is as the page shows it: what did not change is not read out again."""
    found, desk, teller = await case_of(request, number), desk_of(request), await teller_of(request)
    await presence.still_there(desk, found.id, teller.now)
    view = await presence_view(desk, found, teller, as_of)
    if view.url.endswith(f"shown={shown}"):
        return Response(None, status_code=204, headers={"Cache-Control": "no-store"})
    return render(request, "staff/_presence.html", at=view.case_url, presence=view)


router = Router("/", guards=[CASEWORK], route_handlers=[ask])
