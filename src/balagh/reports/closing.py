"""What the beneficiary is told when a report is closed or rejected (specification 6).

"closed: link to the details, link to the two surveys · accepted: as closed, with the implementation
date · refused / rejected: as closed, with the reasons." Whoever closes or rejects passes what
``notices`` makes to ``acting.act``, in the same statement as the closing itself.
"""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from balagh.reports import survey_links, surveys
from balagh.reports.acting import Notice, to_all
from balagh.reports.lifecycle import State
from balagh.reports.standing import Standing
from balagh.reports.survey_links import SurveyLink
from balagh.reports.telling_channels import Reach


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """A report as it is after it was closed or rejected, and whom to tell of it.

    ``reason``: why it was rejected; a refusal's reasons are the agency's answer. ``comment``: what
    the reviewer adds to the closing. ``language``: the one the report was filed in. ``reach``:
    where the report's beneficiary is reached. ``part``: it is a part of another one, with which
    their experience is rated.
    """

    number: str
    kind: str
    title: str
    agency_ar: str
    agency_en: str
    standing: Standing
    reason: str = ""
    comment: str = ""
    name: str
    language: str
    reach: Reach
    part: bool = False


def notices(
    ending: Ending, *, public_url: str, secret_key: bytes, sms: bool, zone: ZoneInfo
) -> tuple[Notice, ...]:
    """One for each channel on which the beneficiary is told. ``sms``: whether this installation has
    a gateway."""
    data = _data(ending, public_url, secret_key, zone)
    return to_all(ending.reach, moment(ending.standing), ending.language, data, sms=sms)


def moment(standing: Standing) -> str:
    """``closed``, ``accepted``, ``refused`` or ``rejected``: which words fit the ending."""
    if standing.state is State.REJECTED:
        return "rejected"
    assert standing.state is State.CLOSED, "nobody is told of an ending before it"
    return {"accepted": "accepted", "refused": "refused"}.get(standing.outcome or "", "closed")


def _data(ending: Ending, public_url: str, secret_key: bytes, zone: ZoneInfo) -> dict[str, Any]:
    """All that the words of the four moments need. ``rate_link`` is the first survey's."""
    standing = ending.standing
    assert standing.ended_at is not None
    expires = surveys.rate_until(standing.ended_at, zone)
    # Nobody's browser knows their language before the first visit.
    language = "" if ending.language == "ar" else f"?lang={ending.language}"
    links = {
        code: f"{public_url}/r/"
        + survey_links.token(SurveyLink(ending.number, code, expires), secret_key)
        + language
        for code in surveys.after(standing.state, part=ending.part)
    }
    promised = standing.promised_on
    reopen = standing.reopen_until if ending.kind == "complaint" else None
    return {
        "name": ending.name,
        "number": ending.number,
        "title": ending.title,
        "kind": ending.kind,
        "agency_ar": ending.agency_ar,
        "agency_en": ending.agency_en,
        "outcome": standing.outcome,
        "promised_on": promised.isoformat() if promised else None,
        "reasons": ending.reason if standing.state is State.REJECTED else standing.answer or "",
        "comment": ending.comment,
        "reopen_until": reopen.isoformat() if reopen else None,
        "rate_until": expires.isoformat(),
        "link": f"{public_url}/reports/{ending.number}",
        "rate_link": next(iter(links.values())),
        "survey_links": links,
    }
