"""National ids: which are valid, and what the database may hold of them."""

import pytest

from balagh.people import keys, national_ids

KEY, OTHER = b"k" * 32, b"o" * 32


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("1000000016", "1000000016"),
        ("1000000024", "1000000024"),
        ("2000000030", "2000000030"),
        (" 1000 0000 16 ", "1000000016"),
        ("100-000-0016", "1000000016"),
        ("١٠٠٠٠٠٠٠١٦", "1000000016"),
        ("۱۰۰۰۰۰۰۰۱۶", "1000000016"),
        # The check digit is wrong, two digits are swapped.
        ("1000000017", None),
        ("1000000061", None),
        ("1000000106", None),
        # Not a citizen's and not a resident's.
        ("3000000012", None),
        ("0000000000", None),
        # Too short, too long, not digits at all.
        ("100000001", None),
        ("10000000016", None),
        ("", None),
        ("abcdefghij", None),
        ("10000000¹6", None),
        ("1000000016\x00", None),
    ],
)
def test_valid_ids(given: str, read: str | None) -> None:
    assert national_ids.normalised(given) == read


def test_round_trip() -> None:
    sealed = national_ids.seal("1000000016", KEY)
    assert national_ids.unseal(sealed, KEY) == "1000000016"
    assert b"1000000016" not in sealed
    # 12 bytes of nonce, 10 of cipher text, 16 of tag.
    assert len(sealed) == 38


def test_the_same_id_never_looks_the_same() -> None:
    assert national_ids.seal("1000000016", KEY) != national_ids.seal("1000000016", KEY)


@pytest.mark.parametrize("at", range(38))
def test_a_changed_byte_is_noticed(at: int) -> None:
    sealed = bytearray(national_ids.seal("1000000016", KEY))
    sealed[at] ^= 1
    with pytest.raises(national_ids.UnreadableError):
        national_ids.unseal(bytes(sealed), KEY)


@pytest.mark.parametrize("sealed", [b"", b"x", b"x" * 12, b"x" * 27])
def test_too_short_to_be_one(sealed: bytes) -> None:
    with pytest.raises(national_ids.UnreadableError):
        national_ids.unseal(sealed, KEY)


def test_another_installation_cannot_read_it() -> None:
    with pytest.raises(national_ids.UnreadableError):
        national_ids.unseal(national_ids.seal("1000000016", KEY), OTHER)


def test_the_hash_finds_and_is_keyed() -> None:
    found = national_ids.lookup_hash("1000000016", KEY)
    assert found == national_ids.lookup_hash("1000000016", KEY)
    assert found != national_ids.lookup_hash("1000000024", KEY)
    assert found != national_ids.lookup_hash("1000000016", OTHER)


def test_each_purpose_has_its_own_key() -> None:
    labels = (keys.NATIONAL_ID_SEAL, keys.NATIONAL_ID_LOOKUP, keys.FORM_TOKEN)
    assert len({keys.derive(KEY, label) for label in labels} | {KEY}) == 4
