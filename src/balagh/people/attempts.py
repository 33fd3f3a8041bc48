"""A sign-in under way: what we sent to the identity provider and must get back, once.

The state is single use and belongs to the browser that began (OpenID Connect Core 1.0, 3.1.2.1):
without that, a link could sign somebody in to another person's account without their knowing.
Neither the state nor the browser's secret is kept, only their hashes.
"""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from balagh.database import fetch, fetch_one

LIFETIME = timedelta(minutes=10)


class Begun(msgspec.Struct, frozen=True):
    """``state``, ``nonce`` and ``verifier`` for the provider, ``browser`` for the cookie."""

    state: str
    browser: str
    nonce: str
    verifier: str


class Attempt(msgspec.Struct, frozen=True):
    """What the answer of the provider is checked against, and where the person was going."""

    nonce: str
    verifier: str
    return_to: str


async def begin(return_to: str, *, now: datetime) -> Begun:
    """Notes a new attempt, and forgets those whose time is over."""
    begun = Begun(
        state=secrets.token_urlsafe(32),
        browser=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        # RFC 7636, 4.1: 43 to 128 characters of the unreserved alphabet.
        verifier=secrets.token_urlsafe(48),
    )
    await fetch(
        """
        WITH over AS (DELETE FROM sign_in_attempt WHERE expires_at <= $6)
        INSERT INTO sign_in_attempt
          (state_hash, browser_hash, nonce, verifier, return_to, expires_at)
        VALUES ($1, $2, $3, $4, $5, $7)
        """,
        _hash(begun.state),
        _hash(begun.browser),
        begun.nonce,
        begun.verifier,
        return_to,
        now,
        now + LIFETIME,
    )
    return begun


async def consume(state: str, browser: str, *, now: datetime) -> Attempt | None:
    """The attempt with that state when this browser began it in time; it cannot be had twice.

    A wrong browser leaves the attempt alone, so that nobody can spoil another's sign-in.
    """
    row = await fetch_one(
        """
        DELETE FROM sign_in_attempt
        WHERE state_hash = $1 AND browser_hash = $2 AND expires_at > $3
        RETURNING nonce, verifier, return_to
        """,
        _hash(state),
        _hash(browser),
        now,
    )
    return Attempt(row["nonce"], row["verifier"], row["return_to"]) if row else None


def _hash(value: str) -> bytes:
    return sha256(value.encode()).digest()
