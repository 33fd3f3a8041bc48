"""The help pages: every question within one step of the list, and a search without scripts."""

import pytest
from tests.web.complaints import REFERENCE, begin, choose_service, day
from tests.web.conftest import Visiting
from tests.web.test_budgets import KB, NEXT_FRAGMENT, PAGE, size

from balagh.assets import asset
from balagh.help import entries
from balagh.help.search import MOST


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_every_entry_is_in_the_list_and_has_its_page(
    visiting: Visiting, language: str
) -> None:
    async with visiting(language=language) as nobody:
        sheet, _ = await size(nobody.client, asset("app.css"))
        whole, _ = await size(nobody.client, "/help")
        assert whole + sheet <= PAGE
        listed = set((await nobody.open("/help")).links.values())
        for slug, entry in entries().items():
            assert f"/help/{slug}" in listed
            whole, _ = await size(nobody.client, f"/help/{slug}")
            fragment, _ = await size(nobody.client, f"/help/{slug}", **{"hx-request": "true"})
            assert whole + sheet <= PAGE, slug
            assert fragment <= NEXT_FRAGMENT, slug
            page = await nobody.open(f"/help/{slug}")
            wanted = entry.ar if language == "ar" else entry.en
            assert page.h1 == wanted.title
            assert page.title.startswith(wanted.title)
            assert "/help" in page.links.values()


async def test_searching(visiting: Visiting) -> None:
    async with visiting(language="ar") as nobody:
        await nobody.open("/help")
        page = await nobody.open("/help?q=%D8%A7%D9%84%D8%BA%D8%A7%D8%A1")  # الغاء
        assert page.links["كيف ألغي بلاغي؟"] == "/help/cancel"
        assert "نتائج البحث عن «الغاء»" in page.title
        assert "ما دام لم يُعالَج" in page.text
        whole, _ = await size(nobody.client, "/help?q=complaint")
        assert whole <= 3 * KB
        assert len([link for link in page.links.values() if link.startswith("/help/")]) <= MOST


async def test_nothing_found_says_what_to_do_and_echoes_no_markup(visiting: Visiting) -> None:
    async with visiting() as nobody:
        page = await nobody.open("/help?q=<script>alert(1)</script>xyzzy")
        assert page.status == 200
        assert "<script>alert" not in page.html
        assert "Nothing found for <script>" in page.text
        assert "199099" in page.text
        assert "/help/contact-amer" in page.links.values()
        page = await nobody.open("/help?q=" + "x" * 5000)
        assert page.status == 200
        assert "x" * 101 not in page.html.split("<main")[1]


async def test_a_question_there_is_not(visiting: Visiting) -> None:
    async with visiting() as nobody:
        assert (await nobody.open("/help/nonsense")).status == 404


async def test_steps_and_refusals_lead_to_their_entry(visiting: Visiting) -> None:
    async with visiting("نورة سعد القحطاني") as browser:
        page = await begin(browser, "no_response_time")
        assert page.links["Why do we ask this? (new window)"] == "/help/choose-service"
        await choose_service(browser)
        page = await browser.send("/reference", **{**REFERENCE, **day("filed_on", 20, 11, 2026)})
        assert page.path.endswith("/refusal")
        assert page.links["More about this condition"] == "/help/ground-no-response-time"
        assert (await browser.open("/help/ground-no-response-time")).status == 200
