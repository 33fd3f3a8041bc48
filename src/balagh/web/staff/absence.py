"""One's absence: from when, until when, who stands in, and what goes over at once. Everybody sets
their own; who leads a team, that of its people too (specification 1)."""

from datetime import datetime, time, timedelta
from typing import Any, cast, get_args

from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from balagh.directory.lookup import catalogue
from balagh.i18n import N_
from balagh.reports import absences
from balagh.reports.absences import Over
from balagh.reports.assignment import colleagues
from balagh.reports.choices import Choices
from balagh.reports.fields import Day, Problem, Situation
from balagh.reports.hands import HOLDERS, LEADERS, STANDS_IN, Absence, Colleague, Unfit
from balagh.web import access
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, render
from balagh.web.staff.assigning import whole
from balagh.web.staff.choosing import colleague_text, last_day
from balagh.web.staff.desk import CASEWORK, desk_of
from balagh.web.staff.fields import choice
from balagh.web.telling import Teller, teller_of
from balagh.web.views import FieldView, error_views, field_view

# How far ahead.
_LONGEST = timedelta(days=730)
SINCE = Day(
    name="since",
    label=N_("First day of the absence"),
    missing=N_("Write the first day of the absence"),
    future=N_("Choose a day within the next two years"),
)
UNTIL = Day(
    name="until",
    label=N_("Last day of the absence"),
    missing=N_("Write the last day of the absence"),
    future=N_("Choose a day within the next two years"),
    not_before="since",
    before_text=N_("The last day comes before the first"),
)
_OVER: dict[Over, str] = {
    "none": N_("None: I keep them, and only what is new goes to the deputy"),
    "due": N_("Those that are due during the absence"),
    "all": N_("All of them"),
}
# Which field, and what is wrong with it.
_UNFIT = {
    Unfit.BACKWARDS: ("until", N_("The last day comes before the first")),
    Unfit.OVER: ("until", N_("That absence is over already: choose a later last day")),
    Unfit.NOBODY: ("deputy", N_("Choose who stands in")),
    Unfit.THEMSELVES: ("deputy", N_("Choose who stands in")),
    Unfit.DEPUTY_AWAY: (
        "deputy",
        N_("They are away in that time themselves: choose somebody else"),
    ),
}


@get("/profile/absence")
async def own(request: AnyRequest) -> Response[Any]:
    return await _page(request, desk_of(request).staff_id)


@post("/profile/absence")
async def set_own(request: AnyRequest) -> Response[Any]:
    return await _set(request, desk_of(request).staff_id)


@post("/profile/absence/end")
async def end_own(request: AnyRequest) -> Response[Any]:
    return await _end(request, desk_of(request).staff_id)


@get("/assignment/people/{colleague:int}/absence")
async def theirs(request: AnyRequest, colleague: FromPath[int]) -> Response[Any]:
    return await _page(request, colleague)


@post("/assignment/people/{colleague:int}/absence")
async def set_theirs(request: AnyRequest, colleague: FromPath[int]) -> Response[Any]:
    return await _set(request, colleague)


@post("/assignment/people/{colleague:int}/absence/end")
async def end_theirs(request: AnyRequest, colleague: FromPath[int]) -> Response[Any]:
    return await _end(request, colleague)


async def _set(request: AnyRequest, staff: int) -> Response[Any]:
    desk, teller = desk_of(request), await teller_of(request)
    people = await _people(request, staff)
    form = {name: str(value) for name, value in (await request.form()).items()}
    field = {"since": SINCE, "until": UNTIL}.get(form.get("toggle", ""))
    if field is not None:
        return await _page(request, staff, typed={**form, **field.in_other_calendar(form)})
    errors: dict[str, Problem] = {}
    situation, values = await _situation(teller), dict[str, Any]()
    for each in (SINCE, UNTIL):
        read = each.parse(form, values, situation)
        if isinstance(read, Problem):
            errors[each.name] = read
        else:
            values[each.name] = read
    over = form.get("over", "")
    if people[staff].role in HOLDERS and over not in _OVER:
        errors["over"] = Problem(N_("Choose what goes to the deputy now"))
    deputy = people.get(whole(form.get("deputy", "")) or 0)
    if deputy is None:
        errors["deputy"] = Problem(_UNFIT[Unfit.NOBODY][1])
    if not errors and deputy is not None:
        wanted = Absence(
            _midnight(values["since"], teller),
            _midnight(values["until"] + timedelta(days=1), teller),
            deputy.id,
        )
        given: Over = cast("Over", over) if over in get_args(Over) else "none"
        done = await absences.set_absence(desk, staff, wanted, given, teller.now)
        if not isinstance(done, Unfit):
            return go(f"{request.url.path}?passed={done}")
        name, text = _UNFIT[done]
        errors[name] = Problem(text)
    return await _page(request, staff, typed=form, errors=errors)


