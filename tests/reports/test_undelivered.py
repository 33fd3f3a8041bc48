"""What could not be delivered: which messages show where, and what may be done with each, once."""

import asyncio
import json
from datetime import timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest
from tests.notices.outbox import NOURA, settings_for
from tests.notices.servers import gateway, mail_server
from tests.reports import filed, staff
from tests.reports.filed import NOW

from balagh.database import fetch, fetch_one
from balagh.notices import receipts
from balagh.notices.delivery import deliver_due
from balagh.notices.moments import MOMENTS
from balagh.notices.transports.email import EmailTransport
from balagh.notices.transports.gateways.answers import Receipt, notice_of
from balagh.notices.transports.sms import SmsTransport
from balagh.reports import undelivered
from balagh.reports.lifecycle import Role
from balagh.reports.undelivered import NOT_AGAIN, Bulk, NewAddress, Tab

pytestmark = pytest.mark.usefixtures("db")

HOUR = timedelta(hours=1)
OLD, NEW = "+966553184471", "+966500000012"


async def notice(key: str = "report:1:late:1:sms", **columns: Any) -> int:
    *_, moment, _occasion, channel = key.split(":")
    values = {
        "moment": moment, "channel": channel, "recipient": OLD if channel == "sms" else "n@x.sa",
        "language": "ar", "state": "failed", "attempts": 3, "next_attempt_at": NOW,
        "created_at": NOW - 2 * HOUR, "failed_at": NOW - HOUR, "error": "SMTP refused: 550 5.1.1",
    }  # fmt: skip
    return await filed.new_id("notice", key=key, **{**values, **columns})


async def supervisor() -> int:
    return (await staff.desk("majed", Role.SUPERVISOR)).staff_id


async def row(id: int) -> dict[str, Any]:
    found = await fetch_one("SELECT * FROM notice WHERE id = $1", id)
    assert found is not None
    return dict(found)


WAITS: dict[str, Any] = {"state": "waiting", "failed_at": None, "error": None}
# What a message is like, and on which tab it stands.
SHOWN: list[tuple[str, dict[str, Any], Tab | None]] = [
    ("failed", {}, Tab.FAILED),
    ("failed long ago", {"created_at": NOW - timedelta(days=300)}, Tab.FAILED),
    ("settled", {"dismissed_at": NOW, "dismissed_why": "x"}, Tab.DISMISSED),
    ("sent", {"state": "sent", "sent_at": NOW, "failed_at": None}, None),
    ("waits a minute", {**WAITS, "created_at": NOW - timedelta(minutes=1)}, None),
    ("waits and was tried", {**WAITS, "next_attempt_at": NOW + HOUR}, Tab.WAITING),
    ("was never tried", {**WAITS, "attempts": 0, "next_attempt_at": NOW - 2 * HOUR}, Tab.WAITING),
    (
        "a worker died with it",
        {**WAITS, "attempts": 0, "next_attempt_at": NOW + timedelta(minutes=2)},
        Tab.WAITING,
    ),
    ("was just sent again by hand", {**WAITS, "attempts": 0, "resent": 1}, None),
    (
        "was sent again by hand, an hour ago",
        {**WAITS, "attempts": 0, "resent": 1, "next_attempt_at": NOW - HOUR},
        Tab.WAITING,
    ),
    ("an hour old, and tried", {**WAITS, "created_at": NOW - HOUR}, Tab.WAITING),
    ("a second less", {**WAITS, "created_at": NOW - HOUR + timedelta(seconds=1)}, None),
]


@pytest.mark.parametrize(
    ("columns", "shown"), [one[1:] for one in SHOWN], ids=[one[0] for one in SHOWN]
)
async def test_where_it_shows(columns: dict[str, Any], shown: Tab | None) -> None:
    made = await notice(**columns)
    for tab in Tab:
        lines = (await undelivered.page(tab, NOW)).lines
        assert [one.id for one in lines] == ([made] if tab is shown else [])
    counts = await undelivered.counts(NOW)
    assert counts == {tab: int(tab is shown) for tab in (Tab.FAILED, Tab.WAITING)}


