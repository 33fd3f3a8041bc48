"""Working days: pauses on record, and what the official calendar said (specification 5)."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from balagh.migrations import from_sql

ID = "2026-11-25T14:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Working days counted again over pauses, and by a changed official calendar"


async def forwards() -> MigrationManager:
    return from_sql(ID, DESCRIPTION, Path(__file__).with_name("schema_005.sql"))
