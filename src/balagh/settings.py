"""Environment variables and ``*_FILE`` secrets → one frozen ``Settings``.

An unknown or bad value stops the start with a sentence that says which and why. The table in
``docs/settings.md`` is generated from ``SETTINGS`` below (``just docs``).
"""

import base64
import difflib
import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import available_timezones

import msgspec

PREFIX = "BALAGH_"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(ValueError):
    """A sentence for the person who starts the program: which setting, what is wrong with it."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between two installations. Durations in the unit their name says."""

    database_url: str | None
    database_pool: int
    data: Path
    host: str
    port: int
    public_url: str
    web_processes: int
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

    staff_oidc_issuer: str | None
    staff_oidc_client_id: str | None
    staff_oidc_client_secret: str | None
    staff_oidc_scopes: str
    staff_oidc_claim: str | None
    staff_oidc_roles: tuple[tuple[str, str], ...]
    staff_oidc_agency_claim: str | None
    staff_session_hours: int
    staff_idle_minutes: int
    trusted_proxies: tuple[Network, ...]

    smtp_host: str
    smtp_port: int
    smtp_security: Literal["none", "starttls", "tls"]
    smtp_username: str | None
    smtp_password: str | None
    mail_from: str

    # None: no SMS is sent.
    sms_url: str | None
    sms_gateway: Literal["generic", "unifonic", "taqnyat", "msegat", "twilio"]
    sms_username: str | None
    sms_token: str | None
    sms_sender: str
    sms_segment_cost: tuple[Decimal, str] | None
    # Pairs of our name and the gateway's.
    sms_fields: tuple[tuple[str, str], ...]
    sms_extra: tuple[tuple[str, str], ...]
    sms_method: Literal["POST", "GET"]
    sms_format: Literal["json", "form"]
    # bearer, basic, none, header:<name> or field:<name>.
    sms_auth: str
    sms_phone: Literal["plus", "plain"]
    sms_id_at: str
    # Where a code is in the answer, and its values.
    sms_success: tuple[str, tuple[str, ...]] | None
    sms_refused: tuple[str, tuple[str, ...]] | None
    sms_receipt_secret: str | None
    sms_receipt_fields: tuple[tuple[str, str], ...]
    sms_receipt_delivered: tuple[str, ...]
    sms_receipt_failed: tuple[str, ...]
    # From when to when, in ``zone``; over midnight where the first is the later.
    quiet_hours: tuple[time, time] | None

    zone: str
    weekend: tuple[int, ...]
    resolution_days: int
    missing_data_hours: int
    missing_data_reminder_hours: int
    digest_hour: time
    reopen_days: int
    answer_closes: bool
    retention_years: int

    demo: bool = False

    @property
    def secure(self) -> bool:
        """Whether people reach the portal over TLS, which ``__Host-`` cookies and HSTS need."""
        return self.public_url.startswith("https://")

    @property
    def staff_oidc(self) -> bool:
        """Whether staff can sign in at an identity provider; local accounts there are always."""
        return bool(self.staff_oidc_roles)


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
    if not value.isprintable():
        raise ValueError("must be one line of ordinary characters")
    return value


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return read


def _yes_or_no(value: str) -> bool:
    if value not in ("yes", "no"):
        raise ValueError("must be yes or no")
    return value == "yes"


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise ValueError("must be one of " + ", ".join(choices))
        return value

    return read


def _web_address(value: str) -> str:
    if not _is_web_address(value):
        raise ValueError("must be an address such as https://example.sa/path")
    return value


def _portal_address(value: str) -> str:
    if not _is_web_address(value) or urlsplit(value).path not in ("", "/"):
        raise ValueError("must be an address without a path, such as https://balagh.example.sa")
    return value.rstrip("/")


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - a bad port raises
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and parts.username is None
        and not (parts.query or parts.fragment or re.search(r"\s", value))
    )


def _database(value: str) -> str:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - a bad port raises
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise ValueError("must be an address such as postgresql://user:password@host/balagh")
    return value


def _key(value: str) -> bytes:
    try:
        key = base64.b64decode(value, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32 or len(set(key)) < 8:
        raise ValueError("must be 32 random bytes in base64, as `openssl rand -base64 32` prints")
    return key


def _cost(value: str) -> tuple[Decimal, str]:
    """Amount and currency (ISO 4217)."""
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?) ([A-Z]{3})", value)
    if found is None:
        raise ValueError("must be an amount and a currency, such as 0.055 SAR")
    return Decimal(found[1]), found[2]


