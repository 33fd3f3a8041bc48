"""The panel of a report's page with what may be done to it now, and the message that will go out.

Each action the life cycle allows is a tab with a form, made from what ``reports.giving`` says it
must give. The forms are sent to ``web.staff.doing``.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from balagh.directory.lookup import catalogue
from balagh.i18n import N_, Language
from balagh.notices.messages import Sms
from balagh.notices.messages import render as message
from balagh.notices.texts import Words, words_now
from balagh.reports import cases, deadlines, giving, replies, timeline
from balagh.reports.acting import Deed, Notice
from balagh.reports.allowed import allowed
from balagh.reports.cases import Case, Desk, Entered, last_change
from balagh.reports.choices import Choices
from balagh.reports.deeds import Given, Portal, planned
from balagh.reports.fields import (
    Answers,
    Field,
    Items,
    Pick,
    Problem,
    Situation,
    Values,
)
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import Action, Entry
from balagh.reports.standing import Terms
from balagh.text import fold
from balagh.web import views
from balagh.web.beneficiary.filling import ANSWER, NEITHER
from balagh.web.page import AnyRequest, settings_of
from balagh.web.staff.desk import desk_of
from balagh.web.telling import Teller, teller_of

# The address of each action, in the order in which they are offered: the way on before the others.
NOUNS: Mapping[Action, str] = {
    Action.START_REVIEW: "review",
    Action.REFER: "referral",
    Action.ANSWER: "answer",
    Action.CLOSE: "closing",
    Action.ACCEPT_REOPENING: "reopening-acceptance",
    Action.UPDATE: "update",
    Action.REQUEST_DATA: "data-request",
    Action.RETURN_TO_AMER: "return",
    Action.SEND_BACK: "sending-back",
    Action.REFUSE_REOPENING: "reopening-refusal",
    Action.REJECT: "rejection",
}
ACTIONS = {noun: action for action, noun in NOUNS.items()}
TEXTS: Mapping[Action, str] = {
    Action.START_REVIEW: N_("Start review"),
    Action.REFER: N_("Refer"),
    Action.ANSWER: N_("Answer"),
    Action.CLOSE: N_("Close"),
    Action.ACCEPT_REOPENING: N_("Accept reopening"),
    Action.UPDATE: N_("Update for the beneficiary"),
    Action.REQUEST_DATA: N_("Request data"),
    Action.RETURN_TO_AMER: N_("Return to Amer"),
    Action.SEND_BACK: N_("Send back"),
    Action.REFUSE_REOPENING: N_("Refuse reopening"),
    Action.REJECT: N_("Reject"),
}
# What is said of an action once it is done, by the word in the address of the page that follows.
_DONE: Mapping[str, str] = {
    **{noun: TEXTS[action] for noun, action in ACTIONS.items()},
    "acknowledgement": N_("Acknowledge the receipt"),
    "answer-link": N_("Send the link"),
    "answer-link-withdrawal": N_("Withdraw the link"),
    "delivery": N_("Mark as delivered"),
}
# What else may have been done to a report meanwhile.
_OTHERS: Mapping[str, str] = {
    Action.SUBMIT: N_("Filing"),
    Action.EXPIRE: N_("Cancelled by the clock"),
    Action.CANCEL: N_("Cancellation"),
    Action.REQUEST_REOPENING: N_("Request for reopening"),
    Entry.ASSIGN: N_("Assignment"),
    Entry.ACKNOWLEDGE: N_("Acknowledgement"),
    Entry.CORRECT: N_("Correction of the data"),
    Entry.SPLIT: N_("Splitting"),
    Entry.ADD_EVIDENCE: N_("Added documents"),
    Entry.SEND_LINK: N_("A link was sent"),
    Entry.REVOKE_LINK: N_("A link was revoked"),
    Entry.DELIVER: N_("The promise was kept"),
    Entry.MOVE_DUE: N_("Moved due dates by the calendar"),
}
_DANGER = frozenset({Action.REJECT})
# What nobody may press for the beneficiary: their rating's link is shown without its key.
# The mark keeps the end of the address at its end in Arabic.
_KEYLESS = "…\u200e"


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """A form as somebody is filling it in. ``focus``: the id of what has the focus when it is shown
    again; ``checking``: the message is what they asked to see; ``failures``: files that were not
    kept, by part."""

    action: Action
    typed: Answers
    problems: Mapping[str, Problem] = {}
    failures: Mapping[int, str] = {}
    focus: str = ""
    checking: bool = False


class TabView(msgspec.Struct, frozen=True):
    url: str
    text: str
    current: bool


class LineView(msgspec.Struct, frozen=True):
    """A line of a list; ``number`` from 1, as it is read."""

    place: int
    number: int
    name: str
    id: str
    value: str
    error: str


class ListView(msgspec.Struct, frozen=True, kw_only=True):
    """A field of several lines. ``more``: there is room for another."""

    type: str = "items"
    id: str
    label: str
    hint: str
    lines: list[LineView]
    more: bool


class PartView(msgspec.Struct, frozen=True):
    """One thing that was asked for: answered with words, files, or both."""

    field: views.FieldView
    file: str
    failure: str


class RepliesView(msgspec.Struct, frozen=True):
    """The canned replies that fit. ``field``: the name of the field that they go into."""

    field: str
    search: str
    options: list[views.OptionView]


class MessageView(msgspec.Struct, frozen=True):
    """``to``: masked, enough to know whose it is."""

    channel: str
    to: str
    subject: str
    text: str


class PreviewView(msgspec.Struct, frozen=True, kw_only=True):
    """What goes out. ``note``: in place of messages, why there are none, or not yet; ``told``: what
    the beneficiary reads in the report's story; ``code``, ``direction``: of the messages."""

    messages: list[MessageView]
    note: str
    told: str
    code: str
    direction: str


