"""What was done to a report, as staff tell each other: who, and what, in a few words.

A noun in Arabic («بدء المراجعة»), so that no verb has to know whether it was a man or a woman.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from markupsafe import Markup

from balagh.i18n import N_, Language, isolate
from balagh.reports.cases import Case, Entered
from balagh.reports.lifecycle import Action, Entry

_WORDS: Mapping[str, str] = {
    Action.SUBMIT: N_("filed the report"),
    Action.START_REVIEW: N_("started the review"),
    Action.REQUEST_DATA: N_("asked for data"),
    Action.UPDATE: N_("completed the data"),
    Action.EXPIRE: N_("cancelled the report: the data did not come in time"),
    Action.REFER: N_("referred the report to {agency}"),
    Action.REJECT: N_("rejected the report"),
    Action.RETURN_TO_AMER: N_("returned the report to Amer centre"),
    Action.ANSWER: N_("answered"),
    Action.CLOSE: N_("closed the report"),
    Action.SEND_BACK: N_("sent the answer back to {agency}"),
    Action.CANCEL: N_("cancelled the report"),
    Action.REQUEST_REOPENING: N_("asked for reopening"),
    Action.ACCEPT_REOPENING: N_("accepted reopening"),
    Action.REFUSE_REOPENING: N_("refused reopening"),
    Entry.NOTE: N_("wrote a note"),
    Entry.ASSIGN: N_("assigned the report"),
    Entry.ACKNOWLEDGE: N_("acknowledged the report"),
    Entry.CORRECT: N_("corrected the data"),
    Entry.SPLIT: N_("split the report"),
    Entry.ADD_EVIDENCE: N_("added documents"),
    Entry.SEND_LINK: N_("sent a link"),
    Entry.REVOKE_LINK: N_("revoked a link"),
    Entry.DELIVER: N_("marked the promise as delivered"),
    Entry.LATE: N_("told the beneficiary that the answer is late"),
    Entry.MOVE_DUE: N_("changed the calendar ({reason}): the answer is due by {day}"),
}
_FOR_THEM: Mapping[str, str] = {
    Action.SUBMIT: N_("registered the report for the beneficiary"),
    Action.UPDATE: N_("completed the data for the beneficiary"),
}
_OUTCOMES = {
    "solved": N_("answered with the solution"),
    "accepted": N_("accepted the request, for {day}"),
    "refused": N_("refused the request"),
}


def who(entry: Entered, case: Case, language: Language) -> str:
    """The name of whoever did it."""
    if entry.actor == "clock":
        return language.text("The system")
    if entry.actor == "beneficiary":
        return case.person
    return str(entry.staff_ar if language.code == "ar" else entry.staff_en)


def what(entry: Entered, data: Mapping[str, Any], case: Case, language: Language) -> Markup:
    """What they did."""
    agency = data.get(f"agency_{language.code}") or (
        case.agency_ar if language.code == "ar" else case.agency_en
    )
    day = str(data.get("promised_on") or data.get("due_on") or "")
    reason = str(data.get(f"reason_{language.code}") or "")
    words = _WORDS.get(entry.action, N_("changed the report"))
    if entry.actor == "staff":
        words = _FOR_THEM.get(entry.action, words)
    if entry.action == Action.ANSWER and (data.get("outcome") != "accepted" or day):
        words = _OUTCOMES.get(str(data.get("outcome")), words)
    if entry.action == Entry.ASSIGN:
        return _assigned(data, language)
    if entry.action == Entry.MOVE_DUE and "left" in data:
        return language.markup(
            "changed the calendar ({reason}), while data is missing: {left}",
            reason=isolate(reason),
            left=language.plural("{n} working day left", "{n} working days left", data["left"]),
        )
    shown = language.date(date.fromisoformat(day), weekday=False) if day else ""
    return language.markup(words, agency=isolate(agency), day=shown, reason=isolate(reason))


def sentence(name: str, done: Markup, language: Language) -> Markup:
    """Reem Alshammari started the review."""
    return language.markup("{who} {what}", who=Markup("<b>{}</b>").format(isolate(name)), what=done)


def _assigned(data: Mapping[str, Any], language: Language) -> Markup:
    to, had = (data.get(f"{which}_{language.code}") for which in ("to", "from"))
    if to and had:
        return language.markup(
            "passed the report from {had} to {to}", had=isolate(had), to=isolate(to)
        )
    if to:
        return language.markup("assigned the report to {to}", to=isolate(to))
    if had:
        return language.markup("took the report from {had}", had=isolate(had))
    return language.markup("assigned the report")
