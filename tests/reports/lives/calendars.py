"""The calendar changes afterwards."""

from tests.reports.living import Lived

FILED = "2026-11-22 10:00 file"
REVIEW = "2026-11-22 11:00 start_review"
REFER = "2026-11-23 09:00 refer"
OPENED = "opened 2026-11-22 10:00"
REFERRED = "in_progress 2026-11-23 09:00"

LIVES = [
    Lived("a holiday declared afterwards",
        [FILED, "2026-11-24 09:00 off 2026-11-25"],
        [OPENED, "late 2026-12-01 00:00"]),
    Lived("a Saturday worked",
        [FILED, "2026-11-24 09:00 worked 2026-11-28"],
        [OPENED, "late 2026-11-29 00:00"]),
    Lived("declared when both dates have passed: not told twice",
        [FILED, "2026-12-01 09:00 off 2026-11-26"],
        [OPENED, "late 2026-11-30 00:00"]),
    Lived("declared late: a new date, told anew",
        [FILED, "2026-12-01 09:00 off 2026-11-25 2026-11-26 2026-11-29"],
        [OPENED, "late 2026-11-30 00:00", "late 2026-12-03 00:00"]),
    Lived("a coming holiday declared while data is missing",
        [FILED, REVIEW, "2026-11-24 10:00 request_data", "2026-11-24 12:00 off 2026-11-25",
         "2026-11-26 09:00 update"],
        [OPENED, "missing_data 2026-11-24 10:00", "missing_data_reminder 2026-11-25 10:00",
         "late 2026-12-02 00:00"]),
    Lived("a past holiday declared while data is missing",
        [FILED, REVIEW, "2026-11-24 10:00 request_data", "2026-11-24 12:00 off 2026-11-23",
         "2026-11-25 09:00 update"],
        [OPENED, "missing_data 2026-11-24 10:00", "late 2026-12-02 00:00"]),
    Lived("declared when it is answered, not closed",
        [FILED, REVIEW, REFER, "2026-11-24 09:00 answer", "2026-11-25 09:00 off 2026-11-26"],
        [OPENED, REFERRED, "late 2026-12-01 00:00"]),
    Lived("declared when it is reopened",
        [FILED, REVIEW, REFER, "2026-11-24 09:00 answer", "2026-11-25 12:00 close",
         "2026-11-30 10:00 request_reopening", "2026-12-02 09:00 accept_reopening",
         "2026-12-03 09:00 off 2026-12-07"],
        [OPENED, REFERRED, "closed 2026-11-25 12:00", "reopened 2026-12-02 09:00",
         "late 2026-12-11 00:00"]),
    Lived("declared while reopening is decided on",
        [FILED, REVIEW, REFER, "2026-11-24 09:00 answer", "2026-11-25 12:00 close",
         "2026-11-30 10:00 request_reopening", "2026-12-01 09:00 off 2026-12-07",
         "2026-12-02 09:00 accept_reopening"],
        [OPENED, REFERRED, "closed 2026-11-25 12:00", "reopened 2026-12-02 09:00",
         "late 2026-12-11 00:00"]),
    Lived("declared, and taken back the same day",
        [FILED, "2026-11-24 09:00 off 2026-11-25", "2026-11-24 15:00 official 2026-11-25"],
        [OPENED, "late 2026-11-30 00:00"]),
    Lived("declared late, and in part taken back",
        [FILED, "2026-12-01 09:00 off 2026-11-25 2026-11-26 2026-11-29",
         "2026-12-01 15:00 official 2026-11-29"],
        [OPENED, "late 2026-11-30 00:00", "late 2026-12-02 00:00"]),
]  # fmt: skip
