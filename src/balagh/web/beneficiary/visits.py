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
from balagh.people import preferences
from balagh.people.preferences import Preferences
from balagh.people.sessions import Visitor
from balagh.reports import casework
from balagh.reports.behalf import INDIVIDUAL, Behalf, behalf_of
from balagh.reports.casework import Filer, OpenDraft
from balagh.reports.choices import Choices
from balagh.reports.eligibility import Failure
from balagh.reports.fields import Answers, Situation, Values
from balagh.reports.kinds import KINDS
from balagh.reports.telling_channels import Reach
from balagh.reports.wizard import Journey, Kind, asked_of, journey
from balagh.web import access
from balagh.web.page import AnyRequest, language_of, settings_of
from balagh.workdays import Calendar

# Whose report it becomes: known by their session, or as a caller by what is kept of them.
Person = Visitor | Preferences


class Visit(msgspec.Struct, kw_only=True):
    """``answers``: the draft's, and what is known of the person where it is asked for.

    ``person``: whose report it becomes; ``filer``: who makes the request, they themselves or staff
    that files for them. ``changing``: they came from the check page to change one answer, and go
    back there.
    """

    request: Any
    person: Person
    filer: Filer
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

    @property
    def assisted(self) -> bool:
        """Whether staff files for a caller."""
        return self.filer.staff_id is not None

    @property
    def home(self) -> str:
        """Where it is gone on from later."""
        return "/intake" if self.assisted else "/reports"

    def url(self, slug: str) -> str:
        return f"{self.base}/{slug}"

    def report_url(self, number: str) -> str:
        """An earlier report of the person's, where whoever asks may see it."""
        return f"/cases/{number}" if self.assisted else f"/reports/{number}"

    async def failing(self, values: Values | None = None) -> tuple[Failure, ...]:
        """Every condition known to fail by now, the database's one included: filed before.

        ``values``: what is understood, when that is more than the journey's.
        """
        known = self.path.values if values is None else values
        key = self.kind.once.key(known)
        earlier = ""
        if key is not None:
            (earlier,) = await casework.earlier(self.kind, [(self.draft.person_id, key)])
        return self.kind.failing(known, self.situation, self.calendar, earlier)


def person_id(request: AnyRequest) -> int:
    """The beneficiary behind the request; 404 for staff, sign-in for the anonymous."""
    found = access.beneficiary_of(request).person_id
    if found is None:
        raise NotFoundException
    return found


def filer_of(request: AnyRequest) -> Filer:
    """Who files by this request; behind the guard ``access.filing``."""
    found = access.visitor(request)
    if found is not None and found.staff_id is not None:
        return Filer(staff_id=found.staff_id)
    return Filer(person_id=person_id(request))


async def own_draft(
    request: AnyRequest, draft: UUID, filed: str = "/reports/{number}"
) -> OpenDraft | Redirect:
    """The person's own draft, or the one that this member of staff made for a caller; a draft that
    was filed leads to its report (``filed``: to which page of it); else 404."""
    filer = filer_of(request)
    found = await casework.open_draft(draft, filer)
    if found is not None and found.kind in KINDS:
        return found
    number = await casework.filed_from(draft, filer)
    if number is None:
        raise NotFoundException
    return go(filed_url(filer, number) if filer.staff_id else filed.format(number=number))


def filed_url(filer: Filer, number: str) -> str:
    """The page that gives the number of what was just filed."""
    return f"/intake/filed/{number}" if filer.staff_id else f"/reports/{number}/confirmation"


async def visit(request: AnyRequest, draft: OpenDraft, *, contact: bool = False) -> Visit:
    """Follows the draft's answers as they are now. ``contact``: its step is asked again."""
    filer = filer_of(request)
    person: Person = (
        await preferences.of(draft.person_id) if filer.staff_id else access.beneficiary_of(request)
    )
    language = language_of(request)
    settings = settings_of(request)
    now = clock.now()
    kind = KINDS[draft.kind]
    # On the page where it was typed, what an ended session could not send any more.
    again = access.unsent_of(request)
    typed = {**draft.answers, **(again.fields if again else {})}
    assisted = filer.staff_id is not None
    answers = answers_of(person, typed, contact=contact, assisted=assisted)
    situation = Situation(
        today=now.astimezone(ZoneInfo(settings.zone)).date(),
        directory=Choices(await catalogue(now), language.code),
        files=len(draft.files),
        images=sum(file.image for file in draft.files),
        assisted=assisted,
    )
    return Visit(
        request=request,
        person=person,
        filer=filer,
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


def answers_of(
    person: Person, answers: Answers, *, contact: bool = False, assisted: bool = False
) -> dict[str, str]:
    """The draft's answers and, where they are asked for, the person's contact details."""
    return asked_of(
        answers,
        name=person.name,
        phone=person.phone,
        email=person.email,
        behalf=behalf_answers(person),
        again=contact,
        assisted=assisted,
    )


def behalf_answers(person: Person) -> dict[str, str]:
    """On whose behalf the person filed last, as typed."""
    return {
        "account_type": person.account_type or INDIVIDUAL,
        "organisation_name": person.organisation_name or "",
        "organisation_number": person.organisation_number or "",
    }


def known_behalf(person: Person) -> Behalf:
    """On whose behalf the person files unless they say otherwise."""
    if person.account_type in (None, INDIVIDUAL):
        return Behalf()
    return Behalf(
        account_type=str(person.account_type),
        name=person.organisation_name,
        number=person.organisation_number,
    )


class Contact(msgspec.Struct, frozen=True):
    """``phone`` in E.164; a caller may have no e-mail address."""

    name: str
    phone: str
    email: str | None
    behalf: Behalf


def contact_of(here: Visit) -> Contact:
    """Whom this report comes from: as typed here, else as known from sign-in."""
    values = here.path.values
    return Contact(
        name=values.get("name") or here.person.name,
        phone=values.get("phone") or here.person.phone or "",
        email=values.get("email") or here.person.email,
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
