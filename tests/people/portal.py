"""A small portal with the real access rules and the real sign-in, and a browser to visit it."""

from collections.abc import Mapping
from typing import Any

import httpx
from litestar import Litestar, Request, get, post
from litestar.params import FromPath

from balagh.people.oidc import Provider
from balagh.settings import Settings, load
from balagh.web import access, sign_in
from balagh.web.staff import sign_in as staff_sign_in

SECRET = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
PUBLIC = "https://balagh.example.sa"
CLIENT, CLIENT_SECRET = "balagh", "a secret & more: ü%"

Req = Request[Any, Any, Any]


def settings_for(issuer: str = "https://id.example.sa", **more: str) -> Settings:
    """The settings of a portal at ``PUBLIC``; ``more`` by setting name."""
    values = {
        "secret_key": SECRET,
        "oidc_issuer": issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": CLIENT_SECRET,
        "public_url": PUBLIC,
        **more,
    }
    return load({f"BALAGH_{name.upper()}": value for name, value in values.items()})


@get("/who")
async def who(request: Req) -> str:
    found = access.visitor(request)
    return found.role if found else "nobody"


@get("/token")
async def token(request: Req) -> str:
    return access.csrf_token(request)


@get("/reports/{number:str}", guards=[access.beneficiary])
async def report(request: Req, number: FromPath[str]) -> str:
    return f"{access.beneficiary_of(request).name} {number}"


@post("/reports/{number:str}", guards=[access.beneficiary], status_code=200)
async def answer(request: Req, number: FromPath[str]) -> str:
    return f"{number} {(await request.form()).get('text')}"


@post("/open", status_code=200)
async def open_to_all(request: Req) -> str:
    return str((await request.form()).get("text"))


@get("/same", opt={access.ANONYMOUS: True})
async def same(request: Req) -> str:
    return "visitor" if access.visitor(request) else "nobody"


def portal(settings: Settings) -> Litestar:
    app = Litestar(
        [who, token, report, answer, open_to_all, same, sign_in.router, staff_sign_in.router],
        middleware=[access.middleware],
        exception_handlers={access.SignInNeeded: access.to_sign_in},
        openapi_config=None,
        logging_config=None,
    )
    app.state.settings = settings
    app.state.provider = Provider(settings)
    app.state.staff_provider = Provider.of_staff(settings) if settings.staff_oidc else None
    return app


def browser(app: Litestar, cookies: Mapping[str, str] | None = None) -> httpx.AsyncClient:
    """Keeps cookies, follows nothing by itself, and sends the origin with forms as browsers do."""
    settings: Settings = app.state.settings

    async def origin(request: httpx.Request) -> None:
        if request.method == "POST" and "origin" not in request.headers:
            request.headers["origin"] = settings.public_url

    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),  # type: ignore[arg-type]
        base_url=settings.public_url,
        cookies=dict(cookies or {}),
        event_hooks={"request": [origin]},
    )
