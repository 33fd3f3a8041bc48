"""Why a report cannot be filed, in words: which condition fails, why, and what to do next.

Where time is the obstacle also the first day on which it can be filed (specification 3.1).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from markupsafe import Markup

from balagh.i18n import N_, Language, isolate
from balagh.reports.eligibility import Code, Failure
from balagh.reports.fields import service_of
from balagh.reports.switching import ways
from balagh.web.beneficiary.visits import Visit
from balagh.web.views import number, strong

# The step whose answer makes the condition fail, and where it is told.
_STEPS = {
    Code.PAPER_SERVICE: "service",
    Code.PROCEDURAL: "closure",
    Code.PROBLEM_GONE: "closure",
    Code.ALREADY_ESCALATED: "reference",
    Code.SLA_NOT_OVER: "reference",
    Code.TOO_EARLY: "reference",
    Code.DIGITAL_SERVICE: "service",
    Code.HAS_ALTERNATIVE: "service",
    Code.ALREADY_REQUESTED: "service",
    Code.ALREADY_SUGGESTED: "details",
}
# The help entry about the condition.
_HELP = {
    Code.PAPER_SERVICE: "paper-services",
    Code.PROCEDURAL: "closed-procedures",
    Code.PROBLEM_GONE: "problem-solved",
    Code.ALREADY_ESCALATED: "already-escalated",
    Code.SLA_NOT_OVER: "ground-response-time",
    Code.TOO_EARLY: "ground-no-response-time",
    Code.DIGITAL_SERVICE: "transformation-conditions",
    Code.HAS_ALTERNATIVE: "digital-alternative",
    Code.ALREADY_REQUESTED: "same-request",
    Code.ALREADY_SUGGESTED: "same-suggestion",
}
# As many working days as one row of boxes shows.
_WEEK = 5


class WeekDayView(msgspec.Struct, frozen=True):
    """A box of the row that leads to the first possible day. ``mark``: ``today``, ``first``."""

    weekday: str
    number: int
    mark: str = ""


class OfferView(msgspec.Struct, frozen=True):
    """Another kind of report that the draft can become; ``about``: the service it is then about."""

    kind: str
    text: str
    about: str = ""


class RefusalView(msgspec.Struct, frozen=True, kw_only=True):
    """``week`` and ``fine``: how the days are counted; ``todo``: what can be done meanwhile;
    ``offers``: other tracks; ``help_url``: more about the condition."""

    code: str
    title: str
    text: Markup
    possible_on: date | None = None
    week: list[WeekDayView] = []
    fine: Markup = Markup("")
    todo: list[Markup] = []
    offers: list[OfferView] = []
    action_url: str = ""
    action_text: str = ""
    help_url: str = ""


def refused_at(failure: Failure) -> str:
    """The slug of the step that made the condition fail."""
    return _STEPS[failure.code]


def refusal_views(
    failures: tuple[Failure, ...], values: Mapping[str, Any], here: Visit
) -> list[RefusalView]:
    """One for each failing condition, in their order. ``values``: what is understood so far."""
    return [
        msgspec.structs.replace(
            _VIEWS[failure.code](failure, values, here), help_url=help_of(failure.code)
        )
        for failure in failures
    ]


def help_of(code: Code) -> str:
    """The address of the help entry about that condition."""
    return f"/help/{_HELP[code]}"


def _paper_service(failure: Failure, values: Mapping[str, Any], here: Visit) -> RefusalView:
    language = here.language
    service = values["service"]
    alternative = here.situation.directory.alternative(service.code)
    todo = (
        language.markup(
            N_("The same can be done digitally: {service}. Your report can be about that service."),
            service=strong(language.name(alternative)),
        )
        if alternative
        else language.markup(N_("Ask for it to become digital: that is a transformation request."))
    )
    return RefusalView(
        code=failure.code,
        title=language.text("Complaints and suggestions are about digital services only"),
        text=language.markup(
            N_("{service} is done on paper."), service=strong(language.name(service))
        ),
        todo=[todo],
        offers=_offers(values, here),
        action_url=here.url("service"),
        action_text=language.text("Choose another service"),
    )


def _digital_service(failure: Failure, values: Mapping[str, Any], here: Visit) -> RefusalView:
    language = here.language
    text = language.markup(
        N_("{service} is a digital service. A transformation request is about a paper one."),
        service=strong(language.name(service_of(values))),
    )
    return _digital(failure, values, here, language.text("This service is digital already"), text)


def _has_alternative(failure: Failure, values: Mapping[str, Any], here: Visit) -> RefusalView:
    language = here.language
    service = service_of(values)
    alternative = here.situation.directory.alternative(service.code)
    title = language.text("This service has a digital alternative")
    text = language.markup(
        N_("Instead of {service} you can use {alternative} on {platform}."),
        service=strong(language.name(service)),
        alternative=strong(language.name(alternative)),
        platform=strong(_platform_of(alternative, here)),
    )
    return _digital(failure, values, here, title, text)


def _digital(
    failure: Failure, values: Mapping[str, Any], here: Visit, title: str, text: Markup
) -> RefusalView:
    """There is a digital service to complain about or to improve."""
    language = here.language
    return RefusalView(
        code=failure.code,
        title=title,
        text=text,
        todo=[
            language.markup(N_("If it does not work, complain about it.")),
            language.markup(N_("If it could be better, suggest how.")),
        ],
        offers=_offers(values, here),
        action_url=here.url("service"),
        action_text=language.text("Choose another service"),
    )


def _already_requested(failure: Failure, values: Mapping[str, Any], here: Visit) -> RefusalView:
    language = here.language
    service = service_of(values)
    name = service if isinstance(service, str) else language.name(service)
    return RefusalView(
        code=failure.code,
        title=language.text("You filed this request before"),
        text=language.markup(
            N_("There is a transformation request of yours for {service} with {agency}: {report}."),
            service=strong(isolate(name)),
            agency=strong(language.name(values["agency"])),
            report=_report(failure, here),
        ),
        todo=[
            language.markup(N_("Follow it: its page shows who has it and until when.")),
            language.markup(
                N_('If you mean another service, <a href="{url}">change it</a>.'),
                url=here.url("service"),
            ),
        ],
        action_url=here.url("service"),
        action_text=language.text("Choose another service"),
    )


def _already_suggested(failure: Failure, values: Mapping[str, Any], here: Visit) -> RefusalView:
    language = here.language
    return RefusalView(
        code=failure.code,
        title=language.text("You made this suggestion before"),
        text=language.markup(
            N_("There is a suggestion of yours for {service} in the same words: {report}."),
            service=strong(language.name(values["service"])),
            report=_report(failure, here),
        ),
        todo=[
            language.markup(N_("Follow it: its page shows who has it and until when.")),
            language.markup(
                N_('If you have something to add, <a href="{url}">change the text</a>.'),
                url=here.url("details"),
            ),
        ],
        action_url=here.url("details"),
        action_text=language.text("Change the text"),
    )


def _already_escalated(_failure: Failure, values: Mapping[str, Any], here: Visit) -> RefusalView:
    language = here.language
    return RefusalView(
        code=_failure.code,
        title=language.text("This complaint was escalated before"),
        text=language.markup(
            N_(
                "There is a report about the reference number {reference} with {agency}. "
                "A complaint is escalated once, by whoever is first."
            ),
            reference=isolate(values["reference"]),
            agency=strong(language.name(values["agency"])),
        ),
        todo=[
            language.markup(
                N_('If you filed it, find it among <a href="{url}">your reports</a>.'),
                url=f"/intake/callers/{here.draft.person_id}",
            )
            if here.assisted
            else language.markup(
                N_('If you filed it, follow it in <a href="/reports">My reports</a>.')
            ),
            language.markup(
                N_('If the number is mistyped, <a href="{url}">correct it</a>.'),
                url=here.url("reference"),
            ),
            language.markup(
                N_(
                    "If it is your complaint and you did not file it, call "
                    '<a href="tel:199099"><bdi>199099</bdi></a>.'
                )
            ),
        ],
        action_url=here.url("reference"),
        action_text=language.text("Change the reference number"),
    )


def _procedural(_failure: Failure, values: Mapping[str, Any], here: Visit) -> RefusalView:
    language = here.language
    return RefusalView(
        code=_failure.code,
        title=language.text("A complaint about procedures cannot be escalated"),
        text=language.markup(
            N_(
                "Conditions, fees and decisions are the provider's own to explain and change. "
                "We escalate closed complaints about technical problems only."
            )
        ),
        todo=[
            language.markup(N_("Contact the provider through its own channels.")),
            language.markup(
                N_('If it was a technical problem, <a href="{url}">change your answer</a>.'),
                url=here.url("closure"),
            ),
        ],
        action_url=here.url("closure"),
        action_text=language.text("Change the answer"),
    )


def _problem_gone(_failure: Failure, values: Mapping[str, Any], here: Visit) -> RefusalView:
    language = here.language
    return RefusalView(
        code=_failure.code,
        title=language.text("A problem that is solved cannot be escalated"),
        text=language.markup(
            N_("A closed complaint is escalated when the technical problem is still there.")
        ),
        todo=[
            language.markup(N_("If the problem comes back, continue this draft then.")),
            language.markup(
                N_('If it is still there, <a href="{url}">change your answer</a>.'),
                url=here.url("closure"),
            ),
        ],
        action_url=here.url("closure"),
        action_text=language.text("Change the answer"),
    )


def _sla_not_over(failure: Failure, values: Mapping[str, Any], here: Visit) -> RefusalView:
    known = values["service"].sla_days is not None
    why = (
        N_("{provider} answers complaints about this service within {days}. They are not over yet.")
        if known
        else N_("{provider} promised you an answer within {days}. They are not over yet.")
    )
    return _in_time(failure, values, here, why)


def _too_early(failure: Failure, values: Mapping[str, Any], here: Visit) -> RefusalView:
    return _in_time(
        failure,
        values,
        here,
        N_(
            "{provider} set you no response time. In this case a complaint can be escalated once "
            "{days} have passed completely since you filed it."
        ),
        N_('If {provider} did set a time, <a href="{url}">change the ground</a>.'),
    )


def _in_time(
    failure: Failure, values: Mapping[str, Any], here: Visit, why: str, *more: str
) -> RefusalView:
    language = here.language
    filed_on: date = values["filed_on"]
    provider = strong(_provider(values, language))
    counted = here.calendar.days_between(filed_on, here.situation.today)
    passed = sum(day < here.situation.today for day in counted)
    advice = (
        N_("Follow your complaint with {provider} by its number, and keep every answer you get."),
        *more,
        N_(
            "If your complaint is closed and the technical problem is still there, "
            '<a href="{url}">you can escalate it now</a>.'
        ),
    )
    return RefusalView(
        code=failure.code,
        title=language.text("The complaint cannot be filed today"),
        text=language.markup(why, provider=provider, days=strong(_days(failure.days, language))),
        possible_on=failure.possible_on,
        week=_week(failure, filed_on, here),
        fine=language.markup(
            N_(
                "You filed {reference} on {day}, and {passed} since. "
                "Weekends and official holidays are not counted."
            ),
            reference=isolate(values["reference"]),
            day=language.date(filed_on, year=False),
            passed=_passed(passed, language),
        ),
        todo=[language.markup(text, provider=provider, url=here.url("ground")) for text in advice],
        action_url=here.url("reference"),
        action_text=language.text("Change number or date"),
    )


def _offers(values: Mapping[str, Any], here: Visit) -> list[OfferView]:
    """Other tracks on which the draft can go on, with all that was typed and added."""
    language = here.language
    return [
        OfferView(
            way.kind.code,
            language.text(way.kind.start),
            # Where the service changes too, which one it becomes.
            "" if way.service == service_of(values) else language.name(way.service),
        )
        for way in ways(here.kind, here.answers, values, here.situation.directory)
    ]


def _platform_of(service: Any, here: Visit) -> str:
    place = here.situation.directory.place(service.code)
    found = here.situation.directory.platforms(place["agency"])
    return next(here.language.name(row) for row in found if row.code == place["platform"])


def _report(failure: Failure, here: Visit) -> Markup:
    """The earlier report's number, leading to it."""
    url = here.report_url(failure.number)
    return Markup('<a href="{}">{}</a>').format(url, number(failure.number))


