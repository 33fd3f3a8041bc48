"""Asking to reopen a closed complaint: a reason, evidence, within the window."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.files import samples
from tests.web.conftest import NOW, Clock
from tests.web.pages import Browser
from tests.web.reports import events_of, noura_s, state_of
from tests.web.test_updates import files, on_disk, upload

from balagh.database import fetch

REASON = "قالوا إن العطل عولج، والرخصة ما زالت غير مجددة."


async def reopening(noura: Browser, **columns: Any) -> dict[str, Any]:
    report = await noura_s("closed", **columns)
    await noura.open(f"/reports/{report['number']}/reopening")
    return report


async def test_from_the_answer_to_the_request(noura: Browser, tmp_path: Path) -> None:
    report = await noura_s("closed")
    page = await noura.open(f"/reports/{report['number']}")
    assert "عولج العطل." in page.text
    assert "you may ask for reopening until Wednesday 2 December 2026" in page.text
    page = await noura.open(page.links["Ask for reopening"])
    assert any("You may ask until Wednesday 2 December 2026" in p for p in page.texts["p"])
    page = await upload(noura, 0, name="الخطأ.jpg", typed={"text_0": REASON})
    assert page.form().fields["text_0"] == REASON
    (row,) = await files()
    assert (row["pending_action"], row["item"]) == ("request_reopening", None)
    page = await noura.send("/reopening")
    assert page.path.endswith("/reopening/check")
    page = await noura.send("/confirmation")
    assert page.path == f"/reports/{report['number']}"
    assert "Your request for reopening has been received." in page.text
    assert REASON in page.text
    assert "الخطأ.jpg" in page.text
    # The answer that is contested stands there still; the old promise is not told as the new one.
    assert "عولج العطل." in page.text
    assert "Answer by the end of" not in page.text
    assert "Ask for reopening" not in page.links
    _, event = await events_of(report)
    assert (event["action"], event["from_state"], event["to_state"]) == (
        "request_reopening", "closed", "reopen_requested",
    )  # fmt: skip
    assert json.loads(event["data"])["reason"] == REASON
    (row,) = await files()
    assert (row["event_id"], row["pending_action"]) == (event["id"], None)
    assert on_disk(tmp_path) == {str(row["id"])}
    assert await fetch("SELECT 1 FROM notice") == []


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("", "Write why it should be reopened"),
        (" \n ", "Write why it should be reopened"),
        ("لم تُحل", "Write at least 10 characters"),
        ("x" * 3001, "Shorten this to 3000 characters; it has 3001"),
    ],
)
async def test_a_reason_is_needed_files_alone_are_none(
    noura: Browser, reason: str, error: str
) -> None:
    report = await reopening(noura)
    await upload(noura, 0, samples.picture("PNG"), "a.png")
    page = await noura.send("/reopening", text_0=reason)
    assert (page.status, page.title.startswith("Error:")) == (422, True)
    assert page.text.count(error) == 2
    assert "a.png" in page.text
    page = await noura.open(f"/reports/{report['number']}/reopening/check")
    assert page.path.endswith("/reopening")
    assert await state_of(report) == "closed"


@pytest.mark.parametrize(
    ("state", "columns", "heading"),
    [
        ("received", {}, "This report is still open"),
        ("missing_data", {}, "This report is still open"),
        ("in_progress", {}, "This report is still open"),
        ("answered", {}, "This report is still open"),
        ("cancelled", {}, "This report cannot be reopened"),
        ("rejected", {}, "This report cannot be reopened"),
        ("reopen_requested", {}, "You have asked for reopening already"),
        ("closed", {"reopen_until": NOW}, "The time for asking to reopen is over"),
        ("closed", {"reopen_until": None}, "The time for asking to reopen is over"),
    ],
)
async def test_where_it_cannot_be_asked_for(
    noura: Browser, state: str, columns: dict[str, Any], heading: str
) -> None:
    report = await noura_s(state, **columns)
    page = await noura.open(f"/reports/{report['number']}")
    assert "Ask for reopening" not in page.links
    page = await noura.open(f"/reports/{report['number']}/reopening")
    assert (page.status, page.h1) == (200, heading)
    assert "199099" in page.text
    csrf = {"csrf": page.form("/sign-out").fields["csrf"], "text_0": REASON, "request": "1"}
    for path in ("", "/files/0", "/confirmation?as_of=1"):
        answer = await noura.client.post(f"/reports/{report['number']}/reopening{path}", data=csrf)
        assert answer.status_code == 409
        assert heading in answer.text
        assert REASON in answer.text
    assert await state_of(report) == state
    assert len(await events_of(report)) == 1


async def test_until_the_last_instant_of_the_window(noura: Browser, time: Clock) -> None:
    """The last day that is told is whole: it ends at its midnight in Riyadh."""
    report = await reopening(noura)
    assert "until Wednesday 2 December 2026" in noura.page.text
    await noura.send("/reopening", text_0=REASON)
    form = noura.page.form("/confirmation")
    for left, status in ((timedelta(), 409), (timedelta(microseconds=1), 303)):
        time.now = datetime(2026, 12, 2, 21, tzinfo=UTC) - left
        await fetch("UPDATE session SET expires_at = $1, seen_at = $2",
                    time.now + timedelta(hours=1), time.now)  # fmt: skip
        answer = await noura.client.post(form.action, data=form.fields)
        assert answer.status_code == status
        if status == 409:
            assert REASON in answer.text
            assert "until Wednesday 2 December 2026" in answer.text
    assert await state_of(report) == "reopen_requested"


async def test_confirmed_three_times_at_once(noura: Browser) -> None:
    report = await reopening(noura)
    await noura.send("/reopening", text_0=REASON)
    form = noura.page.form("/confirmation")
    answers = await asyncio.gather(
        *(noura.client.post(form.action, data=form.fields) for _ in range(3))
    )
    assert {answer.status_code for answer in answers} == {303}
    assert [event["action"] for event in await events_of(report)] == ["close", "request_reopening"]


async def test_nobody_else_asks(noura: Browser, khalid: Browser) -> None:
    report, missing = await reopening(noura), "7302641182"
    await khalid.open("/reports")
    csrf = {"csrf": khalid.page.form("/sign-out").fields["csrf"], "text_0": REASON}
    for path in ("", "/files/0", "/confirmation?as_of=1"):
        theirs, none = [
            await khalid.client.post(f"/reports/{number}/reopening{path}", data=csrf)
            for number in (report["number"], missing)
        ]
        assert theirs.status_code == none.status_code == 404
        assert theirs.text.replace(report["number"], "") == none.text.replace(missing, "")
    assert await state_of(report) == "closed"


@pytest.mark.parametrize(
    ("outcome", "heading"),
    [
        ("solved", "The agency's answer"),
        ("accepted", "The agency accepted the request"),
        ("refused", "The agency refused the request. Its reasons:"),
    ],
)
async def test_the_answer_as_the_agency_gave_it(noura: Browser, outcome: str, heading: str) -> None:
    promised = NOW.date() if outcome == "accepted" else None
    report = await noura_s("closed", outcome=outcome, promised_on=promised)
    page = await noura.open(f"/reports/{report['number']}")
    assert heading in page.texts["h2"]
    assert "عولج العطل." in page.text
    assert ("It is promised for" in page.text) == (outcome == "accepted")
    # Before Amer centre has let it stand, it is nobody's answer yet.
    await fetch("UPDATE report SET state = 'answered'")
    page = await noura.open(f"/reports/{report['number']}")
    assert "عولج العطل." not in page.text
