"""Who makes the request, what they may open, and that a form they send is one of ours.

``Access`` is the middleware that every request passes: it loads the visitor (once, and only when
the browser brought a session cookie) and refuses forged requests. A middleware and not a
``before_request`` hook, because Litestar runs only the closest of those: a handler with a hook of
its own would lose its protection without a word.
"""

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import timedelta
from typing import Any, cast
from urllib.parse import quote, urlsplit

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException, NotFoundException
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from balagh import clock
from balagh.people import keys, sessions, unsent
from balagh.people.sessions import Visitor
from balagh.people.unsent import Unsent
from balagh.reports.lifecycle import Role
from balagh.settings import Settings

Connection = ASGIConnection[Any, Any, Any, Any]

SIGN_IN = "/sign-in"
STAFF_SIGN_IN = "/staff/sign-in"
# `opt={ANONYMOUS: True}`: the GETs of this handler or router are the same for everybody (static).
ANONYMOUS = "anonymous"
# `opt={OUTSIDE: True}`: what is sent may come from a mail program or a gateway; nobody is signed in
# for it, and the handler itself asks for the token, the signature or the secret that allows it.
OUTSIDE = "outside"
# `opt={PASSIVE: True}`: a page that lies open asks for it, which keeps no session from ending.
PASSIVE = "passive"
# `opt={SECRET: True}`: passwords and codes are typed into this form, which is therefore never kept.
SECRET = "secret"  # noqa: S105 - a name

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LOCAL_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,1999}")


class Forged(HTTPException):
    """The request did not provably come from a form of ours; nothing was done with it (403).

    ``reason`` is for the log: ``site``, ``origin`` or ``token``.
    """

    status_code = 403

    def __init__(self, reason: str) -> None:
        super().__init__(detail="The form could not be checked. Go back and send it again.")
        self.reason = reason


class SignInNeeded(HTTPException):
    """Somebody has to sign in first and comes back to ``next`` afterwards. ``staff``: the page is
    one of staff, who have a sign-in of their own."""

    status_code = 401

    def __init__(self, next_path: str, *, staff: bool = False) -> None:
        super().__init__(detail="Sign in first.")
        self.next = next_path
        self.staff = staff


class ShowAgain(SignInNeeded):
    """The form is of an earlier session of the same person: not done, shown again (303)."""


class Access(ASGIMiddleware):
    """``Litestar(middleware=[access.middleware, …])``: put it first."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Forged requests end here; the rest go on with their visitor known."""
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        options = scope["route_handler"].opt
        if request.method in _SAFE:
            if not options.get(ANONYMOUS):
                await load(request)
        elif options.get(OUTSIDE):
            _remembered(request)["balagh.visitor"] = None
        else:
            settings = _settings(request)
            # 1. The browser's word about where the form was, before anything is read.
            check_origin(request.method, request.headers, settings)
            # 2. The session's own token, from the header or the form.
            found = await load(request)
            if found is not None:
                await _check_token(request, found, settings)
                if found.unsent is not None:
                    # The next form: what was shown again is sent by now, or not wanted.
                    await unsent.forget(found.session_id)
        await next_app(scope, receive, send)


async def load(request: Connection) -> Visitor | None:
    """Loads the visitor of this request and remembers them for ``visitor``."""
    remembered = _remembered(request)
    if "balagh.visitor" not in remembered:
        settings = _settings(request)
        token = request.cookies.get(cookie_name(settings))
        remembered["balagh.visitor"] = (
            await sessions.load(
                token,
                now=clock.now(),
                idle=timedelta(minutes=settings.session_idle_minutes),
                staff_idle=timedelta(minutes=settings.staff_idle_minutes),
                passive=bool(_handler_options(request).get(PASSIVE)),
            )
            if token
            else None
        )
    return visitor(request)


def visitor(request: Connection) -> Visitor | None:
    """Who makes the request; none when nobody is signed in."""
    return cast("Visitor | None", _remembered(request).get("balagh.visitor"))


def saw_mentions(request: Connection, count: int) -> None:
    """That many mentions were read by this very request: the page it answers counts the rest."""
    found = visitor(request)
    if found is not None and count:
        _remembered(request)["balagh.visitor"] = msgspec.structs.replace(
            found, mentions=max(0, found.mentions - count)
        )


async def beneficiary(connection: Connection, _handler: BaseRouteHandler) -> None:
    """Guard (``guards=[access.beneficiary]``): only beneficiaries.

    The anonymous are asked to sign in and come back; for staff the page does not exist. Async,
    because Litestar hands each call of a plain guard to a thread.
    """
    found = visitor(connection)
    if found is None:
        await _keep_of_ended(connection)
        raise SignInNeeded(_come_back_to(connection))
    if found.person_id is None:
        raise NotFoundException


