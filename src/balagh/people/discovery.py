"""What an identity provider publishes about itself: endpoints and keys, kept for a while.

OpenID Connect Discovery 1.0, sections 3 and 4; RFC 7517 (keys). Keys change without notice: a token
signed with an unknown one makes us look again, once a minute at most, so that made-up key ids
cannot turn us into a load on the provider.
"""

import asyncio
import ssl
import warnings
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

# Sets a warning filter of its own, which ours below must come after.
import authlib.deprecate  # type: ignore[import-untyped]  # noqa: F401
import httpx
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

from balagh.people.failures import Code, SignInError

with warnings.catch_warnings():
    # Authlib will move to another HTTP library in 2.0; the requirement is pinned below it.
    warnings.simplefilter("ignore")
    from authlib.integrations.httpx_client import (  # type: ignore[import-untyped]
        AsyncOAuth2Client,
    )

_KEPT_FOR = timedelta(hours=1)
_LOOK_AGAIN_AFTER = timedelta(minutes=1)
# While it does not answer, those who wait behind one another are not made to wait in turn.
_DOWN_FOR = timedelta(seconds=5)
_TIMEOUT = httpx.Timeout(5.0)
# In all: an endpoint that trickles must not hold people up.
DEADLINE_SECONDS = 10

# Signatures that only the provider can make. Not `none`, and not HS*: with those, whoever knows our
# client secret (or, when confused, the provider's public key) could sign (RFC 8725, 3.1 and 2.1).
_SIGNATURES = frozenset(
    [family + size for family in ("RS", "PS", "ES") for size in ("256", "384", "512")]
    + ["EdDSA", "Ed25519"]
)
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_OPTIONAL_ENDPOINTS = ("userinfo_endpoint", "end_session_endpoint")


class Published:
    """The documents of one issuer. ``issuer`` as configured; a final slash makes no difference."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer.rstrip("/")
        self._lock = asyncio.Lock()
        self._tls: ssl.SSLContext | None = None
        self._metadata: dict[str, Any] = {}
        self._metadata_due_at: datetime | None = None
        self._down_until: datetime | None = None
        self._keys: KeySet | None = None
        self._keys_until: datetime | None = None
        self._looked_again: datetime | None = None

    def client(self, **options: Any) -> AsyncOAuth2Client:
        """An HTTP client for one conversation, to be closed after it; redirects not followed."""
        if self._tls is None:
            # Reading the root certificates takes longer than all else here.
            self._tls = ssl.create_default_context()
        return AsyncOAuth2Client(timeout=_TIMEOUT, verify=self._tls, **options)

    async def metadata(self, now: datetime) -> dict[str, Any]:
        """The discovery document; raises ``SignInError`` (DOWN) when there is none to trust."""
        async with self._lock:
            if self._metadata_due_at is not None and now < self._metadata_due_at:
                return self._metadata
            if self._down_until is not None and now < self._down_until:
                raise SignInError(Code.DOWN, "discovery: failed a moment ago")
            try:
                found = await self.get(f"{self._issuer}/.well-known/openid-configuration")
                self._metadata = self._checked(found)
            except SignInError:
                self._down_until = now + _DOWN_FOR
                raise
            self._metadata_due_at = now + _KEPT_FOR
            return self._metadata

    def algorithms(self, metadata: dict[str, Any]) -> list[str]:
        """The signatures that the provider says it makes and that we accept."""
        offered = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
        accepted = [name for name in offered if name in _SIGNATURES]
        if not accepted:
            raise SignInError(Code.DOWN, "no acceptable id_token_signing_alg_values_supported")
        return accepted

    async def keys(self, metadata: dict[str, Any], kid: str | None, now: datetime) -> KeySet:
        """The provider's keys, read again when ``kid`` is not among those we have."""
        async with self._lock:
            stale = self._keys is None or self._keys_until is None or self._keys_until <= now
            unknown = (
                self._keys is not None
                and kid is not None
                and kid not in {key.kid for key in self._keys.keys}
                and (self._looked_again is None or self._looked_again + _LOOK_AGAIN_AFTER <= now)
            )
            if stale or unknown:
                if unknown:
                    self._looked_again = now
                self._keys = _public_keys(await self.get(metadata["jwks_uri"]))
                self._keys_until = now + _KEPT_FOR
            assert self._keys is not None
            return self._keys

    async def get(self, url: str, *, bearer: str | None = None) -> dict[str, Any]:
        """The JSON object at ``url``; raises ``SignInError`` (DOWN) for anything else."""
        headers = {"Accept": "application/json"}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        where = urlsplit(url).path
        try:
            async with asyncio.timeout(DEADLINE_SECONDS), self.client() as client:
                response = await client.request("GET", url, headers=headers, withhold_token=True)
                response.raise_for_status()
                found = response.json()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            raise SignInError(Code.DOWN, f"{where}: {type(error).__name__}") from error
        if not isinstance(found, dict):
            raise SignInError(Code.DOWN, f"{where}: not a JSON object")
        return found

    def _checked(self, found: dict[str, Any]) -> dict[str, Any]:
        # Discovery 4.3: the issuer of the document must be the one it was asked of.
        if str(found.get("issuer", "")).rstrip("/") != self._issuer:
            raise SignInError(Code.DOWN, "discovery names another issuer")
        scheme = urlsplit(self._issuer).scheme
        for name in (*_ENDPOINTS, *_OPTIONAL_ENDPOINTS):
            url = found.get(name)
            if url is None and name in _OPTIONAL_ENDPOINTS:
                continue
            parts = urlsplit(str(url))
            if not parts.hostname or parts.scheme not in ("https", scheme):
                raise SignInError(Code.DOWN, f"discovery has no usable {name}")
        return found


def _public_keys(document: dict[str, Any]) -> KeySet:
    """The usable keys of a key set; those of unknown types are passed over (RFC 7517, 5)."""
    usable: list[Key] = []
    for entry in document.get("keys", []):
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
            continue
        # Symmetric keys have no place in a published set.
        if entry.get("kty") not in ("RSA", "EC", "OKP"):
            continue
        try:
            usable.append(JWKRegistry.import_key(entry))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    if not usable:
        raise SignInError(Code.DOWN, "the key set holds no usable key")
    return KeySet(usable)
