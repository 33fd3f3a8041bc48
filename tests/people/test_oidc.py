"""Signing in through a provider that behaves, and through one that does not.

Everything goes over HTTP to providers that the tests start; who refuses, refuses in the browser.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from litestar import Litestar
from structlog.testing import capture_logs
from tests.people.portal import CLIENT, CLIENT_SECRET, PUBLIC, browser, portal, settings_for
from tests.people.provider import (
    CURVE,
    FIRST,
    REMOVED,
    SECOND,
    STRANGER,
    Behaviour,
    RealProvider,
    shared_secret_key,
)

from balagh import clock
from balagh.database import fetch
from balagh.people import national_ids
from balagh.people.discovery import Published
from balagh.people.failures import Code, SignInError

pytestmark = pytest.mark.usefixtures("db")

NOURA = {
    "national_id": "1000000016",
    "name": "نورة سعد القحطاني",
    "phone_number": "055 318 4471",
    "email": "noura@example.sa",
}


@pytest.fixture
def provider() -> Iterator[RealProvider]:
    with RealProvider(CLIENT, CLIENT_SECRET).running() as running:
        running.does.claims = dict(NOURA)
        yield running


@pytest.fixture
def app(db: None, provider: RealProvider) -> Litestar:
    return portal(settings_for(provider.issuer))


@pytest.fixture
async def noura(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app) as client:
        yield client


async def leave_for(client: httpx.AsyncClient, next_path: str = "/reports/1") -> str:
    """Asks to sign in; returns where the browser comes back to after being at the provider."""
    begun = await client.get("/sign-in", params={"next": next_path})
    assert begun.status_code == 303, begun.text
    async with httpx.AsyncClient() as outside:
        answer = await outside.get(begun.headers["location"])
    assert answer.status_code == 302
    return str(answer.headers["location"]).removeprefix(PUBLIC)


async def sign_in(client: httpx.AsyncClient, next_path: str = "/reports/1") -> httpx.Response:
    return await client.get(await leave_for(client, next_path))


async def people() -> list[dict[str, Any]]:
    return [dict(row) for row in await fetch("SELECT * FROM person ORDER BY id")]


async def test_the_whole_way(noura: httpx.AsyncClient, provider: RealProvider) -> None:
    asked = await noura.get("/reports/7302641185?step=2")
    begun = await noura.get(asked.headers["location"])
    query = parse_qs(urlsplit(begun.headers["location"]).query)
    assert query["response_type"] == ["code"]
    assert query["scope"] == ["openid profile email phone"]
    assert query["redirect_uri"] == [PUBLIC + "/sign-in/callback"]
    assert query["code_challenge_method"] == ["S256"]
    assert query["ui_locales"] == ["ar"]
    cookie = begun.headers["set-cookie"]
    assert cookie.startswith("__Host-balagh-signin=")
    for part in ("Path=/", "HttpOnly", "Secure", "SameSite=lax", "Max-Age=600"):
        assert part in cookie

    done = await sign_in(noura, "/reports/7302641185?step=2")
    assert done.status_code == 303
    assert done.headers["location"] == "/reports/7302641185?step=2"
    cookies = done.headers.get_list("set-cookie")
    assert cookies[0].startswith("__Host-balagh=")
    for part in ("Path=/", "HttpOnly", "Secure", "SameSite=lax", "Max-Age=129600"):
        assert part in cookies[0]
    assert cookies[1].startswith('__Host-balagh-signin=""; HttpOnly; Max-Age=0')
    page = await noura.get(done.headers["location"])
    assert page.text == "نورة سعد القحطاني 7302641185"
    assert provider.asked["/userinfo"] == 0


async def test_what_is_kept_of_the_person(noura: httpx.AsyncClient) -> None:
    await sign_in(noura)
    (person,) = await people()
    settings = settings_for()
    sealed, hashed = person["national_id_cipher"], person["national_id_hash"]
    assert national_ids.unseal(sealed, settings.secret_key) == "1000000016"
    assert hashed == national_ids.lookup_hash("1000000016", settings.secret_key)
    assert person["name"] == "نورة سعد القحطاني"
    assert (person["phone"], person["email"]) == ("+966553184471", "noura@example.sa")
    assert person["language"] == "ar"
    (left,) = await fetch("SELECT count(*) AS n FROM sign_in_attempt")
    assert left["n"] == 0


async def test_signing_in_again_and_as_somebody_else(
    app: Litestar, noura: httpx.AsyncClient, provider: RealProvider
) -> None:
    await sign_in(noura)
    before = noura.cookies["__Host-balagh"]
    # Signed in: straight on, without the provider.
    again = await noura.get("/sign-in", params={"next": "/reports/2"})
    assert again.headers["location"] == "/reports/2"
    answer = await leave_for_somebody_new(noura, app)
    await noura.get(answer)
    assert noura.cookies["__Host-balagh"] != before
    async with browser(app, {"__Host-balagh": before}) as old:
        assert (await old.get("/who")).text == "nobody"
    assert len(await people()) == 1


async def leave_for_somebody_new(client: httpx.AsyncClient, app: Litestar) -> str:
    """Begins in a browser without a session, and lends the attempt to ``client``."""
    async with browser(app) as fresh:
        address = await leave_for(fresh)
        client.cookies.update(fresh.cookies)
    return address


@pytest.mark.parametrize(
    "next_path", ["https://evil.example", "//evil.example", "/\\evil.example", "/sign-in"]
)
async def test_nobody_is_sent_elsewhere(noura: httpx.AsyncClient, next_path: str) -> None:
    assert (await sign_in(noura, next_path)).headers["location"] == "/"


# --- the state -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda address: address.replace("state=", "state=x"),
        lambda address: address.replace("state=", "stat="),
        lambda address: address.split("?")[0],
        lambda address: address.split("?")[0] + "?error=access_denied&state=x",
    ],
)
async def test_a_tampered_state(noura: httpx.AsyncClient, change: Callable[[str], str]) -> None:
    await refused(noura, change(await leave_for(noura)), Code.STATE)


async def test_a_state_is_good_once(noura: httpx.AsyncClient, app: Litestar) -> None:
    address = await leave_for(noura)
    kept = dict(noura.cookies)
    assert (await noura.get(address)).status_code == 303
    async with browser(app, kept) as replaying:
        await refused(replaying, address, Code.STATE)


async def test_a_state_of_another_browser(noura: httpx.AsyncClient, app: Litestar) -> None:
    address = await leave_for(noura)
    async with browser(app) as victim:
        await refused(victim, address, Code.STATE)
        await leave_for(victim)
        await refused(victim, address, Code.STATE)
    # And it did not spoil the sign-in of the one who began.
    assert (await noura.get(address)).status_code == 303


async def test_a_state_that_is_too_old(noura: httpx.AsyncClient) -> None:
    address = await leave_for(noura)
    await fetch("UPDATE sign_in_attempt SET expires_at = $1", clock.now() - timedelta(seconds=1))
    await refused(noura, address, Code.STATE)
    await leave_for(noura)
    (left,) = await fetch("SELECT count(*) AS n FROM sign_in_attempt")
    assert left["n"] == 1


async def test_a_failed_attempt_is_used_up_too(
    noura: httpx.AsyncClient, provider: RealProvider
) -> None:
    provider.does.answer = {"error": "access_denied", "code": REMOVED}
    address = await leave_for(noura)
    kept = dict(noura.cookies)
    await refused(noura, address, Code.DENIED)
    noura.cookies.update(kept)
    await refused(noura, address, Code.STATE)


# --- what the provider sends ---------------------------------------------------------------------

NOW = int(clock.now().timestamp())
ISSUER = "https://other.example.sa"
BEARER = {"access_token": "a", "token_type": "Bearer"}
NAMELESS = {"kid": REMOVED}
ODD_KEYS = [{"kty": "future"}, {"kty": "RSA"}, shared_secret_key()]

MISBEHAVIOUR: list[tuple[str, dict[str, Any], Code]] = [
    ("said no", {"answer": {"error": "access_denied", "code": REMOVED}}, Code.DENIED),
    ("login needed", {"answer": {"error": "login_required", "code": REMOVED}}, Code.DENIED),
    ("bad set-up", {"answer": {"error": "invalid_scope", "code": REMOVED}}, Code.REFUSED),
    ("no code", {"answer": {"code": REMOVED}}, Code.TOKEN),
    ("unknown code", {"answer": {"code": "made-up"}}, Code.REFUSED),
    ("answer of another issuer", {"answer": {"iss": ISSUER}}, Code.TOKEN),
    ("answer of no issuer", {"answer": {"iss": REMOVED}}, Code.TOKEN),
    ("nonce of another sign-in", {"claims": {"nonce": "another"}}, Code.TOKEN),
    ("no nonce", {"claims": {"nonce": REMOVED}}, Code.TOKEN),
    ("for somebody else", {"claims": {"aud": "another"}}, Code.TOKEN),
    ("for nobody", {"claims": {"aud": REMOVED}}, Code.TOKEN),
    ("for several, none named", {"claims": {"aud": [CLIENT, "another"]}}, Code.TOKEN),
    ("for another of several", {"claims": {"aud": [CLIENT, "a"], "azp": "a"}}, Code.TOKEN),
    ("another authorised party", {"claims": {"azp": "another"}}, Code.TOKEN),
    ("token of another issuer", {"claims": {"iss": ISSUER}}, Code.TOKEN),
    ("token of no issuer", {"claims": {"iss": REMOVED}}, Code.TOKEN),
    ("no subject", {"claims": {"sub": REMOVED}}, Code.TOKEN),
    ("empty subject", {"claims": {"sub": ""}}, Code.TOKEN),
    ("subject is a number", {"claims": {"sub": 7}}, Code.TOKEN),
    ("expired", {"claims": {"exp": NOW - 120}}, Code.TOKEN),
    ("never expires", {"claims": {"exp": REMOVED}}, Code.TOKEN),
    ("expiry is text", {"claims": {"exp": "tomorrow"}}, Code.TOKEN),
    ("from the future", {"claims": {"iat": NOW + 7200}}, Code.TOKEN),
    ("made at no time", {"claims": {"iat": REMOVED}}, Code.TOKEN),
    ("not valid yet", {"claims": {"nbf": NOW + 7200}}, Code.TOKEN),
    ("unknown key", {"signing": SECOND}, Code.TOKEN),
    ("another key under a known id", {"signing": STRANGER}, Code.TOKEN),
    ("no key named among two", {"published": [FIRST, SECOND], "header": NAMELESS}, Code.TOKEN),
    ("changed after signing", {"forge": "cut"}, Code.TOKEN),
    ("not signed", {"forge": "none"}, Code.TOKEN),
    ("signed with our secret", {"forge": "HS256-secret"}, Code.TOKEN),
    ("signed with the public key", {"forge": "HS256-public-key"}, Code.TOKEN),
    (
        "signed with a published shared key",
        {"forge": "HS256-secret", "published": [SECOND], "extra_keys": [shared_secret_key()]},
        Code.TOKEN,
    ),
    (
        "an algorithm that was not announced",
        {"discovery": {"id_token_signing_alg_values_supported": ["ES256"]}},
        Code.TOKEN,
    ),
    (
        "only algorithms that prove nothing",
        {"discovery": {"id_token_signing_alg_values_supported": ["none", "HS256"]}},
        Code.DOWN,
    ),
    ("unknown critical header", {"header": {"crit": ["x"], "x": 1}}, Code.TOKEN),
    ("no id_token", {"token_response": BEARER}, Code.TOKEN),
    ("an id_token that is none", {"token_response": {**BEARER, "id_token": "x"}}, Code.TOKEN),
    ("an id_token that is a number", {"token_response": {**BEARER, "id_token": 1}}, Code.TOKEN),
    ("an answer that is a list", {"token_response": [1]}, Code.DOWN),
    ("token endpoint is down", {"failing": {"/token": 503}}, Code.DOWN),
    ("token endpoint says nonsense", {"failing": {"/token": 200}}, Code.DOWN),
    ("keys are down", {"failing": {"/keys": 500}}, Code.DOWN),
    ("keys are a redirect", {"failing": {"/keys": 302}}, Code.DOWN),
    ("no keys", {"published": []}, Code.DOWN),
    ("malformed national id", {"claims": {"national_id": "1000000017"}}, Code.CLAIMS),
    ("national id of the wrong kind", {"claims": {"national_id": "A12345678"}}, Code.CLAIMS),
    (
        "userinfo of another person",
        {"claims": {"email": REMOVED}, "userinfo": {"sub": "khalid", "email": "k@example.sa"}},
        Code.TOKEN,
    ),
    ("userinfo is down", {"claims": {"email": REMOVED}, "failing": {"/userinfo": 500}}, Code.DOWN),
]  # fmt: skip

STATUS = {Code.REFUSED: 502, Code.DOWN: 502}


@pytest.mark.parametrize(
    ("behaviour", "code"), [row[1:] for row in MISBEHAVIOUR], ids=[row[0] for row in MISBEHAVIOUR]
)
async def test_misbehaviour(
    noura: httpx.AsyncClient, provider: RealProvider, behaviour: dict[str, Any], code: Code
) -> None:
    claims = {**NOURA, **behaviour.get("claims", {})}
    provider.does = Behaviour(**{**behaviour, "claims": claims})
    await refused(noura, await leave_for(noura), code)
    assert await people() == []
    assert (await noura.get("/who")).text == "nobody"


GOOD: list[tuple[str, dict[str, Any]]] = [
    ("another algorithm", {"published": [CURVE], "signing": CURVE}),
    ("a key without a name, alone", {"header": NAMELESS}),
    ("keys of unknown types", {"extra_keys": ODD_KEYS}),
    ("a header nobody knows", {"header": {"tenant": "sa"}}),
    ("several audiences, we are named", {"claims": {"aud": [CLIENT, "another"], "azp": CLIENT}}),
    ("its clock is a little slow", {"claims": {"exp": int(NOW) + 3600, "iat": NOW - 30}}),
    ("it does not promise its name", {
        "discovery": {"authorization_response_iss_parameter_supported": REMOVED},
        "answer": {"iss": REMOVED},
    }),
    ("the secret goes in the form", {
        "discovery": {"token_endpoint_auth_methods_supported": ["client_secret_post"]},
    }),
    ("national id as a number", {"claims": {"national_id": 1000000016}}),
    ("national id in Arabic digits", {"claims": {"national_id": "١٠٠٠٠٠٠٠١٦"}}),
]  # fmt: skip


@pytest.mark.parametrize("behaviour", [row[1] for row in GOOD], ids=[row[0] for row in GOOD])
async def test_differences_that_are_right(
    noura: httpx.AsyncClient, provider: RealProvider, behaviour: dict[str, Any]
) -> None:
    claims = {**NOURA, **behaviour.get("claims", {})}
    provider.does = Behaviour(**{**behaviour, "claims": claims})
    assert (await sign_in(noura)).status_code == 303
    assert (await noura.get("/who")).text == "beneficiary"


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://other.example.sa"},
        {"issuer": REMOVED},
        {"authorization_endpoint": REMOVED},
        {"token_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "/keys"},
    ],
)
async def test_a_discovery_document_not_to_be_trusted(
    noura: httpx.AsyncClient, provider: RealProvider, discovery: dict[str, Any]
) -> None:
    provider.does.discovery = discovery
    await refused(noura, "/sign-in", Code.DOWN)


async def test_the_provider_is_down(noura: httpx.AsyncClient, provider: RealProvider) -> None:
    address = await leave_for(noura)
    provider.does.failing = {"/token": 502}
    await refused(noura, address, Code.DOWN)
    async with browser(portal(settings_for("http://127.0.0.1:9"))) as client:
        await refused(client, "/sign-in", Code.DOWN)
        # Signing out works without it.
        assert (await client.post("/sign-out")).headers["location"] == "/"


async def test_a_provider_that_is_down_is_not_asked_by_everybody(provider: RealProvider) -> None:
    provider.does.failing = {"/.well-known/openid-configuration": 503}
    published, now = Published(provider.issuer), clock.now()
    for _ in range(5):
        with pytest.raises(SignInError):
            await published.metadata(now)
    assert provider.asked["/.well-known/openid-configuration"] == 1
    provider.does.failing = {}
    assert await published.metadata(now + timedelta(seconds=6))
    await published.metadata(now + timedelta(minutes=59))
    assert provider.asked["/.well-known/openid-configuration"] == 2
    await published.metadata(now + timedelta(minutes=61))
    assert provider.asked["/.well-known/openid-configuration"] == 3


async def test_keys_rotate(noura: httpx.AsyncClient, provider: RealProvider, app: Litestar) -> None:
    await sign_in(noura)
    provider.does.signing, provider.does.published = SECOND, [SECOND, FIRST]
    async with browser(app) as client:
        assert (await sign_in(client)).status_code == 303
    assert provider.asked["/keys"] == 2


async def test_unknown_keys_do_not_make_us_ask_and_ask(provider: RealProvider) -> None:
    published, now = Published(provider.issuer), clock.now()
    metadata = await published.metadata(now)
    for n in range(20):
        await published.keys(metadata, f"made-up-{n}", now + timedelta(seconds=n))
    assert provider.asked["/keys"] == 2
    await published.keys(metadata, "made-up", now + timedelta(seconds=62))
    assert provider.asked["/keys"] == 3


async def test_a_public_client(db: None) -> None:
    with RealProvider(CLIENT, None).running() as provider:
        provider.does.claims = dict(NOURA)
        settings = settings_for(provider.issuer)
        app = portal(msgspec.structs.replace(settings, oidc_client_secret=None))
        async with browser(app) as client:
            assert (await sign_in(client)).status_code == 303


async def test_signing_out_goes_on_at_the_provider(
    noura: httpx.AsyncClient, provider: RealProvider
) -> None:
    await sign_in(noura)
    token = (await noura.get("/token")).text
    answer = await noura.post("/sign-out", data={"csrf": token})
    where = urlsplit(answer.headers["location"])
    assert f"{where.scheme}://{where.netloc}{where.path}" == provider.issuer + "/leave"
    assert parse_qs(where.query) == {
        "from": ["rp"],
        "client_id": [CLIENT],
        "post_logout_redirect_uri": [PUBLIC + "/"],
    }
    assert (await noura.get("/who")).text == "nobody"


async def refused(client: httpx.AsyncClient, address: str, code: Code) -> None:
    with capture_logs() as logs:
        answer = await client.get(address)
    assert answer.status_code == STATUS.get(code, 400)
    assert answer.headers["content-type"].startswith("text/html; charset=utf-8")
    assert "__Host-balagh=" not in answer.headers.get("set-cookie", "")
    (line,) = [line for line in logs if line["event"] == "sign-in failed"]
    assert line["reason"] == code
    # Nothing of the person, no secret, no token in the log.
    said = repr(logs)
    for value in ("نورة", "1000000016", "1000000017", "055", "noura@", CLIENT_SECRET, "eyJ"):
        assert value not in said
