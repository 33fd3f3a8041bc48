"""A report divided among agencies: each has its own clock and its own messages (`@2`, `@3`)."""

from tests.reports.living import Lived

FILED = "2026-11-22 10:00 file"
REVIEW = "2026-11-22 11:00 start_review"
REFER = "2026-11-23 09:00 refer"
ASK = "2026-11-23 09:00 request_data"
SPLIT = "2026-11-22 12:00 split moj"
OPENED = "opened 2026-11-22 10:00"
REFERRED = "in_progress 2026-11-23 09:00"
ASKED = "missing_data 2026-11-23 09:00"

LIVES = [
    Lived("nobody answers",
        [FILED, REVIEW, SPLIT],
        [OPENED, "late 2026-11-30 00:00", "late 2026-11-30 00:00 @2"]),
    Lived("each goes its own way",
        [FILED, REVIEW, "2026-11-22 12:00 split moj mc", REFER, "2026-11-23 09:30 refer@2",
         "2026-11-23 10:00 request_data@3", "2026-11-24 09:00 answer", "2026-11-24 12:00 close",
         "2026-11-25 09:00 answer@2", "2026-11-26 09:00 close@2"],
        [OPENED, REFERRED, "in_progress 2026-11-23 09:30 @2", "missing_data 2026-11-23 10:00 @3",
         "missing_data_reminder 2026-11-24 10:00 @3", "closed 2026-11-24 12:00",
         "expired 2026-11-25 10:00 @3", "closed 2026-11-26 09:00 @2"]),
    Lived("the clock of one stands",
        [FILED, REVIEW, SPLIT, REFER, "2026-11-23 10:00 request_data@2",
         "2026-11-24 11:00 update@2"],
        [OPENED, REFERRED, "missing_data 2026-11-23 10:00 @2",
         "missing_data_reminder 2026-11-24 10:00 @2", "late 2026-11-30 00:00",
         "late 2026-12-01 00:00 @2"]),
    Lived("divided when it was told to be late: not told again",
        [FILED, REVIEW, "2026-12-01 09:00 split moj"],
        [OPENED, "late 2026-11-30 00:00"]),
    Lived("divided after a pause: the same date",
        [FILED, REVIEW, ASK, "2026-11-24 08:00 update", "2026-11-24 12:00 split moj"],
        [OPENED, ASKED, "late 2026-12-01 00:00", "late 2026-12-01 00:00 @2"]),
    Lived("one is reopened",
        [FILED, REVIEW, SPLIT, "2026-11-23 09:00 refer@2", "2026-11-24 09:00 answer@2",
         "2026-11-25 12:00 close@2", "2026-11-30 10:00 request_reopening@2",
         "2026-12-02 09:00 accept_reopening@2"],
        [OPENED, "in_progress 2026-11-23 09:00 @2", "closed 2026-11-25 12:00 @2",
         "late 2026-11-30 00:00", "reopened 2026-12-02 09:00 @2", "late 2026-12-10 00:00 @2"]),
    Lived("the first is cancelled, the other goes on",
        [FILED, REVIEW, SPLIT, "2026-11-23 09:00 cancel"],
        [OPENED, "cancelled 2026-11-23 09:00", "late 2026-11-30 00:00 @2"]),
    Lived("a holiday moves all of them",
        [FILED, REVIEW, SPLIT, "2026-11-24 09:00 off 2026-11-25"],
        [OPENED, "late 2026-12-01 00:00", "late 2026-12-01 00:00 @2"]),
    Lived("a holiday while the clock of one stands",
        [FILED, REVIEW, SPLIT, "2026-11-24 10:00 request_data@2",
         "2026-11-24 12:00 off 2026-11-25", "2026-11-26 09:00 update@2"],
        [OPENED, "missing_data 2026-11-24 10:00 @2", "missing_data_reminder 2026-11-25 10:00 @2",
         "late 2026-12-01 00:00", "late 2026-12-02 00:00 @2"]),
    Lived("the worker is down over both dates",
        [FILED, REVIEW, SPLIT, "2026-11-29 12:00 down", "2026-12-01 09:00 up"],
        [OPENED, "late 2026-12-01 09:00", "late 2026-12-01 09:00 @2"]),
]  # fmt: skip
