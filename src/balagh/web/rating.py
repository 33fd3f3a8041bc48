"""One survey's page, the same for those who signed in and those who followed a signed link."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Response
from markupsafe import Markup

from balagh.i18n import N_, Language, grouped, isolate
from balagh.reports import deadlines, ratings, surveys
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import State
from balagh.reports.ratings import Rating, Subject
from balagh.reports.surveys import SCORES, SURVEYS, Code, Opinion
from balagh.web import views
from balagh.web.beneficiary.telling import agency_of
from balagh.web.page import AnyRequest, render
from balagh.web.telling import Teller
from balagh.web.views import ErrorView, OptionView

_LONGEST = 20_000
READ_ANSWER, READ_ANSWER_SIGN_IN = N_("Read the answer"), N_("Read the answer (sign in first)")
READ_DETAILS = N_("Details of the report")
READ_DETAILS_SIGN_IN = N_("Details of the report (sign in first)")
# What is told where nothing can be rated: heading, text.
_NOT_NOW = {
    "open": (
        N_("This report is being worked on"),
        N_("You can rate it once it is closed. We send you the link then."),
    ),
    "over": (
        N_("The time for rating is over"),
        N_("A report can be rated for 30 days after it is closed. You can still read its answer."),
    ),
    "never": (
        N_("This report has no such survey"),
        N_("Its details say how it ended."),
    ),
    "link": (
        N_("This link has expired"),
        N_("A link to rate works for 30 days. Sign in to read the answer in My reports."),
    ),
}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where one survey of a report is answered. ``others``: address by survey.

    ``signed_in``: as the beneficiary; through a link less is shown.
    """

    survey: Code
    others: dict[Code, str]
    signed_in: bool

    @property
    def url(self) -> str:
        return self.others[self.survey]


class Typed(msgspec.Struct, frozen=True):
    """What the form holds: ``score`` 0 when none is marked."""

    score: int = 0
    reasons: tuple[str, ...] = ()
    comment: str = ""


def not_now(request: AnyRequest, why: str, language: Language, number: str = "") -> Response[Any]:
    """A page that says why nothing can be rated. ``why``: ``open``, ``over``, ``never``, ``link``.

    ``number``: of the report whose details may be read instead.
    """
    heading, text = _NOT_NOW[why]
    return render(
        request,
        "rating/not_now.html",
        status=410 if why in ("link", "over") else 409,
        heading=language.text(heading),
        text=language.text(text),
        report_url=f"/reports/{number}" if number else "/reports",
    )


def why_not(subject: Subject, survey: Code, teller: Teller) -> str:
    """The reason for which this cannot be rated now; empty when it can."""
    if surveys.may_rate(
        survey, subject.state, subject.ended_at, teller.now, teller.zone, part=subject.part
    ):
        return ""
    if subject.part and survey not in surveys.after(State.CLOSED, part=True):
        return "never"
    if survey in surveys.after(subject.state):
        return "over"
    return "never" if subject.state in (State.CANCELLED, State.REJECTED) else "open"


