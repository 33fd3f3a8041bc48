"""The head of a report's page: what it is, whose it is, until when, and who else looks at it."""

from urllib.parse import urlsplit

import msgspec
from litestar.datastructures import Cookie
from markupsafe import Markup

from balagh.database import fetch
from balagh.i18n import N_, Language, grouped, isolate
from balagh.reports.cases import Case, Desk
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import STATE_TEXT
from balagh.web import access
from balagh.web.counting import CountingView, check_counting, counting
from balagh.web.page import AnyRequest, settings_of
from balagh.web.staff.clocks import REVIEW, CheckView, DueView, age, check_view, due_view
from balagh.web.telling import Teller
from balagh.web.views import number

CHANNEL_TEXT = {
    "portal": N_("Balagh portal"),
    "toll_free": N_("Toll-free number 199099"),
    "gov_sa": N_("GOV.SA platform"),
    "other": N_("Another channel of Amer"),
}


class HeadView(msgspec.Struct, frozen=True, kw_only=True):
    """``about``: kind, number, channel, when it was filed, who has it; one part each."""

    back_url: str
    title: str
    state: str
    state_text: str
    about: list[Markup]
    high: bool
    due: DueView | None
    check: CheckView | None
    counting: CountingView | None


async def head(request: AnyRequest, desk: Desk, case: Case, teller: Teller) -> HeadView:
    language = teller.language
    filed = language.text("Filed {when}", when=teller.when(case.submitted_at))
    ago = age(case.submitted_at, teller)
    return HeadView(
        back_url=inbox_of(request),
        title=case.title,
        state=case.state.value,
        state_text=language.text(STATE_TEXT[case.state]),
        about=[
            Markup("{} {}").format(language.text(KINDS[case.kind].name), number(case.number)),
            Markup("{}").format(language.text(CHANNEL_TEXT[case.channel])),
            Markup("{}").format(f"{filed} ({ago})" if ago else filed),
            *await _hands(desk, case, language),
        ],
        high=case.priority == "high",
        due=due_view(case, teller),
        # When the check was done is Amer's own promise.
        check=check_view(case, teller) if desk.side == "amer" else None,
        counting=_counting(desk, case, teller),
    )


def _counting(desk: Desk, case: Case, teller: Teller) -> CountingView | None:
    """How the dates beside it are counted: the answer's, and the check's as long as it is open."""
    answer, check = counting(case, teller), None
    if desk.side == "amer" and case.checked_at is None and case.state in REVIEW:
        check = check_counting(case.submitted_at, case.completeness_due_at, teller)
    if answer is None or check is None:
        return answer
    summary = teller.language.text("How are these dates counted?")
    return CountingView(summary, [*answer.reckonings, check])


def inbox_of(request: AnyRequest) -> str:
    """The view of the inbox that one came from: by the page before, or as remembered since."""
    before = urlsplit(request.headers.get("referer", ""))
    if before.path == "/inbox" and before.netloc == request.headers.get("host"):
        return "/inbox" + (f"?{before.query}" if before.query else "")
    session, _, kept = request.cookies.get(FROM, "").partition(" ")
    # Of whoever was here before in this browser, or not ours: nothing to go back to.
    ours = session == _session(request) and kept.startswith("/inbox?")
    return kept if ours else "/inbox"


def remember_inbox(request: AnyRequest, url: str) -> Cookie:
    """Keeps the view for the pages after a form, which no longer come from the inbox."""
    value = f"{_session(request)} {url}"
    return access.cookie(FROM, value, seconds=24 * 3600, settings=settings_of(request))


FROM = "inbox"


def _session(request: AnyRequest) -> str:
    found = access.visitor(request)
    return str(found.session_id) if found else ""


async def _hands(desk: Desk, case: Case, language: Language) -> list[Markup]:
    """Who has it: at Amer for Amer, and at the agency."""
    own = case.assignee_id if desk.side == "amer" else case.officer_id
    wanted = [id for id in {own, case.officer_id} if id is not None]
    rows = await fetch(
        "SELECT id, name_ar, name_en FROM staff WHERE id = ANY($1::bigint[])", wanted
    )
    names = {row["id"]: language.name(row) for row in rows}
    if own is None:
        found = [Markup("{}").format(language.text("Not assigned"))]
    else:
        found = [language.markup("Assigned to {name}", name=_bold(names[own]))]
    if desk.side == "amer" and case.referred_agency_id is not None:
        agency = _bold(case.agency_ar if language.code == "ar" else case.agency_en)
        if case.officer_id is None:
            found.append(language.markup("Referred to {agency}", agency=agency))
        else:
            found.append(
                language.markup(
                    "Referred to {agency}, with {name}",
                    agency=agency,
                    name=isolate(names[case.officer_id]),
                )
            )
    return found


def _bold(text: str) -> Markup:
    return Markup("<b>{}</b>").format(isolate(text))


def titled(case: Case, language: Language) -> str:
    """Kind and number, for pages beside the report's own."""
    return language.text(
        "{kind} no. {number}",
        kind=language.text(KINDS[case.kind].name),
        number=grouped(case.number),
    )