async def filing(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: beneficiaries, and those of the staff who file for callers (``lifecycle``: submit)."""
    found = visitor(connection)
    if found is None:
        await _keep_of_ended(connection)
        raise SignInNeeded(_come_back_to(connection), staff=await _was_of_staff(connection))
    if found.staff_id is None:
        await beneficiary(connection, handler)
    elif found.role != Role.INTAKE_OFFICER:
        raise NotFoundException


def staff(*roles: Role) -> Callable[[Connection, BaseRouteHandler], Awaitable[None]]:
    """Guard (``guards=[access.staff(Role.REVIEWER, …)]``): only staff in one of these roles.

    The anonymous are asked to sign in and come back; for everybody else the page does not exist.
    """
    wanted = frozenset(roles)

    async def guard(connection: Connection, _handler: BaseRouteHandler) -> None:
        found = visitor(connection)
        if found is None:
            await _keep_of_ended(connection)
            raise SignInNeeded(_come_back_to(connection), staff=True)
        if found.staff_id is None or found.role not in wanted:
            raise NotFoundException

    return guard


def beneficiary_of(request: Connection) -> Visitor:
    """The beneficiary, behind the guard ``beneficiary``; ``person_id`` is set."""
    found = visitor(request)
    if found is None:
        raise SignInNeeded(_come_back_to(request))
    if found.person_id is None:
        raise NotFoundException
    return found


def csrf_token(request: Connection) -> str:
    """What the forms of this session carry in the field ``csrf``; empty for the anonymous."""
    found = visitor(request)
    return token_of(found, _settings(request)) if found else ""


def token_of(found: Visitor, settings: Settings) -> str:
    """The form token of that session: 64 hexadecimal digits."""
    return _form_token(found.token_hash, settings)


def unsent_anywhere(request: Request[Any, Any, Any]) -> Unsent | None:
    """What was typed when an earlier session was over, on whichever page."""
    found = visitor(request)
    return found.unsent if found and request.method in _SAFE else None


def unsent_of(request: Request[Any, Any, Any]) -> Unsent | None:
    """What was typed on this page when an earlier session was over, to be shown again."""
    kept = unsent_anywhere(request)
    return kept if kept is not None and kept.path == request.url.path else None


def check_origin(method: str, headers: Mapping[str, str], settings: Settings) -> None:
    """Raises ``Forged`` unless the browser says that the request comes from our own pages.

    ``Sec-Fetch-Site`` decides where the browser sends it (Fetch Metadata, W3C), elsewhere
    ``Origin`` (RFC 6454): over plain http browsers do not send the former. Neither of them:
    refused, because every browser sends ``Origin`` with a form.
    """
    if method in _SAFE:
        return
    site = headers.get("sec-fetch-site")
    if site is not None:
        # Not `none` either: no address bar or bookmark sends a form.
        if site != "same-origin":
            raise Forged("site")
        return
    if not _is_ours(headers.get("origin", ""), headers.get("host", ""), settings):
        raise Forged("origin")


def local_path(value: str | None) -> str:
    """``value`` when it is an address within the portal to go to after signing in, else ``/``.

    Within means a path: no scheme, no host (``//``, ``/\\``), no character that browsers drop or
    turn into another (tabs, line ends, backslashes); what is not ASCII has to be percent-encoded.
    """
    if value is None or not _LOCAL_PATH.fullmatch(value):
        return "/"
    path = urlsplit(value).path
    # Coming back to sign in or out would go round in circles.
    ways_in = (SIGN_IN, STAFF_SIGN_IN)
    if path in (*ways_in, "/sign-out") or path.startswith(tuple(f"{way}/" for way in ways_in)):
        return "/"
    return value


def to_sign_in(request: Request[Any, Any, Any], error: SignInNeeded) -> Response[bytes]:
    """Exception handler of ``SignInNeeded``: 303 to the sign-in page, or to the form itself.

    To htmx it says the address in a header: its fetch may not follow to the issuer's site.
    """
    if request.scope["route_handler"].opt.get(PASSIVE):
        # Whoever is writing on that page goes on; they sign in when they send it.
        return Response(b"", status_code=204, headers={"Cache-Control": "no-store"})
    again = isinstance(error, ShowAgain)
    # In the demonstration one page serves both.
    way = STAFF_SIGN_IN if error.staff and not _settings(request).demo else SIGN_IN
    target = error.next if again else f"{way}?next={quote(error.next, safe='')}"
    if request.headers.get("hx-request") == "true":
        headers = {"HX-Redirect": target, "Cache-Control": "no-store"}
        return Response(b"", status_code=200, headers=headers)
    return see_other(target)


def cookie_name(settings: Settings) -> str:
    """``__Host-`` keeps other hosts of the domain from planting one (RFC 6265bis, 4.1.3.2)."""
    return "__Host-balagh" if settings.secure else "balagh"


def session_cookie(token: str, settings: Settings) -> Cookie:
    """The cookie that carries the session."""
    # Longer than the session: who comes too late is known by it, and let in no more.
    hours = max(settings.session_hours, settings.staff_session_hours)
    seconds = hours * 3600 + int(sessions.REMEMBERED.total_seconds())
    return cookie(cookie_name(settings), token, seconds=seconds, settings=settings)


def expired_cookie(name: str, settings: Settings) -> Cookie:
    """Tells the browser to forget that cookie."""
    return cookie(name, "", seconds=0, settings=settings)


def cookie(name: str, value: str, *, seconds: int, settings: Settings) -> Cookie:
    """Sent to us alone, never shown to scripts, not sent with other sites' forms."""
    return Cookie(
        key=name,
        value=value,
        max_age=seconds,
        path="/",
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )


def see_other(target: str) -> Response[bytes]:
    """303 to ``target``, to be kept by nobody."""
    return Response(b"", status_code=303, headers={"Location": target, "Cache-Control": "no-store"})


async def _check_token(request: Request[Any, Any, Any], found: Visitor, settings: Settings) -> None:
    given = await _given_token(request)
    if _same(given, token_of(found, settings)):
        return
    # A window from before they signed in anew: their own form, so it is not lost.
    if request.url.path != "/sign-out":
        for ended in await unsent.sessions_of(found.person_id, found.staff_id):
            if _same(given, _form_token(ended, settings)):
                if not _is_secret(request):
                    await unsent.keep(found.session_id, await _form_of(request), clock.now())
                raise ShowAgain(_come_back_to(request))
    raise Forged("token")


async def _keep_of_ended(connection: Connection) -> None:
    """Keeps a form whose session is over. Its token says that it was that session's form."""
    if connection.scope.get("method") in _SAFE or _is_secret(connection):
        return
    request = cast("Request[Any, Any, Any]", connection)
    settings = _settings(request)
    token = request.cookies.get(cookie_name(settings))
    if token is None:
        return
    ended = sessions.token_hash(token)
    # First of all, so that nobody unknown makes us read a large form.
    if await unsent.may_keep(ended) and _same(
        await _given_token(request), _form_token(ended, settings)
    ):
        await unsent.keep_of_ended(ended, await _form_of(request), clock.now())


async def _was_of_staff(connection: Connection) -> bool:
    """Whether the session that the browser still names was one of staff."""
    token = connection.cookies.get(cookie_name(_settings(connection)))
    return token is not None and await sessions.was_of_staff(token)


def _is_secret(connection: Connection) -> bool:
    return bool(_handler_options(connection).get(SECRET))


async def _form_of(request: Request[Any, Any, Any]) -> Unsent:
    """The form and the page it is on."""
    fields: dict[str, list[str]] = {}
    file = False
    for name, value in (await request.form()).multi_items():
        if not isinstance(value, str):
            file = True
        elif name != "csrf":
            fields.setdefault(name, []).append(value)
    page = urlsplit(_come_back_to(request)).path
    return unsent.unsent(page, fields, file=file, action=request.url.path)


async def _given_token(request: Request[Any, Any, Any]) -> str:
    given = request.headers.get("x-csrf")
    if given is None:
        # Parsed once; the handler gets the same form.
        field = (await request.form()).get("csrf")
        given = field if isinstance(field, str) else ""
    return given


def _form_token(token_hash: bytes, settings: Settings) -> str:
    key = keys.derive(settings.secret_key, keys.FORM_TOKEN)
    return hmac.digest(key, token_hash, "sha256").hex()


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def _is_ours(origin: str, host: str, settings: Settings) -> bool:
    ours = urlsplit(settings.public_url.lower())
    # As browsers write it: without the port that the scheme implies (RFC 6454, 6.2).
    implied = ":443" if settings.secure else ":80"
    if origin == f"{ours.scheme}://{ours.netloc.removesuffix(implied)}":
        return True
    # A portal on one's own machine answers to several names and ports.
    return (
        not settings.secure
        and origin == f"http://{host}"
        and urlsplit(origin).hostname in _LOOPBACK
    )


def _come_back_to(connection: Connection) -> str:
    """The address that was asked for; for a form, the page it was on."""
    scope = connection.scope
    raw = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    asked = local_path((raw + (b"?" + query if query else b"")).decode("latin-1"))
    if scope.get("method") in ("GET", "HEAD"):
        return asked
    referer = urlsplit(connection.headers.get("referer", ""))
    host = connection.headers.get("host", "")
    if _is_ours(f"{referer.scheme}://{referer.netloc}", host, _settings(connection)):
        return local_path(referer.path + (f"?{referer.query}" if referer.query else ""))
    return asked


def _remembered(connection: Connection) -> MutableMapping[str, Any]:
    # Not scope["state"]: a server may share that one between requests.
    return cast("MutableMapping[str, Any]", connection.scope)


def _handler_options(connection: Connection) -> Mapping[str, Any]:
    # An address that there is not has no handler.
    handler = connection.scope.get("route_handler")
    return handler.opt if handler is not None else {}


def _settings(connection: Connection) -> Settings:
    settings: Settings = connection.app.state.settings
    return settings


middleware = Access()
