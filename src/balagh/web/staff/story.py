"""The story of a report as staff read it: every entry that the desk may see, and what was sent.

Internal notes stand out: whose they are and who does not see them is said at each.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from markupsafe import Markup, escape

from balagh.i18n import N_, Language, isolate
from balagh.notices.moments import MOMENTS
from balagh.reports import cases, inboxes, timeline
from balagh.reports.cases import Case, Desk, Entered
from balagh.reports.inboxes import ReportFile
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import Entry
from balagh.reports.mentions import Colleague, mentions
from balagh.reports.notes import named
from balagh.reports.told import Told, told
from balagh.reports.undelivered import KEEPERS
from balagh.web import views
from balagh.web.beneficiary.reminding import masked
from balagh.web.moments import ChangeView, MomentView, SaidView, change_views, moment_views
from balagh.web.staff.facts import FOLDER
from balagh.web.staff.note_form import NoteFormView, form_view
from balagh.web.staff.sentences import sentence, what, who
from balagh.web.telling import Teller

# Whose own a note is, and who therefore does not see it.
_NOTES = {
    "amer": N_("Internal note: neither the beneficiary nor the agency sees it"),
    "agency": N_("Internal note: neither the beneficiary nor Amer centre sees it"),
    None: N_("Internal note for the staff of both sides: the beneficiary does not see it"),
}
CHANNELS = {"sms": N_("SMS"), "email": N_("E-mail")}
_STATES = {
    "waiting": N_("waiting"),
    "sent": N_("sent"),
    "failed": N_("could not be delivered"),
}
# What is written of an action, by the name under which its event keeps it.
_TEXTS = (
    ("reason", N_("Reason")),
    ("answer", N_("Answer")),
    ("text", N_("Text")),
    ("note", N_("Note to the agency")),
    ("comment", N_("Amer centre adds")),
)


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """``note``: the words over an internal note, empty for what is none; ``internal``: an entry for
    staff alone; ``items``: what was asked for; ``said``: texts with their labels."""

    sentence: Markup
    when_text: str
    current: bool = False
    internal: bool = False
    note: str = ""
    text: Markup = Markup("")
    flag: str = ""
    items: list[str] = []
    said: list[SaidView] = []
    files: list[views.FileView] = []
    changes: list[ChangeView] = []
    sent: list[str] = []


class StoryView(msgspec.Struct, frozen=True, kw_only=True):
    """``public``: what the beneficiary reads, instead of everything."""

    url: str
    entries: list[EntryView]
    moments: list[MomentView]
    public: bool
    form: NoteFormView
    errors: list[views.ErrorView]


async def panel(
    desk: Desk,
    case: Case,
    teller: Teller,
    *,
    public: bool = False,
    form: NoteFormView | None = None,
) -> StoryView:
    files = await inboxes.files_of(case.id)
    agency = case.agency_ar if teller.language.code == "ar" else case.agency_en
    moments, entries = [], []
    if public:
        moments = moment_views(
            await inboxes.happenings(case.id), files, agency, teller,
            kind=case.kind, ended=case.state in timeline.ENDED, folder=FOLDER,
            contact=desk.side == "amer",
        )  # fmt: skip
    else:
        entries = await _entries(desk, case, files, teller)
    asked = form or await form_view(desk, case, teller)
    return StoryView(
        url=f"/cases/{case.number}",
        entries=entries,
        moments=moments,
        public=public,
        form=asked,
        errors=asked.errors,
    )


async def latest(desk: Desk, case: Case, teller: Teller) -> Markup:
    """What changed the report last, in a sentence; for whoever comes second."""
    found = await cases.entries(desk, case.id)
    entry = cases.last_change(found)
    if entry is None:
        return Markup("")
    language = teller.language
    done = what(entry, json.loads(entry.data), case, language)
    return language.markup(
        "{when}: {what}",
        when=teller.when(entry.at),
        what=sentence(who(entry, case, language), done, language),
    )


async def _entries(
    desk: Desk, case: Case, files: Sequence[ReportFile], teller: Teller
) -> list[EntryView]:
    happened = [(one, json.loads(one.data)) for one in await cases.entries(desk, case.id)]
    names = await named([id for _, data in happened for id in data.get("mentions", ())])
    found: list[tuple[datetime, EntryView]] = [
        (one.at, _entry(one, data, desk, case, files, names, teller)) for one, data in happened
    ]
    found += _sent(await told(case.id), desk, teller)
    # What was sent comes after what made it be sent: as read from below.
    found.sort(key=lambda pair: (pair[0], bool(pair[1].sent)), reverse=True)
    ended = case.state in timeline.ENDED
    return [
        msgspec.structs.replace(view, current=place == 0 and not ended)
        for place, (_, view) in enumerate(found)
    ]


def _entry(
    entry: Entered,
    data: Mapping[str, Any],
    desk: Desk,
    case: Case,
    files: Sequence[ReportFile],
    names: Sequence[Colleague],
    teller: Teller,
) -> EntryView:
    language = teller.language
    is_note = entry.action == Entry.NOTE
    return EntryView(
        sentence=sentence(who(entry, case, language), what(entry, data, case, language), language),
        when_text=teller.when(entry.at),
        internal=not entry.public and not is_note,
        note=language.text(_NOTES[entry.side]) if is_note else "",
        text=_addressed(str(data.get("text", "")), data, names) if is_note else Markup(""),
        flag=language.text("after the completeness check was due") if data.get("late") else "",
        items=[str(item) for item in data.get("items", ())],
        said=[] if is_note else _said(entry, data, language),
        files=[
            views.file_view(file, language, folder=FOLDER)
            for file in files
            if file.event_id == entry.id
        ],
        changes=change_views(
            entry.action, data, KINDS[case.kind], language, contact=desk.side == "amer"
        ),
    )


def _said(entry: Entered, data: Mapping[str, Any], language: Language) -> list[SaidView]:
    answers = [
        SaidView(str(one["item"]), str(one["text"]))
        for one in data.get("answers", ())
        if one["text"]
    ]
    texts = [
        SaidView(language.text(label), str(data[name])) for name, label in _TEXTS if data.get(name)
    ]
    return [*answers, *texts]


def _addressed(text: str, data: Mapping[str, Any], names: Sequence[Colleague]) -> Markup:
    """A note with whom it addresses made to stand out."""
    meant = {*data.get("mentions", ())}
    parts, at = [], 0
    for one in mentions(text, names):
        if one.id in meant:
            parts.append(escape(text[at : one.start]))
            parts.append(Markup("<b>{}</b>").format(isolate(text[one.start : one.end])))
            at = one.end
    return Markup("").join([*parts, escape(text[at:])])


def _sent(messages: Sequence[Told], desk: Desk, teller: Teller) -> list[tuple[datetime, EntryView]]:
    """One entry for each moment, with its channels."""
    language = teller.language
    moments: dict[tuple[str, str], list[Told]] = {}
    for one in messages:
        moments.setdefault((one.moment, one.occasion), []).append(one)
    found = []
    for (moment, _), told_by in moments.items():
        known = MOMENTS.get(moment)
        done = (
            language.markup("sent a message: {moment}", moment=language.text(known.title))
            if known
            else language.markup("sent a message")
        )
        view = EntryView(
            sentence=sentence(language.text("The system"), done, language),
            when_text=teller.when(told_by[0].created_at),
            sent=[_way(one, desk, teller) for one in told_by],
        )
        found.append((told_by[0].created_at, view))
    return found


def _way(one: Told, desk: Desk, teller: Teller) -> str:
    """SMS to 05• ••• •471: sent; an agency does not see to where."""
    text = teller.language.text
    channel, state = text(CHANNELS[one.channel]), text(_STATES[one.state])
    if desk.side == "agency":
        return text("{channel}: {state}", channel=channel, state=state)
    recipient = masked_recipient(one.channel, one.recipient)
    if one.state == "failed" and desk.role in KEEPERS:
        # Who can do something about it is led there.
        state = Markup('<a href="/undelivered/{}">{}</a>').format(one.id, state)
    elif one.sent_at is not None:
        state = text("sent, {when}", when=teller.when(one.sent_at))
    return teller.language.markup(
        "{channel} to {recipient}: {state}", channel=channel, recipient=recipient, state=state
    )


def masked_recipient(channel: str, recipient: str) -> Markup:
    """For a page, enough to know it by."""
    hide = masked if channel == "sms" else masked_address
    # Dots have no direction of their own.
    return Markup('<bdi dir="ltr">{}</bdi>').format(hide(recipient))


def masked_address(address: str) -> str:
    """``noura@example.sa`` → ``n••••@example.sa``."""
    local, at, domain = address.rpartition("@")
    return local[:1] + "•" * 4 + at + domain
