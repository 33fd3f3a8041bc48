"""Other reports that belong with one, each with what it has in common."""

import msgspec

from balagh.i18n import N_
from balagh.reports.cases import Case, Desk
from balagh.reports.lifecycle import STATE_TEXT
from balagh.reports.related import Related, Why, related
from balagh.web.telling import Teller

_GROUPS = (
    (N_("Possible duplicates"), (Why.REFERENCE, Why.TEXT)),
    (N_("Other reports of the same beneficiary"), (Why.PERSON,)),
    (N_("Other reports on the same service"), (Why.SERVICE,)),
)
_COMMON = {Why.REFERENCE: N_("the same reference number"), Why.TEXT: N_("a similar text")}


class RelatedView(msgspec.Struct, frozen=True):
    """``about``: what is the same, its state, when it was filed."""

    url: str
    title: str
    about: str


class GroupView(msgspec.Struct, frozen=True):
    title: str
    reports: list[RelatedView]


async def panel(desk: Desk, case: Case, teller: Teller) -> list[GroupView]:
    """None of them: the panel is not there."""
    found = await related(desk, case.id)
    groups = [
        GroupView(
            teller.language.text(title),
            [_view(one, teller) for one in found if one.why in reasons],
        )
        for title, reasons in _GROUPS
    ]
    return [group for group in groups if group.reports]


def _view(one: Related, teller: Teller) -> RelatedView:
    language = teller.language
    day = one.submitted_at.astimezone(teller.zone).date()
    year = day.year != teller.now.year
    parts = [
        *([language.text(_COMMON[one.why])] if one.why in _COMMON else []),
        language.text(STATE_TEXT[one.state]),
        language.name(one, "agency"),
        language.date(day, weekday=False, year=year),
    ]
    return RelatedView(f"/cases/{one.number}", one.title, " · ".join(parts))
