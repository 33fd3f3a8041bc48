"""What the beneficiary is told when a report is closed or rejected (specification 6).

"closed: link to the details, link to the two surveys · accepted: as closed, with the implementation
date · refused / rejected: as closed, with the reasons." Whoever closes or rejects passes what
``notices`` makes to ``acting.act``, in the same statement as the closing itself.
"""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from balagh.reports import survey_links, surveys
from balagh.reports.acting import Notice
from balagh.reports.lifecycle import State
from balagh.reports.standing import Standing
from balagh.reports.survey_links import SurveyLink


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """A report as it is after it was closed or rejected, and whom to tell of it.

    ``reason``: why it was rejected; a refusal's reasons are the agency's answer. ``language``: the
    one the report was filed in. ``phone``, ``email``: where the report's beneficiary is reached.
    """

    number: str
    kind: str
    title: str
    agency_ar: str
    agency_en: str
    standing: Standing
    reason: str = ""
    name: str
    language: str
    phone: str | None
    email: str | None


def notices(
    ending: Ending,
    channels: Sequence[Literal["sms", "email"]],
    *,
    public_url: str,
    secret_key: bytes,
) -> tuple[Notice, ...]:
    """One for each of the channels on which the beneficiary can be reached.

    ``channels``: those that this installation has and the beneficiary wants.
    """
    recipients = {"sms": ending.phone, "email": ending.email}
    data = _data(ending, public_url, secret_key)
    return tuple(
        Notice(
            moment=moment(ending.standing),
            channel=channel,
            recipient=recipient,
            language=ending.language,
            data=data,
        )
        for channel in channels
        if (recipient := recipients[channel])
    )


def moment(standing: Standing) -> str:
    """``closed``, ``accepted``, ``refused`` or ``rejected``: which words fit the ending."""
    if standing.state is State.REJECTED:
        return "rejected"
    assert standing.state is State.CLOSED, "nobody is told of an ending before it"
    return {"accepted": "accepted", "refused": "refused"}.get(standing.outcome or "", "closed")


def _data(ending: Ending, public_url: str, secret_key: bytes) -> dict[str, Any]:
    """All that the words of the four moments need. ``rate_link`` is the first survey's."""
    standing = ending.standing
    assert standing.ended_at is not None
    expires = surveys.rate_until(standing.ended_at)
    # Nobody's browser knows their language before the first visit.
    language = "" if ending.language == "ar" else f"?lang={ending.language}"
    links = {
        code: f"{public_url}/r/"
        + survey_links.token(SurveyLink(ending.number, code, expires), secret_key)
        + language
        for code in surveys.after(standing.state)
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
        "reopen_until": reopen.isoformat() if reopen else None,
        "rate_until": expires.isoformat(),
        "link": f"{public_url}/reports/{ending.number}",
        "rate_link": next(iter(links.values())),
        "survey_links": links,
    }
