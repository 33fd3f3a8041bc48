"""The page of a report: what it says, its story, notes, who else looks, other reports."""

from tests.reports import filed
from tests.web.conftest import Visiting, staff_id


async def test_page(at_desk: Visiting) -> None:
    made = await filed.report(await filed.person(), "under_review")
    async with at_desk("reem") as reem:
        page = await reem.open(f"/cases/{made['number']}")
        assert page.status == 200, page.text
        print(page.text)
    async with at_desk("reem", language="ar") as reem:
        page = await reem.open(f"/cases/{made['number']}")
        print(page.text)
        page = await reem.open(f"/cases/{made['number']}/correction")
        print(page.status, page.text)


async def test_note(at_desk: Visiting) -> None:
    made = await filed.report(await filed.person(), "under_review")
    await staff_id("majed")
    async with at_desk("reem") as reem:
        page = await reem.open(f"/cases/{made['number']}")
        page = await reem.send("/notes", note="look @Majed at this")
        print(page.status, page.text)
