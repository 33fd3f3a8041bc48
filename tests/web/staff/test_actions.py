"""Every action of staff on a report, through its page: the allowed ones work, the others change
nothing; what the forms refuse; what the beneficiary is told, and that the preview says the same."""

import json
from itertools import product
from typing import Any

import pytest
from litestar import Litestar
from tests.people.portal import settings_for
from tests.web.conftest import NOW, Visiting
from tests.web.pages import Browser, Page
from tests.web.staff.cases import (
    STAFF,
    STATES,
    a_case,
    events,
    moj,
    notices,
    report,
    standing_of_everything,
)

from balagh.database import fetch
from balagh.i18n import grouped
from balagh.notices.messages import Sms, render
from balagh.reports import giving
from balagh.reports.lifecycle import TRANSITIONS, Action, Role, State, transition
from balagh.web.staff.actions import NOUNS, keyless

PUBLIC = "https://balagh.example.sa"
REASON = "لأن المرفق لا يخص هذه الخدمة."
GIVEN: dict[Action, dict[str, str]] = {
    Action.START_REVIEW: {},
    Action.REQUEST_DATA: {"item_0": "صورة من الهوية"},
    Action.UPDATE: {"text_0": "مرفق في الطلب", "text_1": "20931177"},
    Action.REFER: {"agency": "moj", "priority": "high", "guidance": "راجعوا المرفق."},
    Action.REJECT: {"code": "outside", "reason": REASON},
    Action.RETURN_TO_AMER: {"code": "other_agency", "reason": REASON},
    Action.ANSWER: {"text": "عولج العطل وجُدّدت الرخصة."},
    Action.CLOSE: {"comment": "شكرًا لك."},
    Action.SEND_BACK: {"reason": REASON},
    Action.ACCEPT_REOPENING: {"guidance": "المشكلة ما زالت قائمة."},
    Action.REFUSE_REOPENING: {"reason": REASON},
}
# The moment that each makes.
TOLD = {
    Action.REQUEST_DATA: "missing_data",
    Action.REFER: "in_progress",
    Action.REJECT: "rejected",
    Action.CLOSE: "closed",
    Action.ACCEPT_REOPENING: "reopened",
    Action.REFUSE_REOPENING: "reopening_refused",
}
ALLOWED = [
    (row.source, row.action, role)
    for row in TRANSITIONS
    if row.action in giving.BY_STAFF and row.source is not None
    for role in sorted(row.roles)
    if role.value in STAFF
]
FORBIDDEN = [
    (state, action, Role(role))
    for state, action, role in product(STATES, NOUNS, STAFF)
    if transition(state, action, Role(role)) is None
]


def names(row: tuple[State, Action, Role]) -> str:
    return "-".join(row)


async def opened(browser: Browser, made: dict[str, Any], action: Action) -> Page:
    return await browser.open(f"/cases/{made['number']}?do={NOUNS[action]}")


async def done(browser: Browser, made: dict[str, Any], action: Action, **typed: str) -> Page:
    await opened(browser, made, action)
    return await browser.send(f"/{NOUNS[action]}", **{**GIVEN[action], **typed})


def test_everything_of_the_life_cycle_is_here() -> None:
    assert set(NOUNS) == giving.BY_STAFF
    assert {action for _, action, _ in ALLOWED} == giving.BY_STAFF
    assert len(ALLOWED) + len(FORBIDDEN) == len(STATES) * len(NOUNS) * len(STAFF)


