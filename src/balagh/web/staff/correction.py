"""Correcting what a report says: the kind's own questions, filled in with what it says now.

Only at Amer, by those who review (specification 1, 4). The beneficiary reads in their story what
was corrected; an agency too, but for contact details.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from markupsafe import Markup

from balagh.directory.lookup import Catalogue
from balagh.i18n import N_, Language, isolate
from balagh.reports import casework, correcting
from balagh.reports.cases import Case
from balagh.reports.correcting import CORRECTORS, Correction, correct, steps_of, understood
from balagh.reports.fields import Answers, Day, Problem, Situation
from balagh.reports.filed import KeptChoices, typed
from balagh.reports.lifecycle import Entry
from balagh.reports.wizard import Step, fields_shown
from balagh.web import access, views
from balagh.web.beneficiary.visits import go
from balagh.web.filing import Filing, filing_of
from balagh.web.moments import change_views
from balagh.web.page import AnyRequest, render
from balagh.web.staff.conditions import failed_text, failing
from balagh.web.staff.desk import case_of, desk_of
from balagh.web.staff.head import titled
from balagh.web.staff.story import latest
from balagh.web.telling import Teller, teller_of

# Characters that are looked at of whatever is sent.
_LONGEST = 20_000


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The form of one request: what the report says (``before``) and what was typed, and what that
    means."""

    case: Case
    filing: Filing
    teller: Teller
    steps: tuple[Step, ...]
    before: dict[str, Any]
    answers: dict[str, str]
    values: dict[str, Any]
    problems: dict[str, Problem]
    situation: Situation


class SectionView(msgspec.Struct, frozen=True):
    title: str
    fields: list[views.FieldView]


