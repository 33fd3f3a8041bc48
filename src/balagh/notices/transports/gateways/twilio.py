"""Twilio's Programmable Messaging.

Request and answer: https://www.twilio.com/docs/messaging/api/message-resource; the error's form:
https://www.twilio.com/docs/usage/twilios-response; its codes: https://www.twilio.com/docs/api/errors.
Receipts: https://www.twilio.com/docs/messaging/guides/track-outbound-message-status, signed as
https://www.twilio.com/docs/usage/webhooks/webhooks-security says: HMAC-SHA1 with the Auth Token
over the address and the sorted parameters of the form.

Idempotency key: none. When the answer is lost and the message is sent again, the person may get it
twice; each sending's receipt names our row in its address, so both are recognized.
"""

import base64
import hashlib
import hmac
import re

import httpx

from balagh.notices.transports import Fault
from balagh.notices.transports.gateways.answers import (
    Ask,
    ForgedError,
    Receipt,
    Told,
    at,
    body_of,
    check_status,
    failure,
    notice_of,
)
from balagh.settings import Settings

URL = "https://api.twilio.com/2010-04-01"

# Number invalid, not mobile, unsubscribed, our own, a landline, in a country that is not open to us
# (21408) or that our sender does not reach (21612): that closes the way for this number only. Text
# missing or too long.
_PERMANENT = frozenset(
    (
        *("21211", "21214", "21217", "21266", "21408", "21602", "21610", "21612", "21614"),
        *("21617", "21635"),
    )
)
# Sign-in, account, sender, what a trial may do, our receipts' address.
_ACCOUNT = frozenset(
    (
        *("10001", "20003", "20404", "21212", "21603", "21606", "21608", "21609"),
        *("21659", "21660", "21703", "21704", "21705", "30002"),
    )
)
# Too many at once, the queue is full.
_BUSY = frozenset({"14107", "20429", "21611", "30001", "30022", "63038"})

_DELIVERED = frozenset({"delivered", "read"})
_FAILED = frozenset({"undelivered", "failed"})


class Twilio:
    """``sms_username``: the Account SID; ``sms_token``: the Auth Token, which signs receipts too;
    ``sms_sender``: a number, a name, or a Messaging Service (``MG`` and
    32 hexadecimal digits)."""

    def __init__(self, settings: Settings) -> None:
        base = (settings.sms_url or URL).rstrip("/")
        account = settings.sms_username or ""
        self._url = f"{base}/Accounts/{account}/Messages.json"
        self._token = settings.sms_token or ""
        basic = base64.b64encode(f"{account}:{self._token}".encode()).decode()
        self._headers = {"Authorization": f"Basic {basic}"}
        sender = settings.sms_sender
        # https://www.twilio.com/docs/glossary/what-is-a-sid; a name may begin so too.
        service = re.fullmatch("MG[0-9a-f]{32}", sender, re.ASCII)
        self._from = {"MessagingServiceSid" if service else "From": sender}
        # Twilio calls public addresses only, and ours is signed as Twilio knows it.
        self._public = settings.public_url
        self._callback = (
            f"{settings.public_url}/sms/receipts/twilio?notice=" if settings.secure else None
        )

    def ask(self, id: str, to: str, text: str) -> Ask:
        form = {"To": to, **self._from, "Body": text}
        if self._callback:
            form["StatusCallback"] = f"{self._callback}{id.removeprefix('notice-')}"
        return Ask(url=self._url, headers=self._headers, form=form)

    def read(self, reply: httpx.Response) -> str | None:
        body = body_of(reply)
        if reply.is_success:
            # Without a `sid` nothing says that it was Twilio who answered.
            if (name := at(body, "sid")) is None:
                raise failure(reply, f"{reply.status_code} without an id", fault=Fault.WAY)
            return name
        code = at(body, "code") or str(reply.status_code)
        if code in _PERMANENT:
            raise failure(reply, code, permanent=True)
        if code in _ACCOUNT:
            raise failure(reply, code, fault=Fault.ACCOUNT)
        if code in _BUSY:
            raise failure(reply, code, fault=Fault.WAY)
        check_status(reply)
        raise failure(reply, code)

    def receipt(self, told: Told) -> Receipt:
        given = told.headers.get("x-twilio-signature", "")
        if not self._token or not hmac.compare_digest(self.signature(told), given.encode()):
            raise ForgedError
        fields = told.fields
        status = (at(fields, "MessageStatus") or "").lower()
        notice, sending = notice_of(told.query.get("notice"))
        name = at(fields, "MessageSid")
        if not status or (notice is None and name is None):
            raise ValueError("neither a status nor an id")
        failed = status in _FAILED
        return Receipt(
            notice=notice,
            sending=sending,
            name=name,
            outcome="delivered" if status in _DELIVERED else "failed" if failed else None,
            code=(at(fields, "ErrorCode") or status)[:40] if failed else None,
        )

    def signature(self, told: Told) -> bytes:
        """Each parameter's name and value, sorted by name, without anything between."""
        said = told.url + "".join(f"{name}{told.fields[name]}" for name in sorted(told.fields))
        digest = hmac.new(self._token.encode(), said.encode(), hashlib.sha1).digest()
        return base64.b64encode(digest)