@pytest.mark.parametrize("row", ALLOWED, ids=names)
async def test_what_is_allowed_shows_its_form_and_is_done(
    at_desk: Visiting, row: tuple[State, Action, Role]
) -> None:
    state, action, role = row
    async with at_desk(STAFF[role]) as browser:
        made = await a_case(state)
        # The log is never emptied, between tests neither.
        ((last,),) = await fetch("SELECT coalesce(max(id), 0) FROM audit")
        page = await done(browser, made, action)
        assert page.status == 200
        found = transition(state, action, role)
        assert found is not None
        expected = found.target or State.UNDER_REVIEW
        now = await report(made)
        assert (now["state"], now["version"]) == (expected, 2)
        if action is Action.RETURN_TO_AMER:
            assert page.path == f"/inbox?returned={made['number']}"
            assert f"Report {grouped(made['number'])} was returned to Amer centre." in page.text
        else:
            assert page.path == f"/cases/{made['number']}?done={NOUNS[action]}"
            assert "Done:" in page.text
        moving = [event for event in await events(made) if event["to_state"]]
        assert (moving[-1]["action"], moving[-1]["actor"], moving[-1]["public"]) == (
            action, "staff", True,
        )  # fmt: skip
        audited = await fetch(
            "SELECT action FROM audit WHERE id > $1 AND subject = $2", last, f"report:{made['id']}"
        )
        assert [entry["action"] for entry in audited].count(action.value) == 1


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", STAFF)
async def test_what_is_forbidden_is_not_shown_and_changes_nothing(
    at_desk: Visiting, state: State, role: str
) -> None:
    async with at_desk(STAFF[role]) as browser:
        made = await a_case(state, referred_agency_id=await moj(), referred_at=NOW)
        page = await browser.open(f"/cases/{made['number']}")
        csrf = page.form("/sign-out").fields["csrf"]
        before = await standing_of_everything()
        for action in (a for s, a, r in FORBIDDEN if (s, r) == (state, role)):
            address = f"/cases/{made['number']}/{NOUNS[action]}"
            assert not [f for f in page.forms if f.action.partition("?")[0].endswith(address)]
            answer = await browser.client.post(
                f"{address}?as_of=1", data={"csrf": csrf, **GIVEN[action]}
            )
            ever = any(r.action is action and role in r.roles for r in TRANSITIONS)
            assert answer.status_code == (409 if ever else 403), (action, answer.status_code)
            # Clearly, and with what was typed.
            words = "This cannot be done now" if ever else "This is not for you to do"
            assert words in answer.text
            for name, text in GIVEN[action].items():
                if name in ("reason", "guidance", "text", "comment", "item_0", "text_0"):
                    assert text in answer.text, (action, name)
        assert await standing_of_everything() == before


@pytest.mark.parametrize("row", ALLOWED, ids=names)
async def test_the_beneficiary_is_told_once_what_the_preview_said(
    at_desk: Visiting, row: tuple[State, Action, Role]
) -> None:
    state, action, role = row
    async with at_desk(STAFF[role]) as browser:
        made = await a_case(state)
        await opened(browser, made, action)
        form = browser.page.form(f"/{NOUNS[action]}")
        data = {**form.fields, **GIVEN[action]}
        seen = Page(await browser.client.post(f"{form.action}&preview=1", data=data))
        assert await notices() == []
        assert (await report(made))["version"] == 1
        await browser.client.post(form.action, data=data)
        written = await notices()
        moment = TOLD.get(action)
        assert [(one["moment"], one["channel"]) for one in written] == (
            [(moment, "sms"), (moment, "email")] if moment else []
        )
        quotes = seen.texts.get("blockquote", [])
        for notice in written:
            assert (notice["language"], notice["recipient"]) == (
                "ar", "+966553184471" if notice["channel"] == "sms" else "n@example.sa",
            )  # fmt: skip
            data_sent = json.loads(notice["data"])
            said = render(moment or "", notice["channel"], "ar", keyless(data_sent, PUBLIC))
            assert " ".join(said.text.split()) in quotes
            if not isinstance(said, Sms):
                assert " ".join(said.subject.split()) in seen.texts["summary"]
            # Whoever opens the link to a rating rates: staff do not get it.
            if "rate_link" in data_sent:
                assert data_sent["rate_link"] not in seen.html
        if not written and action is not Action.UPDATE:
            assert "No message goes out." in seen.text
            assert quotes


async def test_nobody_can_be_reached(at_desk: Visiting) -> None:
    async with at_desk("reem") as reem:
        made = await a_case(phone=None, email=None)
        await fetch("UPDATE person SET phone = NULL, email = NULL")
        page = await opened(reem, made, Action.REFER)
        assert "Nobody can be reached" in page.text
        await reem.send("/referral")
        assert (await report(made))["state"] == "in_progress"
        assert await notices() == []


