"""The wizard's pages: a step, the evidence, the check page, a refusal."""

from collections.abc import Mapping
from typing import Any

from litestar import Response
from markupsafe import escape

from balagh.reports.eligibility import Failure
from balagh.reports.fields import Problem
from balagh.reports.wizard import CHECK, Step, fields_shown, parse
from balagh.web import views
from balagh.web.beneficiary.alike import alike_notices
from balagh.web.beneficiary.refusals import refusal_views, refused_at
from balagh.web.beneficiary.reminding import reminder_view
from balagh.web.beneficiary.visits import Visit, contact_of
from balagh.web.page import render

FILE_LIMIT = 10


async def step_page(
    here: Visit,
    step: Step,
    *,
    problems: Mapping[str, Problem] | None = None,
    action: str = "",
    status: int = 200,
    at: str | None = None,
) -> Response[bytes]:
    """A step with its fields. ``problems``: by field name, with status 422. ``action``: where the
    form goes when that is not the step's own address; ``at``: as in ``render``."""
    view = await step_view(here, step, problems or {}, action)
    if step.files:
        return documents_page(here, view, status=status, at=at)
    return render(
        here.request,
        "beneficiary/step.html",
        step=view,
        status=status,
        at=at,
        shown_again=True,
    )


async def step_view(
    here: Visit, step: Step, problems: Mapping[str, Problem], action: str = ""
) -> views.StepView:
    understood, _ = parse(step, here.answers, here.path.values, here.situation)
    values = {**here.path.values, **understood}
    shown = fields_shown(step, here.answers, values)
    address, _, query = (action or here.url(step.slug)).partition("?")
    target = address + "?" + "&".join(filter(None, (query, "change=1" if here.changing else "")))
    before = here.path.before(step.slug)
    first = f"/intake/callers/{here.draft.person_id}" if here.assisted else "/#kinds"
    back = here.url(CHECK) if here.changing else here.url(before) if before else first
    fields = [
        views.field_view(
            field,
            here.answers,
            here.situation,
            problems.get(field.name),
            here.language,
            target + ("" if target.endswith("?") else "&") + "refine=1",
        )
        for field in shown
    ]
    errors = views.error_views(fields)
    if "file" in problems:
        errors = [views.ErrorView("#file", here.language.text(problems["file"].text))]
    return views.StepView(
        kind=here.kind.code,
        slug=step.slug,
        number=here.path.number(step.slug),
        count=here.path.count,
        title=here.language.text(step.title),
        lead=here.language.text(step.lead) if step.lead else "",
        fields=fields,
        errors=errors,
        notices=[] if errors else await _notices(here, step, values),
        action=target.removesuffix("?"),
        back_url=back,
        save_url=here.home,
        optional=step.files and not _image_needed(here),
        caller=here.person.name if here.assisted else "",
        help_url=f"/help/{step.help}" if step.help else "",
    )


async def _notices(here: Visit, step: Step, values: Mapping[str, Any]) -> list[views.NoticeView]:
    """Conditions that fail by what is answered in this step, told as one answers; and what the
    person filed before that is like it."""
    failures = await here.failing(values)
    told = tuple(failure for failure in failures if refused_at(failure) == step.slug)
    refused = [
        views.NoticeView(refusal.title, refusal.text, refusal.action_url, refusal.action_text)
        for refusal in refusal_views(told, values, here)
    ]
    return refused or await alike_notices(here, values)


def documents_page(
    here: Visit,
    view: views.StepView,
    *,
    status: int = 200,
    at: str | None = None,
    failed_name: str = "",
) -> Response[bytes]:
    """The evidence step with what is saved so far. ``failed_name``: the file that was refused."""
    files = [
        views.file_view(file, here.language, f"{here.base}/files/{file.id}/removal")
        for file in here.draft.files
    ]
    return render(
        here.request,
        "beneficiary/documents.html",
        step=view,
        files=files,
        limit=FILE_LIMIT,
        upload_url=f"{here.base}/files" + ("?change=1" if here.changing else ""),
        upload_error=view.errors[0] if view.errors else None,
        failed_name=failed_name,
        required=_image_needed(here),
        may_follow=here.assisted and here.kind.image_needed(here.answers) and not files,
        status=status,
        at=at,
    )


