"""A draft that came too early: its owner is told in the morning of the first possible day."""

from tests.reports.living import Lived

LIVES = [
    Lived("told, and never filed", ["2026-11-23 10:00 draft"], ["may_file_now 2026-11-26 08:00"]),
    Lived("told, then filed",
        ["2026-11-23 10:00 draft", "2026-11-26 09:00 file"],
        ["may_file_now 2026-11-26 08:00", "opened 2026-11-26 09:00", "late 2026-12-04 00:00"]),
    Lived("down in the morning",
        ["2026-11-23 10:00 draft", "2026-11-26 07:00 down", "2026-11-26 15:00 up"],
        ["may_file_now 2026-11-26 15:00"]),
    Lived("down until the evening before",
        ["2026-11-23 10:00 draft", "2026-11-24 07:00 down", "2026-11-25 23:00 up"],
        ["may_file_now 2026-11-26 08:00"]),
    Lived("a holiday moves the day",
        ["2026-11-23 10:00 draft", "2026-11-24 09:00 off 2026-11-25"],
        ["may_file_now 2026-11-27 08:00"]),
    Lived("a holiday taken back",
        ["2026-11-23 10:00 draft", "2026-11-24 09:00 off 2026-11-25",
         "2026-11-24 15:00 official 2026-11-25"],
        ["may_file_now 2026-11-26 08:00"]),
]  # fmt: skip
