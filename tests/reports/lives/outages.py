"""The worker is down: what it missed comes when it is back, once, and only if it is still true."""

from tests.reports.living import Lived

FILED = "2026-11-22 10:00 file"
REVIEW = "2026-11-22 11:00 start_review"
REFER = "2026-11-23 09:00 refer"
ASK = "2026-11-23 09:00 request_data"
OPENED = "opened 2026-11-22 10:00"
REFERRED = "in_progress 2026-11-23 09:00"
ASKED = "missing_data 2026-11-23 09:00"

LIVES = [
    Lived("down for 24 hours over the date",
        [FILED, "2026-11-29 12:00 down", "2026-11-30 12:00 up"],
        [OPENED, "late 2026-11-30 12:00"]),
    Lived("down for a month",
        [FILED, "2026-11-25 00:00 down", "2026-12-25 12:00 up"],
        [OPENED, "late 2026-12-25 12:00"]),
    Lived("down over the reminder",
        [FILED, REVIEW, ASK, "2026-11-24 08:00 down", "2026-11-25 08:00 up"],
        [OPENED, ASKED, "missing_data_reminder 2026-11-25 08:00", "expired 2026-11-25 09:00"]),
    Lived("down over reminder and expiry: no reminder of what is over",
        [FILED, REVIEW, ASK, "2026-11-24 08:00 down", "2026-11-25 10:00 up"],
        [OPENED, ASKED, "expired 2026-11-25 10:00"]),
    Lived("answered while it was down",
        [FILED, REVIEW, ASK, "2026-11-24 08:00 down", "2026-11-24 20:00 update",
         "2026-11-25 10:00 up"],
        [OPENED, ASKED, "late 2026-12-01 00:00"]),
    Lived("answered at hour 47:59 while it was down",
        [FILED, REVIEW, ASK, "2026-11-24 08:00 down", "2026-11-25 08:59 update",
         "2026-11-25 10:00 up"],
        [OPENED, ASKED, "late 2026-12-02 00:00"]),
    Lived("answered too late while it was down",
        [FILED, REVIEW, ASK, "2026-11-24 08:00 down", "2026-11-25 09:30 !update",
         "2026-11-25 12:00 up"],
        [OPENED, ASKED, "expired 2026-11-25 12:00"]),
    Lived("late and closed while it was down",
        [FILED, REVIEW, REFER, "2026-11-29 08:00 down", "2026-12-01 09:00 answer",
         "2026-12-01 10:00 close", "2026-12-05 09:00 up"],
        [OPENED, REFERRED, "closed 2026-12-01 10:00"]),
    Lived("late while it was down, and data asked for",
        [FILED, REVIEW, "2026-11-29 08:00 down", "2026-12-01 09:00 request_data",
         "2026-12-01 12:00 up", "2026-12-02 10:00 update"],
        [OPENED, "missing_data 2026-12-01 09:00", "missing_data_reminder 2026-12-02 09:00",
         "late 2026-12-04 00:00"]),
]  # fmt: skip
