"""Filing a report, step by step (specification 3).

Every step is an ordinary form. With htmx the answer to a step is the next step's fragment; without,
POST → 303 → GET. What was typed is kept in the draft before it is judged, so nothing is ever lost.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import FormMultiDict
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from balagh import clock
from balagh.database import one_connection
from balagh.i18n import N_
from balagh.people import audit
from balagh.reports import casework
from balagh.reports.casework import OpenDraft
from balagh.reports.eligibility import Failure
from balagh.reports.fields import Day, Pick, Problem
from balagh.reports.kinds import KINDS
from balagh.reports.wizard import CHECK, DONE, Step, image_owed, parse
from balagh.web.beneficiary.steps import check_page, refusal_page, step_page
from balagh.web.beneficiary.visits import Visit, go, own_draft, person_id, visit
from balagh.web.page import AnyRequest, is_fragment

# Longer than any answer may be, so that one that is too long is kept and said, not cut.
_LONGEST = 20_000
CONTACT, REFUSAL = "contact", "refusal"

NO_IMAGE = Problem(
    N_("Add an image of the fault: it is needed because no complaint could be opened")
)


@get("/new/{kind:str}")
async def new(request: AnyRequest, kind: FromPath[str]) -> Response[Any]:
    """The first step; the draft comes with the first answer. (For callers: ``/intake``.)"""
    here = await visit(request, _unsaved(uuid4(), kind, person_id(request)))
    return await step_page(here, here.path.steps[0], action=f"/new/{kind}?draft={here.draft.id}")


@post("/new/{kind:str}")
async def begin(request: AnyRequest, kind: FromPath[str], draft: FromQuery[UUID]) -> Response[Any]:
    """Keeps the first answer. ``draft`` was chosen with the page, so that the same form sent twice
    begins one draft."""
    here = await visit(request, _unsaved(draft, kind, person_id(request)))
    step = here.path.steps[0]
    typed = _typed(step, await request.form())
    if not any(typed.values()):
        _, problems = parse(step, typed, {}, here.situation)
        again = f"/new/{kind}?draft={draft}"
        return await step_page(here, step, problems=problems, action=again, status=422)
    async with one_connection():
        await casework.begin(draft, person_id(request), kind, typed, here.now)
        return await _answered(request, draft, step.slug)


@get("/drafts/{draft:uuid}")
async def resume(request: AnyRequest, draft: FromPath[UUID]) -> Response[Any]:
    """Leads to the first unanswered step."""
    found = await own_draft(request, draft)
    if isinstance(found, Redirect):
        return found
    here = await visit(request, found)
    return go(here.url(here.path.at))


@get("/drafts/{draft:uuid}/{slug:str}")
async def show(request: AnyRequest, draft: FromPath[UUID], slug: FromPath[str]) -> Response[Any]:
    """A step, the check page, or why it cannot be filed; too far ahead leads back."""
    found = await own_draft(request, draft)
    if isinstance(found, Redirect):
        return found
    here = await visit(request, found, contact=slug == CONTACT)
    if here.filer.staff_id is not None and slug in (CONTACT, CHECK):
        # These show who the caller is.
        await audit.record(here.filer.staff_id, "view", f"person:{found.person_id}", here.now)
    if slug in (REFUSAL, CHECK):
        if slug == CHECK and here.path.at != CHECK:
            return go(here.url(here.path.at))
        failures = await here.failing()
        if slug == REFUSAL:
            return refusal_page(here, failures) if failures else go(here.url(here.path.at))
        changed = request.query_params.get("changed") == "1"
        return go(here.url(REFUSAL)) if failures else await check_page(here, changed=changed)
    step = here.path.step(slug)
    if step is None:
        raise NotFoundException
    return await step_page(here, step) if here.path.reached(slug) else go(here.url(here.path.at))


@post("/drafts/{draft:uuid}/{slug:str}")
async def answer(request: AnyRequest, draft: FromPath[UUID], slug: FromPath[str]) -> Response[Any]:
    """An answered step."""
    async with one_connection():
        return await _answered(request, draft, slug)


async def _answered(request: AnyRequest, draft: UUID, slug: str) -> Response[Any]:
    """Keeps what was typed, then judges it: errors, more to ask, a refusal, or the next step."""
    found = await own_draft(request, draft)
    if isinstance(found, Redirect):
        return found
    here = await visit(request, found, contact=slug == CONTACT)
    step = here.path.step(slug)
    if step is None or not here.path.reached(slug):
        return go(here.url(here.path.at))
    if step.files:
        return await _documents_done(here, step)
    form = await request.form()
    typed = _typed(step, form)
    typed |= _other_calendar(step, form.get("toggle"), typed)
    typed, dropped = _narrowed(here, step, typed)
    here = await _keep(here, typed, dropped)
    refining = request.query_params.get("refine") == "1"
    _, problems = parse(step, here.answers, here.path.values, here.situation)
    wrong = {name: problem for name, problem in problems.items() if _was_typed(step, name, typed)}
    if wrong and not refining:
        return await step_page(here, step, problems=wrong, status=422)
    if problems or refining:
        # A choice opened another: agency, then platform, then service.
        return await _next(here, slug, lambda: step_page(here, step, at=here.url(slug)))
    failures = await here.failing()
    if failures:
        return await _next(here, REFUSAL, lambda: _refused(here, failures))
    return await _onwards(here, slug)


async def _documents_done(here: Visit, step: Step) -> Response[Any]:
    if image_owed(here.kind, here.answers, here.situation):
        return await step_page(here, step, problems={"file": NO_IMAGE}, status=422)
    here = await _keep(here, {step.slug: DONE}, ())
    return await _onwards(here, step.slug)


async def _onwards(here: Visit, slug: str) -> Response[Any]:
    """The step after ``slug``; after a change from the check page, the first that is unanswered."""
    slugs = [step.slug for step in here.path.steps] + [CHECK]
    following = slugs[slugs.index(slug) + 1]
    target = here.path.at if here.changing or not here.path.reached(following) else following
    step = here.path.step(target)
    here = msgspec.structs.replace(here, changing=False)

    async def page() -> Response[Any]:
        if step is None:
            return await check_page(here, at=here.url(CHECK))
        return await step_page(here, step, at=here.url(target))

    return await _next(here, target, page)


async def _refused(here: Visit, failures: tuple[Failure, ...]) -> Response[Any]:
    return refusal_page(here, failures, at=here.url(REFUSAL))


async def _next(
    here: Visit, slug: str, page: Callable[[], Awaitable[Response[Any]]]
) -> Response[Any]:
    """With htmx the next page's fragment at once: one round trip less on a weak link."""
    if is_fragment(here.request):
        return await page()
    return go(here.url(slug) + ("?change=1" if here.changing else ""))


