"""Cancelling: what it means, once, told by SMS and e-mail; and where it is too late."""

import asyncio
import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from litestar import Litestar
from tests.people.portal import settings_for
from tests.reports import filed
from tests.web.conftest import NOW
from tests.web.pages import Browser
from tests.web.reports import events_of, noura_s, person_named, state_of

from balagh.database import fetch
from balagh.i18n import grouped
from balagh.notices.messages import Email, Sms, render, segments
from balagh.notices.moments import MOMENTS as TABLE
from balagh.reports import moments
from balagh.reports.lifecycle import Action
from balagh.reports.moments import MOMENTS

CANCELLED = MOMENTS[Action.CANCEL]
ZONE = ZoneInfo("Asia/Riyadh")
OPEN = ("received", "under_review", "missing_data", "in_progress")


async def notices() -> list[dict[str, Any]]:
    return [dict(row) for row in await fetch("SELECT * FROM notice ORDER BY channel DESC")]


@pytest.mark.parametrize("state", OPEN)
@pytest.mark.parametrize("reason", ["", "حُلّت المشكلة\r\nوالحمد لله"])
async def test_from_the_details_to_the_message(noura: Browser, state: str, reason: str) -> None:
    report = await noura_s(state)
    page = await noura.open(f"/reports/{report['number']}")
    page = await noura.open(page.links["Cancel the report"])
    assert page.h1 == "Cancel this report?"
    assert "A cancelled report cannot be taken up again." in page.text
    assert "You may file the same report again" in page.text
    page = await noura.send("/cancellation", reason=reason)
    assert page.path == f"/reports/{report['number']}"
    assert "The report is cancelled. You may file it again at any time." in page.text
    assert "Cancel the report" not in page.links
    (row,) = await fetch("SELECT * FROM report")
    assert (row["state"], row["ended_at"], row["data_due_at"], row["version"]) == (
        "cancelled", NOW, None, 2,
    )  # fmt: skip
    _, event = await events_of(report)
    assert (event["action"], event["from_state"], event["actor"]) == (
        "cancel", state, "beneficiary",
    )  # fmt: skip
    words = reason.replace("\r\n", "\n")
    assert json.loads(event["data"]) == ({"reason": words} if reason else {})
    if reason:
        assert "حُلّت المشكلة" in page.text
    sms, email = await notices()
    assert (sms["recipient"], email["recipient"]) == ("+966553184471", "n@example.sa")
    for notice in (sms, email):
        assert (notice["moment"], notice["language"]) == ("cancelled", "ar")
        said = render("cancelled", notice["channel"], "en", json.loads(notice["data"]))
        text = said.text.replace("\u2068", "").replace("\u2069", "")
        assert grouped(report["number"]) in text
        assert "https://balagh.example.sa/new/complaint" in text
    assert await fetch("SELECT 1 FROM report WHERE reference_key IS NOT NULL") == []


async def test_the_reason_is_optional_and_not_endless(noura: Browser) -> None:
    report = await noura_s()
    await noura.open(f"/reports/{report['number']}/cancellation")
    page = await noura.send("/cancellation", reason="x" * 501)
    assert page.status == 422
    assert page.title.startswith("Error:")
    assert page.form().fields["reason"] == "x" * 501
    assert await state_of(report) == "under_review"
    await noura.send("/cancellation", reason="x" * 500)
    assert await state_of(report) == "cancelled"


@pytest.mark.parametrize(
    ("state", "heading"),
    [
        ("answered", "This report can no longer be cancelled"),
        ("reopen_requested", "This report can no longer be cancelled"),
        ("closed", "This report has ended already"),
        ("rejected", "This report has ended already"),
        ("cancelled", "This report has ended already"),
    ],
)
async def test_too_late(noura: Browser, state: str, heading: str) -> None:
    event = {"action": "expire"} if state == "cancelled" else {}
    report = await noura_s(state, event=event)
    page = await noura.open(f"/reports/{report['number']}")
    assert "Cancel the report" not in page.links
    page = await noura.open(f"/reports/{report['number']}/cancellation")
    assert (page.status, page.h1) == (200, heading)
    csrf = {"csrf": page.form("/sign-out").fields["csrf"], "reason": "لم أعد أحتاجه"}
    answer = await noura.client.post(f"/reports/{report['number']}/cancellation?as_of=1", data=csrf)
    assert answer.status_code == 409
    assert heading in answer.text
    assert "لم أعد أحتاجه" in answer.text
    assert await state_of(report) == state
    assert await notices() == []


async def test_nobody_else_cancels(noura: Browser, khalid: Browser) -> None:
    report, missing = await noura_s(), "7302641182"
    await khalid.open("/reports")
    csrf = {"csrf": khalid.page.form("/sign-out").fields["csrf"]}
    for method, data in (("GET", None), ("POST", csrf)):
        theirs, none = [
            await khalid.client.request(
                method, f"/reports/{number}/cancellation?as_of=1", data=data
            )
            for number in (report["number"], missing)
        ]
        assert theirs.status_code == none.status_code == 404
        assert theirs.text.replace(report["number"], "") == none.text.replace(missing, "")
    forged = await noura.client.post(f"/reports/{report['number']}/cancellation?as_of=1")
    assert forged.status_code == 403
    assert await state_of(report) == "under_review"


