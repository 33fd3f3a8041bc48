"""What the provider tells about a person → what we keep, by the claim names of the settings."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
import phonenumbers
import structlog

from balagh.people import national_ids
from balagh.people.failures import Code, SignInError
from balagh.settings import Settings

_REGION = "SA"
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")

log = structlog.get_logger()


class Told(msgspec.Struct, frozen=True):
    """``national_id`` 10 digits, ``phone`` in E.164; none where the provider told nothing usable.

    ``name`` is empty when unknown; it is then asked for on the form.
    """

    national_id: str | None
    name: str
    phone: str | None
    email: str | None


def read(claims: Mapping[str, Any], settings: Settings) -> Told:
    """Raises ``SignInError`` (CLAIMS) for a national id that cannot be one.

    A telephone number or an address that cannot be one is left out: the person gives it themselves.
    """
    return Told(
        national_id=_national_id(_text(claims, settings.oidc_claim_national_id)),
        name=_name(claims, settings),
        phone=_phone(_text(claims, settings.oidc_claim_phone)),
        email=_email(_text(claims, settings.oidc_claim_email)),
    )


def read_contact(told: Mapping[str, Any], settings: Settings) -> Told:
    """As ``read``, of a member of staff: nobody asks for their national id here."""
    return Told(
        national_id=None,
        name=_name(told, settings),
        phone=None,
        email=_email(_text(told, settings.oidc_claim_email)),
    )


def claim(told: Mapping[str, Any], name: str) -> object:
    """The claim of that name; ``a.b``: also ``b`` within ``a``, where none has the whole name."""
    if name in told or "." not in name:
        return told.get(name)
    first, rest = name.split(".", 1)
    within = told.get(first)
    return claim(within, rest) if isinstance(within, Mapping) else None


def _national_id(text: str) -> str | None:
    if not text:
        return None
    found = national_ids.normalised(text)
    if found is None:
        raise SignInError(Code.CLAIMS, "claims: national id")
    return found


def _name(claims: Mapping[str, Any], settings: Settings) -> str:
    whole = _text(claims, settings.oidc_claim_name)
    # Core 5.1: some providers send the parts only.
    parts = (_text(claims, name) for name in ("given_name", "family_name"))
    return (whole or " ".join(part for part in parts if part))[:200]


def _phone(text: str) -> str | None:
    if not text:
        return None
    try:
        number = phonenumbers.parse(text, _REGION)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        log.warning("claim left out", claim="phone")
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(text: str) -> str | None:
    if not text:
        return None
    if not _EMAIL.fullmatch(text):
        log.warning("claim left out", claim="email")
        return None
    return text


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    # Some providers send ids and telephone numbers as JSON numbers.
    known = isinstance(value, str | int) and not isinstance(value, bool)
    return " ".join(str(value).split()) if known else ""
