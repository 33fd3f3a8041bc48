"""Two act on one report at once: one does it, the other is told, nothing is written twice."""

import asyncio
import json
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.reports import filed
from tests.reports.calendars import SAUDI
from tests.reports.filed import NOW

from balagh.database import fetch
from balagh.reports import inboxes
from balagh.reports.acting import Deed, Done, Notice, Overtaken, act
from balagh.reports.inboxes import WholeReport
from balagh.reports.lifecycle import Action, Role, State, transition
from balagh.reports.standing import Terms, after

pytestmark = pytest.mark.usefixtures("db")

TERMS = Terms(
    calendar=SAUDI, zone=ZoneInfo("Asia/Riyadh"), resolution_days=5, missing_data_hours=48,
    reopen_days=14,
)  # fmt: skip
SMS = Notice(
    moment="cancelled", channel="sms", recipient="+966553184471", language="ar", data={"n": 1}
)
NOTICES = (SMS, msgspec.structs.replace(SMS, channel="email", recipient="n@example.sa"))


async def seen(person: int, number: str) -> WholeReport:
    found = await inboxes.report_of(person, number)
    assert found is not None
    return found


def deed(report: WholeReport, action: Action, **more: object) -> Deed:
    row = transition(report.state, action, Role.BENEFICIARY)
    assert row is not None
    before = report.standing()
    made = Deed(
        report=report.id, version=report.version, action=action, before=before,
        after=after(before, row, NOW, TERMS), actor="beneficiary",
    )  # fmt: skip
    return msgspec.structs.replace(made, **more)


async def test_a_deed_with_all_that_comes_with_it() -> None:
    person = await filed.person()
    made = await filed.report(person, "missing_data")
    kept = [await filed.pending_file(made["id"], person, item=n) for n in (0, 1)]
    left = await filed.pending_file(made["id"], person)
    await filed.insert("action_draft", report_id=made["id"], action="update", updated_at=NOW)
    report = await seen(person, made["number"])
    done = await act(
        deed(report, Action.UPDATE, data={"answers": [1]}, files=tuple(kept), notices=NOTICES), NOW
    )
    assert isinstance(done, Done)
    (row,) = await fetch("SELECT * FROM report")
    assert (row["state"], row["version"], row["data_due_at"]) == ("under_review", 2, None)
    assert (row["paused_working_days"], row["resume_state"]) == (None, None)
    (event,) = await fetch("SELECT * FROM event WHERE id = $1", done.event)
    assert (event["action"], event["from_state"], event["to_state"]) == (
        "update", "missing_data", "under_review",
    )  # fmt: skip
    assert (event["actor"], event["at"], json.loads(event["data"])) == (
        "beneficiary", NOW, {"answers": [1]},
    )  # fmt: skip
    files = {row["id"]: row for row in await fetch("SELECT * FROM attachment")}
    assert {id for id, row in files.items() if row["event_id"] == done.event} == set(kept)
    assert all(files[id]["pending_action"] is None for id in kept)
    assert files[left]["pending_action"] == "update"
    assert await fetch("SELECT 1 FROM action_draft") == []
    keys = [row["key"] for row in await fetch("SELECT key FROM notice ORDER BY key DESC")]
    assert keys == [f"report:{made['id']}:cancelled:2:{channel}" for channel in ("sms", "email")]


