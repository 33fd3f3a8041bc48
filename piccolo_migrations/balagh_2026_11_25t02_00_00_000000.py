"""What beneficiaries do with their reports and their account (specification 4, 7)."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from balagh.migrations import from_sql

ID = "2026-11-25T02:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Updates, reopening, surveys, personal settings, organisations"


async def forwards() -> MigrationManager:
    return from_sql(ID, DESCRIPTION, Path(__file__).with_name("schema_002.sql"))
