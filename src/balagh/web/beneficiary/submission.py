"""Filing: the check page's button, and the page that gives the number in the same response."""

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from balagh import clock
from balagh.database import one_connection
from balagh.i18n import grouped
from balagh.reports import casework, deadlines, numbers, telling_channels
from balagh.reports.casework import Filed, Submission
from balagh.reports.fields import phone_text
from balagh.reports.inboxes import report_of
from balagh.reports.kinds import KINDS
from balagh.reports.telling_channels import Reach
from balagh.reports.wizard import CHECK
from balagh.web import access
from balagh.web.beneficiary.steps import refusal_page
from balagh.web.beneficiary.visits import (
    contact_of,
    filed_url,
    go,
    own_draft,
    person_id,
    reach_of,
    visit,
)
from balagh.web.page import AnyRequest, language_of, render, settings_of


@post("/drafts/{draft:uuid}/submission")
async def file_report(
    request: AnyRequest, draft: FromPath[UUID], as_of: FromQuery[int]
) -> Response[Any]:
    """Files once, however often the form is sent. ``as_of``: the version that was looked at."""
    async with one_connection():
        return await _file(request, draft, as_of)


async def _file(request: AnyRequest, draft: UUID, as_of: int) -> Response[Any]:
    found = await own_draft(request, draft, "/reports/{number}/confirmation")
    if isinstance(found, Redirect):
        # Sent before, here or in another tab: the same number again.
        return found
    here = await visit(request, found)
    if here.path.at != CHECK:
        return go(here.url(here.path.at))
    if found.version != as_of:
        return go(here.url(CHECK) + "?changed=1")
    # Whether it was filed before is the unique index's business, below: a look-up now would only
    # race.
    failures = here.kind.failing(here.path.values, here.situation, here.calendar, "")
    if failures:
        return refusal_page(here, failures, at=here.url("refusal"), status=409)
    settings = settings_of(request)
    contact = contact_of(here)
    outcome = await casework.submit(
        Submission(
            kind=here.kind,
            values=here.path.values,
            draft=found,
            filer=here.filer,
            name=contact.name,
            reach=reach_of(here),
            behalf=contact.behalf,
            # Somebody who files themselves is written to in the language they file in.
            language=here.person.language if here.assisted else here.language.code,
            public_url=settings.public_url,
            # Without a gateway no SMS is promised that nobody would send.
            sms=settings.sms_url is not None,
        ),
        here.now,
        here.calendar,
        ZoneInfo(settings.zone),
        settings.resolution_days,
    )
    if isinstance(outcome, Filed):
        request.app.state.waker.wake()
        return go(filed_url(here.filer, outcome.number))
    if outcome == "filed_before":
        # The look-up tells which one; when that was cancelled since, nothing stands in the way.
        failures = await here.failing()
        if failures:
            return refusal_page(here, failures, at=here.url("refusal"), status=409)
    return go(here.url(CHECK) + "?changed=1")


@get("/reports/{number:str}/confirmation")
async def confirmation(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """The number, when the answer comes at the latest, and what happens next."""
    report = await report_of(person_id(request), numbers.parse(number) or "")
    if report is None:
        raise NotFoundException
    settings = settings_of(request)
    zone = ZoneInfo(settings.zone)
    language = language_of(request)
    person = access.beneficiary_of(request)
    told = {
        way.channel: way.recipient
        for way in telling_channels.ways(
            Reach(
                phone=report.phone,
                email=report.email,
                notify_sms=person.notify_sms,
                notify_email=person.notify_email,
            ),
            sms=settings.sms_url is not None,
        )
    }
    return render(
        request,
        "beneficiary/confirmation.html",
        number=grouped(report.number),
        raw_number=report.number,
        due_on=deadlines.due_day(report.due_at, zone),
        resolution_days=settings.resolution_days,
        missing_data_hours=settings.missing_data_hours,
        completeness_on=deadlines.due_day(report.completeness_due_at, zone),
        phone=phone_text(told["sms"]) if "sms" in told else "",
        email=told.get("email", ""),
        agency_name=report.agency_ar if language.code == "ar" else report.agency_en,
        report_url=f"/reports/{report.number}",
        received=language.text(KINDS[report.kind].received),
        just_filed=clock.now() - report.submitted_at < timedelta(minutes=30),
    )


router = Router("/", route_handlers=[file_report, confirmation])
