"""The same sign-in against a provider that others wrote (``oidc-provider-mock``), over HTTP."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from oidc_provider_mock import User, run_server_in_thread  # type: ignore[import-untyped]
from tests.people.portal import PUBLIC, browser, portal, settings_for

USERINFO_ONLY = {"name": "نورة سعد القحطاني", "phone_number": "+966 55 318 4471"}
NOURA = User(
    sub="noura",
    claims={"national_id": "1000000016", "email": "noura@example.sa", **USERINFO_ONLY},
)


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    # It insists on TLS otherwise.
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    with run_server_in_thread(require_nonce=True, user_claims=[NOURA]) as server:
        yield f"http://localhost:{server.server_port}"


async def test_from_the_page_to_the_provider_and_back(db: None, issuer: str) -> None:
    async with browser(portal(settings_for(issuer))) as client, httpx.AsyncClient() as outside:
        asked = await client.get("/reports/7302641185")
        begun = await client.get(asked.headers["location"])
        where = begun.headers["location"]
        assert where.startswith(issuer + "/oauth2/authorize?")
        # The person chooses who they are, on the provider's page.
        assert (await outside.get(where)).status_code == 200
        answer = await outside.post(where, data={"sub": "noura"})
        back = answer.headers["location"]
        assert back.startswith(PUBLIC + "/sign-in/callback?")
        done = await client.get(back.removeprefix(PUBLIC))
        assert done.headers["location"] == "/reports/7302641185"
        page = await client.get(done.headers["location"])
        assert page.text == "نورة سعد القحطاني 7302641185"

        token = (await client.get("/token")).text
        left = await client.post("/sign-out", data={"csrf": token})
        assert urlsplit(left.headers["location"]).path == "/oauth2/end_session"


async def test_the_person_says_no(db: None, issuer: str) -> None:
    async with browser(portal(settings_for(issuer))) as client, httpx.AsyncClient() as outside:
        begun = await client.get("/sign-in")
        answer = await outside.post(begun.headers["location"], data={"action": "deny"})
        back = httpx.URL(answer.headers["location"])
        # This provider forgets to send the state with its no, so the answer is nobody's.
        assert (await client.get(str(back).removeprefix(PUBLIC))).status_code == 400
        state = httpx.URL(begun.headers["location"]).params["state"]
        told = await client.get(
            "/sign-in/callback", params={"error": "access_denied", "state": state}
        )
        assert told.status_code == 400
        assert (await client.get("/who")).text == "nobody"
