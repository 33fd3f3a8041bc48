"""Submissions per second through HTTP, beside pgbench with the same statements.

Both sides file the same kind of complaint from drafts made beforehand, with eight clients that wait
for each answer, on a durable PostgreSQL. HTTP: the real web server in a process of its own, every
request with its session, its form token and its draft. pgbench: the three statements of that
request and nothing else.
"""

import asyncio
import base64
import json
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop

from balagh import clock, processes, running
from balagh.database import fetch, pool
from balagh.directory import importing, sheets
from balagh.embedded import EmbeddedServer, program
from balagh.migrations import migrate
from balagh.people import sessions
from balagh.reports import casework
from balagh.settings import Settings, load
from balagh.web import access

# Drafts for one run of one side: more than the machine can file in that time.
_DRAFTS_A_SECOND = 6000
# The instant at which every draft was last changed.
_CHANGED = datetime(2026, 1, 5, 9, tzinfo=UTC)


def run(*, seconds: int, clients: int, rounds: int) -> None:
    """Prints the rates of each round and the ratio of their medians."""
    with tempfile.TemporaryDirectory(prefix="balagh-bench-") as folder:
        server = EmbeddedServer(Path(folder))
        server.start()
        try:
            server.create_database("balagh")
            os.environ["BALAGH_DATABASE_URL"] = server.url()
            uvloop.run(_measure(Path(folder), seconds, clients, rounds))
        finally:
            server.stop()


async def _measure(folder: Path, seconds: int, clients: int, rounds: int) -> None:
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("BALAGH_")},
        "BALAGH_DATABASE_URL": os.environ["BALAGH_DATABASE_URL"],
        "BALAGH_DATA": str(folder),
        "BALAGH_SECRET_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "BALAGH_PORT": str(processes.free_port()),
        "BALAGH_OIDC_ISSUER": "https://id.example.sa",
        "BALAGH_OIDC_CLIENT_ID": "balagh",
        "BALAGH_SMS_URL": "https://sms.example.sa",
        "BALAGH_LOG_LEVEL": "warning",
        "BALAGH_WEB_PROCESSES": "2",
    }
    settings = load(environ)
    await migrate()
    async with pool(4):
        await importing.import_files(sheets.load(sheets.SAMPLE))
        token, person = await _signed_in()
        web = running.web(settings, "app.py:create_from_environment", environ)
        process = await asyncio.create_subprocess_exec(*web.argv, env=dict(web.env))
        try:
            await running.answering(settings)
            await _warm(settings, token)
            bare: list[float] = []
            whole: list[float] = []
            for number in range(rounds):
                await _drafts(person, seconds)
                bare.append(_pgbench(token, person, seconds, clients))
                await _drafts(person, seconds)
                whole.append(await _http(settings, token, seconds, clients))
                print(
                    f"round {number + 1}: pgbench {bare[-1]:.0f}/s, HTTP {whole[-1]:.0f}/s, "
                    f"ratio {whole[-1] / bare[-1]:.2f}",
                    flush=True,
                )
            ratio = statistics.median(whole) / statistics.median(bare)
            print(f"submissions through HTTP / pgbench, {clients} clients: {ratio:.2f}")
        finally:
            process.terminate()
            await process.wait()


async def _signed_in() -> tuple[str, int]:
    now = clock.now()
    (row,) = await fetch(
        "INSERT INTO person (name, phone, email, created_at) "
        "VALUES ('نورة سعد القحطاني', '+966553184471', 'noura@example.sa', $1) RETURNING id",
        now,
    )
    token = await sessions.begin(person_id=row["id"], now=now, lifetime=timedelta(hours=1))
    return token, row["id"]


async def _drafts(person: int, seconds: int) -> None:
    """A fresh stock of complete drafts, numbered, and an empty table of reports."""
    filed = clock.now().date() - timedelta(days=60)
    answers = {
        "ground": "no_response_time",
        "agency": "momah",
        "platform": "balady",
        "service": "balady-licence-renew",
        "delivery_channel": "web",
        "filed_on_day": str(filed.day),
        "filed_on_month": str(filed.month),
        "filed_on_year": str(filed.year),
        "filed_on_calendar": "gregorian",
        "title": "سددت رسوم تجديد الرخصة ولم تُجدَّد",
        "description": "سددت رسوم تجديد الرخصة التجارية عبر سداد، وخُصم المبلغ، وما زالت. " * 8,
        "documents": "done",
    }
    await fetch("TRUNCATE draft, report, event, attachment, notice RESTART IDENTITY CASCADE")
    await fetch(
        "INSERT INTO draft (id, person_id, kind, answers, created_at, updated_at) "
        f"SELECT {_draft_id('n')}, $1, 'complaint', "
        "$2::jsonb || jsonb_build_object('reference', 'BLD-' || n), $3, $3 "
        "FROM generate_series(0, $4) AS n",
        person, json.dumps(answers), _CHANGED, _DRAFTS_A_SECOND * seconds,
    )  # fmt: skip
    for table in ("draft", "report", "notice"):
        await fetch(f"VACUUM ANALYZE {table}")
    await fetch("CHECKPOINT")


def _draft_id(number: str) -> str:
    return f"('00000000-0000-4000-8000-' || lpad(({number})::text, 12, '0'))::uuid"


# pgbench


