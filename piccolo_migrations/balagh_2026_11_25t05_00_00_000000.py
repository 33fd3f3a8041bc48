"""What staff do: accounts, casework, assignment, agencies, the audit log (specification 1, 4)."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from balagh.migrations import from_sql

ID = "2026-11-25T05:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Staff accounts, casework, assignment, answers by link, audit"


async def forwards() -> MigrationManager:
    return from_sql(ID, DESCRIPTION, Path(__file__).with_name("schema_003.sql"))
