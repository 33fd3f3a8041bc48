"""Which passwords are taken, and what is kept of them (NIST SP 800-63B)."""

import pytest

from balagh.people import passwords
from balagh.people.passwords import TOO_EASY, TOO_LONG, TOO_SHORT

REEM = ("ريم الشمري", "Reem Alshammari", "reem.alshammari@amer.example.sa")


@pytest.mark.parametrize(
    ("password", "said"),
    [
        # Length, in characters of Unicode's form NFKC.
        ("", TOO_SHORT),
        ("kX9#mQ2$vL7", TOO_SHORT),
        ("kX9#mQ2$vL7p", None),
        ("نخلة فنجان مطر", None),
        ("ﷺﷺﷺ"[:2], None),
        ("x7 " * 85 + "q", TOO_EASY),
        ("qz7wm3 برتقال " * 18 + "end", None),
        ("k" * 257, TOO_LONG),
        # Any characters, nothing has to be mixed.
        ("window teapot gravel ninety", None),
        ("مفتاح سماء قهوة جسر", None),
        ("🌵 🚲 🎻 🧊 🥁 🪁 tin", None),
        ("aquamarinejigsaw", None),
        # What everybody tries, mixed as everybody mixes it.
        ("password1234", TOO_EASY),
        ("P@ssw0rd2026!", TOO_EASY),
        ("Welcome@12345", TOO_EASY),
        ("qwertyuiop123", TOO_EASY),
        ("1q2w3e4r5t6y", TOO_EASY),
        ("123456789012", TOO_EASY),
        ("abcdefghijklmnop", TOO_EASY),
        ("aaaaaaaaaaaa", TOO_EASY),
        ("xk9$xk9$xk9$", TOO_EASY),
        ("correct horse battery staple", TOO_EASY),
        ("SaudiArabia2030", TOO_EASY),
        ("كلمة المرور 1234", TOO_EASY),
        ("مرحبا السعودية", TOO_EASY),
        # What others know of the person and of the place.
        ("ReemAlshammari", TOO_EASY),
        ("reem.alshammari1", TOO_EASY),
        ("ريم الشمري 2026", TOO_EASY),
        ("Balagh-Amer-199099", TOO_EASY),
        ("reem likes her old bicycle", None),
    ],
)
def test_which_passwords_are_taken(password: str, said: str | None) -> None:
    if password == "ﷺﷺﷺ"[:2]:
        # One sign that is eighteen letters in the form that is counted.
        assert len(passwords.normalised(password)) > 12
        return
    assert passwords.problem(password, REEM) == said


def test_64_characters_and_more_are_taken() -> None:
    long = "seven purple lanterns drift over quiet harbours while nobody counts them"
    assert len(long) > 64
    assert passwords.problem(long, REEM) is None


async def test_what_is_kept() -> None:
    kept = await passwords.hashed("window teapot gravel")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert kept != await passwords.hashed("window teapot gravel")
    assert await passwords.verified(kept, "window teapot gravel")
    assert not await passwords.verified(kept, "window teapot grave")
    assert not passwords.outdated(kept)


async def test_the_same_on_another_keyboard() -> None:
    # é as one sign, and as e with an accent after it; a wide letter.
    kept = await passwords.hashed("caf\u00e9 gravel ninety")
    assert await passwords.verified(kept, "cafe\u0301 gravel \uff4einety")


async def test_nobody_has_no_password() -> None:
    assert not await passwords.verified(None, "the password of nobody")
    assert not await passwords.verified("not a hash", "window teapot gravel")


def test_older_parameters_are_noticed() -> None:
    assert passwords.outdated(
        "$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzb21l$R3c5cVlZb2x3ZGRiR1JzYWJzZGZhc2RmYXNkZg"
    )
