"""What the law gives everybody: a copy of their data, and asking for it to be erased."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import IO, Any
from zoneinfo import ZoneInfo

from litestar import Response, Router, get, post
from litestar.response import Stream

from balagh import clock
from balagh.files.store import Store
from balagh.reports import erasure, export
from balagh.web import views
from balagh.web.beneficiary.visits import go, person_id
from balagh.web.page import AnyRequest, language_of, render, settings_of

# Within which the centre answers a request (Implementing Regulation of the Personal Data Protection
# Law, article 3).
ANSWER_DAYS = 30
_CHUNK = 256 * 1024
# Archives that are made at once in this process: they read every file of a person.
_making = asyncio.Semaphore(2)


@get("/account/data")
async def about_copy(request: AnyRequest) -> Response[Any]:
    """What the archive holds, and the button that makes it."""
    contents = await export.contents(person_id(request))
    size = views.size_text(contents.size, language_of(request)) if contents.files else ""
    return render(request, "account/data.html", contents=contents, size=size)


@post("/account/data/archive")
async def archive(request: AnyRequest) -> Response[Any] | Stream:
    """The archive, streamed from a file that has no name and is gone afterwards."""
    settings = settings_of(request)
    store: Store = request.app.state.store
    now = clock.now()
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it was sent
    try:
        async with _making:
            await export.write(
                person_id(request), file, store, secret_key=settings.secret_key, now=now
            )
    except BaseException:
        file.close()
        raise
    day = now.astimezone(ZoneInfo(settings.zone)).date().isoformat()
    return Stream(
        _chunks(file),
        media_type="application/zip",
        status_code=200,
        headers={
            "Content-Disposition": f'attachment; filename="balagh-{day}.zip"',
            "Content-Length": str(file.seek(0, 2)),
            "Cache-Control": "no-store",
        },
    )


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        file.seek(0)
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk


@get("/account/erasure")
async def about_erasure(request: AnyRequest) -> Response[Any]:
    """What can be erased now, what is kept and for how long, and what was asked for."""
    return await _erasure_page(request)


@post("/account/erasure")
async def ask_erasure(request: AnyRequest) -> Response[Any]:
    """Notes the request, once it is confirmed, and deletes the drafts where that was agreed to."""
    form = await request.form()
    if form.get("confirmed") != "yes":
        return await _erasure_page(request, unconfirmed=True, drafts=form.get("drafts") == "yes")
    settings = settings_of(request)
    store: Store = request.app.state.store
    files = await erasure.ask(
        person_id(request),
        drafts=form.get("drafts") == "yes",
        sms=settings.sms_url is not None,
        answer_days=ANSWER_DAYS,
        now=clock.now(),
    )
    for file in files:
        await store.delete(file)
    request.app.state.waker.wake()
    return go("/account/erasure")


@post("/account/erasure/withdrawal")
async def withdraw_erasure(request: AnyRequest) -> Response[Any]:
    """As if it had not been asked for."""
    await erasure.withdraw(person_id(request))
    return go("/account/erasure")


async def _erasure_page(
    request: AnyRequest, *, unconfirmed: bool = False, drafts: bool = True
) -> Response[Any]:
    settings = settings_of(request)
    return render(
        request,
        "account/erasure.html",
        standing=await erasure.standing(person_id(request)),
        drafts_too=drafts,
        years=settings.retention_years,
        days=ANSWER_DAYS,
        unconfirmed=unconfirmed,
        status=422 if unconfirmed else 200,
    )


router = Router(
    "/",
    route_handlers=[about_copy, archive, about_erasure, ask_erasure, withdraw_erasure],
)
