"""The names of the staff, kept by each process: lists show many, and there are few.

A new name is seen at most ``snapshots.MAX_AGE`` later, or at once where its id is asked for.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from balagh.database import fetch
from balagh.directory.snapshots import Snapshot


class StaffName(msgspec.Struct, frozen=True):
    """``agency_id``: of a provider's people; ``active``: still works here."""

    id: int
    name_ar: str
    name_en: str
    agency_id: int | None
    role: str
    active: bool


class StaffNames:
    def __init__(self) -> None:
        self._snapshot = Snapshot(_read)

    async def at(self, now: datetime, ids: Collection[int] = ()) -> Mapping[int, StaffName]:
        """By id; ``ids``: those that must be among them."""
        found = await self._snapshot.at(now)
        if any(id not in found for id in ids):
            self._snapshot.forget()
            found = await self._snapshot.at(now)
        return found


async def _read(_now: datetime) -> Mapping[int, StaffName]:
    rows = await fetch("SELECT id, name_ar, name_en, agency_id, role, active FROM staff")
    return {row["id"]: StaffName(**row) for row in rows}