def _mailbox(value: str) -> str:
    address = r"[^@\s<>]+@[^@\s<>]+"
    if not re.fullmatch(rf"{address}|[^<>]*<{address}>", value) or not value.isprintable():
        raise ValueError("must be balagh@example.sa or Balagh <balagh@example.sa>")
    return value


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _weekend(value: str) -> tuple[int, ...]:
    names = [name.lower() for name in _list(value)]
    if any(name not in _DAYS for name in names) or len(set(names)) > 6:
        raise ValueError("must name at most six days, such as fri,sat")
    return tuple(sorted({_DAYS.index(name) for name in names}))


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("must be the name of a time zone, such as Asia/Riyadh")
    return value


def _clock_time(value: str) -> time:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise ValueError("must be a time from 00:00 to 23:59, such as 07:30")
    return time.fromisoformat(value)


STAFF_ROLES = (
    "intake_officer",
    "reviewer",
    "supervisor",
    "administrator",
    "agency_officer",
    "agency_manager",
)


def _roles(value: str) -> tuple[tuple[str, str], ...]:
    """Value of the claim and role, in order."""
    pairs = [part.rpartition("=") for part in _list(value)]
    read = tuple((value.strip(), role.strip()) for value, _, role in pairs)
    if not read or any(not value or role not in STAFF_ROLES for value, role in read):
        raise ValueError(
            "must be pairs such as balagh-reviewers=reviewer,it=administrator with the roles "
            + ", ".join(STAFF_ROLES)
        )
    return read


# What a named gateway must be given, besides ``sms_token``; its address may be left out.
SMS_GATEWAYS: Mapping[str, tuple[str, bool]] = {
    "unifonic": ("https://el.cloud.unifonic.com/rest/SMS/messages", False),
    "taqnyat": ("https://api.taqnyat.sa/v1/messages", False),
    "msegat": ("https://www.msegat.com/gw/sendsms.php", True),
    "twilio": ("https://api.twilio.com/2010-04-01", True),
}
_SMS_FIELDS = ("id", "to", "sender", "text")
_RECEIPT_FIELDS = ("id", "our_id", "status", "code")
_GENERIC_ONLY = (
    *("sms_fields", "sms_extra", "sms_method", "sms_format", "sms_auth", "sms_phone"),
    *("sms_id_at", "sms_success", "sms_refused"),
)
_NAME = r"[A-Za-z0-9_.\-]{1,64}"


def _fields(ours: tuple[str, ...], needed: tuple[str, ...]) -> Callable[[str], Any]:
    """Pairs of our name and theirs."""

    def read(value: str) -> tuple[tuple[str, str], ...]:
        pairs = tuple(tuple(part.strip() for part in item.split("=")) for item in _list(value))
        if (
            any(len(p) != 2 or p[0] not in ours or not re.fullmatch(_NAME, p[1]) for p in pairs)
            or len({pair[0] for pair in pairs}) < len(pairs)
            or not {pair[0] for pair in pairs} >= set(needed)
        ):
            raise ValueError(
                f"must be pairs such as {ours[-1]}=theirs, separated by commas, of "
                f"{', '.join(ours)}, each once, at least {' and '.join(needed)}"
            )
        return tuple((pair[0], pair[1]) for pair in pairs)

    return read


def _extra(value: str) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(parse_qsl(value, keep_blank_values=True, strict_parsing=True))
    except ValueError:
        raise ValueError("must be fields and values such as unicode=1&route=7") from None


def _auth(value: str) -> str:
    if not re.fullmatch(rf"bearer|basic|none|(?:header|field):{_NAME}", value):
        raise ValueError("must be bearer, basic, none, header:<name> or field:<name>")
    return value


def _path(value: str) -> str:
    if not re.fullmatch(_NAME, value):
        raise ValueError("must be a path such as data.id")
    return value


def _codes(value: str) -> tuple[str, tuple[str, ...]]:
    """Where the code is in the answer, and its values."""
    path, _, codes = value.partition("=")
    values = tuple(code.strip() for code in codes.split("|") if code.strip())
    if not re.fullmatch(_NAME, path) or not values:
        raise ValueError("must be a path and values such as data.code=1|M0000")
    return path, values


