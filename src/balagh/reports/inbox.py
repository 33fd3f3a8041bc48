"""The inbox: pages of reports in the order in which they are due, counts, what is new since.

Keyset paging: a page goes on after a row (or before it), never after a number of rows, so that
neither its depth nor what others do meanwhile costs or moves anything. Counts are seconds old and
stop at ``MOST``: none of them reads the whole table.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from balagh.database import fetch, fetch_one, transaction
from balagh.directory.lookup import Catalogue
from balagh.reports.cases import Desk
from balagh.reports.inbox_filter import Conditions, Filter, add_view, conditions
from balagh.reports.inbox_views import IS_OPEN, View, views_of
from balagh.reports.lifecycle import Role, State

ROWS = 50
MOST = 1000
# Seconds that a count may be old.
_FRESH = timedelta(seconds=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Place(msgspec.Struct, frozen=True):
    """A row's place in the order: when it is due, then its id."""

    due_at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.due_at - _EPOCH) // _MICROSECOND}-{self.id}"

    @staticmethod
    def parse(text: str) -> "Place | None":
        """The place that an address names, or none."""
        due, _, id = text.partition("-")
        if not all(part.isascii() and part.isdigit() and len(part) < 18 for part in (due, id)):
            return None
        return Place(_EPOCH + int(due) * _MICROSECOND, int(id))


class Row(msgspec.Struct, frozen=True, array_like=True):
    """A report in the inbox. ``held_by``: who of this desk's side has it; ``seen``: whether who
    asks has seen it as it is."""

    id: int
    number: str
    title: str
    kind: str
    state: State
    priority: str
    platform_id: int | None
    agency_id: int
    held_by: int | None
    due_at: datetime
    data_due_at: datetime | None
    completeness_due_at: datetime
    checked_at: datetime | None
    ended_at: datetime | None
    seen: bool


class Page(msgspec.Struct, frozen=True):
    """``before``, ``after``: where the pages beside it end and begin, if there are any."""

    rows: tuple[Row, ...]
    before: Place | None
    after: Place | None


_COLUMNS = """r.id, r.number, r.title, r.kind, r.state, r.priority, r.platform_id,
  coalesce(r.referred_agency_id, r.agency_id), r.{holder}, r.due_at, r.data_due_at,
  r.completeness_due_at, r.checked_at, r.ended_at,
  EXISTS (SELECT FROM case_view v WHERE v.report_id = r.id AND v.staff_id = {me}
    AND v.version >= r.version)"""


