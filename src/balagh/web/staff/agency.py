"""What the forms of the agency's panels do: acknowledge, send and withdraw links, deliver."""

from typing import Any, Literal, cast
from uuid import uuid4

from litestar import Response, Router, post
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from balagh import clock
from balagh.files.inspection import Refused, inspect
from balagh.reports import answer_links, moments, promises
from balagh.reports.acknowledging import acknowledge
from balagh.reports.answer_links import Contact
from balagh.reports.cases import AGENCY, Case
from balagh.reports.fields import Problem
from balagh.reports.promises import DELIVERERS, Delivery, KeptFile
from balagh.web import access
from balagh.web.asking import LONGEST, situation_of, typed_in
from balagh.web.beneficiary.evidence import UPLOAD
from balagh.web.page import AnyRequest, settings_of
from balagh.web.staff import promise as promised
from balagh.web.staff.answer_links import FIELDS
from balagh.web.staff.answer_links import answer_links as links_panel
from balagh.web.staff.case import show
from balagh.web.staff.desk import case_of, desk_of
from balagh.web.telling import Teller, teller_of


@post("/cases/{number:str}/acknowledgement", guards=[access.staff(*AGENCY)])
async def confirm_receipt(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """Confirms that the agency received it; pressed twice, or by two, it is what they wanted."""
    case = await case_of(request, number)
    await acknowledge(desk_of(request), case.id, clock.now())
    return _back(case, "acknowledgement")


_MAKERS = access.staff(*answer_links.MAKERS)


@post("/cases/{number:str}/answer-links", guards=[_MAKERS])
async def send_link(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """Sends a link to the contact that was named."""
    case, teller, desk = await case_of(request, number), await teller_of(request), desk_of(request)
    typed, situation = await typed_in(request, FIELDS), await situation_of(teller)
    parsed = {field.name: field.parse(typed, {}, situation) for field in FIELDS}
    problems = {name: found for name, found in parsed.items() if isinstance(found, Problem)}
    if problems:
        panel = await links_panel(desk, case, teller, typed=typed, problems=problems)
        return await show(
            request, case, status=422, answer_links=panel, errors=panel.errors if panel else []
        )
    contact = Contact(
        parsed["link_name"],
        parsed["link_email"],
        cast(Literal["ar", "en"], parsed["link_language"]),
    )
    settings = settings_of(request)
    common = moments.common(await moments.addressee_of(case.id), settings.public_url, teller.zone)
    # Nothing of the beneficiary: what they filed is behind the link.
    about = {name: common[name] for name in ("number", "kind", "agency_ar", "agency_en", "due_on")}
    tail = "" if contact.language == "ar" else f"?lang={contact.language}"

    def words(token: str, end: Any) -> dict[str, Any]:
        return {
            **about,
            "name": contact.name,
            "open_until": end.isoformat(),
            "answer_url": f"{settings.public_url}/answer/{token}{tail}",
        }

    made = answer_links.may_make(desk, case) and await answer_links.make(
        desk, case, contact, words, teller.now
    )
    if not made:
        found = await case_of(request, number)
        panel = await links_panel(desk, found, teller, typed=typed, gone=True)
        return await show(request, found, status=409, answer_links=panel)
    request.app.state.waker.wake()
    return _back(case, "answer-link")


@post("/cases/{number:str}/answer-links/{link:int}/revocation", guards=[_MAKERS])
async def revoke_link(
    request: AnyRequest, number: FromPath[str], link: FromPath[int]
) -> Response[Any]:
    """Ends a link; one that has ended stays as it was."""
    case = await case_of(request, number)
    if link not in {one.id for one in await answer_links.links_of(case.id)}:
        raise NotFoundException
    await answer_links.revoke(desk_of(request), case.id, link, clock.now())
    return _back(case, "answer-link-withdrawal")


@post(
    "/cases/{number:str}/delivery",
    guards=[access.staff(*DELIVERERS)],
    request_max_body_size=UPLOAD,
)
async def deliver(
    request: AnyRequest, number: FromPath[str], as_of: FromQuery[int]
) -> Response[Any]:
    """Marks what was promised as live, with what shows it, and tells the beneficiary."""
    case, teller, desk = await case_of(request, number), await teller_of(request), desk_of(request)
    form = await request.form()
    sent, upload = form.get(promised.EVIDENCE.name), form.get("delivery_file")
    typed = sent[:LONGEST].replace("\x00", "") if isinstance(sent, str) else ""
    # An empty file field comes as a file without a name.
    chosen = upload if isinstance(upload, UploadFile) and upload.filename else None
    if not promises.promised(case):
        raise NotFoundException
    if case.delivered_at is not None or case.version != as_of:
        return await _overtaken(request, case, typed, teller)
    text = promised.EVIDENCE.read(typed.strip()) if typed.strip() else ""
    problem = text if isinstance(text, Problem) else None
    verdict = await inspect(chosen.file, chosen.filename) if chosen and not problem else None
    wrong = verdict.reason if isinstance(verdict, Refused) else ""
    if not problem and not text and verdict is None:
        wrong = promised.NOTHING_GIVEN
    if problem or wrong or isinstance(text, Problem) or isinstance(verdict, Refused):
        panel = promised.promise(
            desk, case, teller, typed=typed, problem=problem, file_problem=wrong
        )
        return await show(
            request, case, status=422, promise=panel, errors=panel.errors if panel else []
        )
    file = None
    if verdict is not None:
        file = KeptFile(uuid4(), verdict.name, verdict.media_type, verdict.size, verdict.sha256)
        # Bytes first: a record without bytes would be a lie, bytes without a record are swept away.
        await request.app.state.store.put(file.id, verdict.data)
    settings = settings_of(request)
    given = Delivery(
        report=case.id,
        version=as_of,
        staff=desk.staff_id,
        agency_ar=case.agency_ar,
        agency_en=case.agency_en,
        text=text,
        file=file,
        notices=moments.notices(
            promises.MOMENT,
            await moments.addressee_of(case.id),
            public_url=settings.public_url,
            sms=settings.sms_url is not None,
            zone=teller.zone,
            promised_on=case.promised_on.isoformat() if case.promised_on else None,
        ),
    )
    if not await promises.deliver(given, teller.now):
        if file is not None:
            await request.app.state.store.delete(file.id)
        return await _overtaken(request, await case_of(request, number), typed, teller)
    request.app.state.waker.wake()
    return _back(case, "delivery")


async def _overtaken(request: AnyRequest, case: Case, typed: str, teller: Teller) -> Response[Any]:
    """Somebody else was faster: the case as it is by now, and what was typed."""
    panel = promised.promise(desk_of(request), case, teller, typed=typed, first=True)
    return await show(request, case, status=409, promise=panel)


def _back(case: Case, done: str) -> Response[Any]:
    return access.see_other(f"/cases/{case.number}?done={done}")


router = Router("/", route_handlers=[confirm_receipt, send_link, revoke_link, deliver])
