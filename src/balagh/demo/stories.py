"""The sample reports as they are written down in ``sample/``, and when things in them happened.

Times are told from the moment at which the demonstration begins, so that there is always something
new, something due today and something late.
"""

import re
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from balagh.reports.lifecycle import Action
from balagh.workdays import Calendar

FOLDER = Path(__file__).parent / "sample"

# Office hours, for what staff does.
OPENS, CLOSES = time(8), time(16)
_DAY = timedelta(days=1)
_WHEN = re.compile(
    r"(?P<plus>\+)?(?P<days>\d+) (?P<time>\d\d:\d\d)|(?P<minutes>\d+)m|(?P<hours>\d+)h|expiry"
)


class Beneficiary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    national_id: str
    name: str
    phone: str
    email: str
    language: str = "ar"


class Officer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``agency``: its code in the sample catalogue."""

    agency: str
    name_ar: str
    name_en: str
    email: str


class Folk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    people: tuple[Beneficiary, ...]
    officers: tuple[Officer, ...]


class Deed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody did; ``items``, ``reason`` and ``answer`` as they wrote it.

    ``outcome`` of an answer; ``promised``: days from then to the date of an accepted one.
    """

    action: Action
    at: str
    items: tuple[str, ...] = ()
    reason: str = ""
    answer: str = ""
    outcome: Literal["solved", "accepted", "refused"] = "solved"
    promised: int = 0


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``shows``: the lines on it; ``came_with``: which deed of the story brought it."""

    name: str
    shows: tuple[str, ...]
    came_with: int = 0


class SampleRating(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the beneficiary rated the ending; ``at`` from the closing, as a deed's."""

    survey: Literal["agency", "balagh"]
    score: int
    at: str
    reasons: tuple[str, ...] = ()
    comment: str | None = None


class SampleReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``filed``, ``closed``: working days before the submission; ``filed_by``: the cast's key.

    ``service``: its code; where the catalogue does not know it, ``service_name`` and the code of
    its ``agency``.
    """

    key: str
    person: str
    title: str
    description: str
    story: tuple[Deed, ...]
    kind: str = "complaint"
    service: str = ""
    service_name: str = ""
    agency: str = ""
    delivery_channel: str = ""
    ground: str | None = None
    reference: str | None = None
    filed: int = 0
    closed: int = 0
    matter: str | None = None
    language: str = "ar"
    filed_by: str = ""
    files: tuple[Evidence, ...] = ()
    ratings: tuple[SampleRating, ...] = ()


class SampleDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    key: str
    person: str
    at: str
    ground: str
    service: str
    delivery_channel: str
    title: str = ""
    description: str = ""


class Stories(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reports: tuple[SampleReport, ...]
    drafts: tuple[SampleDraft, ...]


def folk() -> Folk:
    """The people besides the cast."""
    return msgspec.toml.decode((FOLDER / "people.toml").read_bytes(), type=Folk)


def stories() -> Stories:
    return msgspec.toml.decode((FOLDER / "reports.toml").read_bytes(), type=Stories)


class Almanac(msgspec.Struct, frozen=True):
    """Tells when something happened, from ``now``."""

    now: datetime
    calendar: Calendar
    zone: ZoneInfo

    def instant(
        self, at: str, *, before: datetime | None = None, expiry: datetime | None = None
    ) -> datetime:
        """``at`` as ``sample/reports.toml`` explains it. ``before``: when the last thing happened;
        ``expiry``: when the time for missing data is over. Aware, in the portal's zone.
        """
        found = _WHEN.fullmatch(at)
        if found is None:
            raise ValueError(f"{at!r} says no time")
        if found["minutes"]:
            return self._office_time_ago(timedelta(minutes=int(found["minutes"])))
        if found["hours"]:
            return self._near_office_hours(self.now - timedelta(hours=int(found["hours"])))
        if found["days"]:
            count, clock = int(found["days"]), time.fromisoformat(found["time"])
            if not found["plus"]:
                return self._on(self.working_days_before(self.today, count), clock)
            if before is not None:
                return self._on(before.date() + count * _DAY, clock)
        elif expiry is not None:
            return expiry
        raise ValueError(f"{at!r} does not fit here")

    @property
    def today(self) -> date:
        """The local day, or the next one that is worked."""
        return self.calendar.after(self.now.astimezone(self.zone).date() - _DAY, 1)

    def working_days_before(self, day: date, count: int) -> date:
        while count > 0:
            day -= _DAY
            count -= self.calendar.is_working(day)
        return day

    def _on(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone)

    def _office_time_ago(self, span: timedelta) -> datetime:
        at = self.now.astimezone(self.zone)
        while True:
            opens, closes = self._on(at.date(), OPENS), self._on(at.date(), CLOSES)
            worked = self.calendar.is_working(at.date()) and at > opens
            if worked and min(at, closes) - opens >= span:
                return min(at, closes) - span
            if worked:
                span -= min(at, closes) - opens
            at = self._on(at.date() - _DAY, time.max)

    def _near_office_hours(self, at: datetime) -> datetime:
        # On whatever day it is: hours of the clock run on through days off.
        at = at.astimezone(self.zone)
        return min(max(at, self._on(at.date(), OPENS)), self._on(at.date(), CLOSES))
