"""The schema for the whole specification.

Written as SQL, not as Piccolo's generated operations, because what matters here are the promises
the ORM cannot express: partial unique indexes, cross-column checks, partial indexes in inbox order.
``tests/test_schema.py`` holds the Piccolo tables equal to it.
"""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from balagh.migrations import from_sql

ID = "2026-11-24T09:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Directory, people, reports and notices"


async def forwards() -> MigrationManager:
    return from_sql(ID, DESCRIPTION, Path(__file__).with_name("schema_001.sql"))