async def test_filters_and_pages() -> None:
    made = [
        await notice(f"report:{n}:{'late' if n % 3 else 'opened'}:1:{'sms' if n % 2 else 'email'}")
        for n in range(12)
    ]
    newest = made[::-1]

    async def all_of(limit: int, **given: str) -> list[int]:
        found: list[int] = []
        after = None
        while True:
            page = await undelivered.page(Tab.FAILED, NOW, **given, after=after, limit=limit)
            found += [one.id for one in page.lines]
            if page.next is None:
                return found
            after = page.next

    for limit in (1, 5, 12, 50):
        assert await all_of(limit) == newest
    assert await all_of(5, channel="sms") == [id for n, id in enumerate(made) if n % 2][::-1]
    assert await all_of(5, moment="late") == [id for n, id in enumerate(made) if n % 3][::-1]
    assert await undelivered.moments() == ["late", "opened"]


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ([], False),
        ([("report:1:late:1:email", "sent")], True),
        ([("report:1:late:1:sms:fallback", "sent")], True),
        ([("report:1:late:1:email", "failed")], False),
        ([("report:1:late:2:email", "sent")], False),
    ],
)
async def test_told_by_e_mail_all_the_same(others: list[tuple[str, str]], told: bool) -> None:
    made = await notice()
    for key, state in others:
        await notice(key, moment="late", channel="email", recipient="n@x.sa", state=state)
    line = await undelivered.line(made)
    assert line is not None
    assert line.told == told


OF_A_SENDING = ("sent_at", "provider_id", "receipt", "receipt_code", "delivered_at", "failed_at")
NOT_DELIVERED: dict[str, Any] = {
    "receipt": "failed", "receipt_code": "ER-05", "provider_id": "gw-1", "sent_at": NOW,
    "error": "not delivered: ER-05",
}  # fmt: skip
# What a message is like; sent again, settled.
ACTIONS: list[tuple[str, dict[str, Any], bool, bool]] = [
    ("failed", {}, True, True),
    ("not delivered", NOT_DELIVERED, True, True),
    ("waits", WAITS, False, False),
    ("sent", {"state": "sent", "failed_at": None}, False, False),
    ("settled", {"dismissed_at": NOW, "dismissed_why": "x"}, False, False),
    ("sent again before", {"resent": 1}, False, False),
    *((moment, {"moment": moment}, False, True) for moment in NOT_AGAIN),
]


@pytest.mark.parametrize(
    ("columns", "again", "settled"), [one[1:] for one in ACTIONS], ids=[one[0] for one in ACTIONS]
)
async def test_what_may_be_done(columns: dict[str, Any], again: bool, settled: bool) -> None:
    """By whoever saw it as it was when it had not been sent again."""
    who, made = await supervisor(), await notice(**columns)
    other = await notice("report:2:late:1:sms", **columns)
    before = await row(made), await row(other)
    assert await undelivered.resend(made, 0, who, NOW) == again
    assert await undelivered.dismiss(other, 0, "هاتفيًا", who, NOW) == settled
    after = await row(made), await row(other)
    assert (after[0] != before[0], after[1] != before[1]) == (again, settled)
    if again:
        assert (after[0]["state"], after[0]["attempts"], after[0]["resent"]) == ("waiting", 0, 1)
        # Nothing is known of this sending yet.
        assert [after[0][name] for name in OF_A_SENDING] == [None] * len(OF_A_SENDING)
        assert (after[0]["next_attempt_at"], after[0]["key"]) == (NOW, before[0]["key"])
    if settled:
        assert (after[1]["dismissed_by"], after[1]["dismissed_why"]) == (who, "هاتفيًا")


async def test_sent_again_it_is_the_same_message() -> None:
    """The server refuses it for good; sent again it has the same Message-ID, and goes out once."""
    async with mail_server() as server:
        server.answer = lambda recipient: "550 5.1.1 unknown"
        made = await notice(
            "report:1:opened:1:email", data=json.dumps(NOURA), **{**WAITS, "attempts": 0}
        )
        who = await supervisor()
        transport = EmailTransport(settings_for(smtp_port=server.port), timeout=1.0)
        assert (await deliver_due({"email": transport}, NOW, channels=["email"])).failed == 1
        failed = await row(made)
        assert (failed["state"], failed["failed_at"]) == ("failed", NOW)
        server.answer = lambda recipient: "250 OK"
        later = NOW + HOUR
        results = await asyncio.gather(*(undelivered.resend(made, 0, who, later) for _ in range(5)))
        assert sorted(results) == [False] * 4 + [True]
        assert (await deliver_due({"email": transport}, later, channels=["email"])).sent == 1
        # Whoever still has the page from before presses again.
        assert not await undelivered.resend(made, 0, who, later)
        assert (await deliver_due({"email": transport}, later, channels=["email"])).total == 0
        await transport.close()
    assert [mail["Message-ID"] for mail in server.mails] == [f"<notice-{made}@example.sa>"]


