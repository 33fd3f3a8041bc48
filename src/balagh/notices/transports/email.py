"""E-mail over SMTP (RFC 5321): multipart text and HTML, connections reused while there is mail."""

import base64
import re
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from urllib.parse import urlsplit

import aiosmtplib

from balagh.notices.messages import Email
from balagh.notices.transports import DeliveryError, Fault, Outgoing
from balagh.settings import Settings

_SERVICE_CLOSING = 421
# RFC 3463: class.subject.detail, the only part of a server's sentence that names nobody.
_ENHANCED_CODE = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")


def compose(notice: Outgoing, mail_from: str) -> EmailMessage:
    """The message as it goes out; every attempt of one notice composes the same bytes.

    ``Message-ID`` is made of the outbox row's id, so that a mailbox that gets the message twice
    (we were stopped between sending and noting it) can tell. ``Date`` is when the message was
    written, not when it was sent (RFC 5322, 3.6.1). ``Auto-Submitted`` keeps holiday answers away
    (RFC 3834, 5).
    """
    content = notice.content
    if not isinstance(content, Email):
        raise TypeError("an e-mail is wanted")
    message = EmailMessage(policy=SMTP_POLICY)
    message["Message-ID"] = f"<notice-{notice.id}@{parseaddr(mail_from)[1].rpartition('@')[2]}>"
    message["Date"] = format_datetime(notice.created_at)
    message["From"] = mail_from
    message["To"] = notice.recipient
    message["Subject"] = content.subject
    message["Auto-Submitted"] = "auto-generated"
    if content.unsubscribe:
        # RFC 2369, 3.2; by one click only over https (RFC 8058, 3.1).
        message["List-Unsubscribe"] = f"<{content.unsubscribe}>"
        if content.unsubscribe.startswith("https://"):
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Content-Language"] = notice.language
    message["MIME-Version"] = "1.0"
    boundary = f"=_notice-{notice.id}"
    message["Content-Type"] = f'multipart/alternative; boundary="{boundary}"'
    # Parts as they are sent: put together by `email`, they took half of a worker's time.
    parts = (_part("plain", content.text), _part("html", content.html))
    between = f"--{boundary}\r\n"
    message.set_payload("".join(between + part for part in parts) + f"--{boundary}--\r\n")
    return message


def _part(subtype: str, text: str) -> str:
    """Base64 is half the size of quoted-printable in Arabic, and 7-bit servers take it."""
    lines = "\r\n".join(text.splitlines()) + "\r\n"
    encoded = base64.encodebytes(lines.encode()).decode().replace("\n", "\r\n")
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n"
    )


class EmailTransport:
    """As many connections as tasks sending at once; each is reused for the next message."""

    def __init__(
        self, settings: Settings, *, timeout: float = 10.0, tls: ssl.SSLContext | None = None
    ) -> None:
        """``timeout``: seconds for each SMTP command. ``tls``: which certificates are believed."""
        self._settings = settings
        self._timeout = timeout
        self._tls = tls
        self._sender = parseaddr(settings.mail_from)[1]
        self._idle: list[aiosmtplib.SMTP] = []

    async def send(self, notice: Outgoing) -> str | None:
        try:
            message = compose(notice, self._settings.mail_from).as_bytes()
        except ValueError as error:
            # An address that no header can hold; trying again will not mend it.
            reason = "the address is not valid"
            raise DeliveryError(permanent=True, reason=reason, fault=Fault.UNTRIED) from error
        reused = bool(self._idle)
        client = self._idle.pop() if reused else await self._connect()
        try:
            reply = await self._hand_over(client, notice.recipient, message)
        except DeliveryError:
            if not reused or client.is_connected:
                raise
            # The server had closed the connection while it was idle: that says nothing of this
            # message.
            client = await self._connect()
            reply = await self._hand_over(client, notice.recipient, message)
        return reply[:200] or None

    async def rest(self) -> None:
        while self._idle:
            client = self._idle.pop()
            try:
                await client.quit()
            except (aiosmtplib.SMTPException, OSError):
                client.close()  # it was gone already

    async def close(self) -> None:
        await self.rest()

    async def _connect(self) -> aiosmtplib.SMTP:
        """Raises only transient errors: a server that refuses us, or our password, says nothing
        about the message, and a changed password must not lose a day's mail."""
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username,
            password=settings.smtp_password,
            local_hostname=urlsplit(settings.public_url).hostname,
            use_tls=settings.smtp_security == "tls",
            start_tls=settings.smtp_security == "starttls",
            tls_context=self._tls,
            timeout=self._timeout,
        )
        try:
            await client.connect()
        except aiosmtplib.SMTPAuthenticationError as error:
            client.close()
            reason = f"SMTP sign-in refused: {_code(error)}"
            raise DeliveryError(permanent=False, reason=reason, fault=Fault.ACCOUNT) from error
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            reason = f"SMTP connection refused: {_code(error)}"
            raise DeliveryError(permanent=False, reason=reason, fault=Fault.WAY) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            reason = f"SMTP connection failed: {type(error).__name__}"
            raise DeliveryError(permanent=False, reason=reason, fault=Fault.WAY) from error
        except BaseException:
            client.close()
            raise
        return client

    async def _hand_over(self, client: aiosmtplib.SMTP, recipient: str, message: bytes) -> str:
        try:
            _, reply = await client.sendmail(self._sender, [recipient], message)
        except aiosmtplib.SMTPRecipientsRefused as error:
            self._keep(client, error.recipients)
            raise _refusal(error.recipients[0]) from error
        except aiosmtplib.SMTPResponseException as error:
            self._keep(client, [error])
            raise _refusal(error) from error
        except aiosmtplib.SMTPNotSupported as error:
            self._keep(client, [])
            reason = "SMTP server lacks SMTPUTF8, which the address needs"
            raise DeliveryError(permanent=True, reason=reason) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            reason = f"SMTP conversation broke off: {type(error).__name__}"
            raise DeliveryError(permanent=False, reason=reason, fault=Fault.WAY) from error
        except BaseException:
            client.close()
            raise
        self._idle.append(client)
        return reply

    def _keep(
        self, client: aiosmtplib.SMTP, errors: Sequence[aiosmtplib.SMTPResponseException]
    ) -> None:
        """After a refusal the conversation goes on, unless the server is closing it."""
        if client.is_connected and all(error.code != _SERVICE_CLOSING for error in errors):
            self._idle.append(client)
        else:
            client.close()


def _refusal(error: aiosmtplib.SMTPResponseException) -> DeliveryError:
    """RFC 5321, 4.2.1: 4yz may be tried again, 5yz may not."""
    return DeliveryError(
        permanent=error.code >= 500,
        reason=f"SMTP refused: {_code(error)}",
        fault=Fault.WAY if error.code == _SERVICE_CLOSING else Fault.MESSAGE,
    )


def _code(error: aiosmtplib.SMTPResponseException) -> str:
    found = _ENHANCED_CODE.search(error.message)
    return f"{error.code} {found[0]}" if found else str(error.code)
