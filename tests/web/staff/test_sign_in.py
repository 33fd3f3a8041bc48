"""Staff come in: by the link that was mailed, by password and code, and not otherwise."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from litestar import Litestar, Request
from litestar.testing import RequestFactory
from tests.people.portal import browser, settings_for
from tests.web.conftest import NOW, Clock, Visiting, staff_id
from tests.web.pages import Browser, Page

from balagh.database import fetch
from balagh.people import invitations
from balagh.web.source import address_of

PASSWORD = "window teapot gravel ninety"


@pytest.fixture
async def nobody(visiting: Visiting) -> AsyncIterator[Browser]:
    async with visiting() as found:
        yield found


async def mailed(email: str) -> str:
    """The link of the newest e-mail to that address, as it stands in the outbox."""
    rows = await fetch(
        "SELECT data FROM notice WHERE moment IN ('staff_invitation', 'staff_password') "
        "AND recipient = $1 ORDER BY id DESC",
        email,
    )
    return str(json.loads(rows[0]["data"])["link"]).removeprefix("https://balagh.example.sa")


async def link_for(key: str) -> str:
    token = await invitations.make(await staff_id(key), NOW)
    return invitations.address(token, "")


def code_of(page: Page, time: Clock) -> str:
    """What the app shows, from the key that the page tells in words."""
    (secret,) = (each for each in page.texts["bdi"] if len(each) == 39)
    return pyotp.TOTP(secret.replace(" ", "")).at(time.now)


async def enrolled(nobody: Browser, key: str, time: Clock) -> tuple[str, list[str]]:
    """The member of staff came in for the first time; the secret and the recovery codes."""
    await nobody.open(await link_for(key))
    await nobody.send("/staff/invitation", new_password=PASSWORD, again=PASSWORD)
    page = nobody.page
    (secret,) = (each for each in page.texts["bdi"] if len(each) == 39)
    page = await nobody.send("/staff/sign-in/factor", code=code_of(page, time))
    return secret.replace(" ", ""), page.texts["code"]


async def password(nobody: Browser, email: str, given: str, path: str = "/staff/sign-in") -> Page:
    await nobody.open(path)
    return await nobody.send("/staff/sign-in", email=email, password=given)


async def out(nobody: Browser) -> None:
    await nobody.open("/profile")
    await nobody.send("/sign-out")


@asynccontextmanager
async def elsewhere(portal: Litestar, address: str) -> AsyncIterator[Browser]:
    """A browser that nobody used before, behind the proxy, from that address."""
    async with browser(portal, {"lang": "en"}) as client:
        client.headers["x-forwarded-for"] = address
        yield Browser(client)


async def test_the_whole_way_in(nobody: Browser, time: Clock) -> None:
    page = await nobody.open(await link_for("reem"))
    assert page.h1 == "Welcome, Reem Alshammari"
    assert "reem@example.sa" in page.text
    page = await nobody.send("/staff/invitation", new_password=PASSWORD, again=PASSWORD)
    assert page.h1 == "Connect an app"
    assert 'src="data:image/svg+xml' in page.html
    # Loaded again, it is the same key: what was scanned stays right.
    first = code_of(page, time)
    page = await nobody.open(page.path)
    assert code_of(page, time) == first
    page = await nobody.send("/staff/sign-in/factor", code="000000")
    assert page.status == 422
    assert page.title.startswith("Error: Connect an app")
    page = await nobody.send("/staff/sign-in/factor", code=first)
    assert page.h1 == "Keep your recovery codes"
    assert len(page.texts["code"]) == 10
    page = await nobody.open(page.links["I have kept them"])
    assert page.path == "/inbox"
    assert page.links["رYour profile, ريم الشمري"] == "/profile"
    # Out, and in again with the next code.
    await out(nobody)
    assert nobody.page.h1 == "Sign in for staff"
    time.now += timedelta(minutes=1)
    page = await nobody.open("/cases/7302641185")
    assert page.path.startswith("/staff/sign-in?next=")
    page = await password(nobody, " Reem@Example.sa", PASSWORD, page.path)
    assert page.h1 == "Enter the code from your app"


async def test_a_code_works_once_and_leads_to_where_one_was_going(
    nobody: Browser, time: Clock
) -> None:
    secret, _ = await enrolled(nobody, "reem", time)
    await out(nobody)
    used = pyotp.TOTP(secret).at(time.now)
    await password(nobody, "reem@example.sa", PASSWORD, "/staff/sign-in?next=/profile")
    page = await nobody.send("/staff/sign-in/code", code=used)
    assert page.status == 422
    assert "was used already" in page.text
    time.now += timedelta(seconds=30)
    page = await nobody.send("/staff/sign-in/code", code=pyotp.TOTP(secret).at(time.now))
    assert page.path == "/profile"


async def test_recovery_codes_work_once(nobody: Browser, time: Clock) -> None:
    _, codes = await enrolled(nobody, "reem", time)
    await out(nobody)
    for given, let_in in ((codes[3], True), (codes[3], False), (codes[4].upper(), True)):
        await password(nobody, "reem@example.sa", PASSWORD)
        await nobody.open(nobody.page.links["Use a recovery code instead"])
        page = await nobody.send("/staff/sign-in/recovery", code=given)
        assert (page.path == "/inbox") == let_in, given
        if let_in:
            await out(nobody)
    rows = await fetch("SELECT count(*) AS n FROM recovery_code WHERE used_at IS NULL")
    assert rows[0]["n"] == 8


@pytest.mark.parametrize(
    ("email", "given"),
    [
        ("reem@example.sa", "window teapot gravel eighty"),
        ("nobody@example.sa", PASSWORD),
        # No password yet, and not active any more.
        ("hind@example.sa", PASSWORD),
        ("majed@example.sa", PASSWORD),
    ],
)
async def test_every_failure_says_the_same(
    nobody: Browser, time: Clock, email: str, given: str
) -> None:
    await enrolled(nobody, "reem", time)
    await out(nobody)
    await staff_id("hind")
    await enrolled(nobody, "majed", time)
    await out(nobody)
    await fetch("UPDATE staff SET active = false WHERE email = 'majed@example.sa'")
    page = await password(nobody, email, given)
    assert page.status == 422
    assert page.title == "Error: Sign in for staff – Balagh"
    assert page.form("/staff/sign-in").fields["email"] == email
    assert page.form("/staff/sign-in").fields["password"] == ""
    assert page.texts["p"].count("The e-mail address or the password is not right") == 1
    assert page.html.replace(email, "") == (
        await password(nobody, "somebody@example.sa", "no")
    ).html.replace("somebody@example.sa", "")


async def test_a_stranger_does_not_lock_reem_out(
    nobody: Browser, portal: Litestar, time: Clock
) -> None:
    secret, _ = await enrolled(nobody, "reem", time)
    await out(nobody)
    time.now += timedelta(minutes=1)
    async with elsewhere(portal, "198.51.100.7") as stranger:
        for _ in range(5):
            page = await password(stranger, "reem@example.sa", "guess")
            assert page.status == 422
        page = await password(stranger, "reem@example.sa", PASSWORD)
        assert page.status == 429
        assert "Too many attempts from this place. Try again in 1 minute." in page.text
        # For an address that nobody has, the same.
        for _ in range(5):
            await password(stranger, "nobody@example.sa", "guess")
        assert (await password(stranger, "nobody@example.sa", "guess")).status == 429
    # From her own office, on a computer that is new, and on hers in the stranger's network.
    async with elsewhere(portal, "203.0.113.9") as new:
        page = await password(new, "reem@example.sa", PASSWORD)
        assert page.h1 == "Enter the code from your app"
    nobody.client.headers["x-forwarded-for"] = "198.51.100.7"
    await password(nobody, "reem@example.sa", PASSWORD)
    page = await nobody.send("/staff/sign-in/code", code=pyotp.TOTP(secret).at(time.now))
    assert page.path == "/inbox"


@pytest.mark.parametrize(
    ("peer_trusted", "told", "counted"),
    [
        (True, "198.51.100.7", "198.51.100.7"),
        # What stands left of the proxy's own word, the client made up.
        (True, "203.0.113.1, 198.51.100.7", "198.51.100.7"),
        (True, "198.51.100.7, 127.0.0.1", "198.51.100.7"),
        (True, "198.51.100.7:4711", "198.51.100.7"),
        (True, "[2001:db8::7]:4711", "2001:db8::7"),
        (True, "", ""),
        (False, "198.51.100.7", "127.0.0.1"),
    ],
)
async def test_where_a_request_comes_from(
    portal: Litestar, peer_trusted: bool, told: str, counted: str
) -> None:
    proxies = "127.0.0.1" if peer_trusted else "none"
    portal.state.settings = settings_for(trusted_proxies=proxies)
    headers = {"x-forwarded-for": told} if told else {}
    request: Request[Any, Any, Any] = RequestFactory(app=portal).get("/", headers=headers)
    request.scope["client"] = ("127.0.0.1", 5000)
    assert address_of(request) == counted


async def test_a_link_works_once_and_for_72_hours(nobody: Browser, time: Clock) -> None:
    link, late = await link_for("reem"), await link_for("hind")
    await nobody.open(link)
    page = await nobody.send("/staff/invitation", new_password="short", again="short")
    assert page.status == 422
    assert "Use at least 12 characters" in page.text
    page = await nobody.send("/staff/invitation", new_password=PASSWORD, again="another one")
    assert "The two are not the same" in page.text
    page = await nobody.send(
        "/staff/invitation", new_password="ReemAlshammari", again="ReemAlshammari"
    )
    assert "easy to guess" in page.text
    await nobody.send("/staff/invitation", new_password=PASSWORD, again=PASSWORD)
    page = await nobody.open(link)
    assert (page.status, page.h1) == (410, "This link can no longer be used")
    assert (await nobody.open("/staff/invitation/nonsense")).status == 410
    time.now += timedelta(hours=72)
    assert (await nobody.open(late)).status == 410


async def test_a_new_password_does_not_get_past_the_second_factor(
    nobody: Browser, portal: Litestar, time: Clock
) -> None:
    secret, _ = await enrolled(nobody, "reem", time)
    async with elsewhere(portal, "203.0.113.9") as thief:
        await thief.open(await link_for("reem"))
        page = await thief.send(
            "/staff/invitation",
            new_password="purple lantern harbour",
            again="purple lantern harbour",
        )
        assert page.h1 == "Enter the code from your app"
        # Nor can another app be connected with the password alone.
        assert (await thief.open("/staff/sign-in/factor")).h1 == "Sign in for staff"
        assert (await thief.open("/inbox")).h1 == "Sign in for staff"
    # And whoever was signed in with the old one is not any more.
    assert (await nobody.open("/inbox")).h1 == "Sign in for staff"
    time.now += timedelta(seconds=30)
    await password(nobody, "reem@example.sa", "purple lantern harbour")
    page = await nobody.send("/staff/sign-in/code", code=pyotp.TOTP(secret).at(time.now))
    assert page.path == "/inbox"


async def test_forgotten_says_the_same_to_everybody(nobody: Browser, time: Clock) -> None:
    await staff_id("reem")
    said = []
    for email in ("reem@example.sa", "nobody@example.sa"):
        await nobody.open("/staff/sign-in/forgotten")
        page = await nobody.send("/staff/sign-in/forgotten", email=email)
        assert page.h1 == "Look at your e-mail"
        said.append(page.html)
    assert said[0] == said[1]
    (notice,) = await fetch("SELECT recipient FROM notice WHERE moment = 'staff_invitation'")
    assert notice["recipient"] == "reem@example.sa"
    assert (await nobody.open(await mailed("reem@example.sa"))).h1.startswith("Welcome")
    # Not again within five minutes.
    await nobody.open("/staff/sign-in/forgotten")
    await nobody.send("/staff/sign-in/forgotten", email="REEM@example.sa")
    assert len(await fetch("SELECT 1 FROM notice WHERE moment = 'staff_invitation'")) == 1


async def test_the_link_leaves_the_outbox_when_it_was_used(nobody: Browser, time: Clock) -> None:
    await staff_id("reem")
    await nobody.open("/staff/sign-in/forgotten")
    await nobody.send("/staff/sign-in/forgotten", email="reem@example.sa")
    await fetch("UPDATE notice SET state = 'sent'")
    await nobody.open(await mailed("reem@example.sa"))
    await nobody.send("/staff/invitation", new_password=PASSWORD, again=PASSWORD)
    assert await fetch("SELECT 1 FROM notice WHERE data ? 'link'") == []


@pytest.mark.parametrize(
    "path", ["/inbox", "/cases/7302641185", "/staff", "/profile", "/staff/3?saved=link"]
)
async def test_the_anonymous_come_back_to_where_they_were_going(nobody: Browser, path: str) -> None:
    page = await nobody.open(path)
    assert page.h1 == "Sign in for staff"
    assert page.form("/staff/sign-in").fields["next"] == path


async def test_a_session_of_staff_has_limits_of_its_own(at_desk: Visiting, time: Clock) -> None:
    async with at_desk("reem") as reem:
        assert (await reem.open("/profile")).status == 200
        time.now += timedelta(minutes=29)
        assert (await reem.open("/profile")).h1 == "Your profile"
        time.now += timedelta(minutes=31)
        assert (await reem.open("/profile")).h1 == "Sign in for staff"


async def test_the_cookies_on_the_way_in(nobody: Browser, time: Clock) -> None:
    await enrolled(nobody, "reem", time)
    await out(nobody)
    await nobody.open("/staff/sign-in")
    answer = await nobody.client.post(
        "/staff/sign-in", data={"email": "reem@example.sa", "password": PASSWORD, "next": "//evil"}
    )
    assert answer.headers["location"] == "/staff/sign-in/code?next=%2F"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-balagh-half=")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Max-Age=1200"):
        assert part in cookie
    # It is no session, and worth nothing after twenty minutes or when it was changed.
    assert (await nobody.open("/inbox")).h1 == "Sign in for staff"
    assert (await nobody.open("/staff/sign-in/code")).h1 == "Enter the code from your app"
    time.now += timedelta(minutes=20)
    assert (await nobody.open("/staff/sign-in/code")).h1 == "Sign in for staff"
