"""«التقديم نيابة عن المتصل»: an intake officer files for somebody who calls 199099 or writes.

A caller is looked up by national id, or added, and from there the wizard's own pages serve: the
draft says whose report it becomes and who makes it. The national id is in no address and no log.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from markupsafe import Markup

from balagh import clock
from balagh.directory.lookup import catalogue
from balagh.i18n import N_, grouped, isolate
from balagh.people import audit, callers, national_ids
from balagh.people.callers import Caller, NewCaller
from balagh.reports import assisted, casework, deadlines, evidence_links, inboxes, moments
from balagh.reports.assisted import CallersDraft
from balagh.reports.casework import Channel
from balagh.reports.choices import Choices
from balagh.reports.fields import (
    Answers,
    Choice,
    Field,
    Line,
    Option,
    Problem,
    Situation,
    Values,
)
from balagh.reports.inboxes import Group, ReportLine
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import Role
from balagh.reports.steps import EMAIL, PHONE
from balagh.reports.telling_channels import Reach, ways
from balagh.reports.wizard import Step, parse
from balagh.web import access, views
from balagh.web.beneficiary.reminding import masked_markup
from balagh.web.beneficiary.telling import agency_of, story_sentence, story_state
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, language_of, render, settings_of
from balagh.web.staff.desk import case_of, desk_of
from balagh.web.telling import Teller, teller_of

_LONGEST = 1000


class NationalId(Field, frozen=True, kw_only=True):
    """A national id or an iqama, in any digits; the value is its ten Latin digits."""

    def understand(
        self, typed: str, answers: Answers, values: Values, situation: Situation
    ) -> str | Problem:
        return national_ids.normalised(typed) or Problem(
            N_("This is not a national identity or residence number: check its 10 digits")
        )


LOOK_UP = Step(
    slug="look-up",
    title=N_("File for a caller"),
    section="",
    fields=(
        NationalId(
            name="national_id",
            label=N_("National identity or residence number of the caller"),
            hint=N_("10 digits, begins with 1 or 2"),
            missing=N_("Write the number that the caller tells you"),
            inputmode="numeric",
            maxlength=20,
            ltr=True,
        ),
    ),
)
NEW_CALLER = Step(
    slug="caller",
    title=N_("Add the caller"),
    section="",
    fields=(
        *LOOK_UP.fields,
        Line(
            name="name",
            label=N_("Full name"),
            missing=N_("Write the caller's full name"),
            least=2,
            maxlength=200,
        ),
        PHONE,
        EMAIL,
        Choice(
            name="language",
            label=N_("In which language do we write to them?"),
            missing=N_("Choose the language"),
            choices=(
                Option(value="ar", label="العربية"),
                Option(value="en", label="English"),
            ),
        ),
    ),
)
# How somebody reached us (specification 1).
CHANNELS: tuple[tuple[Channel, str], ...] = (
    ("toll_free", N_("Called 199099")),
    ("gov_sa", N_("GOV.SA platform or app")),
    ("other", N_("Another channel of Amer centre")),
)


class DraftView(msgspec.Struct, frozen=True, kw_only=True):
    """``whom``: the caller's name."""

    title: str
    subtitle: str
    whom: str
    url: str


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """A caller's report; ``sentence``: what to tell them of it."""

    title: str
    url: str
    subtitle: Markup
    state: str
    state_text: str
    sentence: Markup


@get("/intake")
async def index(request: AnyRequest) -> Response[Any]:
    """Look a caller up; go on with a draft."""
    return await _index(request)


@post("/intake")
async def look_up(request: AnyRequest) -> Response[Any]:
    """Leads to the caller; who is not known yet is added on the page that this answers with."""
    typed = await _typed(request, LOOK_UP)
    values, problems = parse(LOOK_UP, typed, {}, await _situation(request))
    if problems:
        return await _index(request, typed, problems)
    desk = desk_of(request)
    found = await callers.find(
        values["national_id"],
        desk.staff_id,
        secret_key=settings_of(request).secret_key,
        now=clock.now(),
    )
    if found is not None:
        return go(f"/intake/callers/{found}")
    language = language_of(request)
    return await _new_caller(request, {**values, "language": language.code}, {})


