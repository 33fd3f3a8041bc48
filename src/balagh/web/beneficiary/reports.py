"""«بلاغاتي»: what waits for the person, what others work on, what is over (specification 7)."""

import json
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from markupsafe import Markup

from balagh.directory.lookup import catalogue
from balagh.files.store import Store
from balagh.i18n import N_, grouped, isolate
from balagh.reports import casework, inboxes, ratings, surveys
from balagh.reports.choices import Choices
from balagh.reports.fields import Situation, service_of
from balagh.reports.inboxes import DraftLine, ReportLine
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import STATE_TEXT, State
from balagh.reports.wizard import CHECK, journey
from balagh.web import access, views
from balagh.web.beneficiary.telling import Teller, agency_of, sentence, teller_of
from balagh.web.beneficiary.visits import answers_of, go, person_id
from balagh.web.page import AnyRequest, render

CHECK_AND_FILE = N_("Check and file")
CONTINUE = N_("Continue the draft")


class FilterView(msgspec.Struct, frozen=True):
    label: str
    count: int
    url: str
    current: bool


class CardView(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    url: str
    title: str
    subtitle: Markup
    state: str
    state_text: str
    head_text: str = ""
    sentence: Markup
    action_url: str = ""
    action_text: str = ""
    discard_url: str = ""
    rate_url: str = ""
    rate_text: str = ""


@get("/reports")
async def my_reports(
    request: AnyRequest,
    show: FromQuery[Literal["all", "open", "ended"]] = "all",
    before: FromQuery[int | None] = None,
) -> Response[Any]:
    """Grouped by who must act. ``before``: the id after which the older reports are listed."""
    person = person_id(request)
    teller = await teller_of(request)
    text = teller.language.text
    open_count, ended_count = await inboxes.counts(person)
    drafts = [] if show == "ended" or before else await inboxes.drafts(person)
    ongoing, ended = inboxes.NOTHING, inboxes.NOTHING
    if show != "ended":
        ongoing = await inboxes.mine(person, ended=False, before=before, limit=50)
    if show != "open":
        ended = await inboxes.mine(
            person, ended=True, before=before, limit=20 if show == "ended" else 5
        )
    waiting = [line for line in ongoing.lines if line.state is State.MISSING_DATA]
    working = [line for line in ongoing.lines if line.state is not State.MISSING_DATA]
    rated = await ratings.rated([line.id for line in ended.lines])
    more_url, more_text = "", ""
    if show == "all" and ended.next:
        more_url = "/reports?show=ended"
        more_text = text("Show all ended reports ({n})", n=ended_count)
    if ongoing.next or (show == "ended" and ended.next):
        kind = "ended" if show == "ended" else "open"
        more_url = f"/reports?show={kind}&before={ongoing.next or ended.next}"
        more_text = text("Earlier reports")
    return render(
        request,
        "beneficiary/reports.html",
        filters=[
            FilterView(text("All"), open_count + ended_count, "/reports", show == "all"),
            FilterView(text("Open"), open_count, "/reports?show=open", show == "open"),
            FilterView(text("Ended"), ended_count, "/reports?show=ended", show == "ended"),
        ],
        waiting=[_report_card(line, teller) for line in waiting]
        + [await _draft_card(request, draft, teller) for draft in drafts],
        working=[_report_card(line, teller) for line in working],
        finished=[
            _ended_card(line, teller, rated.get(line.id, frozenset())) for line in ended.lines
        ],
        more_url=more_url,
        more_text=more_text,
    )


def _report_card(line: ReportLine, teller: Teller) -> CardView:
    language = teller.language
    agency = agency_of(line, language)
    platform = line.platform_ar if language.code == "ar" else line.platform_en
    subtitle = language.markup(
        "{kind} {number} · {place}",
        kind=language.text(KINDS[line.kind].name),
        number=isolate(grouped(line.number)),
        place=platform or agency,
    )
    head = ""
    if line.state is State.MISSING_DATA and line.data_due_at:
        head = teller.hours(line.data_due_at)
    elif line.ended_at:
        head = language.date(line.ended_at.astimezone(teller.zone).date(), weekday=False)
    return CardView(
        kind="report",
        url=f"/reports/{line.number}",
        title=line.title,
        subtitle=subtitle,
        state=line.state.value,
        state_text=language.text(STATE_TEXT[line.state]),
        head_text=head,
        sentence=sentence(line, agency, teller),
    )


def _ended_card(line: ReportLine, teller: Teller, rated: frozenset[str]) -> CardView:
    """With the way to the first survey that is open and not answered yet."""
    card = _report_card(line, teller)
    for code in surveys.after(line.state):
        if code not in rated and surveys.may_rate(code, line.state, line.ended_at, teller.now):
            return msgspec.structs.replace(
                card,
                rate_url=f"/reports/{line.number}/rating/{code}",
                rate_text=teller.language.text(surveys.SURVEYS[code].invitation),
            )
    return card


async def _draft_card(request: AnyRequest, draft: DraftLine, teller: Teller) -> CardView:
    language = teller.language
    answers = answers_of(access.beneficiary_of(request), json.loads(draft.answers))
    kind = KINDS[draft.kind]
    directory = Choices(await catalogue(teller.now), language.code)
    path = journey(
        kind,
        answers,
        Situation(
            today=teller.now.astimezone(teller.zone).date(),
            directory=directory,
            files=draft.files,
            images=draft.images,
        ),
    )
    service = service_of(path.values) or language.text("Not named yet")
    named = service if isinstance(service, str) else language.name(service)
    return CardView(
        kind="draft",
        url=f"/drafts/{draft.id}",
        title=answers.get("title", "").strip()[:100] or named,
        subtitle=language.markup(
            "{kind} · step {n} of {count}",
            kind=language.text(kind.name),
            n=path.number(path.at),
            count=path.count,
        ),
        state="draft",
        state_text=language.text("Draft"),
        head_text=language.text("Saved {when}", when=teller.when(draft.updated_at)),
        sentence=language.markup(
            "You are reminded on {day}.", day=views.strong(language.date(draft.remind_on))
        )
        if draft.remind_on
        else Markup(""),
        action_url=f"/drafts/{draft.id}",
        action_text=language.text(CHECK_AND_FILE if path.at == CHECK else CONTINUE),
        discard_url=f"/drafts/{draft.id}/discard",
    )


@get("/drafts/{draft:uuid}/discard")
async def ask_discard(request: AnyRequest, draft: FromPath[UUID]) -> Response[Any]:
    """Asks before deleting: a draft may be an hour's typing."""
    if await casework.open_draft(draft, person_id(request)) is None:
        raise NotFoundException
    return render(
        request,
        "beneficiary/discard.html",
        action=f"/drafts/{draft}/discard",
        back_url="/reports",
    )


@post("/drafts/{draft:uuid}/discard")
async def discard(request: AnyRequest, draft: FromPath[UUID]) -> Response[Any]:
    """Deletes the draft and its files; a draft that is gone already stays gone."""
    store: Store = request.app.state.store
    for file in await casework.discard(draft, person_id(request)):
        await store.delete(file)
    return go("/reports")


router = Router("/", route_handlers=[my_reports, ask_discard, discard])
