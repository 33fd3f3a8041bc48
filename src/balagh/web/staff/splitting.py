"""Splitting a report that concerns several agencies: the form, and the case page's panel."""

from typing import Any
from uuid import UUID, uuid4

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath

from balagh import clock
from balagh.directory.lookup import Catalogue, catalogue
from balagh.i18n import N_, Language, grouped
from balagh.reports import cases, inboxes, splitting
from balagh.reports.cases import Case, Desk
from balagh.reports.fields import Paragraphs, Problem
from balagh.reports.lifecycle import STATE_TEXT
from balagh.reports.splitting import MOST, NewPart, Sibling
from balagh.reports.timeline import ENDED
from balagh.web import access, views
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, render
from balagh.web.staff.desk import case_of, desk_of
from balagh.web.telling import Teller, teller_of

_LONGEST = 20_000
TEXT = Paragraphs(
    name="text",
    label=N_("What concerns this agency"),
    hint=N_("The agency sees this text instead of the beneficiary's. Up to 3,000 characters."),
    missing=N_("Write what concerns this agency"),
    least=10,
    maxlength=3000,
)
NO_AGENCY = Problem(N_("Choose the agency"))
HAS_PART = Problem(N_("This agency has a part of the report already: choose another one"))
NOT_OFFERED = Problem(N_("Choose a platform or service of this agency"))


class SiblingView(msgspec.Struct, frozen=True, kw_only=True):
    """``here``: the report whose page it is; ``first``: the one that the others are parts of."""

    number: str
    url: str
    agency: str
    state: str
    state_text: str
    due: str
    first: bool
    here: bool


class PartsPanel(msgspec.Struct, frozen=True, kw_only=True):
    """``siblings``: empty where it was never split; ``split_url``: empty where it cannot be."""

    siblings: list[SiblingView]
    split_url: str


class ChoiceView(msgspec.Struct, frozen=True):
    value: str
    text: str
    chosen: bool


class GroupView(msgspec.Struct, frozen=True):
    """A platform's services; the first choice is the platform itself."""

    name: str
    choices: list[ChoiceView]


class FileChoice(msgspec.Struct, frozen=True):
    id: str
    name: str
    chosen: bool


class RowView(msgspec.Struct, frozen=True, kw_only=True):
    """What concerns one further agency, as the form has it."""

    number: int
    agencies: list[ChoiceView]
    agency_error: str
    groups: list[GroupView]
    about_error: str
    text: views.FieldView
    files: list[FileChoice]


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """One agency's inputs; ``about``: ``p:`` and a platform's code or ``s:`` and a service's."""

    agency: str = ""
    about: str = ""
    text: str = ""
    files: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.agency or self.text.strip() or self.files)


async def panel(found: Case, desk: Desk, teller: Teller) -> PartsPanel | None:
    """What the case page shows; nothing to agencies, which know of their own part only."""
    if desk.side != "amer":
        return None
    siblings = await splitting.siblings(found.id)
    may = splitting.possible(desk.role, found.state, found.part_of)
    if len(siblings) < 2 and not may:
        return None
    return PartsPanel(
        siblings=[_sibling(one, found, teller) for one in siblings] if len(siblings) > 1 else [],
        split_url=f"/cases/{found.number}/split" if may else "",
    )


def _sibling(one: Sibling, found: Case, teller: Teller) -> SiblingView:
    language = teller.language
    return SiblingView(
        number=grouped(one.number),
        url=f"/cases/{one.number}",
        agency=one.agency_ar if language.code == "ar" else one.agency_en,
        state=one.state.value,
        state_text=language.text(STATE_TEXT[one.state]),
        due="" if one.state in ENDED else teller.until(one.due_at),
        first=one.part_of is None,
        here=one.id == found.id,
    )


