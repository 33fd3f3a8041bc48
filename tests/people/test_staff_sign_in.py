"""Staff through a real provider: the role comes from a claim, and goes with it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from litestar import Litestar
from tests.people.portal import CLIENT, CLIENT_SECRET, PUBLIC, browser, portal, settings_for
from tests.people.provider import REMOVED, RealProvider
from tests.people.test_oidc import sign_in as as_beneficiary

from balagh.database import fetch
from balagh.people import staff_claims
from balagh.people.failures import Code, SignInError
from balagh.settings import Settings

pytestmark = pytest.mark.usefixtures("db")

REEM = {
    "name": "ريم الشمري",
    "email": "reem@example.sa",
    "roles": ["everybody", "balagh-reviewers"],
}
ROLES = "it-balagh=administrator,balagh-reviewers=reviewer,balagh-agencies=agency_officer"


def settings(issuer: str, **more: str) -> Settings:
    return settings_for(
        issuer,
        staff_oidc_claim="roles",
        staff_oidc_roles=ROLES,
        staff_oidc_agency_claim="org.code",
        **more,
    )


@pytest.fixture
def provider() -> Iterator[RealProvider]:
    with RealProvider(CLIENT, CLIENT_SECRET).running() as running:
        running.does.subject = "reem"
        running.does.claims = dict(REEM)
        yield running


@pytest.fixture
async def agency(db: None) -> int:
    rows = await fetch(
        "INSERT INTO agency (code, name_ar, name_en, short_ar, short_en) "
        "VALUES ('moj', 'وزارة العدل', 'Justice', 'العدل', 'Justice') RETURNING id"
    )
    return int(rows[0]["id"])


@pytest.fixture
def app(agency: int, provider: RealProvider) -> Litestar:
    return portal(settings(provider.issuer))


@pytest.fixture
async def reem(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app) as client:
        yield client


async def sign_in(client: httpx.AsyncClient, next_path: str = "/") -> httpx.Response:
    begun = await client.get("/staff/sign-in/provider", params={"next": next_path})
    assert begun.status_code == 303, begun.text
    async with httpx.AsyncClient() as outside:
        answer = await outside.get(begun.headers["location"])
    return await client.get(str(answer.headers["location"]).removeprefix(PUBLIC))


async def staff() -> list[dict[str, Any]]:
    return [dict(row) for row in await fetch("SELECT * FROM staff ORDER BY id")]


async def who(client: httpx.AsyncClient) -> str:
    return (await client.get("/who")).text


async def test_the_account_is_made_and_kept_up(
    reem: httpx.AsyncClient, provider: RealProvider, agency: int
) -> None:
    done = await sign_in(reem)
    assert done.headers["location"] == "/inbox"
    assert provider.requests[-1]["redirect_uri"] == PUBLIC + "/staff/sign-in/callback"
    assert provider.requests[-1]["scope"] == "openid profile email"
    assert await who(reem) == "reviewer"
    (made,) = await staff()
    assert (made["name_ar"], made["email"]) == ("ريم الشمري", "reem@example.sa")
    assert (made["role"], made["agency_id"], made["language"]) == ("reviewer", None, "ar")
    # Another role, and an agency's; a new address.
    provider.does.claims = {
        **REEM,
        "roles": "balagh-agencies",
        "org": {"code": "moj"},
        "email": "reem@moj.example.sa",
    }
    async with browser(reem._transport.app) as elsewhere:  # type: ignore[attr-defined]
        await sign_in(elsewhere, "/profile")
        assert await who(elsewhere) == "agency_officer"
    (changed,) = await staff()
    assert changed["id"] == made["id"]
    assert (changed["role"], changed["agency_id"]) == ("agency_officer", agency)
    assert changed["email"] == "reem@moj.example.sa"
    # What she had open with the other role has ended.
    assert await who(reem) == "nobody"


async def test_a_role_that_is_taken_away_ends_everything(
    reem: httpx.AsyncClient, provider: RealProvider
) -> None:
    await sign_in(reem)
    assert await who(reem) == "reviewer"
    provider.does.claims = {**REEM, "roles": ["everybody"]}
    async with browser(reem._transport.app) as elsewhere:  # type: ignore[attr-defined]
        refused = await sign_in(elsewhere)
    assert refused.status_code == 403
    assert "ليس لك دور في بلاغ" in refused.text
    assert await who(reem) == "nobody"
    # Given again, she is who she was.
    provider.does.claims = dict(REEM)
    await sign_in(reem)
    assert await who(reem) == "reviewer"
    assert len(await staff()) == 1


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"roles": REMOVED}, "ليس لك دور في بلاغ"),
        ({"roles": []}, "ليس لك دور في بلاغ"),
        ({"roles": "reviewer"}, "ليس لك دور في بلاغ"),
        ({"roles": {"balagh-reviewers": True}}, "ليس لك دور في بلاغ"),
        ({"email": REMOVED}, "حسابك غير مكتمل"),
        ({"roles": "balagh-agencies"}, "حسابك غير مكتمل"),
        ({"roles": "balagh-agencies", "org": {"code": "nowhere"}}, "حسابك غير مكتمل"),
    ],
)
async def test_who_is_refused(
    reem: httpx.AsyncClient, provider: RealProvider, claims: dict[str, Any], said: str
) -> None:
    provider.does.claims = {**REEM, **claims}
    refused = await sign_in(reem)
    assert refused.status_code == 403
    assert said in refused.text
    assert await who(reem) == "nobody"
    assert await staff() == []


async def test_a_closed_account_and_an_address_that_is_taken(
    reem: httpx.AsyncClient, provider: RealProvider
) -> None:
    await sign_in(reem)
    await fetch("UPDATE staff SET active = false")
    refused = await sign_in(reem)
    assert refused.status_code == 400
    assert "هذا الحساب مغلق" in refused.text
    await fetch("UPDATE staff SET active = true")
    provider.does.subject = "another"
    refused = await sign_in(reem)
    assert refused.status_code == 403
    assert "لبريدك الإلكتروني حساب آخر هنا" in refused.text
    assert len(await staff()) == 1


async def test_the_same_subject_as_a_beneficiary(
    reem: httpx.AsyncClient, provider: RealProvider
) -> None:
    await as_beneficiary(reem)
    assert await who(reem) == "beneficiary"
    await sign_in(reem)
    assert await who(reem) == "reviewer"
    async with browser(reem._transport.app) as elsewhere:  # type: ignore[attr-defined]
        await as_beneficiary(elsewhere)
        assert await who(elsewhere) == "beneficiary"
    (identity,) = await fetch("SELECT person_id, staff_id FROM identity")
    assert identity["person_id"] is not None
    assert identity["staff_id"] is not None


async def test_an_answer_of_one_sign_in_is_no_answer_of_the_other(
    reem: httpx.AsyncClient, provider: RealProvider
) -> None:
    begun = await reem.get("/sign-in")
    async with httpx.AsyncClient() as outside:
        answer = await outside.get(begun.headers["location"])
    back = str(answer.headers["location"]).removeprefix(PUBLIC)
    crossed = await reem.get(back.replace("/sign-in/callback", "/staff/sign-in/callback"))
    assert crossed.status_code == 400
    assert await who(reem) == "nobody"


async def test_an_issuer_of_its_own(agency: int, provider: RealProvider) -> None:
    with RealProvider("staff-portal", None).running() as own:
        own.does.subject = "reem"
        own.does.claims = {**REEM, "realm_access": {"roles": ["it-balagh", "balagh-reviewers"]}}
        app = portal(
            settings_for(
                provider.issuer,
                staff_oidc_issuer=own.issuer,
                staff_oidc_client_id="staff-portal",
                staff_oidc_claim="realm_access.roles",
                staff_oidc_roles="it-balagh=administrator,balagh-reviewers=reviewer",
            )
        )
        async with browser(app) as client:
            done = await sign_in(client)
            # The first of the setting's list counts.
            assert await who(client) == "administrator"
            assert done.headers["location"] == "/staff"
            csrf = (await client.get("/token")).text
            left = await client.post("/sign-out", data={"csrf": csrf})
            assert left.headers["location"].startswith(own.issuer + "/leave")
        assert own.asked["/token"] == 1
        assert provider.asked["/token"] == 0


@pytest.mark.parametrize(
    ("told", "role", "agency"),
    [
        ({"roles": ["balagh-reviewers", "it-balagh"]}, "administrator", None),
        ({"roles": "balagh-reviewers", "org.code": "moj"}, "reviewer", None),
        ({"roles": "balagh-agencies", "org.code": "moj"}, "agency_officer", "moj"),
        ({"roles": "balagh-agencies", "org": {"code": ["moj"]}}, "agency_officer", "moj"),
        ({"roles": "balagh-agencies", "org": {"code": ["moj", "mc"]}}, Code.STAFF_CLAIMS, None),
        ({"roles": "balagh-agencies", "org": "moj"}, Code.STAFF_CLAIMS, None),
        ({"roles": ["BALAGH-REVIEWERS"]}, Code.ROLE, None),
        ({"roles": None}, Code.ROLE, None),
    ],
)
def test_what_claims_mean(told: dict[str, Any], role: str | Code, agency: str | None) -> None:
    given = {"email": "reem@example.sa", **told}
    if isinstance(role, Code):
        with pytest.raises(SignInError) as refused:
            staff_claims.read(given, settings("https://id.example.sa"))
        assert refused.value.code == role
        return
    found = staff_claims.read(given, settings("https://id.example.sa"))
    assert (found.role, found.agency) == (role, agency)
