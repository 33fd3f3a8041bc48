"""`balagh doctor`: tries out what the settings name, and says what to do where it does not work."""

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import aiosmtplib
import asyncpg
import httpx
import msgspec
import psycopg

from balagh import clock
from balagh.database import fetch
from balagh.embedded import EmbeddedError, FolderInUseError
from balagh.migrations import OLDEST, pending
from balagh.people import audit
from balagh.people.audit import Head
from balagh.running import database
from balagh.settings import Settings

# Seconds that anybody may take to answer.
_PATIENCE = 10.0
# Seconds by which our clock may differ from the others': tokens and one-time codes allow little.
_DRIFT = 30.0

# ``pg_trgm``: null when the server cannot have it, false when this database does not.
_SERVER = """
SELECT current_setting('server_version') AS version,
       current_setting('server_version_num')::int AS number,
       clock_timestamp() AS at,
       (SELECT bool_or(installed_version IS NOT NULL)
        FROM pg_available_extensions WHERE name = 'pg_trgm') AS pg_trgm
"""


class Finding(msgspec.Struct, frozen=True):
    """``advice`` is empty when all is well."""

    subject: str
    found: str
    advice: str = ""

    def __str__(self) -> str:
        if not self.advice:
            return f"ok       {self.subject}: {self.found}"
        return f"trouble  {self.subject}: {self.found}\n         {self.advice}"


async def examine(settings: Settings, noted: Head | None = None) -> AsyncIterator[Finding]:
    """One finding after the other, in the order in which they depend on each other. ``noted``: an
    entry of the audit log as it was noted elsewhere."""
    yield Finding("settings", "complete")
    yield _portal(settings)
    yield _files(settings.data)
    try:
        with database(settings):
            async for finding in _database(noted):
                yield finding
    except (EmbeddedError, FolderInUseError) as error:
        yield Finding("database", str(error), "Mend that, then run this again.")
    for check in (_mail, _sms, _receipts, _sign_in):
        yield await _within_patience(check, settings)


def _portal(settings: Settings) -> Finding:
    host = urlsplit(settings.public_url).hostname
    if settings.secure or host in ("localhost", "127.0.0.1", "::1"):
        return Finding("public address", settings.public_url)
    advice = (
        "Put TLS in front and set BALAGH_PUBLIC_URL to the https address: without it, anybody on "
        "the way can read what people file and take over their session."
    )
    return Finding("public address", f"{settings.public_url} is not encrypted", advice)


def _files(folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"balagh")
    except OSError as error:
        advice = "Make the folder belong to the user that runs Balagh, or set BALAGH_DATA."
        return Finding("files", f"cannot write to {folder} ({error.strerror})", advice)
    return Finding("files", f"{folder.resolve()} can be written")


async def _database(noted: Head | None) -> AsyncIterator[Finding]:
    try:
        before = clock.now()
        (server,) = await fetch(_SERVER)
        waiting = await pending()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, psycopg.Error) as error:
        advice = "Check BALAGH_DATABASE_URL, that the server runs, and that it lets this host in."
        yield Finding("database", f"cannot be used ({error or type(error).__name__})", advice)
        return
    advice = (
        "" if server["number"] >= OLDEST * 10_000 else f"Balagh needs PostgreSQL {OLDEST} or newer."
    )
    yield Finding("database", f"PostgreSQL {server['version']}", advice)
    if server["pg_trgm"] is None:
        advice = "Install PostgreSQL's contrib package on the database server."
        yield Finding("pg_trgm", "the server does not have this extension", advice)
    elif not server["pg_trgm"]:
        yield Finding("pg_trgm", "not in this database yet", "Run `balagh migrate`.")
    else:
        yield Finding("pg_trgm", "installed")
    if waiting:
        yield Finding("schema", f"lacks {', '.join(waiting)}", "Run `balagh migrate`.")
    else:
        yield Finding("schema", "up to date")
        yield await _audit(noted)
    yield _clock("the database server", (server["at"] - before).total_seconds())


async def _audit(noted: Head | None) -> Finding:
    """Whether the audit log is whole; its head, to be noted where nobody who can change the
    database can change it."""
    advice = (
        "Somebody with rights over the database changed it. Keep it as it is, and compare it with "
        "a backup: docs/operating.md, Audit log."
    )
    broken = await audit.verify()
    if broken is not None:
        why = broken.why.replace("_", " ")
        return Finding("audit log", f"broken at entry {broken.id} ({why})", advice)
    last = await audit.head()
    if noted is not None:
        found = await audit.entry(noted.id)
        if found is None:
            ends = f"ends at entry {last.id if last else 0}, although entry {noted.id} was noted"
            return Finding("audit log", ends, advice)
        if found != noted:
            return Finding("audit log", f"entry {noted.id} is not the one that was noted", advice)
    return Finding("audit log", f"whole; head {last}" if last else "empty")


