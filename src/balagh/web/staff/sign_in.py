"""Staff sign in: e-mail address and password, then a code; or through the staff's provider.

Every failure says the same, whether there is an account or not (OWASP ASVS 5.0, 6.3.8); whoever
fails too often from one place waits (``people.lockout``). The first time, after the password, the
second factor is set up; there is no way in without one.
"""

import math
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import structlog
from litestar import Response, Router, get, post

from balagh import clock
from balagh.i18n import N_
from balagh.people import (
    credentials,
    halfway,
    invitations,
    lockout,
    staff_claims,
)
from balagh.people.credentials import Local
from balagh.people.lockout import Refused
from balagh.people.oidc import Identified
from balagh.reports.leaving import leave_reports
from balagh.settings import Settings
from balagh.web import access, sign_in
from balagh.web.page import AnyRequest, language_of, render, settings_of
from balagh.web.source import address_of
from balagh.web.staff import enrolment, fields
from balagh.web.views import FieldView, error_views

log = structlog.get_logger()

WRONG = N_("The e-mail address or the password is not right")
WRONG_CODE = N_(
    "This code is not right, or was used already. Wait for the next one that the app shows."
)
WRONG_RECOVERY = N_("This recovery code is not right, or was used already")
_LONGEST = 2000
_YEAR = 365 * 24 * 3600


_WAY = sign_in.Way(
    "staff_provider",
    "balagh-staff-signin",
    access.STAFF_SIGN_IN,
    "no identity provider is configured for staff",
)


@get(access.STAFF_SIGN_IN)
async def ask(request: AnyRequest) -> Response[Any]:
    """E-mail address and password; whoever of the staff is signed in goes straight on."""
    found = access.visitor(request)
    if found is not None and found.staff_id is not None:
        return access.see_other(await sign_in.home(_next(request), found.staff_id))
    return _page(request, _next(request))


@post(access.STAFF_SIGN_IN)
async def password(request: AnyRequest) -> Response[Any]:
    """Right: on to the second factor. Wrong: nobody is told what was wrong."""
    settings, now = settings_of(request), clock.now()
    email, given, next_path = await _form(request, "email", "password", "next")
    next_path = access.local_path(next_path)
    if not email.strip() or not given:
        return _page(request, next_path, email=email, empty=True, no_password=not given)
    found = await credentials.of_email(email)
    source = _source(request, found.staff_id if found else None)
    tried = await lockout.attempt(email, source, secret_key=settings.secret_key, now=now)
    if isinstance(tried, Refused):
        return _page(request, next_path, email=email, wait=tried.until - now)
    if not await credentials.check_password(found, given) or found is None:
        log.warning("staff sign-in failed", reason="password")
        return _page(request, next_path, email=email, wrong=True)
    await lockout.succeeded(tried)
    response = access.see_other(_step("code" if found.totp else "factor", next_path))
    response.set_cookie(halfway_cookie(found, settings, now))
    return response


@get(access.STAFF_SIGN_IN + "/code")
async def ask_code(request: AnyRequest) -> Response[Any]:
    return await _ask_factor(request, recovery=False)


@post(access.STAFF_SIGN_IN + "/code")
async def code(request: AnyRequest) -> Response[Any]:
    return await _factor(request, recovery=False)


@get(access.STAFF_SIGN_IN + "/recovery")
async def ask_recovery(request: AnyRequest) -> Response[Any]:
    """For whoever does not have the app at hand."""
    return await _ask_factor(request, recovery=True)


@post(access.STAFF_SIGN_IN + "/recovery")
async def recovery(request: AnyRequest) -> Response[Any]:
    return await _factor(request, recovery=True)


@get(access.STAFF_SIGN_IN + "/factor")
async def ask_enrolment(request: AnyRequest) -> Response[Any]:
    """The first time: the app is connected."""
    found = await _halfway(request)
    if found is None or found.totp is not None:
        return _begin_again(request)
    return _enrolment_page(request, found)


@post(access.STAFF_SIGN_IN + "/factor")
async def enrol(request: AnyRequest) -> Response[Any]:
    """The app's first code: in, and the recovery codes are shown, this once."""
    settings, now = settings_of(request), clock.now()
    found = await _halfway(request)
    if found is None or found.totp is not None:
        return _begin_again(request)
    (given,) = await _form(request, "code")
    secret = enrolment.proposed(request, found, halfway.occasion(_half(request)))
    codes = await credentials.enrol(found, secret, given, secret_key=settings.secret_key, now=now)
    if codes is None:
        return _enrolment_page(request, found, wrong=True)
    go_on = await sign_in.home(_next(request), found.staff_id)
    response = enrolment.codes_page(request, codes, go_on)
    await sign_in.open_session(request, response, staff_id=found.staff_id)
    _remember(request, response, found)
    return response


