"""Rating a closed report: signed in, and by the link of a message."""

import asyncio
import contextvars
import itertools
import json
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from litestar import Litestar
from tests.people.portal import browser
from tests.web.conftest import NOW, Clock, Visiting
from tests.web.pages import Browser, Page
from tests.web.test_budgets import KB, PAGE, size
from tests.web.test_languages import foreign

from balagh.assets import asset
from balagh.database import fetch, fetch_one, transaction
from balagh.demo import cast, samples
from balagh.demo.stories import stories
from balagh.people import sessions
from balagh.reports import ratings, survey_links, surveys
from balagh.reports.lifecycle import State
from balagh.reports.survey_links import SurveyLink
from balagh.reports.surveys import PROBLEM_REMAINS, Code, Opinion
from balagh.settings import Settings

ZONE = ZoneInfo("Asia/Riyadh")

NUMBERS = {sample.key: samples.number_of(sample) for sample in stories().reports}
# Noura's; closed with an answer on 12 November. Rejected on 11 October; waiting; Khalid's.
CLOSED, REJECTED = NUMBERS["power-of-attorney"], NUMBERS["driving-school"]
WAITING, KHALIDS = NUMBERS["sick-leave"], NUMBERS["driving-licence"]
NOURA = "نورة سعد القحطاني"
KHALID = "خالد عبدالله العتيبي"


@pytest.fixture
async def settings(portal: Litestar) -> Settings:
    """Of the portal, with the sample reports."""
    found: Settings = portal.state.settings
    await cast.seed_cast(found.secret_key, NOW)
    await samples.seed(found, NOW)
    return found


@pytest.fixture
async def noura(settings: Settings, visiting: Visiting) -> AsyncIterator[Browser]:
    async with visiting(NOURA) as found:
        yield found


@pytest.fixture
async def nobody(settings: Settings, visiting: Visiting) -> AsyncIterator[Browser]:
    async with visiting() as found:
        yield found


def path(number: str = CLOSED, survey: str = "agency") -> str:
    return f"/reports/{number}/rating/{survey}"


def link(
    settings: Settings,
    number: str = CLOSED,
    survey: Code = "agency",
    expires: datetime = NOW + timedelta(days=19),
) -> str:
    return "/r/" + survey_links.token(SurveyLink(number, survey, expires), settings.secret_key)


async def rows(number: str = CLOSED) -> list[dict[str, Any]]:
    found = await fetch(
        "SELECT g.survey, g.score, g.reasons, g.comment, g.at, g.changed_at FROM rating g "
        "JOIN report r ON r.id = g.report_id WHERE r.number = $1 ORDER BY g.survey",
        number,
    )
    return [dict(row) for row in found]


async def report_id(number: str = CLOSED) -> int:
    row = await fetch_one("SELECT id FROM report WHERE number = $1", number)
    assert row is not None
    return int(row["id"])


# Signed in


async def test_from_the_details_to_the_thanks_and_the_other_survey(
    noura: Browser, time: Clock
) -> None:
    page = await noura.open(f"/reports/{CLOSED}")
    page = await noura.open(page.links["Rate the agency's response"])
    assert page.h1 == "How satisfied are you with the agency's response?"
    assert "Survey 1 of 2" in page.text
    assert "تأخر إصدار الوكالة الإلكترونية" in page.text
    assert page.form("/agency").choices["score"] == ["1", "2", "3", "4", "5"]
    assert "score" not in page.form("/agency").fields
    page = await noura.send("/agency", score="4", comment="  صدرت في اليوم التالي.\n")
    assert page.h1 == "Thank you for your rating"
    assert "is recorded. The agency&#39;s response: <b><bdi>4</bdi>, Satisfied</b>." in page.html
    assert "Saturday 12 December 2026" in page.text
    assert await rows() == [
        {"survey": "agency", "score": 4, "reasons": [], "comment": "صدرت في اليوم التالي.",
         "at": NOW, "changed_at": None}
    ]  # fmt: skip
    page = await noura.open(page.links["Rate your experience of Balagh"])
    assert "Survey 2 of 2" in page.text
    page = await noura.send("/balagh", score="5")
    assert "Rate" not in " ".join(page.links)
    assert [row["survey"] for row in await rows()] == ["agency", "balagh"]
    # Changed later: what was sent is on the form, and its place is taken.
    time.now = NOW + timedelta(minutes=30)
    page = await noura.open(f"/reports/{CLOSED}")
    assert "The agency's response: you rated it 4 of 5." in page.text
    page = await noura.open(path())
    form = page.form("/agency")
    assert (form.fields["score"], form.fields["comment"]) == ("4", "صدرت في اليوم التالي.")
    await noura.send("/agency", score="2", reasons="slow", comment="")
    found = await rows()
    assert found[0] == {
        "survey": "agency", "score": 2, "reasons": ["slow"], "comment": None,
        "at": NOW, "changed_at": time.now,
    }  # fmt: skip


