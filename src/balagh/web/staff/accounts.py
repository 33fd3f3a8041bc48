"""Who works here, for administrators: invited, changed, deactivated (specification 1)."""

import re
from typing import Any

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from balagh import clock
from balagh.directory.lookup import catalogue
from balagh.i18n import N_, Language, isolate
from balagh.people import invitations, staff
from balagh.people.staff import OF_AGENCIES, Facts, Member, Refusal
from balagh.reports.kinds import KINDS
from balagh.reports.leaving import NamedRule, leave_reports, rules_naming, stands_in_for
from balagh.reports.lifecycle import Role
from balagh.web import access
from balagh.web.page import AnyRequest, language_of, render, settings_of
from balagh.web.staff import fields
from balagh.web.staff.roles import ROLE_TEXT
from balagh.web.telling import teller_of
from balagh.web.views import FieldView, error_views

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_LONGEST = 400
_NAME = 200

STANDING_TEXT = {
    "active": N_("Active"),
    "invited": N_("Invited"),
    "inactive": N_("Inactive"),
}
SAVED = {
    "invited": N_("The link is on its way by e-mail. It is valid for 72 hours."),
    "changed": N_("The changes are saved."),
    "link": N_("A new link is on its way by e-mail. Earlier ones are no longer valid."),
    "factor": N_(
        "Password and second factor are removed. A link to set both anew is on its way by e-mail."
    ),
    "deactivated": N_(
        "They can no longer sign in. Their open reports went to whom a rule names, or wait for "
        "anybody to take them."
    ),
    "activated": N_("They can sign in again."),
}
REFUSED = {
    "email_taken": N_("Somebody who is active has this e-mail address already"),
    "last_administrator": N_(
        "This is the only administrator who is active. Make somebody else an administrator first."
    ),
}


class MemberView(msgspec.Struct, frozen=True):
    """``standing``: its code, for the mark before the word."""

    url: str
    name: str
    email: str
    role: str
    agency: str
    standing: str
    standing_text: str
    seen: str


class RuleView(msgspec.Struct, frozen=True):
    """A rule that names them: whose it is, and which reports it gives away."""

    owner: str
    about: str
    kind: str
    broken: bool


@get("/staff")
async def everybody(request: AnyRequest, saved: FromQuery[str] = "") -> Response[Any]:
    language, teller = language_of(request), await teller_of(request)
    return render(
        request,
        "staff/accounts.html",
        saved=language.text(SAVED[saved]) if saved in SAVED else "",
        members=[
            MemberView(
                f"/staff/{one.id}",
                language.name(one),
                one.email,
                language.text(ROLE_TEXT[one.role]),
                language.name(one, "agency") if one.agency_id else "",
                one.standing,
                language.text(STANDING_TEXT[one.standing]),
                teller.when(one.seen_at) if one.seen_at else "",
            )
            for one in await staff.everybody()
        ],
    )


@get("/staff/new")
async def ask(request: AnyRequest) -> Response[Any]:
    return await _invite_page(request, {"language": "ar"}, {})


@post("/staff/new")
async def invite(request: AnyRequest) -> Response[Any]:
    """Makes the account and mails the link by which its owner sets a password."""
    settings, now = settings_of(request), clock.now()
    typed = await _typed(request, "email", "language", *_FACTS)
    facts, problems = await _facts(request, typed)
    if not _EMAIL.fullmatch(typed["email"]):
        problems["email"] = language_of(request).text("Enter an e-mail address")
    if typed["language"] not in ("ar", "en"):
        problems["language"] = language_of(request).text("Choose a language")
    if problems or facts is None:
        return await _invite_page(request, typed, problems)
    try:
        made, token = await staff.invite(
            facts, typed["email"], language=typed["language"], by=_by(request), now=now
        )
    except Refusal as refusal:
        problems["email"] = language_of(request).text(REFUSED[refusal.code])
        return await _invite_page(request, typed, problems)
    await invitations.send(made, token, public_url=settings.public_url, now=now)
    request.app.state.waker.wake()
    return access.see_other("/staff?saved=invited")


