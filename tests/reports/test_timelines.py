"""Lives of reports with every moment that the clock makes of them, at its instant.

Each is lived through in the database: deeds by ``act()``, the sweep a second before each end of a
time and at that instant, and not at all while the worker is down. Days are counted by hand.
"""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.reports import filed
from tests.reports.calendars import SAUDI, corrected

from balagh.database import fetch, fetch_one, transaction
from balagh.reports import clocks, deadlines, recounting
from balagh.reports.acting import Deed, Done, act
from balagh.reports.allowed import refusal
from balagh.reports.clock_sweep import World, sweep
from balagh.reports.lifecycle import TRANSITIONS, Action, Role, State
from balagh.reports.standing import Answer, Referral, Standing, Terms, after
from balagh.settings import Settings

pytestmark = pytest.mark.usefixtures("db")

RIYADH = ZoneInfo("Asia/Riyadh")
SECOND = timedelta(seconds=1)
WORLD = World(zone=RIYADH, public_url="https://balagh.example.sa", sms=False, reminder_hours=24)
REVIEW = "2026-11-22 11:00 start_review"
REFER = "2026-11-23 09:00 refer"
ASK = "2026-11-23 09:00 request_data"

# Filed at; what happens then (`!`: it is refused; `down`/`up`: the worker; `off`/`worked` day: the
# administrator's correction); what people are told and when; the name of the case.
LIVES: list[tuple[str, list[str], list[str], str]] = [
    # Nobody answers: told once, at the midnight that ends working day 5.
    ("2026-11-22 10:00", [], ["late 2026-11-30 00:00"], "Sunday"),
    ("2026-11-23 10:00", [], ["late 2026-12-01 00:00"], "Monday"),
    ("2026-11-23 23:59", [], ["late 2026-12-01 00:00"], "Monday 23:59"),
    ("2026-11-24 00:00", [], ["late 2026-12-02 00:00"], "Tuesday 00:00"),
    ("2026-11-25 10:00", [], ["late 2026-12-03 00:00"], "Wednesday"),
    ("2026-11-26 10:00", [], ["late 2026-12-04 00:00"], "Thursday"),
    ("2026-11-26 23:30", [], ["late 2026-12-04 00:00"], "Thursday 23:30"),
    ("2026-11-27 10:00", [], ["late 2026-12-04 00:00"], "Friday"),
    ("2026-11-28 23:59", [], ["late 2026-12-04 00:00"], "Saturday 23:59"),
    ("2026-03-12 23:30", [], ["late 2026-03-26 00:00"], "Thursday 23:30 before Eid al-Fitr"),
    ("2026-03-18 23:59", [], ["late 2026-04-01 00:00"], "the evening before Eid al-Fitr"),
    ("2026-03-22 10:00", [], ["late 2026-04-01 00:00"], "during Eid al-Fitr"),
    ("2026-05-21 23:30", [], ["late 2026-06-04 00:00"], "Thursday 23:30 before Eid al-Adha"),
    ("2026-05-25 10:00", [], ["late 2026-06-08 00:00"], "the day before Arafah"),
    ("2026-09-22 10:00", [], ["late 2026-10-01 00:00"], "the day before National Day"),
    ("2026-02-19 10:00", [], ["late 2026-03-02 00:00"], "before Founding Day"),
    ("2026-12-31 23:59", [], ["late 2027-01-08 00:00"], "New Year's Eve"),
    # What stops the clock, and what does not.
    ("2026-11-22 10:00", [REVIEW, REFER], ["late 2026-11-30 00:00"], "referred"),
    ("2026-11-22 10:00", [REVIEW, REFER, "2026-11-25 09:00 answer"],
     ["late 2026-11-30 00:00"], "answered, not closed"),
    ("2026-11-22 10:00", [REVIEW, REFER, "2026-11-25 09:00 answer", "2026-11-26 09:00 close"],
     [], "closed in time"),
    ("2026-11-22 10:00", [REVIEW, REFER, "2026-11-25 09:00 answer", "2026-11-29 23:59 close"],
     [], "closed in the last minute"),
    ("2026-11-22 10:00", [REVIEW, REFER, "2026-11-25 09:00 answer", "2026-11-30 00:00 close"],
     ["late 2026-11-30 00:00"], "closed a minute too late"),
    ("2026-11-22 10:00", [REVIEW, REFER, "2026-12-01 09:00 answer", "2026-12-05 09:00 close"],
     ["late 2026-11-30 00:00"], "told once, however late"),
    ("2026-11-22 10:00", [REVIEW, "2026-11-25 09:00 reject"], [], "rejected"),
    ("2026-11-22 10:00", ["2026-11-25 09:00 cancel"], [], "cancelled by the beneficiary"),
    ("2026-11-22 10:00", [REVIEW, REFER, "2026-11-25 09:00 answer", "2026-11-26 09:00 send_back"],
     ["late 2026-11-30 00:00"], "sent back to the agency"),
    ("2026-11-22 10:00",
     [REVIEW, REFER, "2026-11-24 09:00 return_to_amer", "2026-11-25 09:00 refer"],
     ["late 2026-11-30 00:00"], "referred to the wrong agency first"),
    # Missing data: 48 hours by the clock, a reminder after 24; the time to answer stands still.
    ("2026-11-22 10:00", [REVIEW, ASK],
     ["missing_data_reminder 2026-11-24 09:00", "expired 2026-11-25 09:00"], "never answered"),
    ("2026-11-22 10:00", [REVIEW, ASK, "2026-11-24 08:00 update"],
     ["late 2026-12-01 00:00"], "answered within a day"),
    ("2026-11-22 10:00", [REVIEW, ASK, "2026-11-24 09:00 update"],
     ["missing_data_reminder 2026-11-24 09:00", "late 2026-12-01 00:00"],
     "answered at hour 24:00"),
    ("2026-11-22 10:00", [REVIEW, ASK, "2026-11-25 08:59 update"],
     ["missing_data_reminder 2026-11-24 09:00", "late 2026-12-02 00:00"],
     "asked at hour 23, answered at hour 47:59"),
    ("2026-11-22 10:00", [REVIEW, ASK, "2026-11-25 09:00 !update"],
     ["missing_data_reminder 2026-11-24 09:00", "expired 2026-11-25 09:00"],
     "answered at hour 48:00"),
    ("2026-11-22 10:00", [REVIEW, "2026-11-26 16:00 request_data"],
     ["missing_data_reminder 2026-11-27 16:00", "expired 2026-11-28 16:00"], "over the weekend"),
    ("2026-11-22 10:00", [REVIEW, ASK, "2026-11-24 12:00 cancel"],
     ["missing_data_reminder 2026-11-24 09:00"], "cancelled while data is missing"),
    ("2026-11-22 10:00",
     [REVIEW, ASK, "2026-11-23 15:00 update", "2026-11-25 10:00 request_data",
      "2026-11-26 12:00 update"],
     ["missing_data_reminder 2026-11-26 10:00", "late 2026-12-01 00:00"], "two pauses"),
    ("2026-11-22 10:00",
     [REVIEW, ASK, "2026-11-24 10:00 update", "2026-11-29 10:00 request_data",
      "2026-11-30 11:00 update"],
     ["missing_data_reminder 2026-11-24 09:00", "missing_data_reminder 2026-11-30 10:00",
      "late 2026-12-02 00:00"], "two pauses, reminded in each"),
    ("2026-11-22 10:00",
     [REVIEW, ASK, "2026-11-24 10:00 update", "2026-11-24 11:00 request_data"],
     ["missing_data_reminder 2026-11-24 09:00", "missing_data_reminder 2026-11-25 11:00",
      "expired 2026-11-26 11:00"], "two pauses, the second runs out"),
    ("2026-11-22 10:00", [REVIEW, "2026-11-29 10:00 request_data", "2026-11-29 12:00 update"],
     ["late 2026-12-01 00:00"], "on the last day: a day is left"),
    ("2026-11-22 10:00", [REVIEW, "2026-11-28 12:00 request_data"],
     ["missing_data_reminder 2026-11-29 12:00", "expired 2026-11-30 12:00"],
     "past the date while data is missing: not late"),
    ("2026-11-22 10:00", [REVIEW, "2026-11-28 12:00 request_data", "2026-11-30 11:00 update"],
     ["missing_data_reminder 2026-11-29 12:00", "late 2026-12-02 00:00"],
     "past the date while data is missing, then goes on"),
    ("2026-11-22 10:00", [REVIEW, "2026-12-02 10:00 request_data", "2026-12-03 12:00 update"],
     ["late 2026-11-30 00:00", "missing_data_reminder 2026-12-03 10:00", "late 2026-12-07 00:00"],
     "late, then data is asked for: told once for each deadline"),
    ("2026-11-22 10:00", [REVIEW, "2026-12-01 10:00 request_data"],
     ["late 2026-11-30 00:00", "missing_data_reminder 2026-12-02 10:00",
      "expired 2026-12-03 10:00"], "late, then data never comes"),
    ("2026-11-22 10:00",
     [REVIEW, REFER, "2026-11-24 10:00 request_data", "2026-11-25 11:00 update"],
     ["missing_data_reminder 2026-11-25 10:00", "late 2026-12-01 00:00"], "asked by the agency"),
    ("2026-03-17 10:00",
     ["2026-03-17 11:00 start_review", "2026-03-18 10:00 request_data", "2026-03-20 09:00 update"],
     ["missing_data_reminder 2026-03-19 10:00", "late 2026-03-31 00:00"],
     "asked before Eid al-Fitr, answered during it"),
    # Reopening: a new time begins when it is accepted.
    ("2026-11-22 10:00",
     [REVIEW, REFER, "2026-11-24 09:00 answer", "2026-11-25 12:00 close",
      "2026-11-30 10:00 request_reopening", "2026-12-02 09:00 accept_reopening"],
     ["late 2026-12-10 00:00"], "reopened after its first date"),
    ("2026-11-22 10:00",
     [REVIEW, REFER, "2026-11-24 09:00 answer", "2026-11-25 12:00 close",
      "2026-11-30 10:00 request_reopening", "2026-12-02 09:00 refuse_reopening"],
     [], "reopening refused"),
    ("2026-11-22 10:00",
     [REVIEW, REFER, "2026-12-01 09:00 answer", "2026-12-02 12:00 close",
      "2026-12-03 10:00 request_reopening", "2026-12-06 09:00 accept_reopening"],
     ["late 2026-11-30 00:00", "late 2026-12-14 00:00"], "late, reopened, late again"),
    ("2026-11-22 10:00",
     [REVIEW, REFER, "2026-11-24 09:00 answer", "2026-11-25 12:00 close",
      "2026-11-26 10:00 request_reopening", "2026-11-29 09:00 accept_reopening",
      "2026-12-01 09:00 answer", "2026-12-02 09:00 close"],
     [], "reopened and closed again in time"),
    ("2026-11-22 10:00",
     [REVIEW, REFER, "2026-11-24 09:00 answer", "2026-11-25 12:00 close",
      "2026-12-09 11:59 request_reopening"],
     [], "asked for reopening in the last minute of 14 days"),
    ("2026-11-22 10:00",
     [REVIEW, REFER, "2026-11-24 09:00 answer", "2026-11-25 12:00 close",
      "2026-12-09 12:00 !request_reopening"],
     [], "asked for reopening a minute too late"),
    # The worker is down: what it missed comes when it is back, once, and only if it is still true.
    ("2026-11-22 10:00", ["2026-11-29 12:00 down", "2026-11-30 12:00 up"],
     ["late 2026-11-30 12:00"], "down for 24 hours over the date"),
    ("2026-11-22 10:00", ["2026-11-25 00:00 down", "2026-12-25 12:00 up"],
     ["late 2026-12-25 12:00"], "down for a month"),
    ("2026-11-22 10:00", [REVIEW, ASK, "2026-11-24 08:00 down", "2026-11-25 08:00 up"],
     ["missing_data_reminder 2026-11-25 08:00", "expired 2026-11-25 09:00"],
     "down over the reminder"),
    ("2026-11-22 10:00", [REVIEW, ASK, "2026-11-24 08:00 down", "2026-11-25 10:00 up"],
     ["expired 2026-11-25 10:00"], "down over reminder and expiry: no reminder of what is over"),
    ("2026-11-22 10:00",
     [REVIEW, ASK, "2026-11-24 08:00 down", "2026-11-24 20:00 update", "2026-11-25 10:00 up"],
     ["late 2026-12-01 00:00"], "answered while it was down"),
    ("2026-11-22 10:00",
     [REVIEW, ASK, "2026-11-24 08:00 down", "2026-11-25 08:59 update", "2026-11-25 10:00 up"],
     ["late 2026-12-02 00:00"], "answered at hour 47:59 while it was down"),
    ("2026-11-22 10:00",
     [REVIEW, ASK, "2026-11-24 08:00 down", "2026-11-25 09:30 !update", "2026-11-25 12:00 up"],
     ["expired 2026-11-25 12:00"], "answered too late while it was down"),
    ("2026-11-22 10:00",
     [REVIEW, REFER, "2026-11-29 08:00 down", "2026-12-01 09:00 answer", "2026-12-01 10:00 close",
      "2026-12-05 09:00 up"],
     [], "late and closed while it was down"),
    ("2026-11-22 10:00",
     [REVIEW, "2026-11-29 08:00 down", "2026-12-01 09:00 request_data", "2026-12-01 12:00 up",
      "2026-12-02 10:00 update"],
     ["missing_data_reminder 2026-12-02 09:00", "late 2026-12-04 00:00"],
     "late while it was down, and data asked for"),
    # The calendar changes afterwards.
    ("2026-11-22 10:00", ["2026-11-24 09:00 off 2026-11-25"],
     ["late 2026-12-01 00:00"], "a holiday declared afterwards"),
    ("2026-11-22 10:00", ["2026-11-24 09:00 worked 2026-11-28"],
     ["late 2026-11-29 00:00"], "a Saturday worked"),
    ("2026-11-22 10:00", ["2026-12-01 09:00 off 2026-11-26"],
     ["late 2026-11-30 00:00"], "declared when both dates have passed: not told twice"),
    ("2026-11-22 10:00", ["2026-12-01 09:00 off 2026-11-25 2026-11-26 2026-11-29"],
     ["late 2026-11-30 00:00", "late 2026-12-03 00:00"], "declared late: a new date, told anew"),
    ("2026-11-22 10:00",
     [REVIEW, "2026-11-24 10:00 request_data", "2026-11-24 12:00 off 2026-11-25",
      "2026-11-26 09:00 update"],
     ["missing_data_reminder 2026-11-25 10:00", "late 2026-12-02 00:00"],
     "a coming holiday declared while data is missing"),
    ("2026-11-22 10:00",
     [REVIEW, "2026-11-24 10:00 request_data", "2026-11-24 12:00 off 2026-11-23",
      "2026-11-25 09:00 update"],
     ["late 2026-12-02 00:00"], "a past holiday declared while data is missing"),
    # What was left when data was asked for is counted again by the calendar as it is now.
    ("2026-11-22 10:00",
     [REVIEW, "2026-11-25 10:00 request_data", "2026-11-26 10:00 update",
      "2026-11-26 12:00 off 2026-11-24"],
     ["missing_data_reminder 2026-11-26 10:00", "late 2026-12-02 00:00"],
     "a holiday before a pause declared after it"),
    ("2026-11-22 10:00",
     [REVIEW, "2026-11-25 10:00 request_data", "2026-11-25 12:00 off 2026-11-24",
      "2026-11-26 10:00 update"],
     ["missing_data_reminder 2026-11-26 10:00", "late 2026-12-02 00:00"],
     "the same, declared in the pause"),
    ("2026-11-22 10:00",
     [REVIEW, "2026-11-25 10:00 request_data", "2026-11-26 10:00 update",
      "2026-11-26 12:00 off 2026-11-26"],
     ["missing_data_reminder 2026-11-26 10:00", "late 2026-12-01 00:00"],
     "a holiday on the day on which the data came"),
    ("2026-11-22 10:00",
     [REVIEW, "2026-11-24 10:00 request_data", "2026-11-26 09:00 update",
      "2026-11-26 12:00 off 2026-11-25"],
     ["missing_data_reminder 2026-11-25 10:00", "late 2026-12-02 00:00"],
     "a holiday within a pause, of which nothing was counted but what was left"),
    ("2026-11-22 10:00",
     [REVIEW, "2026-11-24 10:00 request_data", "2026-11-25 09:00 update",
      "2026-11-26 10:00 request_data", "2026-11-26 15:00 update",
      "2026-11-28 12:00 off 2026-11-23"],
     ["late 2026-12-02 00:00"], "a holiday before two pauses"),
    ("2026-11-22 10:00",
     [REVIEW, "2026-11-24 10:00 request_data", "2026-11-25 09:00 update",
      "2026-11-26 10:00 request_data", "2026-11-26 11:00 off 2026-11-23",
      "2026-11-26 15:00 update"],
     ["late 2026-12-02 00:00"], "a holiday before two pauses declared in the second"),
    ("2026-11-22 10:00",
     [REVIEW, "2026-11-29 10:00 request_data", "2026-11-30 09:00 update",
      "2026-11-30 12:00 worked 2026-11-28"],
     ["late 2026-12-02 00:00"], "fewer were left than none: a day is"),
    ("2026-11-22 10:00",
     [REVIEW, REFER, "2026-11-24 09:00 answer", "2026-11-25 12:00 close",
      "2026-11-30 10:00 request_reopening", "2026-12-02 09:00 accept_reopening",
      "2026-12-07 09:00 request_data", "2026-12-07 12:00 update",
      "2026-12-07 13:00 off 2026-11-23 2026-12-03"],
     ["late 2026-12-11 00:00"], "reopened: only what was counted since then"),
    # A promised date of an accepted request: the agency is reminded, the beneficiary waits.
    ("2026-11-22 10:00", ["2026-11-24 09:00 promise 2026-12-10"],
     ["promise_due 2026-12-10 08:00", "promise_due 2026-12-17 08:00"], "promised, never delivered"),
    ("2026-11-22 10:00", ["2026-11-24 09:00 promise 2026-12-10", "2026-12-10 07:59 deliver"],
     [], "delivered a minute before the reminder"),
    ("2026-11-22 10:00", ["2026-11-24 09:00 promise 2026-12-10", "2026-12-10 08:00 deliver"],
     ["promise_due 2026-12-10 08:00"], "delivered on its day"),
    ("2026-11-22 10:00", ["2026-11-24 09:00 promise 2026-12-11", "2026-12-17 23:59 deliver"],
     ["promise_due 2026-12-11 08:00"], "promised for a Friday, delivered within a week"),
    ("2026-11-22 10:00", ["2026-11-24 07:00 promise 2026-11-24"],
     ["promise_due 2026-11-24 08:00", "promise_due 2026-12-01 08:00"], "promised for the same day"),
    ("2026-11-22 10:00",
     ["2026-11-24 09:00 promise 2026-12-10", "2026-12-09 12:00 down", "2026-12-12 12:00 up"],
     ["promise_due 2026-12-12 12:00", "promise_due 2026-12-17 08:00"],
     "down over the promised date"),
    ("2026-11-22 10:00",
     ["2026-11-24 09:00 promise 2026-12-10", "2026-12-09 12:00 down", "2026-12-20 12:00 up"],
     ["promise_due 2026-12-20 12:00"], "down over both: reminded once"),
    ("2026-11-22 10:00",
     ["2026-11-24 09:00 promise 2026-12-10", "2026-12-09 12:00 down", "2026-12-11 09:00 deliver",
      "2026-12-20 12:00 up"],
     [], "delivered while it was down"),
    ("2026-11-22 10:00",
     ["2026-11-24 09:00 promise 2026-11-29", "2026-11-25 09:00 off 2026-11-29"],
     ["promise_due 2026-11-29 08:00", "promise_due 2026-12-06 08:00"],
     "a holiday moves no promise"),
]  # fmt: skip


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=RIYADH)


