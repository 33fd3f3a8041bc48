"""«رسائل تعذّر تسليمها»: what could not be delivered, for a supervisor: sent again, to a right
address, or settled otherwise (specification 6)."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from balagh.directory.lookup import catalogue
from balagh.i18n import N_, Language
from balagh.notices.moments import MOMENTS
from balagh.people import audit
from balagh.reports import steps, undelivered
from balagh.reports.choices import Choices
from balagh.reports.fields import Field, Line, Problem, Situation, phone_text
from balagh.reports.undelivered import KEEPERS, MANY, NewAddress, Tab
from balagh.web import access
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, render
from balagh.web.staff.assigning import whole
from balagh.web.staff.desk import desk_of
from balagh.web.staff.failing import asked_for, choices_view, line_view
from balagh.web.telling import Teller, teller_of
from balagh.web.views import FieldView, error_views, field_view, text_view

_TABS = {
    Tab.FAILED: N_("Could not be delivered"),
    Tab.WAITING: N_("Waiting for over an hour"),
    Tab.DISMISSED: N_("Settled otherwise"),
}
_NOTHING = {
    Tab.FAILED: N_("Every message that was due has gone out."),
    Tab.WAITING: N_("No message waits for long."),
    Tab.DISMISSED: N_("Nothing was settled otherwise yet."),
}
_DONE = {
    "resent": N_("It is sent again now."),
    "dismissed": N_("It is settled, and no longer counted."),
    "first": N_("Somebody was faster: this is how it stands now."),
}
WHY = Line(
    name="why",
    label=N_("How was it settled?"),
    hint=N_("Such as: told by telephone. The beneficiary does not see it."),
    missing=N_("Write how it was settled"),
    least=3,
    maxlength=500,
)
_SAME = Problem(N_("This is the address at which it failed. Write another one."))
_ADDRESS: dict[str, Field] = {"sms": steps.PHONE, "email": steps.EMAIL}
_LONGEST = 2000


class TabView(msgspec.Struct, frozen=True):
    """``count``: empty where it is not counted."""

    url: str
    text: str
    count: str
    current: bool


@get("/undelivered")
async def listed(request: AnyRequest) -> Response[Any]:
    """``?sent=4``: so many were sent again just now."""
    teller = await teller_of(request)
    tab, given = asked_for(request)
    after = whole(request.query_params.get("after", ""))
    page = await undelivered.page(
        tab, teller.now, channel=given["channel"], moment=given["moment"], after=after
    )
    counts = await undelivered.counts(teller.now)
    language = teller.language
    sent = whole(request.query_params.get("sent", ""))
    return render(
        request,
        "staff/undelivered.html",
        tab=tab.value,
        tabs=[
            TabView(_url(one, given), language.text(text), _count(counts.get(one)), one is tab)
            for one, text in _TABS.items()
        ],
        asked=await choices_view(given, teller),
        lines=[line_view(one, teller) for one in page.lines],
        nothing=language.text(_NOTHING[tab]),
        filtered=any(given.values()),
        next_url=_url(tab, given, after=str(page.next)) if page.next else "",
        all_url="/undelivered/resend?" + urlencode({k: v for k, v in given.items() if v})
        if tab is Tab.FAILED and counts[Tab.FAILED]
        else "",
        sent=None
        if sent is None
        else language.plural("{n} message is sent again", "{n} messages are sent again", sent),
    )


@get("/undelivered/{notice:int}")
async def one(request: AnyRequest, notice: FromPath[int]) -> Response[Any]:
    """``?done``: what was done with it just now."""
    return await _page(request, await _line(notice), view=True)


@post("/undelivered/{notice:int}/resend")
async def resend(request: AnyRequest, notice: FromPath[int]) -> Response[Any]:
    """Sends it again; twice is once."""
    found, teller = await _line(notice), await teller_of(request)
    seen = whole(str((await request.form()).get("as_of", "")))
    staff = desk_of(request).staff_id
    if seen is None or not await undelivered.resend(found.id, seen, staff, teller.now):
        return go(f"/undelivered/{found.id}?done=first")
    request.app.state.waker.wake()
    return go(f"/undelivered/{found.id}?done=resent")


@post("/undelivered/{notice:int}/address")
async def address(request: AnyRequest, notice: FromPath[int]) -> Response[Any]:
    """The right address: its report is told there from now on, and this goes there."""
    found, teller = await _line(notice), await teller_of(request)
    field = _ADDRESS[found.channel]
    form = await request.form()
    typed = str(form.get(field.name, ""))[:_LONGEST].replace("\x00", "")
    if found.report_id is None or not found.correctable:
        return await _page(request, found, status=409, address_typed=typed)
    new = field.parse({field.name: typed}, {}, await _situation(teller))
    if new == found.recipient:
        new = _SAME
    if not isinstance(new, str):
        wrong = new if isinstance(new, Problem) else Problem(field.missing)
        return await _page(request, found, status=422, address_typed=typed, address_wrong=wrong)
    moved = await undelivered.correct_address(
        NewAddress(
            notice=found.id,
            report=found.report_id,
            version=whole(str(form.get("as_of", ""))) or 0,
            channel=found.channel,
            old=found.recipient,
            new=new,
            shown=_shown(found, new),
            staff=desk_of(request).staff_id,
        ),
        teller.now,
    )
    if not moved:
        return await _page(request, await _line(notice), status=409, address_typed=typed)
    request.app.state.waker.wake()
    return go(f"/undelivered/{found.id}?done=resent")


@post("/undelivered/{notice:int}/dismissal")
async def dismiss(request: AnyRequest, notice: FromPath[int]) -> Response[Any]:
    """It was settled otherwise, such as by telephone."""
    found, teller = await _line(notice), await teller_of(request)
    form = await request.form()
    typed = str(form.get(WHY.name, ""))[:_LONGEST].replace("\x00", "")
    why = WHY.read(typed.strip()) if typed.strip() else Problem(WHY.missing)
    if isinstance(why, Problem):
        return await _page(request, found, status=422, why_typed=typed, why_wrong=why)
    seen, staff = whole(str(form.get("as_of", ""))), desk_of(request).staff_id
    if seen is None or not await undelivered.dismiss(found.id, seen, why, staff, teller.now):
        return await _page(request, await _line(notice), status=409, why_typed=typed)
    return go(f"/undelivered/{found.id}?done=dismissed")


async def _line(notice: int) -> undelivered.Line:
    found = await undelivered.line(notice) if notice < 2**63 else None
    if found is None:
        raise NotFoundException
    return found


async def _page(
    request: AnyRequest,
    found: undelivered.Line,
    *,
    status: int = 200,
    view: bool = False,
    address_typed: str | None = None,
    address_wrong: Problem | None = None,
    why_typed: str = "",
    why_wrong: Problem | None = None,
) -> Response[Any]:
    """``view``: it is opened, and no answer to a form. With 409 what was typed stays, and how it
    stands now is told."""
    teller = await teller_of(request)
    language = teller.language
    fields: dict[str, FieldView | None] = {"address": None, "why": None}
    if found.correctable:
        field = _ADDRESS[found.channel]
        kept = phone_text(found.recipient) if found.channel == "sms" else found.recipient
        typed = kept if address_typed is None else address_typed
        fields["address"] = field_view(
            field, {field.name: typed}, await _situation(teller), address_wrong, language, ""
        )
    if found.failed:
        fields["why"] = text_view(WHY, why_typed, why_wrong, language)
    done = request.query_params.get("done", "") if request.method == "GET" else ""
    response = render(
        request,
        "staff/undelivered_one.html",
        status=status,
        line=line_view(found, teller),
        fields=fields,
        errors=error_views([one for one in fields.values() if one and one.error]),
        url=f"/undelivered/{found.id}",
        done=language.text(_DONE[done]) if done in _DONE else "",
        overtaken=status == 409,
        typed=[one for one in (address_typed, why_typed) if one] if status == 409 else [],
        again=found.again,
        sms=found.channel == "sms",
        whose=_whose(found, language),
        as_of=found.resent,
        version=found.version,
    )
    if view:
        # Last, and for itself: who writes into the log keeps others from it until the end.
        subject = f"report:{found.report_id}" if found.report_id else f"notice:{found.id}"
        staff, data = desk_of(request).staff_id, {"notice": found.id}
        await audit.record(staff, "view_undelivered", subject, teller.now, data)
    return response


def _whose(found: undelivered.Line, language: Language) -> str:
    """Whose address it went to and who changes it, where that is not done here."""
    if not found.again or found.correctable:
        return ""
    known = MOMENTS.get(found.moment)
    if known is not None and known.audience == "staff":
        return language.text(
            "It went to a member of staff, at the address of their account. "
            "If that is wrong, ask an administrator to see to the account."
        )
    return language.text(
        "It went to the address in the person's account. They change it themselves, in their "
        "settings, with a code."
    )


def _shown(found: undelivered.Line, new: str) -> list[tuple[str, str, str]]:
    """Old and new as they are told, where that is another way than they are kept."""
    if found.channel != "sms":
        return []
    return [
        (which, language, phone_text(value))
        for which, value in (("old", found.recipient), ("new", new))
        for language in ("ar", "en")
    ]


async def _situation(teller: Teller) -> Situation:
    return Situation(
        today=teller.now.astimezone(teller.zone).date(),
        directory=Choices(await catalogue(teller.now), teller.language.code),
    )


def _url(tab: Tab, given: dict[str, str], **more: str) -> str:
    return "/undelivered?" + urlencode(
        {"tab": tab.value, **{name: value for name, value in given.items() if value}, **more}
    )


def _count(count: int | None) -> str:
    if count is None:
        return ""
    return f"{MANY - 1}+" if count >= MANY else str(count)


router = Router(
    "/",
    guards=[access.staff(*KEEPERS)],
    route_handlers=[listed, one, resend, address, dismiss],
)