@get("/staff/{member:int}")
async def one(
    request: AnyRequest, member: FromPath[int], saved: FromQuery[str] = ""
) -> Response[Any]:
    found = await _member(member)
    return await _member_page(request, found, _as_typed(found), {}, saved=saved)


@post("/staff/{member:int}")
async def change(request: AnyRequest, member: FromPath[int]) -> Response[Any]:
    """Role, agency, names. Who goes to other work leaves their open reports to the others."""
    now, found = clock.now(), await _member(member)
    typed = await _typed(request, *_FACTS)
    facts, problems = await _facts(request, typed)
    if problems or facts is None:
        return await _member_page(request, found, typed, problems)
    try:
        await staff.change(member, facts, by=_by(request), now=now, leaving=leave_reports)
    except Refusal as refusal:
        problems["role"] = language_of(request).text(REFUSED[refusal.code])
        return await _member_page(request, found, typed, problems)
    return access.see_other(f"/staff/{member}?saved=changed")


@post("/staff/{member:int}/link")
async def link(request: AnyRequest, member: FromPath[int]) -> Response[Any]:
    """Mails a new link: to come in for the first time, or to set another password."""
    settings, now, found = settings_of(request), clock.now(), await _member(member)
    if not found.active or found.provider:
        raise NotFoundException
    token = await staff.send_link(member, by=_by(request), now=now)
    await invitations.send(member, token, public_url=settings.public_url, now=now)
    request.app.state.waker.wake()
    return access.see_other(f"/staff/{member}?saved=link")


@post("/staff/{member:int}/factor")
async def factor(request: AnyRequest, member: FromPath[int]) -> Response[Any]:
    """For whoever lost both the app and the recovery codes: everything is set up anew."""
    settings, now, found = settings_of(request), clock.now(), await _member(member)
    if not found.active or not found.local:
        raise NotFoundException
    token = await staff.start_anew(member, by=_by(request), now=now)
    await invitations.send(member, token, public_url=settings.public_url, now=now)
    request.app.state.waker.wake()
    return access.see_other(f"/staff/{member}?saved=factor")


@post("/staff/{member:int}/deactivation")
async def deactivate(request: AnyRequest, member: FromPath[int]) -> Response[Any]:
    """They are out at once, and their open reports belong to nobody."""
    now, found = clock.now(), await _member(member)
    try:
        await staff.deactivate(member, by=_by(request), now=now, leaving=leave_reports)
    except Refusal as refusal:
        return await _member_page(request, found, _as_typed(found), {}, refused=refusal.code)
    return access.see_other(f"/staff/{member}?saved=deactivated")


@post("/staff/{member:int}/activation")
async def activate(request: AnyRequest, member: FromPath[int]) -> Response[Any]:
    found = await _member(member)
    try:
        await staff.activate(member, by=_by(request), now=clock.now())
    except Refusal as refusal:
        return await _member_page(request, found, _as_typed(found), {}, refused=refusal.code)
    return access.see_other(f"/staff/{member}?saved=activated")


_FACTS = ("name_ar", "name_en", "role", "agency")


async def _facts(request: AnyRequest, typed: dict[str, str]) -> tuple[Facts | None, dict[str, str]]:
    """What was typed, or what is wrong with it, by field."""
    text = language_of(request).text
    known = await catalogue(clock.now())
    problems = {
        name: text("Enter the name")
        for name in ("name_ar", "name_en")
        if not 1 <= len(typed[name]) <= _NAME
    }
    agency = None
    if typed["role"] not in ROLE_TEXT:
        problems["role"] = text("Choose a role")
    elif typed["role"] in OF_AGENCIES:
        chosen = known.agency_codes.get(typed["agency"])
        if chosen is None or not chosen.active:
            problems["agency"] = text("Choose the agency whose people they are")
        else:
            agency = chosen.id
    if problems:
        return None, problems
    facts = Facts(
        role=typed["role"],
        agency_id=agency,
        name_ar=typed["name_ar"],
        name_en=typed["name_en"],
    )
    return facts, problems


