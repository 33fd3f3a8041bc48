"""Unifonic's SMS API (NextGen).

Request and answer: https://docs.unifonic.com/docs/sending-your-first-sms-via-unifonic-api and
https://docs.unifonic.com/reference/sms-api. Codes:
https://docs.unifonic.com/articles/api-documentation/http-status-codes (they come as HTTP status or
as ``ER-<number>`` with status 200) and
https://docs.unifonic.com/docs/understanding-reasons-of-sms-non-delivery (``ER-01`` to ``ER-10``).
Receipts: https://docs.unifonic.com/docs/receiving-delivery-status-via-webhook and
https://support.unifonic.com/hc/en-us/articles/205049882; they carry no signature, so our secret is
in the address.

Idempotency key: none that is documented. ``CorrelationID`` comes back in reports, and a message
that was taken already is answered with 409, "This message is duplicate".
"""

import httpx

from balagh.notices.transports import Fault
from balagh.notices.transports.gateways.answers import (
    Ask,
    Receipt,
    Told,
    at,
    body_of,
    check_secret,
    failure,
    notice_of,
    plain,
)
from balagh.settings import Settings

URL = "https://el.cloud.unifonic.com/rest/SMS/messages"

# Number and text: no operator, no country, wrong form, too long, empty, filtered.
_PERMANENT = frozenset(
    (
        *("410", "412", "415", "417", "421", "422", "449", "460", "481", "482", "483"),
        *("02", "03", "04", "05", "06", "07"),
    )
)
# Sign-in, address of this host, sender name, configuration, balance.
_ACCOUNT = frozenset(
    (
        *(
            "401",
            "402",
            "403",
            "404",
            "406",
            "407",
            "440",
            "456",
            "459",
            "480",
            "499",
            "546",
            "548",
        ),
        *("01", "08"),
    )
)
# Taken already: our own earlier attempt, because each of our texts names its report.
_TAKEN = frozenset({"409", "09"})

# Of these, HTTP knows the number as well, and anything between us may have said it.
_OF_ANYBODY = frozenset({"409", "410", "412", "415", "417", "421", "422"})
_BUSY = frozenset({"408", "425", "429"})

_DELIVERED = frozenset({"delivered"})
_FAILED = frozenset({"undelivered", "undeliverable", "rejected", "failed", "expired"})


class Unifonic:
    """``sms_token``: the AppSid."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.sms_url or URL
        self._app = settings.sms_token or ""
        self._sender = settings.sms_sender
        self._secret = settings.sms_receipt_secret

    def ask(self, id: str, to: str, text: str) -> Ask:
        form = {
            "AppSid": self._app,
            "SenderID": self._sender,
            "Recipient": plain(to),
            "Body": text,
            "responseType": "JSON",
            "CorrelationID": id,
            "async": "false",
        }
        return Ask(url=self._url, form=form)

    def read(self, reply: httpx.Response) -> str | None:
        body = body_of(reply)
        code = str(body.get("errorCode") or "").removeprefix("ER-")
        # `true` and "true" are both documented.
        if reply.is_success and at(body, "success") == "true" and code in ("", "00"):
            return at(body, "data.MessageID")
        if not code or code == "00":
            code = str(reply.status_code)
        if code in _OF_ANYBODY and not ("errorCode" in body or "success" in body):
            raise failure(reply, f"{code} without a code", fault=Fault.WAY)
        if code in _TAKEN:
            return at(body, "data.MessageID")
        if code in _ACCOUNT or 300 <= reply.status_code < 400:
            raise failure(reply, code, fault=Fault.ACCOUNT)
        if code in _PERMANENT:
            raise failure(reply, code, permanent=True)
        if code in _BUSY or reply.status_code == 429 or reply.status_code >= 500:
            raise failure(reply, code, fault=Fault.WAY)
        if reply.is_success and not body:
            # Whatever stands between us: it has not said that the message was taken.
            raise failure(reply, f"{code} without a code", fault=Fault.WAY)
        raise failure(reply, code)

    def receipt(self, told: Told) -> Receipt:
        check_secret(self._secret, told.secret)
        fields = told.fields
        status = (at(fields, "DLR") or at(fields, "Status") or at(fields, "status") or "").lower()
        name = at(fields, "MessageID") or at(fields, "messageId")
        notice, sending = notice_of(at(fields, "CorrelationID") or at(fields, "correlationId"))
        if not status or (notice is None and name is None):
            raise ValueError("neither a status nor an id")
        failed = status in _FAILED
        code = at(fields, "ErrorCode") or at(fields, "errorCode") or status
        return Receipt(
            notice=notice,
            sending=sending,
            name=name,
            outcome="delivered" if status in _DELIVERED else "failed" if failed else None,
            code=code[:40] if failed else None,
        )
