"""Who gets in, where they go to sign in, and which forms are believed."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar
from tests.people.portal import PUBLIC, browser, portal, settings_for

from balagh import clock
from balagh.database import fetch
from balagh.people import sessions
from balagh.web import access

pytestmark = pytest.mark.usefixtures("db")

COOKIE = "__Host-balagh"


@pytest.fixture
def app(db: None) -> Litestar:
    return portal(settings_for())


@pytest.fixture
async def anonymous(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app) as client:
        yield client


@pytest.fixture
async def noura(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app, {COOKIE: await signed_in()}) as client:
        yield client


async def signed_in() -> str:
    now = clock.now()
    rows = await fetch(
        "INSERT INTO person (name, created_at) VALUES ('نورة', $1) RETURNING id", now
    )
    return await sessions.begin(person_id=rows[0]["id"], now=now, lifetime=timedelta(hours=1))


async def reem() -> str:
    now = clock.now()
    rows = await fetch(
        "INSERT INTO staff (role, name_ar, name_en, email, created_at) "
        "VALUES ('reviewer', 'ريم', 'Reem', 'reem@example.sa', $1) RETURNING id",
        now,
    )
    return await sessions.begin(staff_id=rows[0]["id"], now=now, lifetime=timedelta(hours=1))


async def test_who_is_who(app: Litestar, anonymous: httpx.AsyncClient, noura: Any) -> None:
    assert (await anonymous.get("/who")).text == "nobody"
    assert (await noura.get("/who")).text == "beneficiary"
    async with browser(app, {COOKIE: await reem()}) as client:
        assert (await client.get("/who")).text == "reviewer"
    async with browser(app, {COOKIE: "x" * 43}) as client:
        assert (await client.get("/who")).text == "nobody"
    # The cookie's other name is for portals without TLS.
    async with browser(app, {"balagh": await signed_in()}) as client:
        assert (await client.get("/who")).text == "nobody"


async def test_pages_that_are_the_same_for_everybody_ask_nobody(noura: httpx.AsyncClient) -> None:
    assert (await noura.get("/same")).text == "nobody"


async def test_a_beneficiary_gets_in_and_staff_find_nothing(app: Litestar, noura: Any) -> None:
    found = await noura.get("/reports/7302641185")
    assert (found.status_code, found.text) == (200, "نورة 7302641185")
    async with browser(app, {COOKIE: await reem()}) as client:
        assert (await client.get("/reports/7302641185")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "referer", "comes_back_to"),
    [
        ("GET", "/reports/1", None, "%2Freports%2F1"),
        ("GET", "/reports/1?step=2&x=%D8%A8", None, "%2Freports%2F1%3Fstep%3D2%26x%3D%25D8%25A8"),
        ("HEAD", "/reports/1", None, "%2Freports%2F1"),
        ("POST", "/reports/1", f"{PUBLIC}/reports/2?step=3", "%2Freports%2F2%3Fstep%3D3"),
        ("POST", "/reports/1", None, "%2Freports%2F1"),
        ("POST", "/reports/1", "https://evil.example/reports/2", "%2Freports%2F1"),
        ("POST", "/reports/1", f"{PUBLIC}.evil.example/", "%2Freports%2F1"),
        ("POST", "/reports/1", f"{PUBLIC}//evil.example/", "%2F"),
    ],
)
async def test_the_anonymous_sign_in_and_come_back(
    anonymous: httpx.AsyncClient, method: str, path: str, referer: str | None, comes_back_to: str
) -> None:
    headers = {"referer": referer} if referer else {}
    answer = await anonymous.request(method, path, headers=headers)
    if method == "HEAD":
        assert answer.status_code == 405
        return
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/sign-in?next={comes_back_to}"
    assert answer.headers["cache-control"] == "no-store"


async def test_htmx_is_told_where_to_go(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/reports/1", headers={"hx-request": "true"})
    assert answer.status_code == 200
    assert answer.headers["hx-redirect"] == "/sign-in?next=%2Freports%2F1"


@pytest.mark.parametrize(
    ("given", "goes_to"),
    [
        ("/reports", "/reports"),
        ("/reports/7302641185?lang=en#top", "/reports/7302641185?lang=en#top"),
        ("/", "/"),
        ("/a//b", "/a//b"),
        ("/?next=https://evil.example", "/?next=https://evil.example"),
        (None, "/"),
        ("", "/"),
        ("reports", "/"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("///evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/reports\\..\\x", "/"),
        ("/\t/evil.example", "/"),
        ("\t//evil.example", "/"),
        (" //evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("/reports\r\nSet-Cookie: a=b", "/"),
        ("/reports\x00", "/"),
        ("/بلاغ", "/"),
        ("javascript:alert(1)", "/"),
        ("data:text/html,x", "/"),
        ("http:/evil.example", "/"),
        ("@evil.example", "/"),
        ("/" + "a" * 2000, "/"),
        ("/sign-in", "/"),
        ("/sign-in?next=/sign-in", "/"),
        ("/sign-in/callback?code=x", "/"),
        ("/sign-out", "/"),
        ("/sign-inside", "/sign-inside"),
    ],
)
def test_next(given: str | None, goes_to: str) -> None:
    assert access.local_path(given) == goes_to


HERE, EVIL = PUBLIC, "https://evil.example"

ORIGINS = [
    # public address, Sec-Fetch-Site, Origin, Host, believed
    (PUBLIC, "same-origin", HERE, None, True),
    (PUBLIC, "same-origin", None, None, True),
    (PUBLIC, None, HERE, None, True),
    (PUBLIC, None, None, None, False),
    (PUBLIC, "cross-site", EVIL, None, False),
    (PUBLIC, "cross-site", HERE, None, False),
    (PUBLIC, "same-site", "https://other.example.sa", None, False),
    (PUBLIC, "none", HERE, None, False),
    (PUBLIC, "none", None, None, False),
    (PUBLIC, "", HERE, None, False),
    (PUBLIC, None, EVIL, None, False),
    (PUBLIC, None, "null", None, False),
    (PUBLIC, None, "", None, False),
    (PUBLIC, None, HERE + ".evil.example", None, False),
    (PUBLIC, None, HERE + ":8443", None, False),
    (PUBLIC, None, HERE.replace("https", "http"), None, False),
    (PUBLIC, None, "https://sub.balagh.example.sa", None, False),
    ("https://Balagh.example.sa:443", None, HERE, None, True),
    # Over TLS the Host header decides nothing.
    (PUBLIC, None, "http://localhost:8000", "localhost:8000", False),
    (PUBLIC, None, EVIL, "evil.example", False),
    # On one's own machine any of its names will do, when it is the one that was asked.
    ("http://localhost:8000", None, "http://localhost:8000", "localhost:8000", True),
    ("http://localhost:8000", None, "http://127.0.0.1:9000", "127.0.0.1:9000", True),
    ("http://localhost:8000", None, "http://[::1]:9000", "[::1]:9000", True),
    ("http://localhost:8000", None, "http://127.0.0.1:9001", "127.0.0.1:9000", False),
    ("http://localhost:8000", None, "http://evil.example", "evil.example", False),
    (
        "http://localhost:8000",
        None,
        "http://localhost.evil.example",
        "localhost.evil.example",
        False,
    ),
    ("http://localhost:8000", "cross-site", "http://localhost:8000", "localhost:8000", False),
]


@pytest.mark.parametrize(("public", "site", "origin", "host", "believed"), ORIGINS)
def test_where_a_form_comes_from(
    public: str, site: str | None, origin: str | None, host: str | None, believed: bool
) -> None:
    given = {"sec-fetch-site": site, "origin": origin, "host": host}
    headers = {name: value for name, value in given.items() if value is not None}
    settings = settings_for(public_url=public)
    for method in ("POST", "PUT", "PATCH", "DELETE", "PROPFIND"):
        if believed:
            access.check_origin(method, headers, settings)
        else:
            with pytest.raises(access.Forged):
                access.check_origin(method, headers, settings)
    for method in ("GET", "HEAD", "OPTIONS"):
        access.check_origin(method, headers, settings)


async def test_the_same_rule_holds_for_every_form(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.post("/open", data={"text": "x"})).text == "x"
    refused = await anonymous.post("/open", data={"text": "x"}, headers={"origin": EVIL})
    assert refused.status_code == 403
    refused = await anonymous.post("/sign-out", headers={"sec-fetch-site": "same-site"})
    assert refused.status_code == 403


@pytest.mark.parametrize("way", ["form", "multipart", "header"])
async def test_the_token_of_the_session(noura: httpx.AsyncClient, way: str) -> None:
    token = (await noura.get("/token")).text
    assert len(token) == 64
    data, headers = {"text": "نص", "csrf": token}, {}
    if way == "header":
        data, headers = {"text": "نص"}, {"x-csrf": token}
    files = {"file": ("a.png", b"x")} if way == "multipart" else None
    answer = await noura.post("/reports/1", data=data, headers=headers, files=files)
    # The handler reads the same form again.
    assert (answer.status_code, answer.text) == (200, "1 نص")


async def test_tokens_that_are_not_of_the_session(app: Litestar, noura: httpx.AsyncClient) -> None:
    mine = (await noura.get("/token")).text
    async with browser(app, {COOKIE: await signed_in()}) as khalid:
        his = (await khalid.get("/token")).text
    assert his != mine
    wrong = ["", "x", his, mine[:-1], mine + "0", mine.upper() + "x", "ء" * 64]
    for token in wrong:
        for request in ({"data": {"csrf": token}}, {"headers": {"x-csrf": token.encode()}}):
            answer = await noura.post("/reports/1", **request)
            assert answer.status_code == 403, token
    assert (await noura.post("/reports/1", data={"text": "x"})).status_code == 403
    assert (await noura.post("/reports/1", json={"csrf": mine})).status_code == 403
    # A file in the field's place is no token.
    answer = await noura.post("/reports/1", files={"csrf": ("csrf", mine.encode())})
    assert answer.status_code == 403
    # A wrong header is not made good by a right field.
    answer = await noura.post("/reports/1", data={"csrf": mine}, headers={"x-csrf": "x"})
    assert answer.status_code == 403
    # Where there is a session, open forms are protected as well.
    assert (await noura.post("/open", data={"text": "x"})).status_code == 403


async def test_the_token_ends_with_the_session(app: Litestar, noura: httpx.AsyncClient) -> None:
    token = (await noura.get("/token")).text
    async with browser(app, {COOKIE: await signed_in()}) as again:
        answer = await again.post("/reports/1", data={"csrf": token})
        assert answer.status_code == 403


async def test_signing_out(noura: httpx.AsyncClient) -> None:
    assert (await noura.post("/sign-out")).status_code == 403
    before = dict(noura.cookies)
    token = (await noura.get("/token")).text
    answer = await noura.post("/sign-out", data={"csrf": token})
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith('__Host-balagh=""; HttpOnly; Max-Age=0; Path=/; SameSite=lax; Secure')
    assert (await noura.get("/who")).text == "nobody"
    # The cookie that somebody kept is worth nothing.
    noura.cookies.update(before)
    assert (await noura.get("/who")).text == "nobody"


def test_cookies_over_plain_http_have_no_prefix() -> None:
    plain = settings_for(public_url="http://localhost:8000")
    cookie = access.session_cookie("t", plain)
    assert (cookie.key, cookie.secure, cookie.httponly) == ("balagh", False, True)
    kept = access.session_cookie("t", settings_for())
    assert (kept.key, kept.secure, kept.domain, kept.path) == (COOKIE, True, None, "/")
