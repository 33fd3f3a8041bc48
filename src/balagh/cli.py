"""The command line: ``balagh serve | migrate | demo | catalogue | staff | doctor``.

Exit status: 0 done, 1 trouble (a sentence says which), 2 bad arguments or settings, 130
interrupted.
"""

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import structlog

import balagh
from balagh import clock, doctor, logs, processes, running
from balagh.database import fetch_one
from balagh.directory import exporting, importing, sheets
from balagh.embedded import EmbeddedError, FolderInUseError
from balagh.i18n import Language
from balagh.migrations import MigrationError, migrate
from balagh.people import audit, invitations, staff
from balagh.people.audit import Head
from balagh.reports.leaving import leave_reports
from balagh.settings import STAFF_ROLES, Settings, SettingsError, load

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

    _add_staff(
        commands.add_parser(
            "staff", help="add the first administrator; list and deactivate staff"
        ).add_subparsers(title="commands", required=True, metavar="COMMAND")
    )

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


def _add_staff(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    one = commands.add_parser(
        "add",
        help="make an account and print the link by which its owner sets a password",
        description="Makes an account and prints a link, good once and for 72 hours, by which its "
        "owner sets a password and a second factor. Nothing is mailed. Administrators invite "
        "everybody else from the page Staff.",
    )
    one.add_argument("--role", required=True, choices=STAFF_ROLES, metavar="ROLE",
        help=", ".join(STAFF_ROLES))  # fmt: skip
    one.add_argument("--email", required=True, type=_email, help="what they sign in with")
    one.add_argument("--name-ar", required=True, type=_name, help="name on Arabic pages")
    one.add_argument("--name-en", required=True, type=_name, help="name on English pages")
    one.add_argument("--agency", metavar="CODE", help="for an agency's people: its code")
    one.add_argument("--language", choices=("ar", "en"), default="ar",
        help="what they are shown and written to in (default: ar)")  # fmt: skip
    one.set_defaults(run=_staff_add)
    one = commands.add_parser("list", help="print who works here")
    one.set_defaults(run=_staff_list)
    one = commands.add_parser(
        "deactivate",
        help="end an account: sessions, links; open reports go to others",
        description="Ends an account. Its sessions and links end, its open reports go to whom a "
        "rule names, or wait for anybody. The last administrator cannot be deactivated.",
    )
    one.add_argument("email", metavar="EMAIL")
    one.set_defaults(run=_staff_deactivate)


def _email(text: str) -> str:
    if not re.fullmatch(r"[^@\s]{1,64}@[^@\s]{1,255}", text):
        raise argparse.ArgumentTypeError("an e-mail address is like name@example.sa")
    return text


def _name(text: str) -> str:
    if not 1 <= len(text.strip()) <= 200 or not text.isprintable():
        raise argparse.ArgumentTypeError("a name has 1 to 200 ordinary characters")
    return text.strip()


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
    with running.database(settings, alone=True) as database:
        for applied in asyncio.run(migrate()):
            log.info("Migration applied", migration=applied)

        async def ready() -> None:
            await running.answering(settings)
            log.info("Balagh is ready", listens_on=f"{settings.host}:{settings.port}")

        async def beside() -> None:
            await asyncio.gather(ready(), database.keep())

        children = [
            running.worker(os.environ),
            running.web(settings, "app.py:create_from_environment", os.environ),
        ]
        asyncio.run(processes.supervise(children, beside, grace=running.GRACE))
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


def _staff_add(chosen: argparse.Namespace) -> int:
    settings = _settings()

    async def add() -> str | None:
        """The link, or nothing when a sentence was said."""
        agency = None
        if (chosen.role in staff.OF_AGENCIES) != (chosen.agency is not None):
            print(
                "balagh: --agency goes with the roles of agencies, and only there", file=sys.stderr
            )
            return None
        if chosen.agency is not None:
            row = await fetch_one("SELECT id FROM agency WHERE code = $1 AND active", chosen.agency)
            if row is None:
                print(f"balagh: the directory has no agency {chosen.agency}", file=sys.stderr)
                return None
            agency = row["id"]
        facts = staff.Facts(
            role=chosen.role, agency_id=agency, name_ar=chosen.name_ar, name_en=chosen.name_en
        )
        try:
            _, token = await staff.invite(
                facts, chosen.email, language=chosen.language, by=None, now=clock.now()
            )
        except staff.Refusal:
            print(f"balagh: {chosen.email} has an active account already", file=sys.stderr)
            return None
        return invitations.address(token, settings.public_url)

    with running.database(settings):
        link = asyncio.run(add())
    if link is None:
        return 1
    print(
        f"Open this link within 72 hours to set password and second factor. It works once.\n{link}"
    )
    return 0


def _staff_list(_: argparse.Namespace) -> int:
    with running.database(_settings()):
        found = asyncio.run(staff.everybody())
    for one in found:
        print("\t".join((one.standing, one.role, one.agency_code or "-", one.email, one.name_en)))
    return 0


def _staff_deactivate(chosen: argparse.Namespace) -> int:
    now = clock.now()

    async def end() -> str:
        """What went wrong, if anything."""
        found = await staff.by_email(chosen.email)
        if found is None:
            return f"nobody is active under {chosen.email}"
        try:
            await staff.deactivate(found.id, by=None, now=now, leaving=leave_reports)
        except staff.Refusal:
            return "this is the only active administrator; add another first"
        return ""

    with running.database(_settings()):
        trouble = asyncio.run(end())
    if trouble:
        print(f"balagh: {trouble}", file=sys.stderr)
        return 1
    print(f"{chosen.email} can no longer sign in.")
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