async def test_my_reports_leads_to_what_is_not_rated_yet(noura: Browser) -> None:
    page = await noura.open("/reports")
    title = "تأخر إصدار الوكالة الإلكترونية"
    assert page.links[f"Rate the agency's response: {title}"] == path()
    # Rejected on 14 October and closed on 29 September: too long ago.
    assert sum("/rating/" in url for url in page.links.values()) == 1
    await noura.open(path())
    await noura.send("/agency", score="5")
    page = await noura.open("/reports?show=ended")
    assert page.links[f"Rate your experience of Balagh: {title}"] == path(survey="balagh")
    await noura.open(path(survey="balagh"))
    await noura.send("/balagh", score="5")
    assert "/rating/" not in " ".join((await noura.open("/reports")).links.values())


async def test_what_is_wrong_is_told_and_what_was_typed_is_kept(noura: Browser) -> None:
    await noura.open(path())
    typed = "أ" * 1003
    page = await noura.send("/agency", reasons="slow", comment=typed)
    assert page.status == 422
    assert page.title.startswith("Error: How satisfied")
    assert page.links["Choose one of the five answers"].endswith("#score")
    assert page.links["Write at most 1000 characters: 3 are too many"].endswith("#comment")
    assert {"score", "comment"} <= page.ids
    assert 'role="alert" tabindex="-1" autofocus' in page.html
    form = page.form("/agency")
    assert form.fields["comment"] == typed
    assert form.fields["reasons"] == "slow"
    page = await noura.send("/agency", score="1", comment=typed)
    assert page.status == 422
    assert page.form("/agency").fields["score"] == "1"
    assert await rows() == []
    page = await noura.send("/agency", comment="أ" * 1000)
    assert page.status == 200
    assert [row["comment"] for row in await rows()] == ["أ" * 1000]


async def test_a_score_that_does_not_exist(noura: Browser) -> None:
    form = (await noura.open(path())).form("/agency")
    for score in ("", "0", "6", "-1", "4.0", "٤", "x", "44"):
        answer = await noura.client.post(form.action, data={**form.fields, "score": score})
        assert answer.status_code == 422, score
    assert await rows() == []


async def test_what_no_browser_sends_is_no_fault_of_ours(
    nobody: Browser, settings: Settings
) -> None:
    there = link(settings)
    for data, status in (
        ({"score": "3", "comment": "a\x00b"}, 303),
        ({"score": ["1", "x"], "reasons": ["x"] * 500, "csrf": "y"}, 303),
        ({"comment": "x" * 60_000}, 422),
        ({}, 422),
    ):
        answer = await nobody.client.post(there, data=data)
        assert answer.status_code == status, answer.text[:300]
    upload = {"comment": ("a.png", b"x"), "score": ("b.png", b"4")}
    answer = await nobody.client.post(there, files=upload)
    assert answer.status_code == 422
    answer = await nobody.client.post(there, json={"score": 4})
    assert answer.status_code in (400, 422)
    assert [(row["score"], row["comment"]) for row in await rows()] == [(1, "ab")]