@pytest.mark.parametrize("order", list(permutations(("resend", "dismiss", "address"))))
async def test_whoever_is_first(order: tuple[str, ...]) -> None:
    """Of three who act on the same failed message, in each order, one does."""
    who, made = await supervisor(), await filed.report(await filed.person())
    id = await notice(f"report:{made['id']}:late:1:sms")
    done = []
    for deed in order:
        if deed == "resend":
            done.append(await undelivered.resend(id, 0, who, NOW))
        elif deed == "dismiss":
            done.append(await undelivered.dismiss(id, 0, "told", who, NOW))
        else:
            done.append(bool(await undelivered.correct_address(new(id, made["id"], who), NOW)))
    assert done == [True, False, False]


@pytest.mark.parametrize("round", range(5))
async def test_at_the_same_time(round: int) -> None:
    who, made = await supervisor(), await filed.report(await filed.person())
    id = await notice(f"report:{made['id']}:late:1:sms")
    done = await asyncio.gather(
        undelivered.resend(id, 0, who, NOW),
        undelivered.correct_address(new(id, made["id"], who), NOW),
        undelivered.dismiss(id, 0, "told", who, NOW),
        undelivered.correct_address(new(id, made["id"], who), NOW),
    )
    assert sum(map(bool, done)) == 1, round


def new(notice: int, report: int, who: int) -> NewAddress:
    given: dict[str, Any] = {
        "notice": notice, "report": report, "version": 1, "channel": "sms", "old": OLD,
        "new": NEW, "shown": [], "staff": who,
    }  # fmt: skip
    return NewAddress(**given)


@pytest.mark.parametrize("state", ["under_review", "closed", "rejected", "missing_data"])
async def test_the_right_address(state: str) -> None:
    """Whatever the report's state: its own contact changes, with its history; what failed or waits
    at the old address goes to the new one; nothing else moves."""
    who, person = await supervisor(), await filed.person()
    made = await filed.report(person, state)
    other = await filed.report(person, state)
    id, about = made["id"], f"report:{made['id']}"
    failed = await notice(f"{about}:opened:1:sms")
    again = await notice(f"{about}:late:1:sms")
    waits = await notice(f"{about}:closed:1:sms", **{**WAITS, "attempts": 0})
    kept = [
        await notice(f"{about}:closed:1:email"),
        await notice(f"{about}:x:1:sms", state="sent", failed_at=None),
        await notice(f"{about}:y:1:sms", dismissed_at=NOW, dismissed_why="x"),
        await notice(f"{about}:z:1:sms", recipient="+966511111111"),
        await notice(f"{about}:evidence_link:1:sms", moment="evidence_link"),
        await notice(f"report:{other['id']}:late:1:sms"),
    ]
    before = [await row(one) for one in kept]
    assert await undelivered.correct_address(new(failed, id, who), NOW) == 3
    for one in (failed, again, waits):
        found = await row(one)
        assert (found["recipient"], found["state"], found["attempts"]) == (NEW, "waiting", 0)
    assert [await row(one) for one in kept] == before
    report = await fetch_one("SELECT * FROM report WHERE id = $1", id)
    assert report is not None
    assert (report["phone"], report["version"], report["state"]) == (NEW, 2, state)
    theirs = await fetch_one(
        "SELECT p.phone, r.phone AS others FROM person p, report r WHERE p.id = $1 AND r.id = $2",
        person, other["id"],
    )  # fmt: skip
    assert theirs is not None
    assert (theirs["phone"], theirs["others"]) == (OLD, OLD)
    event = await fetch_one(
        "SELECT data FROM event WHERE report_id = $1 AND action = 'correct'", id
    )
    assert event is not None
    assert json.loads(event["data"]) == {"changes": [{"field": "phone", "old": OLD, "new": NEW}]}
    entry = await fetch_one("SELECT * FROM audit ORDER BY id DESC LIMIT 1")
    assert entry is not None
    assert (entry["action"], entry["subject"], entry["staff_id"]) == ("correct", about, who)
    # And nothing of what it was or is.
    assert OLD not in entry["data"]
    assert NEW not in entry["data"]


