"""What staff are told and when, as lives of several days: each message at its instant, once.

Every life is lived with a look each hour, a second before each morning and at it, and so a minute
after whatever happens; while the worker is down, with none. 22 November 2026 is a Sunday; Friday
and Saturday are not worked.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.reports import filed, staff
from tests.reports.calendars import SAUDI, corrected

from balagh.database import fetch, fetch_one
from balagh.notices.messages import Email, render
from balagh.people import staff_notices, unsubscribing
from balagh.people.staff_notices import KINDS
from balagh.reports import deadlines
from balagh.reports.cases import Desk
from balagh.reports.digests import ROWS, World, sweep
from balagh.reports.lifecycle import Role

pytestmark = pytest.mark.usefixtures("db")

RIYADH = ZoneInfo("Asia/Riyadh")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
KEY = bytes(range(32))
WORLD = World(
    calendar=SAUDI, zone=RIYADH, at=time(7, 30), public_url="https://balagh.example.sa",
    secret_key=KEY,
)  # fmt: skip

# What happens (from the first look on), until when it is lived, and what is told: when, to whom,
# how many of each kind. `file A 11-29`: due at the end of that day, in nobody's hands.
LIVES: list[tuple[str, list[str], str, list[str]]] = [
    ("nothing to say, nothing sent", ["22 09:00 file A 12-10"], "26 12:00", []),
    ("what was given is told the next morning",
     ["22 09:00 file A 12-10", "22 10:00 give A reem"], "24 12:00", ["23 07:31 reem new 1"]),
    ("what somebody took themselves is no news",
     ["22 09:00 file A 12-10", "22 10:00 take A reem"], "24 12:00", []),
    ("given away again before the morning",
     ["22 09:00 file A 12-10", "22 10:00 give A reem", "22 11:00 give A majed"], "24 12:00",
     ["23 07:31 majed new 1"]),
    ("given back and again: once",
     ["22 09:00 file A 12-10", "22 10:00 give A reem", "22 11:00 give A majed",
      "22 12:00 give A reem"], "24 12:00", ["23 07:31 reem new 1"]),
    ("ended before the morning",
     ["22 09:00 file A 12-10", "22 10:00 give A reem", "22 15:00 end A"], "24 12:00", []),
    ("given a second before the morning: in it",
     ["22 09:00 file A 12-10", "23 07:29 give A reem"], "24 12:00", ["23 07:31 reem new 1"]),
    ("given just after the morning: in the next, not in both",
     ["22 09:00 file A 12-10", "22 09:30 file B 12-10", "22 10:00 give A reem",
      "23 07:31 give B reem"], "25 12:00", ["23 07:31 reem new 1", "24 07:31 reem new 1"]),
    ("given on Thursday: told on Sunday",
     ["22 09:00 file A 12-10", "26 15:00 give A reem"], "30 12:00", ["29 07:31 reem new 1"]),
    ("given on a Friday: told on Sunday",
     ["22 09:00 file A 12-10", "27 15:00 give A reem"], "30 12:00", ["29 07:31 reem new 1"]),
    ("due tomorrow, due today, overdue",
     ["22 08:00 file A 11-24", "22 08:01 take A reem"], "26 08:00",
     ["23 07:31 reem due 1", "24 07:31 reem due 1", "25 07:31 reem overdue 1",
      "26 07:31 reem overdue 1"]),
    ("on Thursday the next working day is Sunday",
     ["22 08:00 file A 11-29", "22 08:01 take A reem"], "29 08:00",
     ["26 07:31 reem due 1", "29 07:31 reem due 1"]),
    ("over a holiday that was declared",
     ["22 08:00 file A 11-26", "22 08:01 take A reem", "22 09:00 off 25"], "29 08:00",
     ["24 07:31 reem due 1", "26 07:31 reem due 1", "29 07:31 reem overdue 1"]),
    ("a Saturday that is worked",
     ["22 08:00 file A 11-28", "22 08:01 take A reem", "22 09:00 worked 28"], "28 08:00",
     ["26 07:31 reem due 1", "28 07:31 reem due 1"]),
    ("while the beneficiary is waited for, nothing is due",
     ["22 08:00 file A 11-24", "22 08:01 take A reem", "22 09:00 wait A"], "26 08:00", []),
    ("the completeness check, on its day and after",
     ["22 08:00 file A 12-10 check=11-23", "22 08:01 take A reem"], "24 08:00",
     ["23 07:31 reem check 1", "24 07:31 reem check 1"]),
    ("a mention, once",
     ["22 08:00 file A 12-10", "22 09:00 mention A hind"], "25 08:00", ["23 07:31 hind mention 1"]),
    ("a mention that was read",
     ["22 08:00 file A 12-10", "22 09:00 mention A hind", "22 10:00 read"], "25 08:00", []),
    # The agency.
    ("referred: whoever may take it and who manages hear of it",
     ["22 08:00 file A 12-10", "22 10:00 refer A"], "24 08:00",
     ["23 07:31 fahd new 1", "23 07:31 huda new 1, waiting 1", "24 07:31 huda waiting 1"]),
    ("referred, and by rule somebody's",
     ["22 08:00 file A 12-10", "22 10:00 refer A fahd"], "24 08:00",
     ["23 07:31 fahd new 1", "23 07:31 huda new 1"]),
    ("the agency's people hear when its share is due, and its manager of all",
     ["22 08:00 file A 11-24", "22 08:01 refer A fahd"], "24 08:00",
     ["23 07:31 fahd new 1, due 1", "23 07:31 huda new 1, due 1",
      "24 07:31 fahd due 1", "24 07:31 huda due 1"]),
    ("answered: the agency's share is done, Amer hears that it came back",
     ["22 08:00 file A 11-24", "22 08:01 take A reem", "22 08:02 refer A fahd",
      "22 12:00 answer A"], "23 08:00", ["23 07:31 reem new 1, due 1"]),
    ("a promise that comes and one that has passed",
     ["22 08:00 promise A 11-24", "22 08:00 promise B 11-01"], "24 08:00",
     ["23 07:31 fahd promise 2", "23 07:31 huda promise 2",
      "24 07:31 fahd promise 2", "24 07:31 huda promise 2"]),
    # The worker is down.
    ("a missed digest comes later the same day",
     ["22 09:00 file A 12-10", "22 10:00 give A reem", "22 20:00 down", "23 15:00 up"], "24 12:00",
     ["23 15:00 reem new 1"]),
    ("missed for two days: one, with all that came",
     ["22 09:00 file A 12-10", "22 09:00 file B 12-10", "22 10:00 give A reem", "22 20:00 down",
      "24 10:00 give B reem", "25 15:00 up"], "26 12:00", ["25 15:00 reem new 2"]),
    ("down over the weekend, back on a Friday: on Sunday",
     ["22 09:00 file A 12-10", "26 06:00 give A reem", "26 06:30 down", "27 15:00 up"], "30 12:00",
     ["29 07:31 reem new 1"]),
    ("down until midnight has passed: the next morning's, not yesterday's as well",
     ["22 09:00 file A 12-10", "22 10:00 give A reem", "22 20:00 down", "24 00:30 up"], "24 12:00",
     ["24 07:31 reem new 1"]),
    ("back before the morning",
     ["22 09:00 file A 12-10", "22 10:00 give A reem", "22 20:00 down", "23 07:00 up"], "24 12:00",
     ["23 07:31 reem new 1"]),
    # Otherwise chosen.
    ("none", ["22 08:00 choose reem none", "22 09:00 file A 11-24", "22 10:00 give A reem"],
     "26 12:00", []),
    ("not told while none was chosen: not told afterwards",
     ["22 08:00 choose reem none", "22 09:00 file A 12-10", "22 10:00 give A reem",
      "22 11:00 choose reem digest"], "24 12:00", []),
    ("without a kind",
     ["22 08:00 choose reem digest due,overdue", "22 09:00 file A 11-24", "22 10:00 give A reem"],
     "25 12:00", ["23 07:31 reem new 1"]),
    ("chosen after the hour: from tomorrow on",
     ["22 06:00 choose reem none", "22 08:00 file A 11-22", "22 08:01 take A reem",
      "22 09:00 choose reem digest"], "23 08:00", ["23 07:31 reem overdue 1"]),
    ("at once",
     ["22 08:00 choose reem each", "22 09:00 file A 12-10", "22 10:00 give A reem"], "24 12:00",
     ["22 10:01 reem new 1"]),
    ("at once, at any hour of any day",
     ["22 08:00 choose reem each", "22 09:00 file A 12-10", "27 23:00 give A reem"], "29 12:00",
     ["27 23:01 reem new 1"]),
    ("at once: several at the same time are one message",
     ["22 08:00 choose reem each", "22 09:00 file A 12-10", "22 09:00 file B 12-10",
      "22 10:00 give A reem", "22 10:00 give B reem"], "23 12:00", ["22 10:01 reem new 2"]),
    ("at once: due once and overdue once",
     ["22 08:00 choose reem each", "22 08:00 file A 11-24", "22 08:01 take A reem"], "29 12:00",
     ["23 07:31 reem due 1", "25 07:31 reem overdue 1"]),
    ("at once, over a weekend",
     ["22 08:00 choose reem each", "22 08:00 file A 11-29", "22 08:01 take A reem"], "30 12:00",
     ["26 07:31 reem due 1", "30 07:31 reem overdue 1"]),
    ("at once, down over both mornings: overdue, not due",
     ["22 08:00 choose reem each", "22 08:00 file A 11-24", "22 08:01 take A reem",
      "22 20:00 down", "25 15:00 up"], "29 12:00", ["25 15:00 reem overdue 1"]),
    ("at once, down over the morning before: due today is told",
     ["22 08:00 choose reem each", "22 08:00 file A 11-24", "22 08:01 take A reem",
      "22 20:00 down", "24 05:00 up"], "25 12:00",
     ["24 05:00 reem due 1", "25 07:31 reem overdue 1"]),
    ("at once, down for a week: all that came, in one message",
     ["22 08:00 choose reem each", "22 08:30 file A 12-10", "22 08:30 file B 12-10",
      "22 09:00 down", "22 10:00 give A reem", "26 10:00 give B reem", "29 15:00 up"], "30 12:00",
     ["29 15:00 reem new 2"]),
    ("from digest to at once: what was not told yet comes now",
     ["22 09:00 file A 12-10", "22 10:00 give A reem", "22 12:00 choose reem each"], "24 12:00",
     ["22 12:00 reem new 1"]),
    ("from at once to digest: nothing twice",
     ["22 08:00 choose reem each", "22 09:00 file A 12-10", "22 10:00 give A reem",
      "22 12:00 choose reem digest"], "24 12:00", ["22 10:01 reem new 1"]),
    # Away.
    ("away: told when they are back",
     ["22 09:00 file A 12-10", "22 10:00 give A reem", "22 11:00 away reem 25"], "26 12:00",
     ["25 07:31 reem new 1"]),
    ("taken out of an absence: the deputy is told",
     ["22 09:00 file A 12-10", "22 09:30 take A reem", "22 11:00 away reem 25",
      "22 12:00 give A majed"], "24 12:00", ["23 07:31 majed new 1"]),
    ("whoever has left is told nothing",
     ["22 09:00 file A 12-10", "22 10:00 give A reem", "22 11:00 left reem"], "24 12:00", []),
    # Whoever leads.
    ("what waits for Amer's team is its supervisor's",
     ["22 09:00 file A 12-10 unassigned"], "23 12:00", ["23 07:31 majed waiting 1"]),
    ("what could not be delivered too",
     ["22 09:00 fail"], "23 12:00", ["23 07:31 majed undelivered 1"]),
    ("not an SMS that an e-mail told, or will",
     ["22 09:00 fail", "22 10:00 by_email waiting"], "23 12:00", []),
    ("but one whose e-mail failed as well",
     ["22 09:00 fail", "22 10:00 by_email failed"], "23 12:00", ["23 07:31 majed undelivered 1"]),
    # The hour is moved.
    ("later on a day whose digest went out: what came since is in the next one",
     ["22 09:00 file A 12-10", "22 09:00 file B 12-10", "22 10:00 give A reem",
      "23 09:00 hour 15:00", "23 10:00 give B reem"], "24 18:00",
     ["23 07:31 reem new 1", "24 16:00 reem new 1"]),
    ("later on a day on which there was nothing to tell: then the same day",
     ["22 09:00 file A 12-10", "23 09:00 hour 15:00", "23 10:00 give A reem"], "24 18:00",
     ["23 16:00 reem new 1"]),
    ("earlier on a day whose digest went out: once",
     ["22 09:00 file A 12-10", "22 09:00 file B 12-10", "22 10:00 give A reem",
      "23 09:00 hour 06:00", "23 10:00 give B reem"], "24 18:00",
     ["23 07:31 reem new 1", "24 07:00 reem new 1"]),
]  # fmt: skip

CAST = {
    "hind": Role.INTAKE_OFFICER, "reem": Role.REVIEWER, "majed": Role.SUPERVISOR,
    "fahd": Role.AGENCY_OFFICER, "huda": Role.AGENCY_MANAGER, "salem": Role.AGENCY_OFFICER,
    "abeer": Role.ADMINISTRATOR,
}  # fmt: skip


def at(text: str) -> datetime:
    day, clock = text.split()
    return datetime.fromisoformat(f"2026-11-{day} {clock}").replace(tzinfo=RIYADH)


class Life:
    def __init__(self) -> None:
        self.world = WORLD
        self.now = at("22 05:00")
        self.desks: dict[str, Desk] = {}
        self.reports: dict[str, int] = {}
        self.agency = 0
        self.working = True
        self.read = 0
        self.told: list[str] = []

    async def begin(self) -> None:
        self.agency = await filed.agency()
        other = await staff.agency("mc")
        for name, role in CAST.items():
            where = {"fahd": self.agency, "huda": self.agency, "salem": other}.get(name)
            self.desks[name] = await staff.desk(name, role, where)
        await fetch("UPDATE staff SET told_until = $1", self.now - MINUTE)
        # Of another agency, in its officer's hands: nobody else hears of it.
        await fetch("UPDATE staff SET notify = 'none' WHERE id = $1", self.desks["salem"].staff_id)
        self.reports["other"] = (
            await filed.report(
                await filed.person(), "in_progress", referred_agency_id=other,
                officer_id=self.desks["salem"].staff_id, submitted_at=self.now, due_at=self.now,
                assignee_id=self.desks["abeer"].staff_id,
            )
        )["id"]  # fmt: skip

    async def until(self, end: datetime) -> None:
        looks = []
        each = self.now.replace(minute=0, second=0)
        while each <= end:
            looks.append(each)
            if each.hour == 7:
                looks += [each + 31 * MINUTE - SECOND, each + 31 * MINUTE]
            each += timedelta(hours=1)
        looks += [self.now + MINUTE - SECOND, self.now + MINUTE]
        for instant in sorted({one for one in looks if self.now <= one <= end}):
            await self.look(instant)
        self.now = end

    async def look(self, now: datetime) -> None:
        if not self.working:
            return
        await sweep(now, self.world)
        # And once more: what was told is told.
        assert await sweep(now, self.world) == 0
        rows = await fetch(
            "SELECT * FROM notice WHERE moment = 'staff_digest' AND id > $1 "
            "ORDER BY created_at, recipient", self.read,
        )  # fmt: skip
        for row in rows:
            assert row["created_at"] == now
            self.read = max(self.read, row["id"])
            said = json.loads(row["data"])
            parts = [f"{one['kind']} {len(one['rows'])}" for one in said["sections"]] + [
                f"{'undelivered' if one['url'].endswith('undelivered') else 'waiting'} 1"
                for one in said["team"]
            ]
            who = row["recipient"].split("@")[0]
            self.told.append(f"{now.astimezone(RIYADH):%d %H:%M} {who} {', '.join(parts)}")

    async def happens(self, what: str) -> None:
        day, clock, deed, *words = what.split()
        moment = at(f"{day} {clock}")
        await self.until(moment)
        await getattr(self, f"_{deed}")(*words)

    async def _file(self, name: str, due: str, *more: str) -> None:
        check = next((one[6:] for one in more if one.startswith("check=")), "12-10")
        made = await filed.report(
            await filed.person(), "under_review", submitted_at=self.now, due_at=end_of(due),
            completeness_due_at=end_of(check),
            # Somebody has it who hears nothing, unless it is said otherwise.
            assignee_id=None if "unassigned" in more else self.desks["abeer"].staff_id,
        )  # fmt: skip
        self.reports[name] = made["id"]

    async def _give(self, name: str, to: str, by: str = "abeer") -> None:
        await fetch(
            "WITH given AS (UPDATE report SET assignee_id = $2 WHERE id = $1) "
            "INSERT INTO event (report_id, at, action, actor, staff_id, public, side, data) "
            "VALUES ($1, $3, 'assign', 'staff', $4, false, 'amer', hands(NULL, $2))",
            self.reports[name], self.desks[to].staff_id, self.now, self.desks[by].staff_id,
        )  # fmt: skip

    async def _take(self, name: str, by: str) -> None:
        await self._give(name, by, by)

    async def _moved(self, name: str, action: str, state: str, **columns: object) -> None:
        await fetch(
            "INSERT INTO event (report_id, at, action, to_state, actor, staff_id) "
            "VALUES ($1, $2, $3, $4, 'staff', $5)",
            self.reports[name], self.now, action, state, self.desks["abeer"].staff_id,
        )  # fmt: skip
        sets = "".join(f", {column} = ${n}" for n, column in enumerate(columns, 3))
        await fetch(
            f"UPDATE report SET state = $2{sets} WHERE id = $1",
            self.reports[name], state, *columns.values(),
        )  # fmt: skip

    async def _refer(self, name: str, officer: str = "") -> None:
        id = self.desks[officer].staff_id if officer else None
        await self._moved(
            name, "refer", "in_progress", referred_agency_id=self.agency, referred_at=self.now,
            officer_id=id,
        )  # fmt: skip
        if officer:
            await fetch(
                "INSERT INTO event (report_id, at, action, actor, public, side, data) VALUES "
                "($1, $2, 'assign', 'clock', false, 'agency', hands(NULL, $3))",
                self.reports[name], self.now, id,
            )  # fmt: skip

    async def _answer(self, name: str) -> None:
        await self._moved(name, "answer", "answered")

    async def _wait(self, name: str) -> None:
        await fetch(
            "UPDATE report SET state = 'missing_data', data_due_at = $2, data_asked_at = $2, "
            "resume_state = 'under_review', paused_working_days = 2 WHERE id = $1",
            self.reports[name], self.now,
        )  # fmt: skip

    async def _end(self, name: str) -> None:
        await fetch(
            "UPDATE report SET state = 'rejected', ended_at = $2 WHERE id = $1",
            self.reports[name], self.now,
        )  # fmt: skip

    async def _promise(self, name: str, day: str) -> None:
        made = await filed.report(
            await filed.person(), "closed", now=self.now, kind="suggestion", outcome="accepted",
            promised_on=date.fromisoformat(f"2026-{day}"), referred_agency_id=self.agency,
            reopen_until=None,
        )  # fmt: skip
        self.reports[name] = made["id"]

    async def _mention(self, name: str, who: str) -> None:
        event = await filed.new_id(
            "event", report_id=self.reports[name], at=self.now, action="note", actor="staff",
            staff_id=self.desks["abeer"].staff_id, public=False, side="amer",
        )  # fmt: skip
        await filed.new_id("mention", event_id=event, staff_id=self.desks[who].staff_id)

    async def _read(self) -> None:
        await fetch("UPDATE mention SET read_at = $1", self.now)

    async def _choose(self, who: str, how: Any, without: str = "") -> None:
        kinds: Any = without.split(",") if without else []
        await staff_notices.choose(self.desks[who].staff_id, how, kinds, self.now)

    async def _off(self, day: str) -> None:
        self._corrected(off=(date(2026, 11, int(day)),))

    async def _worked(self, day: str) -> None:
        self._corrected(worked=(date(2026, 11, int(day)),))

    def _corrected(self, **days: Any) -> None:
        self.world = World(
            calendar=corrected(**days), zone=RIYADH, at=WORLD.at, public_url=WORLD.public_url,
            secret_key=KEY,
        )  # fmt: skip

    async def _down(self) -> None:
        self.working = False

    async def _up(self) -> None:
        self.working = True
        await self.look(self.now)

    async def _away(self, who: str, until: str) -> None:
        await fetch(
            "UPDATE staff SET away_from = $2, away_until = $3, deputy_id = $4 WHERE id = $1",
            self.desks[who].staff_id, self.now, at(f"{until} 00:00"), self.desks["majed"].staff_id,
        )  # fmt: skip

    async def _left(self, who: str) -> None:
        await fetch("UPDATE staff SET active = false WHERE id = $1", self.desks[who].staff_id)

    async def _fail(self) -> None:
        await failed_notice(self.now)

    async def _by_email(self, state: str) -> None:
        await filed.new_id(
            "notice", key="report:1:opened:1:sms:fallback", moment="opened", channel="email",
            recipient="n@example.sa", language="ar", state=state, next_attempt_at=self.now,
            created_at=self.now, dismissed_at=self.now if state == "failed" else None,
        )  # fmt: skip

    async def _hour(self, at: str) -> None:
        self.world = msgspec.structs.replace(self.world, at=time.fromisoformat(at))


async def failed_notice(now: datetime) -> None:
    await filed.new_id(
        "notice", key="report:1:opened:1:sms", moment="opened", channel="sms", recipient="+9665",
        language="ar", state="failed", next_attempt_at=now, created_at=now, failed_at=now,
    )  # fmt: skip


def end_of(day: str) -> datetime:
    return deadlines.end_of(date.fromisoformat(f"2026-{day}"), RIYADH)


@pytest.mark.parametrize(
    ("story", "end", "told"), [life[1:] for life in LIVES], ids=[life[0] for life in LIVES]
)
async def test_lives(story: list[str], end: str, told: list[str]) -> None:
    life = Life()
    await life.begin()
    for what in story:
        await life.happens(what)
    await life.until(at(end))
    assert life.told == told


@pytest.mark.parametrize("round", range(20))
async def test_two_workers_at_once(round: int) -> None:
    """Whoever is first has the member; nobody is told twice, and nobody is left out."""
    life = Life()
    await life.begin()
    await life.happens("22 06:00 file A 12-10")
    await life._give("A", "reem")
    await life._choose("majed", "each")
    await life._file("B", "12-10")
    await life._give("B", "majed")
    made = await asyncio.gather(*(sweep(at("22 09:00"), WORLD) for _ in range(2)))
    # What the one passed over because the other had it is told by then.
    assert sum(made) == 2, round
    assert await sweep(at("22 09:00"), WORLD) == 0
    rows = await fetch("SELECT recipient FROM notice ORDER BY recipient")
    assert [row["recipient"] for row in rows] == ["majed@example.sa", "reem@example.sa"]


async def test_a_look_that_breaks_off_tells_nothing() -> None:
    """Its message and how far somebody was told are written together, or not at all."""
    life = Life()
    await life.begin()
    await life.happens("22 06:00 file A 12-10")
    await life._give("A", "reem")
    await fetch("ALTER TABLE staff ADD CONSTRAINT stuck CHECK (told_until < '2026-11-22 08:00+03')")
    try:
        with pytest.raises(Exception, match="stuck"):
            await sweep(at("22 09:00"), WORLD)
    finally:
        await fetch("ALTER TABLE staff DROP CONSTRAINT stuck")
    assert await fetch("SELECT 1 FROM notice") == []
    assert await sweep(at("22 10:00"), WORLD) == 1


async def test_more_than_its_rows_is_counted() -> None:
    life = Life()
    await life.begin()
    for n in range(ROWS + 3):
        await life._file(f"R{n}", "12-10")
        await life._give(f"R{n}", "reem")
    assert await sweep(at("22 09:00"), WORLD) == 1
    (section,) = (await said())["sections"]
    assert section["title"] == "13 بلاغًا جديدًا"
    assert len(section["rows"]) == ROWS
    assert section["more"] == "و3 أخرى"


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_the_message(language: str) -> None:
    """In the member's language, with numbers, kinds and agencies, and nobody's words or names."""
    life = Life()
    await life.begin()
    await fetch("UPDATE staff SET language = $1", language)
    await life._file("A", "11-24")
    await life._give("A", "reem")
    await sweep(at("22 09:00"), WORLD)
    row = await fetch_one("SELECT * FROM notice")
    assert row is not None
    assert row["language"] == language
    assert row["key"] == f"digest:{life.desks['reem'].staff_id}:2026-11-22"
    message = render(row["moment"], row["channel"], row["language"], json.loads(row["data"]))
    assert isinstance(message, Email)
    number = (await fetch("SELECT number FROM report ORDER BY id DESC"))[0]["number"]
    grouped = f"{number[:3]} {number[3:6]} {number[6:]}"
    first = "1 new report" if language == "en" else "بلاغ جديد واحد"
    assert first in message.subject
    for text in (message.text, message.html):
        assert grouped in text
        assert f"https://balagh.example.sa/cases/{number}" in text
        assert "https://balagh.example.sa/unsubscribe/" in text
        for hidden in ("لم تُجدَّد", "نورة", "سددت", "تجديد الرخصة", "+966", "n@example.sa"):
            assert hidden not in text
    token = json.loads(row["data"])["unsubscribe"].rpartition("/")[2]
    found = unsubscribing.read(token, KEY)
    assert found is not None
    assert found[0] == life.desks["reem"].staff_id
    assert timedelta(days=179) < found[1] - at("22 09:00") < timedelta(days=181)


async def test_every_role_but_the_administrator_has_kinds() -> None:
    desks = {role.value for role in Role} - {"beneficiary", "clock", "administrator"}
    assert KINDS.keys() == desks


async def test_stopping_takes_back_what_waits() -> None:
    life = Life()
    await life.begin()
    await life._file("A", "12-10")
    await life._give("A", "reem")
    await life._file("B", "12-10")
    await life._give("B", "majed")
    assert await sweep(at("22 09:00"), WORLD) == 2
    assert await unsubscribing.stop(life.desks["reem"].staff_id)
    assert await unsubscribing.stop(life.desks["reem"].staff_id)
    assert recipients(await fetch("SELECT recipient FROM notice")) == ["majed@example.sa"]
    assert not await unsubscribing.stop(10**12)


def recipients(rows: Sequence[Any]) -> list[str]:
    return [row["recipient"] for row in rows]


async def said() -> Any:
    row = await fetch_one("SELECT data FROM notice ORDER BY id DESC")
    assert row is not None
    return json.loads(row["data"])
