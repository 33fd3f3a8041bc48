"""The receipt of a report: for whoever filed it, in their language; else where to print from."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.people.portal import PUBLIC
from tests.reports.receipts import Read
from tests.web.complaints import DETAILS, to_check
from tests.web.conftest import Visiting
from tests.web.pages import Browser

from balagh.database import fetch
from balagh.i18n import grouped
from balagh.reports.receipts import printing

LINKS = {"ar": "إيصال البلاغ (PDF)", "en": "Receipt of the report (PDF)"}


async def file_one(browser: Browser, **typed: str) -> str:
    """The number of a new complaint; the browser is at its confirmation."""
    await to_check(browser, **typed)
    page = await browser.send("/submission")
    return page.path.split("/")[2]


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_it_is_a_link_away(visiting: Visiting, language: str) -> None:
    async with visiting("نورة سعد القحطاني", language=language) as noura:
        number = await file_one(noura)
        for page in (noura.page, await noura.open(f"/reports/{number}")):
            assert page.links[LINKS[language]] == f"/reports/{number}/receipt.pdf"
        answer = await noura.client.get(f"/reports/{number}/receipt.pdf")
        assert answer.status_code == 200
        headers = answer.headers
        assert headers["content-type"] == "application/pdf"
        assert headers["content-language"] == language
        assert headers["cache-control"] == "private, no-store"
        assert headers["content-disposition"].startswith("attachment; ")
        assert number in headers["content-disposition"]
        assert headers["x-content-type-options"] == "nosniff"
        read = Read(answer.content)
        assert read.pdf.Root.Lang == language
        assert read.links[0] == read.code() == f"{PUBLIC}/reports/{number}"
        assert "199099" in read.text
        if language == "en":
            for said in (
                grouped(number), "Monday 30 November 2026", "Monday 23 November 2026, 11:30 am",
                "Complaint", "Balady",
            ):  # fmt: skip
                assert said in read.text, said
        # The other language is the page's switch away, as everywhere.
        other = "en" if language == "ar" else "ar"
        again = await noura.client.get(f"/reports/{number}/receipt.pdf?lang={other}")
        assert Read(again.content).pdf.Root.Lang == other


async def test_it_says_for_which_organisation_it_was_filed(noura: Browser) -> None:
    number = await file_one(noura)
    address = f"/reports/{number}/receipt.pdf"
    assert "On behalf of" not in Read((await noura.client.get(address)).content).text
    await fetch(
        "UPDATE report SET account_type = 'business', organisation_name = 'Najd Trading', "
        "organisation_number = '7001234567'"
    )
    text = Read((await noura.client.get(address)).content).text
    assert "On behalf of" in text
    assert "Najd Trading" in text


async def test_what_people_type_is_only_shown(noura: Browser) -> None:
    title = '#image("/etc/passwd") *x* $y$'
    number = await file_one(noura, title=title)
    read = Read((await noura.client.get(f"/reports/{number}/receipt.pdf")).content)
    assert title in read.text


async def test_it_is_for_whoever_filed_it_alone(
    noura: Browser, khalid: Browser, visiting: Visiting
) -> None:
    number = await file_one(noura)
    theirs = await khalid.client.get(f"/reports/{number}/receipt.pdf")
    nobodys = await khalid.client.get("/reports/1000000004/receipt.pdf")
    nonsense = await khalid.client.get("/reports/x/receipt.pdf")
    assert theirs.status_code == nobodys.status_code == nonsense.status_code == 404

    def without_token(text: str) -> str:
        return text.replace(number, "").replace("1000000004", "")

    assert without_token(theirs.text) == without_token(nobodys.text)
    async with visiting() as anonymous:
        answer = await anonymous.client.get(f"/reports/{number}/receipt.pdf")
        assert answer.status_code == 303
        assert answer.headers["location"] == (f"/sign-in?next=%2Freports%2F{number}%2Freceipt.pdf")


@pytest.mark.parametrize(
    ("language", "heading", "way_on"),
    [
        ("ar", "تعذّر إعداد الإيصال", "فتح الصفحة للطباعة"),
        ("en", "The receipt could not be made", "Open the page to print"),
    ],
)
async def test_when_it_cannot_be_made_the_page_can_be_printed(
    visiting: Visiting, monkeypatch: pytest.MonkeyPatch, language: str, heading: str, way_on: str
) -> None:
    async with visiting("نورة سعد القحطاني", language=language) as noura:
        number = await file_one(noura)
        monkeypatch.setattr(printing, "_CHILD", Path("/nowhere/child.py"))
        with capture_logs() as logged:
            page = await noura.open(f"/reports/{number}/receipt.pdf")
        assert page.status == 503
        assert page.h1 == heading
        assert grouped(number) in page.text
        assert page.links[way_on] == f"/reports/{number}"
        (line,) = [line for line in logged if line["event"] == "receipt not made"]
        assert line["log_level"] == "error"
        assert line["reason"] == "the process ended with status 2"
        assert not any(word in str(logged) for word in (DETAILS["title"], "نورة", number))
        # The page that is offered has what the receipt has.
        offered = await noura.open(page.links[way_on])
        for said in (grouped(number), DETAILS["title"]):
            assert said in offered.text
