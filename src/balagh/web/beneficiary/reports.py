"""«بلاغاتي»: what waits for the person, what others work on, what is over (specification 7)."""

import json
from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from markupsafe import Markup

from balagh import clock
from balagh.directory.lookup import catalogue
from balagh.files.store import Store
from balagh.i18n import N_, Language, grouped, isolate
from balagh.people import audit
from balagh.reports import casework, inboxes, ratings, surveys, timeline
from balagh.reports.allowed import allowed
from balagh.reports.casework import Filer
from balagh.reports.choices import Choices
from balagh.reports.fields import Situation, service_of
from balagh.reports.inboxes import Count, DraftLine, ReportLine
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import Action, Role, State
from balagh.reports.wizard import CHECK, journey
from balagh.web import access, views
from balagh.web.beneficiary.telling import agency_of, story_lead, story_sentence, story_state
from balagh.web.beneficiary.visits import answers_of, filer_of, go, person_id
from balagh.web.page import AnyRequest, language_of, render
from balagh.web.telling import Teller, teller_of

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
    kind: FromQuery[str] = "",
    before: FromQuery[int | None] = None,
) -> Response[Any]:
    """Grouped by who must act. ``kind``: only reports of that kind; ``before``: the id after which
    the older reports are listed."""
    person = person_id(request)
    teller = await teller_of(request)
    text = teller.language.text
    kind = kind if kind in KINDS else ""
    counts = await inboxes.counts(person)
    drafts = [] if show == "ended" or before else await inboxes.drafts(person)
    waiting, ongoing, ended = inboxes.NOTHING, inboxes.NOTHING, inboxes.NOTHING
    if show != "ended":
        if before is None:
            waiting = await inboxes.mine(person, "waiting", kind=kind, limit=50)
        ongoing = await inboxes.mine(person, "working", kind=kind, before=before, limit=50)
    if show == "ended" or (show == "all" and before is None):
        limit = 20 if show == "ended" else 5
        ended = await inboxes.mine(person, "ended", kind=kind, before=before, limit=limit)
    ended_count = sum(count.ended for count in counts if kind in ("", count.kind))
    rated = await ratings.rated([line.id for line in ended.lines])
    more_url, more_text = "", ""
    if show == "all" and ended.next:
        more_url = _address("ended", kind)
        more_text = text("Show all ended reports ({n})", n=ended_count)
    if ongoing.next or (show == "ended" and ended.next):
        older = ongoing.next or ended.next
        more_url = _address("ended" if show == "ended" else "open", kind, before=older)
        more_text = text("Earlier reports")
    return render(
        request,
        "beneficiary/reports.html",
        filters=_state_filters(counts, show, kind, text),
        kinds=_kind_filters(counts, show, kind, text),
        waiting=[_report_card(line, teller) for line in waiting.lines]
        + [
            await _draft_card(request, draft, teller)
            for draft in drafts
            if kind in ("", draft.kind)
        ],
        working=[_report_card(line, teller) for line in ongoing.lines],
        finished=[
            _ended_card(line, teller, rated.get(line.id, frozenset())) for line in ended.lines
        ],
        more_url=more_url,
        more_text=more_text,
    )


def _address(show: str, kind: str, *, before: int | None = None) -> str:
    """Where the filters are: in the address, so that it can be kept and sent."""
    query = {
        "show": show if show != "all" else "",
        "kind": kind,
        "before": str(before) if before else "",
    }
    said = urlencode({name: value for name, value in query.items() if value})
    return "/reports" + (f"?{said}" if said else "")


def _state_filters(
    counts: list[Count], show: str, kind: str, text: Callable[[str], str]
) -> list[FilterView]:
    mine = [count for count in counts if kind in ("", count.kind)]
    open_count, ended_count = sum(c.open for c in mine), sum(c.ended for c in mine)
    return [
        FilterView(text(label), count, _address(name, kind), show == name)
        for name, label, count in (
            ("all", N_("All"), open_count + ended_count),
            ("open", N_("Open"), open_count),
            ("ended", N_("Ended"), ended_count),
        )
    ]


