"""Import of the catalogue from its three CSV files (specification 2): all or nothing.

A row is known by its code: a new code is added, a known one changed. A row that the files no longer
hold is deactivated, never deleted, because reports name it. One transaction; on any problem nothing
is written.
"""

from collections.abc import Mapping, Sequence

import msgspec

from balagh.database import fetch, transaction
from balagh.directory import lookup
from balagh.directory.checking import check
from balagh.directory.entries import Entries
from balagh.directory.sheets import AGENCIES, PLATFORMS, SERVICES, Files, Problem


class Counts(msgspec.Struct, frozen=True):
    """Rows of one file. ``deactivated``: active before and not in the file."""

    added: int
    changed: int
    deactivated: int
    unchanged: int


class Outcome(msgspec.Struct, frozen=True):
    """``problems`` and nothing written, or the ``counts`` by file name. ``applied``: written."""

    problems: tuple[Problem, ...]
    counts: Mapping[str, Counts]
    applied: bool


async def import_files(files: Files, *, dry_run: bool = False) -> Outcome:
    """Brings the catalogue to what the files say. ``dry_run``: counts the same, writes nothing.

    Not inside a transaction of the caller: it makes and ends its own.
    """
    entries, problems = check(files)
    if entries is None:
        return Outcome(problems, {}, applied=False)
    async with transaction() as running:
        # Two imports, or an import and an edit, take turns; reading and filing reports go on.
        await fetch("LOCK TABLE agency, platform, service IN SHARE ROW EXCLUSIVE MODE")
        counts = await _write(entries)
        if dry_run:
            await running.rollback()
    if not dry_run:
        lookup.forget()
    return Outcome((), counts, applied=not dry_run)


async def _write(entries: Entries) -> Mapping[str, Counts]:
    agencies = await _counted(_AGENCIES, entries.agencies)
    platforms = await _counted(_PLATFORMS, entries.platforms)
    # Digital services first: the paper ones refer to them as alternatives.
    digital = [service for service in entries.services if service.digital]
    paper = [service for service in entries.services if not service.digital]
    services = [await _counted(_SERVICES, digital), await _counted(_SERVICES, paper)]
    gone = {
        AGENCIES: await _deactivated("agency", [row.code for row in entries.agencies]),
        PLATFORMS: await _deactivated("platform", [row.code for row in entries.platforms]),
        SERVICES: await _deactivated("service", [row.code for row in entries.services]),
    }
    written = {
        AGENCIES: (agencies, len(entries.agencies)),
        PLATFORMS: (platforms, len(entries.platforms)),
        SERVICES: ([sum(column) for column in zip(*services, strict=True)], len(entries.services)),
    }
    return {
        file: Counts(added, changed, gone[file], total - added - changed)
        for file, ((added, changed), total) in written.items()
    }


async def _counted(sql: str, entries: Sequence[msgspec.Struct]) -> list[int]:
    (row,) = await fetch(sql, msgspec.json.encode(entries).decode())
    return [row["added"], row["changed"]]


async def _deactivated(table: str, codes: list[str]) -> int:
    """How many active rows the file no longer holds; they are active no more."""
    return len(await fetch(_DEACTIVATE[table], codes))


_DEACTIVATE = {
    "agency": "UPDATE agency SET active = false WHERE active AND code <> ALL ($1) RETURNING 1",
    "platform": "UPDATE platform SET active = false WHERE active AND code <> ALL ($1) RETURNING 1",
    "service": "UPDATE service SET active = false WHERE active AND code <> ALL ($1) RETURNING 1",
}

# A row equal to the file's is not touched. The last SELECT sees the table as it was before.
_AGENCIES = """
WITH written AS (
  INSERT INTO agency AS a (code, name_ar, name_en, short_ar, short_en, active)
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS file
    (code text, name_ar text, name_en text, short_ar text, short_en text, active boolean)
  ON CONFLICT (code) DO UPDATE SET
    (name_ar, name_en, short_ar, short_en, active) = (
      excluded.name_ar, excluded.name_en, excluded.short_ar, excluded.short_en, excluded.active)
  WHERE (a.name_ar, a.name_en, a.short_ar, a.short_en, a.active) IS DISTINCT FROM (
      excluded.name_ar, excluded.name_en, excluded.short_ar, excluded.short_en, excluded.active)
  RETURNING code
)
SELECT count(*) FILTER (WHERE old.code IS NULL) AS added,
       count(*) FILTER (WHERE old.code IS NOT NULL) AS changed
FROM written LEFT JOIN agency old USING (code)
"""

_PLATFORMS = """
WITH written AS (
  INSERT INTO platform AS p (agency_id, code, name_ar, name_en, short_ar, short_en, active)
  SELECT agency.id, file.code, file.name_ar, file.name_en, file.short_ar, file.short_en, file.active
  FROM jsonb_to_recordset($1::jsonb) AS file (code text, agency text, name_ar text, name_en text,
    short_ar text, short_en text, active boolean)
  LEFT JOIN agency ON agency.code = file.agency
  ON CONFLICT (code) DO UPDATE SET
    (agency_id, name_ar, name_en, short_ar, short_en, active) = (excluded.agency_id,
      excluded.name_ar, excluded.name_en, excluded.short_ar, excluded.short_en, excluded.active)
  WHERE (p.agency_id, p.name_ar, p.name_en, p.short_ar, p.short_en, p.active) IS DISTINCT FROM (
      excluded.agency_id, excluded.name_ar, excluded.name_en, excluded.short_ar,
      excluded.short_en, excluded.active)
  RETURNING code
)
SELECT count(*) FILTER (WHERE old.code IS NULL) AS added,
       count(*) FILTER (WHERE old.code IS NOT NULL) AS changed
FROM written LEFT JOIN platform old USING (code)
"""

_SERVICES = """
WITH written AS (
  INSERT INTO service AS s (agency_id, platform_id, code, name_ar, name_en, digital, sla_days,
    digital_alternative_id, channels, active)
  SELECT agency.id, platform.id, file.code, file.name_ar, file.name_en, file.digital,
    file.sla_days, other.id, file.channels, file.active
  FROM jsonb_to_recordset($1::jsonb) AS file (code text, agency text, platform text, name_ar text,
    name_en text, digital boolean, sla_days smallint, digital_alternative text, channels text[],
    active boolean)
  LEFT JOIN agency ON agency.code = file.agency
  LEFT JOIN platform ON platform.code = file.platform
  LEFT JOIN service other ON other.code = file.digital_alternative
  ON CONFLICT (code) DO UPDATE SET
    (agency_id, platform_id, name_ar, name_en, digital, sla_days, digital_alternative_id, channels,
     active) = (excluded.agency_id, excluded.platform_id, excluded.name_ar, excluded.name_en,
      excluded.digital, excluded.sla_days, excluded.digital_alternative_id, excluded.channels,
      excluded.active)
  WHERE (s.agency_id, s.platform_id, s.name_ar, s.name_en, s.digital, s.sla_days,
      s.digital_alternative_id, s.channels, s.active) IS DISTINCT FROM (
      excluded.agency_id, excluded.platform_id, excluded.name_ar, excluded.name_en,
      excluded.digital, excluded.sla_days, excluded.digital_alternative_id, excluded.channels,
      excluded.active)
  RETURNING code
)
SELECT count(*) FILTER (WHERE old.code IS NULL) AS added,
       count(*) FILTER (WHERE old.code IS NOT NULL) AS changed
FROM written LEFT JOIN service old USING (code)
"""
