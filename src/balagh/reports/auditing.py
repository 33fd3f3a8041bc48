"""The audit log as it is read: by whom, of what, what was done, when."""

from datetime import datetime

import msgspec

from balagh.database import fetch


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries; what is none does not matter. ``report``: its number; ``since``, ``until``:
    instants, the latter not included."""

    staff: int | None = None
    report: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """``number``: of the report that ``subject`` names, ``of_ar`` and ``of_en``: the member of the
    staff, where it names one. ``data``: JSON."""

    id: int
    at: datetime
    staff_id: int | None
    name_ar: str | None
    name_en: str | None
    action: str
    subject: str
    number: str | None
    of_ar: str | None
    of_en: str | None
    data: str


class Page(msgspec.Struct, frozen=True):
    """Entries, the newest first, and before which one the next page ends (``None`` at the end)."""

    entries: tuple[Entry, ...]
    next: int | None


async def entries(wanted: Wanted, *, before: int | None = None, limit: int = 50) -> Page:
    conditions: list[str] = []
    arguments: list[object] = []

    def also(condition: str, value: object) -> None:
        if value is not None:
            arguments.append(value)
            conditions.append(condition.format(f"${len(arguments)}"))

    also("e.id < {}", before)
    also("e.staff_id = {}", wanted.staff)
    # A number that no report has finds nothing, and not everything.
    also(
        "e.subject = coalesce((SELECT 'report:' || id FROM report WHERE number = {}), '')",
        wanted.report,
    )
    also("e.action = {}", wanted.action)
    also("e.at >= {}", wanted.since)
    also("e.at < {}", wanted.until)
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    arguments.append(limit + 1)
    # The page first, then the names of what is on it.
    rows = await fetch(
        "SELECT e.*, s.name_ar, s.name_en, r.number, o.name_ar AS of_ar, o.name_en AS of_en FROM ("  # noqa: S608
        "SELECT e.id, e.at, e.staff_id, e.action, e.subject, e.data FROM audit e "
        f"{where}ORDER BY e.id DESC LIMIT ${len(arguments)}) e "
        "LEFT JOIN staff s ON s.id = e.staff_id "
        "LEFT JOIN report r ON r.id = CASE WHEN e.subject ~ '^report:[0-9]{1,18}$' "
        "THEN substr(e.subject, 8)::bigint END "
        "LEFT JOIN staff o ON o.id = CASE WHEN e.subject ~ '^staff:[0-9]{1,18}$' "
        "THEN substr(e.subject, 7)::bigint END "
        "ORDER BY e.id DESC",
        *arguments,
    )
    found = tuple(Entry(**row) for row in rows[:limit])
    return Page(found, found[-1].id if len(rows) > limit else None)


class Reader(msgspec.Struct, frozen=True):
    """Somebody who may stand in the log."""

    id: int
    name_ar: str
    name_en: str


async def everybody() -> list[Reader]:
    """All staff, those who left too."""
    rows = await fetch("SELECT id, name_ar, name_en FROM staff ORDER BY name_ar, id")
    return [Reader(**row) for row in rows]


async def actions() -> list[str]:
    """What stands in the log, each once: by leaps through the index, however long it is."""
    rows = await fetch(
        "WITH RECURSIVE seen AS ("
        "(SELECT action FROM audit ORDER BY action LIMIT 1) UNION ALL "
        "SELECT (SELECT a.action FROM audit a WHERE a.action > seen.action "
        "ORDER BY a.action LIMIT 1) FROM seen WHERE seen.action IS NOT NULL) "
        "SELECT action FROM seen WHERE action IS NOT NULL"
    )
    return [row["action"] for row in rows]
