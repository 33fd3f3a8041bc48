"""A full page or its fragment, in the person's language, with the headers every page carries."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from litestar import Request, Response
from litestar.status_codes import HTTP_400_BAD_REQUEST
from litestar.types import Message, Scope

from balagh.i18n import LANGUAGES, Language
from balagh.people.unsent import Unsent
from balagh.settings import Settings
from balagh.templating import environment
from balagh.web import access, digits
from balagh.web.refilling import refilled
from balagh.web.staff.places import places

LANGUAGE_COOKIE = "lang"
# Letters from which on a value is a text worth keeping.
_WRITTEN = 12
_YEAR = 365 * 24 * 3600

AnyRequest = Request[Any, Any, Any]


def settings_of(request: AnyRequest) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def language_of(request: AnyRequest) -> Language:
    """As the address asks (``?lang=``), else chosen before, else the person's own, else Arabic."""
    visitor = access.visitor(request)
    for code in (
        request.query_params.get("lang"),
        request.cookies.get(LANGUAGE_COOKIE),
        visitor.language if visitor else None,
    ):
        if code in LANGUAGES:
            return Language.of(code)
    return Language.of("ar")


def is_fragment(request: AnyRequest) -> bool:
    """Whether htmx asks for the inner part only; a history restore wants the whole page."""
    return (
        request.headers.get("hx-request") == "true"
        and request.headers.get("hx-history-restore-request") != "true"
    )


def render(
    request: AnyRequest,
    template: str,
    *,
    status: int = 200,
    at: str | None = None,
    shown_again: bool = False,
    **context: Any,
) -> Response[bytes]:
    """Renders ``template`` as page or fragment. ``shown_again``: its fields hold what was typed on
    it when an earlier session was over (``access.unsent_of``).

    ``at``: the address the content belongs to when it is not the request's own (a step answered by
    htmx shows the next step at once, without another round trip on a weak link).
    """
    settings = settings_of(request)
    language = language_of(request)
    fragment = is_fragment(request)
    here = at or request.url.path
    query = {} if at else {k: v for k, v in request.query_params.items() if k != "lang"}
    other = "en" if language.code == "ar" else "ar"
    visitor = access.visitor(request)

    def drawn(unsent: Unsent | None, texts: Sequence[str] = ()) -> str:
        page = environment(language.code, settings.zone).get_template(template)
        return page.render(
            visitor=visitor,
            places=places(visitor, here, language),
            path=here,
            # Relative to the address shown, which htmx moves along without redrawing the header.
            other_language_url="?" + urlencode({**query, "lang": other}),
            csrf=access.csrf_token(request),
            fragment=fragment,
            # The step stays the same: neither heading nor page takes the focus.
            refining=request.query_params.get("refine") == "1",
            save_data=request.headers.get("save-data", "").lower() == "on",
            demo=settings.demo,
            secure=settings.secure,
            unsent=unsent,
            # Where the page's own fields do not show it again, it stands there to be copied.
            unsent_texts=texts,
            **context,
        )

    body = _with_unsent(request, drawn, shown_again=shown_again)
    if visitor and visitor.digits == "arabic" and language.code == "ar":
        body = digits.arabic(body)
    response = Response(
        content=body.encode(),
        status_code=status,
        media_type="text/html",
        headers={
            "Content-Language": language.code,
            "Cache-Control": "no-store",
            "Vary": "HX-Request, Cookie, Save-Data",
        },
    )
    if fragment and status < HTTP_400_BAD_REQUEST:
        address = here + ("?" + urlencode(query) if query and request.method == "GET" else "")
        shown = urlsplit(request.headers.get("hx-current-url", ""))
        # The same page again (another choice on it) is no new entry of the browser's history.
        if address.partition("?")[0] != shown.path:
            response.headers["HX-Push-Url"] = address
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie(
            access.cookie(LANGUAGE_COOKIE, language.code, seconds=_YEAR, settings=settings)
        )
    return response


class _Drawn(Protocol):
    def __call__(self, unsent: Unsent | None, texts: Sequence[str] = ()) -> str: ...


def _with_unsent(request: AnyRequest, drawn: _Drawn, *, shown_again: bool) -> str:
    """The page, with what an ended session could not send: in its form, where the page has that
    one, else to be copied where it was typed."""
    kept, here = access.unsent_anywhere(request), access.unsent_of(request)
    if kept is None or shown_again:
        return drawn(here)
    again = refilled(drawn(kept), kept)
    if again is None:
        return drawn(here, _texts(here.fields.values()) if here else ())
    if texts := _texts(again.left):
        again = refilled(drawn(kept, texts), kept) or again
    return again.html


def _texts(values: Iterable[str]) -> list[str]:
    """What somebody wrote, without what was chosen from a list."""
    return [value for value in values if len(value) >= _WRITTEN]


async def add_headers(message: Message, scope: Scope) -> None:
    """Hook before every response is sent: the headers that all carry, unless it has its own."""
    if message["type"] == "http.response.start":
        present = {name.lower() for name, _ in message["headers"]}
        common: dict[str, str] = scope["litestar_app"].state.headers
        message["headers"] = [
            *message["headers"],
            *(
                (name.encode(), value.encode())
                for name, value in common.items()
                if name.encode() not in present
            ),
        ]


def content_security_policy(settings: Settings) -> str:
    """No inline script or style, nothing from elsewhere, framed by nobody."""
    # Sign-out posts here and is sent on to the issuer; browsers hold redirects to form-action too.
    issuers = [
        urlsplit(each) for each in (settings.oidc_issuer, settings.staff_oidc_issuer) if each
    ]
    forms = " ".join(("'self'", *(f"{each.scheme}://{each.netloc}" for each in issuers)))
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self'; form-action {forms}; manifest-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )


def security_headers(settings: Settings) -> dict[str, str]:
    """What every response carries, unless it says otherwise itself; names in lower case."""
    headers = {
        "content-security-policy": content_security_policy(settings),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    if settings.secure:
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return headers