@get("/cases/{number:str}/correction")
async def ask(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """What the report says, to be corrected."""
    found = await _asked(request, await case_of(request, number), None)
    return _impossible(request, found) or _page(request, found)


@post("/cases/{number:str}/correction")
async def save(request: AnyRequest, number: FromPath[str], as_of: FromQuery[int]) -> Response[Any]:
    """Corrects the report that was seen as version ``as_of``; what did not change stays."""
    case = await case_of(request, number)
    form = await request.form()
    given = {
        name: value[:_LONGEST].replace("\x00", "")
        for name, value in form.items()
        if isinstance(value, str) and name not in ("csrf", "sure", "toggle")
    }
    found = await _asked(request, case, given)
    if request.query_params.get("refine") == "1":
        toggled = form.get("toggle")
        return _page(request, _in_other_calendar(found, str(toggled)) if toggled else found)
    stopped = _impossible(request, found)
    if stopped is not None:
        return stopped
    if found.problems:
        return _page(request, found, status=422)
    if case.version != as_of:
        return _page(request, found, status=409, changed=await _changed(request, found))
    changes = correcting.changes(found.steps, found.before, found.values)
    if not changes:
        return go(f"/cases/{case.number}")
    warnings = await _warnings(found)
    if warnings and form.get("sure") != _sure(warnings):
        return _page(request, found, status=422, warnings=warnings)
    done = await correct(
        Correction(
            report=case.id,
            version=as_of,
            kind=found.filing.kind,
            values=found.values,
            changes=changes,
            staff=desk_of(request).staff_id,
            settled=correcting.place_settled(found.filing.kind, case),
        ),
        found.teller.now,
    )
    if done == "corrected":
        return go(f"/cases/{case.number}")
    if done == "same_as_another":
        return _page(request, found, status=422, same=await _same(found))
    found = await _asked(request, await case_of(request, number), given)
    return _impossible(request, found) or _page(
        request, found, status=409, changed=await _changed(request, found)
    )


async def _asked(request: AnyRequest, case: Case, given: Mapping[str, str] | None) -> Asked:
    """``given``: what was sent; none where the form is opened."""
    teller = await teller_of(request)
    filing = await filing_of(case, teller)
    kept = typed(correcting.with_contact(filing.values, case))
    answers = dict(kept if given is None else given)
    steps = steps_of(filing.kind, case)
    situation = _situation(filing.known, kept, teller)
    settled = correcting.place_settled(filing.kind, case)
    place = ("agency", "platform", "service", "service_name") if settled else ()
    known = {name: filing.values[name] for name in place if name in filing.values}
    values, problems = understood(steps, answers, situation, known)
    return Asked(
        case=case,
        filing=filing,
        teller=teller,
        steps=steps,
        before=correcting.with_contact(filing.values, case),
        answers=answers,
        values=values,
        # What was never typed wrong is not complained of.
        problems={} if given is None else problems,
        situation=situation,
    )


def _situation(known: Catalogue, kept: Answers, teller: Teller) -> Situation:
    return Situation(
        today=teller.now.astimezone(teller.zone).date(),
        directory=KeptChoices(known, teller.language.code, kept),
    )


def _in_other_calendar(found: Asked, name: str) -> Asked:
    field = correcting.field_of(found.steps, name)
    if not isinstance(field, Day):
        return found
    answers = {**found.answers, **field.in_other_calendar(found.answers)}
    return msgspec.structs.replace(found, answers=answers)


def _page(
    request: AnyRequest,
    found: Asked,
    *,
    status: int = 200,
    changed: Markup | str = "",
    warnings: tuple[str, ...] = (),
    same: Markup | str = "",
) -> Response[Any]:
    """``changed``: what somebody else did meanwhile; ``warnings``: conditions of filing that fail
    by what was typed; ``same``: the report that it would be the same as."""
    url = f"/cases/{found.case.number}"
    action = f"{url}/correction?as_of={found.case.version}"
    # Choosing what else is asked is no reason to complain yet.
    problems = found.problems if status == 422 and not (warnings or same) else {}
    sections = _sections(found, problems, f"{action}&refine=1")
    return render(
        request,
        "staff/correction.html",
        status=status,
        title=found.case.title,
        subtitle=titled(found.case, found.teller.language),
        sections=sections,
        errors=[error for one in sections for error in views.error_views(one.fields)],
        changed=changed,
        # Whoever is second sees what saving would do to what stands there now.
        changes=change_views(
            Entry.CORRECT,
            {
                "changes": msgspec.to_builtins(
                    correcting.changes(found.steps, found.before, found.values)
                )
            },
            found.filing.kind,
            found.teller.language,
        )
        if changed
        else [],
        warnings=warnings,
        sure=_sure(warnings) if warnings else "",
        same=same,
        action=action,
        refine_url=f"{action}&refine=1",
        case_url=url,
        at=url + "/correction",
    )


def _sections(found: Asked, problems: Mapping[str, Problem], refine: str) -> list[SectionView]:
    """Each step's questions that apply, under its section."""
    language = found.teller.language
    sections: list[SectionView] = []
    for step in found.steps:
        if not step.shown(found.answers, found.situation):
            continue
        fields = [
            _opening(
                views.field_view(
                    field,
                    found.answers,
                    found.situation,
                    problems.get(field.name),
                    language,
                    refine,
                )
            )
            for field in fields_shown(step, found.answers, found.values)
        ]
        title = language.text(step.section)
        if sections and sections[-1].title == title:
            sections[-1].fields.extend(fields)
        else:
            sections.append(SectionView(title, fields))
    return sections


def _opening(field: views.FieldView) -> views.FieldView:
    """On one page any choice may open or close what is asked after it; a text changes nothing."""
    opens = field.type in ("select", "radio")
    return msgspec.structs.replace(field, refine=opens, opens=opens)


def _impossible(request: AnyRequest, found: Asked) -> Response[Any] | None:
    """Why nothing can be corrected, with what was typed: the report has ended."""
    if correcting.may_correct(desk_of(request).role, found.case.state):
        return None
    if found.case.state not in correcting.ENDED:
        raise NotFoundException
    language = found.teller.language
    changes = correcting.changes(found.steps, found.before, found.values)
    return render(
        request,
        "staff/not_corrected.html",
        status=200 if request.method == "GET" else 409,
        title=found.case.title,
        subtitle=titled(found.case, language),
        typed=[
            (_label(found, change.field, language), change.told("new", language.code))
            for change in changes
        ]
        if request.method == "POST"
        else [],
        case_url=f"/cases/{found.case.number}",
    )


def _label(found: Asked, name: str, language: Language) -> str:
    field = correcting.field_of(found.steps, name)
    return language.text(field.summary or field.label) if field else name


async def _changed(request: AnyRequest, found: Asked) -> Markup:
    return await latest(desk_of(request), found.case, found.teller)


async def _warnings(found: Asked) -> tuple[str, ...]:
    """Conditions of filing that fail by what was typed and did not fail before."""
    kind = found.filing.kind
    before = {
        one.code
        for one in await failing(found.case, kind, found.filing.values, found.teller, found.filing)
    }
    # What is filed once only is no warning: the database does not let it through.
    return tuple(
        failed_text(one, found.teller.language)
        for one in await failing(found.case, kind, found.values, found.teller, found.filing)
        if one.code not in before and one.code is not kind.once.code
    )


def _sure(warnings: tuple[str, ...]) -> str:
    return "|".join(warnings)


async def _same(found: Asked) -> Markup:
    """Which report it would be the same as, leading there."""
    kind = found.filing.kind
    key = kind.once.key(found.values)
    (number,) = await casework.earlier(kind, [(found.case.person_id, key)]) if key else ("",)
    link = Markup('<a href="/cases/{}">{}</a>').format(number, views.number(number))
    return found.teller.language.markup(
        N_("With these data it would be the same as report {report}. {why}"),
        report=link,
        why=isolate(found.teller.language.text(_WHY[kind.code])),
    )


_WHY = {
    "complaint": N_("A reference number of an agency is escalated once only."),
    "transformation": N_("A beneficiary requests the same service once only."),
    "suggestion": N_("A beneficiary makes the same suggestion once only."),
}


router = Router("/", guards=[access.staff(*CORRECTORS)], route_handlers=[ask, save])