async def test_line_ends_count_once(noura: Browser) -> None:
    form = (await noura.open(path())).form("/agency")
    data = {**form.fields, "score": "3", "comment": "a\r\n" * 500}
    answer = await noura.client.post(form.action, data=data)
    assert answer.status_code == 303
    assert (await rows())[0]["comment"] == ("a\n" * 500).strip()


async def test_a_problem_that_remains_leads_to_reopening(noura: Browser) -> None:
    await noura.open(path())
    page = await noura.send("/agency", score="1", reasons=PROBLEM_REMAINS)
    assert page.links["Ask for reopening"] == f"/reports/{CLOSED}/reopening"
    assert "until Thursday 26 November 2026" in page.text
    # Not after the window, and not at another reason.
    await fetch("UPDATE report SET reopen_until = $1 WHERE number = $2", NOW, CLOSED)
    page = await noura.open(f"{path()}/thanks")
    assert page.h1 == "Thank you for your rating"
    assert "Ask for reopening" not in page.links
    later = NOW + timedelta(days=3)
    await fetch("UPDATE report SET reopen_until = $1 WHERE number = $2", later, CLOSED)
    await noura.open(path())
    page = await noura.send("/agency", score="2", reasons="slow")
    assert "Ask for reopening" not in page.links


async def test_a_rejected_report_has_the_survey_about_balagh(
    noura: Browser, visiting: Visiting, settings: Settings
) -> None:
    await fetch("UPDATE report SET ended_at = $1 WHERE number = $2", NOW, REJECTED)
    page = await noura.open(f"/reports/{REJECTED}")
    assert "Rate the agency's response" not in page.links
    page = await noura.open(page.links["Rate your experience of Balagh"])
    assert "Survey 1 of" not in page.text
    assert "answer of" not in page.text
    assert "Read the answer" not in page.links
    page = await noura.send("/balagh", score="2", reasons="not_informed")
    assert "Rate the agency's response" not in page.links
    async with visiting() as nobody:
        page = await nobody.open(link(settings, REJECTED, "balagh"))
        assert page.links["Details of the report (sign in first)"] == f"/reports/{REJECTED}"
    assert [row["reasons"] for row in await rows(REJECTED)] == [["not_informed"]]


async def test_thanks_for_nothing_lead_to_the_question(noura: Browser) -> None:
    page = await noura.open(f"{path()}/thanks")
    assert page.path == path()


CANNOT_BE_RATED = [
    (WAITING, "agency", 409, "You can rate it once it is closed"),
    (WAITING, "balagh", 409, "You can rate it once it is closed"),
    (REJECTED, "agency", 409, "This report has no such survey"),
    # Over a month ago.
    (REJECTED, "balagh", 410, "The time for rating is over"),
    (NUMBERS["national-address"], "agency", 410, "The time for rating is over"),
    (NUMBERS["school-results"], "balagh", 409, "This report has no such survey"),
]


async def test_one_s_own_report_that_cannot_be_rated(noura: Browser) -> None:
    form = (await noura.open(path())).form("/agency")
    for number, survey, status, says in CANNOT_BE_RATED:
        before = await rows(number)
        page = await noura.open(path(number, survey))
        assert page.status == status, (number, survey)
        assert says in page.text
        for score in ("5", ""):
            data = {**form.fields, "score": score}
            answer = await noura.client.post(path(number, survey), data=data)
            assert answer.status_code == status
            assert says in answer.text
        assert await rows(number) == before


NOT_THERE = [
    path(KHALIDS),
    path("7302641185"),
    path("1"),
    path("x"),
    path(CLOSED, "nothing"),
    path(KHALIDS, "nothing"),
]


