"""What went wrong, on a page that says what to do; the log says what happened."""

from typing import Any

import structlog
from litestar import Response
from litestar.exceptions import HTTPException
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR, HTTP_503_SERVICE_UNAVAILABLE

from balagh.database import AWAY
from balagh.i18n import N_
from balagh.web.page import AnyRequest, language_of, render

log = structlog.get_logger()

# Status → heading, text. What stands here says what the person can do now.
_PAGES = {
    400: (
        N_("We could not read this request"),
        N_("Go back, and send the page again. What you saved is in your drafts."),
    ),
    403: (
        N_("This page could not be sent"),
        N_("For your safety the form had expired. Go back, reload the page and send it again."),
    ),
    404: (
        N_("This page does not exist"),
        N_("Check the address, or find your reports and drafts in My reports."),
    ),
    405: (
        N_("This page does not exist"),
        N_("Check the address, or find your reports and drafts in My reports."),
    ),
    413: (
        N_("The file is too large"),
        N_("A file may have up to 10 MB. Go back and choose a smaller one, or take a new photo."),
    ),
    429: (N_("Too many requests"), N_("Wait a minute, then try again. What you saved is kept.")),
    500: (
        N_("Something went wrong on our side"),
        N_("What you saved is kept in your drafts. Try again in a few minutes, or call 199099."),
    ),
    503: (
        N_("Balagh is not available at the moment"),
        N_("What you saved is kept in your drafts. Try again in a few minutes, or call 199099."),
    ),
}


def error_page(request: AnyRequest, status: int) -> Response[Any]:
    known = status if status in _PAGES else (400 if status < 500 else 500)
    heading, text = _PAGES[known]
    language = language_of(request)
    return render(
        request,
        "public/error.html",
        status=status,
        heading=language.text(heading),
        text=language.text(text),
    )


def http_error(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """A refused request. Someone else's record and one that does not exist look the same."""
    if error.status_code >= HTTP_500_INTERNAL_SERVER_ERROR:
        return unexpected(request, error)
    return error_page(request, error.status_code)


def unexpected(request: AnyRequest, error: Exception) -> Response[Any]:
    """A fault of ours: logged with its trace, without what the person typed. A database that is
    away is none of the program's: one line says so, and no more for each request."""
    # The route's own address: what stands in its place can be a token or a secret.
    path = request.scope.get("path_template") or request.url.path
    named = {"method": request.method, "path": path}
    if isinstance(error, AWAY):
        log.error("database away", **named, reason=type(error.__cause__ or error).__name__)
        page = error_page(request, HTTP_503_SERVICE_UNAVAILABLE)
        # Seconds; PostgreSQL and the worker are back by themselves within about that time.
        page.headers["Retry-After"] = "15"
        return page
    log.error("request failed", **named, exc_info=error)
    return error_page(request, HTTP_500_INTERNAL_SERVER_ERROR)
