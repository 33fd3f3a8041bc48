"""By which channels somebody is told, whatever they have and chose."""

import pytest

from balagh.reports.telling_channels import Reach, fallback, ways

PHONE, EMAIL = "+966553184471", "n@example.sa"


@pytest.mark.parametrize(
    ("phone", "email", "chose", "gateway", "told"),
    [
        # What they have, what they chose, whether SMS can be sent → channel and fallback.
        (PHONE, EMAIL, "both", True, [("sms", None), ("email", None)]),
        (PHONE, EMAIL, "sms", True, [("sms", EMAIL)]),
        (PHONE, EMAIL, "email", True, [("email", None)]),
        (PHONE, EMAIL, "both", False, [("email", None)]),
        (PHONE, EMAIL, "sms", False, [("email", None)]),
        (PHONE, EMAIL, "email", False, [("email", None)]),
        (PHONE, None, "both", True, [("sms", None)]),
        (PHONE, None, "sms", True, [("sms", None)]),
        (PHONE, None, "email", True, [("sms", None)]),
        (PHONE, None, "both", False, []),
        (PHONE, None, "sms", False, []),
        (PHONE, None, "email", False, []),
        (None, EMAIL, "both", True, [("email", None)]),
        (None, EMAIL, "sms", True, [("email", None)]),
        (None, EMAIL, "email", True, [("email", None)]),
        (None, EMAIL, "sms", False, [("email", None)]),
        (None, None, "both", True, []),
        ("", "", "both", True, []),
    ],
)
def test_ways(
    phone: str | None,
    email: str | None,
    chose: str,
    gateway: bool,
    told: list[tuple[str, str | None]],
) -> None:
    reach = Reach(
        phone=phone, email=email, notify_sms=chose != "email", notify_email=chose != "sms"
    )
    found = ways(reach, sms=gateway)
    assert [(way.channel, way.fallback_email) for way in found] == told
    addresses = {"sms": phone, "email": email}
    for way in found:
        assert way.recipient == addresses[way.channel]
        assert fallback(way) == ({"fallback_email": EMAIL} if way.fallback_email else {})