async def _keep(here: Visit, typed: Mapping[str, str], dropped: tuple[str, ...]) -> Visit:
    person = here.draft.person_id
    draft = await casework.keep_answers(here.draft, person, typed, dropped, here.now)
    if draft is None:
        raise NotFoundException
    return await visit(here.request, draft)


def _unsaved(draft: UUID, kind: str, person: int) -> OpenDraft:
    if kind not in KINDS:
        raise NotFoundException
    now = clock.now()
    return OpenDraft(
        id=draft, kind=kind, person_id=person, answers={}, files=(), created_at=now, updated_at=now
    )


def _typed(step: Step, form: FormMultiDict) -> dict[str, str]:
    """What the form says of the step's fields, by input name. It names those that it showed, empty
    or not; a field that came up since was not left empty by anybody."""
    typed = {}
    for key in (key for field in step.fields for key in field.inputs()):
        # A marked radio button comes after the empty value of its group.
        for value in form.getall(key, [])[-1:]:
            # PostgreSQL's text holds no NUL.
            typed[key] = value[:_LONGEST].replace("\x00", "") if isinstance(value, str) else ""
    return typed


def _was_typed(step: Step, name: str, typed: Mapping[str, str]) -> bool:
    field = next(field for field in step.fields if field.name == name)
    return any(key in typed for key in field.inputs())


def _other_calendar(step: Step, name: object, typed: Mapping[str, str]) -> dict[str, str]:
    """The date ``name`` in the calendar it was not typed in, and its day when it is a real one."""
    for field in step.fields:
        if isinstance(field, Day) and field.name == name:
            return field.in_other_calendar(typed)
    return {}


def _narrowed(
    here: Visit, step: Step, typed: dict[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Another agency makes the platform chosen under the old one void: what does not fit the new
    choice is dropped, for nobody answered it wrongly."""
    before = here.draft.answers
    answers = {**before, **typed}
    changed, void = False, set[str]()
    for field in step.fields:
        if isinstance(field, Pick) and changed and answers.get(field.name):
            offered = {option.code for option in field.options(answers, here.situation)}
            if answers[field.name] not in offered:
                del answers[field.name]
                void.add(field.name)
        changed |= field.name in typed and typed[field.name] != before.get(field.name, "")
    return {key: value for key, value in typed.items() if key not in void}, tuple(void)


router = Router("/", route_handlers=[new, begin, resume, show, answer])
