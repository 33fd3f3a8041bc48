"""A catalogue as its files say it: rows that refer to one another by code."""

from typing import TypeVar

import msgspec


class AgencyEntry(msgspec.Struct, frozen=True):
    code: str
    name_ar: str
    name_en: str
    short_ar: str
    short_en: str
    active: bool


class PlatformEntry(msgspec.Struct, frozen=True):
    """``agency``: its code."""

    code: str
    agency: str
    name_ar: str
    name_en: str
    short_ar: str
    short_en: str
    active: bool


class ServiceEntry(msgspec.Struct, frozen=True):
    """References are codes. ``sla_days``: working days."""

    code: str
    agency: str
    platform: str | None
    name_ar: str
    name_en: str
    digital: bool
    sla_days: int | None
    digital_alternative: str | None
    channels: tuple[str, ...]
    active: bool


class Entries(msgspec.Struct, frozen=True):
    """A whole catalogue that breaks no rule."""

    agencies: tuple[AgencyEntry, ...]
    platforms: tuple[PlatformEntry, ...]
    services: tuple[ServiceEntry, ...]


E = TypeVar("E", AgencyEntry, PlatformEntry, ServiceEntry)
