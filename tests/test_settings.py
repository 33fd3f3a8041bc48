"""Every bad value stops the start with a sentence that names the variable and the reason."""

import base64
from datetime import time
from ipaddress import ip_network
from pathlib import Path

import pytest

from balagh.settings import SETTINGS, SettingsError, load
from balagh.settings.document import as_markdown

KEY = base64.b64encode(bytes(range(32))).decode()
LEAST = {
    "BALAGH_SECRET_KEY": KEY,
    "BALAGH_OIDC_ISSUER": "https://id.example.sa/realms/people/",
    "BALAGH_OIDC_CLIENT_ID": "balagh",
}
SHORT = base64.b64encode(bytes(16)).decode()

BAD = [
    # variable without its prefix, value, what the sentence must say
    ("DATABASE_URL", "mysql://user:hush@host/balagh", "postgresql://user:password@host/balagh"),
    ("DATABASE_URL", "host=localhost password=hush", "postgresql://user:password@host/balagh"),
    ("DATABASE_URL", "postgresql://user:hush@host:port/balagh", "postgresql://user:password"),
    ("DATABASE_URL", "postgresql://user:hush@host", "postgresql://user:password@host/balagh"),
    ("DATABASE_POOL", "1", "whole number from 2 to 100 (it is '1')"),
    ("DATABASE_POOL", "101", "whole number from 2 to 100"),
    ("DATABASE_POOL", "ten", "whole number"),
    ("DATABASE_POOL", "-5", "whole number"),
    ("DATABASE_POOL", "5.5", "whole number"),
    ("DATABASE_POOL", "9" * 400, "whole number"),
    ("PORT", "0", "whole number from 1 to 65535"),
    ("PORT", "65536", "whole number from 1 to 65535"),
    ("PORT", "٨٠٠٠", "whole number"),
    ("HOST", "local\x00host", "one line of ordinary characters"),
    ("PUBLIC_URL", "balagh.example.sa", "such as https://balagh.example.sa"),
    ("PUBLIC_URL", "ftp://balagh.example.sa", "such as https://balagh.example.sa"),
    ("PUBLIC_URL", "https://balagh.example.sa/portal", "without a path"),
    ("PUBLIC_URL", "https://balagh.example.sa?x=1", "without a path"),
    ("PUBLIC_URL", "https://balagh.example.sa:no", "without a path"),
    ("PUBLIC_URL", "https://[::1", "without a path"),
    ("PUBLIC_URL", "https://", "without a path"),
    ("PUBLIC_URL", "https://me:hush@balagh.example.sa", "without a path"),
    ("WEB_PROCESSES", "0", "from 1 to 64"),
    ("SECRET_KEY", "hush", "32 random bytes in base64"),
    ("SECRET_KEY", SHORT, "32 random bytes in base64"),
    ("SECRET_KEY", base64.b64encode(bytes(32)).decode(), "32 random bytes in base64"),
    ("SECRET_KEY", KEY[:-1] + "!", "32 random bytes in base64"),
    ("LOG_LEVEL", "loud", "one of debug, info, warning, error (it is 'loud')"),
    ("LOG_LEVEL", "INFO", "one of debug, info, warning, error"),
    ("OIDC_ISSUER", "id.example.sa", "such as https://example.sa/path"),
    ("OIDC_ISSUER", "https://id.example.sa/a b", "such as https://example.sa/path"),
    ("OIDC_CLIENT_ID", "one\ntwo", "one line"),
    ("SESSION_HOURS", "0", "from 1 to 720"),
    ("SESSION_IDLE_MINUTES", "4", "from 5 to 10080"),
    ("DIGEST_HOUR", "7:30", "such as 07:30 (it is '7:30')"),
    ("DIGEST_HOUR", "24:00", "from 00:00 to 23:59"),
    ("SMTP_PORT", "smtp", "from 1 to 65535"),
    ("SMTP_SECURITY", "ssl", "one of none, starttls, tls"),
    ("MAIL_FROM", "balagh", "balagh@example.sa"),
    ("MAIL_FROM", "Balagh <balagh>", "balagh@example.sa"),
    ("MAIL_FROM", "a@b.sa\r\nBcc: c@d.sa", "balagh@example.sa"),
    ("SMS_URL", "sms.example.sa", "such as https://example.sa/path"),
    ("SMS_SEGMENT_COST", "0.055", "such as 0.055 SAR"),
    ("SMS_SEGMENT_COST", "-1 SAR", "such as 0.055 SAR"),
    ("SMS_GATEWAY", "nexmo", "one of generic, unifonic, taqnyat, msegat, twilio (it is 'nexmo')"),
    ("SMS_FIELDS", "to=to", "at least to and text"),
    ("SMS_FIELDS", "to=to,text=a,text=b", "each once"),
    ("SMS_FIELDS", "to=to,text=text,colour=x", "of id, to, sender, text"),
    ("SMS_FIELDS", "to=to,text=a b", "must be pairs such as"),
    ("SMS_EXTRA", "unicode", "such as unicode=1&route=7"),
    ("SMS_METHOD", "post", "one of POST, GET"),
    ("SMS_FORMAT", "xml", "one of json, form"),
    ("SMS_AUTH", "digest", "bearer, basic, none, header:<name> or field:<name>"),
    ("SMS_AUTH", "header:", "header:<name>"),
    ("SMS_PHONE", "00966", "one of plus, plain"),
    ("SMS_ID_AT", "data[0]", "such as data.id"),
    ("SMS_SUCCESS", "code", "such as data.code=1|M0000"),
    ("SMS_REFUSED", "=1", "such as data.code=1|M0000"),
    ("SMS_RECEIPT_SECRET", "short", "32 or more random letters and digits"),
    ("SMS_RECEIPT_FIELDS", "id=id", "at least status"),
    ("QUIET_HOURS", "22-7", "such as 22:00-07:00, or none"),
    ("QUIET_HOURS", "22:00-22:00", "such as 22:00-07:00, or none"),
    ("QUIET_HOURS", "24:00-07:00", "such as 22:00-07:00, or none"),
    ("ZONE", "Riyadh", "such as Asia/Riyadh"),
    ("ZONE", "../../etc/passwd", "such as Asia/Riyadh"),
    ("WEEKEND", "friday", "such as fri,sat"),
    ("WEEKEND", "mon,tue,wed,thu,fri,sat,sun", "at most six days"),
    ("RESOLUTION_DAYS", "0", "from 1 to 60"),
    ("MISSING_DATA_HOURS", "721", "from 1 to 720"),
    ("MISSING_DATA_REMINDER_HOURS", "0", "from 1 to 720"),
    ("REOPEN_DAYS", "366", "from 0 to 365"),
    ("RETENTION_YEARS", "0", "from 1 to 100"),
    ("ANSWER_CLOSES", "true", "be yes or no"),
    ("STAFF_OIDC_ROLES", "reviewer", "must be pairs such as"),
    ("STAFF_OIDC_ROLES", "x=beneficiary", "must be pairs such as"),
    ("STAFF_OIDC_ROLES", "=reviewer", "must be pairs such as"),
    ("STAFF_SESSION_HOURS", "0", "from 1 to 168"),
    ("STAFF_IDLE_MINUTES", "4", "from 5 to 1440"),
    ("TRUSTED_PROXIES", "proxy.internal", "such as 127.0.0.1,10.0.0.0/8, or none"),
    ("TRUSTED_PROXIES", "10.0.0.1/8", "such as 127.0.0.1,10.0.0.0/8, or none"),
]


