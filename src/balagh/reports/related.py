"""Other reports that belong with one: possible duplicates, the same beneficiary's, on the same
service. Each only where the desk may see it."""

from datetime import datetime
from enum import StrEnum

import msgspec

from balagh.database import fetch
from balagh.reports.cases import Desk, scope
from balagh.reports.inboxes import ALIKE
from balagh.reports.lifecycle import State

# Of each sort; and among how many of the same service, the newest, texts are compared.
_MOST = 5
_COMPARED = 200


class Why(StrEnum):
    """In the order in which it is told; a report is told once."""

    REFERENCE = "reference"
    TEXT = "text"
    PERSON = "person"
    SERVICE = "service"


class Related(msgspec.Struct, frozen=True, kw_only=True):
    """Another report, and what it has in common."""

    why: Why
    number: str
    title: str
    kind: str
    state: State
    submitted_at: datetime
    agency_ar: str
    agency_en: str


async def related(desk: Desk, report: int) -> list[Related]:
    """At most five of each sort, the newest first, the most alike first among texts."""
    condition, arguments = scope(desk, 2)

    def same(why: Why, column: str) -> str:
        return (
            f"(SELECT r.id, '{why}' AS why, 0::real AS alike FROM this JOIN report r "  # noqa: S608
            f"ON r.{column} = this.{column} AND r.id <> this.id WHERE {condition} "
            f"ORDER BY r.submitted_at DESC, r.id DESC LIMIT {_MOST})"
        )

    rows = await fetch(
        f"""
WITH this AS (
  SELECT id, person_id, service_id, reference_key, folded_text FROM report WHERE id = $1
), found AS (
  {same(Why.REFERENCE, "reference_key")}
  UNION ALL
  (SELECT id, '{Why.TEXT}', alike FROM (
     SELECT r.id, similarity(r.folded_text, this.folded_text) AS alike FROM this
     JOIN report r ON r.service_id = this.service_id AND r.id <> this.id WHERE {condition}
     ORDER BY r.submitted_at DESC, r.id DESC LIMIT {_COMPARED}) AS newest
   WHERE alike >= {ALIKE} ORDER BY alike DESC, id DESC LIMIT {_MOST})
  UNION ALL {same(Why.PERSON, "person_id")}
  UNION ALL {same(Why.SERVICE, "service_id")}
)
SELECT found.why, r.number, r.title, r.kind, r.state, r.submitted_at,
  a.short_ar AS agency_ar, a.short_en AS agency_en
FROM found JOIN report r ON r.id = found.id
  JOIN agency a ON a.id = coalesce(r.referred_agency_id, r.agency_id)
ORDER BY found.alike DESC, r.submitted_at DESC, r.id DESC
""",  # noqa: S608
        report, *arguments,
    )  # fmt: skip
    every = [msgspec.convert(dict(row), Related) for row in rows]
    once: dict[str, Related] = {}
    for why in Why:
        for one in every:
            if one.why is why:
                once.setdefault(one.number, one)
    return list(once.values())
