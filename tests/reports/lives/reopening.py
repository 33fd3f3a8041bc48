"""Reopening: a new time begins when it is accepted, and can be asked for on 14 whole days."""

from tests.reports.lives.beginning import FILED, OPENED, REFER, REFERRED, REVIEW
from tests.reports.living import Lived

LIVES = [
    Lived("reopened after its first date",
        [FILED, REVIEW, REFER, "2026-11-24 09:00 answer", "2026-11-25 12:00 close",
         "2026-11-30 10:00 request_reopening", "2026-12-02 09:00 accept_reopening"],
        [OPENED, REFERRED, "closed 2026-11-25 12:00", "reopened 2026-12-02 09:00",
         "late 2026-12-10 00:00"]),
    Lived("reopening refused",
        [FILED, REVIEW, REFER, "2026-11-24 09:00 answer", "2026-11-25 12:00 close",
         "2026-11-30 10:00 request_reopening", "2026-12-02 09:00 refuse_reopening"],
        [OPENED, REFERRED, "closed 2026-11-25 12:00", "reopening_refused 2026-12-02 09:00"]),
    Lived("late, reopened, late again",
        [FILED, REVIEW, REFER, "2026-12-01 09:00 answer", "2026-12-02 12:00 close",
         "2026-12-03 10:00 request_reopening", "2026-12-06 09:00 accept_reopening"],
        [OPENED, REFERRED, "late 2026-11-30 00:00", "closed 2026-12-02 12:00",
         "reopened 2026-12-06 09:00", "late 2026-12-14 00:00"]),
    Lived("reopened and closed again in time",
        [FILED, REVIEW, REFER, "2026-11-24 09:00 answer", "2026-11-25 12:00 close",
         "2026-11-26 10:00 request_reopening", "2026-11-29 09:00 accept_reopening",
         "2026-12-01 09:00 answer", "2026-12-02 09:00 close"],
        [OPENED, REFERRED, "closed 2026-11-25 12:00", "reopened 2026-11-29 09:00",
         "closed 2026-12-02 09:00"]),
    Lived("asked for reopening in the last minute of 14 days",
        [FILED, REVIEW, REFER, "2026-11-24 09:00 answer", "2026-11-25 12:00 close",
         "2026-12-09 23:59 request_reopening"],
        [OPENED, REFERRED, "closed 2026-11-25 12:00"]),
    Lived("asked for reopening a minute too late",
        [FILED, REVIEW, REFER, "2026-11-24 09:00 answer", "2026-11-25 12:00 close",
         "2026-12-10 00:00 !request_reopening"],
        [OPENED, REFERRED, "closed 2026-11-25 12:00"]),
]  # fmt: skip
