"""Pages speak one language: no text reaches the reader untranslated, marked for it or not."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from tests.people.portal import browser, settings_for
from tests.web.complaints import REFERENCE, SERVICE, begin, choose_service, day, picture, to_check
from tests.web.conftest import NOW, Visiting
from tests.web.pages import Browser, Page

from balagh.demo import cast, samples
from balagh.people import sessions

SPOKEN = {"title", "alt", "placeholder", "aria-label", "data-text", "data-copied"}
# Names of things and what people type, which are the same in both languages.
KEPT = re.compile(
    r"English|العربية|GOV\.SA|JavaScript|WCAG|AA\b|PNG|JPE?G|WebP|HEIC|PDF|ZIP|data\.json|٠١٢٣٤٥٦٧٨٩|BLD-\d+|\d*X+\b"
    r"|[\w.-]+@[\w.]+|[\w.-]+\.(png|jpg|pdf)|[\w]+-[\w-]*\d{3,}",
    re.IGNORECASE,
)
OTHER = {"ar": re.compile(r"[A-Za-z]{2,}"), "en": re.compile(r"[\u0621-\u06d3]{2,}")}

ENGLISH = {
    "title": "I paid the fee and the licence is not renewed",
    "description": "I paid the fee of my commercial licence, and it is still shown as unpaid.",
}
ARABIC = {
    "title": "سددت رسوم الرخصة ولم تُجدَّد",
    "description": "سددت رسوم تجديد الرخصة التجارية، وما زالت تظهر غير مسددة.",
}
TYPED = {"ar": ARABIC, "en": ENGLISH}
NAMES = {"ar": "نورة سعد القحطاني", "en": "Noura Saad Alqahtani"}


class _Reading(HTMLParser):
    """What is seen or read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.said += [value for name, value in attrs if name in SPOKEN and value]

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is None:  # not within script or style
            self.said.append(data)


def foreign(html: str, language: str) -> list[str]:
    """What the page says in the other language."""
    reading = _Reading()
    reading.feed(html)
    said = (" ".join(text.split()) for text in reading.said)
    return [text for text in said if OTHER[language].search(KEPT.sub("", text))]


class Reader(Browser):
    """A browser whose pages are read as they come."""

    def __init__(self, client: httpx.AsyncClient, language: str) -> None:
        super().__init__(client)
        self.language = language
        self.seen: set[str] = set()

    async def _show(self, answer: httpx.Response) -> Page:
        page = await super()._show(answer)
        assert f'<html lang="{self.language}"' in page.html
        assert foreign(page.html, self.language) == [], page.path
        self.seen.add(page.h1)
        return page


