"""Brings the database to the newest schema."""

import os

import asyncpg
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager

from balagh.database import engine

# Any fixed number: two containers that start together migrate one after the other.
_LOCK = 714_2026


async def migrate() -> None:
    """Runs every migration that has not run yet; safe to call from several processes at once."""
    os.environ.setdefault("PICCOLO_CONF", "balagh.piccolo_conf")
    connection = await asyncpg.connect(engine().config["dsn"])
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        done = await ForwardsMigrationManager(app_name="balagh", migration_id="all").run()
        if not done.success:
            raise RuntimeError(f"The database could not be migrated: {done.message}")
    finally:
        await connection.close()
