"""Another telephone number or e-mail address: asked for, confirmed by a code, then used."""

import re
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from markupsafe import Markup

from balagh import clock
from balagh.i18n import N_, isolate, typed
from balagh.people import preferences, verification
from balagh.people.verification import Channel, Right, Sent, TooSoon, Wrong
from balagh.reports import contact, steps
from balagh.reports.fields import Field, Line, Problem, phone_text
from balagh.reports.wizard import Step, parse
from balagh.text import latin_digits
from balagh.web.beneficiary.questions import question_page, situation
from balagh.web.beneficiary.visits import go, person_id
from balagh.web.page import AnyRequest, language_of, render, settings_of


class Address(msgspec.Struct, frozen=True):
    """``channel``: that of its messages; ``same``: why the answer cannot be taken when nothing
    would change."""

    channel: Channel
    step: Step
    same: Problem


def _step(slug: str, title: str, lead: str, field: Field) -> Step:
    return Step(slug=slug, title=title, lead=lead, section="", fields=(field,))


ADDRESSES = {
    "phone": Address(
        "sms",
        _step(
            "phone",
            N_("What is your new mobile number?"),
            N_("We send a code to it, to be sure that it is yours. Until then the old one stays."),
            steps.PHONE,
        ),
        Problem(N_("This is your number already")),
    ),
    "email": Address(
        "email",
        _step(
            "email",
            N_("What is your new e-mail address?"),
            N_("We send a code to it, to be sure that it is yours. Until then the old one stays."),
            steps.EMAIL,
        ),
        Problem(N_("This is your e-mail address already")),
    ),
}


class Code(Line, frozen=True, kw_only=True):
    """Six digits, of either form; spaces between them do not count."""

    def parse(self, answers: Any, values: Any, situation: Any) -> str | Problem:
        typed_code = re.sub(r"\s", "", latin_digits(answers.get(self.name, "")))
        if not typed_code:
            return Problem(self.missing)
        if not re.fullmatch(r"[0-9]{6}", typed_code):
            return Problem(N_("The code has 6 digits"))
        return typed_code


CODE = Code(
    name="code",
    label=N_("Code"),
    hint=N_("6 digits, valid for 10 minutes"),
    missing=N_("Write the code"),
    autocomplete="one-time-code",
    inputmode="numeric",
    maxlength=12,
    ltr=True,
)
WRONG = N_("This is not the code that we sent. Attempts left: {n}")
VOID = N_("This code can no longer be used. Get a new one.")
TOO_SOON = N_("The next code can be sent at {time}. The last one may still be on its way.")


async def ask(request: AnyRequest, which: str) -> Response[Any]:
    """The new address is asked for."""
    address = _address(which)
    if not _reachable(request, address):
        return render(request, "account/no_sms.html")
    known = await preferences.of(person_id(request))
    shown = phone_text(known.phone) if which == "phone" and known.phone else known.email
    current = {which: (shown or "") if which == "phone" or known.email else ""}
    return await question_page(request, address.step, current, button=_send_text(request))


async def send(request: AnyRequest, which: str) -> Response[Any]:
    """Sends a code to the new address."""
    address = _address(which)
    if not _reachable(request, address):
        return go(f"/account/{which}")
    form = await request.form()
    answers = {which: str(form.get(which, ""))[:1000].replace("\x00", "")}
    values, problems = parse(address.step, answers, {}, await situation(request))
    person = person_id(request)
    known = await preferences.of(person)
    if not problems and values[which] == getattr(known, which):
        problems = {which: address.same}
    if not problems:
        outcome = await _send(request, person, address, values[which])
        if isinstance(outcome, Sent):
            return go(f"/account/{which}/code")
        problems = {which: _too_soon(request, outcome)}
    return await question_page(request, address.step, answers, problems, button=_send_text(request))


@get("/account/{which:str}/code")
async def ask_code(request: AnyRequest, which: FromPath[str]) -> Response[Any]:
    """The code is asked for."""
    return await _code_page(request, which, {})


@post("/account/{which:str}/code")
async def confirm(request: AnyRequest, which: FromPath[str]) -> Response[Any]:
    """The right code makes the new address the person's."""
    address = _address(which)
    form = await request.form()
    answers = {"code": str(form.get("code", ""))[:100].replace("\x00", "")}
    values, problems = parse(_code_step(which), answers, {}, await situation(request))
    if problems:
        return await _code_page(request, which, answers, problems["code"])
    outcome = await contact.confirm(
        person_id(request),
        address.channel,
        values["code"],
        secret_key=settings_of(request).secret_key,
        now=clock.now(),
    )
    if isinstance(outcome, Right):
        request.app.state.waker.wake()
        return go(f"/account?saved={which}")
    if isinstance(outcome, Wrong) and outcome.left:
        return await _code_page(request, which, answers, Problem(WRONG, {"n": outcome.left}))
    return await _code_page(request, which, {}, Problem(VOID))


@post("/account/{which:str}/code/again")
async def send_again(request: AnyRequest, which: FromPath[str]) -> Response[Any]:
    """Another code to the same address."""
    address = _address(which)
    person = person_id(request)
    found = await verification.pending(person, address.channel, clock.now())
    if found is None or not _reachable(request, address):
        return go(f"/account/{which}")
    outcome = await _send(request, person, address, found.address)
    if isinstance(outcome, TooSoon):
        return await _code_page(request, which, {}, _too_soon(request, outcome))
    return go(f"/account/{which}/code")


async def _send(request: AnyRequest, person: int, address: Address, value: str) -> Sent | TooSoon:
    outcome = await verification.send(
        person,
        address.channel,
        value,
        secret_key=settings_of(request).secret_key,
        now=clock.now(),
    )
    if isinstance(outcome, Sent):
        request.app.state.waker.wake()
    return outcome


async def _code_page(
    request: AnyRequest, which: str, answers: dict[str, str], problem: Problem | None = None
) -> Response[Any]:
    address = _address(which)
    found = await verification.pending(person_id(request), address.channel, clock.now())
    if found is None:
        return go(f"/account/{which}")
    shown = isolate(phone_text(found.address)) if which == "phone" else typed(found.address)
    language = language_of(request)
    lead: Markup = language.markup("We sent a code to {address}.", address=shown)
    return await question_page(
        request,
        _code_step(which),
        answers,
        {"code": problem} if problem else None,
        lead=lead,
        button=language.text("Confirm"),
        again_url=f"/account/{which}/code/again",
        back_url=f"/account/{which}",
    )


def _code_step(which: str) -> Step:
    return Step(slug=f"{which}/code", title=N_("Write the code"), section="", fields=(CODE,))


def _address(which: str) -> Address:
    if which not in ADDRESSES:
        raise NotFoundException
    return ADDRESSES[which]


def _reachable(request: AnyRequest, address: Address) -> bool:
    # Without a gateway no code can be sent, and nobody could tell a number that is theirs.
    return address.channel == "email" or settings_of(request).sms_url is not None


def _send_text(request: AnyRequest) -> str:
    return language_of(request).text("Send the code")


def _too_soon(request: AnyRequest, outcome: TooSoon) -> Problem:
    zone = ZoneInfo(settings_of(request).zone)
    return Problem(TOO_SOON, {"time": language_of(request).time(outcome.again_at, zone)})


router = Router("/", route_handlers=[ask_code, confirm, send_again])
