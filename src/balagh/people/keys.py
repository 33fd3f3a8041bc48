"""Keys for single purposes, derived from the installation's one secret key.

HKDF with SHA-256 (RFC 5869): the label keeps the purposes apart, so that a value made for one of
them means nothing to another, and one leaked key tells nothing about the rest.
"""

from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NATIONAL_ID_SEAL = b"balagh/national-id/seal/1"
NATIONAL_ID_LOOKUP = b"balagh/national-id/lookup/1"
FORM_TOKEN = b"balagh/form-token/1"
VERIFICATION_CODE = b"balagh/verification-code/1"
SURVEY_LINK = b"balagh/survey-link/1"
STOP_LINK = b"balagh/stop-link/1"
TOTP_SEAL = b"balagh/totp/seal/1"
TOTP_PROPOSAL = b"balagh/totp/proposal/1"
RECOVERY_CODE = b"balagh/recovery-code/1"
FAILED_SIGN_IN = b"balagh/failed-sign-in/1"
KNOWN_DEVICE = b"balagh/known-device/1"
UNSUBSCRIBE = b"balagh/unsubscribe/1"
HALF_SIGNED_IN = b"balagh/half-signed-in/1"


@lru_cache(maxsize=16)
def derive(secret_key: bytes, label: bytes) -> bytes:
    """32 bytes for that purpose; the same every time."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=label).derive(secret_key)