def _words(value: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _list(value))


def _long_secret(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_\-]{32,200}", value):
        raise ValueError(
            "must be 32 or more random letters and digits, as `openssl rand -hex 32` prints"
        )
    return value


def _quiet(value: str) -> tuple[time, time] | None:
    if value == "none":
        return None
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", value)
    if found is None or found[1] + found[2] == found[3] + found[4]:
        raise ValueError("must be two times such as 22:00-07:00, or none")
    return time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))


def _networks(value: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part) for part in _list(value) if part != "none")
    except ValueError:
        raise ValueError(
            "must be addresses or networks such as 127.0.0.1,10.0.0.0/8, or none"
        ) from None


def _list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


SETTINGS = (
    Setting("database_url", _database, None,
        "PostgreSQL ≥ 15. Without it, Balagh runs a server of its own in the data folder.",
        secret=True),
    Setting("database_pool", _number(2, 100), "10", "Connections each process may open."),
    Setting("data", Path, "balagh-data", "Folder for people's files and the embedded database."),
    Setting("host", _text, "127.0.0.1", "Address the web server listens on."),
    Setting("port", _number(1, 65535), "8000", "Port the web server listens on."),
    Setting("public_url", _portal_address, "http://localhost:8000",
        "Address under which people reach the portal; links in messages begin with it. "
        "With https, cookies carry the `__Host-` prefix and HSTS is sent."),
    Setting("web_processes", _number(1, 64), "1", "Web server processes."),
    Setting("secret_key", _key, None,
        "32 random bytes in base64: encrypts national ids, keys their look-up hash, signs forms. "
        "Losing it loses the national ids; `openssl rand -base64 32` makes one.",
        required=True, secret=True),
    Setting("log_level", _one_of("debug", "info", "warning", "error"), "info",
        "Least level that is logged."),
    Setting("oidc_issuer", _web_address, None,
        "Issuer of the beneficiaries' identity provider, spelled as the provider spells it; its "
        "discovery document is read from there.",
        required=True),
    Setting("oidc_client_id", _text, None, "Our client id at the issuer.", required=True),
    Setting("oidc_client_secret", _text, None,
        "Our client secret; leave it out for a public client (PKCE is always used).", secret=True),
    Setting("oidc_scopes", _text, "openid profile email phone", "Scopes to ask for."),
    Setting("oidc_claim_national_id", _text, "national_id",
        "Claim that holds the national id or iqama."),
    Setting("oidc_claim_name", _text, "name", "Claim that holds the full name."),
    Setting("oidc_claim_phone", _text, "phone_number", "Claim that holds the mobile number."),
    Setting("oidc_claim_email", _text, "email", "Claim that holds the e-mail address."),
    Setting("session_hours", _number(1, 720), "12", "A session ends this long after sign-in."),
    Setting("session_idle_minutes", _number(5, 10080), "60",
        "A session ends after this long without a request."),
    Setting("staff_oidc_issuer", _web_address, None,
        "Issuer of the staff's identity provider, where it is another than the beneficiaries'."),
    Setting("staff_oidc_client_id", _text, None, "Our client id at that issuer."),
    Setting("staff_oidc_client_secret", _text, None, "Our client secret there.", secret=True),
    Setting("staff_oidc_scopes", _text, "openid profile email",
        "Scopes to ask for when staff sign in."),
    Setting("staff_oidc_claim", _text, None,
        "Claim whose values tell the role of a member of staff, such as `roles` or "
        "`realm_access.roles`. Without it staff have local accounts only."),
    Setting("staff_oidc_roles", _roles, None,
        "Which value of that claim means which role: `value=role`, separated by commas; the first "
        "that a person has counts. Roles: " + ", ".join(f"`{role}`" for role in STAFF_ROLES) + "."),
    Setting("staff_oidc_agency_claim", _text, None,
        "Claim that holds the code of the agency (as in the directory) of an agency's people."),
    Setting("staff_session_hours", _number(1, 168), "12",
        "A session of staff ends this long after sign-in."),
    Setting("staff_idle_minutes", _number(5, 1440), "30",
        "A session of staff ends after this long without a request."),
    Setting("trusted_proxies", _networks, "127.0.0.1,::1",
        "Whose `X-Forwarded-For` is believed: addresses or networks of the reverse proxies, or "
        "`none`. Failed sign-ins are counted by where they come from, as this tells it."),
    Setting("smtp_host", _text, "localhost", "SMTP server that takes our e-mail."),
    Setting("smtp_port", _number(1, 65535), "25", "Its port."),
    Setting("smtp_security", _one_of("none", "starttls", "tls"), "none",
        "How the connection is secured."),
    Setting("smtp_username", _text, None, "Name to sign in with, if the server asks."),
    Setting("smtp_password", _text, None, "Password to sign in with.", secret=True),
    Setting("mail_from", _mailbox, "Balagh <balagh@localhost>", "Sender of e-mail."),
    Setting("sms_gateway", _one_of("generic", *SMS_GATEWAYS), "generic",
        "How the SMS gateway is spoken to (docs/sms.md): `" + "`, `".join(SMS_GATEWAYS) + "`, or "
        "`generic`, described by the settings below, without which it is Balagh's own protocol."),
    Setting("sms_url", _web_address, None,
        "Address of the SMS gateway; those that are known by name have one already. Without a "
        "gateway no SMS is sent, e-mail still is."),
    Setting("sms_username", _text, None,
        "Msegat's user name, Twilio's Account SID, the name for `basic`."),
    Setting("sms_token", _text, None,
        "Bearer token, Unifonic's AppSid, Msegat's API key, Twilio's Auth Token.", secret=True),
    Setting("sms_sender", _text, "Balagh",
        "Sender name shown on the phone, as it is registered; at Twilio a number or a Messaging "
        "Service (`MG…`) too."),
    Setting("sms_segment_cost", _cost, None,
        "What one segment of an SMS costs, with its currency, such as `0.055 SAR`: shown where the "
        "texts of messages are changed. Without it only the segments are shown."),
    Setting("sms_fields", _fields(_SMS_FIELDS, ("to", "text")),
        "id=id,to=to,sender=from,text=text",
        "Generic: what the gateway calls our fields `id`, `to`, `sender`, `text`."),
    Setting("sms_extra", _extra, None,
        "Generic: further fields that are always sent, such as `unicode=1&route=7`.", secret=True),
    Setting("sms_method", _one_of("POST", "GET"), "POST",
        "Generic: with `GET` the fields are in the address."),
    Setting("sms_format", _one_of("json", "form"), "json", "Generic: how the fields are sent."),
    Setting("sms_auth", _auth, "bearer",
        "Generic: where the token goes: `bearer`, `basic` (with BALAGH_SMS_USERNAME), "
        "`header:<name>`, `field:<name>`, or `none`."),
    Setting("sms_phone", _one_of("plus", "plain"), "plus",
        "Generic: `plus` is +966550000001, `plain` 966550000001."),
    Setting("sms_id_at", _path, "id", "Generic: where the message's id is in the answer."),
    Setting("sms_success", _codes, None,
        "Generic: the values that mean taken, such as `data.code=1|M0000`. Without it any 2xx "
        "does."),
    Setting("sms_refused", _codes, None,
        "Generic: the values that mean refused for good (number, recipient, text), such as "
        "`code=1120|1140`."),
    Setting("sms_receipt_secret", _long_secret, None,
        "What a delivery receipt has to bring along, in its address or a header. Without it none "
        "is taken; Twilio signs its own instead.", secret=True),
    Setting("sms_receipt_fields", _fields(_RECEIPT_FIELDS, ("status",)),
        "id=id,status=status,code=code",
        "Generic, Taqnyat, Msegat: what a receipt calls the gateway's `id`, `our_id`, `status`, "
        "`code`."),
    Setting("sms_receipt_delivered", _words, "delivered",
        "Generic, Taqnyat, Msegat: the statuses that mean delivered."),
    Setting("sms_receipt_failed", _words, "failed,undelivered,undeliverable,rejected,expired",
        "Generic, Taqnyat, Msegat: the statuses that mean that it never will be."),
    Setting("quiet_hours", _quiet, "22:00-07:00",
        "SMS that are not urgent wait until the end of these hours, in BALAGH_ZONE; `none`: they "
        "never wait. E-mail never does."),
    Setting("zone", _zone, "Asia/Riyadh", "Time zone of working days and of times shown."),
    Setting("weekend", _weekend, "fri,sat", "Days of the week that are not worked."),
    Setting("resolution_days", _number(1, 60), "5",
        "Working days within which a report is answered."),
    Setting("missing_data_hours", _number(1, 720), "48",
        "Clock hours for answering a request for data."),
    Setting("missing_data_reminder_hours", _number(1, 720), "24",
        "Clock hours after which somebody who was asked for data is reminded; from the time for "
        "answering on there is no reminder."),
    Setting("digest_hour", _clock_time, "07:30",
        "When staff get their digest on working days, such as 07:30; a missed one comes later the "
        "same day."),
    Setting("reopen_days", _number(0, 365), "14",
        "Days after closing in which reopening can be asked for."),
    Setting("answer_closes", _yes_or_no, "no",
        "Whether an agency's answer closes the report at once (`yes`), or a reviewer looks at it "
        "first (`no`)."),
    Setting("retention_years", _number(1, 100), "5",
        "Years for which a report is said to be kept after it has ended. The default is a sample "
        "policy; set what your records schedule says."),
)  # fmt: skip


