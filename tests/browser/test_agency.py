"""The agency's side: a contact answers by a link with the keyboard alone, on a phone, without
scripts; and the pages of acknowledging, links, promises, load and audit under axe."""

import pytest
from playwright.async_api import Page, expect
from tests.browser.conftest import Visiting
from tests.browser.filing import Keyboard
from tests.browser.test_every_page import LOOKS, tour
from tests.reports import filed

from balagh import clock
from balagh.database import fetch
from balagh.i18n import Language, grouped

ANSWER = "عولج الخلل، وأعيد فتح الخدمة للمستفيدة اليوم."
# An agency of the sample catalogue of which nobody is here.
ALONE = "mhrsd"


async def report(state: str, code: str, **columns: object) -> dict[str, object]:
    agency = (await fetch("SELECT id FROM agency WHERE code = $1", code))[0]["id"]
    now = clock.now()
    person = await filed.person()
    return await filed.report(
        person, state, now=now, agency_id=agency, referred_agency_id=agency, referred_at=now,
        **columns,
    )  # fmt: skip


async def link_in_outbox(page: Page, number: str) -> str:
    """The link of the newest message about that report."""
    await page.goto("/demo/outbox")
    for _ in range(60):
        found = page.locator('a[href^="/answer/"]')
        if await found.count() and grouped(number) in await page.content():
            return str(await found.first.get_attribute("href"))
        await page.wait_for_timeout(250)
        await page.reload()
    raise AssertionError("no link in the outbox")


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("scripts", [False, True])
async def test_a_contact_answers_by_link(visiting: Visiting, scripts: bool) -> None:
    made = await report("in_progress", ALONE, title="تعذر فتح الخدمة")
    number, text = str(made["number"]), Language.of("ar").text
    async with visiting("reem", width=1280, scripts=scripts) as page:
        hands = Keyboard(page)
        await page.goto(f"/cases/{number}")
        await hands.type("link_name", "أحمد الزهراني")
        await hands.type("link_email", "ahmad@hrsd.example.sa")
        await hands.sent(page.locator("form[action$='/answer-links'] .btn"))
        await expect(page.locator(".links")).to_contain_text("ahmad@hrsd.example.sa")
    async with visiting(width=360, scripts=scripts) as page:
        hands = Keyboard(page)
        address = await link_in_outbox(page, number)
        await hands.press(page.locator(f'a[href="{address}"]').first)
        await page.wait_for_url(f"**{address}")
        await expect(page.locator("h1")).to_have_text("تعذر فتح الخدمة")
        # Nothing is written yet: the summary has the focus and leads to the field.
        send = page.locator("#form .acts .btn")
        await hands.sent(send)
        await expect(page.locator(".errs")).to_be_focused()
        assert (await page.title()).startswith(text("Error:"))
        await hands.press(page.locator(".errs a"))
        await expect(page.locator("#text")).to_be_focused()
        await hands.type("text", ANSWER)
        await hands.sent(send)
        await expect(page.locator("h1")).to_have_text(text("Check your answer before it is sent"))
        await expect(page.locator(".facts")).to_contain_text(ANSWER)
        await hands.sent(page.locator("main form .btn"))
        await expect(page.locator("h1")).to_have_text(text("The answer was received"))
    rows = await fetch("SELECT state, answer FROM report WHERE number = $1", number)
    assert dict(rows[0]) == {"state": "answered", "answer": ANSWER}


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("scripts", [False, True])
async def test_an_officer_acknowledges_and_delivers(visiting: Visiting, scripts: bool) -> None:
    """What an agency does besides the actions of the life cycle, which ``test_life`` has."""
    new = await report("in_progress", "moj")
    promised = await report(
        "closed", "moj", kind="suggestion", outcome="accepted", answer="نعم.", reopen_until=None,
        promised_on=clock.now().date(),
    )  # fmt: skip
    text = Language.of("ar").text
    async with visiting("fahd", width=1280, scripts=scripts) as page:
        hands, done = Keyboard(page), page.locator("#actions [role=status]")
        await page.goto(f"/cases/{new['number']}")
        await hands.press(page.locator("form[action$='/acknowledgement'] .btn"))
        await expect(done).to_have_text(
            text("Done: {action}", action=text("Acknowledge the receipt"))
        )
        await expect(done).to_be_focused()
        await page.goto("/promises?tab=soon")
        await hands.press(page.locator(f'main a[href="/cases/{promised["number"]}"]'))
        await hands.press(page.locator("form[action*='/delivery'] .btn"))
        await expect(page.locator(".errs")).to_be_focused()
        await hands.type("delivery_text", ANSWER)
        await hands.press(page.locator("form[action*='/delivery'] .btn"))
        await expect(done).to_have_text(text("Done: {action}", action=text("Mark as delivered")))
        await expect(done).to_be_focused()
    (row,) = await fetch("SELECT delivered_at FROM report WHERE id = $1", promised["id"])
    assert row["delivered_at"] is not None


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("look", LOOKS)
async def test_pages_and_their_errors(visiting: Visiting, look: dict[str, object]) -> None:
    alone = await report("in_progress", ALONE, kind="suggestion")
    own = await report("in_progress", "moj")
    promised = await report(
        "closed", "moj", kind="suggestion", outcome="accepted", answer="نعم.", reopen_until=None,
        promised_on=clock.now().date(),
    )  # fmt: skip
    async with tour(visiting, key="reem", **look) as seen:
        await seen.open(f"/cases/{alone['number']}", "links")
        await seen.page.locator("form[action$='/answer-links'] .btn").click()
        await seen.look("links: errors")
        await seen.page.fill("[name=link_name]", "أحمد")
        await seen.page.fill("[name=link_email]", "a@hrsd.example.sa")
        await seen.page.locator("form[action$='/answer-links'] .btn").click()
        await seen.look("links: one")
        await seen.open(f"/cases/{own['number']}", "acknowledgement")
        await seen.open("/promises?tab=all")
    async with tour(visiting, key="fahd", **look) as seen:
        await seen.open(f"/cases/{own['number']}", "to acknowledge")
        await seen.open(f"/cases/{promised['number']}", "to deliver")
        await seen.page.locator("form[action*='/delivery'] .btn").click()
        await seen.look("delivery: errors")
        await seen.page.fill("[name=delivery_text]", "أضيف الزر.")
        await seen.page.locator("form[action*='/delivery'] .btn").click()
        await seen.look("delivered")
    async with tour(visiting, key="majed", **look) as seen:
        for path in ("/promises", "/promises?tab=delivered", "/load", "/audit"):
            await seen.open(path)
    async with tour(visiting, **look) as seen:
        address = await link_in_outbox(seen.page, str(alone["number"]))
        await seen.open(address, "answer")
        await seen.send("answer: errors")
        await seen.page.check("[name=outcome][value=accepted]")
        await seen.page.locator("button[name=toggle]").click()
        await seen.look("answer: Hijri")
        await seen.page.check("[name=outcome][value=refused]")
        await seen.page.fill("[name=reasons]", ANSWER)
        await seen.page.locator("#form .acts .btn").click()
        await seen.look("answer: check")
        await seen.page.locator("main form .btn").click()
        await seen.look("answer: received")
