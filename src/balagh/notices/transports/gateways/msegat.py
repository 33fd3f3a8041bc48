"""Msegat's SMS API.

https://documenter.getpostman.com/view/39158411/2sBXwqqqD2 ("MSEGAT Communication Platform API"):
request, ``msgEncoding``, and the codes, which come with HTTP status 200: ``M0000`` or ``1`` is
taken, all others are not. ``reqBulkId`` asks for the message's id.

Receipts: its pages say nothing of them that we could find; what Msegat sets up for an account is
described by ``BALAGH_SMS_RECEIPT_…``. Idempotency key: none, but 1061, "MSG duplicated", says that
the message was taken already.
"""

import re

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

URL = "https://www.msegat.com/gw/sendsms.php"

_CODE = re.compile(r"M?[0-9]{1,5}")
_TAKEN = frozenset({"1", "M0000"})
_TAKEN_ALREADY = "1061"
# Text empty, number not correct, text too long, the number's beginning.
_PERMANENT = frozenset({"1050", "1120", "1140", "M0008"})
# Fields missing, sign-in, balance, what an account may send, sender name, method, our address.
_ACCOUNT = frozenset(
    (
        *("1010", "1020", "1060", "1064", "1110", "M0001", "M0002", "M0022", "M0023", "M0024"),
        *("M0025", "M0026", "M0027", "M0029", "M0030", "M0033", "M0034", "M0036", "M0037", "M0090"),
    )
)


class Msegat:
    """``sms_username``: the account; ``sms_token``: the API key."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._url = settings.sms_url or URL

    def ask(self, id: str, to: str, text: str) -> Ask:
        said = {
            "userName": self._settings.sms_username,
            "apiKey": self._settings.sms_token,
            "userSender": self._settings.sms_sender,
            "numbers": plain(to),
            "msg": text,
            "msgEncoding": "UTF8",
            "reqBulkId": "true",
        }
        return Ask(url=self._url, json=said)

    def read(self, reply: httpx.Response) -> str | None:
        check_status(reply)
        body = body_of(reply)
        # Older accounts are answered with the bare code.
        code = at(body, "code") or reply.text.strip().strip('"')
        if code in _TAKEN or code == _TAKEN_ALREADY:
            return at(body, "id") or at(body, "bulkId")
        if code in _ACCOUNT:
            raise failure(reply, code, fault=Fault.ACCOUNT)
        if code in _PERMANENT:
            raise failure(reply, code, permanent=True)
        if not _CODE.fullmatch(code):
            raise failure(reply, f"{reply.status_code} without a code", fault=Fault.WAY)
        raise failure(reply, code)

    def receipt(self, told: Told) -> Receipt:
        return by_settings(self._settings, told)
