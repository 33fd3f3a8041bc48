"""Who gets which reports by themselves, who is away, and how much each has to do: a supervisor's
page for Amer, a manager's for the agency (specification 1)."""

from typing import Any

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from balagh.directory.lookup import Catalogue, catalogue
from balagh.i18n import N_, Language
from balagh.reports import rules
from balagh.reports.assignment import colleagues
from balagh.reports.cases import Desk
from balagh.reports.hands import HOLDERS, LEADERS, Colleague, may_have
from balagh.reports.kinds import KINDS
from balagh.reports.rules import Rule, Wanted
from balagh.web import access
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, render
from balagh.web.staff.assigning import whole
from balagh.web.staff.choosing import Choice, colleague_text, last_day
from balagh.web.staff.desk import desk_of
from balagh.web.staff.fields import choice
from balagh.web.telling import Teller, teller_of
from balagh.web.views import ErrorView, FieldView, OptionView, error_views

ANY = "any"


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """``gets``: who gets it now, where that is somebody else than it names; ``broken``: nobody
    does, because whom it names has left."""

    about: str
    kind: str
    name: str
    gets: str
    broken: bool
    unmanned: bool
    url: str


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    load: str
    away: str
    absence_url: str


class Group(msgspec.Struct, frozen=True):
    """Some of the reports one chooses from: of an agency, of a platform."""

    label: str
    options: list[OptionView]


@get("/assignment")
async def listed(request: AnyRequest) -> Response[Any]:
    return await _page(request)


@post("/assignment")
async def add(request: AnyRequest) -> Response[Any]:
    return await _keep(request, None)


@get("/assignment/rules/{rule:int}")
async def one(request: AnyRequest, rule: FromPath[int]) -> Response[Any]:
    return await _page(request, await _own(request, rule))


@post("/assignment/rules/{rule:int}")
async def change(request: AnyRequest, rule: FromPath[int]) -> Response[Any]:
    return await _keep(request, await _own(request, rule))


@post("/assignment/rules/{rule:int}/removal")
async def remove(request: AnyRequest, rule: FromPath[int]) -> Response[Any]:
    teller = await teller_of(request)
    if not await rules.remove(desk_of(request), rule, teller.now):
        raise NotFoundException
    return go("/assignment")


async def _own(request: AnyRequest, rule: int) -> Rule:
    """The side's rule; another's is as absent as one that does not exist."""
    teller = await teller_of(request)
    found = [each for each in await rules.rules(desk_of(request), teller.now) if each.id == rule]
    if not found:
        raise NotFoundException
    return found[0]


async def _keep(request: AnyRequest, rule: Rule | None) -> Response[Any]:
    form, desk, teller = await request.form(), desk_of(request), await teller_of(request)
    typed = {name: str(form.get(name, "")) for name in ("about", "kind", "staff")}
    known, text = await catalogue(teller.now), teller.language.text
    people = await colleagues(desk, teller.language.code)
    wanted = _wanted(typed, desk, known, people)
    if isinstance(wanted, dict):
        errors = {name: text(said) for name, said in wanted.items()}
    elif await rules.keep(desk, wanted, teller.now, rule.id if rule else None):
        return go("/assignment")
    else:
        errors = {"about": text(N_("There is a rule for these reports already: change that one"))}
    return await _page(request, rule, typed=typed, errors=errors)


def _wanted(
    typed: dict[str, str], desk: Desk, known: Catalogue, people: dict[int, Colleague]
) -> Wanted | dict[str, str]:
    """The rule, or what is wrong by field. ``about``: ``any``, ``agency:3``, ``service:12``."""
    wrong: dict[str, str] = {}
    what, _, id = typed["about"].partition(":")
    agency = known.agencies.get(whole(id) or 0) if what == "agency" else None
    service = known.services.get(whole(id) or 0) if what == "service" else None
    if agency is None and service is None and typed["about"] != ANY:
        wrong["about"] = N_("Choose which reports")
    if typed["kind"] not in (ANY, *KINDS):
        wrong["kind"] = N_("Choose the kind")
    person = people.get(whole(typed["staff"]) or 0)
    if person is None or not may_have(person, desk.agency_id):
        wrong["staff"] = N_("Choose who gets the reports")
    if wrong or person is None:
        return wrong
    return Wanted(
        agency.id if agency else None,
        service.id if service else None,
        None if typed["kind"] == ANY else typed["kind"],
        person.id,
    )


