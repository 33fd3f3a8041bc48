"""Evidence: one file per POST, checked and saved at once; served only to those who may see it."""

from typing import Any
from uuid import UUID, uuid4

from litestar import Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

from balagh import clock
from balagh.files.inspection import Refused, inspect
from balagh.files.names import download_headers, safe_name
from balagh.files.store import Store
from balagh.i18n import N_
from balagh.reports import casework, inboxes
from balagh.reports.casework import File
from balagh.reports.fields import Problem
from balagh.reports.wizard import Step
from balagh.web.beneficiary.steps import FILE_LIMIT, documents_page, step_view
from balagh.web.beneficiary.visits import Visit, go, own_draft, person_id, visit
from balagh.web.page import AnyRequest, is_fragment

NOTHING_CHOSEN = N_("Choose a file first")
TOO_MANY = N_("You have reached 10 files. Remove one to add another.")
# Bytes of an upload. More than a file may have, so that a photo that is too large meets a sentence
# and not a closed connection.
UPLOAD = 64 * 1024 * 1024


@post("/drafts/{draft:uuid}/files", request_max_body_size=UPLOAD)
async def add(request: AnyRequest, draft: FromPath[UUID]) -> Response[Any]:
    """Checks one file and keeps it; what is wrong with it is said beside its name."""
    found = await own_draft(request, draft)
    if isinstance(found, Redirect):
        return found
    upload = (await request.form()).get("file")
    if not isinstance(upload, UploadFile):
        return await _refused(request, draft, NOTHING_CHOSEN)
    if len(found.files) >= FILE_LIMIT:
        return await _refused(request, draft, TOO_MANY, upload)
    verdict = await inspect(upload.file, upload.filename)
    if isinstance(verdict, Refused):
        return await _refused(request, draft, verdict.reason, upload)
    person = found.person_id
    if await casework.attached(verdict.sha256, verdict.name, draft, person):
        # The answer was lost on the way, and the browser or the person sent it again.
        return await _documents(request, draft)
    file = File(uuid4(), verdict.name, verdict.media_type, verdict.size)
    store = _store(request)
    # Bytes first: a record without bytes would be a lie, bytes without a record are swept away.
    await store.put(file.id, verdict.data)
    if not await casework.attach(file, verdict.sha256, draft, person, FILE_LIMIT, clock.now()):
        await store.delete(file.id)
        return await _refused(request, draft, TOO_MANY, upload)
    return await _documents(request, draft)


@post("/drafts/{draft:uuid}/files/{file:uuid}/removal")
async def remove(request: AnyRequest, draft: FromPath[UUID], file: FromPath[UUID]) -> Response[Any]:
    """Forgets a file; one that is gone already stays gone."""
    found = await own_draft(request, draft)
    if isinstance(found, Redirect):
        return found
    if await casework.detach(file, draft, found.person_id, clock.now()):
        await _store(request).delete(file)
    return await _documents(request, draft)


@get("/files/{file:uuid}")
async def download(request: AnyRequest, file: FromPath[UUID]) -> Response[bytes]:
    """The file, as a download that can do nothing in this site's name."""
    kept = await inboxes.file_for(person_id(request), file)
    if kept is None:
        raise NotFoundException
    return Response(
        content=await _store(request).read(kept.id),
        media_type=kept.media_type,
        headers=download_headers(kept.name, kept.media_type),
    )


async def _refused(
    request: AnyRequest, draft: UUID, text: str, upload: UploadFile | None = None
) -> Response[Any]:
    """The list as it is by now, and beside it the file that is not in it."""
    found = await own_draft(request, draft)
    if isinstance(found, Redirect):
        return found
    here = await visit(request, found)
    step = _step(here)
    view = await step_view(here, step, {"file": Problem(text)})
    name = safe_name(upload.filename) if upload else ""
    return documents_page(here, view, status=422, at=here.url(step.slug), failed_name=name)


async def _documents(request: AnyRequest, draft: UUID) -> Response[Any]:
    """Back to the list; with htmx the list at once."""
    found = await own_draft(request, draft)
    if isinstance(found, Redirect):
        return found
    here = await visit(request, found)
    step = _step(here)
    if not is_fragment(request):
        return go(here.url(step.slug) + ("?change=1" if here.changing else ""))
    return documents_page(here, await step_view(here, step, {}), at=here.url(step.slug))


def _step(here: Visit) -> Step:
    return next(step for step in here.kind.steps if step.files)


def _store(request: AnyRequest) -> Store:
    store: Store = request.app.state.store
    return store


router = Router("/", route_handlers=[add, remove, download])
