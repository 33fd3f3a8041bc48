"""«بلاغاتي»: who must act, how each ended and what can be done; filters that the address keeps."""

import re
from datetime import timedelta
from typing import Any

import pytest
from tests.reports.filed import ITEMS
from tests.web.conftest import NOW, Clock
from tests.web.pages import Browser
from tests.web.reports import noura_s

from balagh.database import fetch
from balagh.i18n import grouped
from balagh.reports import kinds
from balagh.reports.lifecycle import State
from balagh.web.beneficiary import reports

LONG = "الطلب من إجراءات الجهة وليس خللًا في الخدمة الرقمية. " * 6


SENTENCES: list[tuple[str, dict[str, Any], str]] = [
    ("received", {}, "Now with Amer centre. Answer by Sunday 29 November: 4 working days left."),
    ("under_review", {}, "Now with Amer centre."),
    ("missing_data", {}, f"Missing: {ITEMS[0]}, {ITEMS[1]}. The report is cancelled if it is not "
     "completed by Tuesday 24 November, 2:30 pm."),
    ("missing_data", {"data_due_at": NOW}, "The data did not come by Monday 23 November, "
     "11:30 am, so the report is cancelled. You may file it again."),
    ("answered", {}, "Now with Amer centre."),
    ("closed", {}, "answered. You may ask for reopening until 2 December."),
    ("closed", {"reopen_until": NOW}, "answered."),
    ("cancelled", {"event": {"action": "cancel"}}, "You cancelled it. You may file it again."),
    ("cancelled", {"event": {"action": "expire"}},
     "The missing data did not come in time. You may file it again."),
    ("rejected", {"event": {"action": "reject", "data": {"reason": "ليست\nخدمة رقمية"}}},
     "Amer centre rejected it: ليست خدمة رقمية"),
    ("rejected", {"event": {"action": "reject"}},
     "Amer centre rejected it. The reason is in the details."),
    ("reopen_requested", {}, "Amer centre decides on your request for reopening."),
]  # fmt: skip


@pytest.mark.parametrize(("state", "columns", "sentence"), SENTENCES)
async def test_what_a_card_says(
    noura: Browser, state: str, columns: dict[str, Any], sentence: str
) -> None:
    await noura_s(state, **columns)
    page = await noura.open("/reports")
    assert any(sentence in said for said in page.texts["p"] + page.texts["span"])
    assert ("Update the request" in page.links) == (state == "missing_data" and not columns)


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [("accepted", "accepted it, for 1 March 2027."), ("refused", "refused it. Its reasons are")],
)
async def test_how_an_agency_decided(noura: Browser, outcome: str, sentence: str) -> None:
    day = (NOW + timedelta(days=98)).date()
    await noura_s("closed", reopen_until=NOW, outcome=outcome,
                  promised_on=day if outcome == "accepted" else None)  # fmt: skip
    assert sentence in (await noura.open("/reports")).text


async def test_a_promise_that_was_kept(noura: Browser) -> None:
    report = await noura_s(
        "closed", kind="suggestion", outcome="accepted", answer="سيُنفّذ.",
        promised_on=(NOW - timedelta(days=9)).date(), delivered_at=NOW - timedelta(days=2),
    )  # fmt: skip
    assert "delivered it on 21 November 2026." in (await noura.open("/reports")).text
    page = await noura.open(f"/reports/{report['number']}")
    assert "It was delivered on" in page.text
    assert "Saturday 21 November 2026" in page.text
    assert "It is promised for" not in page.text


async def test_a_long_reason_is_cut_between_words(noura: Browser) -> None:
    await noura_s("rejected", event={"action": "reject", "data": {"reason": LONG}})
    text = (await noura.open("/reports")).text
    said = text.partition("rejected it: ")[2].partition("…")[0]
    assert LONG.startswith(said)
    assert LONG[len(said)] == " "
    assert 100 < len(said) <= 140


async def test_what_waits_for_the_person_stands_first(noura: Browser) -> None:
    missing = await noura_s("missing_data", submitted_at=NOW - timedelta(days=9))
    working = [await noura_s("in_progress") for _ in range(3)]
    await noura.open("/new/complaint")
    await noura.send("/new/complaint", ground="outage")
    page = await noura.open("/reports")
    heads = page.texts["h2"]
    assert heads[:2] == ["Waiting for you", "Being worked on"]
    text = page.text
    places = [text.index(grouped(missing["number"])), text.index("Not named yet")]
    places += [text.index(grouped(report["number"])) for report in working]
    assert places[:2] == sorted(places[:2])
    assert max(places[:2]) < min(places[2:])