async def test_of_two_at_once_one_does_it_and_the_other_is_told() -> None:
    """A hundred rounds of update against cancel, and of the same cancellation twice."""
    person = await filed.person()
    winners: list[Action] = []
    for number in range(100):
        made = await filed.report(person, "missing_data")
        file = await filed.pending_file(made["id"], person, item=0)
        report = await seen(person, made["number"])
        cancel = deed(report, Action.CANCEL, notices=NOTICES, data={"reason": "one"})
        other = (
            deed(report, Action.UPDATE, files=(file,), data={"answers": []})
            if number % 2
            else msgspec.structs.replace(cancel, data={"reason": "two"})
        )
        pair = (cancel, other) if number % 4 < 2 else (other, cancel)
        at = [NOW, NOW + timedelta(milliseconds=1)]
        outcomes = await asyncio.gather(*(act(one, at[n]) for n, one in enumerate(pair)))
        (won,) = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Done)]
        assert [outcome for n, outcome in enumerate(outcomes) if n != won] == [Overtaken()]
        winner = pair[won]
        winners.append(winner.action)
        await _written_once(made["id"], winner, file)
    # Which of them is first is chance; that each has been first shows that they did race.
    assert {Action.CANCEL, Action.UPDATE} == set(winners)


async def _written_once(report: int, winner: Deed, file: UUID) -> None:
    (row,) = await fetch("SELECT state, version FROM report WHERE id = $1", report)
    assert (row["state"], row["version"]) == (winner.after.state, 2)
    events = await fetch(
        "SELECT action, data, id FROM event WHERE report_id = $1 ORDER BY id", report
    )
    assert [event["action"] for event in events] == ["request_data", winner.action]
    assert json.loads(events[1]["data"]) == winner.data
    notices = await fetch("SELECT key FROM notice WHERE key LIKE $1", f"report:{report}:%")
    assert len(notices) == len(winner.notices)
    (kept,) = await fetch("SELECT event_id, pending_action FROM attachment WHERE id = $1", file)
    if winner.files:
        assert (kept["event_id"], kept["pending_action"]) == (events[1]["id"], None)
    else:
        assert (kept["event_id"], kept["pending_action"]) == (None, "update")


async def test_ten_at_once() -> None:
    person = await filed.person()
    made = await filed.report(person)
    report = await seen(person, made["number"])
    outcomes = await asyncio.gather(
        *(act(deed(report, Action.CANCEL, notices=NOTICES), NOW) for _ in range(10))
    )
    assert sum(isinstance(outcome, Done) for outcome in outcomes) == 1
    assert len(await fetch("SELECT 1 FROM event")) == 2
    assert len(await fetch("SELECT 1 FROM notice")) == 2


async def test_what_staff_does_meanwhile_leaves_what_the_beneficiary_wrote() -> None:
    """Staff may update on their behalf; the words that were on their way are not thrown away."""
    person = await filed.person()
    made = await filed.report(person, "missing_data")
    await filed.insert("action_draft", report_id=made["id"], action="update", updated_at=NOW)
    report = await seen(person, made["number"])
    by_staff = deed(report, Action.UPDATE, actor="staff", staff=await filed.reviewer())
    assert isinstance(await act(by_staff, NOW), Done)
    assert len(await fetch("SELECT 1 FROM action_draft")) == 1


async def test_a_file_of_another_report_or_one_that_is_no_longer_pending_stays() -> None:
    person = await filed.person()
    made, other = [await filed.report(person, "missing_data") for _ in range(2)]
    theirs = await filed.pending_file(other["id"], person)
    filed_with = await filed.pending_file(made["id"], person, pending_action=None)
    reopening = await filed.pending_file(made["id"], person, pending_action="request_reopening")
    report = await seen(person, made["number"])
    await act(deed(report, Action.UPDATE, files=(theirs, filed_with, reopening)), NOW)
    assert await fetch("SELECT 1 FROM attachment WHERE event_id IS NOT NULL") == []


@pytest.mark.parametrize("state", [state for state in State if state is not State.UNDER_REVIEW])
async def test_the_state_counts_and_not_only_the_version(state: State) -> None:
    person = await filed.person()
    made = await filed.report(person)
    report = await seen(person, made["number"])
    seen_so = msgspec.structs.replace(report.standing(), state=state)
    told = await act(msgspec.structs.replace(deed(report, Action.CANCEL), before=seen_so), NOW)
    assert told == Overtaken()
