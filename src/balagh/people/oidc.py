"""Signing in through an identity provider: OpenID Connect Core 1.0, code flow with PKCE (S256).

The provider is any issuer by configuration; National Single Sign-On «النفاذ الوطني الموحد» is one.
Authlib speaks OAuth, joserfc reads tokens; here is what is checked and in which order.
"""

import asyncio
import base64
import hmac
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit, urlunsplit

import httpx
import msgspec
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry, extract_compact
from joserfc.jwt import JWTClaimsRegistry

from balagh.people.attempts import Attempt, Begun
from balagh.people.claims import claim
from balagh.people.discovery import DEADLINE_SECONDS, Published
from balagh.people.failures import Code, SignInError
from balagh.settings import Settings

# Seconds by which the provider's clock may differ from ours.
_LEEWAY = 60


class Identified(msgspec.Struct, frozen=True):
    """Who the provider says it is: the pair (issuer, subject), and what else it tells."""

    issuer: str
    subject: str
    claims: dict[str, Any]


class Provider:
    """A provider of the settings. One for the application: it keeps what is published."""

    def __init__(self, settings: Settings) -> None:
        """The beneficiaries' provider."""
        if settings.oidc_issuer is None or settings.oidc_client_id is None:
            raise ValueError("no identity provider is configured")
        self._client_id = settings.oidc_client_id
        self._client_secret = settings.oidc_client_secret
        self._scopes = settings.oidc_scopes
        self._wanted: tuple[str, ...] = (
            settings.oidc_claim_national_id,
            settings.oidc_claim_name,
            settings.oidc_claim_phone,
            settings.oidc_claim_email,
        )
        self._home = settings.public_url + "/"
        self._redirect_uri = settings.public_url + "/sign-in/callback"
        self._published = Published(settings.oidc_issuer)

    @classmethod
    def of_staff(cls, settings: Settings) -> "Provider":
        """The staff's provider: one of its own, or the beneficiaries' with other claims."""
        issuer = settings.staff_oidc_issuer
        made = cls(
            settings
            if issuer is None
            else msgspec.structs.replace(
                settings,
                oidc_issuer=issuer,
                oidc_client_id=settings.staff_oidc_client_id,
                oidc_client_secret=settings.staff_oidc_client_secret,
            )
        )
        made._scopes = settings.staff_oidc_scopes
        asked = (settings.staff_oidc_claim, settings.staff_oidc_agency_claim)
        made._wanted = (
            settings.oidc_claim_name,
            settings.oidc_claim_email,
            *(name for name in asked if name is not None),
        )
        made._redirect_uri = settings.public_url + "/staff/sign-in/callback"
        return made

    async def authorization_url(self, begun: Begun, *, language: str, now: datetime) -> str:
        """Where the browser is sent to sign in (Core 3.1.2.1; RFC 7636, 4.3)."""
        metadata = await self._published.metadata(now)
        async with self._client(metadata) as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=begun.state,
                nonce=begun.nonce,
                code_verifier=begun.verifier,
                ui_locales=language,
            )
        return str(url)

    async def redeem(
        self, answer: dict[str, str], attempt: Attempt, *, now: datetime
    ) -> Identified:
        """Who the answer at our redirect address (its query) proves the person to be.

        Raises ``SignInError``. The state was checked before: ``attempt`` is what it stands for.
        """
        metadata = await self._published.metadata(now)
        # 1. It comes from this issuer and no other (RFC 9207, 2.4).
        told = answer.get("iss")
        promised = metadata.get("authorization_response_iss_parameter_supported") is True
        if (told is None and promised) or (told is not None and told != metadata["issuer"]):
            raise SignInError(Code.TOKEN, "the answer is not from the issuer")
        # 2. It is a yes (Core 3.1.2.6).
        if "error" in answer:
            code = Code.DENIED if answer["error"] in _NO else Code.REFUSED
            raise SignInError(code, f"authorization: {_name(answer['error'])}")
        if not answer.get("code"):
            raise SignInError(Code.TOKEN, "the answer holds no code")
        # 3. The code is worth a token, to whoever knows the verifier.
        tokens = await self._exchange(metadata, answer["code"], attempt.verifier)
        # 4. The token is the provider's, for us, for this sign-in, and fresh.
        claims = await self._verified(metadata, tokens, attempt.nonce, now)
        # 5. What it does not tell, the provider may tell about the same subject.
        claims = await self._completed(metadata, tokens, claims)
        return Identified(metadata["issuer"], claims["sub"], claims)

    async def sign_out_url(self, *, now: datetime) -> str | None:
        """Where signing out goes on at the provider, if it has such a place.

        OpenID Connect RP-Initiated Logout 1.0, 2; without ``id_token_hint``: we keep no token.
        """
        endpoint = (await self._published.metadata(now)).get("end_session_endpoint")
        if endpoint is None:
            return None
        ours = {"client_id": self._client_id, "post_logout_redirect_uri": self._home}
        parts = urlsplit(str(endpoint))
        query = parts.query + ("&" if parts.query else "") + urlencode(ours)
        return urlunsplit(parts._replace(query=query))

    def _client(self, metadata: dict[str, Any]) -> Any:
        # Discovery 3: client_secret_basic is what is meant when nothing is said.
        offered = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        basic = "client_secret_basic" in offered or "client_secret_post" not in offered
        method = "client_secret_basic" if basic else "client_secret_post"
        client = self._published.client(
            client_id=self._client_id,
            client_secret=self._client_secret,
            token_endpoint_auth_method="none" if self._client_secret is None else method,
            scope=self._scopes,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
        )
        client.register_client_auth_method(("client_secret_basic", _basic))
        return client

    async def _exchange(self, metadata: dict[str, Any], code: str, verifier: str) -> dict[str, Any]:
        try:
            async with asyncio.timeout(DEADLINE_SECONDS), self._client(metadata) as client:
                return dict(
                    await client.fetch_token(
                        metadata["token_endpoint"],
                        grant_type="authorization_code",
                        code=code,
                        redirect_uri=self._redirect_uri,
                        code_verifier=verifier,
                    )
                )
        except OAuthError as error:
            raise SignInError(Code.REFUSED, f"token endpoint: {_name(error.error)}") from error
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            raise SignInError(Code.DOWN, f"token endpoint: {type(error).__name__}") from error

    async def _verified(
        self, metadata: dict[str, Any], tokens: dict[str, Any], nonce: str, now: datetime
    ) -> dict[str, Any]:
        """The claims of the id token after every check of Core 3.1.3.7."""
        token = tokens.get("id_token")
        if not isinstance(token, str):
            raise SignInError(Code.TOKEN, "no id_token")
        algorithms = self._published.algorithms(metadata)
        # Headers nobody knows are passed over, unless they are marked critical (RFC 7515, 4).
        registry = JWSRegistry(algorithms=algorithms, strict_check_header=False)
        rules = JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": metadata["issuer"]},
            sub={"essential": True},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True},
        )
        try:
            header = extract_compact(token.encode(), registry=registry).headers()
            registry.get_alg(header["alg"])
            keys = await self._published.keys(metadata, header.get("kid"), now)
            claims = jwt.decode(token, keys, registry=registry).claims
            rules.validate(claims)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            # Which check, and on which claim; never its value.
            which = f"{type(error).__name__} {getattr(error, 'claim', '')}".strip()
            raise SignInError(Code.TOKEN, f"id_token: {which}") from error
        if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise SignInError(Code.TOKEN, "id_token: nonce")
        # Several audiences are only right when we are the party it was made for.
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several or "azp" in claims) and claims.get("azp") != self._client_id:
            raise SignInError(Code.TOKEN, "id_token: azp")
        return claims

    async def _completed(
        self, metadata: dict[str, Any], tokens: dict[str, Any], claims: dict[str, Any]
    ) -> dict[str, Any]:
        """The claims with those of the UserInfo endpoint, asked only when one is missing."""
        endpoint, bearer = metadata.get("userinfo_endpoint"), tokens.get("access_token")
        if (
            endpoint is None
            or bearer is None
            or all(claim(claims, name) is not None for name in self._wanted)
        ):
            return claims
        more = await self._published.get(endpoint, bearer=str(bearer))
        # Core 5.3.2: without this, another person's claims could be swapped in.
        if more.get("sub") != claims["sub"]:
            raise SignInError(Code.TOKEN, "userinfo: sub")
        return {**more, **claims}


# Core 3.1.2.6 and RFC 6749, 4.1.2.1: answers that mean that the person did not sign in.
_NO = frozenset(("access_denied", "consent_required", "interaction_required", "login_required"))


def _name(error: object) -> str:
    """An error code fit for the log: what is no code is not repeated."""
    text = str(error)
    return text if text.replace("_", "").isalnum() and len(text) <= 60 else "unnamed"


def _basic(
    client: Any, _method: str, uri: str, headers: dict[str, str], body: str
) -> tuple[str, dict[str, str], str]:
    """RFC 6749, 2.3.1: id and secret are form-encoded first, which Authlib leaves out."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return uri, headers, body
