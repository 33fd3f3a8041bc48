"""Signing in through the identity provider, and out (design: OIDC).

The demonstration has its own pages in the place of the first two.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from litestar import Request, Response, Router, get, post

from balagh import clock
from balagh.i18n import N_
from balagh.people import accounts, attempts, audit, sessions, staff
from balagh.people.failures import Code, SignInError
from balagh.people.oidc import Identified, Provider
from balagh.people.sessions import Visitor
from balagh.settings import Settings
from balagh.web import access
from balagh.web.page import AnyRequest, language_of, render, settings_of
from balagh.web.staff.places import first_place

log = structlog.get_logger()

# Code → status, heading, what the person can do.
_PAGES = {
    Code.STATE: (
        400,
        N_("This sign-in can no longer be used"),
        N_(
            "It took more than 10 minutes, was already used, or was started in another window. "
            "Start again."
        ),
    ),
    Code.DENIED: (
        400,
        N_("You did not sign in"),
        N_("The sign-in was cancelled. Nothing was sent. You can start again at any time."),
    ),
    Code.TOKEN: (
        400,
        N_("We could not confirm who you are"),
        N_("The answer of the sign-in service did not pass our safety checks. Start again."),
    ),
    Code.CLAIMS: (
        400,
        N_("We could not confirm who you are"),
        N_("The sign-in service sent an identity number that cannot be right. Call 199099."),
    ),
    Code.CONFLICT: (
        400,
        N_("Your account needs our help"),
        N_("Your identity number belongs to another account here. Call 199099."),
    ),
    Code.CLOSED: (
        400,
        N_("This account is closed"),
        N_("Ask the administrator of Balagh in your organisation."),
    ),
    Code.ROLE: (
        403,
        N_("You have no role in Balagh"),
        N_(
            "The sign-in service knows you, but gives you no role here. Ask the administrator of "
            "Balagh in your organisation. To file a report, sign in as a beneficiary."
        ),
    ),
    Code.STAFF_CLAIMS: (
        403,
        N_("Your account is not complete"),
        N_(
            "The sign-in service did not tell your agency or your e-mail address. Ask the "
            "administrator of Balagh in your organisation."
        ),
    ),
    Code.STAFF_CONFLICT: (
        403,
        N_("Your e-mail address has another account here"),
        N_("Ask the administrator of Balagh in your organisation."),
    ),
    Code.REFUSED: (
        502,
        N_("The sign-in service refused our request"),
        N_("This is not your fault. Try again in a few minutes, or call 199099."),
    ),
    Code.DOWN: (
        502,
        N_("The sign-in service does not answer"),
        N_("This is not your fault. Try again in a few minutes, or call 199099."),
    ),
}

# Starting again would change nothing.
_FINAL = frozenset(
    {
        Code.CLAIMS,
        Code.CONFLICT,
        Code.CLOSED,
        Code.ROLE,
        Code.STAFF_CLAIMS,
        Code.STAFF_CONFLICT,
    }
)


@get(access.SIGN_IN)
async def sign_in(request: AnyRequest) -> Response[Any]:
    """Sends the browser to the identity provider; whoever is signed in goes straight on."""
    return_to = access.local_path(request.query_params.get("next"))
    if access.visitor(request) is not None:
        return access.see_other(return_to)
    return await to_provider(request, _OURS, return_to)


@get(access.SIGN_IN + "/callback")
async def callback(request: AnyRequest) -> Response[Any]:
    """The provider sends the browser back here with its answer."""

    async def arrive(identified: Identified, return_to: str) -> Response[Any]:
        account = await accounts.account_of(
            identified, settings_of(request), language=language_of(request).code, now=clock.now()
        )
        return await welcome(request, return_to, person_id=account.person_id)

    return await from_provider(request, _OURS, arrive)


@post("/sign-out")
async def sign_out(request: AnyRequest) -> Response[Any]:
    """Ends the session here, then at the provider where it has a place for that."""
    settings, now = settings_of(request), clock.now()
    target = "/"
    found = access.visitor(request)
    if found is not None:
        await sessions.revoke(found.session_id, now=now)
        target = await _after(request, found, now)
    response = access.see_other(target)
    response.set_cookie(access.expired_cookie(access.cookie_name(settings), settings))
    return response


class Way(msgspec.Struct, frozen=True):
    """Whom a provider lets in. ``provider``: its name in the application's state; ``cookie``: what
    binds an attempt to the browser; ``start``: where one begins; ``missing``: for the log."""

    provider: str
    cookie: str
    start: str
    missing: str

    def of(self, request: AnyRequest) -> Provider:
        """Raises ``SignInError`` where there is none."""
        found: Provider | None = getattr(request.app.state, self.provider)
        if found is None:
            raise SignInError(Code.DOWN, self.missing)
        return found

    def cookie_name(self, settings: Settings) -> str:
        return f"__Host-{self.cookie}" if settings.secure else self.cookie


_OURS = Way("provider", "balagh-signin", access.SIGN_IN, "no identity provider is configured")


async def to_provider(request: AnyRequest, way: Way, return_to: str) -> Response[Any]:
    """Sends the browser to the identity provider, from where it comes back for ``return_to``."""
    settings, now = settings_of(request), clock.now()
    begun = await attempts.begin(return_to, now=now)
    try:
        url = await way.of(request).authorization_url(
            begun, language=language_of(request).code, now=now
        )
    except SignInError as error:
        return failed(request, error, return_to, start=way.start)
    response = access.see_other(url)
    response.set_cookie(
        access.cookie(
            way.cookie_name(settings),
            begun.browser,
            seconds=int(attempts.LIFETIME.total_seconds()),
            settings=settings,
        )
    )
    return response


async def from_provider(
    request: AnyRequest,
    way: Way,
    arrive: Callable[[Identified, str], Awaitable[Response[Any]]],
) -> Response[Any]:
    """What the provider answered, checked; ``arrive``: whoever it is, and where they were going.
    It may raise ``SignInError``."""
    settings, now = settings_of(request), clock.now()
    answer = {name: str(value) for name, value in request.query_params.items()}
    browser = request.cookies.get(way.cookie_name(settings), "")
    attempt = await attempts.consume(answer.get("state", ""), browser, now=now)
    if attempt is None:
        error = SignInError(Code.STATE, "no such attempt")
        return failed(request, error, "/", start=way.start)
    return_to = access.local_path(attempt.return_to)
    try:
        response = await arrive(await way.of(request).redeem(answer, attempt, now=now), return_to)
    except SignInError as error:
        response = failed(request, error, return_to, start=way.start)
    response.set_cookie(access.expired_cookie(way.cookie_name(settings), settings))
    return response


async def welcome(
    request: Request[Any, Any, Any],
    return_to: str,
    *,
    person_id: int | None = None,
    staff_id: int | None = None,
) -> Response[bytes]:
    """Opens a session in the place of the one the browser had, and goes on to ``return_to``."""
    response = access.see_other(return_to)
    await open_session(request, response, person_id=person_id, staff_id=staff_id)
    return response


async def open_session(
    request: Request[Any, Any, Any],
    response: Response[Any],
    *,
    person_id: int | None = None,
    staff_id: int | None = None,
) -> None:
    """Opens a session in the place of the one the browser had; ``response`` carries it."""
    settings, now = settings_of(request), clock.now()
    hours = settings.session_hours if staff_id is None else settings.staff_session_hours
    token = await sessions.begin(
        person_id=person_id,
        staff_id=staff_id,
        now=now,
        lifetime=timedelta(hours=hours),
        replacing=request.cookies.get(access.cookie_name(settings)),
    )
    if staff_id is not None:
        await audit.record(staff_id, "sign_in", f"staff:{staff_id}", now)
    response.set_cookie(access.session_cookie(token, settings))


async def home(return_to: str, staff_id: int) -> str:
    """Where a member of staff was going, else the first place of their role."""
    found = await staff.member(staff_id)
    assert found is not None, "a member of staff is never deleted"
    return first_place(found.role) if return_to == "/" else return_to


async def _after(request: AnyRequest, found: Visitor, now: datetime) -> str:
    """Where signing out goes on: at the provider that let them in, where it has a place for it."""
    provider: Provider | None = request.app.state.provider
    target = "/"
    if found.staff_id is not None:
        member = await staff.member(found.staff_id)
        outside = member is not None and member.provider
        provider = request.app.state.staff_provider if outside else None
        target = "/" if settings_of(request).demo else access.STAFF_SIGN_IN
    if provider is not None:
        try:
            return await provider.sign_out_url(now=now) or target
        except SignInError as error:
            # Here they are signed out, which is what we can promise.
            log.warning("provider not told of sign-out", code=error.code, detail=error.detail)
    return target


def failed(
    request: AnyRequest, error: SignInError, return_to: str, *, start: str = access.SIGN_IN
) -> Response[bytes]:
    """The page that says why, and what the person can do. ``start``: where to start again."""
    log.warning("sign-in failed", reason=error.code.value, detail=error.detail)
    status, heading, advice = _PAGES[error.code]
    language = language_of(request)
    return render(
        request,
        "public/sign_in_error.html",
        status=status,
        heading=language.text(heading),
        advice=language.text(advice),
        again=error.code not in _FINAL,
        start=start,
        next=return_to,
    )


router = Router("/", route_handlers=[sign_in, callback, sign_out])