@get(access.STAFF_SIGN_IN + "/forgotten")
async def ask_forgotten(request: AnyRequest) -> Response[Any]:
    return _forgotten_page(request)


@post(access.STAFF_SIGN_IN + "/forgotten")
async def forgotten(request: AnyRequest) -> Response[Any]:
    """A link to the mailbox when there is an account; the same answer when there is none."""
    settings, now = settings_of(request), clock.now()
    (email,) = await _form(request, "email")
    if not email.strip():
        return _forgotten_page(request, error=True)
    # Asking counts like failing, under a name of its own: nobody fills mailboxes from one place.
    tried = await lockout.attempt(
        f"forgotten {email}", _source(request, None), secret_key=settings.secret_key, now=now
    )
    if isinstance(tried, Refused):
        return _forgotten_page(request, email=email, wait=tried.until - now)
    await invitations.forgotten(email, public_url=settings.public_url, now=now)
    request.app.state.waker.wake()
    return access.see_other(access.STAFF_SIGN_IN + "/forgotten?sent=1")


@get(access.STAFF_SIGN_IN + "/provider")
async def provider(request: AnyRequest) -> Response[Any]:
    """Sends the browser to the staff's identity provider."""
    return await sign_in.to_provider(request, _WAY, _next(request))


@get(access.STAFF_SIGN_IN + "/callback")
async def callback(request: AnyRequest) -> Response[Any]:
    """The provider sends the browser back here with its answer."""

    async def arrive(identified: Identified, return_to: str) -> Response[Any]:
        staff_id = await staff_claims.account_of(
            identified,
            settings_of(request),
            language=language_of(request).code,
            now=clock.now(),
            leaving=leave_reports,
        )
        target = await sign_in.home(return_to, staff_id)
        return await sign_in.welcome(request, target, staff_id=staff_id)

    return await sign_in.from_provider(request, _WAY, arrive)


def halfway_cookie(found: Local, settings: Settings, now: datetime) -> Any:
    """What tells the next page that the password was right."""
    return access.cookie(
        _half_name(settings),
        halfway.made(found, secret_key=settings.secret_key, now=now),
        seconds=int(halfway.LIFETIME.total_seconds()),
        settings=settings,
    )


async def _ask_factor(request: AnyRequest, *, recovery: bool) -> Response[Any]:
    found = await _halfway(request)
    if found is None:
        return _begin_again(request)
    if found.totp is None:
        return access.see_other(_step("factor", _next(request)))
    return _factor_page(request, found, recovery=recovery)


async def _factor(request: AnyRequest, *, recovery: bool) -> Response[Any]:
    settings, now = settings_of(request), clock.now()
    found = await _halfway(request)
    if found is None or found.totp is None:
        return _begin_again(request)
    (given,) = await _form(request, "code")
    key = settings.secret_key
    source = _source(request, found.staff_id)
    tried = await lockout.code_attempt(found.staff_id, source, secret_key=key, now=now)
    if isinstance(tried, Refused):
        return _factor_page(request, found, recovery=recovery, wait=tried.until - now)
    check = credentials.use_recovery_code if recovery else credentials.check_code
    if not await check(found, given, secret_key=key, now=now):
        log.warning("staff sign-in failed", reason="code", staff=found.staff_id)
        return _factor_page(request, found, recovery=recovery, wrong=True)
    await lockout.succeeded(tried)
    target = await sign_in.home(_next(request), found.staff_id)
    response = await sign_in.welcome(request, target, staff_id=found.staff_id)
    _remember(request, response, found)
    return response


def _page(
    request: AnyRequest,
    next_path: str,
    *,
    email: str = "",
    empty: bool = False,
    no_password: bool = False,
    wrong: bool = False,
    wait: Any = None,
) -> Response[Any]:
    language, settings = language_of(request), settings_of(request)
    shown = [
        fields.line(
            "email",
            language.text("E-mail address"),
            email[:_LONGEST],
            error=_email_error(request, email, empty=empty, wrong=wrong),
            type="email",
            autocomplete="username",
            ltr=True,
        ),
        fields.line(
            "password",
            language.text("Password"),
            error=language.text("Enter your password") if no_password else "",
            type="password",
            autocomplete="current-password",
            ltr=True,
        ),
    ]
    return render(
        request,
        "staff/sign_in.html",
        status=429 if wait else 422 if empty or wrong else 200,
        fields=shown,
        errors=error_views(shown),
        next=next_path,
        wait=_wait_text(request, wait),
        provider=settings.staff_oidc,
        query=urlencode({"next": next_path}),
    )


def _email_error(request: AnyRequest, email: str, *, empty: bool, wrong: bool) -> str:
    text = language_of(request).text
    if empty and not email.strip():
        return text("Enter your e-mail address")
    return text(WRONG) if wrong else ""