async def _page(
    request: AnyRequest,
    rule: Rule | None = None,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    """The list with a form to add one, or that one rule's form."""
    desk, teller = desk_of(request), await teller_of(request)
    language, known = teller.language, await catalogue(teller.now)
    people = await colleagues(desk, language.code)
    typed, errors = typed or _typed(rule), errors or {}
    groups = _groups(desk, known, language)
    about = choice(
        "about", language.text("Which reports"), [], typed["about"], error=errors.get("about", "")
    )
    kind = choice(
        "kind", language.text("Kind"), _kinds(language), typed["kind"], error=errors.get("kind", "")
    )
    staff = choice(
        "staff", language.text("Goes to"),
        [
            (str(each.id), colleague_text(each, teller))
            for each in people.values()
            if may_have(each, desk.agency_id)
        ],
        typed["staff"], error=errors.get("staff", ""),
    )  # fmt: skip
    fields: list[FieldView] = [about, kind, staff]
    return render(
        request,
        "staff/rule.html" if rule else "staff/rules.html",
        about=about,
        any_label=language.text("Any service") if desk.agency_id else language.text("Any agency"),
        groups=groups,
        fields=fields[1:],
        errors=[ErrorView(view.href, view.text) for view in error_views(fields)],
        action=f"/assignment/rules/{rule.id}" if rule else "/assignment",
        rules=[
            _rule(each, people, known, language) for each in await rules.rules(desk, teller.now)
        ],
        people=[
            _person(each, people, teller)
            for each in people.values()
            if each.active and each.role in HOLDERS
        ],
        status=422 if errors else 200,
    )


def _typed(rule: Rule | None) -> dict[str, str]:
    if rule is None:
        return {"about": ANY, "kind": ANY, "staff": ""}
    about = ANY
    if rule.service_id is not None:
        about = f"service:{rule.service_id}"
    elif rule.agency_id is not None:
        about = f"agency:{rule.agency_id}"
    return {"about": about, "kind": rule.kind or ANY, "staff": str(rule.staff_id)}


def _kinds(language: Language) -> list[Choice]:
    return [
        (ANY, language.text("All kinds")),
        *((code, language.text(kind.name)) for code, kind in KINDS.items()),
    ]


def _groups(desk: Desk, known: Catalogue, language: Language) -> list[Group]:
    """Each agency with its services; an agency's own services by platform."""
    groups = []
    for agency in known.agency_list(language.code):
        if desk.agency_id not in (None, agency.id):
            continue
        everything = [
            OptionView(
                f"agency:{agency.id}",
                language.text("Everything of {agency}", agency=language.name(agency, "short")),
            )
        ]
        paper = known.paper_services_of(agency.id, language.code)
        options = everything if desk.agency_id is None else []
        options += [OptionView(f"service:{row.id}", language.name(row)) for row in paper]
        parts = [
            OptionView(f"service:{row.id}", language.name(row))
            for platform in known.platforms_of(agency.id, language.code)
            for row in known.services_of(platform.id, language.code)
        ]
        groups.append(Group(language.name(agency), options + parts))
    return groups


def _rule(
    rule: Rule, people: dict[int, Colleague], known: Catalogue, language: Language
) -> RuleView:
    service = known.services.get(rule.service_id or 0)
    agency = known.agencies.get(rule.agency_id or 0)
    about = language.name(service or agency) if service or agency else language.text("All reports")
    gets = people.get(rule.gets_id or 0)
    return RuleView(
        about=about,
        kind=language.text(KINDS[rule.kind].name) if rule.kind else language.text("All kinds"),
        name=language.name(people[rule.staff_id]) if rule.staff_id in people else "",
        gets=language.name(gets) if gets and gets.id != rule.staff_id else "",
        broken=rule.broken,
        unmanned=not rule.broken and rule.gets_id is None,
        url=f"/assignment/rules/{rule.id}",
    )


def _person(one: Colleague, people: dict[int, Colleague], teller: Teller) -> PersonView:
    language = teller.language
    away = ""
    if one.away_from is not None and one.away_until is not None and teller.now < one.away_until:
        deputy = people.get(one.deputy_id or 0)
        away = language.text(
            "Away from {since} to {until}: {deputy} stands in",
            since=language.date(one.away_from.astimezone(teller.zone).date(), year=False),
            until=last_day(one.away_until, teller.zone, language),
            deputy=language.name(deputy) if deputy else "",
        )
    return PersonView(
        name=language.name(one),
        load=language.plural("{n} open report", "{n} open reports", one.load),
        away=away,
        absence_url=f"/assignment/people/{one.id}/absence",
    )


router = Router(
    "/",
    guards=[access.staff(*LEADERS)],
    route_handlers=[listed, add, one, change, remove],
)
