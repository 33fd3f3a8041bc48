"""Updating a report that lacks data, and asking to reopen one: written and added piece by piece,
looked at, then confirmed once (specification 4, 7).

Both are the same pages: parts that are answered with words and files, which are kept on the server
from the first moment. One form holds them all, so that adding a file loses nothing that was typed.
"""

from typing import Any
from uuid import UUID, uuid4

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.params import FromPath, FromQuery
from markupsafe import Markup

from balagh.database import transaction
from balagh.files.inspection import Refused, inspect
from balagh.files.names import safe_name
from balagh.files.store import Store
from balagh.i18n import N_
from balagh.reports import deadlines, pending
from balagh.reports.acting import Deed, Done, act
from balagh.reports.allowed import Why, refusal
from balagh.reports.casework import File
from balagh.reports.fields import Paragraphs, Problem
from balagh.reports.inboxes import WholeReport
from balagh.reports.lifecycle import Action, Role
from balagh.reports.pending import Pending, PendingFile, Written
from balagh.web import views
from balagh.web.beneficiary.evidence import NOTHING_CHOSEN, TOO_MANY, UPLOAD
from balagh.web.beneficiary.own import (
    LONGEST,
    impossible,
    overtaken,
    own_report,
    standing_after,
    subtitle,
)
from balagh.web.beneficiary.steps import FILE_LIMIT
from balagh.web.beneficiary.visits import go, person_id
from balagh.web.page import AnyRequest, is_fragment, render
from balagh.web.telling import Teller, teller_of

ANSWER = Paragraphs(name="text", label=N_("Your answer"), optional=True, maxlength=3000)
REASON = Paragraphs(
    name="text",
    label=N_("Why should it be reopened?"),
    hint=N_("What is still not solved, and what you see now. Up to 3,000 characters."),
    missing=N_("Write why it should be reopened"),
    least=10,
    maxlength=3000,
)
NEITHER = N_("Write an answer or add a file: {item}")
THE_DATA = N_("The data that is missing")


class _Paper(msgspec.Struct, frozen=True):
    """The words of the pages of one action."""

    action: Pending
    slug: str
    title: str
    check_title: str
    field: Paragraphs


PAPERS = (
    _Paper(
        Action.UPDATE, "update", N_("Update the request"), N_("Check before you confirm"), ANSWER
    ),
    _Paper(
        Action.REQUEST_REOPENING,
        "reopening",
        N_("Ask for the complaint to be reopened"),
        N_("Check before you confirm"),
        REASON,
    ),
)


def _paths(rest: str = "") -> list[str]:
    return [f"/reports/{{number:str}}/{paper.slug}{rest}" for paper in PAPERS]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered with words and files. ``title``: what was asked for; empty for a reason."""

    number: int
    title: str
    text: str
    files: tuple[PendingFile, ...]


class Filling(msgspec.Struct, kw_only=True):
    """One request's view of what a person has written for an action on their report."""

    request: Any
    paper: _Paper
    report: WholeReport
    teller: Teller
    draft: Written
    parts: tuple[Part, ...]

    @property
    def base(self) -> str:
        return f"/reports/{self.report.number}/{self.paper.slug}"

    @property
    def files(self) -> int:
        return sum(len(part.files) for part in self.parts)

    def problems(self) -> dict[int, Problem]:
        """What keeps it from being confirmed, by part."""
        found = {}
        for part in self.parts:
            problem = self.problem(part)
            if problem is not None:
                found[part.number] = problem
        return found

    def problem(self, part: Part) -> Problem | None:
        field, typed = self.paper.field, part.text.strip()
        if not typed:
            if not field.optional:
                return Problem(field.missing)
            return None if part.files else Problem(NEITHER, {"item": part.title})
        understood = field.read(typed)
        return understood if isinstance(understood, Problem) else None

    def words(self, part: Part) -> str:
        return part.text.strip().replace("\r\n", "\n")


