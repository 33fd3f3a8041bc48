"""A representative files on an organisation's behalf (specification 1)."""

import json
from urllib.parse import urlsplit

from tests.web.complaints import to_check
from tests.web.conftest import Visiting
from tests.web.pages import Browser, Page

from balagh.database import fetch, fetch_one
from balagh.notices.messages import Email, render

NAME = "مؤسسة النور التجارية"


async def behalf(browser: Browser, check: Page, number: str = "٧٠٠١ ٢٣٤ ٥٦٧") -> Page:
    """From the check page through the question, as without scripts, back to the check page."""
    await browser.open(urlsplit(check.links["Change On behalf of"])._replace(fragment="").geturl())
    page = await browser.send("/contact", account_type="business")
    assert page.status == 200
    assert "Name of the organisation" in page.text
    return await browser.send("/contact", organisation_name=NAME, organisation_number=number)


async def test_somebody_files_for_themselves_unless_they_say_otherwise(noura: Browser) -> None:
    page = await to_check(noura)
    assert page.facts["On behalf of"] == "Myself"
    assert "represent" not in page.text
    await noura.send("/submission")
    row = await fetch_one("SELECT * FROM report")
    assert row is not None
    assert (row["account_type"], row["organisation_name"], row["organisation_number"]) == (
        "individual", None, None,
    )  # fmt: skip
    page = await noura.open(f"/reports/{row['number']}")
    assert "On behalf of" not in page.facts


async def test_on_behalf_of_a_business(noura: Browser) -> None:
    page = await behalf(noura, await to_check(noura))
    assert page.path.endswith("/check")
    assert page.facts["On behalf of"] == "A business"
    assert page.facts["Name of the organisation"] == NAME
    assert page.facts["Unified number"] == "7001234567"
    assert f"on behalf of {NAME}" in page.text
    assert "you confirm that you may represent it" in page.text
    await noura.send("/submission")
    report = await fetch_one("SELECT * FROM report")
    person = await fetch_one("SELECT * FROM person WHERE id = $1", report and report["person_id"])
    assert report is not None
    for row in (report, person):
        assert row is not None
        assert (row["account_type"], row["organisation_name"], row["organisation_number"]) == (
            "business", NAME, "7001234567",
        )  # fmt: skip
    page = await noura.open(f"/reports/{report['number']}")
    assert page.facts["On behalf of"] == "A business"
    assert page.facts["Name of the organisation"] == NAME
    notice = await fetch_one("SELECT * FROM notice WHERE channel = 'email'")
    assert notice is not None
    for language in ("ar", "en"):
        made = render("opened", "email", language, json.loads(notice["data"]))
        assert isinstance(made, Email)
        assert NAME in made.text
        assert NAME in made.html
    # Remembered, and changed back for the next one.
    page = await to_check(noura, reference="BLD-2")
    assert page.facts["Name of the organisation"] == NAME
    await noura.open(f"{page.path.removesuffix('/check')}/contact?change=1")
    page = await noura.send("/contact", account_type="individual")
    assert page.facts["On behalf of"] == "Myself"
    await noura.send("/submission")
    rows = await fetch("SELECT account_type, organisation_name FROM report ORDER BY id")
    assert [tuple(row) for row in rows] == [("business", NAME), ("individual", None)]
    person = await fetch_one("SELECT account_type, organisation_name FROM person")
    assert person is not None
    assert tuple(person) == ("individual", None)


async def test_a_number_that_is_none_is_refused_and_kept(noura: Browser) -> None:
    page = await behalf(noura, await to_check(noura), "1234567890")
    assert page.status == 422
    assert page.title.startswith("Error:")
    assert page.form("/contact").fields["organisation_number"] == "1234567890"
    assert page.form("/contact").fields["organisation_name"] == NAME
    page = await noura.send("/contact", organisation_name="", organisation_number="")
    assert page.status == 422
    assert "Write the name of the organisation" in page.text
    assert not await fetch("SELECT 1 FROM report")


async def test_asked_with_the_contact_details_when_those_are_not_known(visiting: Visiting) -> None:
    async with visiting("سلمى العنزي", email=None) as salma:
        page = await salma.open("/new/complaint")
        assert page.h1 == "Who files, and how do we reach you?"
        form = page.form()
        assert form.fields["account_type"] == "individual"
        page = await salma.send("/new/complaint", email="s@example.sa", account_type="nonprofit")
        assert "Name of the organisation" in page.text
        page = await salma.send(
            "/contact", organisation_name="جمعية", organisation_number="7009999999"
        )
        assert page.path.endswith("/ground")


async def test_a_draft_from_before_the_question_is_not_stopped(noura: Browser) -> None:
    page = await to_check(noura)
    await noura.open(f"{page.path.removesuffix('/check')}/contact?change=1")
    await noura.send("/contact", phone="0561102938")
    await fetch("UPDATE draft SET answers = answers - 'account_type'")
    page = await noura.open(page.path)
    assert page.path.endswith("/check")
    assert page.facts["On behalf of"] == "Myself"