@pytest.mark.parametrize(("name", "value", "reason"), BAD)
def test_a_bad_value_is_named_with_its_reason(name: str, value: str, reason: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load({**LEAST, f"BALAGH_{name}": value})
    sentence = str(raised.value)
    assert sentence.startswith(f"BALAGH_{name} must ")
    assert reason in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BALAGH_DATABASE_URL", "hush://hush"),
        ("BALAGH_SECRET_KEY", "hush"),
        ("BALAGH_OIDC_CLIENT_SECRET", "hush\x00"),
        ("BALAGH_SMTP_PASSWORD", "hush\x00"),
        ("BALAGH_SMS_TOKEN", "hush\x00"),
        ("BALAGH_SMS_EXTRA", "hush"),
        ("BALAGH_SMS_RECEIPT_SECRET", "hush"),
        ("BALAGH_STAFF_OIDC_CLIENT_SECRET", "hush\x00"),
    ],
)
def test_a_secret_is_never_repeated(variable: str, value: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text(value)
    rest = {name: kept for name, kept in LEAST.items() if name != variable}
    for environ in ({variable: value}, {f"{variable}_FILE": str(file)}):
        with pytest.raises(SettingsError) as raised:
            load({**rest, **environ})
        assert "hush" not in str(raised.value)
        # A traceback would print the causes too.
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__


def test_every_secret_is_in_the_table_above() -> None:
    assert sum(setting.secret for setting in SETTINGS) == 8


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.name)
def test_an_empty_value_is_refused(setting: object) -> None:
    variable = getattr(setting, "variable", "")
    for empty in ("", " \t\n"):
        with pytest.raises(SettingsError, match=f"^{variable} is empty; give it a value"):
            load({**LEAST, variable: empty})


