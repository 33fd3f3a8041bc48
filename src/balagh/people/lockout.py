"""Failed sign-ins: slowed down where they come from, never where they are aimed at.

Counted is the pair of account and source: a stranger's failures hold up the stranger, not the
member of staff, who comes from elsewhere or with a device that is known here and counted by itself
(decision 081). A source that fails at many accounts waits as a whole. Kept are keyed hashes for a
day, no address and no name.
"""

import hmac
import ipaddress
import secrets
from datetime import datetime, timedelta

import msgspec

from balagh.database import fetch, fetch_one, transaction
from balagh.people import keys

# What is remembered, and what a source may fail at in an hour, whichever the account.
REMEMBERED = timedelta(days=1)
AN_HOUR = timedelta(hours=1)
FREE = 5
OF_A_SOURCE = 50
# After the free ones: 1, 2, 4 … minutes from the last failure on, an hour at most.
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), AN_HOUR
# Codes by somebody who knows the password, from wherever they come: not a stranger's doing.
CODES = 10

_NONCE = 22
_DEVICES_OF_ONE_BROWSER = 10


class Tried(msgspec.Struct, frozen=True):
    """An attempt that may be judged: it counts as failed until ``succeeded`` says otherwise."""

    id: int
    account: bytes
    source: bytes


class Refused(msgspec.Struct, frozen=True):
    """Not judged at all; the next attempt from there is from then on."""

    until: datetime


async def attempt(
    account: str, source: str, *, secret_key: bytes, now: datetime
) -> Tried | Refused:
    """Counts an attempt before it is judged. ``account``: what was typed, known here or not;
    ``source``: from ``network`` or ``device``; empty where it cannot be told."""
    tried = _hash("account", account.strip().casefold(), secret_key)
    came = _hash("source", source, secret_key)
    async with transaction():
        # 1. Those of one pair take turns, so that twenty at once are counted one by one.
        await _turn(tried + came)
        pair = await _failures("account_hash = $1 AND source_hash = $2", now, tried, came)
        until = _pair_until(pair, now)
        # 2. An unknown source is everybody: it is not made to wait as a whole.
        if until is None and source.startswith("network:"):
            until = await _source_until(came, now)
        if until is not None:
            return Refused(until)
        return Tried(await _note(tried, came, now), tried, came)


async def code_attempt(
    staff: int, source: str, *, secret_key: bytes, now: datetime
) -> Tried | Refused:
    """As ``attempt``, for the second factor of somebody whose password was right. Counted for the
    account as well, unless it is a known device."""
    tried = _hash("code", str(staff), secret_key)
    came = _hash("source", source, secret_key)
    async with transaction():
        await _turn(tried)
        pair = await _failures("account_hash = $1 AND source_hash = $2", now, tried, came)
        until = _pair_until(pair, now)
        if until is None and not source.startswith("device:"):
            everywhere = await _failures("account_hash = $1", now, tried)
            recent = [at for at in everywhere if at > now - AN_HOUR]
            if len(recent) >= CODES:
                until = recent[-CODES] + AN_HOUR
        if until is not None:
            return Refused(until)
        return Tried(await _note(tried, came, now), tried, came)


async def succeeded(tried: Tried) -> None:
    """Forgets the failures of that account from that source."""
    await fetch(
        "DELETE FROM failed_sign_in WHERE account_hash = $1 AND source_hash = $2",
        tried.account, tried.source,
    )  # fmt: skip


async def forget(now: datetime) -> None:
    """Deletes what no longer counts. For the sweep."""
    await fetch("DELETE FROM failed_sign_in WHERE at < $1", now - REMEMBERED)


def network(address: str) -> str:
    """The source of that address: its /24 or /48, in which one party easily has every address.
    Empty when it is none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    size = 24 if parsed.version == 4 else 48
    return f"network:{ipaddress.ip_network((parsed, size), strict=False)}"


def device(cookie: str, staff: int | None, secret_key: bytes) -> str:
    """The source of a device on which that member of staff signed in before; empty when it is not
    one. The cookie is what ``remembered`` made."""
    nonce, *signatures = cookie.split(".")
    if staff is None or len(nonce) != _NONCE:
        return ""
    own = _signature(nonce, staff, secret_key)
    known = [each for each in signatures if hmac.compare_digest(each.encode(), own.encode())]
    return f"device:{nonce}" if known else ""


def remembered(cookie: str, staff: int, secret_key: bytes) -> str:
    """The cookie of a device on which they signed in now, with those who did before (shared desks).
    It names nobody."""
    nonce, *signatures = cookie.split(".")
    if len(nonce) != _NONCE:
        nonce, signatures = secrets.token_urlsafe(16), []
    own = _signature(nonce, staff, secret_key)
    others = [each for each in signatures if each != own][: _DEVICES_OF_ONE_BROWSER - 1]
    return ".".join((nonce, own, *others))


def _pair_until(failures: list[datetime], now: datetime) -> datetime | None:
    over = len(failures) - FREE
    if over < 0:
        return None
    until = failures[-1] + min(_FIRST_PAUSE * 2 ** min(over, 10), _LONGEST_PAUSE)
    return until if until > now else None


async def _source_until(source: bytes, now: datetime) -> datetime | None:
    failures = await _failures("source_hash = $1", now, source)
    recent = [at for at in failures if at > now - AN_HOUR]
    return recent[-OF_A_SOURCE] + AN_HOUR if len(recent) >= OF_A_SOURCE else None


async def _failures(condition: str, now: datetime, *hashes: bytes) -> list[datetime]:
    """When they were, the oldest first; not more than count."""
    since = len(hashes) + 1
    rows = await fetch(
        f"SELECT at FROM failed_sign_in WHERE {condition} "  # noqa: S608 - our own conditions
        f"AND at > ${since} ORDER BY at DESC LIMIT {OF_A_SOURCE}",
        *hashes, now - REMEMBERED,
    )  # fmt: skip
    return [row["at"] for row in reversed(rows)]


async def _note(account: bytes, source: bytes, now: datetime) -> int:
    row = await fetch_one(
        "INSERT INTO failed_sign_in (account_hash, source_hash, at) VALUES ($1, $2, $3) "
        "RETURNING id",
        account, source, now,
    )  # fmt: skip
    assert row is not None
    noted: int = row["id"]
    return noted


async def _turn(of: bytes) -> None:
    await fetch("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", of.hex())


def _hash(kind: str, value: str, secret_key: bytes) -> bytes:
    key = keys.derive(secret_key, keys.FAILED_SIGN_IN)
    return hmac.digest(key, f"{kind}:{value}".encode(), "sha256")


def _signature(nonce: str, staff: int, secret_key: bytes) -> str:
    key = keys.derive(secret_key, keys.KNOWN_DEVICE)
    return hmac.digest(key, f"{nonce}:{staff}".encode(), "sha256")[:16].hex()
