"""The canned replies of one's own side: found, written, changed, deleted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from balagh.i18n import N_, Language
from balagh.reports import giving, replies
from balagh.reports.fields import Answers, Problem
from balagh.reports.lifecycle import Action
from balagh.reports.replies import KEEPERS, PLACEHOLDERS, Reply
from balagh.web import access, views
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, render
from balagh.web.staff.actions import TEXTS, actions_with_text, kind_names, situation_of
from balagh.web.staff.desk import desk_of
from balagh.web.staff.doing import typed_of
from balagh.web.telling import Teller, teller_of

_DONE = {
    "added": N_("The reply was added."),
    "changed": N_("The reply was changed."),
    "deleted": N_("The reply was deleted."),
}
_LANGUAGES = {"ar": N_("Arabic"), "en": N_("English")}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ReplyView(msgspec.Struct, frozen=True, kw_only=True):
    """``about``: what it is for, in a line; ``changed``: by whom and when."""

    url: str
    title: str
    body: str
    code: str
    about: str
    changed: str


@get("/replies")
async def overview(request: AnyRequest, q: FromQuery[str] = "") -> Response[Any]:
    """All of one's own side that hold the words searched for."""
    desk, teller = desk_of(request), await teller_of(request)
    search = q.strip()[:100]
    done = _DONE.get(request.query_params.get("done", ""), "")
    return render(
        request,
        "staff/replies.html",
        search=search,
        done=teller.language.text(done) if done else "",
        replies=[_view(one, teller) for one in await replies.managed(desk, search)],
    )


@get("/replies/new")
async def blank(request: AnyRequest) -> Response[Any]:
    teller = await teller_of(request)
    return await _form(request, teller, {"language": teller.language.code}, action="/replies/new")


@post("/replies/new")
async def add(request: AnyRequest) -> Response[Any]:
    desk, teller = desk_of(request), await teller_of(request)
    typed = typed_of(await request.form())
    values, problems = giving.read(_fields(), typed, await situation_of(teller))
    if problems:
        return await _form(request, teller, typed, action="/replies/new", problems=problems)
    await replies.add(desk, values, teller.now)
    return go("/replies?done=added")


@get("/replies/{reply:int}")
async def show(request: AnyRequest, reply: FromPath[int]) -> Response[Any]:
    teller = await teller_of(request)
    found = await _own(request, reply)
    return await _form(request, teller, _typed(found), action=_url(found), reply=found)


@post("/replies/{reply:int}")
async def change(request: AnyRequest, reply: FromPath[int], as_of: FromQuery[int]) -> Response[Any]:
    """Changes the reply that was seen as it was at ``as_of`` (microseconds since the epoch)."""
    desk, teller = desk_of(request), await teller_of(request)
    found = await _own(request, reply)
    typed = typed_of(await request.form())
    values, problems = giving.read(_fields(), typed, await situation_of(teller))
    if problems:
        return await _form(
            request, teller, typed, action=_url(found), problems=problems, reply=found
        )
    seen = _EPOCH + timedelta(microseconds=min(as_of, 2**60))
    if await replies.change(desk, found.id, seen, values, teller.now):
        return go("/replies?done=changed")
    now = await _own(request, reply)
    return await _form(request, teller, typed, action=_url(now), reply=now, changed=True)


@get("/replies/{reply:int}/deletion")
async def ask(request: AnyRequest, reply: FromPath[int]) -> Response[Any]:
    """Shows it once more, and asks."""
    teller = await teller_of(request)
    found = await _own(request, reply)
    return render(request, "staff/reply_deletion.html", reply=_view(found, teller))


@post("/replies/{reply:int}/deletion")
async def delete(request: AnyRequest, reply: FromPath[int]) -> Response[Any]:
    """What is gone already stays gone."""
    teller = await teller_of(request)
    found = await _own(request, reply)
    await replies.delete(desk_of(request), found.id, teller.now)
    return go("/replies?done=deleted")


async def _own(request: AnyRequest, id: int) -> Reply:
    """The reply of one's own side; another's is as absent as one that does not exist."""
    found = await replies.reply_of(desk_of(request), id) if 0 < id < 2**63 else None
    if found is None:
        raise NotFoundException
    return found


def _fields() -> tuple[Any, ...]:
    return replies.fields(actions_with_text(), kind_names())


def _typed(reply: Reply) -> dict[str, str]:
    return {
        "title": reply.title,
        "for_action": reply.action or "",
        "for_kind": reply.kind or "",
        "language": reply.language,
        "body": reply.body,
    }


def _url(reply: Reply) -> str:
    as_of = (reply.changed_at - _EPOCH) // timedelta(microseconds=1)
    return f"/replies/{reply.id}?as_of={as_of}"


async def _form(
    request: AnyRequest,
    teller: Teller,
    typed: Answers,
    *,
    action: str,
    problems: dict[str, Problem] | None = None,
    reply: Reply | None = None,
    changed: bool = False,
) -> Response[Any]:
    language, situation = teller.language, await situation_of(teller)
    problems = problems or {}
    fields = [
        views.field_view(field, typed, situation, problems.get(field.name), language, "")
        for field in _fields()
    ]
    return render(
        request,
        "staff/reply.html",
        fields=fields,
        errors=views.error_views(fields),
        action=action,
        placeholders=[(f"{{{name}}}", language.text(_FILLED[name])) for name in PLACEHOLDERS],
        reply=_view(reply, teller) if reply else None,
        changed=changed,
        status=422 if problems else 409 if changed else 200,
    )


_FILLED = {
    "number": N_("Report number"),
    "name": N_("Beneficiary"),
    "agency": N_("Agency"),
}


def _view(reply: Reply, teller: Teller) -> ReplyView:
    language = teller.language
    return ReplyView(
        url=f"/replies/{reply.id}",
        title=reply.title,
        body=reply.body,
        code=reply.language,
        about=_about(reply, language),
        changed=language.text(
            "{who}, {when}",
            who=reply.changed_ar if language.code == "ar" else reply.changed_en,
            when=teller.when(reply.changed_at),
        ),
    )


def _about(reply: Reply, language: Language) -> str:
    action = language.text(TEXTS[Action(reply.action)] if reply.action else N_("Any action"))
    kind = language.text(kind_names()[reply.kind] if reply.kind else N_("Any kind"))
    return f"{action} · {kind} · {language.text(_LANGUAGES[reply.language])}"


router = Router(
    "/",
    guards=[access.staff(*KEEPERS)],
    route_handlers=[overview, blank, add, show, change, ask, delete],
)