class NoteView(msgspec.Struct, frozen=True, kw_only=True):
    """Something to know first. ``lost``: what was typed and has no form any more: label, text."""

    title: str
    text: str = ""
    lost: Sequence[tuple[str, str]] = ()


class ActionsView(msgspec.Struct, frozen=True, kw_only=True):
    """``action``: where the form goes; ``done``: what was just done."""

    tabs: list[TabView]
    done: str
    note: NoteView | None
    title: str = ""
    action: str = ""
    code: str = ""
    fields: list[views.FieldView | ListView] = []
    parts: list[PartView] = []
    replies: RepliesView | None = None
    agency_search: str = ""
    warning: str = ""
    due: str = ""
    preview: PreviewView | None = None
    checking: bool = False
    focus: str = ""
    danger: bool = False
    errors: list[views.ErrorView] = []


def possible(case: Case, desk: Desk, teller: Teller) -> list[Action]:
    """What that desk may do now, in the order in which it is offered."""
    may = allowed(case, desk.role, teller.now)
    return [action for action in NOUNS if action in may]


async def panel(
    request: AnyRequest, case: Case, sheet: Sheet | None = None, note: NoteView | None = None
) -> ActionsView:
    """``sheet``: the form as it was sent, where it comes back; ``note``: what to know first."""
    desk, teller = desk_of(request), await teller_of(request)
    language = teller.language
    may = possible(case, desk, teller)
    done = _DONE.get(request.query_params.get("done", "")) if request.method == "GET" else None
    wanted = ACTIONS.get(request.query_params.get("do", ""))
    action = sheet.action if sheet else wanted if wanted in may else may[0] if may else None
    base = f"/cases/{case.number}"
    view = ActionsView(
        tabs=[
            TabView(f"{base}?do={NOUNS[one]}", language.text(TEXTS[one]), one is action)
            for one in may
        ],
        done=language.text("Done: {action}", action=language.text(done)) if done else "",
        note=note,
    )
    if action is None or action not in may:
        return view
    found = sheet or Sheet(action=action, typed=await _defaults(case, action, teller))
    situation = await situation_of(teller)
    fields = await _field_views(case, desk, found, situation, teller)
    parts = await _part_views(case, desk, found, language)
    changed = msgspec.structs.replace
    return changed(
        view,
        title=language.text(TEXTS[action]),
        action=f"{base}/{NOUNS[action]}?as_of={case.version}",
        code=action.value,
        fields=fields,
        parts=parts,
        replies=await _replies(case, desk, found, language),
        agency_search=found.typed.get("agency_search", ""),
        warning=_warning(case, action, teller),
        due=_due(case, action, teller),
        preview=await _preview(request, case, desk, found, situation, teller),
        checking=found.checking,
        focus=found.focus,
        danger=action in _DANGER,
        errors=_errors(fields, parts),
    )


