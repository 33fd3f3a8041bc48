"""One action on many reports: first what will happen to which, then once (specification 1, 4).

Each report is a statement of its own, so that one which changed meanwhile keeps no other back; what
could not be done is said, report by report.
"""

from collections.abc import Sequence
from typing import Any, Literal, cast, get_args
from urllib.parse import urlencode

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from markupsafe import Markup

from balagh.directory.lookup import Catalogue, catalogue
from balagh.i18n import N_, Language
from balagh.reports import cases, deeds, numbers
from balagh.reports.acting import Done
from balagh.reports.allowed import refusal
from balagh.reports.assignment import Given, colleagues, give, holder_of
from balagh.reports.cases import Case, Desk
from balagh.reports.hands import HOLDERS, LEADERS, Colleague, hinder, may_have
from balagh.reports.lifecycle import STATE_TEXT, Action, Role
from balagh.web import views
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, render
from balagh.web.staff import actions
from balagh.web.staff.assigning import HINDERED, whole
from balagh.web.staff.assignment import NOBODY
from balagh.web.staff.choosing import Choice, colleague_choices
from balagh.web.staff.desk import CASEWORK, desk_of
from balagh.web.staff.fields import choice
from balagh.web.telling import Teller, teller_of
from balagh.web.views import ErrorView, FieldView

# At once: what one can still look through before confirming it.
LIMIT = 200
# The report's own agency, in place of an agency's id.
OWN = "own"

Kind = Literal["assign", "start_review", "refer"]
_REVIEWS = frozenset({Role.REVIEWER, Role.SUPERVISOR})
_STATE_CHANGES: dict[Kind, Action] = {
    "start_review": Action.START_REVIEW,
    "refer": Action.REFER,
}


class BulkView(msgspec.Struct, frozen=True, kw_only=True):
    """The bar below the inbox. ``acts``: what else than assigning can be done, value and text."""

    people: list[Choice]
    acts: list[Choice]


class ItemView(msgspec.Struct, frozen=True, kw_only=True):
    """A report of the selection. ``sent``: what the form says of it, number and what was seen;
    ``what``: what happens to it, or why nothing does."""

    url: str
    number: Markup
    title: str
    state: str
    state_text: str
    sent: str
    what: str


class Selected(msgspec.Struct, frozen=True):
    """A report and what of it was on the page: its version, and who had it."""

    case: Case
    version: int
    holder: int | None


