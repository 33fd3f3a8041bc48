"""``/demo/outbox``: every SMS and e-mail that the demonstration sent, as its receiver sees it."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from markupsafe import Markup, escape

from balagh.demo import sinks
from balagh.i18n import Language
from balagh.web.page import language_of, render, settings_of

# A web address up to a space or a mark that closes an isolate.
_LINK = re.compile(r"https?://[^\s\u2066-\u2069]+")
# The e-mail's own styles, no script, nothing fetched; links open in another window.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


class MessageView(msgspec.Struct, frozen=True):
    """``channel``: ``sms`` or ``email``; ``html_url`` is empty for an SMS."""

    channel: str
    recipient: str
    at_text: str
    subject: str
    text: Markup
    html_url: str


@get("/demo/outbox")
async def outbox(request: Request[Any, Any, Any]) -> Response[bytes]:
    settings = settings_of(request)
    language, zone = language_of(request), ZoneInfo(settings.zone)
    messages = [
        _view(message, language, zone, settings.public_url)
        for message in sinks.newest(_folder(request))
    ]
    return render(request, "demo/outbox.html", messages=messages)


@get("/demo/outbox/{id:str}/html")
async def html(request: Request[Any, Any, Any], id: FromPath[str]) -> Response[bytes]:
    """The e-mail's HTML part, shut in: it came from outside as far as a browser can know."""
    message = sinks.find(_folder(request), id)
    if message is None or not message.html:
        raise NotFoundException
    return Response(
        content=message.html.encode(),
        media_type="text/html",
        headers={
            "Content-Security-Policy": _POLICY,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


router = Router("/", route_handlers=[outbox, html])


def linked(text: str, public_url: str = "") -> Markup:
    """The text with its web addresses as links, each isolated.

    Links to the portal lose its address, so that they work under whatever name the demonstration is
    open in the browser.
    """
    parts, end = [], 0
    for found in _LINK.finditer(text):
        address = found[0].rstrip(".,)»")
        target = address
        if public_url and urlsplit(address)[:2] == urlsplit(public_url)[:2]:
            target = urlsplit(address)._replace(scheme="", netloc="").geturl() or "/"
        parts.append(escape(text[end : found.start()]))
        parts.append(Markup('<a href="{}"><bdi>{}</bdi></a>').format(target, address))
        end = found.start() + len(address)
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


def _folder(request: Request[Any, Any, Any]) -> Path:
    return settings_of(request).data / "outbox"


def _view(
    message: sinks.Message, language: Language, zone: ZoneInfo, public_url: str
) -> MessageView:
    at = datetime.fromisoformat(message.at)
    day = language.date(at.astimezone(zone).date(), weekday=False)
    return MessageView(
        channel=message.channel,
        recipient=message.recipient,
        at_text=f"{day} · {language.time(at, zone)}",
        subject=message.subject,
        text=linked(message.text, public_url),
        html_url=f"/demo/outbox/{message.id}/html" if message.html else "",
    )