async def test_somebody_else_s_report_is_as_absent_as_one_that_does_not_exist(
    noura: Browser,
) -> None:
    form = (await noura.open(path())).form("/agency")
    data = {**form.fields, "score": "1"}
    get, post = noura.client.get, noura.client.post
    nowhere = [await get(path("7302641184")), await post(path("7302641184"), data=data)]
    assert [answer.status_code for answer in nowhere] == [404, 404]

    def said(html: str) -> str:
        return re.sub(r'href="\?lang=\w+"', "", html)

    for there in NOT_THERE:
        for answer, like in zip(
            (await get(there), await post(there, data=data)), nowhere, strict=True
        ):
            assert answer.status_code == 404, there
            assert said(answer.text) == said(like.text), there
        assert said((await get(f"{there}/thanks")).text) == said(nowhere[0].text)
    assert await rows(KHALIDS) == []


async def test_others_sign_in_or_find_nothing(nobody: Browser, portal: Litestar) -> None:
    page = await nobody.client.get(path())
    assert page.headers["location"].startswith("/sign-in?next=")
    staff = await fetch("SELECT id FROM staff WHERE role = 'reviewer'")
    token = await sessions.begin(staff_id=staff[0]["id"], now=NOW, lifetime=timedelta(hours=1))
    async with browser(portal, {"__Host-balagh": token}) as reem:
        assert (await reem.get(path())).status_code == 404


# By a link


async def test_one_tap_marks_and_the_button_records(nobody: Browser, settings: Settings) -> None:
    page = await nobody.open(link(settings) + "?s=4")
    assert page.form("/r/").fields["score"] == "4"
    assert "You chose in the message: <b><bdi>4</bdi>, Satisfied</b>." in page.html
    assert await rows() == []
    page = await nobody.send("/r/", comment="شكرًا")
    assert page.path == link(settings) + "/thanks"
    assert "<bdi>4</bdi>, Satisfied" in page.html
    assert [(row["score"], row["comment"]) for row in await rows()] == [(4, "شكرًا")]
    # The other survey, by a link of its own.
    page = await nobody.open(page.links["Rate your experience of Balagh"])
    assert page.path == link(settings, survey="balagh")
    await nobody.send("/r/", score="5")
    assert [row["survey"] for row in await rows()] == ["agency", "balagh"]


async def test_little_is_shown_of_the_report(nobody: Browser, settings: Settings) -> None:
    await ratings.rate(
        await report_id(), "agency", Opinion(2, ("slow",), "سر بيني وبينكم"), NOW, ZONE
    )
    row = await fetch_one(
        "SELECT r.*, p.name FROM report r JOIN person p ON p.id = r.person_id WHERE number = $1",
        CLOSED,
    )
    assert row is not None
    page = await nobody.open(link(settings))
    for answer in (page, await nobody.open(link(settings) + "/thanks")):
        for secret in ("title", "description", "answer", "name", "phone", "email", "reference"):
            assert row[secret] not in answer.html, secret
        assert "سر بيني" not in answer.html
    assert "Ministry of Justice" in page.text
    assert page.text.count(f"{CLOSED[:3]} {CLOSED[3:6]} {CLOSED[6:]}") == 1
    # What was not shown is not lost by sending the form again.
    await nobody.open(link(settings))
    await nobody.send("/r/", score="1")
    assert [(row["score"], row["comment"]) for row in await rows()] == [(1, "سر بيني وبينكم")]
    await nobody.open(link(settings))
    await nobody.send("/r/", comment="غيرت رأيي")
    assert [row["comment"] for row in await rows()] == ["غيرت رأيي"]


async def test_errors_by_link(nobody: Browser, settings: Settings) -> None:
    await nobody.open(link(settings))
    page = await nobody.send("/r/", comment="y" * 1001)
    assert page.status == 422
    assert page.form("/r/").fields["comment"] == "y" * 1001
    assert page.links["Choose one of the five answers"].endswith("#score")
    assert await rows() == []


async def test_a_score_in_the_link_that_does_not_exist(nobody: Browser, settings: Settings) -> None:
    for s in ("0", "6", "٣", "x", "", "1.5", "%00", "9" * 400):
        page = await nobody.open(f"{link(settings)}?s={s}")
        assert page.status == 200
        assert "score" not in page.form("/r/").fields, s
    assert await rows() == []


