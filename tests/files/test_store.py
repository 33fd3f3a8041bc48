"""The store: whole files, under UUIDs, for the program's own user only."""

import os
import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from balagh.files.store import ForeignFilesError, Store

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def test_kept_read_and_forgotten(tmp_path: Path) -> None:
    store, id = Store(tmp_path / "files"), uuid4()
    await store.put(id, b"evidence")
    assert await store.read(id) == b"evidence"
    (path,) = files(tmp_path)
    assert path == tmp_path / "files" / id.hex[:2] / id.hex[2:4] / str(id)
    await store.delete(id)
    await store.delete(id)
    assert files(tmp_path) == []
    with pytest.raises(FileNotFoundError):
        await store.read(id)


async def test_for_the_program_s_own_user_only(tmp_path: Path) -> None:
    os.umask(mask := os.umask(0))
    previous = os.umask(0)
    try:
        await Store(tmp_path / "deep" / "files").put(uuid4(), b"evidence")
    finally:
        os.umask(previous)
    assert mask == previous
    root = tmp_path / "deep" / "files"
    for path in (root, *root.rglob("*")):
        expected = 0o600 if path.is_file() else 0o700
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


@pytest.mark.parametrize(
    "id",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "00000000-0000-4000-8000-000000000000",
        "incoming",
        "",
        None,
        5,
        b"x",
        Path("x"),
    ],
)
async def test_nothing_but_a_uuid_names_a_file(tmp_path: Path, id: Any) -> None:
    store = Store(tmp_path)
    for attempt in (store.put(id, b"x"), store.read(id), store.delete(id)):
        with pytest.raises(TypeError):
            await attempt
    assert files(tmp_path) == []


async def test_a_write_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, id = Store(tmp_path), uuid4()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        await store.put(id, b"evidence")
    assert files(tmp_path) == []


def age(folder: Path, hours: float, *but: UUID) -> None:
    then = (NOW - timedelta(hours=hours)).timestamp()
    for path in files(folder):
        if path.name not in {str(id) for id in but}:
            os.utime(path, (then, then))


async def test_files_that_nobody_knows_are_swept_after_a_while(tmp_path: Path) -> None:
    store = Store(tmp_path)
    known, orphan, fresh = uuid4(), uuid4(), uuid4()
    for id in (known, orphan, fresh):
        await store.put(id, b"evidence")
    (tmp_path / "incoming" / str(uuid4())).write_bytes(b"half")
    age(tmp_path, 24, fresh)
    os.utime(store._path(fresh), (NOW.timestamp(), NOW.timestamp()))
    asked: list[UUID] = []

    async def records(ids: Sequence[UUID]) -> set[UUID]:
        asked.extend(ids)
        return {known}

    assert await store.sweep_orphans(records, NOW - timedelta(hours=1)) == 2
    assert set(asked) == {known, orphan}
    assert await store.sweep_orphans(records, NOW - timedelta(hours=1)) == 0
    assert {path.name for path in files(tmp_path)} == {str(known), str(fresh)}


@pytest.mark.parametrize(
    ("known", "unknown", "swept"), [(0, 100, True), (0, 101, False), (150, 140, True)]
)
async def test_the_files_of_another_database_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: int, unknown: int, swept: bool
) -> None:
    monkeypatch.setattr("balagh.files.store._BATCH", 40)
    # Nobody cuts the power here.
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    store = Store(tmp_path)
    ids = [uuid4() for _ in range(known + unknown)]
    for id in ids:
        await store.put(id, b"evidence")
    (tmp_path / "incoming" / str(uuid4())).write_bytes(b"half")
    age(tmp_path, 24)
    most = 0

    async def records(asked: Sequence[UUID]) -> set[UUID]:
        nonlocal most
        most = max(most, len(asked))
        return set(asked) & set(ids[:known])

    sweeping = store.sweep_orphans(records, NOW)
    if swept:
        assert await sweeping == unknown + 1
        assert {path.name for path in files(tmp_path)} == {str(id) for id in ids[:known]}
    else:
        with pytest.raises(ForeignFilesError, match=f"{unknown} of {known + unknown} files"):
            await sweeping
        assert len(files(tmp_path)) == known + unknown + 1
    assert most == 40