def refusal_page(
    here: Visit, failures: tuple[Failure, ...], *, at: str | None = None, status: int = 200
) -> Response[bytes]:
    """Which conditions fail, why, and what to do next; the draft is kept."""
    slug = refused_at(failures[0])
    return render(
        here.request,
        "beneficiary/refusal.html",
        switch_url=f"{here.base}/kind",
        reminder=reminder_view(here, failures),
        refusals=refusal_views(failures, here.path.values, here),
        back_url=here.url(slug if here.path.step(slug) else here.path.steps[0].slug),
        drafts_url=here.home,
        whom=here.person.name if here.assisted else "",
        saved=True,
        status=status,
        at=at,
    )


async def check_page(
    here: Visit, *, at: str | None = None, changed: bool = False
) -> Response[bytes]:
    """Every answer with its way to change it, and the button that files. ``changed``: the draft
    changed after the page that was sent, so it has to be looked at again."""
    action = f"{here.base}/submission?as_of={here.draft.version}"
    return render(
        here.request,
        "beneficiary/check.html",
        step=views.StepView(
            kind=here.kind.code,
            slug=CHECK,
            number=here.path.count,
            count=here.path.count,
            title=here.language.text(here.kind.check_title),
            lead="",
            fields=[],
            errors=[],
            notices=await alike_notices(here, here.path.values),
            action=action,
            back_url=here.url(here.path.steps[-1].slug),
            save_url=here.home,
            caller=here.person.name if here.assisted else "",
        ),
        sections=_sections(here),
        action=action,
        agency_name=here.language.name(here.path.values["agency"]),
        organisation=contact_of(here).behalf.name,
        submit_label=here.language.text(here.kind.submit),
        changed=changed,
        at=at,
    )


def _sections(here: Visit) -> list[views.SectionView]:
    """The answers in the order of the steps; contact details last, with the name from sign-in."""
    language = here.language
    rows: dict[str, list[views.RowView]] = {}
    for step in here.path.steps:
        if step.slug != "contact":
            found = rows.setdefault(step.section, [])
            found += views.answer_rows(
                step, here.answers, here.path.values, language, here.url(step.slug)
            )
            if step.files:
                found.append(_files_row(here, step))
    sections = [views.SectionView(language.text(title), found) for title, found in rows.items()]
    return [*sections, _contact_section(here)]


def _contact_section(here: Visit) -> views.SectionView:
    language = here.language
    step = next(step for step in here.kind.steps if step.slug == "contact")
    contact = contact_of(here)
    name = views.RowView(
        language.text("Name"),
        escape(contact.name),
        note="" if here.assisted else language.text("From National Single Sign-On"),
    )
    reached = {"phone": contact.phone, "email": contact.email}
    if not here.person.name:
        reached["name"] = contact.name
    known = {**reached, **contact.behalf.values()}
    rows = views.answer_rows(step, {"name": ""}, known, language, here.url("contact"))
    if here.person.name:
        rows.insert(0, name)
    return views.SectionView(language.text(step.section), rows)


def _image_needed(here: Visit) -> bool:
    return here.kind.image_needed(here.answers) and not here.assisted


def _files_row(here: Visit, step: Step) -> views.RowView:
    label = here.language.text("Documents")
    follows = here.assisted and here.kind.image_needed(here.answers) and not here.situation.images
    later = here.language.text(
        "The image of the fault may follow: you can send the caller a link for it."
    )
    return views.RowView(
        label,
        views.file_names(here.draft.files) or escape(here.language.text("None")),
        note=later if follows else "",
        change_url=f"{here.url(step.slug)}?change=1",
        change_label=label,
    )
