"""The second factor of local accounts: time-based codes (RFC 6238) and recovery codes.

The secret is sealed in the database. A code works once: the step it was made for is kept, and only
a later one is taken (RFC 6238, 5.2). One step before and after is taken too, as clocks differ.
"""

import base64
import hmac
import os
import secrets
from datetime import datetime

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from balagh.people import keys
from balagh.people.national_ids import UnreadableError
from balagh.text import latin_digits

STEP_SECONDS = 30
_EITHER_SIDE = 1
_NONCE = 12
CODES = 10
# Without those that are taken for one another (0 o, 1 l i).
_SIGNS = "23456789abcdefghjkmnpqrstuvwxyz"
_LENGTH = 10


def proposed(secret_key: bytes, staff: int, occasion: str) -> str:
    """The secret that is offered for enrolment, in base32. The same for one occasion, so that a
    page that is loaded again shows what was scanned; nothing is kept until it is confirmed.
    """
    key = keys.derive(secret_key, keys.TOTP_PROPOSAL)
    made = hmac.digest(key, f"{staff}:{occasion}".encode(), "sha256")[:20]
    return base64.b32encode(made).decode()


def address(secret: str, email: str) -> str:
    """What the app reads from the picture: ``otpauth://totp/Balagh:…``."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Balagh")


def step_of(secret: str, code: str, now: datetime, after: int | None = None) -> int | None:
    """The step for which that code was made, if it is one of those taken now and later than
    ``after``. ``code`` may be typed with spaces and in Arabic-Indic digits."""
    bare = latin_digits("".join(code.split()))
    current = int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(current - _EITHER_SIDE, current + _EITHER_SIDE + 1):
        made = pyotp.TOTP(secret).generate_otp(step)
        # Each is compared: how long it takes says nothing.
        if hmac.compare_digest(made.encode(), bare.encode()) and (after is None or step > after):
            found = step
    return found


def seal(secret: str, staff: int, secret_key: bytes) -> bytes:
    """AES-256-GCM: 12 random bytes of nonce, then cipher text and tag; bound to its owner."""
    nonce = os.urandom(_NONCE)
    key = keys.derive(secret_key, keys.TOTP_SEAL)
    return nonce + AESGCM(key).encrypt(nonce, secret.encode(), _owner(staff))


def unseal(sealed: bytes, staff: int, secret_key: bytes) -> str:
    """Raises ``UnreadableError`` when a bit of it was changed, or it is another's."""
    key = keys.derive(secret_key, keys.TOTP_SEAL)
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _owner(staff)).decode()
    except (InvalidTag, ValueError) as error:
        raise UnreadableError("the stored second factor cannot be read") from error


def recovery_codes() -> list[str]:
    """Ten new ones of 49 bits, as they are shown: ``k7m2q-xw9tz``."""
    codes = ("".join(secrets.choice(_SIGNS) for _ in range(_LENGTH)) for _ in range(CODES))
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def recovery_hash(code: str, staff: int, secret_key: bytes) -> bytes:
    """What is kept of it; however it was typed."""
    bare = "".join(sign for sign in latin_digits(code).casefold() if sign in _SIGNS)
    key = keys.derive(secret_key, keys.RECOVERY_CODE)
    return hmac.digest(key, f"{staff}:{bare}".encode(), "sha256")


def _owner(staff: int) -> bytes:
    return f"credential.totp:{staff}".encode()
