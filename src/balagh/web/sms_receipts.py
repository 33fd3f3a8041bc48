"""Delivery receipts of the SMS gateway: ``POST /sms/receipts/<gateway>``, with a signature or our
secret (``docs/sms.md``)."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import structlog
from litestar import Response, Router, post
from litestar.params import FromPath

from balagh import clock
from balagh.notices import receipts
from balagh.notices.transports.gateways import ForgedError, Receipt, Told, gateway_of
from balagh.web import access
from balagh.web.page import AnyRequest, settings_of

# Bytes; the longest that a gateway sends is a tenth of it.
_LARGEST = 16 * 1024
# Statements at once: people's pages need the database too. The gateway comes again.
_AT_ONCE = 8

_log = structlog.get_logger()
_in_hand = 0


@post(
    ["/sms/receipts/{gateway:str}", "/sms/receipts/{gateway:str}/{secret:str}"],
    opt={access.OUTSIDE: True},
    request_max_body_size=_LARGEST,
)
async def receive(request: AnyRequest, gateway: FromPath[str]) -> Response[None]:
    """204: noted, known already, or still on its way. 403: no proof. 404: no such gateway here, or
    a message that is not ours. 400: not understood. 503: too many at once.

    What is logged names our notice at most: receipts hold people's numbers.
    """
    global _in_hand
    settings = settings_of(request)
    spoken = gateway_of(settings)
    if spoken is None or gateway != settings.sms_gateway:
        return _answer(404)
    try:
        receipt = spoken.receipt(await _told(request))
    except ForgedError:
        _log.warning("receipt without proof", gateway=gateway)
        return _answer(403)
    except ValueError:
        _log.warning("receipt not understood", gateway=gateway)
        return _answer(400)
    if _in_hand >= _AT_ONCE:
        return _answer(503, {"Retry-After": "5"})
    _in_hand += 1
    try:
        return await _note(request, receipt, gateway)
    finally:
        _in_hand -= 1


async def _note(request: AnyRequest, receipt: Receipt, gateway: str) -> Response[None]:
    id, effect = await receipts.receive(receipt, clock.now())
    log = _log.bind(gateway=gateway, notice=id)
    if effect == "unknown":
        log.warning("receipt of an unknown message")
        return _answer(404)
    if effect in ("noted", "fell back") and receipt.outcome == "failed":
        log.warning("SMS not delivered", code=receipt.code, by_email=effect == "fell back")
    if effect == "fell back":
        request.app.state.waker.wake()
    return _answer(204)


async def _told(request: AnyRequest) -> Told:
    """Raises ``ValueError`` when the body is neither a form nor a JSON object."""
    settings, url = settings_of(request), request.url
    # Never from the query, which more servers write down.
    secret = str(request.path_params.get("secret", ""))
    header = request.headers.get("authorization", "")
    return Told(
        # As everybody outside calls us, whatever the proxy in front does.
        url=f"{settings.public_url}{url.path}{'?' if url.query else ''}{url.query}",
        query=dict(parse_qsl(url.query)),
        headers={name.lower(): value for name, value in request.headers.items()},
        secret=secret or re.sub(r"^Bearer ", "", header),
        fields=_fields(await request.body()),
    )


def _fields(body: bytes) -> Mapping[str, Any]:
    """Of JSON or of a form; gateways do not always say which."""
    if body.lstrip()[:1] in (b"{", b"["):
        try:
            found = msgspec.json.decode(body)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ValueError("not JSON") from error
        # Some send a list of one.
        if isinstance(found, list) and len(found) == 1:
            found = found[0]
        if not isinstance(found, dict):
            raise ValueError("not an object")
        return found
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def _answer(status: int, headers: dict[str, str] | None = None) -> Response[None]:
    return Response(
        None, status_code=status, headers={"Cache-Control": "no-store", **(headers or {})}
    )


router = Router("/", route_handlers=[receive])
