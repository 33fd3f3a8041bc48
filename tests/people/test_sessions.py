"""Sessions: made here only, replaced at sign-in, over when they are over."""

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from balagh.database import engine, fetch
from balagh.people import sessions

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOURS, IDLE = timedelta(hours=12), timedelta(minutes=60)

pytestmark = pytest.mark.usefixtures("db")


async def noura() -> int:
    rows = await fetch(
        "INSERT INTO person (name, phone, email, created_at) "
        "VALUES ('نورة سعد القحطاني', '+966553184471', 'noura@example.sa', $1) RETURNING id",
        NOW,
    )
    return int(rows[0]["id"])


async def staff(role: str = "reviewer", *, agency: int | None = None) -> int:
    rows = await fetch(
        "INSERT INTO staff (role, agency_id, name_ar, name_en, email, language, created_at) VALUES "
        "($1, $2, 'ريم الشمري', 'Reem Alshammari', 'reem@example.sa', 'en', $3) RETURNING id",
        role,
        agency,
        NOW,
    )
    return int(rows[0]["id"])


async def opened(person: int, at: datetime = NOW, replacing: str | None = None) -> str:
    return await sessions.begin(person_id=person, now=at, lifetime=HOURS, replacing=replacing)


async def seen(token: str, at: datetime) -> sessions.Visitor | None:
    return await sessions.load(token, now=at, idle=IDLE)


async def test_a_beneficiary() -> None:
    person = await noura()
    token = await opened(person)
    found = await seen(token, NOW)
    assert found is not None
    assert (found.person_id, found.staff_id, found.role) == (person, None, "beneficiary")
    assert (found.name, found.phone) == ("نورة سعد القحطاني", "+966553184471")
    assert (found.language, found.digits, found.account_type) == ("ar", "latin", "individual")
    assert found.token_hash == sha256(token.encode()).digest()


async def test_staff() -> None:
    rows = await fetch(
        "INSERT INTO agency (code, name_ar, name_en, short_ar, short_en) "
        "VALUES ('moj', 'وزارة العدل', 'Justice', 'العدل', 'Justice') RETURNING id"
    )
    member = await staff("agency_officer", agency=rows[0]["id"])
    found = await seen(await sessions.begin(staff_id=member, now=NOW, lifetime=HOURS), NOW)
    assert found is not None
    assert (found.person_id, found.staff_id, found.role) == (None, member, "agency_officer")
    assert (found.agency_id, found.name) == (rows[0]["id"], "Reem Alshammari")
    assert found.account_type is None


async def test_the_database_knows_only_the_hash() -> None:
    token = await opened(await noura())
    (row,) = await fetch("SELECT session::text AS all_of_it, token_hash FROM session")
    assert token not in row["all_of_it"]
    assert row["token_hash"] == sha256(token.encode()).digest()


async def test_signing_in_replaces_the_session_of_the_browser() -> None:
    person = await noura()
    before = await opened(person)
    other_device = await opened(person)
    after = await opened(person, replacing=before)
    assert after != before
    assert await seen(before, NOW) is None
    assert await seen(after, NOW) is not None
    assert await seen(other_device, NOW) is not None


async def test_an_id_that_the_client_chose_is_never_adopted() -> None:
    chosen = secrets.token_urlsafe(32)
    token = await opened(await noura(), replacing=chosen)
    assert token != chosen
    assert await seen(chosen, NOW) is None


@pytest.mark.parametrize(
    "token",
    ["", "x", "x" * 42, "x" * 44, "é" * 43, "'; DROP TABLE session; --".ljust(43), "x" * 43],
)
async def test_what_is_no_token_of_ours(token: str) -> None:
    await opened(await noura())
    assert await seen(token, NOW) is None


@pytest.mark.parametrize(
    ("minutes_between", "requests", "alive"),
    [(59, 1, True), (61, 1, False), (30, 23, True), (30, 24, False), (1, 200, True)],
)
async def test_idle_and_absolute_limits(minutes_between: int, requests: int, alive: bool) -> None:
    token = await opened(await noura())
    found = None
    for n in range(1, requests + 1):
        found = await seen(token, NOW + n * timedelta(minutes=minutes_between))
    assert (found is not None) == alive


async def test_a_short_idle_limit_measures_from_the_last_request() -> None:
    token = await opened(await noura())
    for minute in range(1, 30):
        at = NOW + timedelta(minutes=minute)
        assert await sessions.load(token, now=at, idle=timedelta(minutes=5)) is not None


async def test_one_statement_and_a_write_every_five_minutes() -> None:
    token = await opened(await noura())
    writes = []
    for minute in range(12):
        await seen(token, NOW + timedelta(minutes=minute))
        (row,) = await fetch("SELECT seen_at FROM session")
        writes.append(row["seen_at"])
    assert sorted(set(writes)) == [NOW, NOW + timedelta(minutes=5), NOW + timedelta(minutes=10)]


async def test_the_hot_path_is_one_statement() -> None:
    token = await opened(await noura())
    statements: list[str] = []
    async with engine().transaction() as running:
        connection = running.connection
        with connection.query_logger(lambda record: statements.append(record.query)):
            assert await seen(token, NOW) is not None
    assert len(statements) == 1


async def test_revoked() -> None:
    token = await opened(await noura())
    found = await seen(token, NOW)
    assert found is not None
    await sessions.revoke(found.session_id, now=NOW)
    await sessions.revoke(found.session_id, now=NOW + HOURS)
    assert await seen(token, NOW) is None
    (row,) = await fetch("SELECT revoked_at FROM session")
    assert row["revoked_at"] == NOW


async def test_revoke_all_leaves_others_alone() -> None:
    person, member = await noura(), await staff()
    mine = [await opened(person) for _ in range(3)]
    theirs = await sessions.begin(staff_id=member, now=NOW, lifetime=HOURS)
    assert await sessions.revoke_all(person_id=person, now=NOW) == 3
    assert [await seen(token, NOW) for token in mine] == [None] * 3
    assert await seen(theirs, NOW) is not None
    assert await sessions.revoke_all(staff_id=member, now=NOW) == 1


async def test_nobody_comes_in_after_leaving() -> None:
    person, member = await noura(), await staff()
    tokens = [
        await opened(person),
        await sessions.begin(staff_id=member, now=NOW, lifetime=HOURS),
    ]
    await fetch("UPDATE person SET erased_at = $1", NOW)
    await fetch("UPDATE staff SET active = false")
    assert [await seen(token, NOW) for token in tokens] == [None, None]


async def test_what_is_long_over_is_forgotten() -> None:
    person = await noura()
    await opened(person, at=NOW - timedelta(days=40))
    revoked = await seen(await opened(person, at=NOW), NOW)
    assert revoked is not None
    await sessions.revoke(revoked.session_id, now=NOW - timedelta(days=31))
    alive = await opened(person)
    assert await sessions.forget(before=NOW - timedelta(days=30)) == 2
    assert await seen(alive, NOW) is not None