@pytest.mark.parametrize("variable", LEAST)
def test_what_is_required_is_asked_for(variable: str) -> None:
    rest = {name: value for name, value in LEAST.items() if name != variable}
    with pytest.raises(SettingsError, match=f"^{variable} is missing. "):
        load(rest)


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("BALAGH_SMPT_HOST", "Did you mean BALAGH_SMTP_HOST?"),
        ("BALAGH_SECRETKEY", "Did you mean BALAGH_SECRET_KEY?"),
        ("BALAGH_DEMO", ""),
        ("BALAGH_DATABASE", "Did you mean BALAGH_DATABASE_URL?"),
        ("BALAGH_XYZZY_FILE", ""),
    ],
)
def test_an_unknown_variable_is_refused(variable: str, hint: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load({**LEAST, variable: "1"})
    assert str(raised.value) == f"{variable} is not a setting of Balagh. {hint}".rstrip()


def test_defaults() -> None:
    settings = load({**LEAST, "PATH": "/bin", "HOME": "/root"})
    assert (settings.host, settings.port, settings.database_url) == ("127.0.0.1", 8000, None)
    assert settings.weekend == (4, 5)
    assert settings.secret_key == bytes(range(32))
    # The provider's own spelling: tokens are compared with it letter by letter.
    assert settings.oidc_issuer == "https://id.example.sa/realms/people/"
    assert not settings.secure
    assert not settings.demo


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("port", " 80 ", 80),
        ("public_url", "https://balagh.example.sa/", "https://balagh.example.sa"),
        ("public_url", "http://[::1]:8000", "http://[::1]:8000"),
        ("database_url", "postgresql:///balagh?host=/run/pg", "postgresql:///balagh?host=/run/pg"),
        ("weekend", "SAT, fri", (4, 5)),
        ("mail_from", "بلاغ <balagh@example.sa>", "بلاغ <balagh@example.sa>"),
        ("data", "/var/lib/balagh", Path("/var/lib/balagh")),
        ("reopen_days", "0", 0),
        ("answer_closes", "yes", True),
        ("answer_closes", "no", False),
        ("retention_years", "10", 10),
        ("staff_session_hours", "8", 8),
        ("staff_idle_minutes", "15", 15),
        ("trusted_proxies", "none", ()),
        ("quiet_hours", "none", None),
        ("quiet_hours", "21:30-06:00", (time(21, 30), time(6))),
        ("sms_fields", "to=mobile, text=msg", (("to", "mobile"), ("text", "msg"))),
        ("sms_extra", "unicode=1&dlr=", (("unicode", "1"), ("dlr", ""))),
        ("sms_success", "data.code=1| M0000", ("data.code", ("1", "M0000"))),
        ("trusted_proxies", "10.0.0.0/8, ::1", (ip_network("10.0.0.0/8"), ip_network("::1"))),
    ],
)
def test_good_values(name: str, value: str, read: object) -> None:
    assert getattr(load({**LEAST, f"BALAGH_{name.upper()}": value}), name) == read


def test_https_makes_cookies_secure() -> None:
    assert load({**LEAST, "BALAGH_PUBLIC_URL": "https://balagh.example.sa"}).secure


def test_a_secret_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    rest = {name: value for name, value in LEAST.items() if name != "BALAGH_SECRET_KEY"}
    assert load({**rest, "BALAGH_SECRET_KEY_FILE": str(file)}).secret_key == bytes(range(32))
    with pytest.raises(SettingsError, match="both set; keep one"):
        load({**LEAST, "BALAGH_SECRET_KEY_FILE": str(file)})
    with pytest.raises(SettingsError, match=r"^BALAGH_SECRET_KEY_FILE: cannot read .*No such file"):
        load({**rest, "BALAGH_SECRET_KEY_FILE": str(tmp_path / "nothing")})
    with pytest.raises(SettingsError, match=r"^BALAGH_SECRET_KEY_FILE: cannot read .*directory"):
        load({**rest, "BALAGH_SECRET_KEY_FILE": str(tmp_path)})
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="names a file that is not text"):
        load({**rest, "BALAGH_SECRET_KEY_FILE": str(file)})
    file.write_text("")
    with pytest.raises(SettingsError, match=r"^BALAGH_SECRET_KEY_FILE is empty"):
        load({**rest, "BALAGH_SECRET_KEY_FILE": str(file)})


def test_name_and_password_go_together() -> None:
    for only in ("USERNAME", "PASSWORD"):
        with pytest.raises(SettingsError, match="go together"):
            load({**LEAST, f"BALAGH_SMTP_{only}": "x"})


def test_the_demonstration_needs_no_identity_provider_and_no_variable_switches_it_on() -> None:
    settings = load({"BALAGH_SECRET_KEY": KEY}, demo=True)
    assert settings.demo
    assert settings.oidc_issuer is None