_SCANNERS: list[dict[str, str]] = [
    {},
    {"purpose": "prefetch"},
    {"sec-purpose": "prefetch;prerender"},
    {"x-moz": "prefetch"},
    {"x-purpose": "preview"},
    {"sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate"},
    {"origin": "https://balagh.example.sa"},
    {"hx-request": "true"},
    {"x-http-method-override": "POST"},
    {"content-type": "application/x-www-form-urlencoded"},
]


_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE")


async def test_only_sending_the_form_records(nobody: Browser, settings: Settings) -> None:
    queries = ("", "?s=1&score=1&comment=x&_method=post")
    for method, headers, query in itertools.product(_METHODS, _SCANNERS, queries):
        for there in (link(settings), link(settings) + "/thanks"):
            answer = await nobody.client.request(
                method, there + query, headers=headers, content=b"score=1&comment=x"
            )
            assert (answer.status_code == 200) <= (method in ("GET", "OPTIONS"))
    assert await rows() == []


async def test_a_form_of_another_site_is_refused(nobody: Browser, settings: Settings) -> None:
    there = link(settings)
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "none"},
    ):
        answer = await nobody.client.post(there, data={"score": "1"}, headers=headers)
        assert answer.status_code == 403
    assert await rows() == []
    answer = await nobody.client.post(
        there, data={"score": "1"}, headers={"sec-fetch-site": "same-origin"}
    )
    assert answer.status_code == 303
    assert len(await rows()) == 1


async def test_headers(nobody: Browser, settings: Settings) -> None:
    for there, expected in (
        (link(settings), 200),
        (link(settings, expires=NOW), 410),
        (link(settings, number=WAITING), 409),
    ):
        answer = await nobody.client.get(there)
        assert answer.status_code == expected
        assert answer.headers["x-robots-tag"] == "noindex"
        assert answer.headers["cache-control"] == "no-store"
        # The address goes to no other site; `no-referrer` would make our own form's origin "null",
        # which is refused where browsers send no Sec-Fetch-Site.
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "https://" not in answer.text.replace("https://balagh.example.sa", "")
    answer = await nobody.client.post(link(settings), data={"score": "9"})
    assert (answer.status_code, answer.headers["x-robots-tag"]) == (422, "noindex")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_we_never_signed_does_not_exist(
    nobody: Browser, settings: Settings, method: str
) -> None:
    async def answer(token: str) -> tuple[int, str]:
        data = {"score": "1"} if method == "POST" else None
        found = await nobody.client.request(method, f"/r/{token}", data=data)
        return found.status_code, found.text.replace(f"/r/{token}", "")

    made = link(settings).removeprefix("/r/")
    other_key = survey_links.token(SurveyLink(CLOSED, "agency", NOW + timedelta(9)), b"x" * 32)
    # Signed, but of a report that is gone.
    gone = link(settings, number="7302641185").removeprefix("/r/")
    nothing = await answer("a" * 29)
    assert nothing[0] == 404
    for token in (other_key, gone, made[:-1], made + "0", made[::-1], "x", CLOSED, made.lower()):
        assert await answer(token) == nothing, token
    for place in range(len(made)):
        changed = made[:place] + ("0" if made[place] != "0" else "1") + made[place + 1 :]
        assert await answer(changed) == nothing, place
    assert await rows() == []


async def test_an_expired_link_says_so_and_what_to_do(
    nobody: Browser, settings: Settings, time: Clock
) -> None:
    there = link(settings, expires=NOW + timedelta(days=2))
    await nobody.open(there)
    form = nobody.page.form("/r/")
    time.now = NOW + timedelta(days=2) - timedelta(seconds=1)
    assert (await nobody.open(there)).status == 200
    time.now = NOW + timedelta(days=2)
    page = await nobody.open(there)
    assert page.status == 410
    assert page.h1 == "This link has expired"
    assert "Sign in to read the answer" in page.text
    assert page.links["My reports"] == "/reports"
    answer = await nobody.client.post(form.action, data={"score": "5"})
    assert answer.status_code == 410
    assert (await nobody.open(there + "/thanks")).status == 410
    assert await rows() == []


