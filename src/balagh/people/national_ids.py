"""National ids and iqamas: checked, encrypted at rest, found again by a keyed hash.

A Saudi national id has 10 digits and begins with 1, an iqama (resident's id) with 2; the last digit
is a Luhn check digit (ISO/IEC 7812-1, annex B). Ten digits are few enough to try them all, so the
hash that finds a person is keyed.
"""

import hmac
import os
import re
import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from stdnum import luhn

from balagh.people import keys

_NONCE = 12
# Bound to its purpose: a cipher text moved here from another column does not open.
_PURPOSE = b"person.national_id"
_SHAPE = re.compile(r"[12][0-9]{9}")


class UnreadableError(ValueError):
    """The stored bytes were changed, or sealed with another secret key."""


def normalised(text: str) -> str | None:
    """The 10 Latin digits of a valid national id or iqama, or none.

    Arabic-Indic digits are read as well, and spaces and hyphens between the digits are dropped.
    """
    bare = "".join(_digit(sign) for sign in text if not sign.isspace() and sign != "-")
    return bare if _SHAPE.fullmatch(bare) and luhn.is_valid(bare) else None


def seal(national_id: str, secret_key: bytes) -> bytes:
    """AES-256-GCM under a key of its own: 12 random bytes of nonce, then cipher text and tag."""
    nonce = os.urandom(_NONCE)
    key = keys.derive(secret_key, keys.NATIONAL_ID_SEAL)
    return nonce + AESGCM(key).encrypt(nonce, national_id.encode(), _PURPOSE)


def unseal(sealed: bytes, secret_key: bytes) -> str:
    """The national id; raises ``UnreadableError`` when a bit of it was changed."""
    key = keys.derive(secret_key, keys.NATIONAL_ID_SEAL)
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _PURPOSE).decode()
    except (InvalidTag, ValueError) as error:
        raise UnreadableError("the stored national id cannot be read") from error


def lookup_hash(national_id: str, secret_key: bytes) -> bytes:
    """HMAC-SHA256 under a key of its own: the same id always gives the same 32 bytes."""
    key = keys.derive(secret_key, keys.NATIONAL_ID_LOOKUP)
    return hmac.digest(key, national_id.encode(), "sha256")


def _digit(sign: str) -> str:
    value = unicodedata.decimal(sign, None)
    return sign if value is None else str(value)
