"""``/answer/{token}``: an agency without staff here answers one report (specification 4).

Opening the link changes nothing, because programs that check mail open links too. Whoever is
signed in, the token alone says which report it is; it shows what the agency needs to answer, and
not how to reach the beneficiary (decision 095). Every look is in the audit log.
"""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from balagh.directory.lookup import catalogue
from balagh.files.names import download_headers
from balagh.i18n import N_, grouped, isolate
from balagh.i18n import typed as as_typed
from balagh.notices.texts import words_now
from balagh.people import audit
from balagh.reports import answer_links, cases, deadlines, giving, inboxes
from balagh.reports.acting import Deed, Done
from balagh.reports.answer_links import AnswerLink, Status
from balagh.reports.cases import Case
from balagh.reports.choices import Choices
from balagh.reports.deeds import Given, planned
from balagh.reports.fields import NOT_LISTED, Answers, Field, Problem, Situation, Values
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import Action
from balagh.web import views
from balagh.web.access import see_other
from balagh.web.asking import field_views, situation_of, typed_in
from balagh.web.page import AnyRequest, render, settings_of
from balagh.web.staff import actions
from balagh.web.telling import Teller, teller_of
from balagh.web.views import FileView, RowView

# Why a link does not answer: heading, text.
_OVER: dict[Status, tuple[str, str]] = {
    "used": (
        N_("The answer was received"),
        N_("Thank you. Report {number} was answered by this link. Amer centre checks the answer."),
    ),
    "revoked": (
        N_("This link was withdrawn"),
        N_("Amer centre withdrew the link to report {number}."),
    ),
    "stopped": (
        N_("This report no longer waits for your answer"),
        N_(
            "Report {number} has moved on since the link was sent: it was answered, cancelled or "
            "passed on."
        ),
    ),
    "expired": (
        N_("This link has expired"),
        N_("A link to answer works for 14 days. This one ended on {day}."),
    ),
}


# What is given back when the link has ended meanwhile.
_WRITTEN = ("text", "plan", "reasons")


# The same where the answer closes the report.
_CLOSED = N_(
    "Thank you. Report {number} was answered by this link and is closed now. "
    "The beneficiary is told."
)
# To somebody whose own words were not sent.
_ELSE = (
    N_("This link was used already"),
    N_("Report {number} was answered by this link meanwhile, with other words."),
)


class ReportView(msgspec.Struct, frozen=True):
    """What the agency needs to know to answer; ``due``: until when."""

    heading: str
    kind: Any
    title: str
    due: str
    left: str
    rows: list[RowView]
    files: list[FileView]