@get("/cases/{number:str}/split")
async def ask(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """Which further agencies it concerns, and what of it."""
    found = await _splittable(request, number)
    if not isinstance(found, Case):
        return found
    return await _page(request, found, [Typed()], once=str(uuid4()), version=found.version)


@post("/cases/{number:str}/split")
async def split(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """Splits it; or shows the form again with another agency, without one, or with the services of
    the agency that was chosen."""
    found = await _splittable(request, number)
    form = await request.form()
    rows = _typed(form)
    do = str(form.get("do", "split"))
    once, version = str(form.get("once", "")), str(form.get("as_of", ""))
    try:
        key = UUID(once)
    except ValueError:
        key = uuid4()
    seen = int(version) if version.isdecimal() else 0
    if not isinstance(found, Case):
        # Done already by this very form, or somebody moved it on: then what was typed is shown.
        case = await case_of(request, number)
        whole = await splitting.whole_of(case.id)
        if not await splitting.done(whole.id, key):
            return await _page(request, case, rows, once=str(key), version=seen, overtaken=True)
        return go(f"/cases/{case.number}#parts")
    if do != "split":
        if do == "more" and len(rows) < MOST:
            rows = [*rows, Typed()]
        elif do.startswith("less_") and do[5:].isdecimal():
            rows = [row for n, row in enumerate(rows, 1) if n != int(do[5:])] or [Typed()]
        return await _page(request, found, rows, once=str(key), version=seen)
    rows = [row for n, row in enumerate(rows) if n == 0 or not row.empty]
    known = await catalogue(clock.now())
    story = await splitting.siblings(found.id)
    if await splitting.done(found.id, key):
        return go(f"/cases/{found.number}#parts")
    taken = {id for one in story for id in (one.about_id, one.agency_id)}
    parts, problems = _understood(rows, found.kind, known, taken)
    if problems:
        return await _page(request, found, rows, once=str(key), version=seen, problems=problems)
    whole = await splitting.whole_of(found.id)
    staff = desk_of(request).staff_id
    refused = await splitting.split(whole, seen, parts, key, staff, clock.now())
    if refused == "changed":
        found = await case_of(request, number)
        return await _page(request, found, rows, once=str(key), version=seen, overtaken=True)
    if refused == "filed_before":
        text = N_("One of these agencies has a report about the same already, so none was made.")
        return await _page(
            request, found, rows, once=str(key), version=seen, problems={"": Problem(text)}
        )
    return go(f"/cases/{found.number}#parts")


async def _splittable(request: AnyRequest, number: str) -> Case | Response[Any]:
    """The report, when it can be split now; a page that shows it elsewhere leads back to it."""
    found = await case_of(request, number)
    if splitting.possible(desk_of(request).role, found.state, found.part_of):
        return found
    return go(f"/cases/{found.number}")


def _typed(form: FormMultiDict) -> list[Typed]:
    rows = []
    for n in range(1, MOST + 1):
        if f"agency_{n}" not in form:
            break

        def said(name: str, n: int = n) -> str:
            value = form.get(f"{name}_{n}", "")
            # PostgreSQL's text holds no NUL.
            return value[:_LONGEST].replace("\x00", "") if isinstance(value, str) else ""

        files = tuple(str(value) for value in form.getall(f"file_{n}", []))
        rows.append(
            Typed(agency=said("agency"), about=said("about"), text=said("text"), files=files)
        )
    return rows or [Typed()]


def _understood(
    rows: list[Typed], kind: str, known: Catalogue, taken: set[int]
) -> tuple[list[NewPart], dict[str, Problem]]:
    """The parts, and what is wrong by input name."""
    parts, problems = [], dict[str, Problem]()
    for n, row in enumerate(rows, 1):
        agency = known.agency_codes.get(row.agency)
        text = TEXT.read(row.text.strip()) if row.text.strip() else Problem(TEXT.missing)
        if isinstance(text, Problem):
            problems[f"text_{n}"] = text
        if agency is None or not agency.active:
            problems[f"agency_{n}"] = NO_AGENCY
            continue
        if agency.id in taken:
            problems[f"agency_{n}"] = HAS_PART
        taken = {*taken, agency.id}
        offered = {choice for _, choices in _offer(kind, known, agency.id, "ar")
                   for choice, _ in choices}  # fmt: skip
        if row.about and row.about not in offered:
            problems[f"about_{n}"] = NOT_OFFERED
            continue
        code = row.about[2:]
        service = known.service_codes[code] if row.about.startswith("s:") else None
        platform = known.platform_codes[code].id if row.about.startswith("p:") else None
        if isinstance(text, str):
            parts.append(
                NewPart(
                    agency_id=agency.id,
                    platform_id=service.platform_id if service else platform,
                    service_id=service.id if service else None,
                    service_code=service.code if service else None,
                    text=text,
                    files=tuple(id for id in map(_uuid, row.files) if id is not None),
                )
            )
    return parts, problems


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# What a kind of report is about, of one agency: the platforms' names with what can be picked.
Offer = list[tuple[str, list[tuple[str, str]]]]


def _offer(kind: str, known: Catalogue, agency: int, code: str) -> Offer:
    language = Language.of(code)
    if kind == "transformation":
        rows = known.paper_services_of(agency, code)
        name = language.text("Paper services")
        return [(name, [(f"s:{row.code}", language.name(row)) for row in rows])] if rows else []
    return [
        (
            language.name(platform),
            [
                (
                    f"p:{platform.code}",
                    language.text(
                        "{platform}: the service is not known", platform=language.name(platform)
                    ),
                ),
                *(
                    (f"s:{row.code}", language.name(row))
                    for row in known.services_of(platform.id, code)
                ),
            ],
        )
        for platform in known.platforms_of(agency, code)
    ]


async def _page(
    request: AnyRequest,
    found: Case,
    rows: list[Typed],
    *,
    once: str,
    version: int,
    problems: dict[str, Problem] | None = None,
    overtaken: bool = False,
) -> Response[Any]:
    """``overtaken``: somebody was first; what they did is told, and what was typed stays."""
    teller = await teller_of(request)
    language, problems = teller.language, problems or {}
    known = await catalogue(teller.now)
    files = await inboxes.files_of(found.id)
    shown = [_row(n, row, found, known, files, problems, language) for n, row in enumerate(rows, 1)]
    errors = []
    if "" in problems:
        errors.append(views.ErrorView("#agency_1", language.text(problems[""].text)))
    for row in shown:
        if row.agency_error:
            errors.append(views.ErrorView(f"#agency_{row.number}", row.agency_error))
        if row.about_error:
            errors.append(views.ErrorView(f"#about_{row.number}", row.about_error))
        errors += views.error_views([row.text])
    return render(
        request,
        "staff/split.html",
        title=found.title,
        number=grouped(found.number),
        description=found.description,
        rows=shown,
        most=MOST,
        errors=errors,
        overtaken=await _overtaken(request, found, teller) if overtaken else "",
        may_split=splitting.possible(desk_of(request).role, found.state, found.part_of),
        once=once,
        # The form that is sent again has seen what this page tells.
        as_of=found.version if overtaken else version,
        action=f"/cases/{found.number}/split",
        case_url=f"/cases/{found.number}",
        at=f"/cases/{found.number}/split",
        status=409 if overtaken else 422 if problems else 200,
    )


async def _overtaken(request: AnyRequest, found: Case, teller: Teller) -> str:
    """Who did something last, when, and how the report stands now."""
    language = teller.language
    latest = (await cases.entries(desk_of(request), found.id))[0]
    name = latest.staff_ar if language.code == "ar" else latest.staff_en
    return language.text(
        "{name} changed the report {when}. Now it is: {state}.",
        name=name or language.text("Beneficiary"),
        when=teller.when(latest.at),
        state=language.text(STATE_TEXT[found.state]),
    )


def _row(
    n: int,
    row: Typed,
    found: Case,
    known: Catalogue,
    files: list[inboxes.ReportFile],
    problems: dict[str, Problem],
    language: Language,
) -> RowView:
    agency = known.agency_codes.get(row.agency)
    offer = _offer(found.kind, known, agency.id, language.code) if agency else []

    def error(name: str) -> str:
        problem = problems.get(f"{name}_{n}")
        return language.text(problem.text, **problem.values) if problem else ""

    field = msgspec.structs.replace(TEXT, name=f"text_{n}")
    return RowView(
        number=n,
        agencies=[
            ChoiceView(one.code, language.name(one), one.code == row.agency)
            for one in known.agency_list(language.code)
            if one.id not in (found.agency_id, found.referred_agency_id)
        ],
        agency_error=error("agency"),
        groups=[
            GroupView(name, [ChoiceView(code, text, code == row.about) for code, text in choices])
            for name, choices in offer
        ],
        about_error=error("about"),
        text=views.text_view(field, row.text, problems.get(f"text_{n}"), language),
        files=[FileChoice(str(file.id), file.name, str(file.id) in row.files) for file in files],
    )


router = Router("/", guards=[access.staff(*splitting.ROLES)], route_handlers=[ask, split])
