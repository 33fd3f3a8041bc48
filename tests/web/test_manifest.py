"""On the home screen: the manifest in the language of the page that names it, and its icons."""

import io
import re

import pytest
from PIL import Image
from tests.web.conftest import Visiting


@pytest.mark.parametrize(
    ("language", "direction", "name", "shortcuts"),
    [
        ("ar", "rtl", "بلاغ رقمي", ["بلاغ جديد", "بلاغاتي"]),
        ("en", "ltr", "Balagh", ["New report", "My reports"]),
    ],
)
async def test_manifest(
    visiting: Visiting, language: str, direction: str, name: str, shortcuts: list[str]
) -> None:
    async with visiting(language=language) as nobody:
        page = await nobody.client.get("/")
        (href,) = re.findall(r'<link rel="manifest" href="([^"]+)"', page.text)
    # As browsers ask for it: without cookies, so without the language chosen before.
    async with visiting(language="") as browser:
        browser.client.cookies.clear()
        answer = await browser.client.get(href)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/manifest+json"
        assert answer.headers["content-language"] == language
        assert answer.headers["cache-control"] == "public, max-age=3600"
        assert "set-cookie" not in answer.headers
        manifest = answer.json()
        assert (manifest["name"], manifest["short_name"]) == (name, name)
        assert (manifest["lang"], manifest["dir"]) == (language, direction)
        assert manifest["id"] == manifest["start_url"] == manifest["scope"] == "/"
        assert manifest["display"] == "minimal-ui"
        assert (manifest["theme_color"], manifest["background_color"]) == ("#1b8354", "#ffffff")
        assert [each["name"] for each in manifest["shortcuts"]] == shortcuts
        for each in manifest["shortcuts"]:
            reached = await browser.client.get(each["url"])
            assert reached.status_code in (200, 303)
        kinds = {(icon["sizes"], icon["purpose"]) for icon in manifest["icons"]}
        assert kinds >= {
            ("any", "any"), ("192x192", "any"), ("512x512", "any"), ("512x512", "maskable"),
        }  # fmt: skip
        for icon in manifest["icons"]:
            served = await browser.client.get(icon["src"])
            assert served.headers["content-type"] == icon["type"]
            assert served.headers["cache-control"] == "public, max-age=31536000, immutable"
            if icon["type"] == "image/png":
                width, height = Image.open(io.BytesIO(served.content)).size
                assert icon["sizes"] == f"{width}x{height}"


async def test_a_language_there_is_not_is_arabic(visiting: Visiting) -> None:
    async with visiting() as nobody:
        for query in ("", "?lang=fr"):
            answer = await nobody.client.get(f"/manifest.webmanifest{query}")
            assert answer.json()["lang"] == "ar"


async def test_pages_name_the_icon_of_phones_without_manifests(visiting: Visiting) -> None:
    async with visiting() as nobody:
        page = await nobody.client.get("/")
        (href,) = re.findall(r'<link rel="apple-touch-icon" href="([^"]+)"', page.text)
        served = await nobody.client.get(href)
        assert served.headers["content-type"] == "image/png"
        assert Image.open(io.BytesIO(served.content)).size == (180, 180)
        colours = dict(
            re.findall(
                r'<meta name="theme-color" content="(#\w+)" '
                r'media="\(prefers-color-scheme: (\w+)\)">',
                page.text,
            )
        )
        assert colours == {"#1b8354": "light", "#0f3d29": "dark"}


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_bytes(visiting: Visiting, language: str) -> None:
    """It comes once the page is drawn, and is small all the same."""
    async with (
        visiting() as nobody,
        nobody.client.stream(
            "GET", f"/manifest.webmanifest?lang={language}", headers={"accept-encoding": "br"}
        ) as answer,
    ):
        await answer.aread()
        assert answer.num_bytes_downloaded <= 600
