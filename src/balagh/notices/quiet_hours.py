"""At night only what cannot wait makes a phone ring (setting ``quiet_hours``). Decision 118."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import msgspec

from balagh.notices.moments import MOMENTS
from balagh.settings import Settings

# Moments whose SMS goes out at any hour: somebody waits for it, or a time runs.
URGENT = frozenset(name for name, moment in MOMENTS.items() if moment.urgent)


class QuietHours(msgspec.Struct, frozen=True):
    """From ``start`` on, before ``end``, by the wall clock of ``zone``; over midnight where the
    start is the later."""

    start: time
    end: time
    zone: ZoneInfo

    @classmethod
    def of(cls, settings: Settings) -> "QuietHours | None":
        if settings.quiet_hours is None:
            return None
        return cls(*settings.quiet_hours, ZoneInfo(settings.zone))

    def at(self, now: datetime) -> bool:
        """Whether ``now`` is within them."""
        local = now.astimezone(self.zone).time()
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end
