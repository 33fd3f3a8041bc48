"""Failures are held against where they come from, never against whom they are aimed at."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from balagh.database import fetch
from balagh.people import lockout
from balagh.people.lockout import Refused, Tried

pytestmark = pytest.mark.usefixtures("db")

KEY = bytes(range(32))
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
REEM = "reem@example.sa"
OFFICE, STRANGER = "network:203.0.113.0/24", "network:198.51.100.0/24"
MINUTE = timedelta(minutes=1)


async def fails(
    times: int, source: str, account: str = REEM, at: datetime = NOW
) -> list[Tried | Refused]:
    return [await lockout.attempt(account, source, secret_key=KEY, now=at) for _ in range(times)]


async def tries(source: str, account: str = REEM, at: datetime = NOW) -> Tried | Refused:
    (found,) = await fails(1, source, account, at)
    return found


async def test_a_stranger_cannot_lock_reem_out() -> None:
    for n in range(40):
        await fails(6, f"network:10.0.{n}.0/24")
    await fails(60, STRANGER)
    assert isinstance(await tries(STRANGER), Refused)
    assert isinstance(await tries(OFFICE), Tried)


async def test_nor_from_her_own_network_on_a_device_that_is_known() -> None:
    await fails(60, OFFICE)
    assert isinstance(await tries(OFFICE), Refused)
    cookie = lockout.remembered("", 7, KEY)
    assert isinstance(await tries(lockout.device(cookie, 7, KEY)), Tried)


async def test_nor_where_nobody_can_tell_sources_apart() -> None:
    for n in range(lockout.OF_A_SOURCE + 1):
        await fails(1, "", account=f"{n}@example.sa")
    assert isinstance(await tries(""), Tried)


@pytest.mark.parametrize(
    ("failed", "minutes"),
    [(4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (11, 60), (20, 60)],
)
async def test_the_pauses_grow(failed: int, minutes: int) -> None:
    at = NOW
    for _ in range(failed):
        found = await tries(OFFICE, at=at)
        if isinstance(found, Refused):
            at = found.until
            found = await tries(OFFICE, at=at)
        assert isinstance(found, Tried)
    early = await tries(OFFICE, at=at + MINUTE * minutes - timedelta(seconds=1))
    assert isinstance(early, Refused) == bool(minutes)
    if isinstance(early, Refused):
        assert early.until == at + MINUTE * minutes
        assert isinstance(await tries(OFFICE, at=early.until), Tried)


async def test_what_was_refused_does_not_count() -> None:
    await fails(5, OFFICE)
    assert [type(each) for each in await fails(20, OFFICE)] == [Refused] * 20
    assert isinstance(await tries(OFFICE, at=NOW + MINUTE), Tried)


async def test_success_forgets_that_pair_alone() -> None:
    await fails(4, OFFICE)
    await fails(4, OFFICE, account="fahd@example.sa")
    found = await tries(OFFICE)
    assert isinstance(found, Tried)
    await lockout.succeeded(found)
    assert all(isinstance(each, Tried) for each in await fails(5, OFFICE))
    assert isinstance(await tries(OFFICE, "fahd@example.sa"), Tried)
    assert isinstance(await tries(OFFICE, "fahd@example.sa"), Refused)


async def test_a_source_that_fails_everywhere_waits_as_a_whole() -> None:
    for n in range(lockout.OF_A_SOURCE):
        assert isinstance(await tries(STRANGER, f"{n}@example.sa", NOW + MINUTE * n / 2), Tried)
    at = NOW + 26 * MINUTE
    refused = await tries(STRANGER, at=at)
    assert isinstance(refused, Refused)
    assert refused.until == NOW + timedelta(hours=1)
    assert isinstance(await tries(OFFICE, at=at), Tried)
    assert isinstance(await tries(STRANGER, at=refused.until), Tried)


async def test_spelling_the_address_otherwise_is_no_new_account() -> None:
    await fails(5, OFFICE)
    assert isinstance(await tries(OFFICE, " Reem@Example.SA "), Refused)


async def test_twenty_at_once_are_counted_one_by_one() -> None:
    found = await asyncio.gather(*(tries(OFFICE) for _ in range(20)))
    assert sum(isinstance(each, Tried) for each in found) == lockout.FREE


async def test_codes_are_held_against_whoever_knows_the_password() -> None:
    async def code(source: str, at: datetime = NOW) -> Tried | Refused:
        return await lockout.code_attempt(7, source, secret_key=KEY, now=at)

    for n in range(lockout.CODES):
        assert isinstance(await code(f"network:10.0.{n}.0/24"), Tried)
    assert isinstance(await code("network:10.1.0.0/24"), Refused)
    # Reem on her own device is not held up by it; another account has nothing to do with it.
    assert isinstance(await code("device:x"), Tried)
    assert isinstance(
        await lockout.code_attempt(8, "network:10.1.0.0/24", secret_key=KEY, now=NOW), Tried
    )
    assert isinstance(await code("network:10.1.0.0/24", NOW + timedelta(hours=1)), Tried)


async def test_a_device_is_known_for_whom_it_was_made() -> None:
    cookie = lockout.remembered("", 7, KEY)
    assert lockout.device(cookie, 7, KEY).startswith("device:")
    assert lockout.device(cookie, 8, KEY) == ""
    assert lockout.device(cookie, None, KEY) == ""
    assert lockout.device(cookie, 7, bytes(32)) == ""
    both = lockout.remembered(cookie, 8, KEY)
    assert lockout.device(both, 7, KEY) == lockout.device(both, 8, KEY) != ""
    for n in range(9, 30):
        both = lockout.remembered(both, n, KEY)
    assert len(both) < 400
    assert lockout.device(both, 7, KEY) == ""
    for made_up in ("", ".", "x" * 22, "x" * 22 + "." + "0" * 32, "é.ü"):
        assert lockout.device(made_up, 7, KEY) == ""


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("203.0.113.77", OFFICE),
        ("::ffff:203.0.113.77", OFFICE),
        ("2001:db8:1:2:3::9", "network:2001:db8:1::/48"),
        ("", ""),
        ("unknown", ""),
    ],
)
def test_networks(address: str, source: str) -> None:
    assert lockout.network(address) == source


async def test_no_address_and_no_name_is_kept_and_nothing_for_long() -> None:
    await fails(2, OFFICE)
    (row, _) = await fetch("SELECT failed_sign_in::text AS all_of_it FROM failed_sign_in")
    assert "reem" not in row["all_of_it"]
    assert "203" not in row["all_of_it"]
    await lockout.forget(NOW + timedelta(days=1))
    assert len(await fetch("SELECT 1 FROM failed_sign_in")) == 2
    await lockout.forget(NOW + timedelta(days=1, seconds=1))
    assert await fetch("SELECT 1 FROM failed_sign_in") == []
