"""Answering by a link: its life, what it shows, and what it does."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from litestar import Litestar
from tests.people.portal import settings_for
from tests.reports.filed import insert
from tests.web.conftest import NOW, Clock, Visiting
from tests.web.pages import Browser
from tests.web.staff.casework import agency, audited, case, events, row

from balagh.database import fetch, fetch_one
from balagh.notices.messages import Email, render
from balagh.reports import answer_links
from balagh.reports.answer_links import AnswerLink, Status
from balagh.reports.export import SECTIONS
from balagh.settings import Settings

# An agency of the sample catalogue that has nobody in the cast.
ALONE = "moi"
CONTACT = {"link_name": "أحمد الزهراني", "link_email": "ahmad@moi.example.sa"}
SOLUTION = "The fee was matched with the licence, which is renewed now."


async def send(at_desk: Visiting, made: dict[str, Any], key: str = "reem", **typed: str) -> str:
    """Sends a link and returns its path, as it stands in the message."""
    async with at_desk(key) as one:
        await one.open(made["url"])
        page = await one.send("/answer-links", **{**CONTACT, **typed})
        assert page.status == 200, page.text
        assert "Done: Send the link" in page.text
        assert "Open until Monday 7 December, " in page.text
    return await path()


async def path() -> str:
    found = await fetch_one(
        "SELECT data->>'answer_url' AS url FROM notice WHERE moment = 'answer_link' "
        "ORDER BY id DESC LIMIT 1"
    )
    assert found is not None
    return str(found["url"]).removeprefix("https://balagh.example.sa")


@pytest.fixture
async def nobody(visiting: Visiting) -> AsyncIterator[Browser]:
    async with visiting() as found:
        yield found


@pytest.mark.parametrize("state", ["under_review", "in_progress", "answered", "closed"])
@pytest.mark.parametrize("key", ["hind", "reem", "majed", "abeer", "salem"])
async def test_who_makes_links_and_when(at_desk: Visiting, key: str, state: str) -> None:
    made = await case(state, ALONE)
    possible = key in ("reem", "majed") and state == "in_progress"
    async with at_desk(key) as one:
        page = await one.open(made["url"])
        assert any("/answer-links" in form.action for form in page.forms) == possible
        csrf = (await one.open("/")).form("/sign-out").fields["csrf"]
        answer = await one.client.post(
            f"{made['url']}/answer-links", data={**CONTACT, "link_language": "ar", "csrf": csrf}
        )
    expected = 303 if possible else 409 if key in ("reem", "majed") else 404
    assert answer.status_code == expected
    links = await answer_links.links_of(made["id"])
    assert len(links) == possible
    assert await audited(made["id"], "send_link") == possible
    assert len(await events(made["id"], "send_link")) == possible


async def test_an_agency_with_staff_gets_none(at_desk: Visiting) -> None:
    made = await case("in_progress", ALONE)
    async with at_desk("reem") as reem:
        await reem.open(made["url"])
        # Meanwhile somebody of the agency is here.
        await insert(
            "staff", role="agency_officer", agency_id=await agency(ALONE), name_ar="نايف",
            name_en="Nayef", email="nayef@example.sa", created_at=NOW,
        )  # fmt: skip
        page = await reem.send("/answer-links", **CONTACT)
        assert page.status == 409
        assert "The link was not made" in page.text
        page = await reem.open(made["url"])
        assert not any("/answer-links" in form.action for form in page.forms)
    assert await answer_links.links_of(made["id"]) == []
    assert not await fetch("SELECT 1 FROM notice")


async def test_what_is_wrong_with_a_contact(at_desk: Visiting) -> None:
    made = await case("in_progress", ALONE)
    async with at_desk("reem") as reem:
        await reem.open(made["url"])
        page = await reem.send("/answer-links", link_name="", link_email="nobody")
        assert page.status == 422
        assert page.title.startswith("Error:")
        assert "Write the contact's name" in page.text
        assert "Write an e-mail address such as" in page.text
        assert page.form("/answer-links").fields["link_email"] == "nobody"
    assert await answer_links.links_of(made["id"]) == []


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_the_message(at_desk: Visiting, language: str) -> None:
    made = await case("in_progress", ALONE, title="تعذر الدخول")
    async with at_desk("reem") as reem:
        await reem.open(made["url"])
        await reem.send("/answer-links", **CONTACT, link_language=language)
    (notice,) = await fetch("SELECT * FROM notice")
    (link,) = await answer_links.links_of(made["id"])
    assert notice["recipient"] == CONTACT["link_email"]
    assert notice["key"] == f"answer_link:{link.id}:email"
    data = json.loads(notice["data"])
    # Nothing of the beneficiary, nor what they wrote.
    assert not re.search("القحطاني|553184471|n@example|تعذر", notice["data"])
    assert data["answer_url"].endswith("?lang=en") == (language == "en")
    said = render("answer_link", "email", notice["language"], data)
    assert isinstance(said, Email)
    for part in (said.text, said.html):
        assert data["answer_url"] in part
        assert CONTACT["link_name"] in part
    # The database keeps nothing by which somebody could make the link.
    kept = await fetch_one("SELECT token_hash FROM answer_link")
    assert kept is not None
    token = data["answer_url"].rpartition("/")[2].partition("?")[0]
    assert kept["token_hash"] != token.encode()
    for outbox_later in ("sent",):
        await fetch("UPDATE notice SET state = $1", outbox_later)
        await answer_links.forget(NOW)
        (notice,) = await fetch("SELECT data FROM notice")
        assert token not in notice["data"]


async def test_a_complaint_is_answered(
    at_desk: Visiting, nobody: Browser, time: Clock, visiting: Visiting
) -> None:
    made = await case("in_progress", ALONE, title="لم يصل رمز التحقق")
    address = await send(at_desk, made)
    time.now = NOW + timedelta(hours=2)
    answer = await nobody.client.get(address)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["referrer-policy"] == "same-origin"
    before = await row(made["id"])
    page = await nobody.open(address)
    assert page.h1 == "لم يصل رمز التحقق"
    assert "سددت الرسوم ولم تُجدَّد." in page.text
    assert "نورة سعد القحطاني" in page.text
    # How to reach them is not the link's to tell; nor is its address put into another.
    assert "318 4471" not in page.text
    assert "n@example.sa" not in page.text
    assert "next=" not in page.html
    # Opening it changes nothing.
    assert await row(made["id"]) == before
    page = await nobody.send("/answer/", text="short")
    assert page.status == 422
    assert page.title.startswith("Error:")
    assert page.form("/answer/").fields["text"] == "short"
    page = await nobody.send("/answer/", text=SOLUTION)
    assert page.h1 == "Check your answer before it is sent"
    assert SOLUTION in page.text
    assert await row(made["id"]) == before
    # Back to change it, then on.
    page = await press(nobody, "change")
    assert page.form("/answer/").fields["text"] == SOLUTION
    await nobody.send("/answer/", text=f"{SOLUTION} Thank you.")
    page = await press(nobody, "send")
    assert page.status == 200
    assert page.h1 == "The answer was received"
    assert "لم يصل رمز التحقق" not in page.text
    now = await row(made["id"])
    assert (now["state"], now["outcome"]) == ("answered", "solved")
    assert now["answer"] == f"{SOLUTION} Thank you."
    (event,) = await events(made["id"], "answer")
    reem = await fetch_one("SELECT id FROM staff WHERE email = 'reem@example.sa'")
    assert reem is not None
    assert event["staff_id"] == reem["id"]
    assert json.loads(event["data"])["by_link"] == CONTACT["link_name"]
    assert await audited(made["id"], "answer") == 1
    assert await audited(made["id"], "view_by_link") >= 2
    # The beneficiary reads who answered: the agency, and no name.
    async with visiting("نورة سعد القحطاني") as noura:
        page = await noura.open(f"/reports/{made['number']}")
        assert CONTACT["link_name"] not in page.text
        copy = await fetch(SECTIONS["event"], now["person_id"])
        assert "answer" in {one["action"] for one in copy}
        assert not any(CONTACT["link_name"] in one["data"] for one in copy)


async def press(browser: Browser, step: str) -> Any:
    form = browser.page.form("/answer/")
    answer = await browser.client.post(form.action, data={**form.fields, "step": step})
    return await browser._show(answer)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Choose whether the request is accepted"),
        ({"outcome": "accepted", "plan": SOLUTION}, "Write the implementation date"),
        ({"outcome": "accepted", "day": "30"}, "Write what will be done"),
        ({"outcome": "refused"}, "Write the reasons"),
        # What was written for the other decision is no answer to this one.
        ({"outcome": "refused", "plan": SOLUTION}, "Write the reasons"),
        (
            {"outcome": "accepted", "plan": SOLUTION, "day": "22"},
            "The implementation date is today or later",
        ),
        (
            {"outcome": "accepted", "plan": SOLUTION, "year": "2042"},
            "Check the year: it is too far ahead",
        ),
        ({"outcome": "accepted", "plan": SOLUTION, "day": "30"}, ""),
        ({"outcome": "refused", "reasons": SOLUTION}, ""),
        # A date in what is refused means nothing.
        ({"outcome": "refused", "reasons": SOLUTION, "day": "1"}, ""),
    ],
)
async def test_a_request_is_decided(
    at_desk: Visiting, nobody: Browser, typed: dict[str, str], said: str
) -> None:
    made = await case("in_progress", ALONE, kind="suggestion")
    await nobody.open(await send(at_desk, made))
    given = {name: value for name, value in typed.items() if name not in ("day", "year")}
    if {"day", "year"} & typed.keys():
        date = {"day": "30", "month": "11", "year": "2026"} | typed
        given |= {f"promised_on_{part}": date[part] for part in ("day", "month", "year")}
    page = await nobody.send("/answer/", **given)
    if said:
        assert page.status == 422
        assert said in page.text
        return
    assert page.status == 200
    await press(nobody, "send")
    now = await row(made["id"])
    assert (now["state"], now["outcome"]) == ("answered", typed["outcome"])
    assert (now["promised_on"] is not None) == (typed["outcome"] == "accepted")


DECISIONS = [
    ("complaint", {"text": SOLUTION}, "solved", "closed"),
    ("transformation", {"outcome": "accepted", "plan": SOLUTION}, "accepted", "accepted"),
    ("transformation", {"outcome": "refused", "reasons": SOLUTION}, "refused", "refused"),
    ("suggestion", {"outcome": "accepted", "plan": SOLUTION}, "accepted", "accepted"),
    ("suggestion", {"outcome": "refused", "reasons": SOLUTION}, "refused", "refused"),
]


@pytest.mark.parametrize("closes", [False, True])
@pytest.mark.parametrize(("kind", "typed", "outcome", "moment"), DECISIONS)
async def test_it_is_what_the_agency_s_own_form_does(
    at_desk: Visiting, nobody: Browser, portal: Litestar, monkeypatch: pytest.MonkeyPatch,
    closes: bool, kind: str, typed: dict[str, str], outcome: str, moment: str,
) -> None:  # fmt: skip
    settings, other = (
        settings_for(
            data=str(portal.state.settings.data), sms_url=portal.state.settings.sms_url,
            answer_closes="yes" if so else "no",
        )
        for so in (closes, not closes)
    )  # fmt: skip
    monkeypatch.setattr(portal.state, "settings", settings)
    made = await case("in_progress", ALONE, kind=kind)
    await nobody.open(await send(at_desk, made))
    date = {"promised_on_day": "30", "promised_on_month": "11", "promised_on_year": "2026"}
    page = await nobody.send("/answer/", **(typed | (date if outcome == "accepted" else {})))
    # The very message, where it goes out at once; nobody's address in it.
    assert ("What the beneficiary gets" in page.text) == closes
    assert ("Sending it closes the report." in page.text) == closes
    assert "n@example.sa" not in page.text
    page = await press(nobody, "send")
    assert page.h1 == "The answer was received"
    # Whoever comes back to it later reads what is so, not what the setting is by then.
    monkeypatch.setattr(portal.state, "settings", other)
    page = await nobody.open(nobody.page.path)
    assert ("is closed now. The beneficiary is told." in page.text) == closes
    assert ("Amer centre checks the answer." in page.text) == (not closes)
    now = await row(made["id"])
    assert (now["state"], now["outcome"]) == ("closed" if closes else "answered", outcome)
    (event,) = await events(made["id"], "answer")
    told = json.loads(event["data"])
    assert (told["outcome"], told["answer"]) == (outcome, SOLUTION)
    assert told.get("promised_on") == ("2026-11-30" if outcome == "accepted" else None)
    assert told.get("closes", False) == closes
    assert len(await events(made["id"], "close")) == closes
    notices = await fetch("SELECT moment FROM notice WHERE moment <> 'answer_link'")
    assert {one["moment"] for one in notices} == ({moment} if closes else set())


async def test_a_date_in_the_other_calendar(at_desk: Visiting, nobody: Browser) -> None:
    made = await case("in_progress", ALONE, kind="suggestion")
    await nobody.open(await send(at_desk, made))
    form = nobody.page.form("/answer/")
    date = {"promised_on_day": "30", "promised_on_month": "11", "promised_on_year": "2026"}
    data = {**form.fields, **date, "plan": SOLUTION, "toggle": "promised_on"}
    page = await nobody._show(await nobody.client.post(form.action, data=data))
    assert page.status == 200
    fields = page.form("/answer/").fields
    assert (fields["promised_on_day"], fields["promised_on_month"]) == ("20", "6")
    assert fields["plan"] == SOLUTION
    await nobody.send("/answer/", outcome="accepted")
    await press(nobody, "send")
    assert str((await row(made["id"]))["promised_on"]) == "2026-11-30"


# What has become of a link: what is done to it or to its report, and what its page says.
LIFE = [
    ("revoked", "This link was withdrawn"),
    ("expired", "This link has expired"),
    ("answered", "This report no longer waits for your answer"),
    ("sent back", "This report no longer waits for your answer"),
    ("cancelled", "This report no longer waits for your answer"),
    ("elsewhere", "This report no longer waits for your answer"),
    ("returned", "This report no longer waits for your answer"),
]


@pytest.mark.parametrize(("what", "said"), LIFE)
async def test_when_it_answers_no_more(
    at_desk: Visiting, nobody: Browser, time: Clock, what: str, said: str
) -> None:
    made = await case("in_progress", ALONE)
    address = await send(at_desk, made)
    await nobody.open(address)
    form = nobody.page.form("/answer/")
    file = uuid4()
    await insert(
        "attachment", id=file, report_id=made["id"], person_id=(await row(made["id"]))["person_id"],
        name="a.png", media_type="image/png", size=1, sha256=bytes(32), added_at=NOW,
    )  # fmt: skip
    time.now = NOW + timedelta(hours=1)
    await happen(what, made, at_desk, time)
    for answer in (
        await nobody.client.get(address),
        await nobody.client.post(
            form.action, data={**form.fields, "text": SOLUTION, "step": "send"}
        ),
    ):
        assert answer.status_code == 410
        assert said in answer.text
        assert "199099" in answer.text
        # What was filed is shown no more; what they typed is.
        assert "سددت الرسوم" not in answer.text
        assert (SOLUTION in answer.text) == (answer.request.method == "POST")
    token = address.rpartition("/")[2]
    assert (await nobody.client.get(f"/answer/{token}/files/{file}")).status_code == 404
    assert not [one for one in await events(made["id"], "answer") if one["at"] == time.now]


async def happen(what: str, made: dict[str, Any], at_desk: Visiting, time: Clock) -> None:
    id = made["id"]
    if what == "revoked":
        async with at_desk("majed") as majed:
            await majed.open(made["url"])
            page = await majed.send("/revocation")
            assert "Done: Withdraw the link" in page.text
            assert "Withdrawn: Today, 12:30" in page.text
            # Again: nothing more happens.
            assert not any("/revocation" in form.action for form in page.forms)
        assert len(await events(id, "revoke_link")) == 1
        assert await audited(id, "revoke_link") == 1
        assert not await fetch("SELECT 1 FROM notice")
    elif what == "expired":
        time.now = NOW + timedelta(days=14)
    else:
        moves = {
            "answered": [("answered", "answer")],
            "sent back": [("answered", "answer"), ("in_progress", "send_back")],
            "cancelled": [("cancelled", "cancel")],
            "returned": [("under_review", "return_to_amer"), ("in_progress", "refer")],
            "elsewhere": [],
        }
        for state, action in moves[what]:
            before = await row(id)
            await insert(
                "event", report_id=id, at=time.now - timedelta(minutes=1), action=action,
                from_state=before["state"], to_state=state, actor="beneficiary",
            )  # fmt: skip
            await fetch(
                "UPDATE report SET state = $2, version = version + 1, ended_at = $3 WHERE id = $1",
                id, state, time.now if state == "cancelled" else None,
            )  # fmt: skip
        if what == "elsewhere":
            await fetch(
                "UPDATE report SET referred_agency_id = $2 WHERE id = $1", id, await agency("moj")
            )


async def test_a_link_answers_once(at_desk: Visiting, nobody: Browser, visiting: Visiting) -> None:
    made = await case("in_progress", ALONE)
    first, second = await send(at_desk, made), await send(at_desk, made)
    async with visiting() as other:
        await nobody.open(first)
        await other.open(second)
        await nobody.send("/answer/", text=SOLUTION)
        await other.send("/answer/", text="The other's words, which are kept.")
        form = nobody.page.form("/answer/")
        page = await press(nobody, "send")
        assert page.h1 == "The answer was received"
        # Pressed twice: the same page.
        again = await nobody.client.post(form.action, data={**form.fields, "step": "send"})
        assert again.status_code == 303
        page = await press(other, "send")
        assert page.status == 410
        assert "The other's words, which are kept." in page.text
    assert len(await events(made["id"], "answer")) == 1
    statuses = [one.status(NOW) for one in await answer_links.links_of(made["id"])]
    assert statuses == ["stopped", "used"]


async def test_a_report_that_changed_is_looked_at_once_more(
    at_desk: Visiting, nobody: Browser
) -> None:
    made = await case("in_progress", ALONE)
    await nobody.open(await send(at_desk, made))
    await nobody.send("/answer/", text=SOLUTION)
    await fetch("UPDATE report SET version = version + 1, title = 'جديد' WHERE id = $1", made["id"])
    page = await press(nobody, "send")
    assert page.status == 409
    assert page.h1 == "جديد"
    assert "The report changed meanwhile" in page.text
    assert page.form("/answer/").fields["text"] == SOLUTION
    await nobody.send("/answer/")
    page = await press(nobody, "send")
    assert page.h1 == "The answer was received"


async def test_files_and_other_addresses(
    at_desk: Visiting, nobody: Browser, portal: Litestar
) -> None:
    made, other = await case("in_progress", ALONE), await case("in_progress", ALONE, title="غيره")
    files = {}
    for one in (made, other):
        file = uuid4()
        await portal.state.store.put(file, b"picture")
        await insert(
            "attachment", id=file, report_id=one["id"], name="صورة.png", media_type="image/png",
            person_id=(await row(one["id"]))["person_id"], size=7, sha256=bytes(32), added_at=NOW,
        )  # fmt: skip
        files[one["id"]] = file
    address = await send(at_desk, made)
    page = await nobody.open(address)
    got = await nobody.client.get(page.links["صورة.png"])
    assert got.content == b"picture"
    assert got.headers["cache-control"] == "no-store"
    # Another report's file is not there, nor anything by a token that we never made.
    for absent in (
        f"{address}/files/{files[other['id']]}", f"/answer/{43 * 'x'}", "/answer/x",
        f"/answer/{43 * 'x'}/files/{files[made['id']]}",
    ):  # fmt: skip
        assert (await nobody.client.get(absent)).status_code == 404


def link(**changes: Any) -> AnswerLink:
    values: dict[str, Any] = {
        "id": 1, "report_id": 1, "number": "7302641185", "agency_id": 1, "name": "أحمد",
        "email": "a@b.sa", "made_by": 1, "maker_ar": "ريم", "maker_en": "Reem", "created_at": NOW,
        "expires_at": NOW + timedelta(days=14), "revoked_at": None, "used_at": None,
        "stopped": False, "answer": None, "closed": False,
    }  # fmt: skip
    return AnswerLink(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "after", "status"),
    [
        ({}, timedelta(), "open"),
        ({}, timedelta(days=14, microseconds=-1), "open"),
        ({}, timedelta(days=14), "expired"),
        ({"revoked_at": NOW}, timedelta(), "revoked"),
        ({"revoked_at": NOW}, timedelta(days=15), "revoked"),
        ({"stopped": True}, timedelta(), "stopped"),
        ({"used_at": NOW, "stopped": True}, timedelta(days=15), "used"),
    ],
)
def test_what_has_become_of_it(changes: dict[str, Any], after: timedelta, status: Status) -> None:
    assert link(**changes).status(NOW + after) == status


async def test_words_in_the_log_do_not_hold_the_token(
    at_desk: Visiting, nobody: Browser, portal: Litestar
) -> None:
    settings: Settings = portal.state.settings
    assert settings.secure
    made = await case("in_progress", ALONE)
    address = await send(at_desk, made)
    await nobody.open(address)
    token = address.rpartition("/")[2]
    rows = await fetch("SELECT data::text AS data FROM audit ORDER BY id DESC LIMIT 20")
    assert not any(token in one["data"] for one in rows)
    rows = await fetch("SELECT data::text AS data FROM event")
    assert not any(token in one["data"] for one in rows)


OFFICERS = "عولج الخلل من جهتنا، وأعيد فتح الخدمة."


@pytest.mark.parametrize("closes", [False, True])
@pytest.mark.parametrize("first", ["link", "officer", "both at once"])
async def test_the_link_and_an_officer_who_came_meanwhile(
    at_desk: Visiting, nobody: Browser, portal: Litestar, monkeypatch: pytest.MonkeyPatch,
    closes: bool, first: str,
) -> None:  # fmt: skip
    """One of them answers, with everything that follows; the other finds their words again."""
    settings = settings_for(
        data=str(portal.state.settings.data), sms_url=portal.state.settings.sms_url,
        answer_closes="yes" if closes else "no",
    )  # fmt: skip
    monkeypatch.setattr(portal.state, "settings", settings)
    made = await case("in_progress", "moj")
    own = await agency("moj")
    await fetch("UPDATE staff SET active = false WHERE agency_id = $1", own)
    address = await send(at_desk, made)
    await fetch("UPDATE staff SET active = true WHERE agency_id = $1", own)
    async with at_desk("fahd") as fahd:
        page = await fahd.open(f"{made['url']}?do=answer")
        theirs = page.form("/answer")
        await nobody.open(address)
        page = await nobody.send("/answer/", text=SOLUTION)
        form = page.form("/answer/")

        def by_link() -> Any:
            return nobody.client.post(form.action, data={**form.fields, "step": "send"})

        def by_officer() -> Any:
            return fahd.client.post(theirs.action, data={**theirs.fields, "text": OFFICERS})

        if first == "both at once":
            linked, sent = await asyncio.gather(by_link(), by_officer())
        elif first == "link":
            linked, sent = await by_link(), await by_officer()
        else:
            sent, linked = await by_officer(), await by_link()
    won = linked.status_code == 303
    if first != "both at once":
        assert won == (first == "link")
    if won:
        assert sent.status_code == 409
        assert OFFICERS in sent.text
    else:
        assert (linked.status_code, sent.status_code) == (410, 303)
        assert "It was not sent. It is here for you to copy." in linked.text
        assert SOLUTION in linked.text
    now = await row(made["id"])
    assert now["state"] == ("closed" if closes else "answered")
    assert now["answer"] == (SOLUTION if won else OFFICERS)
    (event,) = await events(made["id"], "answer")
    assert ("by_link" in json.loads(event["data"])) == won
    assert len(await events(made["id"], "close")) == closes
    assert len(await fetch("SELECT 1 FROM answer_link WHERE used_at IS NOT NULL")) == won
    told = await fetch("SELECT channel FROM notice WHERE moment <> 'answer_link'")
    assert len(told) == (2 if closes else 0)


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("same", [True, False])
async def test_one_link_sent_twice(
    at_desk: Visiting, nobody: Browser, at_once: bool, same: bool
) -> None:
    """The same words are what they wanted; a colleague's other words are not lost."""
    made = await case("in_progress", ALONE)
    await nobody.open(await send(at_desk, made))
    page = await nobody.send("/answer/", text=SOLUTION)
    form = page.form("/answer/")
    texts = (SOLUTION, SOLUTION if same else OFFICERS)
    sends = [
        nobody.client.post(form.action, data={**form.fields, "text": text, "step": "send"})
        for text in texts
    ]
    answers = await asyncio.gather(*sends) if at_once else [await one for one in sends]
    assert len(await events(made["id"], "answer")) == 1
    if same:
        assert [one.status_code for one in answers] == [303, 303]
        return
    assert sorted(one.status_code for one in answers) == [303, 410]
    lost = next(n for n, one in enumerate(answers) if one.status_code == 410)
    assert texts[lost] in answers[lost].text
    assert "This link was used already" in answers[lost].text
    assert (await row(made["id"]))["answer"] == texts[1 - lost]