@post("/intake/callers")
async def add(request: AnyRequest) -> Response[Any]:
    """Adds a caller, once however often the form is sent."""
    typed = await _typed(request, NEW_CALLER)
    values, problems = parse(NEW_CALLER, typed, {}, await _situation(request))
    settings = settings_of(request)
    if not problems and settings.sms_url is None and not values["email"]:
        problems = {"email": Problem(N_("Write an e-mail address: no text messages are sent here"))}
    if problems:
        return await _new_caller(request, typed, problems)
    made = await callers.add(
        NewCaller(**values),
        desk_of(request).staff_id,
        secret_key=settings.secret_key,
        now=clock.now(),
    )
    return go(f"/intake/callers/{made}")


@get("/intake/callers/{caller:int}")
async def caller(request: AnyRequest, caller: FromPath[int]) -> Response[Any]:
    """Who it is, hidden but for what to confirm; their reports, and a new one for them."""
    return await _caller(request, await _known(request, caller))


@post("/intake/callers/{caller:int}/drafts")
async def begin(request: AnyRequest, caller: FromPath[int]) -> Response[Any]:
    """Begins a report for the caller. ``draft`` was chosen with the page, so that the same form
    sent twice begins one."""
    found = await _known(request, caller)
    form = await request.form()
    kind, said = str(form.get("kind")), form.get("channel")
    channel = next((code for code, _ in CHANNELS if code == said), None)
    try:
        draft = UUID(str(form.get("draft")))
    except ValueError:
        draft = uuid4()
    if kind not in KINDS:
        raise NotFoundException
    if channel is None:
        problem = Problem(N_("Choose how the caller reached us"))
        return await _caller(request, found, problem=problem)
    await casework.begin_for(draft, found.id, kind, desk_of(request).staff_id, channel, clock.now())
    return go(f"/drafts/{draft}")