@get(_paths())
async def form(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """What is asked for, item by item, until when; with all that was written before."""
    found = await _open(request, number)
    return _form(found) if isinstance(found, Filling) else found


@post(_paths(), request_max_body_size=UPLOAD)
async def save(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """Keeps what was typed and chosen; goes on to the check page when nothing is missing."""
    found = await _open(request, number)
    if not isinstance(found, Filling):
        return found
    if stale := await _stale(found):
        return stale
    failures = await _keep(found, await request.form())
    again = await _open(request, number)
    if not isinstance(again, Filling):
        return again
    problems = again.problems()
    if failures or problems:
        return _form(again, problems, failures)
    if is_fragment(request):
        return _check(again)
    return go(f"{again.base}/check")


@post(_paths("/files/{part:int}"), request_max_body_size=UPLOAD)
async def add(request: AnyRequest, number: FromPath[str], part: FromPath[int]) -> Response[Any]:
    """Checks the chosen file and keeps it, and all that was typed with it."""
    found = await _open(request, number)
    if not isinstance(found, Filling):
        return found
    if stale := await _stale(found):
        return stale
    failures = await _keep(found, await request.form())
    again = await _open(request, number)
    if not isinstance(again, Filling):
        return again
    if not failures and again.files == found.files:
        failures = {part: ("", NOTHING_CHOSEN)}
    return _back(again, part, failures)


@post(_paths("/removal/{file:uuid}"), request_max_body_size=UPLOAD)
async def remove(request: AnyRequest, number: FromPath[str], file: FromPath[UUID]) -> Response[Any]:
    """Forgets a file that was not confirmed yet; one that is gone already stays gone."""
    found = await _open(request, number)
    if not isinstance(found, Filling):
        return found
    if stale := await _stale(found):
        return stale
    failures = await _keep(found, await request.form())
    at = next((p.number for p in found.parts if file in {each.id for each in p.files}), 0)
    report, now = found.report.id, found.teller.now
    if await pending.detach(file, report, person_id(request), found.paper.action, now):
        await _store(request).delete(file)
    again = await _open(request, number)
    return _back(again, at, failures) if isinstance(again, Filling) else again


@get(_paths("/check"))
async def check(request: AnyRequest, number: FromPath[str], changed: FromQuery[int] = 0) -> Any:
    """All of it once more, and the button that confirms."""
    found = await _open(request, number)
    if not isinstance(found, Filling):
        return found
    return go(found.base) if found.problems() else _check(found, changed=bool(changed))


@post(_paths("/confirmation"))
async def confirm(
    request: AnyRequest, number: FromPath[str], as_of: FromQuery[int]
) -> Response[Any]:
    """Does it, with what was looked at as version ``as_of``, and nothing else."""
    found = await _open(request, number, as_of)
    if not isinstance(found, Filling):
        return found
    if await _done(found, as_of):
        return go(f"/reports/{found.report.number}")
    # Somebody was first, or something was added after the page was opened.
    again = await _open(request, number, as_of)
    if not isinstance(again, Filling):
        return again
    return go(again.base if again.problems() else f"{again.base}/check?changed=1")


async def _open(request: AnyRequest, number: str, as_of: int = 0) -> Filling | Response[Any]:
    """What is filled in; or the page that says why that is not possible, with what was typed.

    ``as_of``: the version that is being confirmed. When that was done already, by the same form
    sent twice or another tab, it leads to the report.
    """
    report, teller = await own_report(request, number), await teller_of(request)
    slug = request.url.path.split("/")[3]
    paper = next(paper for paper in PAPERS if paper.slug == slug)
    led = report.led
    if as_of and led and led.action == paper.action and led.data.get("as_of") == as_of:
        return go(f"/reports/{report.number}")
    why = refusal(report, paper.action, Role.BENEFICIARY, teller.now)
    if why is not None:
        return await _impossible(request, report, paper, teller, why)
    assert led is not None, "an event led to the state"
    draft = await pending.written(report.id, paper.action, led.id)
    files = await pending.files(report.id, paper.action, led.at)
    return Filling(
        request=request,
        paper=paper,
        report=report,
        teller=teller,
        draft=draft,
        parts=_parts(report, paper, teller, draft, files),
    )


def _parts(
    report: WholeReport,
    paper: _Paper,
    teller: Teller,
    draft: Written,
    files: tuple[PendingFile, ...],
) -> tuple[Part, ...]:
    titles: tuple[str, ...] = ("",)
    if paper.action is Action.UPDATE:
        titles = report.missing or (teller.language.text(THE_DATA),)
    return tuple(
        Part(
            number=n,
            title=title,
            text=draft.answers.get(f"text_{n}", ""),
            files=tuple(file for file in files if (file.item or 0) == n),
        )
        for n, title in enumerate(titles)
    )


async def _impossible(
    request: AnyRequest, report: WholeReport, paper: _Paper, teller: Teller, why: Why
) -> Response[Any]:
    """``typed``: with this form, else what is kept of it."""
    typed: list[str] = []
    if request.method == "POST":
        typed = list(_texts(await request.form()).values())
    if not any(typed):
        typed = await pending.kept_texts(report.id, paper.action)
    label = teller.language.text(paper.field.label)
    shown = tuple((label, text.strip()) for text in typed if text.strip())
    at = f"/reports/{report.number}/{paper.slug}"
    return impossible(request, report, why, teller, typed=shown, at=at)


async def _stale(found: Filling) -> Response[Any] | None:
    """Other data is asked for now than on the page that was sent: nobody answers by mistake."""
    form, led = await found.request.form(), found.report.led
    if led is not None and form.get("request") == str(led.id):
        return None
    language = found.teller.language
    label = language.text(found.paper.field.label)
    typed = tuple((label, text.strip()) for text in _texts(form).values() if text.strip())
    return overtaken(
        found.request, found.report, found.teller, typed=typed, again_url=found.base, at=found.base
    )


def _texts(form: FormMultiDict) -> dict[str, str]:
    # PostgreSQL's text holds no NUL.
    return {
        key: value[:LONGEST].replace("\x00", "")
        for key, value in form.multi_items()
        if key.startswith("text_") and isinstance(value, str)
    }


# By part: the name of the file that was not kept, and why.
_Failures = dict[int, tuple[str, str]]


async def _keep(found: Filling, form: FormMultiDict) -> _Failures:
    """Keeps the texts, and each file that was chosen; what is wrong with one is told beside it."""
    report, action, teller = found.report, found.paper.action, found.teller
    assert report.led is not None
    known = {f"text_{part.number}" for part in found.parts}
    texts = {key: text for key, text in _texts(form).items() if key in known}
    if texts:
        await pending.keep(report.id, action, report.led.id, texts, teller.now)
    failures: _Failures = {}
    for part in found.parts:
        upload = form.get(f"file_{part.number}")
        if isinstance(upload, UploadFile) and upload.filename:
            failure = await _keep_file(found, part, upload)
            if failure:
                failures[part.number] = (safe_name(upload.filename), failure)
    return failures


async def _keep_file(found: Filling, part: Part, upload: UploadFile) -> str:
    """Empty when it was kept, else why not."""
    if found.files >= FILE_LIMIT:
        return TOO_MANY
    verdict = await inspect(upload.file, upload.filename)
    if isinstance(verdict, Refused):
        return verdict.reason
    file = File(uuid4(), verdict.name, verdict.media_type, verdict.size)
    store = _store(found.request)
    # Bytes first: a record without bytes would be a lie, bytes without a record are swept away.
    await store.put(file.id, verdict.data)
    report, action = found.report, found.paper.action
    assert report.led is not None
    item = part.number if action is Action.UPDATE else None
    person, now = person_id(found.request), found.teller.now
    if not await pending.attach(
        file, verdict.sha256, report.id, person, action, item, report.led.at, FILE_LIMIT, now
    ):
        await store.delete(file.id)
        return TOO_MANY
    return ""


async def _done(found: Filling, as_of: int) -> bool:
    report, paper, led = found.report, found.paper, found.report.led
    assert led is not None
    async with transaction():
        # Nothing is added while it is confirmed; a second confirmation waits here.
        draft = await pending.lock(report.id, paper.action, led.id)
        if draft.version != as_of:
            return False
        files = await pending.files(report.id, paper.action, led.at)
        parts = _parts(report, paper, found.teller, draft, files)
        settled = msgspec.structs.replace(found, draft=draft, parts=parts)
        if settled.problems():
            return False
        deed = Deed(
            report=report.id,
            version=report.version,
            action=paper.action,
            before=report.standing(),
            after=standing_after(found.request, report, paper.action, found.teller),
            actor="beneficiary",
            data={**_said(settled), "as_of": as_of},
            files=tuple(file.id for file in files),
        )
        return isinstance(await act(deed, found.teller.now), Done)


def _said(found: Filling) -> dict[str, Any]:
    """What staff read of it: the reason, or the answer to each thing that was asked for."""
    if found.paper.action is Action.REQUEST_REOPENING:
        return {"reason": found.words(found.parts[0])}
    return {
        "answers": [
            {
                "item": part.title,
                "text": found.words(part),
                "files": [file.name for file in part.files],
            }
            for part in found.parts
        ]
    }


class PartView(msgspec.Struct, frozen=True, kw_only=True):
    """``failed``: the file that was not kept, and why; ``add_url``, ``remove_url``: for buttons."""

    number: int
    title: str
    field: views.FieldView
    files: list[views.FileView]
    failed_name: str
    failure: str
    add_url: str
    current: bool


def _form(
    found: Filling,
    problems: dict[int, Problem] | None = None,
    failures: _Failures | None = None,
    *,
    current: int | None = None,
) -> Response[Any]:
    language, teller = found.teller.language, found.teller
    problems, failures = problems or {}, failures or {}
    parts, errors = [], []
    for part in found.parts:
        n = part.number
        field = msgspec.structs.replace(found.paper.field, name=f"text_{n}")
        name, failure = failures.get(n, ("", ""))
        # A file that was not kept is what is wrong, not that there is none.
        problem = None if failure and not part.text.strip() and field.optional else problems.get(n)
        # Words or files: neither alone is what may be left out.
        view = msgspec.structs.replace(
            views.text_view(field, part.text, problem, language), optional=False
        )
        parts.append(
            PartView(
                number=n,
                title=part.title,
                field=view,
                files=[
                    views.file_view(file, language, f"{found.base}/removal/{file.id}")
                    for file in part.files
                ],
                failed_name=name,
                failure=language.text(failure) if failure else "",
                add_url=f"{found.base}/files/{n}",
                current=current == n and not failures,
            )
        )
        errors += views.error_views([view])
        if failure:
            errors.append(views.ErrorView(f"#file_{n}", language.text(failure)))
    due = found.report.data_due_at if found.paper.action is Action.UPDATE else None
    until = found.report.reopen_until
    return render(
        found.request,
        "beneficiary/filling.html",
        heading=language.text(found.paper.title),
        subtitle=subtitle(found.report, teller),
        title=found.report.title,
        due_text=teller.instant(due) if due else "",
        left=teller.hours(due) if due else "",
        until_text=language.date(deadlines.due_day(until, teller.zone)) if until else "",
        asked=found.report.led.id if found.report.led else 0,
        parts=parts,
        errors=errors,
        count=found.files,
        limit=FILE_LIMIT,
        action=found.base,
        report_url=f"/reports/{found.report.number}",
        status=422 if errors else 200,
        at=found.base,
    )


def _back(found: Filling, part: int, failures: _Failures) -> Response[Any]:
    """The form again at that part; with htmx at once."""
    if failures or is_fragment(found.request):
        return _form(found, failures=failures, current=part)
    return go(f"{found.base}#part_{part}")


def _check(found: Filling, *, changed: bool = False) -> Response[Any]:
    language, teller = found.teller.language, found.teller
    after = standing_after(found.request, found.report, found.paper.action, teller)
    rows = []
    for part in found.parts:
        label = part.title or language.text(found.paper.field.label)
        text, words = Markup(""), found.words(part)
        if words:
            text = found.paper.field.show(words, language)
        names = views.file_names(part.files)
        # The text is a block of its own.
        value = text + names
        change = f"{found.base}#part_{part.number}"
        rows.append(views.RowView(label, value, change_url=change, change_label=label))
    return render(
        found.request,
        "beneficiary/filling_check.html",
        heading=language.text(found.paper.check_title),
        subtitle=subtitle(found.report, teller),
        rows=rows,
        changed=changed,
        update=found.paper.action is Action.UPDATE,
        due_day=language.date(deadlines.due_day(after.due_at, teller.zone)),
        action=f"{found.base}/confirmation?as_of={found.draft.version}",
        back_url=found.base,
        report_url=f"/reports/{found.report.number}",
        at=f"{found.base}/check",
    )


def _store(request: AnyRequest) -> Store:
    store: Store = request.app.state.store
    return store


router = Router("/", route_handlers=[form, save, add, remove, check, confirm])
