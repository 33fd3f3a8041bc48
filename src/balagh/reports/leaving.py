"""Who leaves, or goes to other work, leaves their open reports to the others (specification 1)."""

from datetime import datetime

import msgspec

from balagh.database import fetch
from balagh.people import audit
from balagh.reports import assignment


class NamedRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that names somebody. ``owner_ar``, ``owner_en``: the agency whose rule it is, none for
    Amer's; ``about_ar``, ``about_en``: the service or agency, none for all; ``broken``: it gives
    them nothing, because they do not work on that side's reports."""

    owner_ar: str | None
    owner_en: str | None
    about_ar: str | None
    about_en: str | None
    kind: str | None
    broken: bool


class StandsInFor(msgspec.Struct, frozen=True):
    """Whose deputy somebody is, and until when."""

    name_ar: str
    name_en: str
    until: datetime


async def leave_reports(staff: int, *, by: int | None, now: datetime) -> None:
    """Their open reports, at Amer and at the agency, go to whom a rule names or wait for anybody;
    what has ended keeps their name.

    ``by``: the administrator, none for the provider or the command. For the transaction in which
    they leave.
    """
    if left := await assignment.leave(staff, now):
        await audit.record(by, "unassign", f"staff:{staff}", now, {"reports": left})


async def rules_naming(staff: int) -> list[NamedRule]:
    """What gives reports to them, or did until they left."""
    rows = await fetch(
        """
        SELECT o.short_ar AS owner_ar, o.short_en AS owner_en, r.kind,
          coalesce(s.name_ar, a.name_ar) AS about_ar, coalesce(s.name_en, a.name_en) AS about_en,
          stand_in(r.staff_id, r.owner_agency_id, '-infinity') IS NULL AS broken
        FROM assignment_rule r
        LEFT JOIN agency o ON o.id = r.owner_agency_id
        LEFT JOIN agency a ON a.id = r.agency_id
        LEFT JOIN service s ON s.id = r.service_id
        WHERE r.staff_id = $1
        ORDER BY r.service_id IS NULL, r.agency_id IS NULL, r.kind IS NULL, r.id
        """,
        staff,
    )
    return [NamedRule(**row) for row in rows]


async def stands_in_for(staff: int, now: datetime) -> list[StandsInFor]:
    """Who is away, or will be, and named them."""
    rows = await fetch(
        "SELECT name_ar, name_en, away_until AS until FROM staff "
        "WHERE deputy_id = $1 AND away_until > $2 AND active ORDER BY away_until, id",
        staff, now,
    )  # fmt: skip
    return [StandsInFor(**row) for row in rows]