def load(environ: Mapping[str, str], *, demo: bool = False) -> Settings:
    """Reads the settings; raises ``SettingsError`` for the first that is unknown, missing or bad.

    ``demo`` is no setting, so that no installation can switch the demonstration on by mistake: only
    ``balagh demo`` passes it. The demonstration needs no identity provider.
    """
    known = {setting.variable: setting for setting in SETTINGS}
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and variable.removesuffix("_FILE") not in known:
            names = [setting.name for setting in SETTINGS]
            near = difflib.get_close_matches(variable.removeprefix(PREFIX).lower(), names, n=1)
            hint = f" Did you mean {PREFIX}{near[0].upper()}?" if near else ""
            raise SettingsError(f"{variable} is not a setting of Balagh.{hint}")
    values = {setting.name: _value(setting, environ, demo=demo) for setting in SETTINGS}
    if (values["smtp_username"] is None) != (values["smtp_password"] is None):
        raise SettingsError("BALAGH_SMTP_USERNAME and BALAGH_SMTP_PASSWORD go together; set both.")
    _check_staff_oidc(values)
    _check_sms(values)
    for name in ("staff_oidc_roles", "sms_extra"):
        values[name] = values[name] or ()
    return Settings(**values, demo=demo)


def _check_sms(values: dict[str, Any]) -> None:
    """And gives a gateway that is known by name its address."""
    gateway = values["sms_gateway"]
    if gateway in SMS_GATEWAYS:
        address, named = SMS_GATEWAYS[gateway]
        needed = ["sms_token", *(["sms_username"] if named else [])]
        for name in needed:
            if values[name] is None:
                raise SettingsError(
                    f"{PREFIX}{name.upper()} is missing: BALAGH_SMS_GATEWAY is {gateway}, which "
                    "needs it."
                )
        values["sms_url"] = values["sms_url"] or address
        own = {setting.name: setting for setting in SETTINGS}
        for name in _GENERIC_ONLY:
            setting = own[name]
            default = None if setting.default is None else setting.read(setting.default)
            if values[name] != default:
                raise SettingsError(
                    f"{setting.variable} belongs to the generic gateway, but BALAGH_SMS_GATEWAY "
                    f"is {gateway}; leave it out."
                )
    elif values["sms_auth"] == "basic" and values["sms_username"] is None:
        raise SettingsError("BALAGH_SMS_USERNAME is missing: BALAGH_SMS_AUTH is basic.")
    elif values["sms_auth"].startswith(("basic", "header", "field")) and not values["sms_token"]:
        raise SettingsError("BALAGH_SMS_TOKEN is missing: BALAGH_SMS_AUTH says where it goes.")
    if gateway == "twilio" and values["sms_receipt_secret"] is not None:
        raise SettingsError(
            "BALAGH_SMS_RECEIPT_SECRET is not used by twilio, which signs its receipts; leave it "
            "out."
        )
    fields = dict(values["sms_receipt_fields"])
    if "id" not in fields and "our_id" not in fields:
        raise SettingsError("BALAGH_SMS_RECEIPT_FIELDS must name id or our_id.")
    if set(values["sms_receipt_delivered"]) & set(values["sms_receipt_failed"]):
        raise SettingsError(
            "BALAGH_SMS_RECEIPT_DELIVERED and BALAGH_SMS_RECEIPT_FAILED share a status."
        )
    if values["sms_url"] is None and values["sms_receipt_secret"] is not None:
        raise SettingsError(
            "BALAGH_SMS_URL is missing: BALAGH_SMS_RECEIPT_SECRET is for a gateway's receipts."
        )


