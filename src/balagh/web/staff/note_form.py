"""The form of an internal note: its text, who reads it, whom it addresses."""

from uuid import uuid4

import msgspec

from balagh.i18n import N_
from balagh.reports.cases import Case, Desk
from balagh.reports.fields import Paragraphs, Problem
from balagh.reports.notes import colleagues
from balagh.web.telling import Teller
from balagh.web.views import ErrorView, FieldView, OptionView, error_views, text_view

TEXT = Paragraphs(
    name="note",
    label=N_("Internal note"),
    hint=N_("@ and a name tells that colleague."),
    missing=N_("Write the note"),
    maxlength=4000,
)
OWN, ALL = "own", "all"


class NoteFormView(msgspec.Struct, frozen=True, kw_only=True):
    """``id``: makes one note of it however often it is sent; ``readers``: who sees it, where there
    is a choice; ``colleagues``: whom it can address."""

    id: str
    field: FieldView
    readers: list[OptionView]
    colleagues: list[OptionView]
    errors: list[ErrorView]


async def form_view(
    desk: Desk,
    case: Case,
    teller: Teller,
    *,
    id: str = "",
    typed: str = "",
    readers: str = OWN,
    mention: str = "",
    problem: Problem | None = None,
) -> NoteFormView:
    """Empty, or as it was sent with what is wrong with it."""
    language = teller.language
    field = text_view(TEXT, typed, problem, language)
    own = N_("Amer centre alone") if desk.side == "amer" else N_("My agency alone")
    choices = [
        OptionView(OWN, language.text(own), checked=readers != ALL),
        OptionView(ALL, language.text("Amer centre and the agency"), checked=readers == ALL),
    ]
    return NoteFormView(
        id=id or str(uuid4()),
        field=field,
        # Until it is referred, nobody but Amer sees the report.
        readers=choices if case.referred_agency_id is not None else [],
        colleagues=[
            OptionView(str(one.id), language.name(one), checked=str(one.id) == mention)
            for one in await colleagues(desk)
        ],
        errors=error_views([field]),
    )
