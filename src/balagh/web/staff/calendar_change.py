"""An administrator declares days off or worked: what would move is shown before it is done."""

from datetime import date
from typing import Any

import msgspec
from litestar import Response, Router, get, post

from balagh.directory import holidays
from balagh.directory.lookup import catalogue
from balagh.i18n import N_, Language
from balagh.reports import calendar_changes
from balagh.reports.calendar_changes import MOST, Change, Made, Unfit
from balagh.reports.choices import Choices
from balagh.reports.fields import Day, Problem, Situation
from balagh.reports.lifecycle import Role
from balagh.reports.recounting import Foreseen, Shift
from balagh.web import access
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, render
from balagh.web.staff.assigning import whole
from balagh.web.staff.calendar import made_view, move_view, span_text, world_of
from balagh.web.staff.desk import desk_of
from balagh.web.staff.fields import choice, line
from balagh.web.telling import Teller, teller_of
from balagh.web.views import FieldView, error_views, field_view

_HERE = "/calendar/change"
FIRST = Day(
    name="first",
    label=N_("First day"),
    missing=N_("Write the first day"),
    future=N_("Choose a day until the end of the year after next"),
)
LAST = Day(
    name="last",
    label=N_("Last day"),
    missing=N_("Write the last day; for one day alone, the same day"),
    future=N_("Choose a day until the end of the year after next"),
    not_before="first",
    before_text=N_("The last day comes before the first"),
)
_KINDS = {
    "off": (False, N_("Off: a holiday")),
    "working": (True, N_("Worked, although weekend or holiday")),
    "official": (None, N_("As the official calendar has it: what was declared is taken back")),
}
_LONGEST_NAME = 80
# Which field, and what is wrong with it.
_UNFIT = {
    Unfit.BACKWARDS: ("last", N_("The last day comes before the first")),
    Unfit.LONG: ("last", N_("Declare at most 31 days at once")),
    Unfit.PAST: ("first", N_("Only the last 30 days can still be changed: choose a later day")),
    Unfit.FAR: ("last", N_("Choose a day until the end of the year after next")),
    Unfit.NOTHING: ("first", N_("These days are so already: nothing would change")),
}


# From so many on the page says that saving takes a while: a second on a small machine.
_MANY = 2000


class ShiftView(msgspec.Struct, frozen=True):
    """``how``: from which day to which, or while data is missing how much is left."""

    reports: str
    how: str


@get(_HERE)
async def form(request: AnyRequest) -> Response[Any]:
    """Empty, or for the days of the address: what is declared of them, to be changed."""
    first, last = (_date(request.query_params.get(name, "")) for name in ("first", "last"))
    typed: dict[str, str] = {}
    if first and last and first <= last and (last - first).days < MOST:
        for name, day in (("first", first), ("last", last)):
            typed |= {
                f"{name}_{part}": str(getattr(day, part)) for part in ("day", "month", "year")
            }
        declared = await holidays.corrections(first, last)
        kind = request.query_params.get("kind", "")
        typed["kind"] = kind if kind in _KINDS else "off"
        if declared:
            one = declared[min(declared)]
            typed |= {
                "replaces": f"{first}/{last}", "kind": "working" if one.working else "off",
                "name_ar": one.name_ar, "name_en": one.name_en,
            }  # fmt: skip
    return await _form(request, typed)


@post(_HERE)
async def check(request: AnyRequest) -> Response[Any]:
    """What the change would move; or the form again, when it cannot be."""
    typed = await _typed(request)
    field = {"first": FIRST, "last": LAST}.get(typed.get("toggle", ""))
    if field is not None:
        return await _form(request, {**typed, **field.in_other_calendar(typed)})
    if "again" in typed:
        return await _form(request, typed)
    read = await _read(request, typed)
    if not isinstance(read, Change):
        return await _form(request, typed, read)
    return await _preview(request, typed, read)


@post("/calendar/changes")
async def save(request: AnyRequest) -> Response[Any]:
    """Saves it and moves what it moves."""
    typed, teller = await _typed(request), await teller_of(request)
    read = await _read(request, typed)
    if not isinstance(read, Change):
        return await _form(request, typed, read)
    done = await calendar_changes.make(
        read, world_of(request), teller.now,
        as_of=whole(typed.get("as_of", "")) or 0, staff_id=desk_of(request).staff_id,
    )  # fmt: skip
    if isinstance(done, Made):
        return await _preview(request, typed, read, overtaken=done)
    if isinstance(done, Unfit):
        return await _form(request, typed, await _said(done, read, teller))
    return go(f"/calendar/changes/{done}")


async def _typed(request: AnyRequest) -> dict[str, str]:
    found = {name: str(value) for name, value in (await request.form()).items()}
    return {name: value.replace("\x00", "") for name, value in found.items() if name != "csrf"}