@pytest.mark.parametrize(
    ("action", "state", "typed", "error"),
    [
        (Action.REQUEST_DATA, "under_review", {"item_0": " "}, "Write what is missing"),
        (Action.REQUEST_DATA, "under_review", {"item_0": "x" * 201}, "Shorten this to 200"),
        (Action.REFER, "under_review", {"agency": ""}, "Choose the agency"),
        (Action.REFER, "under_review", {"guidance": "x" * 2001}, "Shorten this to 2000"),
        (Action.REJECT, "under_review", {"code": ""}, "Choose why it is rejected"),
        (Action.REJECT, "under_review", {"reason": ""}, "Write the reason"),
        (Action.REJECT, "under_review", {"reason": "short"}, "Write at least 10"),
        (Action.REJECT, "under_review", {"reason": "x" * 2001}, "Shorten this to 2000"),
        (Action.CLOSE, "answered", {"comment": "x" * 1001}, "Shorten this to 1000"),
        (Action.SEND_BACK, "answered", {"reason": ""}, "Write the reason"),
        (Action.REFUSE_REOPENING, "reopen_requested", {"reason": ""}, "Write the reason"),
        (Action.UPDATE, "missing_data", {"text_0": ""}, "Write an answer or add a file"),
        (Action.UPDATE, "missing_data", {"text_0": "x" * 3001}, "Shorten this to 3000"),
    ],
)  # fmt: skip
async def test_what_a_form_of_amer_refuses(
    at_desk: Visiting, action: Action, state: str, typed: dict[str, str], error: str
) -> None:
    async with at_desk("reem") as reem:
        made = await a_case(state)
        page = await done(reem, made, action, **typed)
        assert page.status == 422
        assert page.title.startswith("Error:")
        assert page.text.count(error) == 2
        form = page.form(f"/{NOUNS[action]}")
        for name, text in {**GIVEN[action], **typed}.items():
            assert form.fields[name].strip() == text.strip()
        assert (await report(made))["version"] == 1
        assert await notices() == []


def day(year: int, month: int, of: int, calendar: str = "gregorian") -> dict[str, str]:
    parts = {"day": of, "month": month, "year": year}
    named = {f"promised_on_{part}": str(value) for part, value in parts.items()}
    return {**named, "promised_on_calendar": calendar}


ACCEPTED = {"outcome": "accepted", "plan": "تُتاح الخدمة في التطبيق.", **day(2027, 3, 1)}
REFUSED = {"outcome": "refused", "reasons": "تتطلب الخدمة حضورًا شخصيًا."}


@pytest.mark.parametrize("kind", ["transformation", "suggestion"])
@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({}, "Choose whether the request is accepted"),
        ({**ACCEPTED, **day(2026, 11, 22)}, "The implementation date is today or later"),
        ({**ACCEPTED, **day(2032, 1, 1)}, "Check the year: it is too far ahead"),
        ({**ACCEPTED, **day(2027, 2, 30)}, "There is no such date"),
        ({**ACCEPTED, "promised_on_day": ""}, "Write the day too"),
        ({**ACCEPTED, "plan": ""}, "Write what will be done"),
        ({**REFUSED, "reasons": ""}, "Write the reasons"),
        ({**REFUSED, "reasons": "x" * 4001}, "Shorten this to 4000"),
        (ACCEPTED, ""),
        ({**ACCEPTED, **day(2026, 11, 23)}, ""),
        ({**ACCEPTED, **day(1448, 9, 10, "hijri")}, ""),
        (REFUSED, ""),
        # What belongs to the other decision is not read.
        ({**REFUSED, **day(2020, 1, 1), "plan": "x"}, ""),
    ],
)  # fmt: skip
async def test_requests_are_accepted_with_a_date_or_refused_with_reasons(
    at_desk: Visiting, kind: str, typed: dict[str, str], error: str
) -> None:
    async with at_desk("fahd") as fahd:
        made = await a_case("in_progress", kind=kind)
        await opened(fahd, made, Action.ANSWER)
        page = await fahd.send("/answer", **typed)
        now = await report(made)
        if error:
            assert (page.status, now["state"]) == (422, "in_progress")
            assert error in page.text
            for name, text in typed.items():
                assert page.form("/answer").fields[name].strip() == text
            return
        assert (page.status, now["state"], now["outcome"]) == (200, "answered", typed["outcome"])
        assert now["answer"] == typed["plan" if typed["outcome"] == "accepted" else "reasons"]
        assert (now["promised_on"] is not None) == (typed["outcome"] == "accepted")


@pytest.mark.parametrize(
    ("text", "error"),
    [("", "Write the solution"), ("x" * 9, "Write at least 10"), ("x" * 4001, "Shorten this")],
)
async def test_a_complaint_is_answered_with_the_solution(
    at_desk: Visiting, text: str, error: str
) -> None:
    async with at_desk("fahd") as fahd:
        made = await a_case("in_progress")
        page = await done(fahd, made, Action.ANSWER, text=text)
        assert page.status == 422
        assert error in page.text
        page = await fahd.send("/answer", text="عولج العطل.")
        now = await report(made)
        assert (now["state"], now["outcome"], now["answer"]) == (
            "answered", "solved", "عولج العطل.",
        )  # fmt: skip