def _clock(other: str, drift: float) -> Finding:
    if abs(drift) <= _DRIFT:
        return Finding("clock", f"agrees with {other} ({drift:+.1f} s)")
    advice = "Keep both clocks by NTP: deadlines and sign-in depend on it."
    return Finding("clock", f"{other} is {drift:+.0f} s away from ours", advice)


async def _mail(settings: Settings) -> Finding:
    where = f"{settings.smtp_host} port {settings.smtp_port}"
    client = aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        use_tls=settings.smtp_security == "tls",
        start_tls=settings.smtp_security == "starttls",
        username=settings.smtp_username,
        password=settings.smtp_password,
        timeout=_PATIENCE,
    )
    try:
        # Connects, says EHLO, secures the connection, signs in.
        async with client:
            pass
    except (aiosmtplib.SMTPException, OSError) as error:
        advice = "Check the BALAGH_SMTP_ settings and that this host may reach the server."
        return Finding("e-mail", f"{where} does not take our mail ({error})", advice)
    return Finding("e-mail", f"{where} answers; sender {parseaddr(settings.mail_from)[1]}")


async def _sms(settings: Settings) -> Finding:
    if settings.sms_url is None:
        return Finding("SMS", "no gateway is set; people are told by e-mail alone")
    parts = urlsplit(settings.sms_url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if parts.scheme != "https" and host not in ("localhost", "127.0.0.1", "::1"):
        advice = "Set BALAGH_SMS_URL to an https address: texts, numbers and the token go there."
        return Finding("SMS", f"{host} would be spoken to without encryption", advice)
    try:
        # Nothing is asked of the gateway: it might send something.
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
        await writer.wait_closed()
    except socket.gaierror:
        return Finding("SMS", f"{host} has no address", "Check BALAGH_SMS_URL and the DNS.")
    except OSError as error:
        advice = "Check BALAGH_SMS_URL and that this host may reach the gateway."
        return Finding("SMS", f"{host} port {port} does not answer ({error})", advice)
    return Finding("SMS", f"{settings.sms_gateway}: {host} port {port} answers")


async def _receipts(settings: Settings) -> Finding:
    """Whether the gateway can tell what was delivered, and where."""
    if settings.sms_url is None:
        return Finding("SMS receipts", "none without a gateway")
    where = f"{settings.public_url}/sms/receipts/{settings.sms_gateway}"
    proof = settings.sms_gateway == "twilio" or settings.sms_receipt_secret is not None
    if not proof:
        return Finding("SMS receipts", "none are taken; BALAGH_SMS_RECEIPT_SECRET is not set")
    if not settings.secure:
        advice = "Gateways call https addresses; set BALAGH_PUBLIC_URL to one."
        return Finding("SMS receipts", f"{where} is not encrypted", advice)
    return Finding("SMS receipts", f"taken at {where}")


async def _sign_in(settings: Settings) -> Finding:
    issuer = (settings.oidc_issuer or "").rstrip("/")
    advice = "Check BALAGH_OIDC_ISSUER and that this host may reach the identity provider."
    try:
        async with httpx.AsyncClient(timeout=_PATIENCE) as client:
            reply = await client.get(f"{issuer}/.well-known/openid-configuration")
            reply.raise_for_status()
            named = str(reply.json()["issuer"]).rstrip("/")
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        return Finding("sign-in", f"{issuer} gives no discovery document ({error})", advice)
    if named != issuer:
        return Finding("sign-in", f"the provider calls itself {named}", advice)
    drift = 0.0
    if reply.headers.get("Date"):
        at = parsedate_to_datetime(reply.headers["Date"]).astimezone(UTC)
        drift = (at - clock.now()).total_seconds()
    if abs(drift) > _DRIFT:
        return _clock("the identity provider", drift)
    return Finding("sign-in", f"{issuer} answers")


async def _within_patience(
    check: Callable[[Settings], Awaitable[Finding]], settings: Settings
) -> Finding:
    try:
        return await asyncio.wait_for(check(settings), _PATIENCE * 2)
    except TimeoutError:
        name = check.__name__.strip("_").replace("_", "-")
        return Finding(name, "no answer in time", "Check that this host may reach it.")
