"""The panel of an accepted request: what was promised for when, and marking it as delivered."""

from datetime import date, datetime

import msgspec

from balagh.i18n import N_
from balagh.reports import promises
from balagh.reports.cases import Case, Desk
from balagh.reports.fields import Paragraphs, Problem
from balagh.web.telling import Teller
from balagh.web.views import ErrorView, FieldView, error_views, text_view

EVIDENCE = Paragraphs(
    name="delivery_text",
    label=N_("What is live now, and where"),
    hint=N_("The beneficiary reads it. Words, a file, or both. Up to 2,000 characters."),
    optional=True,
    least=5,
    maxlength=2000,
)
NOTHING_GIVEN = N_("Say what is live now, or choose a file that shows it")


class PromiseView(msgspec.Struct, frozen=True, kw_only=True):
    """``state``: how it stands, in words; ``tone``: overdue, delivered or neither. ``action``:
    where it is marked as delivered, for those who may; ``first``: who was faster, if anybody."""

    day: str
    hijri: str
    state: str
    tone: str
    action: str
    field: FieldView
    file_error: str
    first: bool
    typed: str

    @property
    def errors(self) -> list[ErrorView]:
        wrong = [ErrorView("#delivery_file", self.file_error)] if self.file_error else []
        return [*error_views([self.field]), *wrong]


def promise(
    desk: Desk,
    case: Case,
    teller: Teller,
    *,
    typed: str = "",
    problem: Problem | None = None,
    file_problem: str = "",
    first: bool = False,
) -> PromiseView | None:
    """None where nothing was promised. ``typed``, ``problem``, ``file_problem``: what was sent and
    is wrong; ``first``: somebody else was faster."""
    if not promises.promised(case) or case.promised_on is None:
        return None
    language = teller.language
    state, tone = how_it_stands(case.promised_on, case.delivered_at, teller)
    return PromiseView(
        day=language.date(case.promised_on),
        hijri=language.hijri(case.promised_on),
        state=state,
        tone=tone,
        action=f"/cases/{case.number}/delivery?as_of={case.version}"
        if promises.may_deliver(desk, case)
        else "",
        field=text_view(EVIDENCE, typed, problem, language),
        file_error=language.text(file_problem) if file_problem else "",
        first=first,
        typed=typed,
    )


def how_it_stands(
    promised_on: date, delivered_at: datetime | None, teller: Teller
) -> tuple[str, str]:
    """In words, and its tone: ``ok`` delivered, ``bad`` overdue, ``warn`` today, or none."""
    language = teller.language
    if delivered_at is not None:
        day = delivered_at.astimezone(teller.zone).date()
        return language.text("Delivered on {day}", day=language.date(day)), "ok"
    left = (promised_on - teller.now.astimezone(teller.zone).date()).days
    if left < 0:
        return language.plural("{n} day overdue", "{n} days overdue", -left), "bad"
    if left == 0:
        return language.text("Due today"), "warn"
    return language.plural("{n} day left", "{n} days left", left), ""
