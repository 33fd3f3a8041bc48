"""Environment variables and ``*_FILE`` secrets → one frozen ``Settings``.

An unknown or bad value stops the start with a sentence that says which and why. The table in
``docs/settings.md`` is generated from ``SETTINGS`` below (``just docs``).
"""

import base64
import difflib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

PREFIX = "BALAGH_"


class SettingsError(ValueError):
    """One sentence for the person who starts the program: which setting, what is wrong, what is right."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between two installations. Durations in the unit their name says."""

    database_url: str | None
    database_pool: int
    data: Path
    host: str
    port: int
    public_url: str
    web_processes: int
    trusted_proxies: tuple[str, ...]
    secret_key: bytes
    log_level: Literal["debug", "info", "warning", "error"]

    oidc_issuer: str | None
    oidc_client_id: str | None
    oidc_client_secret: str | None
    oidc_scopes: str
    oidc_claim_national_id: str
    oidc_claim_name: str
    oidc_claim_phone: str
    oidc_claim_email: str
    session_hours: int
    session_idle_minutes: int

    smtp_host: str
    smtp_port: int
    smtp_security: Literal["none", "starttls", "tls"]
    smtp_username: str | None
    smtp_password: str | None
    mail_from: str

    sms_url: str | None
    sms_token: str | None
    sms_sender: str

    zone: str
    weekend: tuple[int, ...]
    resolution_days: int
    missing_data_hours: int
    reopen_days: int

    demo: bool = False

    @property
    def secure(self) -> bool:
        """Whether people reach the portal over TLS, which ``__Host-`` cookies and HSTS need."""
        return self.public_url.startswith("https://")


class Setting(msgspec.Struct, frozen=True):
    """A row of the settings table: ``read`` raises ``ValueError`` with the reason."""

    name: str
    read: Callable[[str], Any]
    default: str | None
    about: str
    required: bool = False
    secret: bool = False

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value.strip()


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"\d+", value) or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return read


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise ValueError("must be one of " + ", ".join(choices))
        return value

    return read


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an address such as https://balagh.example.sa")
    return value.rstrip("/")


def _database(value: str) -> str:
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("must be an address such as postgresql://user:password@host/balagh")
    return value


