"""Keeps people's files outside the web root, each under the random id of its attachment.

``folder/ab/cd/abcd….`` (UUID). Nothing that a person typed becomes part of a path. Files are
readable by the program's own user only, and appear whole or not at all.
"""

import asyncio
import os
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

# Files being written lie here until they are whole; same file system, so that a rename is one step.
_INCOMING = "incoming"


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

    async def sweep_orphans(self, known_ids: Collection[UUID], older_than: datetime) -> int:
        """Deletes files that no attachment knows, written before ``older_than`` (aware).

        A file is written before its row, so ``older_than`` must leave an upload its time: an hour
        is plenty. Returns how many went.
        """
        known = {str(id) for id in known_ids}
        return await asyncio.to_thread(self._sweep, known, older_than.astimezone(UTC))

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

    def _sweep(self, known: Collection[str], older_than: datetime) -> int:
        gone = 0
        for path in self._files():
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if path.name not in known and written < older_than:
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def _files(self) -> Iterator[Path]:
        yield from (self.folder / _INCOMING).iterdir()
        yield from self.folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
