"""The schema for the whole specification.

Written as SQL, not as Piccolo's generated operations, because what matters here are the promises
the ORM cannot express: partial unique indexes, cross-column checks, partial indexes in inbox order.
``tests/test_schema.py`` holds the Piccolo tables equal to it.
"""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-24T09:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Directory, people, reports and notices"

SCHEMA = Path(__file__).with_name("schema_001.sql")


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="balagh", description=DESCRIPTION)

    async def create() -> None:
        engine = engine_finder()
        assert engine is not None
        # One statement at a time: the driver prepares each.
        for statement in SCHEMA.read_text("utf-8").split(";\n"):
            if statement.strip():
                await engine.run_ddl(statement)

    manager.add_raw(create)
    return manager
