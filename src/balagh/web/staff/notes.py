"""Internal notes: written on the report's page, found again under "Mentions" by those addressed.

Writing one never conflicts with anything: it changes no version.
"""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from balagh.reports.cases import Side
from balagh.reports.fields import Problem
from balagh.reports.mentions import mentions
from balagh.reports.notes import Mentioned, Note, colleagues, mentioning, write
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, render
from balagh.web.staff import story
from balagh.web.staff.case import show
from balagh.web.staff.desk import CASEWORK, case_of, desk_of
from balagh.web.staff.note_form import ALL, TEXT, form_view
from balagh.web.telling import Teller, teller_of

# Characters that are looked at of whatever is sent.
_LONGEST = 20_000


@get("/cases/{number:str}/notes")
async def back(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """The form is on the report's page; a reload of its answer leads there."""
    return go(f"/cases/{(await case_of(request, number)).number}")


@post("/cases/{number:str}/notes")
async def add(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """Adds a note, once however often the form is sent."""
    found, desk, teller = await case_of(request, number), desk_of(request), await teller_of(request)
    form = await request.form()
    given = {name: value for name, value in form.items() if isinstance(value, str)}
    typed = given.get("note", "")[:_LONGEST].replace("\x00", "")
    text = TEXT.read(typed.strip()) if typed.strip() else Problem(TEXT.missing)
    id = _form_id(given.get("once", ""))
    for_all = given.get("readers") == ALL and found.referred_agency_id is not None
    if isinstance(text, Problem):
        again = await form_view(
            desk, found, teller, id=id, typed=typed, readers=given.get("readers", ""),
            mention=given.get("mention", ""), problem=text,
        )  # fmt: skip
        view = await story.panel(desk, found, teller, form=again)
        return await show(request, found, status=422, story=view, errors=view.errors)
    known = await colleagues(desk)
    addressed = {one.id for one in mentions(text, known)}
    addressed |= {one.id for one in known if str(one.id) == given.get("mention")}
    side: Side | None = None if for_all else desk.side
    note = Note(text=text, side=side, mentions=sorted(addressed), form=id)
    if not await write(desk, found.id, note, teller.now):
        # It went to somebody else between the two statements.
        raise NotFoundException
    return go(f"/cases/{found.number}#story")


class MentionView(msgspec.Struct, frozen=True):
    url: str
    title: str
    text: str
    by: str
    when_text: str
    unread: bool


@get("/mentions")
async def mentioned(request: AnyRequest, before: FromQuery[int | None] = None) -> Response[Any]:
    """Where whoever asks is addressed, the newest first."""
    teller = await teller_of(request)
    found, more = await mentioning(desk_of(request), before=before)
    return render(
        request,
        "staff/mentions.html",
        mentions=[_view(one, teller) for one in found],
        older_url=f"/mentions?before={found[-1].id}" if more else "",
    )


def _view(one: Mentioned, teller: Teller) -> MentionView:
    return MentionView(
        f"/cases/{one.number}#story",
        one.title,
        one.text,
        one.by_ar if teller.language.code == "ar" else one.by_en,
        teller.when(one.at),
        one.read_at is None,
    )


def _form_id(given: str) -> str:
    """As the page made it; a form that lost it is one of its own."""
    try:
        return str(UUID(given))
    except ValueError:
        return ""


router = Router("/", guards=[CASEWORK], route_handlers=[back, add, mentioned])