async def situation_of(teller: Teller) -> Situation:
    return Situation(
        today=teller.now.astimezone(teller.zone).date(),
        directory=Choices(await catalogue(teller.now), teller.language.code),
    )


async def asked(desk: Desk, case: Case) -> tuple[str, ...]:
    """What the beneficiary was asked for last."""
    for entry in await cases.entries(desk, case.id):
        if entry.action == Action.REQUEST_DATA:
            return tuple(json.loads(entry.data).get("items", ()))
    return ()


def understood(
    case: Case, action: Action, typed: Answers, situation: Situation
) -> tuple[Values, dict[str, Problem]]:
    """What the form says, and what is wrong with it; of an update, nothing (its parts)."""
    return giving.read(giving.papers(action, case.kind).fields, typed, situation)


def parts_wrong(
    items: Sequence[str], typed: Answers, files: Mapping[int, int]
) -> dict[str, Problem]:
    """What is wrong with an update; ``files``: how many were chosen, by part."""
    wrong = {}
    for n, item in enumerate(items):
        text = typed.get(f"text_{n}", "").strip()
        found = ANSWER.read(text) if text else ""
        if isinstance(found, Problem):
            wrong[f"text_{n}"] = found
        elif not text and not files.get(n):
            wrong[f"text_{n}"] = Problem(NEITHER, {"item": item})
    return wrong


def portal_of(request: AnyRequest) -> Portal:
    settings = settings_of(request)
    return Portal(
        public_url=settings.public_url,
        secret_key=settings.secret_key,
        sms=settings.sms_url is not None,
        answer_closes=settings.answer_closes,
    )


def terms_of(request: AnyRequest, teller: Teller) -> Terms:
    settings = settings_of(request)
    return Terms(
        calendar=teller.calendar,
        zone=teller.zone,
        resolution_days=settings.resolution_days,
        missing_data_hours=settings.missing_data_hours,
        reopen_days=settings.reopen_days,
    )


def moved(entries: Sequence[Entered], case: Case, teller: Teller) -> str:
    """What was done last, by whom and when."""
    language = teller.language
    last = last_change(entries)
    if last is None:
        return ""
    names = {**{action.value: text for action, text in TEXTS.items()}, **_OTHERS}
    who = (
        (last.staff_ar if language.code == "ar" else last.staff_en)
        if last.actor == "staff"
        else case.person
        if last.actor == "beneficiary"
        else language.text("The clock")
    )
    return language.text(
        "{what} · {who} · {when}",
        what=language.text(names.get(last.action, last.action)),
        who=f"\u2068{who}\u2069",
        when=teller.when(last.at),
    )


def texts(
    case: Case, action: Action, typed: Answers, items: Sequence[str], language: Language
) -> list[tuple[str, str]]:
    """What was written in the form, to be copied: label and text."""
    found: list[tuple[str, str]] = []
    for field in giving.papers(action, case.kind).fields:
        if field.type not in ("textarea", "text", "items"):
            continue
        text = "\n".join(typed[name] for name in field.inputs() if typed.get(name, "").strip())
        if text:
            found.append((language.text(field.label), text))
    if action is Action.UPDATE:
        for name, text in typed.items():
            place = name.removeprefix("text_")
            if name.startswith("text_") and place.isdecimal() and text.strip():
                n = int(place)
                found.append((items[n] if n < len(items) else "", text))
    return found


async def _defaults(case: Case, action: Action, teller: Teller) -> dict[str, str]:
    """What a form says before anybody touched it."""
    if action is not Action.REFER:
        return {}
    agency = (await catalogue(teller.now)).agencies.get(case.agency_id)
    return {"agency": agency.code if agency else "", "priority": "normal"}


