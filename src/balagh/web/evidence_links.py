"""``/e/{token}``: evidence added by the link of a message, without signing in.

One file per POST, checked and limited as in the wizard. The page shows the report's number and
title and how many files came, never what is in it. Whoever is signed in, the token alone counts.
"""

from typing import Any
from uuid import uuid4

from litestar import Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from balagh import clock
from balagh.files.inspection import Refused, inspect
from balagh.files.names import safe_name
from balagh.files.store import Store
from balagh.i18n import N_, grouped
from balagh.reports import evidence_links
from balagh.reports.casework import File
from balagh.reports.evidence_links import LIMIT, Opened
from balagh.web.beneficiary.evidence import NOTHING_CHOSEN, UPLOAD
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, is_fragment, language_of, render

TOO_MANY = N_("10 files have been added to this report. That is the most there can be.")


@get("/e/{token:str}")
async def show(
    request: AnyRequest, token: FromPath[str], added: FromQuery[int] = 0
) -> Response[Any]:
    return _page(request, token, await _opened(token), added=bool(added))


@post("/e/{token:str}", request_max_body_size=UPLOAD)
async def add(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """Checks one file and keeps it; what is wrong with it is said beside its name."""
    found = await _opened(token)
    if found.over:
        return _page(request, token, found)
    upload = (await request.form()).get("file")
    if not isinstance(upload, UploadFile) or not upload.filename:
        return _page(request, token, found, error=NOTHING_CHOSEN)
    name = safe_name(upload.filename)
    if found.files >= LIMIT:
        return _page(request, token, found, error=TOO_MANY, name=name)
    verdict = await inspect(upload.file, upload.filename)
    if isinstance(verdict, Refused):
        return _page(request, token, found, error=verdict.reason, name=name)
    file = File(uuid4(), verdict.name, verdict.media_type, verdict.size)
    store: Store = request.app.state.store
    # Bytes first: a record without bytes would be a lie, bytes without a record are swept away.
    await store.put(file.id, verdict.data)
    outcome = await evidence_links.add(file, verdict.sha256, token, clock.now())
    if outcome != "added":
        await store.delete(file.id)
    again = await _opened(token)
    if outcome == "too_many":
        return _page(request, token, again, error=TOO_MANY, name=name)
    if outcome == "over" or is_fragment(request):
        return _page(request, token, again, added=outcome != "over")
    return go(f"/e/{token}?added=1")


async def _opened(token: str) -> Opened:
    """404, as for any address that does not exist, when we never made it."""
    found = await evidence_links.opened(token, clock.now())
    if found is None:
        raise NotFoundException
    return found


def _page(
    request: AnyRequest,
    token: str,
    found: Opened,
    *,
    error: str = "",
    name: str = "",
    added: bool = False,
) -> Response[Any]:
    """``error``: why the file ``name`` was not kept."""
    text = language_of(request).text
    response = render(
        request,
        "public/evidence_link.html",
        over=found.over,
        number=grouped(found.number),
        title=found.title,
        until=found.expires_at,
        count=found.files,
        limit=LIMIT,
        added=added and not error,
        error=text(error) if error else "",
        failed_name=name,
        action=f"/e/{token}",
        at=f"/e/{token}",
        status=410 if found.over else 422 if error else 200,
    )
    response.headers["X-Robots-Tag"] = "noindex"
    return response


router = Router("/", route_handlers=[show, add])