@pytest.mark.parametrize("late", [False, True])
async def test_what_is_missing_line_by_line(at_desk: Visiting, late: bool) -> None:
    async with at_desk("reem") as reem:
        made = await a_case(completeness_due_at=NOW if late else NOW.replace(day=24))
        page = await opened(reem, made, Action.REQUEST_DATA)
        assert ("marked as late" in page.text) == late
        action = page.form("/data-request").action

        async def edit(**typed: str) -> dict[str, str]:
            fields = reem.page.form("/data-request").fields
            reem.page = Page(await reem.client.post(f"{action}&edit=1", data={**fields, **typed}))
            assert reem.page.status == 200
            return reem.page.form("/data-request").fields

        assert "item_1" not in page.form("/data-request").fields
        await edit(item_0="صورة الهوية", more="1")
        await edit(item_1="رقم التقرير", more="1")
        fields = await edit(item_2="تاريخ التقرير", drop="0")
        assert [fields[f"item_{n}"] for n in range(2)] == ["رقم التقرير", "تاريخ التقرير"]
        assert "item_2" not in fields
        for _ in range(12):
            fields = await edit(more="1")
        assert "item_9" in fields
        assert "item_10" not in fields
        assert "Add another line" not in reem.page.texts["button"]
        await reem.send("/data-request")
        data = json.loads((await events(made))[-1]["data"])
        assert data["items"] == ["رقم التقرير", "تاريخ التقرير"]
        assert data.get("late", False) is late
        page = await reem.open(f"/cases/{made['number']}")
        assert ("after the completeness check was due" in page.text) == late
        assert ("Completeness check done late" in page.text) == late
        # What was late stays so, whatever the calendar says afterwards.
        moved = NOW.replace(day=25 if late else 22)
        await fetch("UPDATE report SET completeness_due_at = $1", moved)
        page = await reem.open(f"/cases/{made['number']}")
        assert ("after the completeness check was due" in page.text) == late
        sms = (await notices())[0]
        assert sms["moment"] == "missing_data"
        said = render("missing_data", "sms", "ar", json.loads(sms["data"]))
        assert isinstance(said, Sms)
        assert "رقم التقرير" in said.text
        # 48 hours from now, with the hour.
        assert "الأربعاء 25 نوفمبر، 11:30 ص" in said.text
        assert said.text.splitlines()[-1] == f"{PUBLIC}/reports/{made['number']}/update"


async def test_a_data_request_of_the_agency_comes_back_to_it(at_desk: Visiting) -> None:
    async with at_desk("fahd") as fahd, at_desk("hind") as hind:
        made = await a_case("in_progress")
        await done(fahd, made, Action.REQUEST_DATA)
        assert (await report(made))["state"] == "missing_data"
        await opened(hind, made, Action.UPDATE)
        page = await hind.send("/update", text_0="مرفق")
        assert page.status == 200
        now = await report(made)
        assert (now["state"], now["data_due_at"]) == ("in_progress", None)
        data = json.loads((await events(made))[-1]["data"])
        assert data["answers"] == [{"item": "صورة من الهوية", "text": "مرفق", "files": []}]


async def test_too_late_for_an_update(at_desk: Visiting) -> None:
    async with at_desk("hind") as hind:
        made = await a_case("missing_data", data_due_at=NOW)
        page = await hind.open(f"/cases/{made['number']}?do=update")
        assert "There is nothing for you to do here now." in page.text


async def test_referring_to_another_agency(at_desk: Visiting) -> None:
    async with at_desk("reem") as reem:
        made = await a_case()
        page = await opened(reem, made, Action.REFER)
        form = page.form("/referral")
        # The agency that it is about, unless the reviewer says otherwise.
        assert (form.fields["agency"], form.fields["priority"]) == ("moj", "normal")
        action = form.action
        found = Page(
            await reem.client.post(
                f"{action}&edit=1", data={**form.fields, "agency_search": "commerce"}
            )
        ).form("/referral")
        assert set(found.choices["agency"]) == {"", "moj", "mc"}
        await reem.send("/referral", agency="mc", guidance="يخص السجل التجاري")
        rows = await fetch(
            "SELECT a.code FROM report r JOIN agency a ON a.id = r.referred_agency_id"
        )
        assert [row["code"] for row in rows] == ["mc"]
        told = await events(made)
        data = json.loads(told[-2]["data"]) if told[-1]["action"] == "note" else {}
        assert data["agency_en"] == "Ministry of Commerce"
        note = told[-1]
        assert (note["action"], note["public"], note["side"]) == ("note", False, None)
        assert json.loads(note["data"])["text"] == "يخص السجل التجاري"
        for notice in await notices():
            assert json.loads(notice["data"])["agency_en"] == "Ministry of Commerce"


