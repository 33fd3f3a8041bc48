"""The audit log, for a supervisor and an administrator; reading it is an entry in it too.

It says whose record was looked at and what was done to it, never what stands in it; an
administrator, who may open no report, sees numbers and no way to them.
"""

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, Router, get
from litestar.response import Stream
from markupsafe import Markup

from balagh.i18n import N_, Language, grouped, isolate
from balagh.people import audit
from balagh.reports import auditing, cases, numbers
from balagh.reports.auditing import Entry, Wanted
from balagh.reports.lifecycle import Action, Role
from balagh.reports.lifecycle import Entry as Event
from balagh.web import access
from balagh.web.downloads import csv_file
from balagh.web.page import AnyRequest, render
from balagh.web.staff.desk import desk_of
from balagh.web.telling import Teller, teller_of
from balagh.web.views import OptionView

# What staff do, in words. `tests/web/staff/test_audit_log.py` names what is missing.
WORDS: Mapping[str, str] = {
    "view": N_("Opened a report"),
    "view_by_link": N_("A report was opened by a link"),
    "export": N_("Exported a list"),
    "read_audit": N_("Read the audit log"),
    "export_audit": N_("Exported the audit log"),
    Action.SUBMIT: N_("Filed a report for somebody"),
    Action.START_REVIEW: N_("Began the review"),
    Action.REQUEST_DATA: N_("Asked for data"),
    Action.UPDATE: N_("Completed data for somebody"),
    Action.EXPIRE: N_("Cancelled because no data came"),
    Action.REFER: N_("Referred to an agency"),
    Action.REJECT: N_("Rejected a report"),
    Action.RETURN_TO_AMER: N_("Returned a report to Amer"),
    Action.ANSWER: N_("Answered a report"),
    Action.CLOSE: N_("Closed a report"),
    Action.SEND_BACK: N_("Sent an answer back"),
    Action.CANCEL: N_("Cancelled a report"),
    Action.REQUEST_REOPENING: N_("Asked for reopening"),
    Action.ACCEPT_REOPENING: N_("Accepted reopening"),
    Action.REFUSE_REOPENING: N_("Refused reopening"),
    Event.NOTE: N_("Wrote an internal note"),
    Event.ASSIGN: N_("Assigned a report"),
    "unassign": N_("Took the reports of somebody who left"),
    Event.ACKNOWLEDGE: N_("Acknowledged the receipt"),
    Event.CORRECT: N_("Corrected data"),
    Event.SPLIT: N_("Split a report"),
    Event.ADD_EVIDENCE: N_("Added evidence"),
    Event.SEND_LINK: N_("Sent a link"),
    Event.REVOKE_LINK: N_("Withdrew a link"),
    Event.DELIVER: N_("Marked a promise as delivered"),
    Event.LATE: N_("Told that it is late"),
    Event.MOVE_DUE: N_("Moved due dates by the calendar"),
    "search": N_("Searched the reports"),
    "look_up_caller": N_("Looked up a caller"),
    "discard_draft": N_("Discarded a draft"),
    "send_evidence_link": N_("Sent a link for evidence"),
    "save_view": N_("Saved a view"),
    "change_view": N_("Changed a saved view"),
    "delete_view": N_("Deleted a saved view"),
    "add_reply": N_("Added a canned reply"),
    "change_reply": N_("Changed a canned reply"),
    "delete_reply": N_("Deleted a canned reply"),
    "change_message": N_("Changed the texts of a message"),
    "restore_message": N_("Restored the texts of a message"),
    "test_message": N_("Sent a message to themselves as a test"),
    "set_absence": N_("Entered an absence"),
    "end_absence": N_("Ended an absence"),
    "view_undelivered": N_("Looked at a message that failed"),
    "resend": N_("Sent a message again"),
    "resend_all": N_("Sent several messages again"),
    "dismiss_notice": N_("Settled a message that failed"),
    "change_calendar": N_("Changed the calendar of working days"),
    "sign_in": N_("Signed in"),
    "sign_out_everywhere": N_("Signed out everywhere"),
    "set_password": N_("Set a password"),
    "enrol_factor": N_("Set up the second factor"),
    "reset_factor": N_("Reset a second factor"),
    "new_recovery_codes": N_("Made new recovery codes"),
    "use_recovery_code": N_("Used a recovery code"),
    "invite": N_("Invited somebody"),
    "send_staff_link": N_("Sent a link to set a password"),
    "change_staff": N_("Changed a staff account"),
    "activate": N_("Activated an account"),
    "deactivate": N_("Deactivated an account"),
    "role_taken_away": N_("A role was taken away by the provider"),
}
# Lines of the export that are read at once.
_BATCH = 1000
# Stands for what was typed and can be no report's number: finds nothing.
NO_REPORT = "none"
_READERS = access.staff(Role.SUPERVISOR, Role.ADMINISTRATOR)