def test_the_document_is_up_to_date() -> None:
    document = Path(__file__).parents[1] / "docs" / "settings.md"
    assert document.read_text("utf-8") == as_markdown() + "\n", "run `just docs`"


STAFF = {"BALAGH_STAFF_OIDC_CLAIM": "roles", "BALAGH_STAFF_OIDC_ROLES": "it=administrator"}
OWN = {
    "BALAGH_STAFF_OIDC_ISSUER": "https://staff.example.sa",
    "BALAGH_STAFF_OIDC_CLIENT_ID": "balagh",
}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"BALAGH_STAFF_OIDC_CLAIM": "roles"}, "STAFF_OIDC_ROLES go together"),
        ({"BALAGH_STAFF_OIDC_ROLES": "it=administrator"}, "STAFF_OIDC_ROLES go together"),
        ({**STAFF, "BALAGH_STAFF_OIDC_CLIENT_ID": "b"}, "STAFF_OIDC_CLIENT_ID go together"),
        (OWN, "BALAGH_STAFF_OIDC_CLAIM is missing"),
        ({**STAFF, "BALAGH_STAFF_OIDC_CLIENT_SECRET": "x"}, "belongs to BALAGH_STAFF_OIDC_ISSUER"),
        (
            {**STAFF, "BALAGH_STAFF_OIDC_ROLES": "moj=agency_officer"},
            "BALAGH_STAFF_OIDC_AGENCY_CLAIM is missing",
        ),
    ],
)
def test_how_staff_come_in_is_said_whole(more: dict[str, str], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        load({**LEAST, **more})


def test_which_value_means_which_role() -> None:
    assert not load(LEAST).staff_oidc
    roles = "CN=It=Admins=administrator, reviewers=reviewer"
    settings = load({**LEAST, **STAFF, **OWN, "BALAGH_STAFF_OIDC_ROLES": roles})
    assert settings.staff_oidc
    assert settings.staff_oidc_roles == (
        ("CN=It=Admins", "administrator"),
        ("reviewers", "reviewer"),
    )


TWILIO = {"BALAGH_SMS_GATEWAY": "twilio", "BALAGH_SMS_USERNAME": "AC1", "BALAGH_SMS_TOKEN": "t"}
UNIFONIC = {"BALAGH_SMS_GATEWAY": "unifonic", "BALAGH_SMS_TOKEN": "t"}
LONG = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"BALAGH_SMS_GATEWAY": "unifonic"}, "BALAGH_SMS_TOKEN is missing: .* unifonic"),
        ({"BALAGH_SMS_GATEWAY": "taqnyat"}, "BALAGH_SMS_TOKEN is missing: .* taqnyat"),
        (
            {"BALAGH_SMS_GATEWAY": "msegat", "BALAGH_SMS_TOKEN": "t"},
            "BALAGH_SMS_USERNAME is missing: .* msegat",
        ),
        (
            {"BALAGH_SMS_GATEWAY": "twilio", "BALAGH_SMS_TOKEN": "t"},
            "BALAGH_SMS_USERNAME is missing: .* twilio",
        ),
        ({**UNIFONIC, "BALAGH_SMS_FORMAT": "form"}, "SMS_FORMAT belongs to the generic gateway"),
        ({**UNIFONIC, "BALAGH_SMS_EXTRA": "a=1"}, "SMS_EXTRA belongs to the generic gateway"),
        ({**TWILIO, "BALAGH_SMS_RECEIPT_SECRET": LONG}, "not used by twilio"),
        ({"BALAGH_SMS_RECEIPT_SECRET": LONG}, "BALAGH_SMS_URL is missing"),
        ({"BALAGH_SMS_RECEIPT_FIELDS": "status=s"}, "must name id or our_id"),
        ({"BALAGH_SMS_RECEIPT_DELIVERED": "Failed"}, "share a status"),
        (
            {"BALAGH_SMS_URL": "https://sms.example.sa", "BALAGH_SMS_AUTH": "basic"},
            "BALAGH_SMS_USERNAME is missing",
        ),
        (
            {"BALAGH_SMS_URL": "https://sms.example.sa", "BALAGH_SMS_AUTH": "header:X-Key"},
            "BALAGH_SMS_TOKEN is missing",
        ),
    ],
)
def test_how_sms_go_out_is_said_whole(more: dict[str, str], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        load({**LEAST, **more})


def test_a_gateway_known_by_name_has_its_address() -> None:
    assert load(LEAST).sms_url is None
    assert str(load({**LEAST, **UNIFONIC}).sms_url).startswith("https://el.cloud.unifonic.com/")
    other = {**TWILIO, "BALAGH_SMS_URL": "https://api.dublin.example.com"}
    assert load({**LEAST, **other}).sms_url == "https://api.dublin.example.com"
