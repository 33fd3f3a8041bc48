"""How most lives begin: what happens first, and what is told of it."""

FILED = "2026-11-22 10:00 file"
REVIEW = "2026-11-22 11:00 start_review"
REFER = "2026-11-23 09:00 refer"
ASK = "2026-11-23 09:00 request_data"

OPENED = "opened 2026-11-22 10:00"
REFERRED = "in_progress 2026-11-23 09:00"
ASKED = "missing_data 2026-11-23 09:00"
