"""The ledger of promised dates."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from tests.web.conftest import NOW, Visiting
from tests.web.staff.casework import accepted, agency, case

from balagh.database import fetch, fetch_one
from balagh.reports.cases import Desk
from balagh.reports.lifecycle import Role
from balagh.reports.promises import Tab, counts, ledger

TODAY = date(2026, 11, 23)
DATES: dict[str, dict[str, Any]] = {
    "long ago": {"promised_on": date(2026, 9, 1)},
    "yesterday": {"promised_on": date(2026, 11, 22)},
    "today": {"promised_on": TODAY},
    "in 30 days": {"promised_on": date(2026, 12, 23)},
    "in 31 days": {"promised_on": date(2026, 12, 24)},
    "kept": {"promised_on": date(2026, 10, 1), "delivered_at": NOW - timedelta(days=2)},
    "kept later": {"promised_on": date(2026, 9, 15), "delivered_at": NOW - timedelta(days=1)},
}
EXPECTED = {
    Tab.SOON: ["today", "in 30 days"],
    Tab.OVERDUE: ["long ago", "yesterday"],
    Tab.DELIVERED: ["kept later", "kept"],
    Tab.ALL: [
        "long ago", "kept later", "kept", "yesterday", "today", "in 30 days", "in 31 days",
    ],
}  # fmt: skip
AMER = Desk(1, Role.SUPERVISOR, None)


async def promised() -> None:
    for title, columns in DATES.items():
        await accepted(title=title, description=title, **columns)
    # What is no promise, or not yet.
    await accepted(title="refused", outcome="refused", promised_on=None)
    await case("answered", kind="suggestion", title="not closed", outcome="accepted",
               promised_on=TODAY)  # fmt: skip
    await case("closed", title="a complaint")


@pytest.mark.parametrize("tab", Tab)
async def test_each_tab(catalogue: None, tab: Tab) -> None:
    await promised()
    page = await ledger(AMER, tab, TODAY)
    assert [one.title for one in page.lines] == EXPECTED[tab]
    assert page.next is None
    # The same, two at a time.
    found: list[str] = []
    after = None
    while True:
        page = await ledger(AMER, tab, TODAY, after=after, limit=2)
        found += [one.title for one in page.lines]
        if page.next is None:
            break
        after = page.next
    assert found == EXPECTED[tab]
    assert await counts(AMER, TODAY) == {Tab.SOON: 2, Tab.OVERDUE: 2}


async def test_an_agency_sees_its_own_and_amer_chooses(catalogue: None, at_desk: Visiting) -> None:
    await accepted("moj", title="of justice")
    await accepted("mc", title="of commerce")
    mc = await agency("mc")
    for desk, wanted, titles in (
        (AMER, None, ["of justice", "of commerce"]),
        (AMER, mc, ["of commerce"]),
        (Desk(1, Role.AGENCY_OFFICER, mc), None, ["of commerce"]),
        (Desk(1, Role.AGENCY_OFFICER, mc), await agency("moj"), []),
        (Desk(1, Role.ADMINISTRATOR, None), None, []),
    ):
        found = await ledger(desk, Tab.ALL, TODAY, agency=wanted)
        assert [one.title for one in found.lines] == titles
        assert (await counts(desk, TODAY, agency=wanted))[Tab.SOON] == len(titles)
    both = {"of justice", "of commerce"}
    for key, seen in (
        ("salem", {"of commerce"}), ("fahd", {"of justice"}), ("mona", {"of justice"}),
        ("hind", both),
    ):  # fmt: skip
        async with at_desk(key) as one:
            page = await one.open("/promises?tab=all&agency=mc" if key != "hind" else "/promises")
            assert both & page.links.keys() == seen
    async with at_desk("abeer") as abeer:
        assert (await abeer.open("/promises")).status == 404


async def test_the_page_and_its_export(at_desk: Visiting) -> None:
    await promised()
    await accepted(title="=1+1", promised_on=TODAY)
    async with at_desk("majed") as majed:
        page = await majed.open("/promises")
        assert "Due within 30 days 3" in page.text
        assert "Overdue 2" in page.text
        page = await majed.open(page.links["Overdue 2"])
        assert "83 days overdue" in page.text
        await majed.open("/promises?tab=nonsense&agency=nobody&after=-1")
        assert majed.page.status == 200
        answer = await majed.client.get("/promises.csv?tab=soon")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    head, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head[1] == "Title"
    # No spreadsheet takes it for a formula.
    assert [line[1] for line in lines] == ["today", "'=1+1", "in 30 days"]
    assert lines[0][4:] == ["2026-11-23", "", "Due today"]
    logged = await fetch_one("SELECT action, subject, data FROM audit ORDER BY id DESC LIMIT 1")
    assert logged is not None
    assert (logged["action"], logged["subject"]) == ("export", "promises")


async def test_a_long_ledger_is_exported_whole(
    at_desk: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("balagh.web.staff.promises._BATCH", 3)
    await promised()
    async with at_desk("fahd") as fahd:
        answer = await fahd.client.get("/promises.csv?tab=all")
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [line[1] for line in lines[1:]] == EXPECTED[Tab.ALL]
    assert not await fetch("SELECT 1 FROM report WHERE version > 1")