class Asked(msgspec.Struct, frozen=True):
    """The filter as it was typed; empty where it was not."""

    staff: str = ""
    report: str = ""
    action: str = ""
    since: str = ""
    until: str = ""

    def given(self) -> dict[str, str]:
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value}


class EntryView(msgspec.Struct, frozen=True):
    """``url``: of the report, for those who may open it."""

    id: int
    when: str
    who: str
    what: str
    subject: Markup
    url: str
    data: str


@get("/audit")
async def log(request: AnyRequest) -> Response[Any]:
    desk, teller = desk_of(request), await teller_of(request)
    asked = _asked(request)
    before = request.query_params.get("before", "")
    place = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
    wanted = _wanted(asked, teller)
    page = await auditing.entries(wanted, before=place)
    await audit.record(desk.staff_id, "read_audit", "audit", teller.now, _noted(wanted))
    language = teller.language
    text = language.text
    return render(
        request,
        "staff/audit_log.html",
        asked=asked,
        people=[
            OptionView(str(one.id), language.name(one), "", str(one.id) == asked.staff)
            for one in await auditing.everybody()
        ],
        actions=[
            OptionView(code, text(WORDS.get(code, code)), "", code == asked.action)
            for code in await auditing.actions()
        ],
        lines=[_line(one, desk.role, teller) for one in page.entries],
        next_url="/audit?" + urlencode({**asked.given(), "before": page.next}) if page.next else "",
        export_url="/audit.csv?" + urlencode(asked.given()),
        filtered=bool(asked.given()),
    )


@get("/audit.csv")
async def export(request: AnyRequest) -> Stream:
    """All that the filter shows, without a cap."""
    desk, teller, asked = desk_of(request), await teller_of(request), _asked(request)
    wanted = _wanted(asked, teller)
    await audit.record(desk.staff_id, "export_audit", "audit", teller.now, _noted(wanted))
    return csv_file("audit.csv", _batches(wanted, teller))


async def _batches(wanted: Wanted, teller: Teller) -> AsyncIterator[Sequence[Sequence[object]]]:
    text = teller.language.text
    yield [
        (
            text("Entry"), text("Time"), text("Who"), text("What"), text("Code"),
            text("Report number"), text("Subject"), text("More"),
        )
    ]  # fmt: skip
    before = None
    while True:
        page = await auditing.entries(wanted, before=before, limit=_BATCH)
        yield [
            (
                one.id,
                one.at.astimezone(teller.zone).isoformat(),
                _who(one, teller),
                text(WORDS.get(one.action, one.action)),
                one.action,
                one.number,
                one.subject,
                one.data,
            )
            for one in page.entries
        ]
        if page.next is None:
            return
        before = page.next


def _asked(request: AnyRequest) -> Asked:
    query = request.query_params
    return Asked(*(query.get(name, "").strip()[:60] for name in Asked.__struct_fields__))


def _wanted(asked: Asked, teller: Teller) -> Wanted:
    """What the filter means; a date that is none is left out."""

    def midnight(typed: str, days: int) -> datetime | None:
        try:
            day = date.fromisoformat(typed)
            return datetime.combine(day + timedelta(days=days), time(), teller.zone)
        except (ValueError, OverflowError):
            return None

    staff = asked.staff
    return Wanted(
        staff=int(staff) if staff.isascii() and staff.isdigit() and len(staff) < 18 else None,
        report=(numbers.parse(asked.report) or NO_REPORT) if asked.report else None,
        action=asked.action if re.fullmatch(r"[a-z_]+", asked.action) else None,
        since=midnight(asked.since, 0),
        until=midnight(asked.until, 1),
    )


def _noted(wanted: Wanted) -> dict[str, object]:
    """The filter as the log keeps it: ids and times, nothing that was typed."""
    given = msgspec.structs.asdict(wanted).items()
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in given
        if value is not None
    }


def _line(one: Entry, role: Role, teller: Teller) -> EntryView:
    language = teller.language
    local = one.at.astimezone(teller.zone)
    day = language.date(local.date(), weekday=False)
    data = json.loads(one.data)
    return EntryView(
        one.id,
        f"{day} · {language.time(one.at, teller.zone)}",
        _who(one, teller),
        language.text(WORDS.get(one.action, one.action)),
        isolate(_subject(one, language)),
        f"/cases/{one.number}" if one.number and role in cases.AMER else "",
        ", ".join(f"{name}: {value}" for name, value in data.items()),
    )


def _subject(one: Entry, language: Language) -> str:
    if one.number:
        return grouped(one.number).replace(" ", "\u00a0")
    if one.of_ar is None or one.of_en is None:
        return one.subject
    return one.of_ar if language.code == "ar" else one.of_en


def _who(one: Entry, teller: Teller) -> str:
    if one.name_ar is None or one.name_en is None:
        return teller.language.text("Nobody of the staff")
    return teller.language.name(one)


router = Router("/", guards=[_READERS], route_handlers=[log, export])
