"""SMS through an HTTP gateway: which one, and how it is spoken to, is in ``gateways``."""

import ssl

import httpx

from balagh.notices.messages import Sms
from balagh.notices.transports import DeliveryError, Fault, Outgoing, Ready, at_once
from balagh.notices.transports.gateways import gateway_of, our_id
from balagh.settings import Settings


class SmsTransport:
    """One HTTP client with kept-alive connections for the life of the worker."""

    def __init__(
        self, settings: Settings, *, timeout: float = 10.0, tls: ssl.SSLContext | None = None
    ) -> None:
        """``timeout``: seconds to connect, and seconds without a byte of the answer."""
        self._gateway = gateway_of(settings)
        self._client = httpx.AsyncClient(
            headers={"Accept": "application/json"},
            timeout=timeout,
            verify=tls or ssl.create_default_context(),
        )

    async def send(self, notice: Outgoing, ready: Ready = at_once) -> str | None:
        content = notice.content
        if not isinstance(content, Sms):
            raise TypeError("an SMS is wanted")
        if self._gateway is None:
            reason = "no SMS gateway is set"
            raise DeliveryError(permanent=True, reason=reason, fault=Fault.UNTRIED)
        named = our_id(notice.id, notice.resent)
        asked = self._gateway.ask(named, notice.recipient, content.text)
        await ready()
        try:
            reply = await self._client.request(
                asked.method,
                asked.url,
                headers=asked.headers,
                params=asked.query or None,
                data=asked.form,
                json=asked.json,
            )
        except httpx.HTTPError as error:
            reason = f"SMS gateway did not answer: {type(error).__name__}"
            raise DeliveryError(permanent=False, reason=reason, fault=Fault.WAY) from error
        return self._gateway.read(reply)

    async def rest(self) -> None:
        """The client lets idle connections go by itself."""

    async def close(self) -> None:
        await self._client.aclose()
