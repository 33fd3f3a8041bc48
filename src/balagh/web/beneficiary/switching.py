"""From a refusal to another track: the draft becomes another kind and loses nothing."""

from typing import Any
from uuid import UUID

from litestar import Response, Router, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

from balagh.reports import casework
from balagh.reports.kinds import KINDS
from balagh.reports.switching import way
from balagh.web.beneficiary.visits import go, own_draft, visit
from balagh.web.page import AnyRequest


@post("/drafts/{draft:uuid}/kind")
async def switch(request: AnyRequest, draft: FromPath[UUID]) -> Response[Any]:
    """Makes the draft the kind that the form names, about the service that this kind takes; sent
    again, it is that already. Leads to the first step that is not answered."""
    found = await own_draft(request, draft)
    if isinstance(found, Redirect):
        return found
    kind = KINDS.get(str((await request.form()).get("kind")))
    if kind is None:
        raise NotFoundException
    here = await visit(request, found)
    there = way(kind, here.answers, here.path.values, here.situation.directory)
    if there and (kind is not here.kind or there.answers):
        await casework.switch(found, found.person_id, kind.code, there.answers, here.now)
    return go(here.base)


router = Router("/", route_handlers=[switch])