async def test_the_filters_are_in_the_address(
    noura: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaint = kinds.KINDS["complaint"]
    both = {"complaint": complaint, "suggestion": kinds.KINDS.get("suggestion", complaint)}
    monkeypatch.setattr(reports, "KINDS", both)
    made = {
        (kind, state): await noura_s(state, kind=kind)
        for kind in ("complaint", "suggestion")
        for state in ("in_progress", "closed", "missing_data")
    }
    await noura_s("closed", kind="suggestion")

    async def shown(path: str) -> set[tuple[str, str]]:
        page = await noura.open(path)
        assert page.status == 200
        return {key for key, one in made.items() if f"/reports/{one['number']}" in page.html}

    assert await shown("/reports") == set(made)
    assert await shown("/reports?show=open") == {key for key in made if key[1] != "closed"}
    assert await shown("/reports?kind=suggestion") == {
        key for key in made if key[0] == "suggestion"
    }
    assert await shown("/reports?show=ended&kind=suggestion") == {("suggestion", "closed")}
    # Each filter keeps the other, and says how many there are behind it.
    navs = [url for url in noura.page.links.values() if "?" in url and "lang=" not in url]
    assert "/reports?kind=suggestion" in navs
    assert "/reports?show=ended&kind=complaint" in navs
    assert "/reports?show=ended" in navs
    assert noura.page.links["Ended 2"].endswith("?show=ended&kind=suggestion")
    assert noura.page.links["All kinds 3"].endswith("?show=ended")
    # No such kind: all of them.
    assert await shown("/reports?kind=nonsense") == set(made)
    assert (await noura.client.get("/reports?show=nonsense")).status_code == 400


async def test_one_kind_only_needs_no_filter(noura: Browser) -> None:
    await noura_s("in_progress")
    assert "All kinds" not in (await noura.open("/reports")).text


async def test_pages_of_ended_reports(noura: Browser) -> None:
    """Each once, newest first, whatever is filed while somebody reads."""
    for n in range(45):
        await noura_s("cancelled", submitted_at=NOW - timedelta(days=n // 3))
    page = await noura.open("/reports")
    assert page.html.count("<h3") == 5
    page = await noura.open(page.links["Show all ended reports (45)"])
    seen: list[str] = []
    sizes = []
    while True:
        found = re.findall(r'href="/reports/([0-9]{10})"', page.html)
        sizes.append(len(found))
        seen += found
        await noura_s("cancelled", submitted_at=NOW + timedelta(hours=1))
        if "Earlier reports" not in page.links:
            break
        page = await noura.open(page.links["Earlier reports"])
    assert sizes == [20, 20, 5]
    assert len(set(seen)) == 45


async def test_somebody_else_s_report_is_no_place_to_go_on_from(
    noura: Browser, khalid: Browser
) -> None:
    report = await noura_s("cancelled")
    page = await khalid.open(f"/reports?show=ended&before={report['id']}")
    assert page.status == 200
    assert report["number"] not in page.html


ACTIONS = {
    "received": ["Cancel the report"],
    "under_review": ["Cancel the report"],
    "missing_data": ["Update the request", "Cancel the report"],
    "in_progress": ["Cancel the report"],
    "answered": [],
    "closed": ["Ask for reopening"],
    "cancelled": [],
    "rejected": [],
    "reopen_requested": [],
}


@pytest.mark.parametrize("state", list(State))
async def test_the_details_offer_what_is_allowed_and_nothing_else(
    noura: Browser, state: State
) -> None:
    report = await noura_s(state.value)
    page = await noura.open(f"/reports/{report['number']}")
    offered = {"Update the request", "Cancel the report", "Ask for reopening"} & set(page.links)
    assert offered == set(ACTIONS[state.value])


async def test_what_was_just_done_is_told_for_half_an_hour(noura: Browser, time: Clock) -> None:
    report = await noura_s("cancelled", event={"action": "cancel", "at": NOW})
    for minutes, told in ((0, True), (29, True), (31, False)):
        time.now = NOW + timedelta(minutes=minutes)
        page = await noura.open(f"/reports/{report['number']}")
        assert ("The report is cancelled. You may file it again" in page.text) == told
    rows = await fetch("SELECT count(*) AS n FROM event")
    assert rows[0]["n"] == 1
