"""The command line: ``balagh serve | migrate | demo | catalogue | doctor``.

Exit status: 0 done, 1 trouble (a sentence says which), 2 bad arguments or settings, 130
interrupted.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import structlog

import balagh
from balagh import doctor, logs, processes, running
from balagh.directory import exporting, importing, sheets
from balagh.embedded import EmbeddedError, FolderInUseError
from balagh.i18n import Language
from balagh.migrations import MigrationError, migrate
from balagh.people import audit
from balagh.people.audit import Head
from balagh.settings import Settings, SettingsError, load

log = structlog.stdlib.get_logger(__name__)

# Sentences for whoever started us; anything else is a fault and keeps its traceback.
_TROUBLE = (
    EmbeddedError,
    FolderInUseError,
    MigrationError,
    processes.ChildFailedError,
    processes.PortError,
    running.NotReadyError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The entry point; returns the exit status."""
    chosen = _parser().parse_args(arguments)
    processes.stop_as_by_interrupt()
    try:
        status: int = chosen.run(chosen)
    except SettingsError as error:
        print(f"balagh: {error}", file=sys.stderr)
        return 2
    except _TROUBLE as error:
        print(f"balagh: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read what we print has left (`| head`); Python would say so once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        if isinstance(error, OSError) and error.filename is not None:
            print(f"balagh: {error.strerror}: {error.filename}", file=sys.stderr)
        else:
            print(f"balagh: the database cannot be used: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="balagh",
        description="Takes reports about digital services to the agency that must answer.",
        epilog="Settings are environment variables: docs/settings.md. Try `balagh demo` first.",
    )
    parser.add_argument("--version", action="version", version=f"balagh {balagh.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    one = commands.add_parser(
        "serve",
        help="run the portal: database if none is named, migrations, web server, worker",
        description="Runs the portal until it is told to stop: migrates the database, then keeps "
        "the web server and the worker going. Without BALAGH_DATABASE_URL it runs a PostgreSQL of "
        "its own in the data folder.",
    )
    one.set_defaults(run=_serve)

    one = commands.add_parser(
        "migrate",
        help="bring the database to the newest schema",
        description="Brings the database to the newest schema, all or nothing. `balagh serve` "
        "does it too.",
    )
    one.set_defaults(run=_migrate)

    one = commands.add_parser(
        "demo",
        help="try Balagh with a sample catalogue and invented people",
        description="Runs Balagh with a sample catalogue, invented people and sample reports. "
        "Nothing leaves the machine: e-mail and SMS go to a page of the demonstration.",
    )
    one.add_argument("--port", type=_port, default=8000, help="port to listen on (default: 8000)")
    one.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    one.add_argument(
        "--data",
        type=Path,
        default=Path("demo-data"),
        metavar="DIR",
        help="folder for its database and files; delete it to begin anew (default: ./demo-data)",
    )
    one.set_defaults(run=_demo)

    catalogue = commands.add_parser(
        "catalogue", help="import or export agencies, platforms and services as CSV"
    ).add_subparsers(title="commands", required=True, metavar="COMMAND")
    one = catalogue.add_parser(
        "import",
        help="bring the catalogue to what the files say, all or nothing",
        description=f"Reads {', '.join(sheets.COLUMNS)} from the folder. On any problem it says "
        "which line and changes nothing.",
    )
    one.add_argument("folder", type=Path, metavar="DIR", help="folder that holds the files")
    one.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")
    one.set_defaults(run=_import_catalogue)
    one = catalogue.add_parser(
        "export",
        help="write the catalogue to files that `import` reads",
        description=f"Writes {', '.join(sheets.COLUMNS)} to the folder.",
    )
    one.add_argument("folder", type=Path, metavar="DIR", help="folder to write to; made if missing")
    one.set_defaults(run=_export_catalogue)

    one = commands.add_parser(
        "doctor",
        help="try out everything the settings name and say what to do",
        description="Tries out the database, the files, e-mail, SMS and sign-in that the settings "
        "name. Exit status 1 when something is wrong.",
    )
    one.add_argument(
        "--audit-head",
        type=_head,
        metavar="NUMBER:HASH",
        help="a head of the audit log that was noted earlier: it must still be there",
    )
    one.set_defaults(run=_doctor)
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a whole number from 1 to 65535")
    return int(text)


def _head(text: str) -> Head:
    try:
        return audit.noted(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _settings() -> Settings:
    """For a command that says itself what is to be said."""
    logs.configure("error")
    return load(os.environ)


def _serve(_: argparse.Namespace) -> int:
    settings = load(os.environ)
    logs.configure(settings.log_level)
    processes.check_port(settings.host, settings.port)
    with running.database(settings, alone=True):
        for applied in asyncio.run(migrate()):
            log.info("Migration applied", migration=applied)

        async def ready() -> None:
            await running.answering(settings)
            log.info("Balagh is ready", listens_on=f"{settings.host}:{settings.port}")

        children = [
            running.worker(os.environ),
            running.web(settings, "app.py:create_from_environment", os.environ),
        ]
        asyncio.run(processes.supervise(children, ready, grace=running.GRACE))
    log.info("Balagh has stopped")
    return 0


def _migrate(_: argparse.Namespace) -> int:
    with running.database(_settings()):
        applied = asyncio.run(migrate())
    print(f"Applied {', '.join(applied)}." if applied else "The database is up to date.")
    return 0


def _demo(chosen: argparse.Namespace) -> int:
    # Here and not above: `balagh serve` loads nothing of the demonstration.
    from balagh.demo import run

    return run.run(chosen.host, chosen.port, chosen.data)


def _import_catalogue(chosen: argparse.Namespace) -> int:
    files = sheets.load(chosen.folder)
    with running.database(_settings()):
        outcome = asyncio.run(importing.import_files(files, dry_run=chosen.dry_run))
    english = Language.of("en")
    for problem in outcome.problems:
        place = ":".join(part for part in (problem.file, str(problem.line or "")) if part)
        column = f" {problem.column}:" if problem.column else ""
        print(f"{place}:{column} {problem.text(english)}", file=sys.stderr)
    if outcome.problems:
        print("Nothing was changed.", file=sys.stderr)
        return 1
    for name, count in outcome.counts.items():
        print(
            f"{name}: {count.added} added, {count.changed} changed, "
            f"{count.deactivated} deactivated, {count.unchanged} unchanged"
        )
    if chosen.dry_run:
        print("Nothing was changed: this was a dry run.")
    return 0


def _export_catalogue(chosen: argparse.Namespace) -> int:
    with running.database(_settings()):
        files = asyncio.run(exporting.export_files())
    chosen.folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.named():
        raw = content.encode() if isinstance(content, str) else content
        (chosen.folder / name).write_bytes(raw)
    print(f"Written to {chosen.folder}: {', '.join(sheets.COLUMNS)}.")
    return 0


def _doctor(chosen: argparse.Namespace) -> int:
    settings = _settings()

    async def consult() -> int:
        troubles = 0
        async for finding in doctor.examine(settings, chosen.audit_head):
            print(finding, flush=True)
            troubles += bool(finding.advice)
        return troubles

    return 1 if asyncio.run(consult()) else 0


if __name__ == "__main__":
    sys.exit(main())
