"""The inbox as staff use it, scripts off: tabs, filters, search, pages, saved views, export."""

import csv
import io
import re
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from tests.reports import filed
from tests.web.conftest import NOW, Clock, Visiting, staff_id
from tests.web.pages import Browser, Page

from balagh.assets import asset
from balagh.database import fetch
from balagh.reports.inbox import batches
from balagh.web.staff.inbox_export import COLUMNS

KB = 1024
MIDNIGHT = NOW.replace(hour=21, minute=0)
FIRST_VIEW, REFRESH, SCRIPT = 45 * KB, 6 * KB, 3 * KB


async def agency(code: str = "moj") -> int:
    (row,) = await fetch("SELECT id FROM agency WHERE code = $1", code)
    return int(row["id"])


async def reports(count: int, state: str = "under_review", **columns: Any) -> list[int]:
    noura = await filed.person()
    return [(await filed.report(noura, state, **columns))["id"] for _ in range(count)]


def titles(page: Page) -> list[str]:
    """Of the rows: the sample titles begin with T, as does the heading of their column."""
    return [text for text in page.texts.get("th", []) if text.startswith("T") and text != "Title"]


async def test_tabs_filters_and_chips(at_desk: Visiting) -> None:
    noura = await filed.person()
    reem = await staff_id("reem")
    await filed.report(noura, title="T late", due_at=NOW - timedelta(days=1), assignee_id=reem)
    await filed.report(noura, "received", title="T new", channel="toll_free")
    await filed.report(noura, "closed", title="T closed")
    async with at_desk("reem") as page_of:
        page = await page_of.open("/inbox")
        assert page.h1 == "Inbox"
        assert titles(page) == ["T late", "T new"]
        for tab in ("Mine 1", "New 1", "Overdue 1", "All 2", "Reopening 0"):
            assert tab in page.links, tab
        assert "1–2 of 2" in page.text
        # The filter that is on by itself is said, and taken off like any other.
        page = await page_of.open(page.links["Without this filter: State: Not ended"])
        assert set(titles(page)) == {"T closed", "T late", "T new"}
        page = await page_of.open(page.links["Overdue 1"])
        assert titles(page) == ["T late"]
        assert page.title.startswith("Inbox: Overdue")
        page = await page_of.open("/inbox?channel=toll_free&kind=complaint")
        assert titles(page) == ["T new"]
        page = await page_of.open(page.links["Without this filter: Channel: Toll-free 199099"])
        assert page.path == "/inbox?kind=complaint"
        assert len(titles(page)) == 2


async def test_the_form_of_the_filters_leads_to_their_address(at_desk: Visiting) -> None:
    await reports(1, title="T one")
    async with at_desk("reem") as reem:
        page = await reem.open("/inbox?view=unassigned&agency=momah")
        form = next(
            form for form in page.forms if form.action == "/inbox" and "kind" in form.fields
        )
        assert form.fields["view"] == "unassigned"
        assert form.fields["agency"] == "momah"
        # Of the agency's platforms and services alone.
        assert "balady" in form.choices["platform"]
        assert "najiz" not in form.choices["platform"]
        assert "balady-licence-renew" in form.choices["service"]
        answer = await reem.client.get("/inbox", params={**form.fields, "kind": "complaint"})
        assert answer.status_code == 200
        assert "T one" in answer.text


async def test_what_is_not_understood_is_said(at_desk: Visiting) -> None:
    await reports(1, title="T one")
    async with at_desk("reem") as reem:
        page = await reem.open("/inbox?kind=praise&from=tomorrow&view=x&after=y")
        assert "Not understood, and left out: View, Kind, Filed from." in page.text
        assert titles(page) == ["T one"]


DUE: list[tuple[str, dict[str, Any], str]] = [
    # Past since Thursday's end: Sunday and Monday were worked.
    ("received", {"due_at": MIDNIGHT - timedelta(days=4)}, "2 working days overdue"),
    ("in_progress", {"due_at": MIDNIGHT - timedelta(days=1)}, "1 working day overdue"),
    ("in_progress", {"due_at": MIDNIGHT}, "Due today"),
    ("in_progress", {"due_at": MIDNIGHT + timedelta(days=1)}, "1 working day left"),
    ("received", {"completeness_due_at": MIDNIGHT}, "Check due today"),
    ("received", {"completeness_due_at": NOW}, "Check overdue"),
    ("under_review", {"completeness_due_at": NOW, "checked_at": NOW}, "4 working days left"),
    ("missing_data", {}, "Waits for beneficiary: 27 hours"),
    ("missing_data", {"data_due_at": NOW - timedelta(hours=1)}, "Time for the data is over"),
    ("reopen_requested", {"due_at": NOW}, "Waits for a decision on reopening"),
    ("answered", {"due_at": MIDNIGHT - timedelta(days=1)}, "1 working day overdue"),
    ("closed", {}, "Ended 18 November"),
]  # fmt: skip


