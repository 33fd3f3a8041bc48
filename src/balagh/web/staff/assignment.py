"""The panel of the case page that says who has the report, and hands it over."""

import msgspec
from markupsafe import Markup

from balagh.reports.assignment import Elsewhere, colleagues, holder_of
from balagh.reports.cases import Case, Desk
from balagh.reports.hands import HOLDERS, Colleague, hinder, may_have
from balagh.web import views
from balagh.web.page import AnyRequest
from balagh.web.staff.choosing import colleague_choices, last_day
from balagh.web.staff.desk import desk_of
from balagh.web.staff.fields import choice
from balagh.web.telling import Teller, teller_of
from balagh.web.views import ErrorView, FieldView

# What the form sends instead of a colleague's id.
NOBODY = "nobody"


class AssignmentView(msgspec.Struct, frozen=True, kw_only=True):
    """``held``: who had it when this was shown, by id; ``field`` none: whoever looks cannot give it
    to anybody; ``me``: their own id, where they can take it; ``takes``: whether they take
    what is next; ``changed``: who was faster."""

    holder: str
    note: Markup
    held: str
    action: str
    me: str
    takes: bool
    field: FieldView | None
    errors: list[ErrorView]
    changed: Markup


async def panel(
    request: AnyRequest,
    case: Case,
    *,
    chosen: str = "",
    error: str = "",
    overtaken: Elsewhere | None = None,
) -> AssignmentView:
    """``chosen``: whom the form named; ``error``: what is wrong with that; ``overtaken``: that it
    was with somebody else by then."""
    desk, teller = desk_of(request), await teller_of(request)
    people = await colleagues(desk, teller.language.code)
    held = holder_of(desk, case)
    holder = people.get(held) if held is not None else None
    me = people[desk.staff_id]
    language = teller.language

    def may(to: Colleague | None) -> bool:
        return hinder(me, case.state, holder, to, teller.now) is None

    others = [one for one in people.values() if one.id not in (held, me.id) and may(one)]
    field = None
    if may(None) and (others or holder is not None):
        choices = colleague_choices(others, teller)
        if holder is not None:
            choices.append((NOBODY, language.text("Nobody: it waits for whoever takes it")))
        field = choice("to", language.text("Hand over to"), choices, chosen, error=error)
    return AssignmentView(
        holder=language.name(holder) if holder else "",
        note=_note(desk, holder, people, teller),
        held="" if held is None else str(held),
        action=f"/cases/{case.number}/assignment",
        me=str(me.id) if held != me.id and may(me) else "",
        takes=desk.role in HOLDERS,
        field=field,
        errors=[ErrorView("#to", error)] if error else [],
        changed=_changed(overtaken, people, teller) if overtaken else Markup(""),
    )


def _note(
    desk: Desk, holder: Colleague | None, people: dict[int, Colleague], teller: Teller
) -> Markup:
    """What one has to know of who has it."""
    language = teller.language
    if holder is None:
        return Markup("")
    if not may_have(holder, desk.agency_id):
        return language.markup("They do not work on reports here any more.")
    if holder.away(teller.now):
        assert holder.away_until is not None
        deputy = people.get(holder.deputy_id or 0)
        return language.markup(
            "Away until {day}. {deputy} stands in.",
            day=last_day(holder.away_until, teller.zone, language),
            deputy=views.strong(language.name(deputy)) if deputy else "",
        )
    return Markup("")


def _changed(overtaken: Elsewhere, people: dict[int, Colleague], teller: Teller) -> Markup:
    """Who gave it to whom, and when."""
    language = teller.language
    holder = people.get(overtaken.holder_id or 0)
    to = language.name(holder) if holder else language.text("nobody")
    if overtaken.at is None:
        return language.markup("It is with {to} now.", to=views.strong(to))
    by = overtaken.by_ar if language.code == "ar" else overtaken.by_en
    return language.markup(
        "{when}: {by} gave it to {to}.",
        when=teller.when(overtaken.at),
        by=views.strong(by or language.text("A rule")),
        to=views.strong(to),
    )
