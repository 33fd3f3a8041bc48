"""The settings of SMS gateways: their readers, and what belongs together."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from balagh.settings.values import PREFIX, SettingsError, items

# What a named gateway must be given, besides ``sms_token``; its address may be left out.
GATEWAYS: Mapping[str, tuple[str, bool]] = {
    "unifonic": ("https://el.cloud.unifonic.com/rest/SMS/messages", False),
    "taqnyat": ("https://api.taqnyat.sa/v1/messages", False),
    "msegat": ("https://www.msegat.com/gw/sendsms.php", True),
    "twilio": ("https://api.twilio.com/2010-04-01", True),
}
FIELDS = ("id", "to", "sender", "text")
RECEIPT_FIELDS = ("id", "our_id", "status", "code")
_GENERIC_ONLY = (
    *("sms_fields", "sms_extra", "sms_method", "sms_format", "sms_auth", "sms_phone"),
    *("sms_id_at", "sms_success", "sms_refused"),
)
_NAME = r"[A-Za-z0-9_.\-]{1,64}"


def fields(ours: tuple[str, ...], needed: tuple[str, ...]) -> Callable[[str], Any]:
    """Pairs of our name and theirs."""

    def read(value: str) -> tuple[tuple[str, str], ...]:
        pairs = tuple(tuple(part.strip() for part in item.split("=")) for item in items(value))
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


def extra(value: str) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(parse_qsl(value, keep_blank_values=True, strict_parsing=True))
    except ValueError:
        raise ValueError("must be fields and values such as unicode=1&route=7") from None


def auth(value: str) -> str:
    if not re.fullmatch(rf"bearer|basic|none|(?:header|field):{_NAME}", value):
        raise ValueError("must be bearer, basic, none, header:<name> or field:<name>")
    return value


def path(value: str) -> str:
    if not re.fullmatch(_NAME, value):
        raise ValueError("must be a path such as data.id")
    return value


def codes(value: str) -> tuple[str, tuple[str, ...]]:
    """Where the code is in the answer, and its values."""
    path, _, codes = value.partition("=")
    values = tuple(code.strip() for code in codes.split("|") if code.strip())
    if not re.fullmatch(_NAME, path) or not values:
        raise ValueError("must be a path and values such as data.code=1|M0000")
    return path, values


def words(value: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in items(value))


def check(values: dict[str, Any], default: Callable[[str], Any]) -> None:
    """What belongs together; and gives a gateway that is known by name its address.

    ``default``: what a setting is when nobody says anything."""
    gateway = values["sms_gateway"]
    if gateway in GATEWAYS:
        address, named = GATEWAYS[gateway]
        needed = ["sms_token", *(["sms_username"] if named else [])]
        for name in needed:
            if values[name] is None:
                raise SettingsError(
                    f"{PREFIX}{name.upper()} is missing: BALAGH_SMS_GATEWAY is {gateway}, which "
                    "needs it."
                )
        values["sms_url"] = values["sms_url"] or address
        for name in _GENERIC_ONLY:
            if values[name] != default(name):
                raise SettingsError(
                    f"{PREFIX}{name.upper()} belongs to the generic gateway, but "
                    f"BALAGH_SMS_GATEWAY is {gateway}; leave it out."
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
