"""Fields that are asked outside of the wizard's steps: by staff, and through links."""

from collections.abc import Mapping, Sequence

from balagh.directory.lookup import catalogue
from balagh.reports.choices import Choices
from balagh.reports.fields import Answers, Field, Problem, Situation
from balagh.web.page import AnyRequest
from balagh.web.telling import Teller
from balagh.web.views import FieldView, field_view

# Letters of one answer that are worth showing again.
LONGEST = 20_000


async def situation_of(teller: Teller) -> Situation:
    return Situation(
        today=teller.now.astimezone(teller.zone).date(),
        directory=Choices(await catalogue(teller.now), teller.language.code),
    )


async def typed_in(request: AnyRequest, fields: Sequence[Field]) -> dict[str, str]:
    """What was sent for these fields, as typed."""
    form = await request.form()
    found = {}
    for field in fields:
        for name in field.inputs():
            sent = form.getall(name, [""])[-1]
            # PostgreSQL's text takes every sign but one.
            found[name] = sent[:LONGEST].replace("\x00", "") if isinstance(sent, str) else ""
    return found


def field_views(
    fields: Sequence[Field],
    answers: Answers,
    problems: Mapping[str, Problem],
    situation: Situation,
    teller: Teller,
    toggle_url: str = "",
) -> list[FieldView]:
    return [
        field_view(field, answers, situation, problems.get(field.name), teller.language, toggle_url)
        for field in fields
    ]
