"""The catalogue as the wizard reads it (specification 2): agency → platform → service.

An immutable snapshot of the whole catalogue, because it is small and read on every step. A change
is seen by every process within 30 seconds (``snapshots.MAX_AGE``). Rows that are no longer active
stay in the look-ups by id and code (old reports name them) and leave the lists one chooses from.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar

import msgspec

from balagh.database import fetch
from balagh.directory.snapshots import Snapshot
from balagh.i18n import N_
from balagh.text import fold

# Delivery channels of a service: code → text, in the order in which they are shown.
CHANNELS: Mapping[str, str] = MappingProxyType(
    {
        "web": N_("Website"),
        "app": N_("App"),
        "call_centre": N_("Call centre"),
        "branch": N_("Branch"),
        "kiosk": N_("Self-service kiosk"),
        "email": N_("E-mail"),
        "social": N_("Social media"),
    }
)


class AgencyRow(msgspec.Struct, frozen=True):
    """``active``: may be chosen in a new report."""

    id: int
    code: str
    name_ar: str
    name_en: str
    short_ar: str
    short_en: str
    active: bool


class PlatformRow(msgspec.Struct, frozen=True):
    """``active``: it and its agency are."""

    id: int
    agency_id: int
    code: str
    name_ar: str
    name_en: str
    short_ar: str
    short_en: str
    active: bool


class ServiceRow(msgspec.Struct, frozen=True):
    """``sla_days``: promised response time in working days, digital services only.

    ``digital_alternative_id``: the digital service that replaces this paper one.
    ``channels``: codes of ``CHANNELS``. ``active``: it, its platform and its agency are.
    """

    id: int
    agency_id: int
    platform_id: int | None
    code: str
    name_ar: str
    name_en: str
    digital: bool
    sla_days: int | None
    digital_alternative_id: int | None
    channels: tuple[str, ...]
    active: bool


R = TypeVar("R", AgencyRow, PlatformRow, ServiceRow)


class Catalogue:
    """One moment's catalogue. Never changed; ask ``catalogue(now)`` again for a newer one.

    Lists hold active rows only, sorted by name in ``language`` (``"ar"`` or ``"en"``).
    """

    def __init__(
        self,
        agencies: Iterable[AgencyRow],
        platforms: Iterable[PlatformRow],
        services: Iterable[ServiceRow],
    ) -> None:
        self.agencies: Mapping[int, AgencyRow] = _by_id(agencies)
        self.platforms: Mapping[int, PlatformRow] = _by_id(platforms)
        self.services: Mapping[int, ServiceRow] = _by_id(services)
        self.agency_codes: Mapping[str, AgencyRow] = _by_code(self.agencies)
        self.platform_codes: Mapping[str, PlatformRow] = _by_code(self.platforms)
        self.service_codes: Mapping[str, ServiceRow] = _by_code(self.services)
        self._agencies = _sorted(self.agencies.values())
        self._platforms = _sorted(self.platforms.values())
        self._platforms_of = _grouped(self.platforms.values(), lambda row: row.agency_id)
        self._services_of = _grouped(
            (row for row in self.services.values() if row.digital), lambda row: row.platform_id
        )
        self._paper_services_of = _grouped(
            (row for row in self.services.values() if not row.digital), lambda row: row.agency_id
        )

    def agency_list(self, language: str = "ar") -> tuple[AgencyRow, ...]:
        return self._agencies[language]

    def platform_list(self, language: str = "ar") -> tuple[PlatformRow, ...]:
        return self._platforms[language]

    def platforms_of(self, agency_id: int, language: str = "ar") -> tuple[PlatformRow, ...]:
        return self._platforms_of.get(agency_id, _NONE)[language]

    def services_of(self, platform_id: int, language: str = "ar") -> tuple[ServiceRow, ...]:
        """Digital services of a platform."""
        return self._services_of.get(platform_id, _NONE)[language]

    def paper_services_of(self, agency_id: int, language: str = "ar") -> tuple[ServiceRow, ...]:
        """Paper services of an agency, those with a digital alternative too."""
        return self._paper_services_of.get(agency_id, _NONE)[language]

    def alternative(self, service: ServiceRow) -> ServiceRow | None:
        """The active digital service that replaces a paper one, if the catalogue knows one."""
        if service.digital_alternative_id is None:
            return None
        found = self.services[service.digital_alternative_id]
        return found if found.active else None


async def catalogue(now: datetime) -> Catalogue:
    """The catalogue, at most 30 s old at ``now``. Ask before opening a transaction, not inside:
    a renewal takes a second connection from the pool."""
    return await _snapshot.at(now)


def forget() -> None:
    """The next ``catalogue()`` of this process reads again: after an import, and between tests."""
    _snapshot.forget()


# One statement, so that the three lists are of one moment.
_READ = """
SELECT
  (SELECT coalesce(jsonb_agg(a), '[]') FROM agency a) AS agencies,
  (SELECT coalesce(jsonb_agg(to_jsonb(p) || jsonb_build_object(
            'active', p.active AND a.active)), '[]')
     FROM platform p JOIN agency a ON a.id = p.agency_id) AS platforms,
  (SELECT coalesce(jsonb_agg(to_jsonb(s) || jsonb_build_object(
            'active', s.active AND a.active AND coalesce(p.active, true))), '[]')
     FROM service s JOIN agency a ON a.id = s.agency_id
     LEFT JOIN platform p ON p.id = s.platform_id) AS services
"""


async def _read(now: datetime) -> Catalogue:
    (row,) = await fetch(_READ)
    return Catalogue(
        msgspec.json.decode(row["agencies"], type=list[AgencyRow]),
        msgspec.json.decode(row["platforms"], type=list[PlatformRow]),
        msgspec.json.decode(row["services"], type=list[ServiceRow]),
    )


_snapshot = Snapshot(_read)

_NONE: Mapping[str, tuple[()]] = MappingProxyType({"ar": (), "en": ()})


def _by_id(rows: Iterable[R]) -> Mapping[int, R]:
    return MappingProxyType({row.id: row for row in rows})


def _by_code(rows: Mapping[int, R]) -> Mapping[str, R]:
    return MappingProxyType({row.code: row for row in rows.values()})


def _sorted(rows: Iterable[R]) -> Mapping[str, tuple[R, ...]]:
    """By folded name: alef and ya forms and diacritics do not move a name away from its place."""
    active = [row for row in rows if row.active]
    return {
        "ar": tuple(sorted(active, key=lambda row: (fold(row.name_ar), row.id))),
        "en": tuple(sorted(active, key=lambda row: (row.name_en.casefold(), row.id))),
    }


def _grouped(
    rows: Iterable[R], key: Callable[[R], int | None]
) -> dict[int, Mapping[str, tuple[R, ...]]]:
    groups: dict[int, list[R]] = {}
    for row in rows:
        group = key(row)
        if group is not None:
            groups.setdefault(group, []).append(row)
    return {group: _sorted(found) for group, found in groups.items()}