async def _read(request: AnyRequest, typed: dict[str, str]) -> Change | dict[str, Problem]:
    """The change, or what is wrong by field."""
    teller = await teller_of(request)
    errors: dict[str, Problem] = {}
    situation, values = await _situation(request, teller), dict[str, Any]()
    for each in (FIRST, LAST):
        read = each.parse(typed, values, situation)
        if isinstance(read, Problem):
            errors[each.name] = read
        else:
            values[each.name] = read
    kind = typed.get("kind", "")
    if kind not in _KINDS:
        errors["kind"] = Problem(N_("Choose what these days are"))
    names = {name: " ".join(typed.get(name, "").split()) for name in ("name_ar", "name_en")}
    if kind != "official":
        missing = {
            "name_ar": N_("Write the name in Arabic"), "name_en": N_("Write the name in English")
        }  # fmt: skip
        for name, value in names.items():
            if not value:
                errors[name] = Problem(missing[name])
            elif len(value) > _LONGEST_NAME:
                errors[name] = Problem(N_("Shorten the name to 80 characters"))
    if errors:
        return errors
    change = Change(
        first=values["first"], last=values["last"], working=_KINDS[kind][0], **names,
        replaces=_span(typed.get("replaces", "")) if kind != "official" else None,
    )  # fmt: skip
    wrong = await calendar_changes.refusal(change, world_of(request), teller.now)
    return await _said(wrong, change, teller) if wrong else change


async def _said(wrong: Unfit, change: Change, teller: Teller) -> dict[str, Problem]:
    if wrong is Unfit.TWICE:
        replaced = change.replaces or (date.max, date.min)
        for day, one in (await holidays.corrections(change.first, change.last)).items():
            if not replaced[0] <= day <= replaced[1]:
                language = teller.language
                text = language.text(
                    "{day} is declared already ({name}): change that one, or leave the day out",
                    day=language.date(day), name=language.name(one),
                )  # fmt: skip
                return {"first": Problem(text)}
    name, text = _UNFIT.get(wrong, _UNFIT[Unfit.NOTHING])
    return {name: Problem(text)}


async def _form(
    request: AnyRequest, typed: dict[str, str], errors: dict[str, Problem] | None = None
) -> Response[Any]:
    teller, errors = await teller_of(request), errors or {}
    language, situation = teller.language, await _situation(request, teller)
    replaces = _span(typed.get("replaces", ""))

    def said(name: str) -> str:
        return language.text(errors[name].text) if name in errors else ""

    fields: list[FieldView] = [
        choice(
            "kind", language.text("What these days are"),
            [
                (code, language.text(text))
                for code, (_, text) in _KINDS.items()
                if replaces or code != "official"
            ],
            typed.get("kind", ""), type="radio", error=said("kind"),
        ),
        *(
            field_view(field, typed, situation, errors.get(field.name), language, _HERE)
            for field in (FIRST, LAST)
        ),
        line(
            "name_ar", language.text("Name in Arabic"), typed.get("name_ar", ""),
            error=said("name_ar"),
            hint=language.text("People read it where a due date is counted, day by day"),
        ),
        line(
            "name_en", language.text("Name in English"), typed.get("name_en", ""),
            error=said("name_en"), ltr=True,
        ),
    ]  # fmt: skip
    return render(
        request,
        "staff/calendar_change.html",
        replaces=typed.get("replaces", "") if replaces else "",
        fields=fields,
        errors=error_views(fields),
        action=_HERE,
        status=422 if errors else 200,
    )


async def _preview(
    request: AnyRequest, typed: dict[str, str], change: Change, *, overtaken: Made | None = None
) -> Response[Any]:
    """What it moves, and the button that does it. ``overtaken``: somebody changed the calendar
    meanwhile, so it is shown anew (409)."""
    teller, week = await teller_of(request), world_of(request)
    newest = await calendar_changes.newest()
    found = await calendar_changes.foresee(change, week, teller.now)
    if isinstance(found, Unfit):
        return await _form(request, typed, await _said(found, change, teller))
    language, today = teller.language, week.today(teller.now)
    kept = {name: value for name, value in typed.items() if name not in ("as_of", "again")}
    return render(
        request,
        "staff/calendar_preview.html",
        kept=kept,
        as_of=newest.id if newest else 0,
        overtaken=made_view(overtaken, teller) if overtaken else None,
        what=language.text(next(text for on, text in _KINDS.values() if on is change.working)),
        days=span_text(change.first, change.last, language),
        change=change,
        past=change.first < today,
        found=found,
        many=found.reports >= _MANY,
        shifts=_shifts(found, teller),
        moves=[move_view(one, teller, opens=False) for one in found.moves],
        status=409 if overtaken else 200,
    )


def _shifts(found: Foreseen, teller: Teller) -> list[ShiftView]:
    language = teller.language
    return [
        ShiftView(language.plural("{n} report", "{n} reports", one.reports), _how(one, language))
        for one in found.shifts
    ]


def _how(shift: Shift, language: Language) -> str:
    if shift.was_on is not None and shift.due_on is not None:
        was, due = (language.date(day) for day in (shift.was_on, shift.due_on))
        return language.text("from {was} to {due}", was=was, due=due)
    was, due = (
        language.plural("{n} working day", "{n} working days", days or 0)
        for days in (shift.had, shift.left)
    )
    return language.text("from {was} to {due} left, while data is missing", was=was, due=due)


async def _situation(request: AnyRequest, teller: Teller) -> Situation:
    """``Day`` takes what is not after this day."""
    return Situation(
        today=holidays.reach(world_of(request).today(teller.now))[1],
        directory=Choices(await catalogue(teller.now), teller.language.code),
    )


def _span(text: str) -> tuple[date, date] | None:
    """``2026-03-18/2026-03-20``; none for anything else."""
    first, last = (_date(part) for part in (*text.split("/", 1), "")[:2])
    if first is None or last is None or not 0 <= (last - first).days < MOST:
        return None
    return first, last


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


router = Router("/", guards=[access.staff(Role.ADMINISTRATOR)], route_handlers=[form, check, save])
