"""«إيصال البلاغ»: a page to keep, as PDF; and where to print from when it cannot be made."""

from typing import Any
from zoneinfo import ZoneInfo

import structlog
from litestar import Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from balagh.files.names import download_headers
from balagh.reports import numbers
from balagh.reports.receipts.contents import contents, receipt_of
from balagh.reports.receipts.printing import PrintingError, printed
from balagh.web.beneficiary.visits import person_id
from balagh.web.page import AnyRequest, language_of, render, settings_of

PDF = "application/pdf"
_log = structlog.get_logger("balagh.web")


@get("/reports/{number:str}/receipt.pdf")
async def receipt(request: AnyRequest, number: FromPath[str]) -> Response[Any]:
    """The receipt in the language of the page it is asked from."""
    found = await receipt_of(person_id(request), numbers.parse(number) or "")
    if found is None:
        raise NotFoundException
    settings, language = settings_of(request), language_of(request)
    page = contents(found, language, ZoneInfo(settings.zone), settings.public_url)
    try:
        pdf = await printed(page, found.submitted_at)
    except PrintingError as error:
        _log.error("receipt not made", reason=str(error), language=language.code)
        # 503 and not 500: the same receipt may come out a minute later, and nothing is lost.
        return render(
            request,
            "beneficiary/receipt_failed.html",
            status=503,
            number=page.number,
            report_url=f"/reports/{found.number}",
        )
    return Response(
        content=pdf,
        media_type=PDF,
        headers={
            **download_headers(f"{page.heading} {found.number}.pdf", PDF),
            "Content-Language": language.code,
        },
    )


router = Router("/", route_handlers=[receipt])
