"""Access tokens: made by the login half, really checked by the Graph half."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Any

from connectors.chat.teams.sandbox.errors import GraphError, unauthenticated
from connectors.chat.teams.sandbox.state import App, Tenant

AUDIENCE = "https://graph.microsoft.com"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as a good token tells."""

    app_id: str
    object_id: str
    tenant_id: str
    roles: tuple[str, ...]


class Tokens:
    """Makes and checks tokens: three base64url parts as Entra's, with a signature of this sandbox's own."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._revoked_before = 0.0

    def make(self, app: App, tenant_id: str, lifetime: float, roles: list[str]) -> str:
        """Give a token that counts for `lifetime` seconds."""
        now = time.time()
        claims = {
            "aud": AUDIENCE,
            "iss": f"https://sts.windows.net/{tenant_id}/",
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "app_displayname": app.display_name,
            "appid": app.client_id,
            "appidacr": "1",
            "idtyp": "app",
            "oid": app.object_id,
            "roles": roles,
            "sub": app.object_id,
            "tid": tenant_id,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        head = _part({"typ": "JWT", "alg": "RS256", "kid": "sandbox"})
        signed = f"{head}.{_part(claims)}"
        return f"{signed}.{self._sign(signed)}"

    def revoke_all(self) -> None:
        """Let no token made so far count any longer."""
        self._revoked_before = time.time()

    def check(self, token: str, tenant: Tenant) -> Caller:
        """Give the caller; raises GraphError 401."""
        claims = self._claims(token)
        if claims["exp"] <= time.time():
            raise unauthenticated("Lifetime validation failed, the token is expired.")
        if claims["iat"] <= self._revoked_before:
            raise unauthenticated(
                "Continuous access evaluation resulted in challenge with result: InteractionRequired and "
                "code: TokenIssuedBeforeRevocationTimestamp"
            )
        app = tenant.apps.get(claims["appid"])
        if claims["tid"] != tenant.id or app is None or not app.enabled:
            raise GraphError(
                401,
                "Authorization_IdentityNotFound",
                "The identity of the calling application could not be established.",
            )
        return Caller(app.client_id, app.object_id, claims["tid"], tuple(claims["roles"]))

    def _claims(self, token: str) -> dict[str, Any]:
        if not token:
            raise unauthenticated("Access token is empty.")
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(signed).encode()):
            raise unauthenticated("Access token validation failure. Signature is invalid.")
        try:
            claims: dict[str, Any] = json.loads(_bytes(signed.split(".")[1]))
        except (ValueError, IndexError, binascii.Error):
            raise unauthenticated("CompactToken parsing failed with error code: 80049217") from None
        return claims

    def _sign(self, signed: str) -> str:
        return _text(hmac.new(self._key, signed.encode(), hashlib.sha256).digest())


def _part(claims: dict[str, Any]) -> str:
    return _text(json.dumps(claims, separators=(",", ":")).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
