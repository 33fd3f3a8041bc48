"""What was filed, on the pages of those who may see it: by the same declaration that asked."""

from collections.abc import Sequence
from typing import Any

import msgspec

from balagh.directory.lookup import Catalogue, catalogue, forget
from balagh.i18n import Language
from balagh.reports import behalf
from balagh.reports.behalf import Behalf
from balagh.reports.choices import Choices
from balagh.reports.fields import Situation
from balagh.reports.filed import Filed, values_of
from balagh.reports.kinds import KINDS
from balagh.reports.wizard import Kind
from balagh.web import views
from balagh.web.telling import Teller


class Filing(msgspec.Struct, frozen=True, kw_only=True):
    """A report as its kind understands it. ``situation``: of today."""

    kind: Kind
    values: dict[str, Any]
    situation: Situation
    known: Catalogue
    behalf: Behalf
    language: Language

    def rows(self, leave_out: Sequence[str] = ()) -> list[views.RowView]:
        """What was answered, in the order in which it was asked, without those fields."""
        answers = {"ground": self.values.get("ground") or ""}
        values = {name: value for name, value in self.values.items() if name not in leave_out}
        return [
            row
            for step in self.kind.steps
            if step.shown(answers, self.situation)
            for row in views.answer_rows(step, answers, values, self.language)
        ]

    def behalf_rows(self) -> list[views.RowView]:
        """On whose behalf, unless for the person themselves."""
        if not self.behalf.organisation:
            return []
        return views.field_rows(behalf.FIELDS, self.behalf.values(), self.language)


async def filing_of(report: Any, teller: Teller) -> Filing:
    """``report``: with the columns that ``reports.filed.Filed`` names, and its ``kind``."""
    known = await known_for(report, teller)
    choices = Choices(known, teller.language.code)
    return Filing(
        kind=KINDS[report.kind],
        values=values_of(report, known, choices),
        situation=Situation(today=teller.now.astimezone(teller.zone).date(), directory=choices),
        known=known,
        behalf=Behalf(
            account_type=report.account_type,
            name=report.organisation_name,
            number=report.organisation_number,
        ),
        language=teller.language,
    )


async def known_for(report: Filed, teller: Teller) -> Catalogue:
    """The catalogue, with whatever the report names."""
    known = await catalogue(teller.now)
    if report.agency_id not in known.agencies or report.service_id not in (None, *known.services):
        # Filed through another process, which has seen the newest catalogue already.
        forget()
        known = await catalogue(teller.now)
    return known