def _week(failure: Failure, filed_on: date, here: Visit) -> list[WeekDayView]:
    """The working days that must pass, and the first possible day."""
    if failure.possible_on is None or failure.days > _WEEK:
        return []
    working = [here.calendar.after(filed_on, n) for n in range(1, failure.days + 1)]
    marks = {here.situation.today: "today", failure.possible_on: "first"}
    return [
        WeekDayView(here.language.weekday(day), day.day, marks.get(day, ""))
        for day in (*working, failure.possible_on)
    ]


def _days(days: int, language: Language) -> str:
    return language.plural("{n} working day", "{n} working days", days)


def _passed(days: int, language: Language) -> str:
    return language.plural("{n} working day has passed", "{n} working days have passed", days)


def _provider(values: Mapping[str, Any], language: Language) -> str:
    """As people know it: the platform's name, else the agency's."""
    return language.name(values.get("platform") or values["agency"])


_VIEWS = {
    Code.PAPER_SERVICE: _paper_service,
    Code.ALREADY_ESCALATED: _already_escalated,
    Code.PROCEDURAL: _procedural,
    Code.PROBLEM_GONE: _problem_gone,
    Code.SLA_NOT_OVER: _sla_not_over,
    Code.TOO_EARLY: _too_early,
    Code.DIGITAL_SERVICE: _digital_service,
    Code.HAS_ALTERNATIVE: _has_alternative,
    Code.ALREADY_REQUESTED: _already_requested,
    Code.ALREADY_SUGGESTED: _already_suggested,
}
