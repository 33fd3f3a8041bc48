"""Brings the database to the newest schema: all that is missing in one transaction, or nothing."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import asyncpg
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from piccolo.apps.migrations.tables import Migration

from balagh.database import engine, transaction

# Any fixed number: two containers that start together migrate one after the other.
_LOCK = 714_2026
OLDEST = 15


class MigrationError(RuntimeError):
    """A sentence for the person who starts the program: what the database lacks."""


async def migrate() -> list[str]:
    """Runs every migration that has not run yet and returns their ids, oldest first.

    Safe to call from several processes at once. Raises ``MigrationError``, or ``OSError`` and
    asyncpg's errors when the database cannot be reached.
    """
    _name_piccolo_configuration()
    connection = await asyncpg.connect(engine().config["dsn"])
    try:
        await _check_version(connection)
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        with _patience():
            waiting = await pending()
            if waiting:
                await _run()
        return waiting
    finally:
        await connection.close()


async def pending() -> list[str]:
    """Ids of the migrations that this version brings and the database lacks, oldest first."""
    _name_piccolo_configuration()
    manager = _manager()
    folder = manager.get_app_config(app_name="balagh").resolved_migrations_folder_path
    ids = manager.get_migration_ids(manager.get_migration_modules(folder))
    if not await Migration.table_exists():
        return ids
    done = set(await Migration.get_migrations_which_ran(app_name="balagh"))
    return [each for each in ids if each not in done]


def from_sql(id: str, description: str, file: Path) -> MigrationManager:
    """A migration that runs the statements of ``file``: each ends with ``;`` at a line's end, and
    not within the ``$$`` of a function."""
    manager = MigrationManager(migration_id=id, app_name="balagh", description=description)
    # One at a time: the driver prepares each.
    statements = _statements(file.read_text("utf-8"))

    async def run() -> None:
        for statement in statements:
            await engine().run_ddl(statement)

    manager.add_raw(run)
    return manager


def _statements(text: str) -> list[str]:
    found = [""]
    for line in text.splitlines(keepends=True):
        found[-1] += line
        if line.endswith(";\n") and found[-1].count("$$") % 2 == 0:
            found.append("")
    return [each for each in found if each.strip()]


async def _run() -> None:
    try:
        # Piccolo's report goes nowhere; its own transactions join this one.
        with redirect_stdout(io.StringIO()):
            async with transaction():
                done = await _manager().run()
                if not done.success:
                    raise MigrationError(f"The database could not be migrated: {done.message}")
    except asyncpg.InsufficientPrivilegeError as error:
        raise MigrationError(
            f"The database user may not do what the migration needs ({error.args[0]}). Let it own "
            "the database: ALTER DATABASE balagh OWNER TO …; if it is the extension that is "
            "refused, a superuser runs CREATE EXTENSION pg_trgm; in that database once."
        ) from error
    except (asyncpg.UndefinedFileError, asyncpg.FeatureNotSupportedError) as error:
        raise MigrationError(
            f"The database server lacks what the migration needs ({error.args[0]}). The extension "
            "pg_trgm is part of PostgreSQL's contrib package; install that on the server."
        ) from error


async def _check_version(connection: Any) -> None:
    version = connection.get_server_version()
    if version.major < OLDEST:
        raise MigrationError(
            f"The database server is PostgreSQL {version.major}; Balagh needs {OLDEST} or newer."
        )


def _manager() -> ForwardsMigrationManager:
    return ForwardsMigrationManager(app_name="balagh", migration_id="all")


def _name_piccolo_configuration() -> None:
    os.environ.setdefault("PICCOLO_CONF", "balagh.piccolo_conf")


@contextmanager
def _patience() -> Iterator[None]:
    """Without the limits of ordinary statements: rewriting a big table may take its time."""
    config = engine().config
    usual = config["server_settings"]
    config["server_settings"] = {
        **usual,
        "statement_timeout": "0",
        "lock_timeout": "60000",
        "idle_in_transaction_session_timeout": "0",
    }
    try:
        yield
    finally:
        config["server_settings"] = usual