async def _field_views(
    case: Case, desk: Desk, sheet: Sheet, situation: Situation, teller: Teller
) -> list[views.FieldView | ListView]:
    language = teller.language
    found: list[views.FieldView | ListView] = []
    base = f"/cases/{case.number}/{NOUNS[sheet.action]}?as_of={case.version}&edit=1"
    for field in giving.papers(sheet.action, case.kind).fields:
        problem = sheet.problems.get(field.name)
        if isinstance(field, Items):
            found.append(_list_view(field, sheet, problem, language))
            continue
        view = views.field_view(field, sheet.typed, situation, problem, language, base)
        view = msgspec.structs.replace(view, id=f"do_{field.name}")
        if isinstance(field, Pick):
            options = _searched(view.options, sheet.typed.get("agency_search", ""))
            view = msgspec.structs.replace(view, options=options)
        found.append(view)
    return found


def _searched(options: list[views.OptionView], search: str) -> list[views.OptionView]:
    """Those that hold every word; what is chosen stays."""
    words = fold(search).split()
    return [one for one in options if one.checked or all(word in fold(one.label) for word in words)]


def lines(field: Field, typed: Answers) -> int:
    """How many lines of a list are shown: those with text, and as many as were asked for."""
    asked = typed.get("lines", "")
    wanted = int(asked) if asked.isdecimal() and len(asked) < 3 else 1
    names = field.inputs()
    full = max((n for n, name in enumerate(names, 1) if typed.get(name, "").strip()), default=0)
    return min(max(1, wanted, full), len(names))


def _list_view(field: Items, sheet: Sheet, problem: Problem | None, language: Language) -> ListView:
    shown = lines(field, sheet.typed)
    said = language.text(problem.text, **problem.values) if problem else ""
    return ListView(
        id=f"do_{field.name}",
        label=language.text(field.label),
        hint=language.text(field.hint),
        lines=[
            LineView(
                n,
                n + 1,
                name,
                f"do_{name}",
                sheet.typed.get(name, ""),
                said if problem and problem.part == str(n) else "",
            )
            for n, name in enumerate(field.inputs()[:shown])
        ],
        more=shown < field.most,
    )


async def _part_views(case: Case, desk: Desk, sheet: Sheet, language: Language) -> list[PartView]:
    if sheet.action is not Action.UPDATE:
        return []
    found = []
    for n, item in enumerate(await asked(desk, case)):
        name = f"text_{n}"
        field = msgspec.structs.replace(ANSWER, name=name)
        failure = sheet.failures.get(n, "")
        # A file that was not kept is what is wrong, not that there is none.
        problem = None if failure else sheet.problems.get(name)
        view = views.text_view(field, sheet.typed.get(name, ""), problem, language)
        view = msgspec.structs.replace(view, id=f"do_{name}", label=item, optional=False)
        found.append(PartView(view, f"file_{n}", language.text(failure) if failure else ""))
    return found


def _errors(
    fields: Sequence[views.FieldView | ListView], parts: Sequence[PartView]
) -> list[views.ErrorView]:
    found: list[views.ErrorView] = []
    for field in fields:
        if isinstance(field, ListView):
            found += [views.ErrorView(f"#{one.id}", one.error) for one in field.lines if one.error]
        else:
            found += views.error_views([field])
    for part in parts:
        found += views.error_views([part.field])
        if part.failure:
            found.append(views.ErrorView(f"#{part.file}", part.failure))
    return found


async def fitting(
    case: Case, desk: Desk, action: Action, language: Language
) -> list[replies.Reply]:
    """The canned replies for that form, in the language of whoever reads what it says."""
    papers = giving.papers(action, case.kind)
    code = language.code if papers.for_staff else case.language
    return await replies.fitting(desk, case.kind, action, code) if papers.reply else []


async def _replies(case: Case, desk: Desk, sheet: Sheet, language: Language) -> RepliesView | None:
    known = await fitting(case, desk, sheet.action, language)
    if not known:
        return None
    search = sheet.typed.get("reply_search", "")
    chosen = sheet.typed.get("reply", "")
    found = replies.matching(known, search)
    return RepliesView(
        giving.papers(sheet.action, case.kind).reply,
        search,
        [views.OptionView(str(one.id), one.title, checked=str(one.id) == chosen) for one in found],
    )


def _warning(case: Case, action: Action, teller: Teller) -> str:
    if action is Action.REQUEST_DATA and teller.now >= case.completeness_due_at:
        return teller.language.text(
            "The completeness check was due by {when}: this request is marked as late.",
            when=teller.instant(case.completeness_due_at),
        )
    return ""