@pytest.mark.parametrize(
    "changes", [{"version": 2}, {"old": "+966500000000"}, {"notice": 10**9}, {"report": 10**9}]
)
async def test_an_address_that_is_not_the_one_seen(changes: dict[str, Any]) -> None:
    who, made = await supervisor(), await filed.report(await filed.person())
    id = await notice(f"report:{made['id']}:late:1:sms")
    before = await row(id)
    assert not await undelivered.correct_address(
        msgspec.structs.replace(new(id, made["id"], who), **changes), NOW
    )
    assert await row(id) == before
    assert await fetch("SELECT 1 FROM event WHERE action = 'correct'") == []


@pytest.mark.parametrize("moment", MOMENTS)
async def test_whose_address_is_corrected(moment: str) -> None:
    """The beneficiary's only: a report holds nobody else's."""
    theirs = MOMENTS[moment].audience == "beneficiary" and moment not in NOT_AGAIN
    who, made = await supervisor(), await filed.report(await filed.person())
    id = await notice(f"report:{made['id']}:{moment}:1:sms")
    before = await fetch_one("SELECT * FROM report WHERE id = $1", made["id"])
    line = await undelivered.line(id)
    assert line is not None
    assert line.correctable == theirs
    assert await undelivered.correct_address(new(id, made["id"], who), NOW) == int(theirs)
    after = await fetch_one("SELECT * FROM report WHERE id = $1", made["id"])
    assert (after != before) == theirs


async def test_a_message_to_staff_stays_with_them() -> None:
    """Whose address happens to be the beneficiary's of that report, too."""
    who, made = await supervisor(), await filed.report(await filed.person())
    about = f"report:{made['id']}"
    id = await notice(f"{about}:late:1:sms")
    staffs = await notice(f"{about}:promise_due:2026-12-10:7:sms", moment="promise_due")
    before = await row(staffs)
    assert await undelivered.correct_address(new(id, made["id"], who), NOW) == 1
    assert await row(staffs) == before


def of(told: str, outcome: str, name: str | None = None) -> Receipt:
    notice, sending = notice_of(told)
    given: dict[str, Any] = {"notice": notice, "sending": sending, "name": name}
    return Receipt(**given, outcome=outcome, code="ER-05" if outcome == "failed" else None)  # type: ignore[arg-type]


async def test_not_delivered_the_second_time_either() -> None:
    """Sent again after a receipt, it fails again by the next one."""
    async with gateway() as server:
        transport = SmsTransport(settings_for(sms_url=server.url), timeout=1.0)
        made = await notice(data=json.dumps(NOURA), **{**WAITS, "attempts": 0})
        who = await supervisor()
        for sending in range(3):
            assert (await deliver_due({"sms": transport}, NOW, channels=["sms"])).sent == 1
            named = server.requests[-1]["id"]
            assert await receipts.receive(of(named, "failed"), NOW) == (made, "noted")
            found = await row(made)
            assert (found["state"], found["receipt"]) == ("failed", "failed")
            assert await undelivered.resend(made, sending, who, NOW)
        await transport.close()
    # One that sends the same id once sends it again.
    assert len({one["id"] for one in server.requests}) == 3