@get("/answer/{token:str}")
async def ask(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """The report and the form for its answer."""
    link, teller = await _linked(token), await teller_of(request)
    case = await _case(link, teller)
    if case is None:
        return _over(request, link, teller)
    await _seen(link, teller)
    return await _form(request, token, case, teller, {})


@post("/answer/{token:str}")
async def answer(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """Checks what was typed, shows it to be looked at once more, and records it once confirmed.

    ``step``: ``check``, ``change`` (back to the form) or ``send``. ``as_of``: the version seen.
    """
    link, teller = await _linked(token), await teller_of(request)
    case = await _case(link, teller)
    form = await request.form()
    kind = case.kind if case else str(form.get("kind", ""))
    typed = await typed_in(request, _fields(kind))
    if case is None:
        if form.get("step") == "send" and _sent_already(link, typed):
            return see_other(f"/answer/{token}")
        return _over(request, link, teller, typed)
    if form.get("toggle") == giving.PROMISED_ON.name:
        typed |= giving.PROMISED_ON.in_other_calendar(typed)
        return await _form(request, token, case, teller, typed)
    if form.get("step") == "change":
        return await _form(request, token, case, teller, typed)
    situation = await situation_of(teller)
    values, problems = giving.read(_fields(case.kind), typed, situation)
    if problems:
        return await _form(request, token, case, teller, typed, problems=problems)
    if form.get("as_of") != str(case.version):
        return await _overtaken(request, token, teller, typed)
    deeds = await _planned(request, link, case, values, teller)
    if form.get("step") != "send":
        await _seen(link, teller)
        return await _check(request, token, case, teller, typed, values, deeds)
    done = await answer_links.answer(link, deeds, teller.now)
    if isinstance(done, Done):
        if any(deed.notices for deed in deeds):
            request.app.state.waker.wake()
        return see_other(f"/answer/{token}")
    return await _overtaken(request, token, teller, typed)


@get("/answer/{token:str}/files/{file:uuid}")
async def download(
    request: AnyRequest, token: FromPath[str], file: FromPath[UUID]
) -> Response[Any]:
    """A file of the report, for as long as the link is open."""
    link, teller = await _linked(token), await teller_of(request)
    kept = await answer_links.file_by(link, file)
    if kept is None or await _case(link, teller) is None:
        raise NotFoundException
    await _seen(link, teller, file=str(kept.id))
    return _unlisted(
        Response(
            content=await request.app.state.store.read(kept.id),
            media_type=kept.media_type,
            headers={
                **download_headers(kept.name, kept.media_type),
                "Cache-Control": "no-store",
            },
        )
    )


async def _overtaken(
    request: AnyRequest, token: str, teller: Teller, typed: Answers
) -> Response[Any]:
    """Somebody was first: the same answer, pressed twice, or something else that is told."""
    link = await _linked(token)
    case = await _case(link, teller)
    if case is None and _sent_already(link, typed):
        return see_other(f"/answer/{token}")
    if case is None:
        return _over(request, link, teller, typed)
    return await _form(request, token, case, teller, typed, changed=True)


def _fields(kind: str) -> tuple[Field, ...]:
    return giving.papers(Action.ANSWER, kind).fields


async def _linked(token: str) -> AnswerLink:
    """What the token stands for; 404, as for any address that does not exist, when we never made
    it."""
    link = await answer_links.link_by(token)
    if link is None:
        raise NotFoundException
    return link


async def _case(link: AnswerLink, teller: Teller) -> Case | None:
    """The report while the link is open, as the agency may see it."""
    if link.status(teller.now) != "open":
        return None
    return await cases.case_for(answer_links.desk_by(link), link.number)


async def _seen(link: AnswerLink, teller: Teller, **more: Any) -> None:
    # By nobody of the staff: the entry names the link, and that names the contact.
    data = {"answer_link": link.id, **more}
    await audit.record(None, "view_by_link", f"report:{link.report_id}", teller.now, data)


def _sent_already(link: AnswerLink, typed: Answers) -> bool:
    """Pressed twice: it is what they wanted. A colleague's other words are not: they come back."""
    words = (typed.get(name, "").strip().replace("\r\n", "\n") for name in _WRITTEN)
    return link.used_at is not None and link.answer in [text for text in words if text]


async def _planned(
    request: AnyRequest, link: AnswerLink, case: Case, values: Values, teller: Teller
) -> tuple[Deed, ...]:
    # The staff member who made the link answers for who holds it.
    given = Given(
        desk=answer_links.desk_by(link), action=Action.ANSWER, values=values, by_link=link.name
    )
    return await planned(
        case, given, teller.now, actions.terms_of(request, teller), actions.portal_of(request)
    )


async def _form(
    request: AnyRequest,
    token: str,
    case: Case,
    teller: Teller,
    typed: Answers,
    *,
    problems: dict[str, Problem] | None = None,
    changed: bool = False,
) -> Response[Any]:
    situation = await situation_of(teller)
    action = f"/answer/{token}"
    fields = field_views(_fields(case.kind), typed, problems or {}, situation, teller, action)
    return _unlisted(
        render(
            request,
            "answering/answer.html",
            status=422 if problems else 409 if changed else 200,
            report=await _report(token, case, teller, situation),
            as_of=case.version,
            kind=case.kind,
            action=action,
            fields=fields,
            errors=views.error_views(fields),
            changed=changed,
        )
    )


async def _check(
    request: AnyRequest,
    token: str,
    case: Case,
    teller: Teller,
    typed: Answers,
    values: Values,
    deeds: tuple[Deed, ...],
) -> Response[Any]:
    asked = [field for field in _fields(case.kind) if field.name in values]
    return _unlisted(
        render(
            request,
            "answering/check.html",
            rows=views.field_rows(asked, values, teller.language),
            # Only where the answer closes the report; else Amer reads it first.
            preview=actions.previewed(
                deeds,
                case,
                settings_of(request).public_url,
                teller.language,
                await words_now(teller.zone),
            )
            if len(deeds) > 1
            else None,
            typed=typed,
            as_of=case.version,
            kind=case.kind,
            action=f"/answer/{token}",
            about=_about(case, teller),
        )
    )


def _over(
    request: AnyRequest, link: AnswerLink, teller: Teller, typed: Answers | None = None
) -> Response[Any]:
    """What has become of the link, what to do now, and what was typed, to be copied."""
    language, status = teller.language, link.status(teller.now)
    heading, text = _OVER[status if status != "open" else "stopped"]
    if link.closed:
        text = _CLOSED
    written = [typed[name] for name in _WRITTEN if typed and typed.get(name, "").strip()]
    if status == "used" and written:
        heading, text = _ELSE
    # An answer that was just sent is shown as received, whoever comes back to it.
    sent = status == "used" and not typed
    return _unlisted(
        render(
            request,
            "answering/over.html",
            status=200 if sent else 410,
            heading=language.text(heading),
            text=language.markup(
                text,
                number=views.number(link.number),
                day=language.date(link.expires_at.astimezone(teller.zone).date()),
            ),
            done=sent,
            used=teller.when(link.used_at) if link.used_at else "",
            typed=written,
        )
    )


async def _report(token: str, case: Case, teller: Teller, situation: Situation) -> ReportView:
    language = teller.language
    files = [
        msgspec.structs.replace(
            views.file_view(file, language), url=f"/answer/{token}/files/{file.id}"
        )
        for file in await inboxes.files_of(case.id)
    ]
    return ReportView(
        heading=language.name(case, "agency"),
        kind=_about(case, teller),
        title=case.title,
        due=language.date(deadlines.due_day(case.due_at, teller.zone)),
        left=teller.until(case.due_at),
        rows=await _rows(case, teller, situation),
        files=files,
    )


def _about(case: Case, teller: Teller) -> Any:
    return teller.language.markup(
        "{kind} no. {number}",
        kind=teller.language.text(KINDS[case.kind].name),
        number=isolate(grouped(case.number)),
    )


async def _rows(case: Case, teller: Teller, situation: Situation) -> list[RowView]:
    """What was filed, by the same declaration that asked for it; and who filed it."""
    known, language = await catalogue(teller.now), teller.language
    names = (
        "ground", "matter", "reference", "filed_on", "response_days", "closed_on", "service_name",
        "title", "description",
    )  # fmt: skip
    values: dict[str, Any] = {name: getattr(case, name) for name in names}
    values["agency"] = known.agencies[case.agency_id]
    values["service"] = NOT_LISTED if case.service_id is None else known.services[case.service_id]
    if case.platform_id is not None:
        values["platform"] = known.platforms[case.platform_id]
    if case.delivery_channel is not None:
        values["delivery_channel"] = Choices(known, language.code).channel(case.delivery_channel)
    if case.still_happening is not None:
        values["still_happening"] = "yes" if case.still_happening else "no"
    asked = {"ground": case.ground or ""}
    kind = KINDS[case.kind]
    return [
        RowView(language.text("Beneficiary"), as_typed(case.organisation_name or case.person)),
        *(
            row
            for step in kind.steps
            if step.shown(asked, situation)
            for row in views.answer_rows(step, asked, values, language)
        ),
    ]


def _unlisted(response: Response[Any]) -> Response[Any]:
    response.headers["X-Robots-Tag"] = "noindex"
    # Said here again and not left to what all pages carry: the address holds the token.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


router = Router("/", route_handlers=[ask, answer, download])