async def _invite_page(
    request: AnyRequest, typed: dict[str, str], problems: dict[str, str]
) -> Response[Any]:
    text = language_of(request).text
    shown = [
        fields.line(
            "email",
            text("E-mail address"),
            typed.get("email", ""),
            error=problems.get("email", ""),
            hint=text("The link goes there, and they sign in with it."),
            type="email",
            autocomplete="off",
            ltr=True,
        ),
        *await _fields(request, typed, problems),
        fields.choice(
            "language",
            text("Language"),
            (("ar", "العربية"), ("en", "English")),
            typed.get("language", ""),
            error=problems.get("language", ""),
            type="radio",
        ),
    ]
    return render(
        request,
        "staff/invite.html",
        status=422 if problems else 200,
        fields=shown,
        errors=error_views(shown),
    )


async def _member_page(
    request: AnyRequest,
    found: Member,
    typed: dict[str, str],
    problems: dict[str, str],
    *,
    saved: str = "",
    refused: str = "",
) -> Response[Any]:
    language, teller = language_of(request), await teller_of(request)
    shown = await _fields(request, typed, problems)
    return render(
        request,
        "staff/member.html",
        status=422 if problems or refused else 200,
        saved=language.text(SAVED[saved]) if saved in SAVED else "",
        refused=language.text(REFUSED[refused]) if refused else "",
        member=found,
        name=language.name(found),
        url=f"/staff/{found.id}",
        standing_text=language.text(STANDING_TEXT[found.standing]),
        seen=teller.when(found.seen_at) if found.seen_at else "",
        rules=(named := [_rule_view(one, language) for one in await rules_naming(found.id)]),
        broken=any(one.broken for one in named),
        stands_in=[
            language.markup(
                "For {name} until {when}",
                name=isolate(language.name(one)),
                when=teller.when(one.until),
            )
            for one in await stands_in_for(found.id, teller.now)
        ],
        fields=shown,
        errors=error_views(shown),
    )


def _rule_view(rule: NamedRule, language: Language) -> RuleView:
    return RuleView(
        language.name(rule, "owner") if rule.owner_ar else language.text("Amer centre"),
        language.name(rule, "about") if rule.about_ar else language.text("All reports"),
        language.text(KINDS[rule.kind].name) if rule.kind else language.text("All kinds"),
        rule.broken,
    )


async def _fields(
    request: AnyRequest, typed: dict[str, str], problems: dict[str, str]
) -> list[FieldView]:
    language = language_of(request)
    known = await catalogue(clock.now())
    names = (
        ("name_ar", language.text("Name in Arabic")),
        ("name_en", language.text("Name in English")),
    )
    return [
        *(
            fields.line(
                name, label, typed.get(name, ""), error=problems.get(name, ""), autocomplete="off"
            )
            for name, label in names
        ),
        fields.choice(
            "role",
            language.text("Role"),
            [(code, language.text(label)) for code, label in ROLE_TEXT.items()],
            typed.get("role", ""),
            error=problems.get("role", ""),
        ),
        fields.choice(
            "agency",
            language.text("Agency"),
            [(each.code, language.name(each)) for each in known.agency_list(language.code)],
            typed.get("agency", ""),
            error=problems.get("agency", ""),
            hint=language.text("For an agency's officers and managers only"),
        ),
    ]


def _as_typed(found: Member) -> dict[str, str]:
    return {
        "name_ar": found.name_ar,
        "name_en": found.name_en,
        "role": found.role,
        "agency": found.agency_code or "",
    }


async def _typed(request: AnyRequest, *names: str) -> dict[str, str]:
    form = await request.form()
    given = {name: form.getall(name, [""])[-1] for name in names}
    return {
        name: value[:_LONGEST].replace("\x00", "").strip() if isinstance(value, str) else ""
        for name, value in given.items()
    }


async def _member(staff_id: int) -> Member:
    # Larger numbers are no ids of the database's.
    found = await staff.member(staff_id) if 0 < staff_id < 2**63 else None
    if found is None:
        raise NotFoundException
    return found


def _by(request: AnyRequest) -> int:
    found = access.visitor(request)
    if found is None or found.staff_id is None:
        raise NotFoundException
    return found.staff_id


router = Router(
    "/",
    guards=[access.staff(Role.ADMINISTRATOR)],
    route_handlers=[everybody, ask, invite, one, change, link, factor, deactivate, activate],
)
