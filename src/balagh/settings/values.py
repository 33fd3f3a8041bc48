"""What the values of settings may be: each reader returns the value, or raises ``ValueError`` with
the reason, worded to follow the variable's name."""

import base64
import ipaddress
import re
from collections.abc import Callable
from datetime import time
from decimal import Decimal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

PREFIX = "BALAGH_"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(ValueError):
    """A sentence for the person who starts the program: which setting, what is wrong with it."""


def text(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be one line of ordinary characters")
    return value


def number(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return read


def yes_or_no(value: str) -> bool:
    if value not in ("yes", "no"):
        raise ValueError("must be yes or no")
    return value == "yes"


def one_of(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise ValueError("must be one of " + ", ".join(choices))
        return value

    return read


def web_address(value: str) -> str:
    if not is_web_address(value):
        raise ValueError("must be an address such as https://example.sa/path")
    return value


def portal_address(value: str) -> str:
    if not is_web_address(value) or urlsplit(value).path not in ("", "/"):
        raise ValueError("must be an address without a path, such as https://balagh.example.sa")
    return value.rstrip("/")


def is_web_address(value: str) -> bool:
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


def database(value: str) -> str:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - a bad port raises
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise ValueError("must be an address such as postgresql://user:password@host/balagh")
    return value


def key(value: str) -> bytes:
    try:
        key = base64.b64decode(value, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32 or len(set(key)) < 8:
        raise ValueError("must be 32 random bytes in base64, as `openssl rand -base64 32` prints")
    return key


def cost(value: str) -> tuple[Decimal, str]:
    """Amount and currency (ISO 4217)."""
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?) ([A-Z]{3})", value)
    if found is None:
        raise ValueError("must be an amount and a currency, such as 0.055 SAR")
    return Decimal(found[1]), found[2]


def mailbox(value: str) -> str:
    address = r"[^@\s<>]+@[^@\s<>]+"
    if not re.fullmatch(rf"{address}|[^<>]*<{address}>", value) or not value.isprintable():
        raise ValueError("must be balagh@example.sa or Balagh <balagh@example.sa>")
    return value


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def weekend(value: str) -> tuple[int, ...]:
    names = [name.lower() for name in items(value)]
    if any(name not in _DAYS for name in names) or len(set(names)) > 6:
        raise ValueError("must name at most six days, such as fri,sat")
    return tuple(sorted({_DAYS.index(name) for name in names}))


def zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("must be the name of a time zone, such as Asia/Riyadh")
    return value


def clock_time(value: str) -> time:
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


def roles(value: str) -> tuple[tuple[str, str], ...]:
    """Value of the claim and role, in order."""
    pairs = [part.rpartition("=") for part in items(value)]
    read = tuple((value.strip(), role.strip()) for value, _, role in pairs)
    if not read or any(not value or role not in STAFF_ROLES for value, role in read):
        raise ValueError(
            "must be pairs such as balagh-reviewers=reviewer,it=administrator with the roles "
            + ", ".join(STAFF_ROLES)
        )
    return read


def long_secret(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_\-]{32,200}", value):
        raise ValueError(
            "must be 32 or more random letters and digits, as `openssl rand -hex 32` prints"
        )
    return value


def quiet(value: str) -> tuple[time, time] | None:
    if value == "none":
        return None
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", value)
    if found is None or found[1] + found[2] == found[3] + found[4]:
        raise ValueError("must be two times such as 22:00-07:00, or none")
    return time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))


def networks(value: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part) for part in items(value) if part != "none")
    except ValueError:
        raise ValueError(
            "must be addresses or networks such as 127.0.0.1,10.0.0.0/8, or none"
        ) from None


def items(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())