async def test_a_link_to_a_report_in_another_state(nobody: Browser, settings: Settings) -> None:
    surveys_of: tuple[Code, ...] = ("agency", "balagh")
    for state in set(State) - {State.CLOSED, State.MISSING_DATA}:
        await fetch("UPDATE report SET state = $1 WHERE number = $2", state.value, CLOSED)
        for survey in surveys_of:
            allowed = (state, survey) == (State.REJECTED, "balagh")
            there = link(settings, survey=survey)
            answer = await nobody.client.post(there, data={"score": "3"})
            assert answer.status_code == (303 if allowed else 409), (state, survey)
            assert (await nobody.open(there)).status == (200 if allowed else 409)
    assert [row["survey"] for row in await rows()] == ["balagh"]


async def test_the_closing_s_own_time_counts_too(
    nobody: Browser, settings: Settings, time: Clock
) -> None:
    """A link that lives longer than it should have does not stretch the time for rating."""
    time.now = NOW + timedelta(days=20)
    there = link(settings, expires=NOW + timedelta(days=300))
    assert (await nobody.open(there)).status == 410
    answer = await nobody.client.post(there, data={"score": "3"})
    assert answer.status_code == 410
    assert await rows() == []


async def test_somebody_else_s_session_rates_the_link_s_report_only(
    settings: Settings, visiting: Visiting
) -> None:
    async with visiting(KHALID) as khalid:
        await khalid.open(link(settings) + "?s=2")
        page = await khalid.send("/r/", reasons=PROBLEM_REMAINS)
        assert page.h1 == "Thank you for your rating"
        # His session's own forms are checked here too.
        answer = await khalid.client.post(link(settings), data={"score": "5", "csrf": "x"})
        assert answer.status_code == 403
        # It opens nothing else.
        assert (await khalid.client.get(f"/reports/{CLOSED}")).status_code == 404
        assert (await khalid.client.get(path())).status_code == 404
    assert [(row["score"], row["reasons"]) for row in await rows()] == [(2, [PROBLEM_REMAINS])]
    mine = await fetch(
        "SELECT 1 FROM rating g JOIN report r ON r.id = g.report_id "
        "JOIN person p ON p.id = r.person_id WHERE p.name = $1",
        KHALID,
    )
    assert mine == []


async def test_the_link_of_the_message_works(nobody: Browser, settings: Settings) -> None:
    found = await fetch("SELECT data FROM notice WHERE moment = 'closed' AND channel = 'sms'")
    assert len(found) == 2
    for row in found:
        data = json.loads(row["data"])
        for address in data["survey_links"].values():
            page = await nobody.open(address.removeprefix(settings.public_url) + "?s=5")
            assert page.status == 200
            await nobody.send("/r/")
        assert {each["score"] for each in await rows(data["number"])} == {5}


# Races


async def test_many_taps_at_once_leave_one_row(settings: Settings) -> None:
    report = await report_id()
    await asyncio.gather(
        *(ratings.rate(report, "agency", Opinion(1 + n % 5), NOW, ZONE) for n in range(25)),
        *(ratings.rate(report, "balagh", Opinion(4), NOW, ZONE) for _ in range(15)),
    )
    agency, balagh = await rows()
    assert agency["score"] in range(1, 6)
    # The same tap again is no change.
    assert (balagh["score"], balagh["changed_at"]) == (4, None)


async def test_the_same_again_changes_nothing_and_another_does(settings: Settings) -> None:
    report, later = await report_id(), NOW + timedelta(hours=1)
    first = Opinion(2, ("slow",), "x")
    for given, keep, expected, changed in (
        (first, False, ("x", 2), None),
        (first, False, ("x", 2), None),
        (Opinion(2, ("slow",)), True, ("x", 2), None),
        (Opinion(2, ("slow",), "y"), True, ("y", 2), later),
        (Opinion(3), False, (None, 3), later),
    ):
        assert await ratings.rate(report, "agency", given, later, ZONE, keep_comment=keep)
        row = (await rows())[0]
        assert (row["comment"], row["score"]) == expected
        assert row["changed_at"] == changed


