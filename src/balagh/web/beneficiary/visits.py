"""One request's view of one draft: whose it is, where its answers lead, and in which language."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar.exceptions import NotFoundException
from litestar.response import Redirect

from balagh import clock
from balagh.directory.holidays import calendar as working_calendar
from balagh.directory.lookup import catalogue
from balagh.i18n import Language
from balagh.people.sessions import Visitor
from balagh.reports import casework
from balagh.reports.behalf import INDIVIDUAL, Behalf, behalf_of
from balagh.reports.casework import OpenDraft
from balagh.reports.choices import Choices
from balagh.reports.eligibility import Failure
from balagh.reports.fields import Answers, Situation, Values
from balagh.reports.kinds import KINDS
from balagh.reports.telling_channels import Reach
from balagh.reports.wizard import Journey, Kind, asked_of, journey
from balagh.web import access
from balagh.web.page import AnyRequest, language_of, settings_of
from balagh.workdays import Calendar


class Visit(msgspec.Struct, kw_only=True):
    """``answers``: the draft's, and what is known of the person where it is asked for.

    ``changing``: the person came from the check page to change one answer, and goes back there.
    """

    request: Any
    person: Visitor
    language: Language
    now: datetime
    kind: Kind
    draft: OpenDraft
    answers: Answers
    situation: Situation
    calendar: Calendar
    path: Journey
    changing: bool

    @property
    def base(self) -> str:
        return f"/drafts/{self.draft.id}"

    def url(self, slug: str) -> str:
        return f"{self.base}/{slug}"

    async def failing(self, values: Values | None = None) -> tuple[Failure, ...]:
        """Every condition known to fail by now, the database's one included: filed before.

        ``values``: what is understood, when that is more than the journey's.
        """
        known = self.path.values if values is None else values
        key = self.kind.once.key(known)
        earlier = ""
        if key is not None:
            (earlier,) = await casework.earlier(self.kind, [(person_id(self.request), key)])
        return self.kind.failing(known, self.situation, self.calendar, earlier)


def person_id(request: AnyRequest) -> int:
    """The beneficiary behind the request; 404 for staff, sign-in for the anonymous."""
    found = access.beneficiary_of(request).person_id
    if found is None:
        raise NotFoundException
    return found


async def own_draft(request: AnyRequest, draft: UUID) -> OpenDraft | Redirect:
    """The person's draft; a draft that was filed leads to its report; else 404."""
    person = person_id(request)
    found = await casework.open_draft(draft, person)
    if found is not None and found.kind in KINDS:
        return found
    number = await casework.filed_from(draft, person)
    if number is None:
        raise NotFoundException
    return go(f"/reports/{number}")


async def visit(request: AnyRequest, draft: OpenDraft, *, contact: bool = False) -> Visit:
    """Follows the draft's answers as they are now. ``contact``: its step is asked again."""
    person = access.beneficiary_of(request)
    language = language_of(request)
    settings = settings_of(request)
    now = clock.now()
    kind = KINDS[draft.kind]
    # On the page where it was typed, what an ended session could not send any more.
    again = access.unsent_of(request)
    typed = {**draft.answers, **(again.fields if again else {})}
    answers = answers_of(person, typed, contact=contact)
    situation = Situation(
        today=now.astimezone(ZoneInfo(settings.zone)).date(),
        directory=Choices(await catalogue(now), language.code),
        files=len(draft.files),
        images=sum(file.image for file in draft.files),
    )
    return Visit(
        request=request,
        person=person,
        language=language,
        now=now,
        kind=kind,
        draft=draft,
        answers=answers,
        situation=situation,
        calendar=await working_calendar(frozenset(settings.weekend), now),
        path=journey(kind, answers, situation),
        changing=request.query_params.get("change") == "1",
    )


def answers_of(person: Visitor, answers: Answers, *, contact: bool = False) -> dict[str, str]:
    """The draft's answers and, where they are asked for, the person's contact details."""
    return asked_of(
        answers,
        name=person.name,
        phone=person.phone,
        email=person.email,
        behalf=behalf_answers(person),
        again=contact,
    )


def behalf_answers(person: Visitor) -> dict[str, str]:
    """On whose behalf the person filed last, as typed."""
    return {
        "account_type": person.account_type or INDIVIDUAL,
        "organisation_name": person.organisation_name or "",
        "organisation_number": person.organisation_number or "",
    }


def known_behalf(person: Visitor) -> Behalf:
    """On whose behalf the person files unless they say otherwise."""
    if person.account_type in (None, INDIVIDUAL):
        return Behalf()
    return Behalf(
        account_type=str(person.account_type),
        name=person.organisation_name,
        number=person.organisation_number,
    )


class Contact(msgspec.Struct, frozen=True):
    """``phone`` in E.164."""

    name: str
    phone: str
    email: str
    behalf: Behalf


def contact_of(here: Visit) -> Contact:
    """Whom this report comes from: as typed here, else as known from sign-in."""
    values = here.path.values
    return Contact(
        name=values.get("name") or here.person.name,
        phone=values.get("phone") or here.person.phone or "",
        email=values.get("email") or here.person.email or "",
        behalf=behalf_of(values, known_behalf(here.person)),
    )


def reach_of(here: Visit) -> Reach:
    """Where this person is told, and by which channels."""
    contact = contact_of(here)
    return Reach(
        phone=contact.phone,
        email=contact.email,
        notify_sms=here.person.notify_sms,
        notify_email=here.person.notify_email,
    )


def go(url: str) -> Redirect:
    """303, which htmx's fetch follows too."""
    return Redirect(url, status_code=303)