def _kind_filters(
    counts: list[Count], show: str, kind: str, text: Callable[[str], str]
) -> list[FilterView]:
    """Nothing for who has reports of one kind only: there is nothing to choose."""
    known = {
        count.kind: (count.open if show != "ended" else 0) + (count.ended if show != "open" else 0)
        for count in counts
        if count.kind in KINDS
    }
    if len(known) < 2 and not kind:
        return []
    rows = [("", N_("All kinds"), sum(known.values()))]
    rows += [(code, KINDS[code].name, known.get(code, 0)) for code in KINDS if code in known]
    return [
        FilterView(text(label), count, _address(show, code), kind == code)
        for code, label, count in rows
    ]


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
    head, lead = "", story_lead(line)
    state, state_text = story_state(line, language)
    if lead.state is State.MISSING_DATA and lead.data_due_at:
        head = teller.hours(lead.data_due_at)
    elif lead.state in timeline.ENDED and line.ended_at:
        head = language.date(line.ended_at.astimezone(teller.zone).date(), weekday=False)
    action_url, action_text = "", ""
    if Action.UPDATE in allowed(lead, Role.BENEFICIARY, teller.now):
        action_url = f"/reports/{lead.number}/update"
        action_text = language.text("Update the request")
    return CardView(
        kind="report",
        url=f"/reports/{line.number}",
        title=line.title,
        subtitle=subtitle,
        state=state.value,
        state_text=state_text,
        head_text=head,
        sentence=story_sentence(line, teller),
        action_url=action_url,
        action_text=action_text,
    )


def _ended_card(line: ReportLine, teller: Teller, rated: frozenset[str]) -> CardView:
    """With the way to the first survey that is open and not answered yet."""
    card = _report_card(line, teller)
    for code in surveys.after(line.state):
        if code not in rated and surveys.may_rate(
            code, line.state, line.ended_at, teller.now, teller.zone
        ):
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
        sentence=_about_draft(draft, language),
        action_url=f"/drafts/{draft.id}",
        action_text=language.text(CHECK_AND_FILE if path.at == CHECK else CONTINUE),
        discard_url=f"/drafts/{draft.id}/discard",
    )


def _about_draft(draft: DraftLine, language: Language) -> Markup:
    if draft.remind_on:
        day = views.strong(language.date(draft.remind_on))
        return language.markup("You are reminded on {day}.", day=day)
    if draft.assisted:
        return language.markup("Amer centre began it for you. You may finish it yourself.")
    return Markup("")


@get("/drafts/{draft:uuid}/discard")
async def ask_discard(request: AnyRequest, draft: FromPath[UUID]) -> Response[Any]:
    """Asks before deleting: a draft may be an hour's typing."""
    filer = filer_of(request)
    if await casework.open_draft(draft, filer) is None:
        raise NotFoundException
    language = language_of(request)
    return render(
        request,
        "beneficiary/discard.html",
        action=f"/drafts/{draft}/discard",
        back_url=_home(filer),
        back_text=language.text("Callers" if filer.staff_id else "My reports"),
    )


@post("/drafts/{draft:uuid}/discard")
async def discard(request: AnyRequest, draft: FromPath[UUID]) -> Response[Any]:
    """Deletes the draft and its files; a draft that is gone already stays gone."""
    store: Store = request.app.state.store
    filer = filer_of(request)
    found = await casework.open_draft(draft, filer)
    if found is not None:
        for file in await casework.discard(draft, found.person_id):
            await store.delete(file)
        if filer.staff_id is not None:
            person = f"person:{found.person_id}"
            await audit.record(filer.staff_id, "discard_draft", person, clock.now())
    return go(_home(filer))


def _home(filer: Filer) -> str:
    return "/intake" if filer.staff_id else "/reports"


router = Router("/", route_handlers=[my_reports])
# Of a caller's drafts too, by whoever made them.
drafts_router = Router("/", route_handlers=[ask_discard, discard])
