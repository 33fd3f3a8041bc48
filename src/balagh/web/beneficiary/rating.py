"""Rating one's own report: ``/reports/{number}/rating/{survey}`` (specification 7)."""

from typing import Any

from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from balagh.reports import numbers, ratings
from balagh.reports.ratings import Subject
from balagh.reports.surveys import SURVEYS, Code
from balagh.web import rating
from balagh.web.beneficiary.visits import go, person_id
from balagh.web.page import AnyRequest
from balagh.web.rating import Place
from balagh.web.telling import teller_of

_PATH = "/reports/{number:str}/rating/{survey:str}"


@get(_PATH)
async def ask(request: AnyRequest, number: FromPath[str], survey: FromPath[str]) -> Response[Any]:
    subject, code = await _own(request, number, survey)
    teller = await teller_of(request)
    why = rating.why_not(subject, code, teller)
    if why:
        return rating.not_now(request, why, teller.language, subject.number)
    return await rating.form_page(request, subject, _place(subject, code), teller)


@post(_PATH)
async def record(
    request: AnyRequest, number: FromPath[str], survey: FromPath[str]
) -> Response[Any]:
    """Records the rating, or changes it, and goes on to the thanks."""
    subject, code = await _own(request, number, survey)
    teller = await teller_of(request)
    place = _place(subject, code)
    typed, given, errors = await rating.read_form(request, code, teller.language)
    if given is None:
        why = rating.why_not(subject, code, teller)
        if why:
            return rating.not_now(request, why, teller.language, subject.number)
        return await rating.form_page(request, subject, place, teller, typed=typed, errors=errors)
    if not await ratings.rate(subject.id, code, given, teller.now, teller.zone):
        subject, code = await _own(request, number, survey)
        why = rating.why_not(subject, code, teller) or "over"
        return rating.not_now(request, why, teller.language, subject.number)
    return go(f"{place.url}/thanks")


@get(f"{_PATH}/thanks")
async def thanks(
    request: AnyRequest, number: FromPath[str], survey: FromPath[str]
) -> Response[Any]:
    subject, code = await _own(request, number, survey)
    place = _place(subject, code)
    page = await rating.thanks_page(request, subject, place, await teller_of(request))
    return page or go(place.url)


async def _own(request: AnyRequest, number: str, survey: str) -> tuple[Subject, Code]:
    subject = await ratings.subject_for(person_id(request), numbers.parse(number) or "")
    if subject is None or survey not in SURVEYS:
        raise NotFoundException
    return subject, SURVEYS[survey].code


def _place(subject: Subject, code: Code) -> Place:
    return Place(
        survey=code,
        others={
            each.code: f"/reports/{subject.number}/rating/{each.code}" for each in SURVEYS.values()
        },
        signed_in=True,
    )


router = Router("/", route_handlers=[ask, record, thanks])
