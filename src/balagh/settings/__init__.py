"""Environment variables and ``*_FILE`` secrets → one frozen ``Settings``.

An unknown or bad value stops the start with a sentence that says which and why. The table in
``docs/settings.md`` is generated from ``SETTINGS`` below (``just docs``).
"""

import difflib
from collections.abc import Callable, Mapping
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec

from balagh.settings import sms, values
from balagh.settings.values import PREFIX as PREFIX
from balagh.settings.values import STAFF_ROLES as STAFF_ROLES
from balagh.settings.values import Network as Network
from balagh.settings.values import SettingsError as SettingsError


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


SETTINGS = (
    Setting("database_url", values.database, None,
        "PostgreSQL ≥ 15. Without it, Balagh runs a server of its own in the data folder.",
        secret=True),
    Setting("database_pool", values.number(2, 100), "10", "Connections each process may open."),
    Setting("data", Path, "balagh-data", "Folder for people's files and the embedded database."),
    Setting("host", values.text, "127.0.0.1", "Address the web server listens on."),
    Setting("port", values.number(1, 65535), "8000", "Port the web server listens on."),
    Setting("public_url", values.portal_address, "http://localhost:8000",
        "Address under which people reach the portal; links in messages begin with it. "
        "With https, cookies carry the `__Host-` prefix and HSTS is sent."),
    Setting("web_processes", values.number(1, 64), "1", "Web server processes."),
    Setting("secret_key", values.key, None,
        "32 random bytes in base64: encrypts national ids, keys their look-up hash, signs forms. "
        "Losing it loses the national ids; `openssl rand -base64 32` makes one.",
        required=True, secret=True),
    Setting("log_level", values.one_of("debug", "info", "warning", "error"), "info",
        "Least level that is logged."),
    Setting("oidc_issuer", values.web_address, None,
        "Issuer of the beneficiaries' identity provider, spelled as the provider spells it; its "
        "discovery document is read from there.",
        required=True),
    Setting("oidc_client_id", values.text, None, "Our client id at the issuer.", required=True),
    Setting("oidc_client_secret", values.text, None,
        "Our client secret; leave it out for a public client (PKCE is always used).", secret=True),
    Setting("oidc_scopes", values.text, "openid profile email phone", "Scopes to ask for."),
    Setting("oidc_claim_national_id", values.text, "national_id",
        "Claim that holds the national id or iqama."),
    Setting("oidc_claim_name", values.text, "name", "Claim that holds the full name."),
    Setting("oidc_claim_phone", values.text, "phone_number",
        "Claim that holds the mobile number."),
    Setting("oidc_claim_email", values.text, "email", "Claim that holds the e-mail address."),
    Setting("session_hours", values.number(1, 720), "12",
        "A session ends this long after sign-in."),
    Setting("session_idle_minutes", values.number(5, 10080), "60",
        "A session ends after this long without a request."),
    Setting("staff_oidc_issuer", values.web_address, None,
        "Issuer of the staff's identity provider, where it is another than the beneficiaries'."),
    Setting("staff_oidc_client_id", values.text, None, "Our client id at that issuer."),
    Setting("staff_oidc_client_secret", values.text, None, "Our client secret there.", secret=True),
    Setting("staff_oidc_scopes", values.text, "openid profile email",
        "Scopes to ask for when staff sign in."),
    Setting("staff_oidc_claim", values.text, None,
        "Claim whose values tell the role of a member of staff, such as `roles` or "
        "`realm_access.roles`. Without it staff have local accounts only."),
    Setting("staff_oidc_roles", values.roles, None,
        "Which value of that claim means which role: `value=role`, separated by commas; the first "
        "that a person has counts. Roles: " + ", ".join(f"`{role}`" for role in STAFF_ROLES) + "."),
    Setting("staff_oidc_agency_claim", values.text, None,
        "Claim that holds the code of the agency (as in the directory) of an agency's people."),
    Setting("staff_session_hours", values.number(1, 168), "12",
        "A session of staff ends this long after sign-in."),
    Setting("staff_idle_minutes", values.number(5, 1440), "30",
        "A session of staff ends after this long without a request."),
    Setting("trusted_proxies", values.networks, "127.0.0.1,::1",
        "Whose `X-Forwarded-For` is believed: addresses or networks of the reverse proxies, or "
        "`none`. Failed sign-ins are counted by where they come from, as this tells it."),
    Setting("smtp_host", values.text, "localhost", "SMTP server that takes our e-mail."),
    Setting("smtp_port", values.number(1, 65535), "25", "Its port."),
    Setting("smtp_security", values.one_of("none", "starttls", "tls"), "none",
        "How the connection is secured."),
    Setting("smtp_username", values.text, None, "Name to sign in with, if the server asks."),
    Setting("smtp_password", values.text, None, "Password to sign in with.", secret=True),
    Setting("mail_from", values.mailbox, "Balagh <balagh@localhost>", "Sender of e-mail."),
    Setting("sms_gateway", values.one_of("generic", *sms.GATEWAYS), "generic",
        "How the SMS gateway is spoken to (docs/sms.md): `" + "`, `".join(sms.GATEWAYS) + "`, or "
        "`generic`, described by the settings below, without which it is Balagh's own protocol."),
    Setting("sms_url", values.web_address, None,
        "Address of the SMS gateway; those that are known by name have one already. Without a "
        "gateway no SMS is sent, e-mail still is."),
    Setting("sms_username", values.text, None,
        "Msegat's user name, Twilio's Account SID, the name for `basic`."),
    Setting("sms_token", values.text, None,
        "Bearer token, Unifonic's AppSid, Msegat's API key, Twilio's Auth Token.", secret=True),
    Setting("sms_sender", values.text, "Balagh",
        "Sender name shown on the phone, as it is registered; at Twilio a number or a Messaging "
        "Service (`MG…`) too."),
    Setting("sms_segment_cost", values.cost, None,
        "What one segment of an SMS costs, with its currency, such as `0.055 SAR`: shown where the "
        "texts of messages are changed. Without it only the segments are shown."),
    Setting("sms_fields", sms.fields(sms.FIELDS, ("to", "text")),
        "id=id,to=to,sender=from,text=text",
        "Generic: what the gateway calls our fields `id`, `to`, `sender`, `text`."),
    Setting("sms_extra", sms.extra, None,
        "Generic: further fields that are always sent, such as `unicode=1&route=7`.", secret=True),
    Setting("sms_method", values.one_of("POST", "GET"), "POST",
        "Generic: with `GET` the fields are in the address."),
    Setting("sms_format", values.one_of("json", "form"), "json",
        "Generic: how the fields are sent."),
    Setting("sms_auth", sms.auth, "bearer",
        "Generic: where the token goes: `bearer`, `basic` (with BALAGH_SMS_USERNAME), "
        "`header:<name>`, `field:<name>`, or `none`."),
    Setting("sms_phone", values.one_of("plus", "plain"), "plus",
        "Generic: `plus` is +966550000001, `plain` 966550000001."),
    Setting("sms_id_at", sms.path, "id", "Generic: where the message's id is in the answer."),
    Setting("sms_success", sms.codes, None,
        "Generic: the values that mean taken, such as `data.code=1|M0000`. Without it any 2xx "
        "does."),
    Setting("sms_refused", sms.codes, None,
        "Generic: the values that mean refused for good (number, recipient, text), such as "
        "`code=1120|1140`."),
    Setting("sms_receipt_secret", values.long_secret, None,
        "What a delivery receipt has to bring along, in its address or a header. Without it none "
        "is taken; Twilio signs its own instead.", secret=True),
    Setting("sms_receipt_fields", sms.fields(sms.RECEIPT_FIELDS, ("status",)),
        "id=id,status=status,code=code",
        "Generic, Taqnyat, Msegat: what a receipt calls the gateway's `id`, `our_id`, `status`, "
        "`code`."),
    Setting("sms_receipt_delivered", sms.words, "delivered",
        "Generic, Taqnyat, Msegat: the statuses that mean delivered."),
    Setting("sms_receipt_failed", sms.words, "failed,undelivered,undeliverable,rejected,expired",
        "Generic, Taqnyat, Msegat: the statuses that mean that it never will be."),
    Setting("quiet_hours", values.quiet, "22:00-07:00",
        "SMS that are not urgent wait until the end of these hours, in BALAGH_ZONE; `none`: they "
        "never wait. E-mail never does."),
    Setting("zone", values.zone, "Asia/Riyadh", "Time zone of working days and of times shown."),
    Setting("weekend", values.weekend, "fri,sat", "Days of the week that are not worked."),
    Setting("resolution_days", values.number(1, 60), "5",
        "Working days within which a report is answered."),
    Setting("missing_data_hours", values.number(1, 720), "48",
        "Clock hours for answering a request for data."),
    Setting("missing_data_reminder_hours", values.number(1, 720), "24",
        "Clock hours after which somebody who was asked for data is reminded; from the time for "
        "answering on there is no reminder."),
    Setting("digest_hour", values.clock_time, "07:30",
        "When staff get their digest on working days, such as 07:30; a missed one comes later the "
        "same day."),
    Setting("reopen_days", values.number(0, 365), "14",
        "Days after closing in which reopening can be asked for."),
    Setting("answer_closes", values.yes_or_no, "no",
        "Whether an agency's answer closes the report at once (`yes`), or a reviewer looks at it "
        "first (`no`)."),
    Setting("retention_years", values.number(1, 100), "5",
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
    found = {setting.name: _value(setting, environ, demo=demo) for setting in SETTINGS}
    if (found["smtp_username"] is None) != (found["smtp_password"] is None):
        raise SettingsError("BALAGH_SMTP_USERNAME and BALAGH_SMTP_PASSWORD go together; set both.")
    _check_staff_oidc(found)
    sms.check(found, _default)
    for name in ("staff_oidc_roles", "sms_extra"):
        found[name] = found[name] or ()
    return Settings(**found, demo=demo)


def _check_staff_oidc(found: Mapping[str, Any]) -> None:
    if (found["staff_oidc_claim"] is None) != (found["staff_oidc_roles"] is None):
        raise SettingsError(
            "BALAGH_STAFF_OIDC_CLAIM and BALAGH_STAFF_OIDC_ROLES go together; set both."
        )
    if (found["staff_oidc_issuer"] is None) != (found["staff_oidc_client_id"] is None):
        raise SettingsError(
            "BALAGH_STAFF_OIDC_ISSUER and BALAGH_STAFF_OIDC_CLIENT_ID go together; set both."
        )
    if found["staff_oidc_issuer"] is not None and found["staff_oidc_claim"] is None:
        raise SettingsError(
            "BALAGH_STAFF_OIDC_CLAIM is missing: it says which role somebody from "
            "BALAGH_STAFF_OIDC_ISSUER has."
        )
    if found["staff_oidc_client_secret"] is not None and found["staff_oidc_issuer"] is None:
        raise SettingsError(
            "BALAGH_STAFF_OIDC_CLIENT_SECRET belongs to BALAGH_STAFF_OIDC_ISSUER; set both."
        )
    roles = [role for _, role in found["staff_oidc_roles"] or ()]
    if found["staff_oidc_agency_claim"] is None and any("agency" in role for role in roles):
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


def _default(name: str) -> Any:
    (setting,) = (one for one in SETTINGS if one.name == name)
    return None if setting.default is None else setting.read(setting.default)
