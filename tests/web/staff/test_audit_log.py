"""The audit log as it is read, and that reading it is in it."""

import ast
import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from tests.web.conftest import NOW, Clock, Visiting, staff_id
from tests.web.staff.casework import case

import balagh
from balagh.database import fetch_one
from balagh.people import audit
from balagh.reports.auditing import Wanted, entries
from balagh.reports.lifecycle import Action
from balagh.reports.lifecycle import Entry as Event
from balagh.web.staff.audit_log import WORDS


def recorded() -> set[str]:
    """The actions that the program hands to ``audit.record``."""
    found = {*Action, *Event}
    for path in Path(balagh.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("record", "audit.record"):
                action = node.args[1] if len(node.args) > 1 else None
                if isinstance(action, ast.Constant) and isinstance(action.value, str):
                    found.add(action.value)
    return found


def test_every_action_has_its_words() -> None:
    assert recorded() - WORDS.keys() == set()


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("majed", 200), ("abeer", 200), ("reem", 404), ("hind", 404), ("fahd", 404), ("mona", 404),
    ],
)  # fmt: skip
async def test_who_reads_it(at_desk: Visiting, key: str, status: int) -> None:
    async with at_desk(key) as one:
        assert (await one.open("/audit")).status == status
        assert ("Audit log" in (await one.open("/")).links) == (status == 200)
        assert (await one.client.get("/audit.csv")).status_code == status


async def test_filters(at_desk: Visiting, time: Clock) -> None:
    # Ids that no other test's report has: the log is kept.
    made, other = await case(id=901_001), await case(id=901_002)
    start = await audit.head()
    assert start is not None
    reem, fahd = await staff_id("reem"), await staff_id("fahd")
    await audit.record(reem, "view", f"report:{made['id']}", NOW - timedelta(days=3))
    await audit.record(fahd, "view", f"report:{made['id']}", NOW - timedelta(days=1))
    await audit.record(reem, "refer", f"report:{other['id']}", NOW)
    await audit.record(None, "view_by_link", f"report:{made['id']}", NOW)

    async def found(**wanted: object) -> list[int]:
        page = await entries(Wanted(**wanted))  # type: ignore[arg-type]
        return [one.id - start.id for one in page.entries if one.id > start.id]

    assert await found() == [4, 3, 2, 1]
    assert await found(staff=reem) == [3, 1]
    assert await found(report=made["number"]) == [4, 2, 1]
    assert await found(report="1000000005") == []
    assert await found(action="view") == [2, 1]
    assert await found(action="view", staff=fahd) == [2]
    assert await found(since=NOW - timedelta(days=1)) == [4, 3, 2]
    assert await found(until=NOW - timedelta(days=1)) == [1]
    page = await entries(Wanted(staff=reem), limit=1)
    assert [one.id - start.id for one in page.entries] == [3]
    page = await entries(Wanted(staff=reem), before=page.next, limit=1)
    assert [one.id - start.id for one in page.entries] == [1]

    async with at_desk("majed") as majed:
        page_ = await majed.open(f"/audit?report={made['number']}&since=2026-11-22&action=view")
        assert page_.status == 200
        rows = page_.texts["tr"][1:]
        assert len(rows) == 1
        assert "Fahd Aldosari" in rows[0]
        assert "Opened a report" in rows[0]
        shown = " ".join((made["number"][:3], made["number"][3:6], made["number"][6:]))
        assert page_.links[shown] == made["url"]
    # That was an entry too, which says what was looked for.
    last = await fetch_one("SELECT * FROM audit ORDER BY id DESC LIMIT 1")
    assert last is not None
    assert (last["action"], last["staff_id"]) == ("read_audit", await staff_id("majed"))
    assert json.loads(last["data"])["report"] == made["number"]


async def test_an_administrator_sees_no_way_to_a_report(at_desk: Visiting) -> None:
    made = await case()
    await audit.record(None, "view", f"report:{made['id']}", NOW)
    async with at_desk("abeer") as abeer:
        page = await abeer.open(f"/audit?report={made['number']}")
        assert made["number"][:3] in page.text
        assert not any(link.startswith("/cases/") for link in page.links.values())
        assert "لم تُجدَّد" not in page.text


@pytest.mark.parametrize(
    "query",
    ["staff=x&before=-1", "since=yesterday", "report=%00", "staff=" + 30 * "9", "action=%D8%A7"],
)
async def test_what_means_nothing_is_no_error(at_desk: Visiting, query: str) -> None:
    async with at_desk("majed") as majed:
        assert (await majed.open(f"/audit?{query}")).status == 200


async def test_what_was_typed_is_not_kept(at_desk: Visiting) -> None:
    async with at_desk("majed") as majed:
        page = await majed.open("/audit?report=نورة+القحطاني")
        assert "No entry fits." in page.text
    last = await fetch_one("SELECT data::text AS data FROM audit ORDER BY id DESC LIMIT 1")
    assert last is not None
    assert last["data"] == '{"report": "none"}'


async def test_the_export(at_desk: Visiting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("balagh.web.staff.audit_log._BATCH", 2)
    made = await case(id=901_003)
    reem = await staff_id("reem")
    for _ in range(5):
        await audit.record(reem, "view", f"report:{made['id']}", NOW)
    async with at_desk("majed", language="ar") as majed:
        answer = await majed.client.get(f"/audit.csv?report={made['number']}&staff={reem}")
    head, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head[0] == "القيد"
    assert len(lines) == 5
    assert lines[0][2:6] == ["ريم الشمري", "اطّلع على بلاغ", "view", made["number"]]
    last = await fetch_one("SELECT action FROM audit ORDER BY id DESC LIMIT 1")
    assert last is not None
    assert last["action"] == "export_audit"
