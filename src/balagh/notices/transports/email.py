"""E-mail over SMTP (RFC 5321): multipart text and HTML, connections reused while there is mail."""

import asyncio
import re
import ssl
from binascii import b2a_base64
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from urllib.parse import urlsplit

import aiosmtplib

from balagh.notices.messages import Email
from balagh.notices.transports import DeliveryError, Fault, Outgoing, Ready, at_once
from balagh.settings import Settings

_COMPLETED, _SERVICE_CLOSING = 250, 421
# RFC 5321, 4.3.2: after which replies the conversation goes on.
_GO_ON = {b"MAIL": (_COMPLETED,), b"RCPT": (_COMPLETED, 251), b"DATA": (354,)}
_OF_OUR_SIGN_IN = frozenset((530, 534, 535, 538))
# RFC 3463: class.subject.detail, the only part of a server's sentence that names nobody.
_ENHANCED_CODE = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
# What a header takes as it is (RFC 5321, 4.1.2, a dot-string at a domain).
_PLAIN_ADDRESS = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*",
    re.ASCII,
)
# A subject that fits on a line; octets of a word whose base64 does; characters of a base64 line.
_SHORT, _WORD, _ROW = 66, 39, 76


def compose(notice: Outgoing, mail_from: str) -> bytes:
    """The message as it goes out; every attempt of one notice composes the same bytes.

    ``Message-ID`` is made of the outbox row's id, so that a mailbox that gets the message twice
    (we were stopped between sending and noting it) can tell. ``Date`` is when the message was
    written, not when it was sent (RFC 5322, 3.6.1). ``Auto-Submitted`` keeps holiday answers away
    (RFC 3834, 5). Raises ``ValueError`` for what no header can hold.

    Written here and not by ``email.message``, which took three times as long as sending it.
    """
    content = notice.content
    if not isinstance(content, Email):
        raise TypeError("an e-mail is wanted")
    sender, domain = _sender(mail_from)
    boundary = f"=_notice-{notice.id}"
    to = notice.recipient
    head = [
        f"Message-ID: <notice-{notice.id}@{domain}>\r\n",
        f"Date: {_date(notice.created_at)}\r\n",
        sender,
        f"To: {to}\r\n" if _PLAIN_ADDRESS.fullmatch(to) else _by_library("To", to),
        _subject(content.subject),
        "Auto-Submitted: auto-generated\r\n",
    ]
    if content.unsubscribe:
        # RFC 2369, 3.2; by one click only over https (RFC 8058, 3.1).
        head.append(_address_header("List-Unsubscribe", content.unsubscribe))
        if content.unsubscribe.startswith("https://"):
            head.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    head.append(
        f"Content-Language: {notice.language}\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    )
    between = f"--{boundary}\r\n".encode("ascii")
    return b"".join(
        (
            "".join(head).encode("ascii"),
            between,
            *_part(b"plain", content.text),
            between,
            *_part(b"html", content.html),
            f"--{boundary}--\r\n".encode("ascii"),
        )
    )


@lru_cache(maxsize=8)
def _sender(mail_from: str) -> tuple[str, str]:
    """The header, and the domain that names our messages."""
    domain = parseaddr(mail_from)[1].rpartition("@")[2]
    return _by_library("From", mail_from), domain.encode("idna").decode("ascii")


@lru_cache(maxsize=1024)
def _date(instant: datetime) -> str:
    return format_datetime(instant)


def _subject(subject: str) -> str:
    """RFC 2047, 2 and 5: lines of at most 76 characters, no letter split between two words."""
    as_it_is = len(subject) <= _SHORT and subject.isascii() and subject.isprintable()
    if as_it_is and "=?" not in subject:
        return f"Subject: {subject}\r\n"
    octets, words, place = subject.encode(), [], 0
    while place < len(octets):
        end = place + _WORD
        # A letter's further octets are 10xxxxxx.
        while end < len(octets) and octets[end] & 0xC0 == 0x80:
            end -= 1
        words.append(octets[place:end])
        place = end
    encoded = (f"=?utf-8?b?{b2a_base64(word, newline=False).decode()}?=" for word in words)
    return "Subject: " + "\r\n ".join(encoded) + "\r\n"


def _address_header(name: str, address: str) -> str:
    """Not folded: an address is one word, and RFC 5322 takes lines of 998 characters."""
    if not (address.isascii() and address.isprintable()):
        raise ValueError(f"{name} cannot hold this address")
    return f"{name}: <{address}>\r\n"


def _by_library(name: str, value: str) -> str:
    """Any header, of people's own making too; raises ``ValueError`` for one of several lines."""
    message = EmailMessage(policy=SMTP_POLICY)
    message[name] = value
    return message.as_bytes().partition(b"\r\n\r\n")[0].decode("ascii") + "\r\n"


def _part(subtype: bytes, text: str) -> tuple[bytes, ...]:
    """Base64 is half the size of quoted-printable in Arabic, and 7-bit servers take it."""
    lines = "\r\n".join(text.splitlines()) + "\r\n"
    encoded = b2a_base64(lines.encode(), newline=False)
    rows = [encoded[at : at + _ROW] for at in range(0, len(encoded), _ROW)]
    return (
        b"Content-Type: text/", subtype, b'; charset="utf-8"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n", b"\r\n".join(rows), b"\r\n\r\n",
    )  # fmt: skip


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

    async def send(self, notice: Outgoing, ready: Ready = at_once) -> str | None:
        try:
            message = compose(notice, self._settings.mail_from)
        except ValueError as error:
            # An address that no header can hold; trying again will not mend it.
            reason = "the address is not valid"
            raise DeliveryError(permanent=True, reason=reason, fault=Fault.UNTRIED) from error
        begun = False

        async def beginning() -> None:
            nonlocal begun
            await ready()
            begun = True

        while self._idle and not self._idle[-1].is_connected:
            self._idle.pop()  # closed by the server
        reused = bool(self._idle)
        client = self._idle.pop() if reused else await self._connect()
        try:
            reply = await self._hand_over(client, notice.recipient, message, beginning)
        except DeliveryError as error:
            # It may have been taken, or the server is silent: it waits its turn like any other.
            silent = isinstance(error.__cause__, TimeoutError)
            if not reused or client.is_connected or silent or begun:
                raise
            # The server was just closing the connection: that says nothing of this message.
            client = await self._connect()
            reply = await self._hand_over(client, notice.recipient, message, ready)
        return reply or None

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

    async def _hand_over(
        self, client: aiosmtplib.SMTP, recipient: str, message: bytes, ready: Ready
    ) -> str:
        try:
            reply = await self._mail(client, recipient, message, ready)
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

    async def _mail(
        self, client: aiosmtplib.SMTP, recipient: str, message: bytes, ready: Ready
    ) -> str:
        """As ``sendmail``, which reads each address three times and each message twice for what
        ours never hold. The first message of a connection says EHLO besides."""
        greeted = not client.is_ehlo_or_helo_needed and client.protocol is not None
        plain = _PLAIN_ADDRESS.fullmatch(recipient) and _PLAIN_ADDRESS.fullmatch(self._sender)
        if not (greeted and plain):
            await ready()
            _, reply = await client.sendmail(self._sender, [recipient], message)
            return reply
        try:
            return await self._converse(client, recipient, message, ready)
        except aiosmtplib.SMTPResponseException:
            # The next message begins anew; the error that counts is the first.
            with suppress(ConnectionError, aiosmtplib.SMTPResponseException):
                await client.rset()
            raise

    async def _converse(
        self, client: aiosmtplib.SMTP, recipient: str, message: bytes, ready: Ready
    ) -> str:
        # RFC 1870; every line of ours ends with CR LF.
        size = [f"size={len(message)}".encode()] if client.supports_extension("size") else []
        loop, protocol = asyncio.get_running_loop(), client.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        async with asyncio.timeout(self._timeout) as patience:
            for command in (
                (b"MAIL", f"FROM:<{self._sender}>".encode("ascii"), *size),
                (b"RCPT", f"TO:<{recipient}>".encode("ascii")),
                (b"DATA",),
            ):
                said = await client.execute_command(*command, timeout=None)
                if said.code not in _GO_ON[command[0]]:
                    raise aiosmtplib.SMTPResponseException(said.code, said.message)
                patience.reschedule(loop.time() + self._timeout)
            patience.reschedule(None)
            await ready()
            patience.reschedule(loop.time() + self._timeout)
            # No line of ours begins with a full stop: a header, base64 or a boundary.
            protocol.write(message + b".\r\n")
            said = await protocol.read_response(timeout=None)
        if said.code != _COMPLETED:
            raise aiosmtplib.SMTPResponseException(said.code, said.message)
        return said.message

    def _keep(
        self, client: aiosmtplib.SMTP, errors: Sequence[aiosmtplib.SMTPResponseException]
    ) -> None:
        """After a refusal the conversation goes on, unless the server is closing it."""
        if client.is_connected and all(error.code != _SERVICE_CLOSING for error in errors):
            self._idle.append(client)
        else:
            client.close()


def _refusal(error: aiosmtplib.SMTPResponseException) -> DeliveryError:
    """RFC 5321, 4.2.1: 4yz may be tried again, 5yz may not; but those of RFC 4954, 6, speak of our
    sign-in and not of the message."""
    if error.code in _OF_OUR_SIGN_IN:
        reason = f"SMTP sign-in refused: {_code(error)}"
        return DeliveryError(permanent=False, reason=reason, fault=Fault.ACCOUNT)
    return DeliveryError(
        permanent=error.code >= 500,
        reason=f"SMTP refused: {_code(error)}",
        fault=Fault.WAY if error.code == _SERVICE_CLOSING else Fault.MESSAGE,
    )


def _code(error: aiosmtplib.SMTPResponseException) -> str:
    found = _ENHANCED_CODE.search(error.message)
    return f"{error.code} {found[0]}" if found else str(error.code)
