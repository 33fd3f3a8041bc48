"""Ways out for a message: each transport takes one rendered message and hands it over, or says why
it could not (specification 6, "A message that fails is retried with growing pauses")."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum
from typing import Protocol

import msgspec

from balagh.notices.messages import Email, Sms


class Fault(Enum):
    """What a failure speaks of. ``MESSAGE``: this one alone. ``WAY``: none would get through now
    (no connection, no answer, too many). ``ACCOUNT``: none would, until somebody mends our
    password, balance or sender name. ``UNTRIED``: of us, before anybody was asked. ``WAY`` and
    ``ACCOUNT`` count for the circuit (``circuit.py``)."""

    MESSAGE = "message"
    WAY = "way"
    ACCOUNT = "account"
    UNTRIED = "untried"


class DeliveryError(Exception):
    """The other side did not take the message.

    ``permanent``: sending it again cannot help. ``reason``: for the notice's row and the log, so it
    never holds the recipient or the text. ``retry_after``: seconds the other side asked us to wait.
    """

    def __init__(
        self,
        *,
        permanent: bool,
        reason: str,
        retry_after: float | None = None,
        fault: Fault = Fault.MESSAGE,
    ) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.reason = reason
        self.retry_after = retry_after
        self.fault = fault


class Outgoing(msgspec.Struct, frozen=True):
    """One message on its way. ``id`` is the outbox row's: every attempt carries the same one.
    ``resent``: how often it was sent again by hand; gateways are told, mailboxes are not."""

    id: int
    recipient: str
    language: str
    created_at: datetime
    content: Email | Sms
    resent: int = 0


class NotReadyError(Exception):
    """What has to be done before a message is handed over could not be done. No fault of the way,
    so none of the errors that a way raises."""


Ready = Callable[[], Awaitable[None]]


async def at_once() -> None:
    """Nothing has to be done before."""


class Transport(Protocol):
    """Safe to use from several tasks at once."""

    async def send(self, notice: Outgoing, ready: Ready = at_once) -> str | None:
        """Hands the message over; returns what the other side calls it, or ``DeliveryError``.

        ``ready`` is awaited as late as can be: before anything is said after which the other side
        could have the message. Its ``NotReadyError`` is passed on."""
        ...

    async def rest(self) -> None:
        """Nothing more is due for now: lets go of idle connections. ``send`` opens new ones."""
        ...

    async def close(self) -> None:
        """No more messages will come."""
        ...
