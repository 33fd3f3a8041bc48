"""The pages of one question, outside the wizard: its form, and what is wrong with the answer."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from litestar import Response

from balagh import clock
from balagh.directory.lookup import catalogue
from balagh.reports.choices import Choices
from balagh.reports.fields import Answers, Problem, Situation
from balagh.reports.wizard import Step, fields_shown, parse
from balagh.web import views
from balagh.web.page import AnyRequest, language_of, render, settings_of


async def question_page(
    request: AnyRequest,
    step: Step,
    answers: Answers,
    problems: Mapping[str, Problem] | None = None,
    *,
    lead: str = "",
    button: str = "",
    back_url: str = "/account",
    again_url: str = "",
) -> Response[bytes]:
    """One question of the settings, as a form. ``problems``: with status 422.

    ``lead``, ``button``: in place of the step's own and of "Save"; ``again_url``: where another
    code is sent from.
    """
    language = language_of(request)
    around = await situation(request)
    values, _ = parse(step, answers, {}, around)
    fields = [
        views.field_view(field, answers, around, (problems or {}).get(field.name), language, "")
        for field in fields_shown(step, answers, values)
    ]
    view = views.StepView(
        kind="",
        slug=step.slug,
        number=0,
        count=0,
        title=language.text(step.title),
        lead=lead or (language.text(step.lead) if step.lead else ""),
        fields=fields,
        errors=views.error_views(fields),
        notices=[],
        action=f"/account/{step.slug}",
        back_url=back_url,
        save_url="",
    )
    return render(
        request,
        "account/question.html",
        step=view,
        button=button or language.text("Save"),
        again_url=again_url,
        status=422 if problems else 200,
        at=view.action if request.method == "POST" else None,
    )


async def situation(request: AnyRequest) -> Situation:
    now = clock.now()
    zone = ZoneInfo(settings_of(request).zone)
    directory = Choices(await catalogue(now), language_of(request).code)
    return Situation(today=now.astimezone(zone).date(), directory=directory)
