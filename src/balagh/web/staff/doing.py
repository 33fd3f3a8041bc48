"""Where the forms of a report's page are sent: the action is done once, or the page comes back with
what was typed (specification 4).

422: something is wrong with the form. 409: somebody else was first; what they did is said, and the
form is there for another look, or its texts to be copied when the action is possible no more.
``preview``: the message is looked at; ``edit``: the form itself is changed. Both do nothing else.
"""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from balagh.files.inspection import Refused, inspect
from balagh.files.store import Store
from balagh.reports import cases, giving, numbers, replies
from balagh.reports.acting import Done
from balagh.reports.cases import Case, Desk
from balagh.reports.casework import File
from balagh.reports.deeds import Brought, Given, do, planned, said
from balagh.reports.fields import Answers, ComingDay, Items
from balagh.reports.lifecycle import STATE_TEXT, TRANSITIONS, Action
from balagh.web.beneficiary.evidence import TOO_MANY, UPLOAD
from balagh.web.beneficiary.own import LONGEST
from balagh.web.beneficiary.steps import FILE_LIMIT
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, is_fragment, render
from balagh.web.staff import actions
from balagh.web.staff.actions import ACTIONS, NOUNS, NoteView, Sheet
from balagh.web.staff.case import show
from balagh.web.staff.desk import CASEWORK, case_of, desk_of
from balagh.web.telling import Teller, teller_of


class Sent(msgspec.Struct, kw_only=True):
    """One form that was sent. ``items``: what an update answers."""

    request: Any
    desk: Desk
    teller: Teller
    case: Case
    action: Action
    typed: Answers
    items: tuple[str, ...]


def _paths() -> list[str]:
    return [f"/cases/{{number:str}}/{noun}" for noun in NOUNS.values()]


