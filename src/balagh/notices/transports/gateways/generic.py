"""Any HTTP gateway, described by settings; without them the small protocol of ``docs/sms.md``.

Idempotency key: the field ``id``; a gateway that knows it sends the same message once.
"""

from collections.abc import Mapping
from typing import Any

import httpx

from balagh.notices.transports import DeliveryError
from balagh.notices.transports.gateways.answers import (
    OURS,
    Ask,
    Receipt,
    Told,
    at,
    body_of,
    check_secret,
    check_status,
    failure,
    notice_of,
    plain,
)
from balagh.settings import Settings

# Besides: the method, the format and the address that our settings give, another HTTP. None of it
# is a word about the message.
_OURS = OURS | {405, 406, 410, 411, 415, 421, 426}


class Generic:
    """What differs between gateways is in ``settings.sms_*``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        how, _, where = settings.sms_auth.partition(":")
        token = settings.sms_token
        self._headers: dict[str, str] = {}
        self._fixed = dict(settings.sms_extra)
        if token is not None:
            if how == "bearer":
                self._headers["Authorization"] = f"Bearer {token}"
            elif how == "basic":
                basic = httpx.BasicAuth(settings.sms_username or "", token)
                request = next(basic.sync_auth_flow(httpx.Request("GET", "http://localhost/")))
                self._headers["Authorization"] = request.headers["Authorization"]
            elif how == "header":
                self._headers[where] = token
            elif how == "field":
                self._fixed[where] = token

    def ask(self, id: str, to: str, text: str) -> Ask:
        settings = self._settings
        said = {
            "id": id,
            "to": plain(to) if settings.sms_phone == "plain" else to,
            "sender": settings.sms_sender,
            "text": text,
        }
        fields = {theirs: said[ours] for ours, theirs in settings.sms_fields} | self._fixed
        url = settings.sms_url or ""
        if settings.sms_method == "GET":
            return Ask(method="GET", url=url, headers=self._headers, query=fields)
        if settings.sms_format == "form":
            return Ask(url=url, headers=self._headers, form=fields)
        return Ask(url=url, headers=self._headers, json=fields)

    def read(self, reply: httpx.Response) -> str | None:
        body, settings = body_of(reply), self._settings
        # What the settings say of its codes goes before what a status says in general.
        if settings.sms_refused is not None:
            path, codes = settings.sms_refused
            if (code := at(body, path)) in codes:
                raise failure(reply, code or "", permanent=True)
        check_status(reply, ours=_OURS)
        if not reply.is_success:
            raise failure(reply, reply.status_code, permanent=True)
        if settings.sms_success is not None:
            path, codes = settings.sms_success
            if (code := at(body, path)) not in codes:
                raise self._unknown(reply, code)
        # A gateway that took the message but says it oddly has still taken it.
        return at(body, settings.sms_id_at)

    def _unknown(self, reply: httpx.Response, code: str | None) -> DeliveryError:
        """A code of which no setting says that the message is refused: tried again."""
        return failure(reply, code or f"{reply.status_code} without a code")

    def receipt(self, told: Told) -> Receipt:
        return by_settings(self._settings, told)


def by_settings(settings: Settings, told: Told) -> Receipt:
    """A receipt with our secret, whose fields and values the settings describe."""
    check_secret(settings.sms_receipt_secret, told.secret)
    names: Mapping[str, str] = dict(settings.sms_receipt_fields)
    found: dict[str, Any] = {ours: at(told.fields, theirs) for ours, theirs in names.items()}
    status = str(found.get("status") or "").lower()
    notice, sending = notice_of(found.get("our_id"))
    name = found.get("id")
    if not status or (notice is None and name is None):
        raise ValueError("neither a status nor an id")
    failed = status in settings.sms_receipt_failed
    return Receipt(
        notice=notice,
        sending=sending,
        name=name,
        outcome="delivered"
        if status in settings.sms_receipt_delivered
        else "failed"
        if failed
        else None,
        code=(found.get("code") or status)[:40] if failed else None,
    )
