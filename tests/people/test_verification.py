"""Codes: how long, how often, how many attempts, for whom (rows of the rules)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from balagh.database import fetch, fetch_one, transaction
from balagh.notices.moments import MOMENTS
from balagh.people import verification
from balagh.people.verification import Over, Right, Sent, TooSoon, Wrong

KEY = bytes(range(32))
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
PHONE = "+966561102938"


@pytest.fixture
async def noura(db: None) -> int:
    return await person("نورة")


async def person(name: str) -> int:
    (row,) = await fetch(
        "INSERT INTO person (name, phone, email, created_at) "
        "VALUES ($1, '+966553184471', 'n@example.sa', $2) RETURNING id",
        name, NOW,
    )  # fmt: skip
    return int(row["id"])


async def send(who: int, after: timedelta = timedelta(), address: str = PHONE) -> Sent | TooSoon:
    return await verification.send(who, "sms", address, secret_key=KEY, now=NOW + after)


async def use(
    who: int, code: str, after: timedelta = timedelta(), channel: verification.Channel = "sms"
) -> Right | Wrong | Over:
    async with transaction():
        return await verification.use(who, channel, code, secret_key=KEY, now=NOW + after)


async def code_of(who: int) -> str:
    row = await fetch_one(
        "SELECT data->>'code' AS code FROM notice WHERE key LIKE $1 ORDER BY id DESC",
        f"person:{who}:verification_code:%",
    )
    assert row is not None
    return str(row["code"])


def wrong(code: str, step: int = 1) -> str:
    return f"{(int(code) + step) % 10**6:06}"


async def test_a_code_goes_to_the_new_address_and_only_its_hash_stays(noura: int) -> None:
    assert await send(noura) == Sent()
    (notice,) = await fetch("SELECT * FROM notice")
    assert (notice["channel"], notice["recipient"]) == ("sms", PHONE)
    assert (notice["moment"], notice["next_attempt_at"]) == ("verification_code", NOW)
    code = await code_of(noura)
    assert len(code) == 6
    assert code.isdecimal()
    (row,) = await fetch("SELECT * FROM verification")
    assert len(row["code_hash"]) == 32
    assert code.encode() not in row["code_hash"]
    await fetch("UPDATE notice SET state = 'sent'")
    assert await use(noura, code) == Right(PHONE)
    (notice,) = await fetch("SELECT data FROM notice")
    assert "code" not in notice["data"]


async def test_a_code_that_was_used_before_it_was_noted_as_sent_is_not_sent_again(
    noura: int,
) -> None:
    """The gateway took it and its answer was lost: what waits would keep the phone for an hour."""
    await send(noura)
    await fetch("UPDATE notice SET attempts = 1")
    assert await use(noura, await code_of(noura)) == Right(PHONE)
    assert await fetch("SELECT 1 FROM notice") == []
    # And when it is void after five attempts.
    await send(noura, timedelta(minutes=1))
    code = await code_of(noura)
    for step in range(1, 6):
        assert await fetch("SELECT 1 FROM notice") != []
        await use(noura, wrong(code, step), timedelta(minutes=1))
    assert await fetch("SELECT 1 FROM notice") == []


def test_delivery_knows_how_long_a_code_is_good_for() -> None:
    assert MOMENTS["verification_code"].good_for == verification.LIFETIME


async def test_a_code_that_waits_until_it_is_over_is_deleted(noura: int) -> None:
    await send(noura)
    await verification.forget(NOW + timedelta(minutes=9))
    assert (await code_of(noura)).isdecimal()
    await verification.forget(NOW + timedelta(minutes=10))
    assert await fetch("SELECT 1 FROM notice") == []


@pytest.mark.parametrize(
    ("seconds", "good"), [(0, True), (599, True), (600, False), (601, False), (86_400, False)]
)
async def test_ten_minutes(noura: int, seconds: int, good: bool) -> None:
    await send(noura)
    code = await code_of(noura)
    found = await use(noura, code, timedelta(seconds=seconds))
    assert found == (Right(PHONE) if good else Over())


async def test_five_attempts_and_then_not_even_the_right_one(noura: int) -> None:
    await send(noura)
    code = await code_of(noura)
    for step, left in enumerate((4, 3, 2, 1, 0), 1):
        assert await use(noura, wrong(code, step)) == Wrong(left)
    assert await use(noura, code) == Over()


async def test_the_fifth_attempt_may_be_right(noura: int) -> None:
    await send(noura)
    code = await code_of(noura)
    for step in range(1, 5):
        await use(noura, wrong(code, step))
    assert await use(noura, code) == Right(PHONE)


@pytest.mark.parametrize(
    ("at", "sent"),
    [
        # Seconds at which codes are asked for, and which of them are sent.
        ([0, 59, 60], [True, False, True]),
        ([0, 60, 120, 180, 240, 300, 3599, 3600, 3601], [True] * 5 + [False] * 2 + [True, False]),
        # The hour slides: each code frees its place an hour later.
        ([0, 60, 120, 180, 3500, 3600, 3660, 3720, 3780, 3840],
         [True] * 9 + [False]),
        # What is refused does not count.
        ([0, 30, 45, 59, 60], [True, False, False, False, True]),
    ],
)  # fmt: skip
async def test_how_often_a_code_can_be_had(noura: int, at: list[int], sent: list[bool]) -> None:
    found = [isinstance(await send(noura, timedelta(seconds=each)), Sent) for each in at]
    assert found == sent
    (row,) = await fetch("SELECT sent_at FROM verification")
    assert len(row["sent_at"]) <= 5


async def test_it_is_said_when_the_next_can_be_had(noura: int) -> None:
    await send(noura)
    assert await send(noura, timedelta(seconds=10)) == TooSoon(NOW + timedelta(minutes=1))
    for minute in range(1, 5):
        await send(noura, timedelta(minutes=minute))
    assert await send(noura, timedelta(minutes=9)) == TooSoon(NOW + timedelta(hours=1))


async def test_limits_are_not_undone_by_another_address_or_by_success(noura: int) -> None:
    await send(noura)
    assert isinstance(await send(noura, address="+966500000001"), TooSoon)
    assert await use(noura, await code_of(noura)) == Right(PHONE)
    assert isinstance(await send(noura, timedelta(seconds=30)), TooSoon)


async def test_a_newer_code_voids_the_older(noura: int) -> None:
    await send(noura)
    first = await code_of(noura)
    await send(noura, timedelta(minutes=1), "+966500000001")
    second = await code_of(noura)
    # The message that still waited is not sent any more.
    (notice,) = await fetch("SELECT recipient FROM notice")
    assert notice["recipient"] == "+966500000001"
    if first != second:
        assert await use(noura, first, timedelta(minutes=1)) == Wrong(4)
    assert await use(noura, second, timedelta(minutes=1)) == Right("+966500000001")


async def test_a_code_that_was_sent_is_forgotten_when_a_newer_comes(noura: int) -> None:
    await send(noura)
    await fetch("UPDATE notice SET state = 'sent'")
    await send(noura, timedelta(minutes=1))
    rows = await fetch("SELECT data ? 'code' AS there FROM notice ORDER BY id")
    assert [row["there"] for row in rows] == [False, True]


async def test_a_code_is_of_no_use_to_others_nor_for_another_channel(noura: int) -> None:
    salem = await person("سالم")
    await send(noura)
    code = await code_of(noura)
    assert await use(salem, code) == Over()
    await send(salem)
    if await code_of(salem) != code:
        assert await use(salem, code) == Wrong(4)
    assert await use(noura, code, channel="email") == Over()
    await fetch("UPDATE verification SET address = '+966500000009' WHERE person_id = $1", noura)
    assert await use(noura, code) == Wrong(4)


async def test_used_once(noura: int) -> None:
    await send(noura)
    code = await code_of(noura)
    assert await use(noura, code) == Right(PHONE)
    # The address was not taken (that is the caller's), so nothing says that it was used.
    assert await use(noura, code) == Over()
    await fetch("UPDATE person SET phone = $1", PHONE)
    assert await use(noura, code) == Right(PHONE, again=True)
    assert await use(noura, wrong(code)) == Over()


async def test_guesses_side_by_side_take_turns(noura: int) -> None:
    await send(noura)
    code = await code_of(noura)
    found = await asyncio.gather(*(use(noura, wrong(code, step)) for step in range(1, 11)))
    assert sorted(each.left for each in found if isinstance(each, Wrong)) == [0, 1, 2, 3, 4]
    assert sum(isinstance(each, Over) for each in found) == 5


async def test_the_right_code_side_by_side_is_used_once(noura: int) -> None:
    await send(noura)
    code = await code_of(noura)
    found = await asyncio.gather(*(use(noura, code) for _ in range(4)))
    assert sum(isinstance(each, Right) for each in found) == 1


async def test_codes_asked_for_side_by_side_are_one(noura: int) -> None:
    found = await asyncio.gather(*(send(noura) for _ in range(6)))
    assert sum(isinstance(each, Sent) for each in found) == 1
    assert len(await fetch("SELECT 1 FROM notice")) == 1


async def test_what_is_over_is_forgotten(noura: int) -> None:
    await send(noura)
    await fetch("UPDATE notice SET state = 'sent'")
    await verification.forget(NOW + timedelta(minutes=9))
    assert (await code_of(noura)).isdecimal()
    await verification.forget(NOW + timedelta(minutes=10))
    assert await code_of(noura) == "None"
    # How often codes were had is remembered for longer than the hour that it limits.
    assert await fetch("SELECT 1 FROM verification")
    await verification.forget(NOW + timedelta(days=2))
    assert not await fetch("SELECT 1 FROM verification")
