"""The panel with the links by which an agency without staff here answers the report."""

from collections.abc import Mapping

import msgspec

from balagh.i18n import N_
from balagh.reports import answer_links as links
from balagh.reports.answer_links import AnswerLink, Status
from balagh.reports.cases import Case, Desk
from balagh.reports.fields import Answers, Choice, Email, Field, Line, Option, Problem
from balagh.web.asking import field_views, situation_of
from balagh.web.telling import Teller
from balagh.web.views import ErrorView, FieldView, error_views

FIELDS: tuple[Field, ...] = (
    Line(
        name="link_name",
        label=N_("Name of the contact at the agency"),
        missing=N_("Write the contact's name"),
        maxlength=100,
        autocomplete="off",
    ),
    Email(
        name="link_email",
        label=N_("Their e-mail address"),
        missing=N_("Write the contact's e-mail address"),
        ltr=True,
        autocomplete="off",
    ),
    Choice(
        name="link_language",
        label=N_("Language of the message"),
        missing=N_("Choose a language"),
        choices=(Option(value="ar", label=N_("Arabic")), Option(value="en", label=N_("English"))),
    ),
)
_STATUS: Mapping[Status, str] = {
    "open": N_("Open until {day}"),
    "used": N_("Answered by it: {used}"),
    "revoked": N_("Withdrawn: {revoked}"),
    "stopped": N_("Ended: the report has moved on"),
    "expired": N_("Expired: {day}"),
}


class LinkView(msgspec.Struct, frozen=True):
    """``revoke_url``: empty where there is nothing left to withdraw."""

    name: str
    email: str
    status: str
    made: str
    open: bool
    revoke_url: str


class AnswerLinksView(msgspec.Struct, frozen=True, kw_only=True):
    """``action``: where a new link is asked for, empty where none may be made; ``staffed``: because
    the agency has staff here."""

    links: list[LinkView]
    action: str
    fields: list[FieldView]
    staffed: bool
    gone: bool

    @property
    def errors(self) -> list[ErrorView]:
        return error_views(self.fields)


async def answer_links(
    desk: Desk,
    case: Case,
    teller: Teller,
    *,
    typed: Answers | None = None,
    problems: Mapping[str, Problem] | None = None,
    gone: bool = False,
) -> AnswerLinksView | None:
    """For those who make links, while there is one or one may be made. ``typed``, ``problems``:
    what was sent and is wrong; ``gone``: it was right, and the report is elsewhere by now."""
    if desk.role not in links.MAKERS:
        return None
    made = await links.links_of(case.id)
    possible = links.may_make(desk, case) and case.referred_agency_id is not None
    staffed = possible and await links.has_staff(case.referred_agency_id or 0)
    if not made and (not possible or staffed) and not gone:
        return None
    situation = await situation_of(teller)
    answers = {"link_language": "ar"} if typed is None else typed
    return AnswerLinksView(
        links=[_link(one, case, teller) for one in made],
        action=f"/cases/{case.number}/answer-links" if possible and not staffed else "",
        fields=field_views(FIELDS, answers, problems or {}, situation, teller),
        staffed=staffed,
        gone=gone,
    )


def _link(one: AnswerLink, case: Case, teller: Teller) -> LinkView:
    language, status = teller.language, one.status(teller.now)
    return LinkView(
        name=one.name,
        email=one.email,
        status=language.text(
            _STATUS[status],
            day=teller.instant(one.expires_at),
            used=teller.when(one.used_at) if one.used_at else "",
            revoked=teller.when(one.revoked_at) if one.revoked_at else "",
        ),
        made=language.text(
            "Sent by {name}: {when}",
            name=language.name(one, "maker"),
            when=teller.when(one.created_at),
        ),
        open=status == "open",
        revoke_url=f"/cases/{case.number}/answer-links/{one.id}/revocation"
        if status == "open"
        else "",
    )