def _factor_page(
    request: AnyRequest, found: Local, *, recovery: bool, wrong: bool = False, wait: Any = None
) -> Response[Any]:
    text = language_of(request).text
    if recovery:
        field = fields.line(
            "code",
            text("Recovery code"),
            error=text(WRONG_RECOVERY) if wrong else "",
            hint=text("One of the ten that you were given. Each works once."),
            autocomplete="off",
            ltr=True,
        )
    else:
        field = fields.line(
            "code",
            text("Code"),
            error=text(WRONG_CODE) if wrong else "",
            hint=text("The six digits that your app shows for Balagh"),
            autocomplete="one-time-code",
            inputmode="numeric",
            ltr=True,
        )
    return render(
        request,
        "staff/sign_in_code.html",
        status=429 if wait else 422 if wrong else 200,
        recovery=recovery,
        field_view=field,
        errors=error_views([field]),
        action=_step("recovery" if recovery else "code", _next(request)),
        other_url=_step("code" if recovery else "recovery", _next(request)),
        back_url=f"{access.STAFF_SIGN_IN}?{urlencode({'next': _next(request)})}",
        wait=_wait_text(request, wait),
    )


def _enrolment_page(request: AnyRequest, found: Local, *, wrong: bool = False) -> Response[Any]:
    return enrolment.page(
        request,
        found,
        enrolment.proposed(request, found, halfway.occasion(_half(request))),
        action=_step("factor", _next(request)),
        wrong=wrong,
    )


def _forgotten_page(
    request: AnyRequest, *, email: str = "", error: bool = False, wait: Any = None
) -> Response[Any]:
    text = language_of(request).text
    field: FieldView = fields.line(
        "email",
        text("E-mail address"),
        email[:_LONGEST],
        error=text("Enter your e-mail address") if error else "",
        type="email",
        autocomplete="username",
        ltr=True,
    )
    return render(
        request,
        "staff/forgotten.html",
        status=429 if wait else 422 if error else 200,
        field_view=field,
        errors=error_views([field]),
        sent=request.query_params.get("sent") == "1",
        wait=_wait_text(request, wait),
    )


def _wait_text(request: AnyRequest, wait: Any) -> str:
    if wait is None:
        return ""
    minutes = max(1, math.ceil(wait.total_seconds() / 60))
    return language_of(request).plural(
        "Too many attempts from this place. Try again in {n} minute.",
        "Too many attempts from this place. Try again in {n} minutes.",
        minutes,
    )


def _remember(request: AnyRequest, response: Response[Any], found: Local) -> None:
    """This device is known from now on, and the way in is done."""
    settings = settings_of(request)
    name = _device_name(settings)
    made = lockout.remembered(request.cookies.get(name, ""), found.staff_id, settings.secret_key)
    response.set_cookie(access.cookie(name, made, seconds=_YEAR, settings=settings))
    response.set_cookie(access.expired_cookie(_half_name(settings), settings))


def _source(request: AnyRequest, staff: int | None) -> str:
    settings = settings_of(request)
    cookie = request.cookies.get(_device_name(settings), "")
    known = lockout.device(cookie, staff, settings.secret_key)
    return known or lockout.network(address_of(request))


async def _halfway(request: AnyRequest) -> Local | None:
    return await halfway.who(
        _half(request), secret_key=settings_of(request).secret_key, now=clock.now()
    )


def _half(request: AnyRequest) -> str:
    return request.cookies.get(_half_name(settings_of(request)), "")


def _begin_again(request: AnyRequest) -> Response[Any]:
    return access.see_other(f"{access.STAFF_SIGN_IN}?{urlencode({'next': _next(request)})}")


def _next(request: AnyRequest) -> str:
    return access.local_path(request.query_params.get("next"))


def _step(slug: str, next_path: str) -> str:
    return f"{access.STAFF_SIGN_IN}/{slug}?{urlencode({'next': next_path})}"


async def _form(request: AnyRequest, *names: str) -> list[str]:
    form = await request.form()
    given = (form.get(name, "") for name in names)
    return [each[:_LONGEST].replace("\x00", "") if isinstance(each, str) else "" for each in given]


def _half_name(settings: Settings) -> str:
    return "__Host-balagh-half" if settings.secure else "balagh-half"


def _device_name(settings: Settings) -> str:
    return "__Host-balagh-device" if settings.secure else "balagh-device"


router = Router(
    "/",
    route_handlers=[
        ask,
        password,
        ask_code,
        code,
        ask_recovery,
        recovery,
        ask_enrolment,
        enrol,
        ask_forgotten,
        forgotten,
        provider,
        callback,
    ],
)
