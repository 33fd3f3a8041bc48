"""Rules by which reports get to somebody by themselves: by service, agency or kind (``by_rule`` in
``schema_003.sql`` says which of several counts). Amer's are its supervisors', an agency's its
managers'."""

from datetime import datetime

import asyncpg
import msgspec

from balagh.database import fetch, fetch_one
from balagh.reports.cases import Desk


class Wanted(msgspec.Struct, frozen=True):
    """Which reports, and who gets them. None: any. A service's rule names no agency."""

    agency_id: int | None
    service_id: int | None
    kind: str | None
    staff_id: int


class Rule(Wanted, frozen=True):
    """``gets_id``: who gets them now, while whom it names is away as well; none: nobody does, for
    whom it names has left (``broken``), or who stands in for them."""

    id: int
    broken: bool
    gets_id: int | None


_RULES = """
SELECT r.id, r.agency_id, r.service_id, r.kind, r.staff_id,
  stand_in(r.staff_id, r.owner_agency_id, $2) AS gets_id,
  stand_in(r.staff_id, r.owner_agency_id, '-infinity') IS NULL AS broken
FROM assignment_rule r WHERE r.owner_agency_id IS NOT DISTINCT FROM $1
-- The most telling first, as they count.
ORDER BY r.service_id IS NULL, r.agency_id IS NULL, r.kind IS NULL, r.id
"""
_AUDITED = """
), audited AS (
  INSERT INTO audit (at, staff_id, action, subject, data)
  SELECT $2, $3, $4, 'assignment_rule:' || id, jsonb_strip_nulls(jsonb_build_object(
    'agency', agency_id, 'service', service_id, 'kind', kind, 'to', staff_id))
  FROM done
)
SELECT id FROM done
"""
_ADD = f"""
WITH done AS (
  INSERT INTO assignment_rule (owner_agency_id, created_at, agency_id, service_id, kind, staff_id)
  SELECT $1, $2, $5, $6, $7, $8
  WHERE stand_in($8, $1, '-infinity') IS NOT NULL
  RETURNING *
{_AUDITED}
"""
_CHANGE = f"""
WITH done AS (
  UPDATE assignment_rule SET agency_id = $5, service_id = $6, kind = $7, staff_id = $8
  WHERE id = $9 AND owner_agency_id IS NOT DISTINCT FROM $1
    AND stand_in($8, $1, '-infinity') IS NOT NULL
  RETURNING *
{_AUDITED}
"""  # noqa: S608
_REMOVE = f"""
WITH done AS (
  DELETE FROM assignment_rule WHERE id = $5 AND owner_agency_id IS NOT DISTINCT FROM $1
  RETURNING *
{_AUDITED}
"""  # noqa: S608


async def rules(desk: Desk, now: datetime) -> list[Rule]:
    """The side's rules, the most telling first."""
    rows = await fetch(_RULES, desk.agency_id, now)
    return [msgspec.convert(dict(row), Rule) for row in rows]


async def keep(desk: Desk, wanted: Wanted, now: datetime, rule: int | None = None) -> bool:
    """Adds the rule, or makes ``rule`` into it; false when there is one for the same reports, or
    whom it names does not work on them (any more)."""
    given = (wanted.agency_id, wanted.service_id, wanted.kind, wanted.staff_id)
    try:
        row = await fetch_one(
            _ADD if rule is None else _CHANGE, desk.agency_id, now, desk.staff_id,
            "add_rule" if rule is None else "change_rule", *given,
            *(() if rule is None else (rule,)),
        )  # fmt: skip
    except asyncpg.UniqueViolationError:
        return False
    return row is not None


async def remove(desk: Desk, rule: int, now: datetime) -> bool:
    """Deletes it; false when there is none such."""
    row = await fetch_one(_REMOVE, desk.agency_id, now, desk.staff_id, "remove_rule", rule)
    return row is not None