def _due(case: Case, action: Action, teller: Teller) -> str:
    """Until when the agency has it; a referral leaves the promise to the beneficiary as it is."""
    if action is not Action.REFER:
        return ""
    day = teller.language.date(deadlines.due_day(case.due_at, teller.zone), year=False)
    return teller.language.text("The agency answers by the end of {day}.", day=day)


async def _preview(
    request: AnyRequest, case: Case, desk: Desk, sheet: Sheet, situation: Situation, teller: Teller
) -> PreviewView:
    """What would go out if it were done now."""
    values, problems = understood(case, sheet.action, sheet.typed, situation)
    if problems:
        return _without(
            teller.language.text("The message is shown here once the form is complete.")
        )
    given = Given(desk=desk, action=sheet.action, values=values)
    deeds = await planned(case, given, teller.now, terms_of(request, teller), portal_of(request))
    words = await words_now(teller.zone)
    return previewed(deeds, case, portal_of(request).public_url, teller.language, words)


def _without(note: str, told: str = "") -> PreviewView:
    return PreviewView(messages=[], note=note, told=told, code="", direction="")


def previewed(
    deeds: Sequence[Deed], case: Case, public_url: str, language: Language, words: Words
) -> PreviewView:
    """The messages of these deeds, as the beneficiary will read them."""
    theirs = Language.of(case.language)
    notices = [notice for deed in deeds for notice in deed.notices]
    last = deeds[-1]
    if not notices:
        told = timeline.telling(last.action, last.after.state, last.actor, last.data)
        agency = str(last.data.get(f"agency_{theirs.code}", ""))
        sentence = theirs.text(told.text, **timeline.values(last.data, agency, theirs))
        silent = last.action in _SILENT
        note = (
            N_("No message goes out. In the report's story the beneficiary reads:")
            if silent
            else N_("Nobody can be reached: the beneficiary has neither phone nor e-mail here.")
        )
        return msgspec.structs.replace(
            _without(language.text(note), sentence if silent else ""),
            code=theirs.code,
            direction=theirs.direction,
        )
    return PreviewView(
        messages=[_message_view(notice, public_url, language, words) for notice in notices],
        note="",
        told="",
        code=theirs.code,
        direction=theirs.direction,
    )


# What the beneficiary reads of in the report's story only (specification 6 lists the others).
_SILENT = frozenset(
    {
        Action.START_REVIEW,
        Action.UPDATE,
        Action.RETURN_TO_AMER,
        Action.ANSWER,
        Action.SEND_BACK,
    }
)


def _message_view(notice: Notice, public_url: str, language: Language, words: Words) -> MessageView:
    data = keyless(notice.data, public_url)
    made = message(notice.moment, notice.channel, notice.language, data, words)
    if isinstance(made, Sms):
        return MessageView(language.text("SMS"), masked(notice.recipient), "", made.text)
    return MessageView(language.text("E-mail"), masked(notice.recipient), made.subject, made.text)


def keyless(data: Mapping[str, Any], public_url: str) -> dict[str, Any]:
    """The data of a message without the keys to what only the beneficiary may do: whoever opens a
    rating's link rates."""
    shown = dict(data)
    if "rate_link" in shown:
        link = f"{public_url}/r/{_KEYLESS}"
        shown |= {"rate_link": link, "survey_links": dict.fromkeys(shown["survey_links"], link)}
    return shown


def masked(recipient: str) -> str:
    """A number or an address of which those who know it recognise what is left."""
    if "@" in recipient:
        local, _, domain = recipient.partition("@")
        return f"{local[:1]}•••@{domain}"
    return f"{recipient[:4]}•••{recipient[-4:]}"


def reply_values(case: Case) -> dict[str, str]:
    """What a canned reply's placeholders say on that report, in its language."""
    return {
        "number": case.number,
        "name": case.person,
        "agency": case.agency_ar if case.language == "ar" else case.agency_en,
    }


def actions_with_text() -> dict[Action, str]:
    """Those in which there is something to write, with their names."""
    return {one: text for one, text in TEXTS.items() if replies.may_be_for(one)}


def kind_names() -> dict[str, str]:
    return {code: kind.name for code, kind in KINDS.items()}
