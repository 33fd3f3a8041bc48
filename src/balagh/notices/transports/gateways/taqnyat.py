"""Taqnyat's SMS API.

Request and answer: https://dev.taqnyat.sa/en/doc/sms (bearer token, numbers without ``00`` or
``+``). Taken: 201 with ``messageId`` and the lists ``accepted`` and ``rejected``, written as text
(``"[966550000001,]"``). Refused: ``{"statusCode": 400, "message": "…"}`` with a sentence and no
code of its own, so that all but a refused number is taken to speak of our account.

Receipts: its public pages say nothing of them that we could find; what Taqnyat sets up for an
account is described by ``BALAGH_SMS_RECEIPT_…``. Idempotency key: none.
"""

import httpx

from balagh.notices.transports import Fault
from balagh.notices.transports.gateways.answers import (
    Ask,
    Receipt,
    Told,
    at,
    body_of,
    check_status,
    failure,
    plain,
)
from balagh.notices.transports.gateways.generic import by_settings
from balagh.settings import Settings

URL = "https://api.taqnyat.sa/v1/messages"


class Taqnyat:
    """``sms_token``: the bearer token."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._url = settings.sms_url or URL
        self._headers = {"Authorization": f"Bearer {settings.sms_token}"}

    def ask(self, id: str, to: str, text: str) -> Ask:
        said = {"recipients": [plain(to)], "body": text, "sender": self._settings.sms_sender}
        return Ask(url=self._url, headers=self._headers, json=said)

    def read(self, reply: httpx.Response) -> str | None:
        check_status(reply)
        body = body_of(reply)
        code = at(body, "statusCode") or str(reply.status_code)
        if reply.is_success and code.startswith("2"):
            if _any(body.get("rejected")) and not _any(body.get("accepted")):
                raise failure(reply, "rejected", permanent=True)
            # Without a `messageId` nothing says that it was Taqnyat who answered.
            if (name := at(body, "messageId")) is None:
                raise failure(reply, f"{code} without an id", fault=Fault.WAY)
            return name
        if code in ("429", "408") or code.startswith("5"):
            raise failure(reply, code, fault=Fault.WAY)
        said = str(body.get("message") or "").lower()
        if any(word in said for word in ("recipient", "mobile", "phone")):
            raise failure(reply, code, permanent=True)
        raise failure(reply, code, fault=Fault.ACCOUNT)

    def receipt(self, told: Told) -> Receipt:
        return by_settings(self._settings, told)


def _any(numbers: object) -> bool:
    """Whether a list that may be written as text, ``"[966…,]"``, holds something."""
    return any(character.isdigit() for character in str(numbers or ""))