def test_the_other_language_is_heard() -> None:
    assert foreign('<p>اختر <b>File</b></p><img alt="A file">', "ar") == ["File", "A file"]
    assert foreign("<p>File <b>ملف</b></p>", "en") == ["ملف"]
    page = '<style>p {color: red}</style><p data-id="x">صورة PNG إلى GOV.SA، BLD-4471882</p>'
    assert foreign(page, "ar") == []


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_pages_for_everybody(visiting: Visiting, language: str) -> None:
    async with visiting(language=language) as found:
        reader = Reader(found.client, language)
        for path in ("/", "/help", "/accessibility", "/privacy", "/nowhere"):
            await reader.open(path)
        # A sign-in that nobody began.
        await reader.open("/sign-in/callback?state=x&code=y")
        assert len(reader.seen) == 6


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize(
    "ground", ["outage", "sla_exceeded", "no_response_time", "closed_unresolved"]
)
async def test_the_way_to_the_confirmation(visiting: Visiting, language: str, ground: str) -> None:
    async with visiting(NAMES[language], language=language) as found:
        reader = Reader(found.client, language)
        await reader.open("/reports")
        await reader.open("/new/complaint")
        await reader.send("/new/complaint")
        page = await to_check(reader, ground, **TYPED[language])
        for text, url in list(page.links.items()):
            if f"{page.path.rsplit('/', 1)[0]}/" in url and "lang=" not in url:
                await reader.open(url)
                assert reader.page.status == 200, text
        await reader.open(page.path.replace("/check", "/discard"))
        await reader.open(page.path)
        page = await reader.send("/submission")
        assert page.path.endswith("/confirmation")
        await reader.open(page.path.removesuffix("/confirmation"))
        await reader.open("/reports")


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_what_is_wrong_and_what_is_refused(visiting: Visiting, language: str) -> None:
    async with visiting(NAMES[language], language=language) as found:
        reader = Reader(found.client, language)
        await begin(reader, "closed_unresolved")
        await reader.send("/closure")
        await reader.send("/closure", matter="procedural", still_happening="yes")
        await reader.open(reader.page.path.replace("/refusal", "/closure"))
        await reader.send("/closure", matter="technical", still_happening="no")
        await begin(reader, "outage")
        await reader.send("/service", agency="momah")
        await reader.send("/service")
        await reader.send("/service", platform="paper")
        await reader.send("/service", service="momah-licence-renew-branch")
        assert reader.page.path.endswith("/refusal")
        for ground in ("sla_exceeded", "no_response_time"):
            await begin(reader, ground)
            await choose_service(reader)
            await reader.send("/reference")
            for wrong in (
                {"reference": "؟" * 9, **day("filed_on", 41, 13, 26)},
                {"reference": "x" * 61, **day("filed_on", 31, 2, 2026)},
                day("filed_on", 1, 1, 1448),
                day("filed_on", 1, 1, 2026, "hijri"),
                day("filed_on", 24, 11, 2026),
                day("filed_on", 1, 1, 1999),
            ):
                await reader.send("/reference", **wrong)
                assert reader.page.status == 422
            days = {"response_days": "3"} if ground == "sla_exceeded" else {}
            early = {**REFERENCE, **day("filed_on", 22, 11, 2026), **days}
            await reader.send("/reference", **early)
            assert reader.page.path.endswith("/refusal")
        await begin(reader, "outage")
        await choose_service(reader, **SERVICE)
        await reader.send("/details", title="x" * 200, description="x")
        await reader.send("/details", **TYPED[language])
        await reader.send("/documents")
        await reader.send("/files")
        await reader.send("/files", files={"file": ("a.png", b"")})
        await reader.send("/files", files={"file": ("a.png", b"MZ not a picture")})
        await reader.send("/files", files={"file": ("fault.png", picture())})
        await reader.send("/files", csrf="x")
        assert reader.page.status == 403


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_a_reference_escalated_before(visiting: Visiting, language: str) -> None:
    async with visiting("خالد عبدالله العتيبي", language="ar") as khalid:
        await to_check(khalid)
        await khalid.send("/submission")
    async with visiting(NAMES[language], language=language) as found:
        reader = Reader(found.client, language)
        await begin(reader, "no_response_time")
        await choose_service(reader)
        await reader.send("/reference", **REFERENCE)
        assert reader.page.path.endswith("/refusal")


async def test_reports_in_every_state_in_arabic(portal: Litestar, tmp_path: Path) -> None:
    """The samples are told in Arabic, so that only there nothing else may be seen."""
    settings = settings_for(data=str(tmp_path))
    ids = await cast.seed_cast(settings.secret_key, NOW)
    await samples.seed(settings, NOW)
    token = await sessions.begin(person_id=ids["noura"], now=NOW, lifetime=timedelta(hours=1))
    async with browser(portal, {"lang": "ar", "__Host-balagh": token}) as client:
        reader = Reader(client, "ar")
        page = await reader.open("/reports")
        reports = {url for url in page.links.values() if re.fullmatch(r"/reports/\d+", url)}
        assert len(reports) >= 4
        for url in reports:
            await reader.open(url)
