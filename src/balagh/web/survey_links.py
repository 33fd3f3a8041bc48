"""``/r/{token}``: rating by the link of a message, without signing in (specification 7).

Opening the link records nothing, because programs that check mail open links too: it shows the
form with the tapped score marked, and the form records it. Whoever is signed in, the token alone
says which report is rated.
"""

from typing import Any

from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from balagh.reports import ratings, survey_links
from balagh.reports.ratings import Subject
from balagh.reports.survey_links import SurveyLink
from balagh.reports.surveys import SCORES, SURVEYS
from balagh.web import rating
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, settings_of
from balagh.web.rating import Place
from balagh.web.telling import Teller, teller_of


@get("/r/{token:str}")
async def ask(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """``?s=4`` in the link marks that score."""
    link, subject = await _linked(request, token)
    teller = await teller_of(request)
    refusal = _refusal(request, link, subject, teller)
    if refusal is not None:
        return _unlisted(refusal)
    tapped = request.query_params.get("s", "")
    chosen = int(tapped) if tapped in {str(score) for score in SCORES} else 0
    place = _place(request, link)
    return _unlisted(await rating.form_page(request, subject, place, teller, chosen=chosen))


@post("/r/{token:str}")
async def record(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """Records the rating, or changes it, and goes on to the thanks."""
    link, subject = await _linked(request, token)
    teller = await teller_of(request)
    refusal = _refusal(request, link, subject, teller)
    if refusal is not None:
        return _unlisted(refusal)
    place = _place(request, link)
    typed, given, errors = await rating.read_form(request, link.survey, teller.language)
    if given is None:
        return _unlisted(
            await rating.form_page(request, subject, place, teller, typed=typed, errors=errors)
        )
    # An earlier comment was not shown here, so an empty field does not mean that it should go.
    if not await ratings.rate(
        subject.id, link.survey, given, teller.now, teller.zone, keep_comment=True
    ):
        _, subject = await _linked(request, token)
        why = rating.why_not(subject, link.survey, teller) or "over"
        return _unlisted(rating.not_now(request, why, teller.language))
    return go(f"{place.url}/thanks")


@get("/r/{token:str}/thanks")
async def thanks(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    link, subject = await _linked(request, token)
    teller = await teller_of(request)
    refusal = _refusal(request, link, subject, teller)
    if refusal is not None:
        return _unlisted(refusal)
    place = _place(request, link)
    page = await rating.thanks_page(request, subject, place, teller)
    return _unlisted(page) if page else go(place.url)


async def _linked(request: AnyRequest, token: str) -> tuple[SurveyLink, Subject]:
    """What the token stands for; 404, as for any address that does not exist, when we never made
    it."""
    link = survey_links.read(token, settings_of(request).secret_key)
    subject = await ratings.subject_of(link.number) if link else None
    if link is None or subject is None:
        raise NotFoundException
    return link, subject


def _refusal(
    request: AnyRequest, link: SurveyLink, subject: Subject, teller: Teller
) -> Response[Any] | None:
    if teller.now >= link.expires:
        return rating.not_now(request, "link", teller.language)
    why = rating.why_not(subject, link.survey, teller)
    return rating.not_now(request, why, teller.language) if why else None


def _place(request: AnyRequest, link: SurveyLink) -> Place:
    key = settings_of(request).secret_key
    return Place(
        survey=link.survey,
        others={
            survey.code: "/r/"
            + survey_links.token(SurveyLink(link.number, survey.code, link.expires), key)
            for survey in SURVEYS.values()
        },
        signed_in=False,
    )


def _unlisted(response: Response[Any]) -> Response[Any]:
    response.headers["X-Robots-Tag"] = "noindex"
    return response


router = Router("/", route_handlers=[ask, record, thanks])
