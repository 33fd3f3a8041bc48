"""A member of staff's own page: language, shortcuts, password, second factor, where they are signed
in."""

from datetime import timedelta
from typing import Any

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from balagh import clock
from balagh.i18n import LANGUAGES, N_
from balagh.people import audit, credentials, lockout, sessions, staff, staff_notices
from balagh.people.credentials import Local
from balagh.people.lockout import Refused
from balagh.people.sessions import Visitor
from balagh.people.staff import Member
from balagh.reports.lifecycle import Role
from balagh.settings import STAFF_ROLES
from balagh.web import access
from balagh.web.page import LANGUAGE_COOKIE, AnyRequest, language_of, render, settings_of
from balagh.web.staff import enrolment, fields
from balagh.web.staff.invitation import new_password, password_fields, password_problems
from balagh.web.staff.notice_choice import choice_view
from balagh.web.staff.roles import ROLE_TEXT
from balagh.web.telling import teller_of
from balagh.web.views import FieldView, error_views

STAFF = access.staff(*(Role(role) for role in STAFF_ROLES))
SAVED = {
    "language": N_("Your choice is saved."),
    "shortcuts": N_("Your choice is saved."),
    "notices": N_("Your choice is saved."),
    "password": N_("Your new password is saved. You were signed out everywhere else."),
    "session": N_("That browser is signed out."),
}
_LONGEST = 2000
_YEAR = 365 * 24 * 3600


class SessionView(msgspec.Struct, frozen=True):
    seen_text: str
    since_text: str
    current: bool
    end_url: str


@get("/profile")
async def profile(request: AnyRequest, saved: FromQuery[str] = "") -> Response[Any]:
    """``saved``: what was changed just now."""
    language, teller = language_of(request), await teller_of(request)
    visitor, member = await _own(request)
    local = await credentials.of(member.id)
    idle = timedelta(minutes=settings_of(request).staff_idle_minutes)
    open_now = await sessions.of_staff(member.id, now=teller.now, idle=idle)
    return render(
        request,
        "staff/profile.html",
        saved=language.text(SAVED[saved]) if saved in SAVED else "",
        member=member,
        role_text=language.text(ROLE_TEXT[member.role]),
        agency=language.name(member, "agency") if member.agency_id else "",
        language_field=fields.choice(
            "language",
            language.text("Language"),
            (("ar", "العربية"), ("en", "English")),
            member.language,
            type="radio",
        ),
        notices=choice_view(member.role, await staff_notices.of(member.id), language),
        local=local is not None,
        factor=local is not None and local.totp is not None,
        codes_left=local.left if local else 0,
        sessions=[
            SessionView(
                teller.when(each.seen_at),
                teller.when(each.created_at),
                each.id == visitor.session_id,
                f"/profile/sessions/{each.id}/end",
            )
            for each in open_now
        ],
    )


@post("/profile/language")
async def language(request: AnyRequest) -> Response[Any]:
    chosen = str((await request.form()).get("language", ""))
    if chosen in LANGUAGES:
        await staff.set_language(_visitor(request)[1], chosen)
    response = access.see_other("/profile?saved=language")
    if chosen in LANGUAGES:
        # What was chosen in the header of a page gives way to the setting.
        settings = settings_of(request)
        response.set_cookie(
            access.cookie(LANGUAGE_COOKIE, chosen, seconds=_YEAR, settings=settings)
        )
    return response


@post("/profile/shortcuts")
async def shortcuts(request: AnyRequest) -> Response[Any]:
    on = (await request.form()).get("shortcuts") == "on"
    await staff.set_shortcuts(_visitor(request)[1], on)
    return access.see_other("/profile?saved=shortcuts")


@get("/profile/password")
async def ask_password(request: AnyRequest) -> Response[Any]:
    await _local(request)
    return _password_page(request, {})


@post("/profile/password", opt={access.SECRET: True})
async def password(request: AnyRequest) -> Response[Any]:
    """The present password and a new one; every other browser is signed out."""
    visitor, local = await _local(request)
    given, again = await new_password(request)
    problems = await _wrong_password(request, local)
    if not problems:
        own = (local.name_ar, local.name_en, local.email)
        problems = password_problems(request, given, again, own=own)
    if problems:
        return _password_page(request, problems)
    await credentials.change_password(
        local.staff_id, given, session=visitor.session_id, now=clock.now()
    )
    request.app.state.waker.wake()
    return access.see_other("/profile?saved=password")


@get("/profile/factor")
async def ask_factor(request: AnyRequest) -> Response[Any]:
    visitor, local = await _local(request)
    return _factor_page(request, visitor, local, {})


@post("/profile/factor", opt={access.SECRET: True})
async def factor(request: AnyRequest) -> Response[Any]:
    """Another app in the place of the one before; the recovery codes are new too."""
    settings, now = settings_of(request), clock.now()
    visitor, local = await _local(request)
    problems = await _wrong_password(request, local)
    if problems:
        return _factor_page(request, visitor, local, problems)
    given = str((await request.form()).get("code", ""))[:_LONGEST]
    codes = await credentials.enrol(
        local,
        enrolment.proposed(request, local, _occasion(visitor, local)),
        given,
        secret_key=settings.secret_key,
        now=now,
        session=visitor.session_id,
    )
    if codes is None:
        return _factor_page(request, visitor, local, {}, wrong=True)
    request.app.state.waker.wake()
    return enrolment.codes_page(request, codes, "/profile")