async def _end(request: AnyRequest, staff: int) -> Response[Any]:
    await _people(request, staff)
    await absences.end(desk_of(request), staff, (await teller_of(request)).now)
    return go(request.url.path.removesuffix("/end"))


async def _people(request: AnyRequest, staff: int) -> dict[int, Colleague]:
    """Everybody of the side; ``staff`` is one of them who works here."""
    people = await colleagues(desk_of(request), (await teller_of(request)).language.code)
    if staff not in people or not people[staff].active:
        raise NotFoundException
    return people


async def _page(
    request: AnyRequest,
    staff: int,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, Problem] | None = None,
) -> Response[Any]:
    desk, teller = desk_of(request), await teller_of(request)
    language, people = teller.language, await _people(request, staff)
    one, errors = people[staff], errors or {}
    shown = _kept(one, teller) if typed is None else typed
    situation = await _situation(teller)
    dates = [
        field_view(field, shown, situation, errors.get(field.name), language, request.url.path)
        for field in (SINCE, UNTIL)
    ]
    deputies = [
        each
        for each in people.values()
        if each.active and each.id != staff and each.role in STANDS_IN[one.role]
    ]

    def said(name: str) -> str:
        return language.text(errors[name].text) if name in errors else ""

    fields: list[FieldView] = [
        *dates,
        choice(
            "deputy", language.text("Who stands in"),
            [(str(each.id), colleague_text(each, teller)) for each in deputies],
            shown.get("deputy", ""), error=said("deputy"),
            hint=language.text("What a rule would bring goes to them during the absence."),
        ),
    ]  # fmt: skip
    if one.role in HOLDERS:
        load = language.plural("{n} open report", "{n} open reports", one.load)
        fields.append(
            choice(
                "over", language.text("Which open reports go to them now?"),
                [(code, language.text(text)) for code, text in _OVER.items()],
                shown.get("over", "none"), type="radio", error=said("over"),
                hint=language.text("{name}: {load}", name=language.name(one), load=load),
            )
        )  # fmt: skip
    passed = whole(request.query_params.get("passed", ""))
    deputy = people.get(one.deputy_id or 0)
    return render(
        request,
        "staff/absence.html",
        own=staff == desk.staff_id,
        name=language.name(one),
        away=_away(one, deputy, teller),
        passed=None if passed is None or not one.deputy_id else passed,
        deputy=language.name(deputy) if deputy else "",
        nobody=not deputies,
        fields=fields,
        errors=error_views(fields),
        action=request.url.path.removesuffix("/end"),
        status=422 if errors else 200,
    )


def _away(one: Colleague, deputy: Colleague | None, teller: Teller) -> str:
    """The absence that is noted and not over; empty when there is none."""
    if one.away_from is None or one.away_until is None or teller.now >= one.away_until:
        return ""
    language = teller.language
    return language.text(
        "Away from {since} to {until}: {deputy} stands in",
        since=language.date(one.away_from.astimezone(teller.zone).date(), year=False),
        until=last_day(one.away_until, teller.zone, language),
        deputy=language.name(deputy) if deputy else "",
    )


def _kept(one: Colleague, teller: Teller) -> dict[str, str]:
    """What is noted, as the form would send it."""
    if one.away_from is None or one.away_until is None or teller.now >= one.away_until:
        return {}
    days = {
        "since": one.away_from.astimezone(teller.zone).date(),
        "until": (one.away_until - timedelta(days=1)).astimezone(teller.zone).date(),
    }
    parts = ("day", "month", "year")
    kept = {
        f"{name}_{part}": str(getattr(day, part)) for name, day in days.items() for part in parts
    }
    return {**kept, "deputy": str(one.deputy_id)}


async def _situation(teller: Teller) -> Situation:
    """``Day`` takes what is not after this day."""
    return Situation(
        today=(teller.now + _LONGEST).astimezone(teller.zone).date(),
        directory=Choices(await catalogue(teller.now), teller.language.code),
    )


def _midnight(day: Any, teller: Teller) -> datetime:
    return datetime.combine(day, time(), teller.zone)


router = Router(
    "/",
    route_handlers=[
        Router("/", guards=[CASEWORK], route_handlers=[own, set_own, end_own]),
        Router(
            "/", guards=[access.staff(*LEADERS)], route_handlers=[theirs, set_theirs, end_theirs]
        ),
    ],
)