def _key(value: str) -> bytes:
    try:
        key = base64.b64decode(value, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ValueError("must be 32 random bytes in base64, as `openssl rand -base64 32` prints")
    return key


def _mailbox(value: str) -> str:
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+|[^<>\r\n]*<[^@\s<>]+@[^@\s<>]+>", value):
        raise ValueError("must be an address such as balagh@example.sa or Balagh <balagh@example.sa>")
    return value


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _weekend(value: str) -> tuple[int, ...]:
    names = [part.strip().lower() for part in value.split(",") if part.strip()]
    if any(name not in _DAYS for name in names) or len(set(names)) > 6:
        raise ValueError("must name days such as fri,sat")
    return tuple(sorted({_DAYS.index(name) for name in names}))


def _zone(value: str) -> str:
    from zoneinfo import ZoneInfo, available_timezones

    if value not in available_timezones():
        raise ValueError("must be a time zone name such as Asia/Riyadh")
    return ZoneInfo(value).key


def _list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


SETTINGS = (
    Setting("database_url", _database, None,
        "PostgreSQL ≥ 15. Without it, Balagh runs a server of its own in the data folder.", secret=True),
    Setting("database_pool", _number(2, 100), "10", "Connections each process may open."),
    Setting("data", Path, "balagh-data", "Folder for people's files and the embedded database."),
    Setting("host", _text, "127.0.0.1", "Address the web server listens on."),
    Setting("port", _number(1, 65535), "8000", "Port the web server listens on."),
    Setting("public_url", _web_address, "http://localhost:8000",
        "Address under which people reach the portal; links in messages begin with it. "
        "With https, cookies carry the `__Host-` prefix and HSTS is sent."),
    Setting("web_processes", _number(1, 64), "1", "Web server processes."),
    Setting("trusted_proxies", _list, "",
        "Addresses of reverse proxies whose X-Forwarded-For is believed, separated by commas."),
    Setting("secret_key", _key, None,
        "32 random bytes in base64: encrypts national ids, keys their look-up hash, signs forms. "
        "Losing it loses the national ids; `openssl rand -base64 32` makes one.",
        required=True, secret=True),
    Setting("log_level", _one_of("debug", "info", "warning", "error"), "info", "Least level logged."),
    Setting("oidc_issuer", _web_address, None,
        "Issuer of the beneficiaries' identity provider; its discovery document is read from there.",
        required=True),
    Setting("oidc_client_id", _text, None, "Our client id at the issuer.", required=True),
    Setting("oidc_client_secret", _text, None,
        "Our client secret; leave it out for a public client (PKCE is always used).", secret=True),
    Setting("oidc_scopes", _text, "openid profile email phone", "Scopes to ask for."),
    Setting("oidc_claim_national_id", _text, "national_id", "Claim that holds the national id or iqama."),
    Setting("oidc_claim_name", _text, "name", "Claim that holds the full name."),
    Setting("oidc_claim_phone", _text, "phone_number", "Claim that holds the mobile number."),
    Setting("oidc_claim_email", _text, "email", "Claim that holds the e-mail address."),
    Setting("session_hours", _number(1, 720), "12", "A session ends this long after sign-in."),
    Setting("session_idle_minutes", _number(5, 10080), "60", "A session ends after this long without a request."),
    Setting("smtp_host", _text, "localhost", "SMTP server that takes our e-mail."),
    Setting("smtp_port", _number(1, 65535), "25", "Its port."),
    Setting("smtp_security", _one_of("none", "starttls", "tls"), "none", "How the connection is secured."),
    Setting("smtp_username", _text, None, "Name to sign in with, if the server asks."),
    Setting("smtp_password", _text, None, "Password to sign in with.", secret=True),
    Setting("mail_from", _mailbox, "Balagh <balagh@localhost>", "Sender of e-mail."),
    Setting("sms_url", _web_address, None,
        "HTTP gateway that takes SMS as JSON (docs/sms.md). Without it no SMS is sent, e-mail still is."),
    Setting("sms_token", _text, None, "Bearer token for the gateway.", secret=True),
    Setting("sms_sender", _text, "Balagh", "Sender name shown on the phone."),
    Setting("zone", _zone, "Asia/Riyadh", "Time zone of working days and of times shown."),
    Setting("weekend", _weekend, "fri,sat", "Days of the week that are not worked."),
    Setting("resolution_days", _number(1, 60), "5", "Working days within which a report is answered."),
    Setting("missing_data_hours", _number(1, 720), "48", "Clock hours for answering a request for data."),
    Setting("reopen_days", _number(0, 365), "14", "Days after closing in which reopening can be asked for."),
)  # fmt: skip


def load(environ: Mapping[str, str], *, demo: bool = False) -> Settings:
    """Reads the settings; raises ``SettingsError`` for the first that is unknown, missing or bad.

    ``demo`` is no setting, so that no installation can switch the demonstration on by mistake: only
    ``balagh demo`` passes it. The demonstration needs no identity provider.
    """
    known = {setting.variable: setting for setting in SETTINGS}
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and variable.removesuffix("_FILE") not in known:
            near = difflib.get_close_matches(variable, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise SettingsError(f"{variable} is not a setting of Balagh.{hint}")
    values = {setting.name: _value(setting, environ, demo=demo) for setting in SETTINGS}
    return Settings(**values, demo=demo)


def _value(setting: Setting, environ: Mapping[str, str], *, demo: bool) -> Any:
    raw = environ.get(setting.variable)
    path = environ.get(setting.variable + "_FILE")
    if raw is not None and path is not None:
        raise SettingsError(f"{setting.variable} and {setting.variable}_FILE are both set; keep one.")
    if path is not None:
        try:
            raw = Path(path).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{setting.variable}_FILE names a file that cannot be read: {error}.") from error
    if raw is None:
        if setting.required and not (demo and setting.name.startswith("oidc_")):
            raise SettingsError(f"{setting.variable} is missing. {setting.about}")
        raw = setting.default
    if raw is None:
        return None
    try:
        return setting.read(raw)
    except ValueError as error:
        # The value of a secret is never repeated.
        shown = "" if setting.secret else f" (it is {raw!r})"
        raise SettingsError(f"{setting.variable} {error}{shown}.") from error