def holder(desk: Desk) -> str:
    """The column that says who of that desk's side has a report."""
    return "assignee_id" if desk.side == "amer" else "officer_id"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows and to whom; ``ids``: what was found, where something is searched."""

    desk: Desk
    filter: Filter
    ids: Sequence[int] | None
    catalogue: Catalogue
    now: datetime
    zone: ZoneInfo

    @property
    def narrowed(self) -> bool:
        """Whether values that somebody chose say which rows there are, and not the view alone."""
        return bool(self.filter.chosen.keys() - {"state"}) or self.ids is not None

    def conditions(self) -> Conditions:
        return conditions(self.filter, self.desk, self.catalogue, self.now, self.zone)

    def source(self, found: Conditions) -> str:
        """Where the rows come from: what was found is looked up by its ids first (OFFSET 0), and
        never looked for by walking all reports in their order."""
        if self.ids is None:
            return "report r"
        ids = found.put(sorted(self.ids))
        return f"(SELECT * FROM report WHERE id = ANY({ids}::bigint[]) OFFSET 0) r"  # noqa: S608


async def page(
    asked: Asked, *, after: Place | None = None, before: Place | None = None, rows: int = ROWS
) -> Page:
    """The reports after that place, or those before it; the first ones without either."""
    where = asked.conditions()
    columns = _COLUMNS.format(holder=holder(asked.desk), me=where.put(asked.desk.staff_id))
    back = before is not None
    place = before or after
    if place is not None:
        sign = "<" if back else ">"
        where.add(f"(r.due_at, r.id) {sign} ({where.put(place.due_at)}, {where.put(place.id)})")
    order = "r.due_at DESC, r.id DESC" if back else "r.due_at, r.id"
    source = asked.source(where)
    sql = f"SELECT {columns} FROM {source} WHERE {where} ORDER BY {order} LIMIT {rows + 1}"  # noqa: S608
    if asked.narrowed:
        found = await planned(sql, where.arguments)
    else:
        found = await fetch(sql, *where.arguments)
    more = len(found) > rows
    read = [msgspec.convert(tuple(row), Row) for row in found[:rows]]
    if back:
        read.reverse()
    # Where one came from there is something, as far as this page needs to know.
    earlier, later = (more, True) if back else (place is not None, more)
    return Page(
        tuple(read),
        Place(read[0].due_at, read[0].id) if read and earlier else None,
        Place(read[-1].due_at, read[-1].id) if read and later else None,
    )


async def planned(sql: str, arguments: Sequence[object]) -> list[Any]:
    """Rows of a statement whose best plan depends on its values: a plan made for any values may
    walk the whole table for a rare one."""
    async with transaction():
        await fetch("SET LOCAL plan_cache_mode = force_custom_plan")
        return await fetch(sql, *arguments)


async def news(asked: Asked, since: datetime) -> int:
    """How many of these reports are new or were changed by others since that instant, and not seen
    yet; at most ``MOST``."""
    where = asked.conditions()
    me = where.put(asked.desk.staff_id)
    row = await fetch_one(
        "SELECT count(*) AS n FROM (SELECT DISTINCT r.id "  # noqa: S608
        "FROM event e JOIN report r ON r.id = e.report_id "
        f"WHERE e.at > {where.put(since)} AND e.staff_id IS DISTINCT FROM {me} AND {where} "
        "AND NOT EXISTS (SELECT FROM case_view v WHERE v.report_id = r.id "
        f"AND v.staff_id = {me} AND v.version >= r.version) LIMIT {MOST}) found",
        *where.arguments,
    )
    return int(row["n"]) if row else 0


class Counts:
    """How many reports each view has, kept by the process for some seconds: what everybody of a
    side sees for all of them, what is a person's own for each. Callers that come together share one
    reading."""

    def __init__(self) -> None:
        self._held: dict[_Key, tuple[datetime, Mapping[str, int]]] = {}
        self._reading: dict[_Key, asyncio.Task[Mapping[str, int]]] = {}

    async def of(self, desk: Desk, now: datetime, zone: ZoneInfo) -> Mapping[str, int]:
        """By view; ``MOST`` stands for more, too."""
        views = views_of(desk)
        shared = tuple(view for view in views if ":me" not in view.condition)
        own = tuple(view for view in views if ":me" in view.condition)
        side = (desk.agency_id, desk.role, None)
        return {
            **await self._of(side, desk, shared, now, zone),
            **await self._of((*side[:2], desk.staff_id), desk, own, now, zone),
        }

    async def _of(
        self, key: "_Key", desk: Desk, views: Sequence[View], now: datetime, zone: ZoneInfo
    ) -> Mapping[str, int]:
        held = self._held.get(key)
        if held is not None and held[0] <= now < held[0] + _FRESH:
            return held[1]
        if key not in self._reading:
            # An empty context: nothing of the caller's transaction.
            self._reading[key] = asyncio.create_task(
                self._read(key, desk, views, now, zone), context=Context()
            )
        # Shielded: one caller that hangs up must not take the counts from the others.
        return await asyncio.shield(self._reading[key])

    async def _read(
        self, key: "_Key", desk: Desk, views: Sequence[View], now: datetime, zone: ZoneInfo
    ) -> Mapping[str, int]:
        try:
            found = await counts(desk, views, now, zone)
            # Whoever went home is forgotten.
            self._held = {
                one: held for one, held in self._held.items() if now < held[0] + 10 * _FRESH
            }
            self._held[key] = (now, found)
            return found
        finally:
            del self._reading[key]


# Whose agency and role; who, where the counts are a person's own.
_Key = tuple[int | None, Role, int | None]


async def counts(
    desk: Desk, views: Sequence[View], now: datetime, zone: ZoneInfo
) -> dict[str, int]:
    """How many reports each of the views has for that desk now, each counted up to ``MOST``."""
    gathered = Conditions()
    columns = []
    for view in views:
        one = Conditions()
        one.arguments = gathered.arguments
        add_view(one, desk, view, now, zone)
        if view.open:
            one.add(IS_OPEN)
        columns.append(
            f"(SELECT count(*) FROM (SELECT 1 FROM report r WHERE {one} LIMIT {MOST}) x) "  # noqa: S608
            f"AS {view.code}"
        )
    row = await fetch_one(f"SELECT {', '.join(columns)}", *gathered.arguments)
    return dict(row.items()) if row else {}


_EXPORTED = """r.number, r.kind, r.state, r.title, r.priority, r.channel, r.agency_id,
  r.referred_agency_id, r.platform_id, r.service_id, r.service_name, r.ground, r.reference,
  r.filed_on, r.submitted_at, r.due_at, r.ended_at, r.outcome, r.promised_on, r.{holder},
  r.id"""


class Exported(msgspec.Struct, frozen=True, array_like=True):
    """A report in a spreadsheet: no personal data."""

    number: str
    kind: str
    state: State
    title: str
    priority: str
    channel: str
    agency_id: int
    referred_agency_id: int | None
    platform_id: int | None
    service_id: int | None
    service_name: str | None
    ground: str | None
    reference: str | None
    filed_on: Any
    submitted_at: datetime
    due_at: datetime
    ended_at: datetime | None
    outcome: str | None
    promised_on: Any
    held_by: int | None
    id: int


async def batches(asked: Asked, size: int = 2000) -> AsyncIterator[list[Exported]]:
    """All of these reports in the order of the page, some at a time: each its own short statement,
    so that a long export holds no connection and nobody else's work."""
    place: Place | None = None
    while True:
        where = asked.conditions()
        if place is not None:
            where.add(f"(r.due_at, r.id) > ({where.put(place.due_at)}, {where.put(place.id)})")
        found = await planned(
            f"SELECT {_EXPORTED.format(holder=holder(asked.desk))} "  # noqa: S608
            f"FROM {asked.source(where)} WHERE {where} ORDER BY r.due_at, r.id LIMIT {size}",
            where.arguments,
        )
        if found:
            read = [msgspec.convert(tuple(row), Exported) for row in found]
            yield read
            place = Place(read[-1].due_at, read[-1].id)
        if len(found) < size:
            return