def _check_staff_oidc(values: Mapping[str, Any]) -> None:
    if (values["staff_oidc_claim"] is None) != (values["staff_oidc_roles"] is None):
        raise SettingsError(
            "BALAGH_STAFF_OIDC_CLAIM and BALAGH_STAFF_OIDC_ROLES go together; set both."
        )
    if (values["staff_oidc_issuer"] is None) != (values["staff_oidc_client_id"] is None):
        raise SettingsError(
            "BALAGH_STAFF_OIDC_ISSUER and BALAGH_STAFF_OIDC_CLIENT_ID go together; set both."
        )
    if values["staff_oidc_issuer"] is not None and values["staff_oidc_claim"] is None:
        raise SettingsError(
            "BALAGH_STAFF_OIDC_CLAIM is missing: it says which role somebody from "
            "BALAGH_STAFF_OIDC_ISSUER has."
        )
    if values["staff_oidc_client_secret"] is not None and values["staff_oidc_issuer"] is None:
        raise SettingsError(
            "BALAGH_STAFF_OIDC_CLIENT_SECRET belongs to BALAGH_STAFF_OIDC_ISSUER; set both."
        )
    roles = [role for _, role in values["staff_oidc_roles"] or ()]
    if values["staff_oidc_agency_claim"] is None and any("agency" in role for role in roles):
        raise SettingsError(
            "BALAGH_STAFF_OIDC_AGENCY_CLAIM is missing: it says which agency's people they are."
        )