def _pgbench(token: str, person: int, seconds: int, clients: int) -> float:
    """Transactions per second; each client files the drafts of its own range, one after another."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_script(token, person, _DRAFTS_A_SECOND * seconds // clients))
        script.flush()
        command = [
            str(program("pgbench")), "-n", "-M", "prepared", "-c", str(clients), "-j", "2",
            "-T", str(seconds), "-D", "i=0", "-f", script.name, os.environ["BALAGH_DATABASE_URL"],
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([0-9.]+) \(without initial", done.stdout)
    if done.returncode or found is None:
        sys.exit(f"pgbench failed: {done.stderr}{done.stdout}")
    return float(found[1])


def _script(token: str, person: int, share: int) -> str:
    """The statements of one submission, with values where the portal has parameters."""
    now = clock.now()
    number = "(:i + :client_id * %d)" % share  # noqa: UP031 - readable beside pgbench's colons
    draft = _draft_id(":n")
    report_number = "(1000000000 + :n)::text"
    notice = json.dumps({"name": "نورة", "number": "7302641185", "title": "سددت", "link": "x" * 90})
    values = {
        "agency_id": "(SELECT id FROM agency WHERE code = 'momah')",
        "platform_id": "(SELECT id FROM platform WHERE code = 'balady')",
        "service_id": "(SELECT id FROM service WHERE code = 'balady-licence-renew')",
        "delivery_channel": "'web'",
        "ground": "'no_response_time'",
        "reference": "'BLD-' || :n",
        "reference_key": "'bld' || :n",
        "filed_on": "'2026-01-05'",
        "title": "'سددت رسوم تجديد الرخصة ولم تُجدَّد'",
        "description": "repeat('سددت رسوم تجديد الرخصة التجارية عبر سداد، وخُصم المبلغ. ', 8)",
    }
    submit = [
        draft, str(person), f"'{_CHANGED.isoformat()}'::timestamptz", report_number,
        "'complaint'", "'ar'", "'+966553184471'", "'noura@example.sa'", "now()",
        "now() + interval '7 days'", "now() + interval '1 day'", "'نورة سعد القحطاني'",
        "'individual'", "NULL", "NULL", "'portal'", "NULL", "now()::date", "5",
        *(values.get(name, "NULL") for name in casework.KIND_COLUMNS),
        "ARRAY['sms','email']", "ARRAY['+966553184471','noura@example.sa']",
        f"ARRAY['{notice}', '{notice}']",
    ]  # fmt: skip
    hashed = sessions.token_hash(token).hex()
    idle = f"'{(now - timedelta(hours=1)).isoformat()}'::timestamptz"
    return "\n".join(
        (
            "\\set i :i + 1",
            f"\\set n {number}",
            _filled(sessions.LOAD, [f"'\\x{hashed}'::bytea", "now()", idle, idle]),
            _filled(casework.DRAFT, [draft, str(person), "NULL"]),
            _filled(casework.SUBMIT, submit),
        )
    )


def _filled(sql: str, values: list[str]) -> str:
    """The statement on one line, as pgbench takes it, with its parameters filled in."""
    bare = re.sub(r"--.*", "", sql)
    filled = re.sub(r"\$(\d+)", lambda found: f"({values[int(found[1]) - 1]})", bare)
    # In a text too, pgbench takes a colon for the beginning of a variable.
    plain = re.sub(r"'[^']*'", lambda found: _without_colons(found[0]), filled)
    return " ".join(plain.split()) + ";"


def _without_colons(literal: str) -> str:
    return "(" + literal.replace(":", "' || chr(58) || '") + ")" if ":" in literal else literal


# HTTP


async def _http(settings: Settings, token: str, seconds: int, clients: int) -> float:
    """Reports filed per second. A client is a connection that waits for each answer."""
    stop = time.monotonic() + seconds
    share = _DRAFTS_A_SECOND * seconds // clients
    began = time.monotonic()
    counts = await asyncio.gather(
        *(_client(settings, token, n * share, stop) for n in range(clients))
    )
    return sum(counts) / (time.monotonic() - began)


async def _client(settings: Settings, token: str, number: int, stop: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", settings.port)
    visitor: Any = _Visitor(sessions.token_hash(token))
    body = f"csrf={access.token_of(visitor, settings)}".encode()
    version = int(_CHANGED.timestamp() * 1_000_000)
    filed = 0
    while time.monotonic() < stop:
        number += 1
        target = f"/drafts/00000000-0000-4000-8000-{number:012}/submission?as_of={version}"
        writer.write(_head("POST", target, settings, token, body) + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        if b" 303 " not in answer[:20] or b"/confirmation" not in answer:
            sys.exit(f"not filed: {answer!r}")
        filed += 1
    writer.close()
    return filed


class _Visitor:
    """What the form token is made of."""

    def __init__(self, token_hash: bytes) -> None:
        self.token_hash = token_hash


def _head(method: str, target: str, settings: Settings, token: str, body: bytes) -> bytes:
    headers: Mapping[str, object] = {
        "Host": f"localhost:{settings.port}",
        "Cookie": f"{access.cookie_name(settings)}={token}; lang=ar",
        "Origin": settings.public_url,
        "Sec-Fetch-Site": "same-origin",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": len(body),
        "Accept-Encoding": "gzip, deflate, br",
    }
    lines = [
        f"{method} {target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _warm(settings: Settings, token: str) -> None:
    """The catalogue and the calendar are read, the templates are not needed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", settings.port)
    writer.write(_head("GET", "/health", settings, token, b""))
    await reader.readuntil(b"\r\n\r\n")
    writer.close()
