"""A report's story in plain words, for the beneficiary (specification 4, 7)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from balagh.i18n import N_, Language
from balagh.reports.lifecycle import STATE_TEXT, Action, Entry, State


class Telling(msgspec.Struct, frozen=True):
    """How an event is told. ``title`` is the new state's name where it is empty."""

    text: str
    title: str = ""


TELLINGS: Mapping[Action | Entry, Telling] = {
    Action.SUBMIT: Telling(
        N_("We registered the report and sent you its number and the link to follow it.")
    ),
    Action.START_REVIEW: Telling(N_("Amer centre began to review the report.")),
    Action.REQUEST_DATA: Telling(N_("We need from you: {items}.")),
    Action.UPDATE: Telling(
        N_("You completed the data, and the report went back to be worked on."),
        N_("You updated the request"),
    ),
    Action.EXPIRE: Telling(
        N_(
            "The missing data did not come in time, so the report was cancelled. You may file "
            "again."
        )
    ),
    Action.REFER: Telling(
        N_("Amer centre referred the report to {agency}, which is working on it now.")
    ),
    Action.REJECT: Telling(N_("The report was rejected: {reason}")),
    Action.RETURN_TO_AMER: Telling(
        N_("{agency} returned the report to Amer centre to be sent to the right agency.")
    ),
    Action.ANSWER: Telling(N_("{agency} answered. Amer centre checks the answer before closing.")),
    Action.CLOSE: Telling(N_("The report was closed with the answer of {agency}.")),
    Action.SEND_BACK: Telling(
        N_("Amer centre sent the answer back to {agency} because it was not complete.")
    ),
    Action.CANCEL: Telling(N_("You cancelled the report.")),
    Action.REQUEST_REOPENING: Telling(N_("You asked for the report to be reopened.")),
    Action.ACCEPT_REOPENING: Telling(
        N_("Reopening was accepted, and {agency} works on the report again.")
    ),
    Action.REFUSE_REOPENING: Telling(N_("Reopening was refused: {reason}")),
    Entry.LATE: Telling(
        N_("The promised date has passed. Amer centre is still working on the report."),
        N_("The answer is late"),
    ),
    Entry.MOVE_DUE: Telling(
        N_("The calendar of working days changed: {reason}. The answer is now due by {due_on}."),
        N_("The due date moved"),
    ),
    Entry.SPLIT: Telling(
        N_(
            "The report concerns several agencies. Amer centre divided it, and each answers its "
            "own part. You follow all of them here."
        ),
        N_("The report was divided"),
    ),
    Entry.ADD_EVIDENCE: Telling(
        N_("A file came by the link that Amer centre sent."), N_("Evidence was added")
    ),
    Entry.CORRECT: Telling(
        N_("Amer centre corrected the data of the report."), N_("The data was corrected")
    ),
    Entry.DELIVER: Telling(
        N_("{agency} has carried out what it promised."), N_("The promised change is live")
    ),
}

# The same by somebody else than usual.
_BY_STAFF: Mapping[Action | Entry, Telling] = {
    Action.SUBMIT: Telling(
        N_("Amer centre registered the report for you and sent you its number and the link.")
    ),
    Action.UPDATE: Telling(
        N_("Amer centre completed the data for you, and the report went back to be worked on."),
        N_("The request was updated"),
    ),
}

# While data is missing no date is promised; what moves is what is left.
_LEFT_MOVED = Telling(
    N_(
        "The calendar of working days changed: {reason}. The clock stands until the data comes: "
        "{left}."
    ),
    N_("The time that is left changed"),
)

# An answer that closed the report at once: nobody checks it any more.
_CLOSED_BY_IT = Telling(N_("{agency} answered."))
# It was with the agency when its day passed.
_LATE_AT_AGENCY = Telling(
    N_("The promised date has passed. {agency} is still working on the report."),
    N_("The answer is late"),
)

HOLDER_AMER = N_("Amer centre")
HOLDER_YOU = N_("You")


def telling(
    action: str, to_state: str | None, actor: str = "", data: Mapping[str, Any] | None = None
) -> Telling:
    """Title and text (msgids) of a public event. ``data``: the event's, where it tells how."""
    done = Entry(action) if action in {*Entry} else Action(action)
    found = (_BY_STAFF.get(done) if actor == "staff" else None) or TELLINGS[done]
    data = data or {}
    if done is Action.ANSWER and data.get("closes"):
        found = _CLOSED_BY_IT
    if done is Entry.LATE and "agency_ar" in data:
        found = _LATE_AT_AGENCY
    if done is Entry.MOVE_DUE and "left" in data:
        found = _LEFT_MOVED
    title = found.title or (STATE_TEXT[State(to_state)] if to_state else "")
    return Telling(found.text, title)


def holder(state: State, agency: str) -> str:
    """Who holds the clock now: a msgid, or the agency's own name; empty once it is over."""
    if state is State.IN_PROGRESS:
        return agency
    if state is State.MISSING_DATA:
        return HOLDER_YOU
    return "" if state in ENDED else HOLDER_AMER


ENDED = frozenset({State.CLOSED, State.CANCELLED, State.REJECTED})


def values(data: Mapping[str, Any], agency: str, language: Language) -> dict[str, str]:
    """The placeholders of a telling, from the event's data; ``agency``: who has the report now,
    where the event does not say who had it then."""
    comma, due_on, left = language.text(", "), data.get("due_on"), data.get("left")
    return {
        "agency": str(data.get(f"agency_{language.code}", agency)),
        "items": comma.join(data.get("items", ())),
        "reason": str(data.get("reason", data.get(f"reason_{language.code}", ""))),
        "due_on": language.date(date.fromisoformat(due_on)) if due_on else "",
        "left": language.plural("{n} working day left", "{n} working days left", left)
        if left
        else "",
    }
