"""What a report says, for those who work on it: the facts of its kind, its conditions, its text."""

import msgspec
from markupsafe import Markup, escape

from balagh.database import fetch_one
from balagh.i18n import isolate
from balagh.reports import correcting, inboxes
from balagh.reports.cases import Case, Desk
from balagh.reports.fields import phone_text
from balagh.web import views
from balagh.web.filing import filing_of
from balagh.web.staff.conditions import ConditionView, conditions
from balagh.web.telling import Teller

FOLDER = "/case-files"
# They have a place of their own.
_APART = ("title", "description")


class FactsView(msgspec.Struct, frozen=True, kw_only=True):
    """``files``: what was filed with the report; what came later stands in its story."""

    rows: list[views.RowView]
    conditions: list[ConditionView]
    description: Markup
    files: list[views.FileView]
    correction_url: str


async def panel(desk: Desk, case: Case, teller: Teller) -> FactsView:
    filing = await filing_of(case, teller)
    files = await inboxes.files_of(case.id)
    may = correcting.may_correct(desk.role, case.state)
    return FactsView(
        rows=[*await _person(desk, case, teller), *filing.behalf_rows(), *filing.rows(_APART)],
        conditions=await conditions(case, filing, sum(file.image for file in files), teller),
        description=Markup("<br>").join(escape(line) for line in case.description.split("\n")),
        files=[
            views.file_view(file, teller.language, folder=FOLDER)
            for file in files
            if file.event_id is None
        ],
        correction_url=f"/cases/{case.number}/correction" if may else "",
    )


async def _person(desk: Desk, case: Case, teller: Teller) -> list[views.RowView]:
    """Who filed, and for Amer how they are reached: an agency asks them through the report."""
    text = teller.language.text
    rows = [views.RowView(text("Beneficiary"), isolate(case.person))]
    if case.filed_by is not None:
        by = await fetch_one("SELECT name_ar, name_en FROM staff WHERE id = $1", case.filed_by)
        if by is not None:
            rows.append(views.RowView(text("Registered by"), isolate(teller.language.name(by))))
    if desk.side == "amer":
        if case.phone:
            phone = Markup('<bdi dir="ltr">{}</bdi>').format(phone_text(case.phone))
            rows.append(views.RowView(text("Mobile number"), phone))
        if case.email:
            rows.append(views.RowView(text("E-mail"), isolate(case.email)))
    return rows