@pytest.mark.parametrize(("state", "columns", "said"), DUE)
async def test_due_as_a_sentence(
    at_desk: Visiting, state: str, columns: dict[str, Any], said: str
) -> None:
    await reports(1, state, **columns)
    async with at_desk("reem") as reem:
        page = await reem.open("/inbox?state=any")
        assert said in page.texts["td"]


# As the agency's views have it: what is Amer's turn is not overdue for the agency.
@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("in_progress", "1 working day overdue"),
        ("answered", "Waits for Amer centre"),
        ("reopen_requested", "Waits for a decision on reopening"),
    ],
)
async def test_due_for_the_agency(at_desk: Visiting, state: str, said: str) -> None:
    moj = (await fetch("SELECT id FROM agency WHERE code = 'moj'"))[0]["id"]
    await reports(
        1, state, due_at=MIDNIGHT - timedelta(days=1), referred_agency_id=moj, referred_at=NOW
    )
    async with at_desk("fahd") as fahd:
        page = await fahd.open("/inbox")
        assert said in page.texts["td"]
        assert ("overdue" in page.text) == (state == "in_progress")


async def test_pages_lead_on_and_back(at_desk: Visiting) -> None:
    noura = await filed.person()
    for n in range(120):
        await filed.report(noura, title=f"T{n:03}", due_at=NOW + timedelta(days=n // 40))
    async with at_desk("reem") as reem:
        page = await reem.open("/inbox?kind=complaint")
        seen = titles(page)
        while "Next" in page.links:
            page = await reem.open(page.links["Next"])
            seen += titles(page)
        assert seen == [f"T{n:03}" for n in range(120)]
        page = await reem.open(page.links["Previous"])
        assert titles(page) == [f"T{n:03}" for n in range(50, 100)]
        page = await reem.open(page.links["Previous"])
        assert titles(page)[0] == "T000"
        assert "Previous" not in page.links
        # Without a filter the count is known.
        page = await reem.open("/inbox")
        assert "1–50 of 120" in page.text


async def test_search_from_any_page(at_desk: Visiting) -> None:
    await reports(1, "closed", title="T سدّدتُ الرسوم")
    (row,) = await fetch("SELECT number FROM report")
    async with at_desk("reem") as reem:
        page = await reem.open("/inbox/views")
        (form,) = [form for form in page.forms if "q" in form.fields]
        for words in ("سددت رسوم", row["number"], "نورة"):
            answer = await reem.client.get(form.action, params={"q": words})
            assert "1 report matches" in answer.text
            assert row["number"] in answer.text
        page = await reem.open("/inbox?q=xy")
        assert "at least 3 letters" in page.text
        page = await reem.open("/inbox?q=zzzz")
        assert "Nothing here." in page.text
        # Whose a report is was looked up: that is recorded, and not the name.
        found = await fetch(
            "SELECT data FROM audit WHERE action = 'search' AND staff_id = $1 ORDER BY id",
            await staff_id("reem"),
        )
        assert {one["data"] for one in found} == {'{"found": 1}', '{"found": 0}'}


async def test_an_agency_sees_its_own_alone(at_desk: Visiting) -> None:
    moj, mc = await agency(), await agency("mc")
    noura = await filed.person()
    for title, where in (("T of moj", moj), ("T of mc", mc)):
        await filed.report(noura, "in_progress", title=title, referred_agency_id=where)
    await filed.report(noura, "under_review", title="T of Amer", agency_id=moj)
    for key, own in (("fahd", ["T of moj"]), ("salem", ["T of mc"])):
        async with at_desk(key) as officer:
            assert titles(await officer.open("/inbox?state=any")) == own
            assert titles(await officer.open("/inbox?q=نورة")) == own
            lines = await exported(officer, "state=any")
            assert [line["Title"] for line in lines] == own
            page = await officer.open("/inbox?view=reopening")
            assert "Not understood" in page.text


@pytest.mark.parametrize("key", ["", "abeer"])
async def test_nobody_else_has_an_inbox(at_desk: Visiting, visiting: Visiting, key: str) -> None:
    async with at_desk(key) if key else visiting("نورة سعد القحطاني") as somebody:
        for path in ("/inbox", "/inbox/news", "/inbox/export?format=csv", "/inbox/views",
                     "/inbox/views/new", "/inbox/views/1", "/inbox/shortcuts"):  # fmt: skip
            assert (await somebody.client.get(path)).status_code == 404, path


# Saved views


async def test_a_view_is_kept_shared_renamed_and_deleted(at_desk: Visiting) -> None:
    await filed.report(await filed.person(), title="T one")
    async with at_desk("reem") as reem, at_desk("majed") as majed, at_desk("fahd") as fahd:
        page = await reem.open("/inbox?kind=complaint&channel=portal")
        await reem.open(page.links["Save this view"])
        page = await reem.send("/inbox/views/new")
        assert page.status == 422
        assert page.title.startswith("Error:")
        assert "Write a name for the view" in page.text
        page = await reem.send("/inbox/views/new", name="From the portal", shared="yes")
        assert page.path == "/inbox?kind=complaint&channel=portal"
        assert page.links["From the portal"] == "/inbox?kind=complaint&channel=portal"
        # It has that name already.
        assert "Save this view" not in page.links

        # Colleagues of the same side use it, and cannot change it.
        page = await majed.open("/inbox")
        (link,) = [url for text, url in page.links.items() if text.startswith("From the portal")]
        assert titles(await majed.open(link)) == ["T one"]
        (row,) = await fetch("SELECT id FROM saved_view")
        csrf = page.form("/sign-out").fields["csrf"]
        for path in (f"/inbox/views/{row['id']}", f"/inbox/views/{row['id']}/deletion"):
            answer = await majed.client.post(path, data={"csrf": csrf, "name": "x"})
            assert answer.status_code == 404
        assert not any(text.startswith("From") for text in (await fahd.open("/inbox")).links)

        # Renamed, and no longer shared.
        await reem.open("/inbox/views/new?view=mine")
        await reem.send("/inbox/views/new", name="Other")
        page = await reem.open(f"/inbox/views/{row['id']}")
        assert page.form("/inbox/views/").fields["name"] == "From the portal"
        page = await reem.send(f"/inbox/views/{row['id']}", name="Other")
        assert page.status == 422
        assert "Another view of yours has that name" in page.text
        form = page.form(f"/inbox/views/{row['id']}")
        form.fields.pop("shared", None)
        page = await reem.send(f"/inbox/views/{row['id']}", name="Portal")
        assert "Portal" in page.links
        assert not any(text.startswith("Portal") for text in (await majed.open("/inbox")).links)

        await reem.open("/inbox/views")
        await reem.send(f"/inbox/views/{row['id']}/deletion")
        assert await fetch("SELECT 1 FROM saved_view WHERE id = $1", row["id"]) == []
        absent = await reem.client.get(f"/inbox/views/{2**70}")
        assert absent.status_code == 404


# Export


async def exported(browser: Browser, query: str) -> list[dict[str, str]]:
    answer = await browser.client.get(f"/inbox/export?{query}&format=csv")
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_the_whole_filter_goes_out_and_nobody_s_data(
    at_desk: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await filed.person("سارة المالكي", phone="+966550000099", email="s@example.sa")
    for n in range(130):
        await filed.report(person, title=f"T{n}", due_at=NOW + timedelta(days=n // 40),
                           phone="+966550000099", email="s@example.sa")  # fmt: skip
    await filed.report(person, "closed", title="T closed")
    # More than one batch.
    monkeypatch.setattr(
        "balagh.web.staff.inbox_export.batches", lambda asked: batches(asked, size=50)
    )
    async with at_desk("reem") as reem:
        lines = await exported(reem, "kind=complaint")
        assert [line["Title"] for line in lines] == [f"T{n}" for n in range(130)]
        assert list(lines[0]) == list(COLUMNS)
        assert len(await exported(reem, "state=any&q=المالكي")) == 131
        whole = (await reem.client.get("/inbox/export?format=csv&state=any")).text
        for secret in ("المالكي", "0000099", "s@example.sa"):
            assert secret not in whole
        assert (await reem.client.get("/inbox/export?format=pdf")).status_code == 404
        rows = await fetch(
            "SELECT subject, data::text FROM audit WHERE action = 'export' ORDER BY id"
        )
        said = {row["data"] for row in rows if row["subject"] == "inbox"}
        # What was searched may be a name.
        assert not any("q=" in data or "المالكي" in data for data in said)
        assert any("kind=complaint" in data for data in said)


FORMULAS = [
    '=HYPERLINK("http://example.com")', "+1", "-2+3", "@SUM(A1)", "\t=1", "  =1", "＝1",
    "T=1", "7-2",
]  # fmt: skip


async def test_no_cell_computes(at_desk: Visiting) -> None:
    noura = await filed.person()
    for n, title in enumerate(FORMULAS):
        await filed.report(noura, title=title, due_at=NOW + timedelta(days=n))
    async with at_desk("reem") as reem:
        found = [line["Title"] for line in await exported(reem, "")]
        assert found == [f"'{title}" for title in FORMULAS[:7]] + FORMULAS[7:]
        answer = await reem.client.get("/inbox/export?format=xlsx")
        assert int(answer.headers["content-length"]) == len(answer.content)
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            sheet = book.read("xl/worksheets/sheet1.xml").decode()
        # Texts as they are, and no formula or link.
        assert "=HYPERLINK(" in sheet
        assert "<f>" not in sheet
        assert "<hyperlink" not in sheet
        assert len(re.findall("<row ", sheet)) == len(FORMULAS) + 1


# Polling, bytes


async def test_news_are_told_and_the_counts_renewed(at_desk: Visiting, time: Clock) -> None:
    await reports(1)
    async with at_desk("reem") as reem:
        page = await reem.open("/inbox?kind=complaint")
        (url,) = re.findall(r'hx-get="(/inbox/news[^"]+)"', page.html)
        url = url.replace("&amp;", "&")
        htmx = {"hx-request": "true", "hx-current-url": "http://localhost/inbox?kind=complaint"}
        answer = await reem.client.get(url, headers=htmx)
        assert "Show" not in answer.text
        # The address in the bar stays.
        assert "hx-push-url" not in answer.headers
        time.now += timedelta(seconds=30)
        await reports(2, "received", event={"at": time.now})
        answer = await reem.client.get(url, headers=htmx)
        assert "2 new or changed reports" in answer.text
        assert 'href="/inbox?kind=complaint"' in answer.text
        assert re.search(r'id="n_new" hx-swap-oob="true"><bdi>2<', answer.text)
        # Nothing but that: no row, no title.
        assert "<tr" not in answer.text
        assert "<title" not in answer.text
        # What is asked for by itself does not keep the session from ending.
        (before,) = await fetch("SELECT max(seen_at) AS at FROM session")
        time.now += timedelta(minutes=9)
        await reem.client.get(url, headers=htmx)
        assert (await fetch("SELECT max(seen_at) AS at FROM session"))[0] == before
        await reem.client.get("/inbox")
        assert (await fetch("SELECT max(seen_at) AS at FROM session"))[0] != before
        # Where something is searched, nothing is asked for.
        assert "hx-get" not in (await reem.open("/inbox?q=الرخصة")).html


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_the_bytes(at_desk: Visiting, language: str) -> None:
    noura = await filed.person()
    for n in range(60):
        await filed.report(noura, title=f"لم تُجدَّد الرخصة {n * 7919 % 1000} بعد السداد والمراجعة")
    async with at_desk("reem", language=language) as reem:

        async def size(path: str) -> tuple[int, str]:
            async with reem.client.stream("GET", path, headers={"accept-encoding": "br"}) as answer:
                text = (await answer.aread()).decode()
                assert answer.status_code == 200
                return answer.num_bytes_downloaded, text

        whole, html = await size("/inbox")
        for path in re.findall(r'<(?:link rel="stylesheet" href|script src)="([^"]+)"', html):
            whole += (await size(path))[0]
        assert whole <= FIRST_VIEW
        (url,) = re.findall(r'hx-get="(/inbox/news[^"]+)"', html)
        assert (await size(url.replace("&amp;", "&")))[0] <= REFRESH
        assert (await size(asset("staff.js")))[0] <= SCRIPT
        # Nobody else loads what is for staff.
        start = (await reem.client.get("/sign-in", headers={"cookie": ""})).text
        assert "staff.js" not in start


async def test_without_shortcuts_the_page_says_so(at_desk: Visiting) -> None:
    async with at_desk("reem") as reem:
        assert "data-shortcuts" not in (await reem.open("/inbox")).html
        await fetch("UPDATE staff SET shortcuts = false")
        assert 'data-shortcuts="off"' in (await reem.open("/inbox")).html
