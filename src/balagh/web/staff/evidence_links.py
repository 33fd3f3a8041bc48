"""The case page's panel of evidence links: send one to the beneficiary, see them, revoke."""

from typing import Any

import msgspec
from litestar import Response, Router, post
from litestar.params import FromPath
from markupsafe import Markup

from balagh import clock
from balagh.i18n import isolate
from balagh.reports import evidence_links, moments
from balagh.reports.cases import Case, Desk
from balagh.reports.evidence_links import LIFETIME, EvidenceLink
from balagh.reports.lifecycle import Role
from balagh.reports.moments import Moment
from balagh.reports.telling_channels import Reach, ways
from balagh.web import access
from balagh.web.beneficiary.reminding import masked_markup
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, settings_of
from balagh.web.staff.desk import case_of, desk_of
from balagh.web.telling import Teller, teller_of

# Those at Amer who talk to the beneficiary.
ROLES = (Role.INTAKE_OFFICER, Role.REVIEWER, Role.SUPERVISOR)
EVIDENCE_LINK = Moment("evidence_link", frozenset({"link", "expires_at"}))


class LinkView(msgspec.Struct, frozen=True, kw_only=True):
    """``revoke_url``: empty where there is nothing to revoke."""

    text: str
    state: str
    revoke_url: str


class EvidenceLinkPanel(msgspec.Struct, frozen=True, kw_only=True):
    """``phone``, ``email``: where a link goes; ``may_send``: whether one can be sent; ``newest``:
    the last one's id, 0 when there is none."""

    links: list[LinkView]
    may_send: bool
    phone: Markup
    email: Markup
    newest: int
    url: str


async def panel(found: Case, desk: Desk, teller: Teller, *, sms: bool) -> EvidenceLinkPanel | None:
    """What the case page shows; nothing to agencies, and where there never was nor can be one."""
    if desk.side != "amer":
        return None
    links = await evidence_links.links(found.id)
    possible = evidence_links.possible(found.state)
    if not links and not possible:
        return None
    to = await moments.addressee_of(found.id)
    told = {way.channel: way.recipient for way in ways(Reach.of(to), sms=sms)}
    url = f"/cases/{found.number}/evidence-links"
    return EvidenceLinkPanel(
        links=[_view(link, url, teller) for link in links],
        may_send=possible and bool(told),
        phone=masked_markup(told["sms"]) if "sms" in told else Markup(""),
        email=isolate(told["email"]) if "email" in told else Markup(""),
        newest=links[0].id if links else 0,
        url=url,
    )


def _view(link: EvidenceLink, url: str, teller: Teller) -> LinkView:
    language = teller.language
    works = link.works(teller.now)
    if works:
        state = language.text("Works until {when}", when=teller.instant(link.expires_at))
    elif link.revoked_at is not None:
        state = language.text("Revoked {when}", when=teller.when(link.revoked_at))
    else:
        state = language.text("Expired")
    return LinkView(
        text=language.text(
            "Sent by {name}, {when}",
            name=link.made_ar if language.code == "ar" else link.made_en,
            when=teller.when(link.created_at),
        ),
        state=state,
        revoke_url=f"{url}/{link.id}/revocation" if works else "",
    )


@post("/cases/{number:str}/evidence-links")
async def send(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """Sends a link, once however often the form is sent (``newest``: the last one it knew of)."""
    found, now = await case_of(request, number), clock.now()
    form = await request.form()
    newest = str(form.get("newest", ""))
    settings = settings_of(request)
    token = evidence_links.new_token()
    to = await moments.addressee_of(found.id)
    # Nobody's browser knows their language before the first visit.
    language = "" if to.language == "ar" else f"?lang={to.language}"
    notices = moments.notices(
        EVIDENCE_LINK,
        to,
        public_url=settings.public_url,
        sms=settings.sms_url is not None,
        zone=(await teller_of(request)).zone,
        link=f"{settings.public_url}/e/{token}{language}",
        expires_at=(now + LIFETIME).isoformat(),
    )
    staff = desk_of(request).staff_id
    if notices and newest.isdecimal():
        await evidence_links.send(found.id, token, int(newest), staff, notices, now)
        request.app.state.waker.wake()
    if form.get("from") == "filed":
        return go(f"/intake/filed/{found.number}")
    return go(f"/cases/{found.number}#evidence_link")


@post("/cases/{number:str}/evidence-links/{link:int}/revocation")
async def revoke(request: AnyRequest, number: FromPath[str], link: FromPath[int]) -> Response[Any]:
    found = await case_of(request, number)
    await evidence_links.revoke(link, found.id, desk_of(request).staff_id, clock.now())
    return go(f"/cases/{found.number}#evidence_link")


router = Router("/", guards=[access.staff(*ROLES)], route_handlers=[send, revoke])
