"""Bytes on the way, brotli as served: every page of citizens, every step of the wizard."""

import re
from urllib.parse import urljoin

import httpx
import pytest
from tests.web.complaints import (
    DETAILS,
    REFERENCE,
    SERVICE,
    begin,
    choose_service,
    day,
    picture,
    to_check,
)
from tests.web.conftest import Visiting

from balagh.assets import asset

KB = 1024
PAGE, FIRST_VIEW, SAVING, OWN_SCRIPT, SHEET = 10.5 * KB, 25 * KB, 13 * KB, 2.5 * KB, 8 * KB
NEXT_FRAGMENT, NEXT_PAGE = 2 * KB, 3 * KB
BROTLI = {"accept-encoding": "br"}
HX = {**BROTLI, "hx-request": "true"}


async def size(client: httpx.AsyncClient, path: str, **headers: str) -> tuple[int, str]:
    """Bytes of the body as it was sent, and its text."""
    async with client.stream("GET", path, headers={**BROTLI, **headers}) as answer:
        text = (await answer.aread()).decode()
        assert answer.status_code in (200, 404)
        return answer.num_bytes_downloaded, text


async def first_view(client: httpx.AsyncClient, path: str, **headers: str) -> dict[str, int]:
    """Bytes of the page and of each file it loads; the tab's icon comes when all is done."""
    bytes_, html = await size(client, path, **headers)
    found = {path: bytes_}
    loaded = re.findall(r'<(?:link rel="stylesheet" href|script src|img src)="([^"]+)"', html)
    for each in loaded:
        found[each], _ = await size(client, urljoin(path, each))
    return found


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_pages_and_first_views(visiting: Visiting, language: str) -> None:
    async with visiting(language=language) as nobody:
        sheet, _ = await size(nobody.client, asset("app.css"))
        script, _ = await size(nobody.client, asset("app.js"))
        assert sheet <= SHEET
        assert script <= OWN_SCRIPT
        for path in ("/", "/help", "/accessibility", "/privacy", "/nonsense"):
            view = await first_view(nobody.client, path)
            assert view[path] + sheet <= PAGE, path
            assert sum(view.values()) <= FIRST_VIEW, view
            assert len(view) <= 4, view
            saving = await first_view(nobody.client, path, **{"save-data": "on"})
            assert sum(saving.values()) <= SAVING, saving
            assert not any("htmx" in each for each in saving)


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("ground", ["outage", "closed_unresolved"])
async def test_the_wizard_and_what_follows(visiting: Visiting, language: str, ground: str) -> None:
    async with visiting("نورة سعد القحطاني", language=language) as noura:
        sheet, _ = await size(noura.client, asset("app.css"))
        await begin(noura, ground)
        if ground == "closed_unresolved":
            await noura.send("/closure", matter="technical", still_happening="yes")
        await choose_service(noura, **SERVICE)
        if ground != "outage":
            await noura.send("/reference", **{**REFERENCE, **day("closed_on", 15, 11, 2026)})
        await noura.send("/details", **DETAILS)
        for n in range(3):
            await noura.send("/files", files={"file": (f"{n}.png", picture())})
        page = await noura.send("/documents")
        base = page.path.rsplit("/", 1)[0]
        slugs = ["ground", "service", "reference", "closure", "details", "documents", "check"]
        for slug in slugs:
            path = f"{base}/{slug}"
            if (await noura.client.get(path)).status_code != 200:
                continue
            whole, _ = await size(noura.client, path)
            fragment, _ = await size(noura.client, path, **{"hx-request": "true"})
            assert whole + sheet <= PAGE, slug
            assert fragment < whole
            assert fragment <= NEXT_FRAGMENT, slug
            assert whole <= NEXT_PAGE, slug
        await noura.open(f"{base}/check")
        page = await noura.send("/submission")
        for path in (page.path, page.path.removesuffix("/confirmation"), "/reports"):
            whole, _ = await size(noura.client, path)
            assert whole + sheet <= PAGE, path


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_errors_and_refusals(visiting: Visiting, language: str) -> None:
    async with visiting("نورة سعد القحطاني", language=language) as noura:
        sheet, _ = await size(noura.client, asset("app.css"))
        page = await to_check(noura)
        base = page.path.rsplit("/", 1)[0]
        await noura.open(f"{base}/reference")
        page = await noura.send("/reference", **day("filed_on", 18, 11, 2026))
        whole, _ = await size(noura.client, page.path)
        assert whole + sheet <= PAGE
        form = (await noura.open(f"{base}/details")).form("/details")
        typed = {**form.fields, "title": "", "description": ""}
        answer = await noura.client.post(form.action, data=typed, headers=BROTLI)
        assert answer.status_code == 422
        assert answer.num_bytes_downloaded + sheet <= PAGE
