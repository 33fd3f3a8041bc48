"""SMS through an HTTP gateway. What the gateway must offer is in ``docs/sms.md``."""

import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import msgspec

from balagh.notices.messages import Sms
from balagh.notices.transports import DeliveryError, Outgoing
from balagh.settings import Settings

# Statuses below 500 that speak of us or of the moment, not of the message (RFC 9110, 15.5):
# 401 wrong token, 408 and 425 try again, 429 too many requests (RFC 6585, 4).
_NOT_THE_MESSAGE = {401, 408, 425, 429}
_LONGEST_WAIT = 24 * 3600.0


class _Accepted(msgspec.Struct):
    id: str | int | None = None


class SmsTransport:
    """One HTTP client with kept-alive connections for the life of the worker."""

    def __init__(
        self, settings: Settings, *, timeout: float = 10.0, tls: ssl.SSLContext | None = None
    ) -> None:
        """``timeout``: seconds to connect, and seconds without a byte of the answer."""
        headers = {"Accept": "application/json"}
        if settings.sms_token:
            headers["Authorization"] = f"Bearer {settings.sms_token}"
        self._url = settings.sms_url
        self._sender = settings.sms_sender
        self._client = httpx.AsyncClient(
            headers=headers, timeout=timeout, verify=tls or ssl.create_default_context()
        )

    async def send(self, notice: Outgoing) -> str | None:
        content = notice.content
        if not isinstance(content, Sms):
            raise TypeError("an SMS is wanted")
        if self._url is None:
            raise DeliveryError(permanent=True, reason="no SMS gateway is set")
        body = {
            "id": f"notice-{notice.id}",
            "to": notice.recipient,
            "from": self._sender,
            "text": content.text,
        }
        try:
            reply = await self._client.post(self._url, json=body)
        except httpx.HTTPError as error:
            reason = f"SMS gateway did not answer: {type(error).__name__}"
            raise DeliveryError(permanent=False, reason=reason) from error
        if reply.is_success:
            return _name(reply)
        raise DeliveryError(
            # Redirections are a mistake in the address, mended by the administrator.
            permanent=400 <= reply.status_code < 500 and reply.status_code not in _NOT_THE_MESSAGE,
            reason=f"SMS gateway answered {reply.status_code}",
            retry_after=_retry_after(reply),
        )

    async def rest(self) -> None:
        """The client lets idle connections go by itself."""

    async def close(self) -> None:
        await self._client.aclose()


def _name(reply: httpx.Response) -> str | None:
    """The gateway's id; a gateway that took the message but says it oddly has still taken it."""
    try:
        accepted = msgspec.json.decode(reply.content, type=_Accepted)
    except msgspec.MsgspecError:
        return None
    return None if accepted.id is None else str(accepted.id)[:200]


def _retry_after(reply: httpx.Response) -> float | None:
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
