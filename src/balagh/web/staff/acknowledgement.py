"""The panel that says whether the agency has confirmed that it received the report."""

import msgspec
from markupsafe import Markup

from balagh.reports.acknowledging import acknowledged, awaited, may_acknowledge
from balagh.reports.cases import Case, Desk
from balagh.web.telling import Teller
from balagh.web.views import strong


class AcknowledgementView(msgspec.Struct, frozen=True):
    """``late``: a working day went by and nobody confirmed it; ``action``: where it is confirmed,
    for those who may."""

    text: Markup
    late: bool
    action: str


async def acknowledgement(desk: Desk, case: Case, teller: Teller) -> AcknowledgementView | None:
    """None while no agency has the report."""
    if not awaited(case) or case.referred_at is None:
        return None
    language = teller.language
    action = f"/cases/{case.number}/acknowledgement" if may_acknowledge(desk, case) else ""
    if case.acknowledged_at is None:
        came = case.referred_at.astimezone(teller.zone).date()
        today = teller.now.astimezone(teller.zone).date()
        days = len(teller.calendar.days_between(came, today)) if today > came else 0
        if days == 0:
            return AcknowledgementView(language.markup("Not acknowledged yet"), False, action)
        text = language.plural(
            "Not acknowledged for {n} working day", "Not acknowledged for {n} working days", days
        )
        return AcknowledgementView(Markup("{}").format(text), True, action)
    when = teller.when(case.acknowledged_at)
    by = await acknowledged(case)
    if by is None:
        return AcknowledgementView(language.markup("Acknowledged: {when}", when=when), False, "")
    text = language.markup(
        "Acknowledged by {name}: {when}", name=strong(language.name(by)), when=when
    )
    return AcknowledgementView(text, False, "")
