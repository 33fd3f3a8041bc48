"""Agency → platform → service, and the administrator's corrections of the calendar.

Specification 2 and 5.
"""

from piccolo.columns import (
    JSONB,
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Date,
    Integer,
    SmallInt,
    Text,
    Timestamptz,
)
from piccolo.table import Table


class Agency(Table, tablename="agency"):
    id = BigSerial(primary_key=True)
    code = Text(unique=True, default=None)
    name_ar = Text(default=None)
    name_en = Text(default=None)
    short_ar = Text(default=None)
    short_en = Text(default=None)
    active = Boolean(default=True)


class Platform(Table, tablename="platform"):
    id = BigSerial(primary_key=True)
    agency_id = BigInt(default=None)
    code = Text(unique=True, default=None)
    name_ar = Text(default=None)
    name_en = Text(default=None)
    short_ar = Text(default=None)
    short_en = Text(default=None)
    active = Boolean(default=True)


class Service(Table, tablename="service"):
    """``sla_days``: the provider's promised response time in working days; digital only."""

    id = BigSerial(primary_key=True)
    agency_id = BigInt(default=None)
    platform_id = BigInt(null=True, default=None)
    code = Text(unique=True, default=None)
    name_ar = Text(default=None)
    name_en = Text(default=None)
    digital = Boolean(default=None)
    sla_days = SmallInt(null=True, default=None)
    digital_alternative_id = BigInt(null=True, default=None)
    channels = Array(base_column=Text(), default=list)
    active = Boolean(default=True)


class CalendarDay(Table, tablename="calendar_day"):
    """``working`` false makes the day a holiday, true makes a weekend or holiday a working day."""

    day = Date(primary_key=True, default=None)
    working = Boolean(default=None)
    name_ar = Text(default=None)
    name_en = Text(default=None)


class CalendarChange(Table, tablename="calendar_change"):
    """What an administrator changed, and how many reports moved; ``working`` none: the official
    calendar counts again; without ``staff_id`` the official calendar itself changed."""

    id = BigSerial(primary_key=True)
    at = Timestamptz(default=None)
    staff_id = BigInt(null=True, default=None)
    first_day = Date(default=None)
    last_day = Date(default=None)
    working = Boolean(null=True, default=None)
    name_ar = Text(default=None)
    name_en = Text(default=None)
    moved = Integer(default=0)
    settled_at = Timestamptz(null=True, default=None)
    seen_at = Timestamptz(null=True, default=None)
    judged_at = Timestamptz(null=True, default=None)


class OfficialCalendar(Table, tablename="official_calendar"):
    """One row: what the official calendar said when due dates were last counted by it; ``coming``:
    what it says now, seen by somebody since ``coming_since``."""

    id = SmallInt(primary_key=True, default=1)
    said = JSONB(default=None)
    coming = JSONB(null=True, default=None)
    coming_since = Timestamptz(null=True, default=None)