@get("/intake/filed/{number:str}")
async def filed(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """The number to read out, when the answer comes at the latest, and how to go on."""
    case = await case_of(request, number)
    teller, settings = await teller_of(request), settings_of(request)
    await audit.record(desk_of(request).staff_id, "view", f"report:{case.id}", teller.now)
    to = await moments.addressee_of(case.id)
    told = {way.channel: way.recipient for way in ways(Reach.of(to), sms=bool(settings.sms_url))}
    links = await evidence_links.links(case.id)
    files = await inboxes.files_of(case.id)
    return render(
        request,
        "staff/intake_filed.html",
        number=grouped(case.number),
        raw_number=case.number,
        due_on=deadlines.due_day(case.due_at, ZoneInfo(settings.zone)),
        received=teller.language.text(KINDS[case.kind].received),
        phone=masked_markup(told["sms"]) if "sms" in told else Markup(""),
        email=isolate(masked_email(told["email"])) if "email" in told else Markup(""),
        owed=case.ground == "outage" and not any(file.image for file in files),
        sent=bool(links),
        newest=links[0].id if links else 0,
        may_send=bool(told) and evidence_links.possible(case.state),
        link_url=f"/cases/{case.number}/evidence-links",
        case_url=f"/cases/{case.number}",
        caller_url=f"/intake/callers/{case.person_id}",
    )


def masked_name(name: str) -> str:
    """``نورة سعد القحطاني`` → ``نورة س… ا…``: enough to confirm what the caller says."""
    first, *others = name.split() or [""]
    return " ".join([first, *(f"{other[0]}…" for other in others)])


def masked_email(email: str) -> str:
    """``noura@example.sa`` → ``n•••@example.sa``; empty stays empty."""
    local, at, domain = email.rpartition("@")
    return f"{local[:1]}•••{at}{domain}" if at else ""


async def _known(request: AnyRequest, person: int) -> Caller:
    found = await callers.caller_of(person, desk_of(request).staff_id, clock.now())
    if found is None:
        raise NotFoundException
    return found


async def _index(
    request: AnyRequest,
    typed: Answers | None = None,
    problems: Mapping[str, Problem] | None = None,
) -> Response[Any]:
    teller = await teller_of(request)
    fields = await _fields(request, LOOK_UP, typed or {}, problems or {})
    staff = desk_of(request).staff_id
    found = await assisted.drafts(staff)
    for person in {draft.person_id for draft in found}:
        await audit.record(staff, "view", f"person:{person}", teller.now)
    return render(
        request,
        "staff/intake.html",
        fields=fields,
        errors=views.error_views(fields),
        drafts=[_draft_view(draft, teller) for draft in found],
        status=422 if problems else 200,
    )


async def _new_caller(
    request: AnyRequest, typed: Answers, problems: Mapping[str, Problem]
) -> Response[Any]:
    fields = await _fields(request, NEW_CALLER, typed, problems)
    return render(
        request,
        "staff/intake_caller_new.html",
        national_id=fields[0].value,
        fields=fields if "national_id" in problems else fields[1:],
        errors=views.error_views(fields),
        status=422 if problems else 200,
    )


async def _caller(
    request: AnyRequest, found: Caller, *, problem: Problem | None = None
) -> Response[Any]:
    teller = await teller_of(request)
    text = teller.language.text
    groups: tuple[tuple[Group, str], ...] = (
        ("waiting", N_("Waiting for the caller")),
        ("working", N_("Being worked on")),
        ("ended", N_("Finished")),
    )
    lists = []
    for group, heading in groups:
        page = await inboxes.mine(found.id, group, limit=50)
        if page.lines:
            lists.append((text(heading), [_line_view(line, teller) for line in page.lines]))
    drafts = await assisted.drafts(desk_of(request).staff_id, found.id)
    email = isolate(masked_email(found.email)) if found.email else Markup("")
    return render(
        request,
        "staff/intake_caller.html",
        name=masked_name(found.name),
        phone=masked_markup(found.phone) if found.phone else Markup(""),
        email=email,
        drafts=[_draft_view(draft, teller) for draft in drafts],
        lists=lists,
        draft=uuid4(),
        kinds=[(kind.code, text(kind.start)) for kind in KINDS.values()],
        channels=[(code, text(label)) for code, label in CHANNELS],
        error=text(problem.text) if problem else "",
        action=f"/intake/callers/{found.id}/drafts",
        status=422 if problem else 200,
        at=f"/intake/callers/{found.id}",
    )


def _draft_view(draft: CallersDraft, teller: Teller) -> DraftView:
    language = teller.language
    return DraftView(
        title=draft.title.strip()[:100] or language.text("Not named yet"),
        subtitle=language.text(
            "{kind} · saved {when}",
            kind=language.text(KINDS[draft.kind].name),
            when=teller.when(draft.updated_at),
        ),
        whom=draft.person,
        url=f"/drafts/{draft.id}",
    )


def _line_view(line: ReportLine, teller: Teller) -> LineView:
    language = teller.language
    state, state_text = story_state(line, language)
    return LineView(
        title=line.title,
        url=f"/cases/{line.number}",
        subtitle=language.markup(
            "{kind} {number} · {place}",
            kind=language.text(KINDS[line.kind].name),
            number=isolate(grouped(line.number)),
            place=agency_of(line, language),
        ),
        state=state.value,
        state_text=state_text,
        sentence=story_sentence(line, teller),
    )


async def _typed(request: AnyRequest, step: Step) -> dict[str, str]:
    form = await request.form()
    typed = {}
    for field in step.fields:
        # A marked radio button comes after the empty value of its group.
        values = [value for value in form.getall(field.name, []) if isinstance(value, str)]
        # PostgreSQL's text holds no NUL.
        typed[field.name] = values[-1][:_LONGEST].replace("\x00", "") if values else ""
    return typed


async def _fields(
    request: AnyRequest, step: Step, typed: Answers, problems: Mapping[str, Problem]
) -> list[views.FieldView]:
    situation, language = await _situation(request), language_of(request)
    return [
        views.field_view(field, typed, situation, problems.get(field.name), language, "")
        for field in step.fields
    ]


async def _situation(request: AnyRequest) -> Situation:
    now = clock.now()
    today = now.astimezone(ZoneInfo(settings_of(request).zone)).date()
    directory = Choices(await catalogue(now), language_of(request).code)
    return Situation(today=today, directory=directory, assisted=True)


router = Router(
    "/",
    guards=[access.staff(Role.INTAKE_OFFICER)],
    route_handlers=[index, look_up, add, caller, begin, filed],
)
