"""The link that was mailed: a password is set, then the second factor follows."""

from typing import Any

from litestar import Response, Router, get, post
from litestar.params import FromPath

from balagh import clock
from balagh.people import credentials, invitations, passwords
from balagh.people.invitations import Invited
from balagh.web import access
from balagh.web.page import AnyRequest, language_of, render, settings_of
from balagh.web.staff import fields
from balagh.web.staff.sign_in import halfway_cookie
from balagh.web.views import FieldView, error_views

_LONGEST = 2000


@get("/staff/invitation/{token:str}")
async def ask(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    found = await invitations.find(token, clock.now())
    return _page(request, token, found) if found else _over(request)


@post("/staff/invitation/{token:str}")
async def set_password(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """Sets the password, once; whoever has a second factor is asked for it, else sets one up."""
    settings, now = settings_of(request), clock.now()
    found = await invitations.find(token, now)
    if found is None:
        return _over(request)
    given, again = await new_password(request)
    problems = password_problems(
        request, given, again, own=(found.name_ar, found.name_en, found.email)
    )
    if problems:
        return _page(request, token, found, problems)
    staff = await credentials.set_by_link(token, given, now)
    local = await credentials.of(staff) if staff is not None else None
    if local is None:
        return _over(request)
    request.app.state.waker.wake()
    response = access.see_other(f"{access.STAFF_SIGN_IN}/{'code' if local.totp else 'factor'}")
    response.set_cookie(halfway_cookie(local, settings, now))
    return response


async def new_password(request: AnyRequest) -> tuple[str, str]:
    """What was typed as the new password, twice."""
    form = await request.form()
    given = (form.get(name, "") for name in ("new_password", "again"))
    one, two = (each[:_LONGEST] if isinstance(each, str) else "" for each in given)
    return one, two


def password_problems(
    request: AnyRequest, given: str, again: str, *, own: tuple[str, ...]
) -> dict[str, str]:
    """What is wrong with it, by field, in the person's words."""
    text = language_of(request).text
    if problem := passwords.problem(given, own):
        return {"new_password": text(problem, least=passwords.SHORTEST, most=passwords.LONGEST)}
    if passwords.normalised(given) != passwords.normalised(again):
        return {"again": text("The two are not the same. Type the new password once more.")}
    return {}


def password_fields(request: AnyRequest, problems: dict[str, str]) -> list[FieldView]:
    """The new password, twice; a manager of passwords may fill them in."""
    language = language_of(request)
    return [
        fields.line(
            "new_password",
            language.text("New password"),
            error=problems.get("new_password", ""),
            hint=language.text(
                "At least {least} characters, of any kind, spaces too. Four words that do not "
                "belong together are easy to remember.",
                least=passwords.SHORTEST,
            ),
            type="password",
            autocomplete="new-password",
            ltr=True,
        ),
        fields.line(
            "again",
            language.text("New password, once more"),
            error=problems.get("again", ""),
            type="password",
            autocomplete="new-password",
            ltr=True,
        ),
    ]


def _page(
    request: AnyRequest, token: str, found: Invited, problems: dict[str, str] | None = None
) -> Response[Any]:
    shown = password_fields(request, problems or {})
    return render(
        request,
        "staff/invitation.html",
        status=422 if problems else 200,
        name=language_of(request).name(found),
        email=found.email,
        local=found.local,
        fields=shown,
        errors=error_views(shown),
        action=f"/staff/invitation/{token}",
    )


def _over(request: AnyRequest) -> Response[Any]:
    return render(request, "staff/invitation_over.html", status=410)


router = Router("/", route_handlers=[ask, set_password])
