"""What the gateways have in common: a request, what a status says, an answer's parts, receipts."""

import hmac
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, Protocol

import httpx
import msgspec

from balagh.notices.transports import DeliveryError, Fault

# Statuses below 500 that speak of the moment, not of the message (RFC 9110, 15.5): 408 and 425 try
# again, 429 too many requests (RFC 6585, 4).
BUSY = frozenset((408, 425, 429))
# Of our account, and of the way that our settings describe: 401 wrong token, 402 balance, 403 what
# we may, 404 the address, 407 the proxy in between.
OURS = frozenset((401, 402, 403, 404, 407))
# What a failure speaks of, as `notice.error` keeps it; staff read it in words (`staff/failing.py`).
_SAID = {
    (Fault.MESSAGE, True): "refused the message",
    (Fault.MESSAGE, False): "gave an unknown answer",
    (Fault.WAY, False): "takes nothing now",
    (Fault.ACCOUNT, False): "refuses our account",
}
_LONGEST_WAIT = 24 * 3600.0


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request; at most one of ``form`` and ``json``."""

    url: str
    method: str = "POST"
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    form: Mapping[str, str] | None = None
    json: Any = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A request that may be a delivery receipt. ``url``: as the gateway called it; ``secret``: from
    the path or the header; ``fields``: of its form or JSON object."""

    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    secret: str
    fields: Mapping[str, Any]


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """``notice``, ``sending``: from our id, ``name``: what the gateway calls it; one of them at
    least. ``outcome`` None: still on its way. ``code``: why it was not delivered."""

    notice: int | None
    name: str | None
    outcome: Literal["delivered", "failed"] | None
    code: str | None = None
    sending: int = 0


class ForgedError(Exception):
    """The receipt does not prove that it comes from the gateway."""


class Gateway(Protocol):
    """Knows no network: safe to use from several tasks at once."""

    def ask(self, id: str, to: str, text: str) -> Ask:
        """The request for the message ``id`` (``our_id``) to the number ``to`` (E.164)."""
        ...

    def read(self, reply: httpx.Response) -> str | None:
        """What the gateway calls the message that it took, or ``DeliveryError``."""
        ...

    def receipt(self, told: Told) -> Receipt:
        """Raises ``ForgedError``, and ``ValueError`` when it cannot be understood."""
        ...


def our_id(notice: int, sending: int = 0) -> str:
    """Names the message to the gateway: every attempt carries the same, but not what is sent again
    by hand (``sending``: for the how many-th time), which a gateway that sends one id once would
    keep. Letters, digits and hyphens, 32 at most."""
    return f"notice-{notice}-{sending}" if sending else f"notice-{notice}"


_OURS = re.compile(r"(?:notice-)?([0-9]{1,18})(?:-([0-9]{1,5}))?", re.ASCII)


def notice_of(value: Any) -> tuple[int | None, int]:
    """The row's id and the sending, from what ``our_id`` made; no id when it did not."""
    found = _OURS.fullmatch(str(value or ""))
    return (int(found[1]), int(found[2] or 0)) if found else (None, 0)


def plain(phone: str) -> str:
    """``+966550000001`` → ``966550000001``."""
    return phone.removeprefix("+")


def failure(
    reply: httpx.Response,
    code: str | int,
    *,
    permanent: bool = False,
    fault: Fault = Fault.MESSAGE,
) -> DeliveryError:
    """``code``: the gateway's own; nothing else of its answer is kept, because it quotes people's
    numbers. Of the message and not ``permanent``: a code that no list names."""
    return DeliveryError(
        permanent=permanent,
        reason=f"SMS gateway {_SAID[fault, permanent]}: {str(code)[:40]}",
        retry_after=retry_after(reply),
        fault=fault,
    )


def check_status(reply: httpx.Response, *, ours: Collection[int] = OURS) -> None:
    """Raises for the statuses that say nothing about the message. ``ours``: those that speak of our
    account."""
    status = reply.status_code
    if status in ours or 300 <= status < 400:
        # Redirections are a mistake in the address, mended by the administrator.
        raise failure(reply, status, fault=Fault.ACCOUNT)
    if status in BUSY or status >= 500:
        raise failure(reply, status, fault=Fault.WAY)


def body_of(reply: httpx.Response) -> dict[str, Any]:
    """The answer's JSON object; empty when it is none."""
    try:
        found = msgspec.json.decode(reply.content)
    except (msgspec.MsgspecError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def at(body: Mapping[str, Any], path: str) -> str | None:
    """The text or number at ``data.message.id`` in an answer; items of lists by number."""
    found: Any = body
    for step in path.split("."):
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found)[:200] if isinstance(found, str | int) and found != "" else None


def check_secret(secret: str | None, given: str) -> None:
    """Constant time, for the right length."""
    if secret is None or not hmac.compare_digest(secret.encode(), given.encode()):
        raise ForgedError


def retry_after(reply: httpx.Response) -> float | None:
    """Seconds, from either form of ``Retry-After`` (RFC 9110, 10.2.3), at most a day.

    A date is measured against the reply's own ``Date``, so that a wrong clock on either side does
    not matter.
    """
    value = reply.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _LONGEST_WAIT)
    try:
        wait = _instant(value) - _instant(reply.headers.get("Date", ""))
    except ValueError:
        return None
    return min(max(wait.total_seconds(), 0.0), _LONGEST_WAIT)


def _instant(value: str) -> datetime:
    parsed = parsedate_to_datetime(value)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