def _value(setting: Setting, environ: Mapping[str, str], *, demo: bool) -> Any:
    variable = setting.variable
    raw = environ.get(variable)
    path = environ.get(variable + "_FILE")
    if raw is not None and path is not None:
        raise SettingsError(f"{variable} and {variable}_FILE are both set; keep one.")
    if path is not None:
        variable += "_FILE"
        try:
            raw = Path(path).read_text("utf-8")
        except UnicodeDecodeError:
            raise SettingsError(f"{variable} names a file that is not text: {path}.") from None
        except OSError as error:
            reason = error.strerror or "unknown reason"
            raise SettingsError(f"{variable}: cannot read {path} ({reason}).") from error
    if raw is None:
        if setting.required and not (demo and setting.name.startswith("oidc_")):
            raise SettingsError(f"{variable} is missing. {setting.about}")
        raw = setting.default
    elif not raw.strip():
        # Not the default: a secret that failed to arrive must not go unnoticed.
        raise SettingsError(f"{variable} is empty; give it a value or leave it out.")
    if raw is None:
        return None
    try:
        return setting.read(raw.strip())
    except ValueError as error:
        # The value of a secret is never repeated, nor kept in the chain of causes.
        shown = "" if setting.secret else f" (it is {raw.strip()!r})"
        raise SettingsError(f"{variable} {error}{shown}.") from None


def as_markdown() -> str:
    """``docs/settings.md``: every setting, its default and what it means."""
    lines = [
        "# Settings",
        "",
        "<!-- Made from src/balagh/settings.py by `just docs`. Change it there. -->",
        "",
        "Every setting is an environment variable. Any of them may be given as a file instead: "
        "`BALAGH_SECRET_KEY_FILE=/run/secrets/key` reads the value from that file, without the "
        "line end. Balagh does not start with a setting that it does not know, that is empty, or "
        "whose value it cannot use; it says which one and why. `balagh doctor` tries them out.",
        "",
        "| Variable | Default | Meaning |",
        "|---|---|---|",
    ]
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "–"
        if setting.required:
            default = "**required**"
        secret = " Secret: never shown or logged." if setting.secret else ""
        lines.append(f"| `{setting.variable}` | {default} | {setting.about}{secret} |")
    lines += [
        "",
        "`balagh demo` takes none of them: it makes its own key and keeps it in its data folder.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(as_markdown())
