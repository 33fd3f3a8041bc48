"""The audit log: only added to, and whoever changes it all the same is found out."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import asyncpg
import pytest

from balagh import doctor
from balagh.database import fetch, transaction
from balagh.people import audit
from balagh.people.audit import Break, Head

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


class UndoneError(Exception):
    pass


@asynccontextmanager
async def by_a_superuser() -> AsyncIterator[int]:
    """Six new entries, and nothing that keeps anybody from changing them; undone at the end. Gives
    the number of the first."""
    with suppress(UndoneError):
        async with transaction():
            for n in range(6):
                await audit.record(None, "view", f"report:{n}", NOW, {"n": n})
            last = await audit.head()
            assert last is not None
            await fetch("ALTER TABLE audit DISABLE TRIGGER USER")
            yield last.id - 5
            raise UndoneError


CHANGE = "UPDATE audit SET subject = 'report:99' WHERE id = $1 + 2"
HASH_TOO = (
    "UPDATE audit a SET subject = 'report:99', hash = audit_hash("
    "(SELECT hash FROM audit WHERE id = $1 + 1), "
    "ROW(a.id, a.at, a.staff_id, a.action, 'report:99', a.data, a.hash)::audit) WHERE id = $1 + 2"
)
SWAP = "UPDATE audit SET id = CASE id WHEN $1 + 2 THEN -1 ELSE -2 END WHERE id IN ($1 + 2, $1 + 3)"
SWAPPED = "UPDATE audit SET id = CASE id WHEN -1 THEN $1 + 3 ELSE $1 + 2 END WHERE id < 0"
CLOSE_UP = "UPDATE audit SET id = id - 1 WHERE id > $1 + 2"


@pytest.mark.parametrize(
    ("statements", "at", "why"),
    [
        pytest.param((CHANGE,), 2, "changed", id="a subject"),
        pytest.param((HASH_TOO,), 3, "changed", id="a subject and its hash"),
        pytest.param(
            ("UPDATE audit SET staff_id = 7 WHERE id = $1 + 2",), 2, "changed", id="who did it"
        ),
        pytest.param(
            ("UPDATE audit SET at = at + interval '1 microsecond' WHERE id = $1 + 2",),
            2, "changed", id="when",
        ),
        pytest.param(
            ("UPDATE audit SET data = '{}' WHERE id = $1 + 5",), 5, "changed", id="the last one"
        ),
        pytest.param(
            ("DELETE FROM audit WHERE id = $1 + 2",), 2, "missing", id="one is taken out"
        ),
        pytest.param(
            ("DELETE FROM audit WHERE id = $1 + 2", CLOSE_UP), 2, "changed",
            id="one is taken out and the others close up",
        ),
        pytest.param((SWAP, SWAPPED), 2, "out_of_order", id="two change places"),
    ],
)  # fmt: skip
async def test_a_change_is_found(db: None, statements: Sequence[str], at: int, why: str) -> None:
    async with by_a_superuser() as first:
        assert await audit.verify() is None
        for statement in statements:
            await fetch(statement, first)
        found = await audit.verify()
        assert found is not None
        assert (found.id - first, found.why) == (at, why)
        # From the entry before the break on it is found too; after it the chain goes on.
        assert await audit.verify(first + 1) == found
    assert await audit.verify() is None


async def test_what_is_cut_off_at_the_end_is_found_by_a_head_that_was_noted(db: None) -> None:
    async with by_a_superuser() as first:
        kept = await audit.head()
        assert kept is not None
        await fetch("DELETE FROM audit WHERE id > $1 + 3", first)
        assert await audit.verify() is None
        assert await audit.entry(kept.id) is None
        # And a new end does not have its hash.
        await fetch("ALTER TABLE audit ENABLE TRIGGER USER")
        await audit.record(None, "view", "report:6", NOW)
        await audit.record(None, "view", "report:7", NOW)
        assert await audit.verify() is None
        again = await audit.entry(kept.id)
        assert again is not None
        assert again != kept


async def test_verifying_from_an_entry_on(db: None) -> None:
    async with by_a_superuser() as first:
        await fetch(CHANGE, first)
        # It trusts the hash of the entry before, whatever happened there.
        assert await audit.verify(first + 3) is None
        assert await audit.verify(first + 2) == Break(first + 2, "changed")
        await fetch("DELETE FROM audit WHERE id = $1 + 2", first)
        assert await audit.verify(first + 3) == Break(first + 2, "missing")


async def test_many_batches(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_BATCH", 2)
    async with by_a_superuser() as first:
        assert await audit.verify() is None
        await fetch("DELETE FROM audit WHERE id BETWEEN $1 + 1 AND $1 + 3", first)
        assert await audit.verify() == Break(first + 1, "missing")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET action = 'x'", "DELETE FROM audit", "TRUNCATE audit"],
)
async def test_nobody_changes_it_by_mistake(db: None, statement: str) -> None:
    await audit.record(None, "view", "report:1", NOW)
    with pytest.raises(asyncpg.RaiseError, match="only added to"):
        await fetch(statement)


def test_a_head_is_read_as_it_is_written() -> None:
    head = Head(15, bytes(range(32)))
    assert audit.noted(str(head)) == head


@pytest.mark.parametrize("text", ["", "15", "15:", "15:abc", "x:" + 64 * "a", "15:" + 64 * "x"])
def test_what_is_no_head(text: str) -> None:
    with pytest.raises(ValueError, match="NUMBER:HASH"):
        audit.noted(text)


async def diagnosis(noted: Head | None = None) -> str:
    return str(await doctor._audit(noted))


async def test_the_doctor_tells_the_head_and_compares_it(db: None) -> None:
    async with by_a_superuser() as first:
        head = await audit.head()
        assert head is not None
        assert await diagnosis() == f"ok       audit log: whole; head {head}"
        assert (await diagnosis(head)).startswith("ok ")
        # Still right when more was written since.
        earlier = await audit.entry(first)
        assert (await diagnosis(earlier)).startswith("ok ")
        other = Head(head.id, bytes(32))
        assert f"entry {head.id} is not the one that was noted" in await diagnosis(other)
        await fetch("DELETE FROM audit WHERE id = $1 + 5", first)
        assert (await diagnosis()).startswith("ok ")
        cut = await diagnosis(head)
        assert f"ends at entry {head.id - 1}, although entry {head.id} was noted" in cut
        await fetch(CHANGE, first)
        assert f"broken at entry {first + 2} (changed)" in await diagnosis()
