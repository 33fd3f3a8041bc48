"""What the same person filed before that is like what is being written (specification 3.3): it is
shown, and nobody is kept from going on."""

from markupsafe import Markup

from balagh.i18n import isolate
from balagh.reports import inboxes
from balagh.reports.fields import Values
from balagh.reports.lifecycle import STATE_TEXT
from balagh.web.beneficiary.visits import Visit
from balagh.web.telling import teller_of
from balagh.web.views import NoticeView, number


async def alike_notices(here: Visit, values: Values) -> list[NoticeView]:
    """A notice for each earlier report that resembles this one; the most similar first."""
    key = here.kind.alike(values)
    if key is None:
        return []
    found = await inboxes.alike(here.draft.person_id, here.kind.code, *key)
    if not found:
        return []
    language, teller = here.language, await teller_of(here.request)
    return [
        NoticeView(
            language.text("You filed something similar before"),
            language.markup(
                "“{title}”, no. {number}, {day}. State: {state}. If yours is different, go on.",
                title=isolate(line.title),
                number=number(line.number),
                day=language.date(line.submitted_at.astimezone(teller.zone).date(), weekday=False),
                state=Markup("<b>{}</b>").format(language.text(STATE_TEXT[line.state])),
            ),
            here.report_url(line.number),
            language.text("See the earlier one"),
        )
        for line in found
    ]
