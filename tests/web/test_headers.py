"""What every answer carries, and that nothing on a page needs more than the policy allows."""

import re
from pathlib import Path

import pytest
from litestar import Litestar
from tests.people.portal import browser, settings_for
from tests.web.conftest import Visiting

from balagh.app import create
from balagh.assets import asset
from balagh.templating import TEMPLATES

COMMON = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/help", 200),
        ("/help/", 200),
        ("/health", 200),
        ("/sign-out", 405),
        ("/nonsense", 404),
        ("/nonsense/deeper", 404),
        ("/reports", 303),
        ("/new/complaint", 303),
        ("/static/nonsense.css", 404),
        (asset("app.css"), 200),
        (asset("vendor/htmx.min.js"), 200),
        ("/demo/outbox", 404),
        ("/demo/sign-in", 404),
        ("/demo/clock", 404),
    ],
)
async def test_every_answer(visiting: Visiting, path: str, status: int) -> None:
    async with visiting() as nobody:
        answer = await nobody.client.get(path)
    assert answer.status_code == status
    for name, value in COMMON.items():
        assert answer.headers[name] == value, name
    policy = answer.headers["content-security-policy"]
    for part in (
        "default-src 'none'", "script-src 'self'", "style-src 'self'",
        "frame-ancestors 'none'", "base-uri 'none'",
    ):  # fmt: skip
        assert part in policy
    assert "unsafe" not in policy
    for feature in ("camera", "geolocation", "microphone"):
        assert f"{feature}=()" in answer.headers["permissions-policy"]


async def test_private_pages_are_kept_by_nobody(visiting: Visiting) -> None:
    async with visiting("نورة سعد القحطاني") as noura:
        for path in ("/reports", "/new/complaint"):
            answer = await noura.client.get(path)
            assert answer.headers["cache-control"] == "no-store"
            assert "HX-Request" in answer.headers["vary"]


async def test_without_tls_there_is_no_promise_of_it(portal: Litestar, tmp_path: Path) -> None:
    plain = create(settings_for(data=str(tmp_path), public_url="http://localhost:8000"))
    async with browser(plain) as client:
        answer = await client.get("/help")
    assert "strict-transport-security" not in answer.headers


def test_no_template_needs_what_the_policy_forbids() -> None:
    for path in TEMPLATES.rglob("*.html"):
        html = path.read_text("utf-8")
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", html), path
        assert not re.search(r"<script(?![^>]*\ssrc=)", html), path