@get("/profile/recovery-codes")
async def ask_codes(request: AnyRequest) -> Response[Any]:
    await _local(request)
    return _codes_page(request, {})


@post("/profile/recovery-codes", opt={access.SECRET: True})
async def codes(request: AnyRequest) -> Response[Any]:
    """Ten new ones; those before are worth nothing any more."""
    _, local = await _local(request)
    problems = await _wrong_password(request, local)
    if problems:
        return _codes_page(request, problems)
    made = await credentials.new_recovery_codes(
        local.staff_id, secret_key=settings_of(request).secret_key, now=clock.now()
    )
    request.app.state.waker.wake()
    return enrolment.codes_page(request, made, "/profile")


@post("/profile/sessions/{session:int}/end")
async def end(request: AnyRequest, session: FromPath[int]) -> Response[Any]:
    """Ends one of their own sessions; ending it again changes nothing."""
    visitor, staff_id = _visitor(request)
    if not await sessions.revoke_own_of_staff(session, staff_id, now=clock.now()):
        raise NotFoundException
    if session == visitor.session_id:
        return _signed_out(request)
    return access.see_other("/profile?saved=session")


@post("/profile/sessions/end")
async def end_all(request: AnyRequest) -> Response[Any]:
    """Signs out everywhere, here too."""
    now = clock.now()
    _, staff_id = _visitor(request)
    await sessions.revoke_all(staff_id=staff_id, now=now)
    await audit.record(staff_id, "sign_out_everywhere", f"staff:{staff_id}", now)
    return _signed_out(request)


def _signed_out(request: AnyRequest) -> Response[Any]:
    settings = settings_of(request)
    response = access.see_other("/" if settings.demo else access.STAFF_SIGN_IN)
    response.set_cookie(access.expired_cookie(access.cookie_name(settings), settings))
    return response


async def _own(request: AnyRequest) -> tuple[Visitor, Member]:
    visitor, staff_id = _visitor(request)
    found = await staff.member(staff_id)
    if found is None:
        raise NotFoundException
    return visitor, found


async def _local(request: AnyRequest) -> tuple[Visitor, Local]:
    """Who has a password here; for those who sign in at a provider there is nothing to change."""
    visitor, staff_id = _visitor(request)
    found = await credentials.of(staff_id)
    if found is None:
        raise NotFoundException
    return visitor, found


def _visitor(request: AnyRequest) -> tuple[Visitor, int]:
    found = access.visitor(request)
    if found is None or found.staff_id is None:
        raise NotFoundException
    return found, found.staff_id


async def _wrong_password(request: AnyRequest, local: Local) -> dict[str, str]:
    """Whether the present password is theirs: whoever finds a desk unlocked changes nothing, and
    does not try for long."""
    given = str((await request.form()).get("password", ""))[:_LONGEST]
    text = language_of(request).text
    tried = await lockout.attempt(
        f"profile {local.staff_id}",
        f"session:{_visitor(request)[0].session_id}",
        secret_key=settings_of(request).secret_key,
        now=clock.now(),
    )
    if isinstance(tried, Refused):
        return {"password": text("Too many attempts. Sign out, and in again.")}
    if not await credentials.check_password(local, given):
        return {"password": text("This is not your present password")}
    await lockout.succeeded(tried)
    return {}


def _present(request: AnyRequest, problems: dict[str, str]) -> FieldView:
    return fields.line(
        "password",
        language_of(request).text("Present password"),
        error=problems.get("password", ""),
        type="password",
        autocomplete="current-password",
        ltr=True,
    )


def _password_page(request: AnyRequest, problems: dict[str, str]) -> Response[Any]:
    shown = [_present(request, problems), *password_fields(request, problems)]
    return render(
        request,
        "staff/password.html",
        status=422 if problems else 200,
        fields=shown,
        errors=error_views(shown),
        email=_visitor(request)[0].email,
    )


def _factor_page(
    request: AnyRequest,
    visitor: Visitor,
    local: Local,
    problems: dict[str, str],
    *,
    wrong: bool = False,
) -> Response[Any]:
    return enrolment.page(
        request,
        local,
        enrolment.proposed(request, local, _occasion(visitor, local)),
        action="/profile/factor",
        wrong=wrong,
        before=(_present(request, problems),),
        back_url="/profile",
    )


def _codes_page(request: AnyRequest, problems: dict[str, str]) -> Response[Any]:
    field = _present(request, problems)
    return render(
        request,
        "staff/new_recovery_codes.html",
        status=422 if problems else 200,
        field_view=field,
        errors=error_views([field]),
    )


def _occasion(visitor: Visitor, local: Local) -> str:
    return f"{visitor.token_hash.hex()} {local.changed_at.isoformat()}"


router = Router(
    "/",
    guards=[STAFF],
    route_handlers=[
        profile,
        language,
        shortcuts,
        ask_password,
        password,
        ask_factor,
        factor,
        ask_codes,
        codes,
        end,
        end_all,
    ],
)
