"""Clocks: from when each deadline is counted, what the sweeps did (specification 5)."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from balagh.migrations import from_sql

ID = "2026-11-25T06:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Deadlines that can be explained and counted again, sweeps on record"


async def forwards() -> MigrationManager:
    return from_sql(ID, DESCRIPTION, Path(__file__).with_name("schema_004.sql"))
