"""What a phone needs to put Balagh on its home screen (W3C, Web Application Manifest)."""

from typing import Any

import msgspec
from litestar import Response, Router, get

from balagh.assets import TYPES, asset
from balagh.i18n import LANGUAGES, N_, Language
from balagh.web import access
from balagh.web.page import AnyRequest

MANIFEST = "application/manifest+json"
GREEN, WHITE = "#1b8354", "#ffffff"
# File, sizes, purpose: `maskable` fills the shape that the system cuts.
_ICONS = (
    ("mark.svg", "any", "any"),
    ("icons/icon-192.png", "192x192", "any"),
    ("icons/icon-512.png", "512x512", "any"),
    ("icons/maskable-192.png", "192x192", "maskable"),
    ("icons/maskable-512.png", "512x512", "maskable"),
)
_SHORTCUTS = ((N_("New report"), "/#kinds"), (N_("My reports"), "/reports"))


@get("/manifest.webmanifest", opt={access.ANONYMOUS: True})
async def manifest(request: AnyRequest) -> Response[bytes]:
    """In the language of the page that names it: browsers ask for it without cookies, so the
    page's link says ``?lang=``. The application is the same one in each (``id``)."""
    asked = request.query_params.get("lang")
    language = Language.of(asked if asked in LANGUAGES else "ar")
    return Response(
        content=msgspec.json.encode(_manifest(language)),
        media_type=MANIFEST,
        headers={
            "Content-Language": language.code,
            # Not for ever: it names the icons by their present hash.
            "Cache-Control": "public, max-age=3600",
        },
    )


def _manifest(language: Language) -> dict[str, Any]:
    text = language.text
    return {
        "id": "/",
        "name": text("Balagh"),
        "short_name": text("Balagh"),
        "description": text(
            "File a report about a digital government service, and follow it until the answer."
        ),
        "lang": language.code,
        "dir": language.direction,
        "start_url": "/",
        "scope": "/",
        # docs/decisions/061: people keep the way back, the address and the printer.
        "display": "minimal-ui",
        # The manifest knows one scheme; the pages say their colour for the dark one.
        "theme_color": GREEN,
        "background_color": WHITE,
        "icons": [
            {
                "src": asset(name),
                "sizes": sizes,
                "type": TYPES[name[name.rindex(".") :]],
                "purpose": purpose,
            }
            for name, sizes, purpose in _ICONS
        ],
        "shortcuts": [
            {
                "name": text(name),
                "url": url,
                "icons": [{"src": asset("icons/icon-192.png"), "sizes": "192x192"}],
            }
            for name, url in _SHORTCUTS
        ],
    }


router = Router("/", route_handlers=[manifest])