class Life:
    """One report, lived through."""

    def __init__(self) -> None:
        self.calendar = SAUDI
        self.working = True
        self.now = at("2026-01-01 00:00")
        self.id = 0
        self.staff = 0
        self.told: list[str] = []

    async def file(self, when: str) -> None:
        self.now = at(when)
        submitted = self.now
        made = await filed.report(
            await filed.person(), "received", submitted_at=submitted,
            due_at=deadlines.resolution(submitted, SAUDI, RIYADH, 5),
            due_from=submitted.date(), due_days=5,
            completeness_due_at=deadlines.completeness(submitted, SAUDI, RIYADH),
        )  # fmt: skip
        self.id, self.staff = made["id"], await filed.reviewer()

    async def row(self) -> dict[str, Any]:
        row = await fetch_one("SELECT * FROM report WHERE id = $1", self.id)
        assert row is not None
        return dict(row)

    async def until(self, end: datetime) -> None:
        """Time passes, with the sweep at each instant at which something could happen."""
        while self.working:
            row = await self.row()
            asked = row["data_asked_at"]
            instants = [row["due_at"], row["data_due_at"], asked and asked + timedelta(hours=24)]
            if row["promised_on"]:
                morning = at(f"{row['promised_on']} 08:00")
                instants += [morning, morning + timedelta(days=7)]
            coming = [each for each in instants if each and self.now < each <= end]
            if not coming:
                break
            first = min(coming)
            # Not a second too early.
            await self.look(max(self.now, first - SECOND), quiet=True)
            self.now = first
            await self.look(first)
        self.now = end

    async def look(self, now: datetime, *, quiet: bool = False) -> None:
        await sweep(now, WORLD)
        # And once more: what is settled is settled.
        assert (await sweep(now, WORLD)).total == 0
        rows = await fetch(
            "SELECT moment, created_at FROM notice ORDER BY id OFFSET $1", len(self.told)
        )
        assert not (quiet and rows), f"too early: {rows}"
        for row in rows:
            local = row["created_at"].astimezone(RIYADH)
            assert local == now
            self.told.append(f"{row['moment']} {local:%Y-%m-%d %H:%M}")

    async def happens(self, what: str) -> None:
        day, time, deed, *days = what.split()
        await self.until(at(f"{day} {time}"))
        if deed == "down":
            self.working = False
        elif deed == "up":
            self.working = True
            await self.look(self.now)
        elif deed == "promise":
            # A request that was accepted on its way; the way itself is of other lives.
            await fetch(
                "UPDATE report SET kind = 'suggestion', ground = NULL, state = 'closed', "
                "ended_at = $2, outcome = 'accepted', answer = 'نعم.', promised_on = $3, "
                "referred_agency_id = agency_id, referred_at = $2 WHERE id = $1",
                self.id, self.now, date.fromisoformat(days[0]),
            )  # fmt: skip
            await filed.insert(
                "staff", role="agency_manager", agency_id=(await self.row())["agency_id"],
                name_ar="منى", name_en="Mona", email="mona@example.sa", created_at=self.now,
            )  # fmt: skip
        elif deed == "deliver":
            await fetch("UPDATE report SET delivered_at = $2 WHERE id = $1", self.id, self.now)
        elif deed in ("off", "worked"):
            await self.declare(**{deed: tuple(date.fromisoformat(each) for each in days)})
        else:
            await self.act(Action(deed.removeprefix("!")), refused=deed.startswith("!"))
        await self.explained()

    async def explained(self) -> None:
        """What the report's page shows day by day ends on the day by which it is due."""
        row = await self.row()
        if State(row["state"]) in clocks.RUNNING:
            counted = (row["due_from"], row["due_days"], row["pauses"])
            since, days = deadlines.counting(*counted, self.calendar)
            last = deadlines.counted(since, days, self.calendar)[-1].day
            assert last == deadlines.due_day(row["due_at"], RIYADH)

    async def declare(self, **days: tuple[date, ...]) -> None:
        self.calendar = corrected(**days)
        async with transaction():
            await recounting.recount(
                self.calendar, RIYADH, self.now, staff_id=self.staff,
                reason={"reason_ar": "إجازة", "reason_en": "Holiday"},
            )  # fmt: skip
        await self.look(self.now)

    async def act(self, action: Action, *, refused: bool) -> None:
        row = await self.row()
        facts = msgspec.convert(row, Facts, strict=False)
        role = next(
            (role for line in TRANSITIONS if line.action is action and line.source is facts.state
             for role in (Role.BENEFICIARY, Role.REVIEWER, Role.AGENCY_OFFICER)
             if role in line.roles), Role.BENEFICIARY,
        )  # fmt: skip
        assert (refusal(facts, action, role, self.now) is not None) == refused
        if refused:
            return
        terms = Terms(
            calendar=self.calendar, zone=RIYADH, resolution_days=5, missing_data_hours=48,
            reopen_days=14,
        )  # fmt: skip
        line = next(t for t in TRANSITIONS if t.action is action and t.source is facts.state)
        before = msgspec.convert(
            {name: row[name] for name in Standing.__struct_fields__}, Standing, strict=False
        )
        given: dict[Action, Answer | Referral] = {
            Action.ANSWER: Answer("solved", "عولج العطل."),
            Action.REFER: Referral(row["agency_id"]),
        }
        deed = Deed(
            report=self.id, version=row["version"], action=action, before=before,
            after=after(before, line, self.now, terms, given.get(action)),
            actor="beneficiary" if role is Role.BENEFICIARY else "staff",
            staff=None if role is Role.BENEFICIARY else self.staff,
            data={"items": list(filed.ITEMS)} if action is Action.REQUEST_DATA else {},
        )  # fmt: skip
        assert isinstance(await act(deed, self.now), Done)


class Facts(msgspec.Struct, frozen=True):
    kind: str
    state: State
    data_due_at: datetime | None
    reopen_until: datetime | None


@pytest.mark.parametrize(
    ("submitted", "story", "told"), [life[:3] for life in LIVES], ids=[life[3] for life in LIVES]
)
async def test_every_moment_at_its_instant(
    submitted: str, story: list[str], told: list[str]
) -> None:
    life = Life()
    await life.file(submitted)
    for happening in story:
        await life.happens(happening)
    await life.until(life.now + timedelta(days=60))
    assert life.told == told


def test_there_are_enough_of_them() -> None:
    assert len(LIVES) >= 50
    assert len({life[3] for life in LIVES}) == len(LIVES)


def test_the_document_is_that_of_the_table() -> None:
    document = Path(__file__).parents[2] / "docs" / "deadlines.md"
    assert document.read_text("utf-8").strip() == clocks.as_markdown().strip()
    named = {row.limit for row in clocks.DEADLINES if isinstance(row.limit, str)}
    assert named <= set(Settings.__struct_fields__)