async def test_a_rating_waits_for_who_is_reopening_and_loses(settings: Settings) -> None:
    report = await report_id()
    async with transaction():
        await fetch(
            "UPDATE report SET state = 'reopen_requested', ended_at = NULL WHERE id = $1", report
        )

        async def elsewhere() -> bool:
            return await ratings.rate(report, "agency", Opinion(5), NOW, ZONE)

        waiting = asyncio.create_task(elsewhere(), context=contextvars.Context())
        await asyncio.sleep(0.3)
        assert not waiting.done()
    assert await waiting is False
    assert await rows() == []


async def test_the_database_s_word_is_the_rule_s(settings: Settings) -> None:
    report = await report_id()
    surveys_of: tuple[Code, ...] = ("agency", "balagh")
    kinds = ("complaint", "transformation", "suggestion")
    for state, kind in itertools.product(State, kinds):
        waits = state is State.MISSING_DATA
        await fetch(
            "UPDATE report SET state = $2, kind = $3, ended_at = $4::timestamptz, "
            "ground = CASE WHEN $3 = 'complaint' THEN 'outage' END, "
            "data_due_at = CASE WHEN $5 THEN $4 END, "
            "resume_state = CASE WHEN $5 THEN 'in_progress' END WHERE id = $1",
            report, state.value, kind, NOW, waits,
        )  # fmt: skip
        for survey in surveys_of:
            over = surveys.rate_until(NOW, ZONE)
            for now in (NOW, over - timedelta(seconds=1), over):
                allowed = surveys.may_rate(survey, state, NOW, now, ZONE)
                assert await ratings.rate(report, survey, Opinion(3), now, ZONE) is allowed


# Both languages, few bytes


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_every_page_speaks_one_language_in_few_bytes(
    settings: Settings, visiting: Visiting, language: str
) -> None:
    # What is told of a sample is in Arabic.
    await fetch("UPDATE report SET title = 'ABC' WHERE number = ANY($1)", list(NUMBERS.values()))
    kept = {"ar": "ABC", "en": "خالد"}[language]
    async with visiting(KHALID, language=language) as khalid, visiting(language=language) as nobody:
        sheet, _ = await size(khalid.client, asset("app.css"))

        async def read(page: Page) -> None:
            assert f'<html lang="{language}"' in page.html
            assert foreign(page.html.replace(kept, ""), language) == [], page.path

        for each, there in (
            (khalid, path(KHALIDS)),
            (nobody, link(settings, KHALIDS)),
            (khalid, path(KHALIDS, "balagh")),
            (nobody, link(settings, KHALIDS, "balagh")),
        ):
            await read(await each.open(there + "?s=4"))
            await read(await each.send("/r/" if "/r/" in there else "/rating/", score="2",
                                       comment="!" * 1001))  # fmt: skip
            page = await each.send("/r/" if "/r/" in there else "/rating/", score="2", comment="!")
            await read(page)
            for where in (there, page.path):
                whole, _ = await size(each.client, where)
                assert whole + sheet <= PAGE, where
                assert whole <= 3 * KB
        for there in (
            path(NUMBERS["tenancy-end"]),
            path(NUMBERS["housing-support"]),
        ):
            await read(await khalid.open(there))
        for there in (
            link(settings, KHALIDS, expires=NOW),
            link(settings, WAITING),
        ):
            await read(await nobody.open(there))


async def test_a_fragment_is_small_and_the_same_handler_s(
    nobody: Browser, settings: Settings
) -> None:
    answer = await nobody.client.get(link(settings), headers={"hx-request": "true"})
    assert "<html" not in answer.text
    assert "<title>" in answer.text
    answer = await nobody.client.post(
        link(settings), data={"score": ""}, headers={"hx-request": "true"}
    )
    assert answer.status_code == 422
    assert "autofocus" in answer.text