@pytest.mark.parametrize("outcome", ["delivered", "failed"])
@pytest.mark.parametrize("noted", [False, True])
@pytest.mark.parametrize("by_name", [False, True])
async def test_a_receipt_of_the_old_number_settles_nothing_of_the_new(
    outcome: str, noted: bool, by_name: bool
) -> None:
    """Taken for the wrong number, with or without an answer; then the address is corrected."""
    who, made = await supervisor(), await filed.report(await filed.person())
    failed = await notice(f"report:{made['id']}:opened:1:sms")
    async with gateway() as server:
        if not noted:
            server.answer = lambda to: (0, {}, b"")
        transport = SmsTransport(settings_for(sms_url=server.url), timeout=0.2)
        waits = await notice(
            f"report:{made['id']}:late:1:sms", data=json.dumps(NOURA), **{**WAITS, "attempts": 0}
        )
        await deliver_due({"sms": transport}, NOW, channels=["sms"])
        first = (server.requests or server.taken)[0]["id"]
        if noted:
            await receipts.receive(of(first, "failed"), NOW)
        assert await undelivered.correct_address(new(failed, made["id"], who), NOW) == 2
        before = await row(waits)
        receipt = of("", outcome, "gw-1") if by_name else of(first, outcome)
        _, effect = await receipts.receive(receipt, NOW)
        assert effect == ("unknown" if by_name else "nothing new")
        assert await row(waits) == before
        server.answer = lambda to: (202, {}, b'{"id": "gw-2"}')
        await fetch("DELETE FROM notice WHERE id = $1", failed)
        assert (await deliver_due({"sms": transport}, NOW, channels=["sms"])).sent == 1
        sent = server.requests[-1]
        assert (sent["to"], sent["id"]) == (NEW, f"notice-{waits}-1")
        # And its own does.
        assert await receipts.receive(of(sent["id"], "delivered"), NOW) == (waits, "noted")
        assert (await row(waits))["receipt"] == "delivered"
        await transport.close()


async def test_several_again_but_not_what_an_e_mail_tells() -> None:
    who = await supervisor()
    made = []
    for n, sibling in enumerate(
        [None, ":email sent", ":email waiting", ":email failed", ":fallback sent",
         ":fallback waiting", ":fallback failed"]
    ):  # fmt: skip
        made.append(await notice(f"report:{n}:late:1:sms"))
        if sibling:
            kind, state = sibling.split()
            key = f"report:{n}:late:1" + (kind if kind == ":email" else f":sms{kind}")
            await notice(
                key, moment="late", channel="email", recipient="n@x.sa", state=state,
                failed_at=NOW - HOUR if state == "failed" else None,
            )  # fmt: skip
    wanted = Bulk(channel="sms", since=NOW - 2 * HOUR, last=await undelivered.last())
    assert await undelivered.bulk_count(wanted) == (3, 4)
    assert await undelivered.resend_all(wanted, who, NOW) == 3
    rows = await fetch("SELECT id FROM notice WHERE resent = 1 ORDER BY id")
    assert [one["id"] for one in rows] == [made[0], made[3], made[6]]


# After an outage: which go again.
BULK: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["a", "b", "c"]),
    ({"channel": "email"}, ["b"]),
    ({"moment": "opened"}, ["c"]),
    ({"channel": "sms", "moment": "late"}, ["a"]),
    ({"since": NOW - HOUR}, ["a", "b", "c"]),
    ({"since": NOW}, []),
    ({"since": NOW - 9 * HOUR}, ["a", "b", "c", "old"]),
    ({"channel": "fax"}, []),
]


@pytest.mark.parametrize(("given", "again"), BULK)
async def test_several_again(given: dict[str, Any], again: list[str]) -> None:
    who = await supervisor()
    made = {
        "a": await notice("report:1:late:1:sms"),
        "b": await notice("report:2:late:1:email"),
        "c": await notice("report:3:opened:1:sms"),
        "old": await notice("report:4:late:1:sms", failed_at=NOW - 8 * HOUR),
        "code": await notice("person:4:verification_code:1:sms"),
        "settled": await notice("report:5:late:1:sms", dismissed_at=NOW, dismissed_why="x"),
        "waits": await notice("report:6:late:1:sms", **WAITS),
    }
    last = await undelivered.last()
    # Failed after they were counted.
    made["later"] = await notice("report:7:late:1:sms")
    wanted = Bulk(**{"since": NOW - 2 * HOUR, "last": last, **given})
    assert await undelivered.bulk_count(wanted) == (len(again), 0)
    done = await asyncio.gather(*(undelivered.resend_all(wanted, who, NOW) for _ in range(2)))
    # Both are told how many went out by them; together no more than there were.
    assert sum(done) == len(again)
    rows = await fetch("SELECT id FROM notice WHERE resent = 1 ORDER BY id")
    assert [one["id"] for one in rows] == sorted(made[name] for name in again)
    entries = await fetch(
        "SELECT data FROM audit WHERE action = 'resend_all' AND staff_id = $1", who
    )
    assert len(entries) == sum(map(bool, done))