class Choosing(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done, by whom, and all that it takes to know whether it can be."""

    kind: Kind
    desk: Desk
    teller: Teller
    people: dict[int, Colleague]
    known: Catalogue
    to: str
    agency: str

    @property
    def colleague(self) -> Colleague | None:
        return self.people.get(whole(self.to) or 0)

    def agency_for(self, case: Case) -> int:
        """Whom the report goes to: as chosen, else whose platform it is about."""
        chosen = whole(self.agency)
        platform = self.known.platforms.get(case.platform_id or 0)
        return chosen or (platform.agency_id if platform else case.agency_id)


async def bar(request: AnyRequest) -> BulkView | None:
    """What whoever looks may do to a selection; none: nothing."""
    desk, teller = desk_of(request), await teller_of(request)
    kinds = _kinds(desk)
    if not kinds:
        return None
    people = await colleagues(desk, teller.language.code)
    able = [one for one in people.values() if may_have(one, desk.agency_id)]
    text = teller.language.text
    return BulkView(
        people=[
            ("", text("Assign to")),
            *colleague_choices(able, teller),
            (NOBODY, text("Nobody: it waits for whoever takes it")),
        ],
        acts=[(kind, text(label)) for kind, label in _ACTS.items() if kind in kinds],
    )


_ACTS: dict[Kind, str] = {"refer": N_("Refer"), "start_review": N_("Start review")}
_TITLES: dict[Kind, str] = {
    "assign": N_("Assign the selected reports"),
    "start_review": N_("Start the review of the selected reports"),
    "refer": N_("Refer the selected reports"),
}


@post("/inbox/bulk", status_code=200)
async def ask(request: AnyRequest) -> Response[Any]:
    """What will be done to which, and to which it cannot be. Nothing is done yet."""
    return await _page(request, await _choosing(request), await _selection(request))


@get("/inbox/bulk")
async def reload(request: AnyRequest) -> Response[Any]:
    return go("/inbox")


@post("/inbox/bulk/confirmation")
async def confirm(request: AnyRequest) -> Response[Any]:
    """Does it, one report after the other."""
    choosing, selection = await _choosing(request), await _selection(request)
    if _problem(choosing, selection):
        return await _page(request, choosing, selection, status=422)
    done: list[str] = []
    left: list[str] = []
    for one in selection:
        (done if await _do(request, choosing, one) else left).append(one.case.number)
    request.app.state.waker.wake()
    told = {"did": choosing.kind, "done": ".".join(done), "left": ".".join(left)}
    return go(f"/inbox/bulk/outcome?{urlencode(told)}")


@get("/inbox/bulk/confirmation")
async def reload_confirmation(request: AnyRequest) -> Response[Any]:
    return go("/inbox")


@get("/inbox/bulk/outcome")
async def outcome(request: AnyRequest) -> Response[Any]:
    """How many it was done to, and which changed meanwhile, as they are now."""
    teller, desk = await teller_of(request), desk_of(request)
    kind = request.query_params.get("did", "")
    if kind not in get_args(Kind):
        raise NotFoundException
    listed = {
        name: await _cases(desk, request.query_params.get(name, "").split("."))
        for name in ("done", "left")
    }
    language = teller.language
    people = await colleagues(desk, language.code)
    return render(
        request,
        "staff/bulk_outcome.html",
        heading=_heading(cast("Kind", kind), len(listed["done"]), language),
        done=[_item(one, "", "", language) for one in listed["done"]],
        left=[
            _item(one, "", _held_by(one, desk, people, language), language)
            for one in listed["left"]
        ],
    )


def _kinds(desk: Desk) -> tuple[Kind, ...]:
    """What that desk may do to many reports at once."""
    assigns: tuple[Kind, ...] = ("assign",) if desk.role in HOLDERS | LEADERS else ()
    return assigns + (("start_review", "refer") if desk.role in _REVIEWS else ())


async def _choosing(request: AnyRequest) -> Choosing:
    desk, teller = desk_of(request), await teller_of(request)
    form = await request.form()
    kind = str(form.get("act") or "assign")
    if kind not in _kinds(desk):
        raise NotFoundException
    return Choosing(
        kind=kind,
        desk=desk,
        teller=teller,
        people=await colleagues(desk, teller.language.code),
        known=await catalogue(teller.now),
        to=str(form.get("to", "")),
        agency=str(form.get("agency", OWN)),
    )


async def _selection(request: AnyRequest) -> list[Selected]:
    """The reports that the form names and the desk may see. Each as its number; the confirmation
    adds the version and who had it: ``7302641185:3:12``."""
    form = await request.form()
    named: dict[str, tuple[str, ...]] = {}
    for value in form.getall("case", []):
        number, *seen = str(value).split(":")
        named.setdefault(number, tuple(seen))
    # One more than can be done, so that too many are known to be too many.
    desk, wanted = desk_of(request), list(named)[: LIMIT + 1]
    found = []
    for one in await _cases(desk, wanted):
        version, holder = one.version, holder_of(desk, one)
        match named[one.number]:
            case (seen_version, seen_holder):
                version, holder = whole(seen_version) or 0, whole(seen_holder)
        found.append(Selected(one, version, holder))
    return found


async def _cases(desk: Desk, named: Sequence[str]) -> list[Case]:
    """In the order in which they are named."""
    wanted = [number for each in named if (number := numbers.parse(each))]
    return await cases.cases_for(desk, wanted)


def _problem(choosing: Choosing, selection: Sequence[Selected]) -> ErrorView | None:
    """What is wrong with the whole of it."""
    text = choosing.teller.language.text
    if not selection:
        return ErrorView("/inbox", text("Select at least one report in the inbox"))
    if len(selection) > LIMIT:
        return ErrorView("/inbox", text("Select at most {n} reports at once", n=LIMIT))
    if choosing.kind == "assign" and choosing.to != NOBODY and choosing.colleague is None:
        return ErrorView("#to", text("Choose who gets the reports"))
    if choosing.kind == "refer" and choosing.agency != OWN:
        agency = choosing.known.agencies.get(whole(choosing.agency) or 0)
        if agency is None or not agency.active:
            return ErrorView("#agency", text("Choose the agency"))
    return None


def _why_not(choosing: Choosing, one: Selected) -> str:
    """Why it cannot be done to this report, in words; empty when it can."""
    case, teller, desk = one.case, choosing.teller, choosing.desk
    language = teller.language
    if choosing.kind == "assign":
        me, holder = choosing.people[desk.staff_id], choosing.people.get(one.holder or 0)
        why = hinder(me, case.state, holder, choosing.colleague, teller.now)
        if why is not None:
            return language.text(HINDERED[why])
        to = choosing.colleague
        if (to is not None or choosing.to == NOBODY) and one.holder == (to.id if to else None):
            return language.text("It is there already.")
        return ""
    action = _STATE_CHANGES[choosing.kind]
    if refusal(case, action, desk.role, teller.now) is not None:
        state = language.text(STATE_TEXT[case.state])
        return language.text("That is not done to a report in the state: {state}.", state=state)
    if choosing.kind == "refer":
        agency = choosing.known.agencies.get(choosing.agency_for(case))
        if agency is None or not agency.active:
            return language.text("Its agency is no longer in the catalogue.")
    return ""


async def _do(request: AnyRequest, choosing: Choosing, one: Selected) -> bool:
    """Whether it was done: not when the report is no longer as it was seen."""
    if _why_not(choosing, one):
        return False
    desk, now = choosing.desk, choosing.teller.now
    if choosing.kind == "assign":
        to = choosing.colleague.id if choosing.colleague else None
        return isinstance(await give(desk, one.case.id, one.holder, to, now), Given)
    if one.case.version != one.version:
        return False
    deeds_of_it = await deeds.planned(
        one.case,
        deeds.Given(
            desk=desk, action=_STATE_CHANGES[choosing.kind], values=_values(choosing, one.case)
        ),
        now,
        actions.terms_of(request, choosing.teller),
        actions.portal_of(request),
    )
    return isinstance(await deeds.do(deeds_of_it, now), Done)


def _values(choosing: Choosing, case: Case) -> dict[str, Any]:
    """What the form of the single action would have given."""
    if choosing.kind != "refer":
        return {}
    agency = choosing.known.agencies[choosing.agency_for(case)]
    return {"agency": agency, "priority": "normal"}


async def _page(
    request: AnyRequest, choosing: Choosing, selection: Sequence[Selected], status: int = 200
) -> Response[Any]:
    language = choosing.teller.language
    problem = _problem(choosing, selection)
    whys = [_why_not(choosing, one) for one in selection]
    able = [
        _item(one.case, _sent(one), _what(choosing, one), language)
        for one, why in zip(selection, whys, strict=True)
        if not why
    ]
    unable = [
        _item(one.case, "", why, language) for one, why in zip(selection, whys, strict=True) if why
    ]
    return render(
        request,
        "staff/bulk.html",
        title=language.text(_TITLES[choosing.kind]),
        act=choosing.kind,
        field=_field(choosing, problem),
        errors=[problem] if problem else [],
        able=able if problem is None or len(selection) <= LIMIT else [],
        unable=unable,
        status=422 if problem else status,
    )


def _field(choosing: Choosing, problem: ErrorView | None) -> FieldView | None:
    """What there is to choose: to whom, to which agency."""
    language, teller = choosing.teller.language, choosing.teller
    if choosing.kind == "assign":
        able = [o for o in choosing.people.values() if may_have(o, choosing.desk.agency_id)]
        options = [
            *colleague_choices(able, teller),
            (NOBODY, language.text("Nobody: it waits for whoever takes it")),
        ]
        label = language.text("Assign to")
        wrong = problem.text if problem and problem.href == "#to" else ""
        return choice("to", label, options, choosing.to, error=wrong)
    if choosing.kind == "refer":
        options = [
            (OWN, language.text("Each to the agency of its platform")),
            *(
                (str(one.id), language.name(one))
                for one in choosing.known.agency_list(language.code)
            ),
        ]
        wrong = problem.text if problem and problem.href == "#agency" else ""
        return choice("agency", language.text("Agency"), options, choosing.agency, error=wrong)
    return None


def _what(choosing: Choosing, one: Selected) -> str:
    language = choosing.teller.language
    if choosing.kind == "refer":
        return language.name(choosing.known.agencies[choosing.agency_for(one.case)])
    if choosing.kind == "assign":
        holder = choosing.people.get(one.holder or 0)
        return language.text("until now: {name}", name=language.name(holder)) if holder else ""
    return ""


def _sent(one: Selected) -> str:
    return f"{one.case.number}:{one.version}:{'' if one.holder is None else one.holder}"


def _item(case: Case, sent: str, what: str, language: Language) -> ItemView:
    return ItemView(
        url=f"/cases/{case.number}",
        number=views.number(case.number),
        title=case.title,
        state=case.state.value,
        state_text=language.text(STATE_TEXT[case.state]),
        sent=sent,
        what=what,
    )


def _held_by(case: Case, desk: Desk, people: dict[int, Colleague], language: Language) -> str:
    holder = people.get(holder_of(desk, case) or 0)
    return language.text("with {name} now", name=language.name(holder)) if holder else ""


def _heading(kind: Kind, done: int, language: Language) -> str:
    if kind == "assign":
        return language.plural("{n} report assigned", "{n} reports assigned", done)
    if kind == "refer":
        return language.plural("{n} report referred", "{n} reports referred", done)
    return language.plural("Review of {n} report started", "Review of {n} reports started", done)


router = Router(
    "/",
    guards=[CASEWORK],
    route_handlers=[ask, reload, confirm, reload_confirmation, outcome],
)
