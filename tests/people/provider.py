"""A real identity provider over HTTP that can be told how to misbehave.

It does what a provider does (discovery, authorization, token, userinfo, keys; checks the client,
the redirect address and the PKCE verifier), and lets everybody in as ``subject`` at once.
"""

import base64
import hmac
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.registry import HeaderParameter, HeaderRegistryDict

REMOVED = object()


def _rsa(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


# Made once: they take a while.
FIRST, SECOND, STRANGER = _rsa("first"), _rsa("second"), _rsa("first")
CURVE = ECKey.generate_key("P-256", {"kid": "curve", "use": "sig"})


@dataclass
class Behaviour:
    """How it behaves; the defaults are those of a good provider. ``REMOVED`` takes a claim away."""

    subject: str = "noura"
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    discovery: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    published: list[Any] = field(default_factory=lambda: [FIRST])
    extra_keys: list[dict[str, Any]] = field(default_factory=list)
    signing: Any = field(default_factory=lambda: FIRST)
    header: dict[str, Any] = field(default_factory=dict)
    forge: str = ""
    """``none``, ``HS256-secret``, ``HS256-public-key``, ``cut`` (a changed payload)."""
    failing: dict[str, int] = field(default_factory=dict)
    """Path → HTTP status."""
    token_response: Any = None


class RealProvider:
    """Runs on a free loopback port; ``asked`` counts the requests by path."""

    def __init__(self, client_id: str, client_secret: str | None) -> None:
        self.client_id, self.client_secret = client_id, client_secret
        self.does = Behaviour()
        self.asked: Counter[str] = Counter()
        self.requests: list[dict[str, str]] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._bearers: set[str] = set()
        provider = self

        class Handler(_Handler):
            owner = provider

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["RealProvider"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def discovery(self) -> dict[str, Any]:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": self.issuer + "/authorize",
            "token_endpoint": self.issuer + "/token",
            "userinfo_endpoint": self.issuer + "/userinfo",
            "jwks_uri": self.issuer + "/keys",
            "end_session_endpoint": self.issuer + "/leave?from=rp",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
        }
        return _changed(document, self.does.discovery)

    def keys(self) -> dict[str, Any]:
        published = KeySet(self.does.published).as_dict(private=False)["keys"]
        return {"keys": [*published, *self.does.extra_keys]}

    def authorize(self, query: dict[str, str]) -> str:
        """The address the browser is sent back to."""
        self.requests.append(query)
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        answer = {"code": code, "state": query["state"], "iss": self.issuer}
        return query["redirect_uri"] + "?" + urlencode(_changed(answer, self.does.answer))

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        if self.does.token_response is not None:
            return 200, self.does.token_response
        if not self._client_is_known(form, authorization):
            return 401, {"error": "invalid_client"}
        # A code is good once.
        asked = self._codes.pop(form.get("code", ""), None)
        challenge = _b64(sha256(form.get("code_verifier", "").encode()).digest())
        if (
            asked is None
            or asked["redirect_uri"] != form.get("redirect_uri")
            or asked.get("code_challenge_method") != "S256"
            or asked["code_challenge"] != challenge
        ):
            return 400, {"error": "invalid_grant"}
        bearer = secrets.token_urlsafe(16)
        self._bearers.add(bearer)
        id_token = self.id_token(asked["nonce"])
        answer = {"access_token": bearer, "token_type": "Bearer", "id_token": id_token}
        return 200, {**answer, "expires_in": 60}

    def userinfo(self, authorization: str) -> tuple[int, dict[str, Any]]:
        if authorization.removeprefix("Bearer ") not in self._bearers:
            return 401, {"error": "invalid_token"}
        return 200, self.does.userinfo or {"sub": self.does.subject}

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        good = {
            "iss": self.issuer,
            "sub": self.does.subject,
            "aud": self.client_id,
            "exp": now + 300,
            "iat": now,
            "nonce": nonce,
        }
        claims = _changed(good, self.does.claims)
        forge = self.does.forge
        if forge == "none":
            return f"{_segment({'alg': 'none'})}.{_segment(claims)}."
        if forge.startswith("HS256"):
            secret = (
                (self.client_secret or "").encode()
                if forge == "HS256-secret"
                else FIRST.as_pem(private=False)
            )
            # Put together by hand: a library refuses to sign with another's public key.
            signed = f"{_segment({'alg': 'HS256', 'kid': 'first'})}.{_segment(claims)}"
            return f"{signed}.{_b64(hmac.digest(secret, signed.encode(), 'sha256'))}"
        key = self.does.signing
        algorithm = "ES256" if isinstance(key, ECKey) else "RS256"
        header = _changed({"alg": algorithm, "kid": key.kid}, self.does.header)
        # Knows a header that we do not.
        more: HeaderRegistryDict = {"x": HeaderParameter("Made up", "int")}
        registry = JWSRegistry(more, [algorithm], strict_check_header=False)
        token = jwt.encode(header, claims, key, registry=registry)
        if forge == "cut":
            head, _, signature = token.split(".")
            return f"{head}.{_segment({**claims, 'sub': 'somebody else'})}.{signature}"
        return token

    def _client_is_known(self, form: dict[str, str], authorization: str) -> bool:
        if self.client_secret is None:
            return form.get("client_id") == self.client_id and not authorization
        kind, _, pair = authorization.partition(" ")
        if kind == "Basic":
            name, _, secret = base64.b64decode(pair).decode().partition(":")
            # RFC 6749, 2.3.1: both are form-encoded first.
            given = (unquote_plus(name), unquote_plus(secret))
            return given == (self.client_id, self.client_secret)
        return (form.get("client_id"), form.get("client_secret")) == (
            self.client_id,
            self.client_secret,
        )


class _Handler(BaseHTTPRequestHandler):
    owner: RealProvider
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        if self._fails(parts.path):
            return
        if parts.path == "/.well-known/openid-configuration":
            self._json(200, self.owner.discovery())
        elif parts.path == "/keys":
            self._json(200, self.owner.keys())
        elif parts.path == "/authorize":
            self._send(302, b"", {"Location": self.owner.authorize(query)})
        elif parts.path == "/userinfo":
            self._json(*self.owner.userinfo(self.headers.get("Authorization", "")))
        else:
            self._json(404, {})

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self._fails(parts.path):
            return
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self._json(*self.owner.token(form, self.headers.get("Authorization", "")))

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the tests read what was asked from ``asked``."""

    def _fails(self, path: str) -> bool:
        self.owner.asked[path] += 1
        status = self.owner.does.failing.get(path)
        if status is not None:
            self._send(status, b"<h1>Bad gateway</h1>", {"Content-Type": "text/html"})
        return status is not None

    def _json(self, status: int, value: Any) -> None:
        self._send(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def shared_secret_key() -> dict[str, Any]:
    """A symmetric key, which has no place in a published set, under the id of the first."""
    return {**OctKey.generate_key(256).as_dict(), "kid": "first"}


def _changed(good: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = {**good, **changes}
    return {name: value for name, value in merged.items() if value is not REMOVED}


def _segment(value: dict[str, Any]) -> str:
    return _b64(json.dumps(value).encode())


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