@pytest.mark.parametrize("action", [Action.RETURN_TO_AMER, Action.SEND_BACK])
async def test_reasons_that_only_staff_read(at_desk: Visiting, action: Action) -> None:
    key, state = (
        ("fahd", "in_progress") if action is Action.RETURN_TO_AMER else ("reem", "answered")
    )
    async with at_desk(key) as browser:
        made = await a_case(state)
        await done(browser, made, action)
        public = [event for event in await events(made) if event["public"]]
        assert not any(REASON in event["data"] for event in public)
        assert json.loads(public[-1]["data"])["agency_en"] == "Ministry of Justice"
        (note,) = [event for event in await events(made) if event["action"] == "note"]
        told = json.loads(note["data"])
        assert (told["text"], told["about"]) == (REASON, action)
        assert await notices() == []


@pytest.mark.parametrize("closes", [False, True])
@pytest.mark.parametrize("kind", ["complaint", "suggestion"])
async def test_an_answer_that_closes_at_once(
    at_desk: Visiting, visiting: Visiting, portal: Litestar, monkeypatch: pytest.MonkeyPatch,
    closes: bool, kind: str,
) -> None:  # fmt: skip
    settings = settings_for(
        data=str(portal.state.settings.data), sms_url=portal.state.settings.sms_url,
        answer_closes="yes" if closes else "no",
    )  # fmt: skip
    monkeypatch.setattr(portal.state, "settings", settings)
    async with visiting("نورة سعد القحطاني") as noura, at_desk("fahd") as fahd:
        made = await a_case("in_progress", kind=kind)
        await opened(fahd, made, Action.ANSWER)
        typed = GIVEN[Action.ANSWER] if kind == "complaint" else ACCEPTED
        page = await fahd.send("/answer", **typed)
        assert page.status == 200
        now = await report(made)
        moving = [(e["action"], e["actor"], e["staff_id"] is None) for e in await events(made)]
        page = await noura.open(f"/reports/{made['number']}")
        if not closes:
            assert (now["state"], now["version"], await notices()) == ("answered", 2, [])
            assert moving[1:] == [("answer", "staff", False)]
            assert "Amer centre checks the answer before closing." in page.text
            return
        assert (now["state"], now["version"], now["ended_at"]) == ("closed", 3, NOW)
        assert moving[1:] == [("answer", "staff", False), ("close", "clock", True)]
        moment = "closed" if kind == "complaint" else "accepted"
        assert [one["moment"] for one in await notices()] == [moment, moment]
        assert "Ministry of Justice answered." in page.text
        assert "checks the answer" not in page.text
        assert "The report was closed with the answer of" in page.text


async def test_a_comment_reaches_the_beneficiary(at_desk: Visiting, visiting: Visiting) -> None:
    async with visiting("نورة سعد القحطاني") as noura, at_desk("reem") as reem:
        made = await a_case("answered")
        await done(reem, made, Action.CLOSE)
        page = await noura.open(f"/reports/{made['number']}")
        assert "Amer centre adds" in page.text
        assert "شكرًا لك." in page.text
        email = (await notices())[1]
        said = render("closed", "email", "en", json.loads(email["data"]))
        assert "شكرًا لك." in said.text


async def test_the_forms_own_addresses_lead_to_their_tabs(at_desk: Visiting) -> None:
    async with at_desk("reem") as reem:
        made = await a_case()
        page = await reem.open(f"/cases/{made['number']}/rejection")
        assert page.path == f"/cases/{made['number']}?do=rejection"
        assert "code" in page.form("/rejection").fields


@pytest.mark.parametrize("query", ["preview=2", "edit=1"])
async def test_a_script_gets_the_panel_alone(at_desk: Visiting, query: str) -> None:
    async with at_desk("reem") as reem:
        made = await a_case()
        page = await opened(reem, made, Action.REJECT)
        form = page.form("/rejection")
        address = f"{form.action}&{query}"
        data = {**form.fields, "reason": REASON, "code": "outside"}
        whole = await reem.client.post(address, data=data)
        part = await reem.client.post(address, data=data, headers={"HX-Request": "true"})
        assert whole.status_code == part.status_code == 200
        assert "<h1" in whole.text
        assert part.text.strip().startswith("<section")
        assert part.text.strip() in whole.text
        # While somebody types nothing is found fault with, and nothing is done.
        bare = await reem.client.post(address, data={**data, "reason": ""})
        assert (bare.status_code, "Write the reason" in bare.text) == (200, False)
        assert (await report(made))["version"] == 1