async def form_page(
    request: AnyRequest,
    subject: Subject,
    place: Place,
    teller: Teller,
    *,
    chosen: int = 0,
    typed: Typed | None = None,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    """``chosen``: the score tapped in the message; ``typed``: what was sent and is wrong."""
    language = teller.language
    survey = SURVEYS[place.survey]
    earlier = (await ratings.ratings_of(subject.id)).get(place.survey)
    shown = typed or _start(earlier, chosen, signed_in=place.signed_in)
    asked = surveys.after(subject.state, part=subject.part)
    errors = errors or {}
    return render(
        request,
        "rating/form.html",
        status=422 if errors else 200,
        place=place,
        question=language.text(survey.question),
        step=_step(subject, asked.index(place.survey) + 1, len(asked), language),
        lead=_lead(subject, place, teller),
        report_url=f"/reports/{subject.number}",
        report_text=language.text(_way_to_report(subject, place)),
        chosen=language.markup(
            "You chose in the message: {score}. It is recorded when you press “Send the rating”.",
            score=views.strong(_score(chosen, language)),
        )
        if chosen and not typed
        else "",
        earlier=earlier is not None,
        comment_kept=bool(earlier and earlier.comment and not place.signed_in),
        scores=[
            OptionView(str(score), language.text(word), "low" if score <= surveys.LOW else "",
                       score == shown.score)
            for score, word in SCORES.items()
        ],
        reasons=[
            OptionView(code, language.text(label), "", code in shown.reasons)
            for code, label in survey.reasons.items()
        ],
        comment=shown.comment,
        errors=errors,
        summary=[ErrorView(f"#{name}", text) for name, text in errors.items()],
    )  # fmt: skip


async def read_form(
    request: AnyRequest, survey: Code, language: Language
) -> tuple[Typed, Opinion | None, dict[str, str]]:
    """What was sent; what it means, or none; what is wrong, by field."""
    form = await request.form()
    sent = str(form.get("score", ""))
    score = int(sent) if sent in {str(each) for each in SCORES} else 0
    reasons = tuple(str(code) for code in form.getall("reasons", []))
    written = form.get("comment", "")
    # No more than is worth showing again; PostgreSQL's text takes every sign but one.
    comment = written[:_LONGEST] if isinstance(written, str) else ""
    comment = comment.replace("\r\n", "\n").replace("\x00", "")
    typed = Typed(score, reasons, comment)
    errors = {}
    if not score:
        errors["score"] = language.text("Choose one of the five answers")
    if len(comment) > surveys.COMMENT_MAX:
        errors["comment"] = language.plural(
            "Write at most {max} characters: {n} is too many",
            "Write at most {max} characters: {n} are too many",
            len(comment) - surveys.COMMENT_MAX,
            max=surveys.COMMENT_MAX,
        )
    if errors:
        return typed, None, errors
    return typed, surveys.opinion(SURVEYS[survey], score, reasons, comment), {}


async def thanks_page(
    request: AnyRequest, subject: Subject, place: Place, teller: Teller
) -> Response[Any] | None:
    """What was recorded, the other survey, and the way on; none when nothing was recorded."""
    language = teller.language
    found = await ratings.ratings_of(subject.id)
    mine = found.get(place.survey)
    if mine is None or subject.ended_at is None:
        return None
    other = next(
        (
            code
            for code in surveys.after(subject.state, part=subject.part)
            if code != place.survey and code not in found
        ),
        None,
    )
    reopening = surveys.leads_to_reopening(
        place.survey,
        mine.opinion(),
        kind=subject.kind,
        state=subject.state,
        reopen_until=subject.reopen_until,
        now=teller.now,
    )
    return render(
        request,
        "rating/thanks.html",
        place=place,
        recorded=language.markup(
            "The rating is recorded. {what}: {score}.",
            what=language.text(SURVEYS[place.survey].name),
            score=views.strong(_score(mine.score, language)),
        ),
        until=language.text(
            "You can change it until {day}.",
            day=_last_day(surveys.rate_until(subject.ended_at, teller.zone), teller),
        ),
        other=SURVEYS[other] if other else None,
        other_url=place.others[other] if other else "",
        reopen_url=f"/reports/{subject.number}/reopening" if reopening else "",
        reopen_until=_last_day(subject.reopen_until, teller)
        if reopening and subject.reopen_until
        else "",
        report_url=f"/reports/{subject.number}",
    )


def _start(earlier: Rating | None, chosen: int, *, signed_in: bool) -> Typed:
    """The form as it is first shown. What somebody wrote is shown to them alone."""
    if earlier is None:
        return Typed(chosen)
    comment = earlier.comment or "" if signed_in else ""
    return Typed(chosen or earlier.score, earlier.reasons, comment)


def _step(subject: Subject, place: int, count: int, language: Language) -> Markup:
    number = isolate(grouped(subject.number))
    kind = language.text(KINDS[subject.kind].name)
    if count == 1:
        return language.markup("{kind} no. {number}", kind=kind, number=number)
    return language.markup(
        "Survey {n} of {count} · {kind} {number}", n=place, count=count, kind=kind, number=number
    )


def _lead(subject: Subject, place: Place, teller: Teller) -> Markup:
    language = teller.language
    agency = views.strong(agency_of(subject, language))
    if place.survey == "balagh":
        about = language.markup(
            "About this site and Amer centre: filing the report, following it, being told."
        )
        if subject.state is State.REJECTED:
            return about
        return about + " " + language.markup("Not about the answer of {agency}.", agency=agency)
    if not place.signed_in or subject.ended_at is None:
        return language.markup("{agency} answered this report.", agency=agency)
    return language.markup(
        "{agency} answered “{title}”, and it was closed on {day}.",
        agency=agency,
        title=isolate(subject.title),
        day=language.date(
            subject.ended_at.astimezone(teller.zone).date(), weekday=False, year=False
        ),
    )


def _way_to_report(subject: Subject, place: Place) -> str:
    if subject.state is State.CLOSED:
        return READ_ANSWER if place.signed_in else READ_ANSWER_SIGN_IN
    return READ_DETAILS if place.signed_in else READ_DETAILS_SIGN_IN


def _score(score: int, language: Language) -> Markup:
    return language.markup(
        "{score}, {word}", score=isolate(score), word=language.text(SCORES[score])
    )


def _last_day(end: datetime, teller: Teller) -> str:
    return teller.language.date(deadlines.due_day(end, teller.zone))