async def test_pressed_three_times_at_once(noura: Browser) -> None:
    report = await noura_s()
    await noura.open(f"/reports/{report['number']}/cancellation")
    form = noura.page.form("/cancellation")
    data = {**form.fields, "reason": "حُلّت"}
    answers = await asyncio.gather(*(noura.client.post(form.action, data=data) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {303}
    assert [event["action"] for event in await events_of(report)] == ["submit", "cancel"]
    assert len(await notices()) == 2
    # Once more from the page that is still open somewhere, with other words: those are not lost.
    again = await noura.client.post(form.action, data={**data, "reason": "سبب آخر"})
    assert again.status_code == 409
    assert "سبب آخر" in again.text
    assert (await noura.client.get(form.action)).status_code == 303


async def test_work_began_meanwhile(noura: Browser) -> None:
    """They decide once more, knowing it; the reason is still there."""
    report = await noura_s("received")
    await noura.open(f"/reports/{report['number']}/cancellation")
    staff = await filed.reviewer()
    await fetch("UPDATE report SET state = 'under_review', version = 2")
    await fetch(
        "INSERT INTO event (report_id, at, action, from_state, to_state, actor, staff_id) "
        "VALUES ($1, $2, 'start_review', 'received', 'under_review', 'staff', $3)",
        report["id"], NOW, staff,
    )  # fmt: skip
    page = await noura.send("/cancellation", reason="حُلّت")
    assert page.status == 409
    assert "The report changed meanwhile" in page.text
    assert "Amer centre began to review the report." in page.text
    assert page.form().fields["reason"] == "حُلّت"
    assert await state_of(report) == "under_review"
    await noura.send("/cancellation")
    assert await state_of(report) == "cancelled"
    assert len(await notices()) == 2


# Wishes, contact, gateway; who is told, and whether the SMS falls back to e-mail.
REACHED = [
    (True, True, "+966553184471", "n@example.sa", True, ["sms", "email"], False),
    (True, False, "+966553184471", "n@example.sa", True, ["sms"], True),
    (False, True, "+966553184471", "n@example.sa", True, ["email"], False),
    (True, True, "+966553184471", "n@example.sa", False, ["email"], False),
    (True, False, "+966553184471", "n@example.sa", False, ["email"], False),
    (False, True, "+966553184471", None, True, ["sms"], False),
    (True, False, None, "n@example.sa", True, ["email"], False),
    (True, True, None, None, True, [], False),
]  # fmt: skip


@pytest.mark.parametrize(("sms", "email", "phone", "address", "gateway", "told", "falls"), REACHED)
@pytest.mark.usefixtures("db")
async def test_everybody_is_told_as_they_wish_and_nobody_is_left_out(
    sms: bool, email: bool, phone: str | None, address: str | None, gateway: bool,
    told: list[str], falls: bool,
) -> None:  # fmt: skip
    person = await filed.person(phone=phone, email=address, notify_sms=sms, notify_email=email)
    report = await filed.report(person, phone=phone, email=address)
    settings = settings_for()
    made = moments.notices(
        CANCELLED, await moments.addressee_of(report["id"]), public_url=settings.public_url,
        sms=gateway, zone=ZONE, new_link="https://balagh.example.sa/new/complaint",
    )  # fmt: skip
    assert [notice.channel for notice in made] == told
    assert any("fallback_email" in notice.data for notice in made) == falls


async def test_a_moment_without_what_its_words_need(noura: Browser) -> None:
    report = await noura_s()
    to = await moments.addressee_of(report["id"])
    with pytest.raises(ValueError, match="cancelled needs new_link"):
        moments.notices(CANCELLED, to, public_url="https://x", sms=True, zone=ZONE)
    with pytest.raises(LookupError):
        await moments.addressee_of(0)


async def test_the_report_s_own_contact_details_go_first(noura: Browser) -> None:
    report = await noura_s(phone="+966561102938", email=None)
    to = await moments.addressee_of(report["id"])
    assert (to.phone, to.email) == ("+966561102938", "n@example.sa")
    assert to.name == "نورة سعد القحطاني"
    assert await person_named(to.name)


# What the moments' words need besides what every message has.
NEEDS: dict[str, Any] = {
    "new_link": "https://balagh.example.sa/new/complaint",
    "update_link": "https://balagh.example.sa/reports/7302641185/update",
    "items": list(filed.ITEMS),
    "items_sms": filed.ITEMS[0],
    "data_due_at": NOW.isoformat(),
    "reasons": "لأن الحل قائم.",
}


EVERY = (*MOMENTS.values(), moments.LATE, moments.REMINDER)


@pytest.mark.parametrize("moment", EVERY, ids=lambda moment: moment.name)
@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.usefixtures("db")
async def test_every_moment_has_its_words(moment: moments.Moment, language: str) -> None:
    known = {fact.name for fact in TABLE[moment.name].facts}
    assert moment.needs <= known
    report = await filed.report(await filed.person())
    to = await moments.addressee_of(report["id"])
    more = {name: NEEDS[name] for name in moment.needs}
    made = moments.notices(
        moment, to, public_url="https://balagh.example.sa", sms=True, zone=ZONE, **more
    )
    for notice in made:
        said = render(notice.moment, notice.channel, language, notice.data)
        if isinstance(said, Sms):
            assert segments(said.text) <= (3 if moment.name == "missing_data" else 2)
            assert said.text.splitlines()[-1].startswith("https://")
        else:
            assert isinstance(said, Email)
            assert "\n" not in said.subject
            assert f'lang="{language}"' in said.html
            assert to.title in said.html


async def test_without_a_gateway_no_sms_is_promised(
    noura: Browser, portal: Litestar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        portal.state, "settings", settings_for(data=str(portal.state.settings.data))
    )
    report = await noura_s()
    await noura.open(f"/reports/{report['number']}/cancellation")
    await noura.send("/cancellation")
    assert [notice["channel"] for notice in await notices()] == ["email"]
