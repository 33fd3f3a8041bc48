"""Keeps people's files outside the web root, each under the random id of its attachment.

``folder/ab/cd/abcd….`` (UUID). Nothing that a person typed becomes part of a path. Files are
readable by the program's own user only, and appear whole or not at all.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from uuid import UUID, uuid4

# Files being written lie here until they are whole; same file system, so that a rename is one step.
_INCOMING = "incoming"
# Files that are asked about at once.
_BATCH = 1000
# Orphans come singly: an upload that was cut off between file and record. More than a few, and more
# than what is known, means that these are not this database's files.
_FEW = 100


class ForeignFilesError(RuntimeError):
    """Most of the files belong to nobody whom the database knows; none was deleted."""


class Store:
    """A folder of files. Methods do their work in a thread, so that a slow disk holds nobody up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        (folder / _INCOMING).mkdir(mode=0o700, exist_ok=True)

    async def put(self, id: UUID, data: bytes) -> None:
        """Keeps ``data`` under ``id``; it is on the disk when this returns."""
        await asyncio.to_thread(self._put, self._path(id), data)

    async def read(self, id: UUID) -> bytes:
        """The bytes kept under ``id``. Raises ``FileNotFoundError`` when there are none."""
        return await asyncio.to_thread(self._path(id).read_bytes)

    async def delete(self, id: UUID) -> None:
        """Forgets what is kept under ``id``; nothing there is no error, so it can be repeated."""
        await asyncio.to_thread(self._path(id).unlink, missing_ok=True)

    async def sweep_orphans(
        self,
        known: Callable[[Sequence[UUID]], Awaitable[Collection[UUID]]],
        older_than: datetime,
    ) -> int:
        """Deletes files that no attachment knows, written before ``older_than`` (aware).

        ``known`` tells which of some ids have a record. A file is written before its record, so
        ``older_than`` must leave an upload its time: an hour is plenty. Returns how many went.
        Raises ``ForeignFilesError``, for instance when the settings name another database.
        """
        files = self._older(older_than.timestamp())
        orphans: list[UUID] = []
        seen = 0
        while batch := await asyncio.to_thread(lambda: list(islice(files, _BATCH))):
            found = await known(batch)
            orphans += [id for id in batch if id not in found]
            seen += len(batch)
        if len(orphans) > max(_FEW, seen // 2):
            raise ForeignFilesError(f"{len(orphans)} of {seen} files are not in this database")
        for id in orphans:
            await self.delete(id)
        return len(orphans) + await asyncio.to_thread(self._sweep_incoming, older_than.timestamp())

    def _path(self, id: UUID) -> Path:
        if not isinstance(id, UUID):
            raise TypeError("a file is known by its UUID")
        return self.folder / id.hex[:2] / id.hex[2:4] / str(id)

    def _put(self, path: Path, data: bytes) -> None:
        # 1. Whole and on the disk under a name of its own.
        incoming = self.folder / _INCOMING / str(uuid4())
        descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            # 2. Under its id in one step.
            for folder in (path.parent.parent, path.parent):
                folder.mkdir(mode=0o700, exist_ok=True)
            incoming.replace(path)
        except BaseException:
            incoming.unlink(missing_ok=True)
            raise
        # 3. The names themselves on the disk, or a power cut could take them back.
        for folder in (path.parent, path.parent.parent, self.folder):
            _sync(folder)

    def _older(self, time: float) -> Iterator[UUID]:
        """Ids of the files written before ``time``, seconds since the epoch."""
        for folder in self.folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]"):
            with os.scandir(folder) as files:
                yield from (UUID(file.name) for file in files if file.stat().st_mtime < time)

    def _sweep_incoming(self, time: float) -> int:
        left = [file for file in (self.folder / _INCOMING).iterdir() if file.stat().st_mtime < time]
        for file in left:
            file.unlink(missing_ok=True)
        return len(left)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
