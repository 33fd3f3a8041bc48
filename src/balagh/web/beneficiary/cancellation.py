"""Cancelling a report: what it means, then once (specification 4, 7)."""

from typing import Any

from litestar import Response, Router, get, post
from litestar.params import FromPath, FromQuery

from balagh.i18n import N_
from balagh.reports import moments
from balagh.reports.acting import Deed, Done, act
from balagh.reports.allowed import refusal
from balagh.reports.fields import Answers, Paragraphs, Problem
from balagh.reports.inboxes import WholeReport
from balagh.reports.lifecycle import Action, Role, State
from balagh.reports.moments import MOMENTS
from balagh.web.beneficiary.own import (
    LONGEST,
    impossible,
    latest,
    own_report,
    standing_after,
    subtitle,
)
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, render, settings_of
from balagh.web.telling import Teller, teller_of
from balagh.web.views import FieldView, error_views, text_view

REASON = Paragraphs(
    name="reason",
    label=N_("Why do you cancel it?"),
    hint=N_("It helps the agency to get better. Up to 500 characters."),
    optional=True,
    maxlength=500,
)


@get("/reports/{number:str}/cancellation")
async def ask(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """Says what cancelling means, and asks."""
    report, teller = await own_report(request, number), await teller_of(request)
    return _ended(report, "") or _page(request, report, teller, {})


@post("/reports/{number:str}/cancellation")
async def cancel(
    request: AnyRequest, number: FromPath[str], as_of: FromQuery[int]
) -> Response[Any]:
    """Cancels the report that was seen as version ``as_of``."""
    report, teller = await own_report(request, number), await teller_of(request)
    given = (await request.form()).get("reason")
    typed = {"reason": given[:LONGEST].replace("\x00", "") if isinstance(given, str) else ""}
    done = _ended(report, typed["reason"])
    if done is not None:
        return done
    if refusal(report, Action.CANCEL, Role.BENEFICIARY, teller.now):
        return _page(request, report, teller, typed)
    reason = REASON.read(typed["reason"].strip()) if typed["reason"].strip() else ""
    if isinstance(reason, Problem):
        return _page(request, report, teller, typed, problem=reason)
    if report.version != as_of:
        return _page(request, report, teller, typed, changed=True)
    settings = settings_of(request)
    deed = Deed(
        report=report.id,
        version=as_of,
        action=Action.CANCEL,
        before=report.standing(),
        after=standing_after(request, report, Action.CANCEL, teller),
        actor="beneficiary",
        data={"reason": reason} if reason else {},
        notices=moments.notices(
            MOMENTS[Action.CANCEL],
            await moments.addressee_of(report.id),
            public_url=settings.public_url,
            sms=settings.sms_url is not None,
            zone=teller.zone,
            new_link=f"{settings.public_url}/new/{report.kind}",
        ),
    )
    if isinstance(await act(deed, teller.now), Done):
        request.app.state.waker.wake()
        return go(f"/reports/{report.number}")
    report = await own_report(request, number)
    return _ended(report, typed["reason"]) or _page(request, report, teller, typed, changed=True)


def _ended(report: WholeReport, reason: str) -> Response[Any] | None:
    """Pressed twice, or in two tabs: it is what they wanted."""
    led = report.led
    by_them = led is not None and (led.action, led.actor) == (Action.CANCEL, "beneficiary")
    if report.state is State.CANCELLED and led is not None and by_them:
        if reason.strip() and led.data.get("reason", "") != reason.strip().replace("\r\n", "\n"):
            return None
        return go(f"/reports/{report.number}")
    return None


def _page(
    request: AnyRequest,
    report: WholeReport,
    teller: Teller,
    typed: Answers,
    *,
    problem: Problem | None = None,
    changed: bool = False,
) -> Response[Any]:
    language = teller.language
    why = refusal(report, Action.CANCEL, Role.BENEFICIARY, teller.now)
    if why is not None:
        reason = typed.get("reason", "").strip()
        kept = ((language.text(REASON.label), reason),) if reason else ()
        return impossible(request, report, why, teller, typed=kept)
    field: FieldView = text_view(REASON, typed.get("reason", ""), problem, language)
    return render(
        request,
        "beneficiary/cancellation.html",
        title=report.title,
        subtitle=subtitle(report, teller),
        field=field,
        errors=error_views([field]),
        changed=latest(report, teller) if changed else "",
        action=f"/reports/{report.number}/cancellation?as_of={report.version}",
        report_url=f"/reports/{report.number}",
        status=422 if problem else 409 if changed else 200,
    )


router = Router("/", route_handlers=[ask, cancel])
