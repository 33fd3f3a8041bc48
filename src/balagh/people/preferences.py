"""What a person chose for themselves: digits, channels, on whose behalf they file.

Language and addresses, which reports follow, are changed in ``reports.contact``.
"""

import msgspec

from balagh.database import fetch, fetch_one


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """As kept; ``phone`` in E.164."""

    name: str
    phone: str | None
    email: str | None
    language: str
    digits: str
    notify_sms: bool
    notify_email: bool
    account_type: str
    organisation_name: str | None
    organisation_number: str | None


_NAMES = ", ".join(Preferences.__struct_fields__)


async def of(person: int) -> Preferences:
    """What is kept of the person, as it is now."""
    row = await fetch_one(f"SELECT {_NAMES} FROM person WHERE id = $1", person)  # noqa: S608
    assert row is not None, "a person who is signed in exists"
    return Preferences(**row)


async def set_digits(person: int, digits: str) -> None:
    """``latin`` or ``arabic``."""
    await fetch("UPDATE person SET digits = $2 WHERE id = $1", person, digits)


async def set_channels(person: int, *, sms: bool, email: bool) -> None:
    """One of them at least."""
    await fetch(
        "UPDATE person SET notify_sms = $2, notify_email = $3 WHERE id = $1", person, sms, email
    )


async def set_behalf(person: int, account_type: str, name: str | None, number: str | None) -> None:
    """On whose behalf they file from now on; themselves: without name and number."""
    await fetch(
        "UPDATE person SET account_type = $2, organisation_name = $3, organisation_number = $4 "
        "WHERE id = $1",
        person, account_type, name, number,
    )  # fmt: skip