@get(_paths())
async def form(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """The form's own address, after signing in again or by reloading: the tab on the page."""
    found = await case_of(request, number)
    return go(f"/cases/{found.number}?do={_noun(request)}")


@post(_paths(), request_max_body_size=UPLOAD)
async def send(
    request: AnyRequest,
    number: FromPath[str],
    as_of: FromQuery[int],
    preview: FromQuery[int] = 0,
    edit: FromQuery[int] = 0,
) -> Response[Any]:
    """Does what the form says to the report that was seen as version ``as_of``."""
    action = ACTIONS[_noun(request)]
    data = await request.form()
    typed = typed_of(data)
    desk, teller = desk_of(request), await teller_of(request)
    found = await cases.case_for(desk, numbers.parse(number) or "")
    if found is None:
        return _gone(request, typed)
    items = await actions.asked(desk, found) if action is Action.UPDATE else ()
    sent = Sent(
        request=request, desk=desk, teller=teller, case=found, action=action, typed=typed,
        items=items,
    )  # fmt: skip
    if action not in actions.possible(found, desk, teller):
        return await _impossible(sent)
    if edit:
        return await _part(sent, await edited(found, desk, action, typed, teller))
    if preview:
        return await _looked_at(sent, live=preview == 2)
    if found.version != as_of:
        return await _done_already(sent) or await _changed(sent)
    return await _do(sent, data)


def typed_of(form: FormMultiDict) -> dict[str, str]:
    """What was typed, by the input's name. The last of several values counts, as for a radio
    button."""
    return {
        name: value[:LONGEST].replace("\x00", "")
        for name, value in form.multi_items()
        if isinstance(value, str) and name != "csrf"
    }


async def edited(case: Case, desk: Desk, action: Action, typed: Answers, teller: Teller) -> Sheet:
    """The form after one of its own buttons: another line, one less, a canned reply, the other
    calendar, a search."""
    fields = giving.papers(action, case.kind).fields
    now, focus = dict(typed), ""
    lists = [field for field in fields if isinstance(field, Items)]
    for one in lists:
        names = one.inputs()
        shown = actions.lines(one, typed)
        if "more" in typed:
            now["lines"] = str(min(shown + 1, len(names)))
            focus = f"do_{names[min(shown, len(names) - 1)]}"
        elif typed.get("drop", "").isdecimal():
            at = min(int(typed["drop"]), shown - 1)
            kept = [typed.get(name, "") for n, name in enumerate(names[:shown]) if n != at]
            now |= dict.fromkeys(names, "") | dict(zip(names, kept, strict=False))
            now["lines"] = str(max(1, shown - 1))
            focus = f"do_{names[max(0, at - 1)]}"
    if "insert" in typed:
        now, focus = await _inserted(case, desk, action, now, teller)
    for field in fields:
        if isinstance(field, ComingDay) and typed.get("toggle") == field.name:
            now |= field.in_other_calendar(typed)
            focus = f"do_{field.name}_day"
    if typed.get("search") in ("agency", "reply"):
        focus = "do_agency" if typed["search"] == "agency" else "do_reply"
    return Sheet(action=action, typed=now, focus=focus)


async def _inserted(
    case: Case, desk: Desk, action: Action, typed: Answers, teller: Teller
) -> tuple[dict[str, str], str]:
    """The form with the chosen canned reply after what stands in its field, and that field."""
    now = dict(typed)
    known = await actions.fitting(case, desk, action, teller.language)
    reply = next((one for one in known if str(one.id) == typed.get("reply")), None)
    if reply is None:
        return now, "do_reply"
    papers = giving.papers(action, case.kind)
    field = next(field for field in papers.fields if field.name == papers.reply)
    text = replies.filled(reply.body, actions.reply_values(case))
    if isinstance(field, Items):
        names = field.inputs()
        full = [typed[name] for name in names if typed.get(name, "").strip()]
        more = [line.strip() for line in text.splitlines() if line.strip()]
        all_of_them = (full + [line for line in more if line not in full])[: len(names)]
        now |= dict.fromkeys(names, "") | dict(zip(names, all_of_them, strict=False))
        return now, f"do_{names[len(all_of_them) - 1]}"
    before = typed.get(field.name, "").rstrip()
    now[field.name] = f"{before}\n{text}" if before else text
    return now, f"do_{field.name}"


async def _looked_at(sent: Sent, *, live: bool) -> Response[Any]:
    """The form again with the message that would go out. ``live``: while somebody types, so nothing
    is found fault with."""
    situation = await actions.situation_of(sent.teller)
    _, problems = actions.understood(sent.case, sent.action, sent.typed, situation)
    if live:
        return await _part(sent, _sheet(sent))
    return await _show(
        sent,
        Sheet(
            action=sent.action, typed=sent.typed, problems=problems,
            checking=not problems, focus="" if problems else "preview",
        ),
        status=422 if problems else 200,
    )  # fmt: skip


async def _do(sent: Sent, form: FormMultiDict) -> Response[Any]:
    case, teller, request = sent.case, sent.teller, sent.request
    situation = await actions.situation_of(teller)
    values, problems = actions.understood(case, sent.action, sent.typed, situation)
    uploads = _uploads(sent, form)
    if sent.action is Action.UPDATE:
        count = {n: len(files) for n, files in uploads.items()}
        problems = actions.parts_wrong(sent.items, sent.typed, count)
    if problems:
        return await _show(sent, _sheet(sent, problems=problems), status=422)
    brought, failures = await _checked(uploads)
    if failures:
        return await _show(sent, _sheet(sent, failures=failures), status=422)
    given = Given(
        desk=sent.desk,
        action=sent.action,
        values=values,
        answers=_answers(sent, brought),
        files=tuple(one.file.id for one, _ in brought),
    )
    deeds = await planned(
        case, given, teller.now, actions.terms_of(request, teller), actions.portal_of(request)
    )
    store: Store = request.app.state.store
    # Bytes first: a record without bytes would be a lie, bytes without a record are swept away.
    for one, content in brought:
        await store.put(one.file.id, content)
    done = await do(deeds, teller.now, tuple(one for one, _ in brought), case.person_id)
    if isinstance(done, Done):
        if any(deed.notices for deed in deeds):
            request.app.state.waker.wake()
        return _after(sent)
    for one, _ in brought:
        await store.delete(one.file.id)
    found = await cases.case_for(sent.desk, case.number)
    if found is None:
        return _gone(request, sent.typed)
    now = msgspec.structs.replace(sent, case=found)
    if (already := await _done_already(now)) is not None:
        return already
    if sent.action not in actions.possible(found, sent.desk, teller):
        return await _impossible(now)
    return await _changed(now)


def _uploads(sent: Sent, form: FormMultiDict) -> dict[int, list[UploadFile]]:
    """The files that were chosen, by part."""
    found: dict[int, list[UploadFile]] = {}
    for n in range(len(sent.items)):
        chosen = [
            one
            for one in form.getall(f"file_{n}", [])
            if isinstance(one, UploadFile) and one.filename
        ]
        if chosen:
            found[n] = chosen
    return found


async def _checked(
    uploads: Mapping[int, list[UploadFile]],
) -> tuple[list[tuple[Brought, bytes]], dict[int, str]]:
    """The files with their bytes, and why a part's were not taken."""
    brought: list[tuple[Brought, bytes]] = []
    failures: dict[int, str] = {}
    for n, files in uploads.items():
        for upload in files:
            if len(brought) >= FILE_LIMIT:
                failures[n] = TOO_MANY
                break
            verdict = await inspect(upload.file, upload.filename)
            if isinstance(verdict, Refused):
                failures[n] = verdict.reason
                break
            file = File(uuid4(), verdict.name, verdict.media_type, verdict.size)
            brought.append((Brought(file=file, sha256=verdict.sha256, item=n), verdict.data))
    return brought, failures


def _answers(sent: Sent, brought: list[tuple[Brought, bytes]]) -> tuple[dict[str, Any], ...]:
    """What is said to each thing that was asked for, as the beneficiary's own update has it."""
    return tuple(
        {
            "item": item,
            "text": sent.typed.get(f"text_{n}", "").strip().replace("\r\n", "\n"),
            "files": [one.file.name for one, _ in brought if one.item == n],
        }
        for n, item in enumerate(sent.items)
    )


def _sheet(sent: Sent, **more: Any) -> Sheet:
    return Sheet(action=sent.action, typed=sent.typed, **more)


def _after(sent: Sent) -> Response[Any]:
    """Where it goes on: on the report's page, unless it is out of the desk's sight now."""
    if sent.action is Action.RETURN_TO_AMER:
        return go(f"/inbox?returned={sent.case.number}")
    return go(f"/cases/{sent.case.number}?done={NOUNS[sent.action]}")


async def _done_already(sent: Sent) -> Response[Any] | None:
    """Pressed twice, or in two tabs: it is what they wanted."""
    entries = await cases.entries(sent.desk, sent.case.id)
    mine = next(
        (
            one
            for one in entries
            if one.action == sent.action and one.staff_id == sent.desk.staff_id
        ),
        None,
    )
    moving = [one for one in entries if one.to_state is not None][:2]
    if mine is None or mine not in moving:
        return None
    situation = await actions.situation_of(sent.teller)
    values, problems = actions.understood(sent.case, sent.action, sent.typed, situation)
    if problems:
        return None
    given = Given(
        desk=sent.desk, action=sent.action, values=values,
        answers=_answers(msgspec.structs.replace(sent, items=_items_of(mine.data)), []),
    )  # fmt: skip
    told = json.loads(mine.data)
    wanted = json.loads(msgspec.json.encode(said(sent.case, given, mine.at)))
    apart = {"closes", "agency_ar", "agency_en"}
    if any(told.get(name) != wanted.get(name) for name in {*told, *wanted} - apart):
        return None
    return _after(sent)


def _items_of(data: str) -> tuple[str, ...]:
    return tuple(answer["item"] for answer in json.loads(data).get("answers", ()))


async def _changed(sent: Sent) -> Response[Any]:
    """Somebody else was first, and it can still be done: with what was typed, to be looked at."""
    entries = await cases.entries(sent.desk, sent.case.id)
    text = sent.teller.language.text
    note = NoteView(
        title=text("The report changed meanwhile"),
        text=actions.moved(entries, sent.case, sent.teller)
        + "\n"
        + text("It is not done yet. What you typed is still here: look at it, then send it again."),
    )
    return await _show(sent, _sheet(sent), note=note, status=409)


async def _impossible(sent: Sent) -> Response[Any]:
    """It cannot be done: why, and what was typed."""
    if (already := await _done_already(sent)) is not None:
        return already
    language = sent.teller.language
    ever = any(row.action is sent.action and sent.desk.role in row.roles for row in TRANSITIONS)
    if not ever:
        note = NoteView(
            title=language.text("This is not for you to do"),
            text=language.text("Your role does not include it. Nothing was changed."),
            lost=_lost(sent),
        )
        return await _show(sent, None, note=note, status=403)
    entries = await cases.entries(sent.desk, sent.case.id)
    note = NoteView(
        title=language.text("This cannot be done now"),
        text=language.text(
            "The report is: {state}. Nothing was changed.",
            state=language.text(STATE_TEXT[sent.case.state]),
        )
        + "\n"
        + actions.moved(entries, sent.case, sent.teller),
        lost=_lost(sent),
    )
    return await _show(sent, None, note=note, status=409)


def _lost(sent: Sent) -> list[tuple[str, str]]:
    return actions.texts(sent.case, sent.action, sent.typed, sent.items, sent.teller.language)


async def _show(
    sent: Sent, sheet: Sheet | None, *, note: NoteView | None = None, status: int = 200
) -> Response[Any]:
    view = await actions.panel(sent.request, sent.case, sheet, note)
    return await show(
        sent.request,
        sent.case,
        status=status,
        actions=view,
        errors=view.errors,
        at=f"/cases/{sent.case.number}",
    )


async def _part(sent: Sent, sheet: Sheet) -> Response[Any]:
    """As ``_show``; a script, which takes a part of the panel every few keys, gets no more."""
    if not is_fragment(sent.request):
        return await _show(sent, sheet)
    view = await actions.panel(sent.request, sent.case, sheet)
    at = f"/cases/{sent.case.number}"
    return render(sent.request, "staff/actions.html", actions=view, at=at)


def _gone(request: AnyRequest, typed: Answers) -> Response[Any]:
    """The report is not there for this desk: the same as one that does not exist, but what was
    written is given back. It depends on nothing but what was sent."""
    written = [
        text
        for name, text in typed.items()
        if text.strip() and (name in _WRITTEN or name.startswith(("text_", "item_")))
    ]
    if not written:
        raise NotFoundException
    return render(request, "staff/gone.html", status=404, written=written, at="/inbox")


_WRITTEN = frozenset({"guidance", "reason", "text", "plan", "reasons", "comment"})


def _noun(request: AnyRequest) -> str:
    return request.url.path.rsplit("/", 1)[-1]


router = Router("/", guards=[CASEWORK], route_handlers=[form, send])
