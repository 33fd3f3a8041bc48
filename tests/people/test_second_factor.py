"""Codes of the app by their windows, and what is kept of secrets and recovery codes."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from balagh.people import second_factor
from balagh.people.national_ids import UnreadableError

KEY = bytes(range(32))
NOW = datetime(2026, 11, 23, 8, 30, 10, tzinfo=UTC)
SECRET = second_factor.proposed(KEY, 1, "now")
STEP = int(NOW.timestamp()) // 30


def code(steps: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(NOW + timedelta(seconds=30 * steps))


@pytest.mark.parametrize(
    ("typed", "after", "found"),
    [
        (code(), None, STEP),
        (code(-1), None, STEP - 1),
        (code(1), None, STEP + 1),
        (code(-2), None, None),
        (code(2), None, None),
        # Used already, or older than one that was.
        (code(), STEP, None),
        (code(-1), STEP, None),
        (code(1), STEP, STEP + 1),
        (code(), STEP - 1, STEP),
        # As people type it.
        (f" {code()[:3]} {code()[3:]} ", None, STEP),
        (code().translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")), None, STEP),
        ("", None, None),
        (code()[:5], None, None),
        (code() + "0", None, None),
        ("ا" * 6, None, None),
    ],
)
def test_which_code_is_taken(typed: str, after: int | None, found: int | None) -> None:
    assert second_factor.step_of(SECRET, typed, NOW, after=after) == found


def test_the_test_vector_of_the_standard() -> None:
    # RFC 6238, appendix B (SHA-1), cut to six digits.
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    at = datetime(2005, 3, 18, 1, 58, 29, tzinfo=UTC)
    assert second_factor.step_of(secret, "081804", at) == 0x23523EC


def test_what_is_offered() -> None:
    assert len(SECRET) == 32
    assert second_factor.proposed(KEY, 1, "now") == SECRET
    assert second_factor.proposed(KEY, 1, "later") != SECRET
    assert second_factor.proposed(KEY, 2, "now") != SECRET
    address = second_factor.address(SECRET, "reem@example.sa")
    assert address.startswith("otpauth://totp/Balagh:reem%40example.sa?secret=" + SECRET)


def test_the_secret_is_sealed_for_its_owner() -> None:
    sealed = second_factor.seal(SECRET, 1, KEY)
    assert SECRET.encode() not in sealed
    assert second_factor.unseal(sealed, 1, KEY) == SECRET
    for other, key, raw in (
        (2, KEY, sealed),
        (1, bytes(32), sealed),
        (1, KEY, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (1, KEY, b""),
    ):
        with pytest.raises(UnreadableError):
            second_factor.unseal(raw, other, key)


def test_recovery_codes() -> None:
    codes = second_factor.recovery_codes()
    assert len(set(codes)) == 10
    assert all(len(each) == 11 and each[5] == "-" for each in codes)
    one = codes[0]
    kept = second_factor.recovery_hash(one, 1, KEY)
    assert second_factor.recovery_hash(f" {one.replace('-', '').upper()} ", 1, KEY) == kept
    assert second_factor.recovery_hash(one, 2, KEY) != kept
    assert second_factor.recovery_hash(codes[1], 1, KEY) != kept


def test_a_minute_has_two_codes() -> None:
    assert code() != pyotp.TOTP(SECRET).at(NOW + timedelta(seconds=30))
