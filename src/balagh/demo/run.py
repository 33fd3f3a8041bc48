"""`balagh demo`: everything on one machine, with a sample catalogue and invented people.

The data folder holds the database, the files, the key and the messages that were sent; what is
filed there is still there the next time.
"""

import asyncio
import base64
import os
import secrets
import sys
from pathlib import Path

from balagh import clock, logs, processes, running
from balagh.database import pool
from balagh.demo import ahead, cast, samples
from balagh.directory import importing, sheets
from balagh.migrations import migrate
from balagh.processes import Child
from balagh.settings import PREFIX, Settings, load

_READY = """
Balagh is ready:  {address}

  Sign in as       {address}/sign-in    invented people; no password
  E-mail and SMS   {address}/demo/outbox    nothing leaves this machine
  The clock        {address}/demo/clock    move it forward
  Kept in          {folder}

All names, numbers and reports are samples. Press Ctrl-C to stop.
"""


def run(host: str, port: int, folder: Path) -> int:
    """Runs until it is told to stop; returns the exit status.

    Raises what `balagh serve` raises, before anything is started when the port or the folder is
    taken.
    """
    folder = folder.resolve()
    logs.configure("warning")
    processes.check_port(host, port)
    smtp_port, sms_port = processes.free_port(), processes.free_port()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    environ = _environ(host, port, folder, smtp_port, sms_port)
    settings = load(environ, demo=True)
    ahead.install(folder)
    with running.database(settings, alone=True) as database:
        environ["BALAGH_DATABASE_URL"] = database.url
        print("Preparing the sample data …", flush=True)
        asyncio.run(_prepare(settings))
        sinks = running.python(
            "balagh.demo.sinks",
            *("--folder", str(folder / "outbox")),
            *("--smtp-port", str(smtp_port), "--sms-port", str(sms_port)),
        )
        children = [
            Child("post", sinks, environ),
            Child("worker", running.python("balagh.demo.worker"), environ),
            running.web(settings, "demo/app.py:create_from_environment", environ),
        ]

        async def ready() -> None:
            await running.answering(settings)
            print(_READY.format(address=settings.public_url, folder=folder), flush=True)

        async def beside() -> None:
            await asyncio.gather(ready(), database.keep())

        asyncio.run(processes.supervise(children, beside, grace=running.GRACE))
    print("Stopped.", flush=True)
    return 0


def _environ(host: str, port: int, folder: Path, smtp_port: int, sms_port: int) -> dict[str, str]:
    """Settings of the demonstration alone: those of a real installation stay out of it."""
    own = {
        "DATA": str(folder),
        "HOST": host,
        "PORT": str(port),
        "PUBLIC_URL": f"http://localhost:{port}",
        "SECRET_KEY": _key(folder / "secret-key"),
        "LOG_LEVEL": "warning",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(smtp_port),
        "SMS_URL": f"http://127.0.0.1:{sms_port}/messages",
        # Whoever tries it at night waits for the messages, too.
        "QUIET_HOURS": "none",
        "MAIL_FROM": "بلاغ Balagh <balagh@example.sa>",
    }
    rest = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {**rest, **{PREFIX + name: value for name, value in own.items()}}


def _key(file: Path) -> str:
    """The key of this data folder, made the first time; readable by its owner alone."""
    if not file.exists():
        made = base64.b64encode(secrets.token_bytes(32)).decode()
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(made)
    return file.read_text("utf-8")


async def _prepare(settings: Settings) -> None:
    """Schema, catalogue, people, reports; does nothing that is done already."""
    now = clock.now()
    await migrate()
    async with pool(settings.database_pool):
        outcome = await importing.import_files(sheets.load(sheets.SAMPLE))
        if outcome.problems:
            sys.exit(f"The sample catalogue is broken: {outcome.problems[0]}")
        await cast.seed_cast(settings.secret_key, now)
        await samples.seed(settings, now)
