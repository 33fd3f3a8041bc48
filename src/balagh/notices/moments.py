"""Every moment at which somebody is told something: to whom, how, and by which rule.

The one table of them (specification 6 and what accounts and staff need besides). The words are in
``texts/<moment>.toml``, or as the administrator changed them; ``docs/moments.md`` is made of this
(``just docs``).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

import msgspec

from balagh.i18n import N_
from balagh.notices.facts import FORMS, Fact, Part

# account: the beneficiary about their account; agency: a contact without an account here.
Audience = Literal["beneficiary", "account", "agency", "staff"]
Channel = Literal["sms", "email"]

AUDIENCES: Mapping[Audience, str] = {
    "beneficiary": N_("Beneficiary, about a report"),
    "account": N_("Beneficiary, about their account"),
    "agency": N_("Agency without staff here"),
    "staff": N_("Staff"),
}


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """``title``, ``rule``: what it tells and what makes it (msgids). ``urgent``: goes out at once
    at any hour, because somebody waits for it or a time runs; others may wait for the morning.
    ``stoppable``: whoever gets it can stop such messages (``List-Unsubscribe``). ``good_for``: so
    long it says something; afterwards it is not sent any more."""

    name: str
    title: str
    rule: str
    audience: Audience
    facts: tuple[Fact, ...]
    channels: tuple[Channel, ...] = ("sms", "email")
    urgent: bool = False
    stoppable: bool = False
    good_for: timedelta | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        return ("sms", "subject", "email") if "sms" in self.channels else ("subject", "email")

    def placeholders(self) -> Mapping[str, Fact]:
        """The fact that each placeholder of its texts writes."""
        return _PLACEHOLDERS[self.name]


def _must(*parts: Part) -> frozenset[Part]:
    return frozenset(parts)


_SMS, _EMAIL, _BOTH = _must("sms"), _must("email"), _must("sms", "email")
_REPORT = "https://balagh.example.sa/reports/7302641185"
_NEW = "https://balagh.example.sa/new/complaint"
_SURVEY = "https://balagh.example.sa/r/1T4hV0cRkQ8bZyLw3uXo9sNdJ2mGe"

_NAME = Fact(
    name="name", kind="text", about=N_("Name of whoever is told"),
    example=("نورة سعد القحطاني", "Noura Saad Al-Qahtani"),
)  # fmt: skip
_NUMBER = Fact(
    name="number", kind="number", about=N_("Report number"), example="7302641185", must=_BOTH
)
_TITLE = Fact(
    name="title", kind="text", about=N_("Title of the report"),
    example=("لم تُجدَّد الرخصة رغم اكتمال الطلب", "The licence was not renewed"),
)  # fmt: skip
_AGENCY = Fact(
    name="agency", kind="text", about=N_("Agency"), example=("وزارة العدل", "Ministry of Justice")
)
_AGENCY_SMS = Fact(
    name="agency_sms", kind="short", about=N_("Agency, where its name is short enough for an SMS"),
    example=_AGENCY.example, only=_SMS, optional=True,
)  # fmt: skip
_DUE = Fact(name="due_on", kind="day", about=N_("Day of the answer"), example="2026-11-30")
_SUBMITTED = Fact(
    name="submitted_at", kind="instant", about=N_("When it was filed"),
    example="2026-11-23T08:00:00+00:00",
)  # fmt: skip
_LINK = Fact(name="link", kind="link", about=N_("Link to the report"), example=_REPORT, must=_EMAIL)
_DETAILS = msgspec.structs.replace(_LINK, must=frozenset())
_ITEMS = Fact(
    name="items", kind="items", about=N_("What is missing, one by one"), must=_EMAIL,
    example=(
        ["صورة الرخصة السابقة", "رقم الطلب لدى الجهة"],
        ["A picture of the old licence", "The request's number at the agency"],
    ),
)  # fmt: skip
_DATA_DUE = Fact(
    name="data_due_at", kind="instant", about=N_("Until when the data is awaited"),
    example="2026-11-25T08:30:00+00:00", must=_BOTH,
)  # fmt: skip
_UPDATE = Fact(
    name="update_link", kind="link", about=N_("Link to complete the data"),
    example=f"{_REPORT}/update", must=_BOTH,
)  # fmt: skip
_NEW_LINK = Fact(
    name="new_link", kind="link", about=N_("Link to file anew"), example=_NEW, must=_BOTH
)
_REASONS = Fact(
    name="reasons", kind="text", about=N_("The reasons"), must=_EMAIL,
    only=_must("subject", "email"),
    example=(
        "لا يشمل الطلب خدمة رقمية قائمة.",
        "The request concerns no digital service that exists.",
    ),
)  # fmt: skip
_PROMISED = Fact(
    name="promised_on", kind="day", about=N_("Promised date"), example="2026-12-30"
)  # fmt: skip

# What the messages of every report's moment may say.
_OF_REPORT = (_NAME, _NUMBER, _TITLE, _AGENCY, _DUE, _SUBMITTED)
_ENDED = (
    _NAME, _NUMBER, _TITLE, _AGENCY, _LINK,
    Fact(
        name="comment", kind="text", about=N_("What Amer centre adds"), optional=True,
        only=_must("subject", "email"),
        example=("شكرًا لصبرك.", "Thank you for your patience."),
    ),
    Fact(
        name="rate_link", kind="link", about=N_("Link to the first survey"), example=_SURVEY,
        must=_SMS,
    ),
    Fact(
        name="rating_balagh", kind="rating", about=N_("Rating of the experience of Balagh"),
        example=_SURVEY, must=_EMAIL, only=_EMAIL, optional=True,
    ),
    Fact(
        name="rate_until", kind="end", about=N_("Until when it may be rated"),
        example="2026-12-27T21:00:00+00:00",
    ),
)  # fmt: skip
_ANSWERED = (
    *_ENDED,
    Fact(
        name="rating_agency", kind="rating", about=N_("Rating of the agency's response"),
        # A part of a report is rated with the agency alone, its experience with the whole.
        example=_SURVEY, must=_EMAIL, only=_EMAIL, optional=True,
    ),
    Fact(
        name="reopen_until", kind="end", about=N_("Until when reopening can be asked for"),
        example="2026-12-11T21:00:00+00:00", optional=True,
    ),
)  # fmt: skip
_ACCOUNT_LINK = Fact(
    name="link", kind="link", about=N_("Link to set a password"), must=_BOTH,
    example="https://balagh.example.sa/staff/invitation/3kV9",
)  # fmt: skip
_EXPIRES = Fact(
    name="expires_at", kind="instant", about=N_("Until when the link works"),
    example="2026-11-30T08:00:00+00:00",
)  # fmt: skip


def _sms_link(fact: Fact) -> Fact:
    return msgspec.structs.replace(fact, must=_BOTH)


def _section(title: str, kind: str, agency: str, due: str) -> dict[str, Any]:
    row = {
        "number": "730 264 1185", "url": "https://balagh.example.sa/cases/7302641185", "kind": kind,
        "agency": agency, "came": "", "due": due,
    }  # fmt: skip
    return {"title": title, "rows": [row], "more": "", "url": "https://balagh.example.sa/inbox"}


_ALL = (
    Moment(
        name="opened",
        title=N_("the report was received"),
        rule=N_("A report is filed, by the beneficiary or by staff for them."),
        audience="beneficiary",
        urgent=True,
        facts=(
            _NAME, _NUMBER, _TITLE, _AGENCY, msgspec.structs.replace(_DUE, must=_BOTH), _SUBMITTED,
            Fact(
                name="received", kind="phrase", about=N_("That the kind of report was received"),
                example=("تم استلام شكواك", "Your complaint has been received"),
            ),
            Fact(
                name="organisation", kind="text", about=N_("Organisation it is filed for"),
                example=("مؤسسة الواحة", "Oasis Establishment"), optional=True,
            ),
            Fact(
                name="organisation_number", kind="code", optional=True,
                about=N_("Number of the organisation"), example="7001234567",
            ),
            _sms_link(_LINK),
        ),
    ),
    Moment(
        name="in_progress",
        title=N_("the agency works on it"),
        rule=N_("A reviewer refers the report to an agency."),
        audience="beneficiary",
        facts=(*_OF_REPORT, _AGENCY_SMS, _sms_link(_LINK)),
    ),
    Moment(
        name="missing_data",
        title=N_("data is missing"),
        rule=N_("A reviewer or the agency asks for data."),
        audience="beneficiary",
        urgent=True,
        facts=(
            *_OF_REPORT, _DETAILS, _ITEMS,
            Fact(
                name="items_sms", kind="text", only=_SMS, optional=True,
                about=N_("As much of what is missing as three SMS hold"),
                example=(
                    "صورة الرخصة السابقة، رقم الطلب لدى الجهة",
                    "A picture of the old licence, The request's number at the agency",
                ),
            ),
            _DATA_DUE, _UPDATE,
        ),
    ),
    Moment(
        name="missing_data_reminder",
        title=N_("a reminder of the missing data"),
        rule=N_("Data is still missing when the time of the reminder comes."),
        audience="beneficiary",
        urgent=True,
        facts=(*_OF_REPORT, _DETAILS, _ITEMS, _DATA_DUE, _UPDATE),
    ),
    Moment(
        name="late",
        title=N_("the report is late"),
        rule=N_("The day of the answer passes and the report is still open; once per deadline."),
        audience="beneficiary",
        facts=(*_OF_REPORT, _sms_link(_LINK)),
    ),
    Moment(
        name="closed",
        title=N_("the report is closed"),
        rule=N_("A complaint that the agency answered is closed."),
        audience="beneficiary",
        facts=_ANSWERED,
    ),
    Moment(
        name="accepted",
        title=N_("the request was accepted"),
        rule=N_("A request that the agency accepted with a date is closed."),
        audience="beneficiary",
        facts=(*_ANSWERED, msgspec.structs.replace(_PROMISED, must=_BOTH)),
    ),
    Moment(
        name="refused",
        title=N_("the request was refused"),
        rule=N_("A request that the agency refused is closed."),
        audience="beneficiary",
        facts=(*_ANSWERED, _REASONS),
    ),
    Moment(
        name="rejected",
        title=N_("the report was rejected"),
        rule=N_("A reviewer rejects the report."),
        audience="beneficiary",
        facts=(*_ENDED, _REASONS),
    ),
    Moment(
        name="cancelled",
        title=N_("the report was cancelled"),
        rule=N_("The beneficiary cancels the report."),
        audience="beneficiary",
        urgent=True,
        facts=(*_OF_REPORT, _DETAILS, _NEW_LINK),
    ),
    Moment(
        name="expired",
        title=N_("cancelled because data did not come"),
        rule=N_("The time for the missing data passes."),
        audience="beneficiary",
        facts=(
            *_OF_REPORT, _DETAILS, msgspec.structs.replace(_ITEMS, must=frozenset()),
            msgspec.structs.replace(_DATA_DUE, must=frozenset()), _NEW_LINK,
        ),
    ),
    Moment(
        name="reopened",
        title=N_("the report was reopened"),
        rule=N_("A reviewer accepts the request for reopening."),
        audience="beneficiary",
        facts=(*_OF_REPORT, _sms_link(_LINK)),
    ),
    Moment(
        name="reopening_refused",
        title=N_("reopening was refused"),
        rule=N_("A reviewer refuses the request for reopening."),
        audience="beneficiary",
        facts=(*_OF_REPORT, _REASONS, _sms_link(_LINK)),
    ),
    Moment(
        name="delivered",
        title=N_("the promise was delivered"),
        rule=N_("The agency marks what it promised as delivered."),
        audience="beneficiary",
        facts=(*_OF_REPORT, _PROMISED, _sms_link(_LINK)),
    ),
    Moment(
        name="evidence_link",
        title=N_("a link to add evidence"),
        rule=N_("Staff sends a link by which evidence is added."),
        audience="beneficiary",
        urgent=True,
        facts=(
            *_OF_REPORT,
            msgspec.structs.replace(
                _sms_link(_LINK), about=N_("Link to add a file"),
                example="https://balagh.example.sa/e/8sT2Jq",
            ),
            _EXPIRES,
        ),
    ),
    Moment(
        name="may_file_now",
        title=N_("the reminder that was asked for"),
        rule=N_("The day comes on which a report that was too early can be filed."),
        audience="beneficiary",
        stoppable=True,
        facts=(
            _NAME,
            Fact(
                name="provider", kind="text", about=N_("Service provider"),
                example=("ناجز", "Najiz"),
            ),
            Fact(
                name="service", kind="text", about=N_("Service"), optional=True,
                example=("إصدار وكالة", "Issuing a power of attorney"),
            ),
            Fact(
                name="reference", kind="code", about=N_("The provider's reference number"),
                example="BLD-4471882", optional=True,
            ),
            Fact(
                name="link", kind="link", about=N_("Link to the draft"), must=_BOTH,
                example="https://balagh.example.sa/drafts/8c1f",
            ),
        ),
    ),
    Moment(
        name="verification_code",
        title=N_("a code that confirms an address"),
        rule=N_("Somebody gives a new mobile number or e-mail address."),
        audience="account",
        urgent=True,
        good_for=timedelta(minutes=10),
        facts=(
            _NAME,
            Fact(
                name="code", kind="code", about=N_("The code"), example="402915", must=_BOTH,
                # A subject is shown on locked screens.
                only=_BOTH,
            ),
        ),
    ),
    Moment(
        name="contact_changed",
        title=N_("the mobile number or e-mail address was changed"),
        rule=N_("A new address was confirmed; told to the earlier one, by its own channel."),
        audience="account",
        urgent=True,
        facts=(
            _NAME,
            Fact(
                name="changed_at", kind="instant", about=N_("When it was changed"),
                example="2026-11-23T08:00:00+00:00",
            ),
        ),
    ),
    Moment(
        name="erasure_asked",
        title=N_("the request to erase data was received"),
        rule=N_("The beneficiary asks for their data to be erased."),
        audience="account",
        urgent=True,
        facts=(
            _NAME,
            Fact(
                name="asked_at", kind="instant", about=N_("When it was asked for"),
                example="2026-11-23T08:00:00+00:00",
            ),
            Fact(
                name="days", kind="days", about=N_("Days within which it is answered"), example=30
            ),
        ),
    ),
    Moment(
        name="answer_link",
        title=N_("a link to answer a report"),
        rule=N_("Staff sends a report to the contact of an agency that has nobody here."),
        audience="agency",
        channels=("email",),
        urgent=True,
        facts=(
            _NAME, _NUMBER, _AGENCY, _DUE,
            Fact(
                name="answer_url", kind="link", about=N_("Link to answer"), must=_EMAIL,
                example="https://balagh.example.sa/answer/3kV9",
            ),
            Fact(
                name="open_until", kind="instant", about=N_("Until when the link works"),
                example="2026-12-07T08:00:00+00:00",
            ),
        ),
    ),
    Moment(
        name="staff_invitation",
        title=N_("an invitation to an account"),
        rule=N_("An administrator invites somebody who has no password yet."),
        audience="staff",
        channels=("email",),
        urgent=True,
        facts=(_NAME, _ACCOUNT_LINK, _EXPIRES),
    ),
    Moment(
        name="staff_account_changed",
        title=N_("a change to an account"),
        rule=N_("A password, a second factor or recovery codes are changed or taken away."),
        audience="staff",
        channels=("email",),
        urgent=True,
        facts=(
            _NAME,
            *(
                Fact(
                    name=f"{change}_at", kind="instant", about=about, optional=True,
                    example="2026-11-23T08:00:00+00:00",
                )
                for change, about in (
                    ("password", N_("When the password was changed")),
                    ("factor", N_("When another app became the second factor")),
                    ("codes", N_("When new recovery codes were made")),
                    ("reset", N_("When an administrator took both away")),
                )
            ),
        ),
    ),
    Moment(
        name="promise_due",
        title=N_("a promised date that has come"),
        rule=N_("The date that an agency promised comes, and a week later, until it is delivered."),
        audience="staff",
        channels=("email",),
        facts=(
            _NAME, _NUMBER, _TITLE, _AGENCY, _PROMISED,
            Fact(
                name="overdue_since", kind="day", optional=True,
                about=N_("Promised date, in the second reminder only"), example="2026-12-30",
            ),
            _LINK,
        ),
    ),
    Moment(
        name="staff_digest",
        title=N_("a notice of what is theirs to do"),
        rule=N_(
            "Once on each working day, or at once, as each member of staff chooses."
        ),
        audience="staff",
        channels=("email",),
        stoppable=True,
        facts=(
            _NAME,
            Fact(
                name="today", kind="phrase", optional=True,
                about=N_("The day, in the daily digest only"),
                example=("الاثنين 23 نوفمبر 2026", "Monday 23 November 2026"),
            ),
            Fact(
                name="first", kind="phrase", about=N_("What it begins with"),
                example=("بلاغ واحد جديد", "1 new report"),
            ),
            Fact(
                name="sections", kind="listing", only=_EMAIL, optional=True,
                about=N_("The reports, by what they wait for"),
                example=(
                    [
                        _section(
                            "بلاغ واحد جديد", "شكوى", "وزارة العدل",
                            "موعده الاثنين 30 نوفمبر 2026",
                        )
                    ],
                    [
                        _section(
                            "1 new report", "Complaint", "Ministry of Justice",
                            "due by Monday 30 November 2026",
                        )
                    ],
                ),
            ),
            Fact(
                name="team", kind="listing", only=_EMAIL, optional=True,
                about=N_("What waits for the team, for those who lead it"),
                example=(
                    [{"text": "رسالتان لم تصلا", "url": "https://balagh.example.sa/undelivered"}],
                    [{"text": "2 messages could not be delivered",
                      "url": "https://balagh.example.sa/undelivered"}],
                ),
            ),
            Fact(
                name="link", kind="link", about=N_("Link to the inbox"), must=_EMAIL,
                example="https://balagh.example.sa/inbox",
            ),
            Fact(
                name="profile_link", kind="link", about=N_("Link to the profile"),
                example="https://balagh.example.sa/profile",
            ),
        ),
    ),
    Moment(
        name="staff_password",
        title=N_("a link for a new password"),
        rule=N_("A member of staff who has a password asks for a link, or is sent one."),
        audience="staff",
        channels=("email",),
        urgent=True,
        facts=(_NAME, _ACCOUNT_LINK, _EXPIRES),
    ),
)  # fmt: skip
MOMENTS: Mapping[str, Moment] = {one.name: one for one in _ALL}
_PLACEHOLDERS: Mapping[str, Mapping[str, Fact]] = {
    one.name: {name: fact for fact in one.facts for name in fact.names()} for one in _ALL
}


def as_markdown() -> str:
    """``docs/moments.md``: every moment, and what its texts may say."""
    lines = [
        "# Moments",
        "",
        "<!-- Made from src/balagh/notices/moments.py by `just docs`. Change it there. -->",
        "",
        "Every message that Balagh sends, by the moment that makes it. What waits for the morning "
        "when quiet hours are set is not urgent. The words are the administrator's to change "
        "(`/messages`); their markup is described in `src/balagh/notices/wording.py`.",
        "",
        "| moment | to | by | urgent | can be stopped | when |",
        "|---|---|---|---|---|---|",
    ]
    for one in _ALL:
        by = ", ".join({"sms": "SMS", "email": "e-mail"}[channel] for channel in one.channels)
        lines.append(
            f"| `{one.name}` | {AUDIENCES[one.audience]} | {by} | {'yes' if one.urgent else '–'} | "
            f"{'yes' if one.stoppable else '–'} | {one.rule} |"
        )
    lines += [
        "",
        "## Placeholders",
        "",
        "Bold: the texts of the SMS and the e-mail, or the one named, must have it. A day and an "
        "instant have several forms: "
        + ", ".join(f"`…{form}` ({about})" for form, about in _forms().items() if form)
        + ".",
        "",
        "| moment | placeholders |",
        "|---|---|",
    ]
    lines += [f"| `{one.name}` | {', '.join(_named(fact) for fact in one.facts)} |" for one in _ALL]
    return "\n".join(lines)


def _forms() -> dict[str, str]:
    return {**FORMS["day"], **FORMS["instant"]}


def _named(fact: Fact) -> str:
    if not fact.must:
        return f"`{{{fact.name}}}`"
    where = "" if fact.must == _BOTH else f" ({', '.join(sorted(fact.must))})"
    return f"**`{{{fact.name}}}`**{where}"


if __name__ == "__main__":
    print(as_markdown())
