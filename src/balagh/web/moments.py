"""A report's story as its beneficiary reads it; staff see it too, to know what they read."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from markupsafe import Markup, escape

from balagh.i18n import Language, isolate
from balagh.reports import correcting, timeline
from balagh.reports.correcting import Change
from balagh.reports.inboxes import Happening, ReportFile
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import Action, Entry
from balagh.reports.wizard import Kind
from balagh.web import views
from balagh.web.telling import Teller


class SaidView(msgspec.Struct, frozen=True):
    label: str
    text: str


class ChangeView(msgspec.Struct, frozen=True):
    """A corrected field: what it said and what it says; ``hidden``: not shown to who asks."""

    label: str
    old: Markup
    new: Markup
    hidden: bool = False


class MomentView(msgspec.Struct, frozen=True):
    """``said``: in the person's own words; ``files``: that came with it; ``changes``: what was
    corrected."""

    title: str
    when_text: str
    text: Markup
    current: bool
    said: list[SaidView]
    files: list[views.FileView]
    changes: list[ChangeView]


def moment_views(
    happenings: Sequence[Happening],
    files: Sequence[ReportFile],
    agency: str,
    teller: Teller,
    *,
    kind: str,
    ended: bool,
    folder: str = "/files",
    contact: bool = True,
) -> list[MomentView]:
    """``agency``: who has the report now; ``folder``: under which address its files are;
    ``contact``: whether contact details are shown."""
    language = teller.language
    found = []
    for place, happening in enumerate(happenings):
        data = json.loads(happening.data)
        told = timeline.telling(happening.action, happening.to_state, happening.actor, data)
        filled = timeline.values(data, agency, language)
        found.append(
            MomentView(
                language.text(told.title),
                teller.when(happening.at),
                language.markup(told.text, **filled),
                current=place == 0 and not ended,
                said=said_views(happening.action, data, language),
                files=[
                    views.file_view(file, language, folder=folder)
                    for file in files
                    if file.event_id == happening.id
                ],
                changes=change_views(
                    happening.action, data, KINDS[kind], language, contact=contact
                ),
            )
        )
    return found


def said_views(action: str, data: Mapping[str, Any], language: Language) -> list[SaidView]:
    """The person's own words, where the sentence does not hold them."""
    said = [
        SaidView(answer["item"], answer["text"])
        for answer in data.get("answers", ())
        if answer["text"]
    ]
    reason = data.get("reason")
    if reason and action in (Action.CANCEL, Action.REQUEST_REOPENING):
        said.append(SaidView(language.text("Your reason"), reason))
    if action == Entry.DELIVER and data.get("text"):
        said.append(SaidView(language.text("What the agency says about it"), data["text"]))
    if data.get("comment"):
        said.append(SaidView(language.text("Amer centre adds"), data["comment"]))
    return said


def change_views(
    action: str, data: Mapping[str, Any], kind: Kind, language: Language, *, contact: bool = True
) -> list[ChangeView]:
    """What was corrected. ``contact``: whether contact details are shown."""
    if action != Entry.CORRECT:
        return []
    found = []
    for change in msgspec.convert(data["changes"], list[Change]):
        field = correcting.field_of(correcting.every_step(kind), change.field)
        if field is None:
            # Of a declaration that has changed since: the report's own history stays complete.
            continue
        old, new = (_said(change.told(which, language.code), language) for which in ("old", "new"))
        hidden = change.field in correcting.CONTACT and not contact
        found.append(
            ChangeView(
                language.text(field.summary or field.label),
                Markup("") if hidden else old,
                Markup("") if hidden else new,
                hidden,
            )
        )
    return found


def _said(text: str, language: Language) -> Markup:
    return isolate(text) if text else escape(language.text("(empty)"))
