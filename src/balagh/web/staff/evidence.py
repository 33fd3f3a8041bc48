"""The files of reports, for those who work on them: each view of one is in the audit log."""

from uuid import UUID

from litestar import Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from balagh import clock
from balagh.files.names import download_headers
from balagh.files.store import Store
from balagh.people import audit
from balagh.reports import cases
from balagh.web.page import AnyRequest
from balagh.web.staff.desk import CASEWORK, desk_of


@get("/case-files/{file:uuid}")
async def download(request: AnyRequest, file: FromPath[UUID]) -> Response[bytes]:
    """The file, as a download that can do nothing in this site's name. An image is shown where the
    page of its report asks for it: what is saved by its headers is still drawn by ``<img>``."""
    desk = desk_of(request)
    kept = await cases.file_for(desk, str(file))
    if kept is None:
        raise NotFoundException
    store: Store = request.app.state.store
    content = await store.read(kept.id)
    await audit.record(desk.staff_id, "view", f"file:{kept.id}", clock.now())
    return Response(
        content=content,
        media_type=kept.media_type,
        headers=download_headers(kept.name, kept.media_type),
    )


router = Router("/", guards=[CASEWORK], route_handlers=[download])
