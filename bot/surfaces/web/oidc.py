"""Sign-in with the identity provider: OpenID Connect's code flow with PKCE, checked to the last claim.

The steps are OpenID Connect Core 1.0 (§3.1), Discovery 1.0, RP-Initiated Logout 1.0, RFC 7636 (PKCE, S256)
and RFC 9207 (who issued the answer). Authlib checks the id_token; httpx fetches, with timeouts.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx
from authlib.common.security import generate_token  # type: ignore[import-untyped]
from authlib.integrations.base_client.async_openid import (  # type: ignore[import-untyped]
    AsyncOpenIDMixin,
)
from authlib.oauth2.client import OAuth2Client  # type: ignore[import-untyped]

from bot.setting_parts import OidcSettings
from bot.surfaces.web.address import LOOPBACK

TIMEOUT_SECONDS: Final = 10.0
KNOWN_FOR: Final = timedelta(hours=1)
"""How long what the provider says of itself is believed; its keys are fetched anew when one is unknown."""
SIGNATURES: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
"""Never `none`, and never one whose key is a secret that the provider's other clients share."""


class ProviderDown(Exception):
    """The provider does not answer, or not as a provider does; nobody was refused, and it may pass."""


class SignInRefused(Exception):
    """An answer that is not believed; `why` is a stable key, for the log and for the sentence on the page."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Start:
    """One attempt to sign in, remembered by the browser that began it."""

    state: str
    nonce: str
    verifier: str
    """PKCE's secret: whoever has only the code cannot use it."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Whom the provider vouches for."""

    claims: Mapping[str, Any]
    id_token: str


class Provider(AsyncOpenIDMixin):  # type: ignore[misc]
    """One provider, and what it said of itself."""

    def __init__(self, settings: OidcSettings, now: Any) -> None:
        self._settings = settings
        self._now = now
        self._read_at: datetime | None = None
        self.client_id = settings.client_id
        self.server_metadata: dict[str, Any] = {}

    @property
    def issuer(self) -> str:
        """Give the provider's address, as the settings have it."""
        return self._settings.issuer

    async def begin(self, redirect_uri: str) -> tuple[str, Start]:
        """Give where to send the browser, and what it is to remember; raises ProviderDown."""
        known = await self.load_server_metadata()
        start = Start(generate_token(43), generate_token(43), generate_token(64))
        client = OAuth2Client(
            None,
            client_id=self.client_id,
            scope=self._settings.scopes,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )
        address, _ = client.create_authorization_url(
            known["authorization_endpoint"],
            state=start.state,
            code_verifier=start.verifier,
            nonce=start.nonce,
        )
        return str(address), start

    async def finish(self, start: Start, answer: Mapping[str, str], redirect_uri: str) -> Arrival:
        """Turn the browser's answer into whom the provider vouches for.

        `answer` is the query the browser came back with. Raises SignInRefused for an answer that was forged,
        replayed, meant for somebody else or out of date, ProviderDown where the provider cannot be asked.
        """
        known = await self.load_server_metadata()
        self._is_ours(start, answer, known)
        token = await self._exchange(known, start, answer["code"], redirect_uri)
        claims = await self._checked(token, start.nonce)
        return Arrival(await self._whole(known, token, claims), str(token["id_token"]))

    async def leave(self, id_hint: str | None, back: str) -> str | None:
        """Give where signing out at the provider is done; None where it has no such place, or is down."""
        try:
            known = await self.load_server_metadata()
        except ProviderDown:
            return None
        if "end_session_endpoint" not in known:
            return None
        found = await self.create_logout_url(back, id_hint, client_id=self.client_id)
        return str(found["url"])

    def _is_ours(self, start: Start, answer: Mapping[str, str], known: Mapping[str, Any]) -> None:
        if not hmac.compare_digest(answer.get("state", "").encode(), start.state.encode()):
            raise SignInRefused("state")
        issuer = answer.get("iss")
        wanted = known.get("authorization_response_iss_parameter_supported", False)
        if issuer != self.issuer and (issuer is not None or wanted):
            raise SignInRefused("issuer")
        if "error" in answer:
            raise SignInRefused("denied" if answer["error"] == "access_denied" else "provider_error")
        if not answer.get("code"):
            raise SignInRefused("code")

    async def _exchange(
        self, known: Mapping[str, Any], start: Start, code: str, redirect_uri: str
    ) -> dict[str, Any]:
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": start.verifier,
        }
        secret = self._settings.secret()
        # RFC 6749 §2.3.1: both are form-encoded before they are joined.
        who = httpx.BasicAuth(quote(self.client_id, safe=""), quote(secret, safe="")) if secret else None
        if who is None:
            asked["client_id"] = self.client_id
        answer = await _ask("POST", known["token_endpoint"], data=asked, auth=who)
        if answer.status_code in {400, 401, 403}:
            # The code was used before, has run out, or is not ours; or our own secret is wrong.
            wrong = _json(answer).get("error")
            raise SignInRefused("client" if wrong in {"invalid_client", "unauthorized_client"} else "code")
        found = _json(_good(answer))
        if "id_token" not in found:
            raise SignInRefused("id_token")
        return found

    async def _checked(self, token: dict[str, Any], nonce: str) -> dict[str, Any]:
        options = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self.client_id},
        }
        try:
            return dict(await self.parse_id_token(token, nonce, claims_options=options, leeway=60))
        except ProviderDown:
            raise
        except Exception as error:
            # Authlib and joserfc raise many kinds; whatever is wrong with it, it is not believed.
            raise SignInRefused("id_token") from error

    async def _whole(
        self, known: Mapping[str, Any], token: Mapping[str, Any], claims: dict[str, Any]
    ) -> dict[str, Any]:
        """Add what only the userinfo endpoint says (Core §5.3), where the id_token lacks what we need."""
        address, access = known.get("userinfo_endpoint"), token.get("access_token")
        needed = {self._settings.groups_claim, self._settings.person_claim or "email", "name"}
        if needed <= claims.keys() or not address or not access:
            return claims
        more = _json(_good(await _ask("GET", address, headers={"authorization": f"Bearer {access}"})))
        if more.get("sub") != claims["sub"]:
            raise SignInRefused("userinfo")
        return more | claims

    async def load_server_metadata(self) -> dict[str, Any]:
        """Give what the provider says of itself, read at most once an hour; raises ProviderDown."""
        now = self._now()
        if self._read_at is None or now - self._read_at > KNOWN_FOR:
            address = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
            self.server_metadata = self._believed(_json(_good(await _ask("GET", address))))
            self._read_at = now
        return self.server_metadata

    def _believed(self, found: dict[str, Any]) -> dict[str, Any]:
        """Insist that it speaks for itself (Discovery §4.3), and on signatures that nobody else can make."""
        missing = {"authorization_endpoint", "token_endpoint", "jwks_uri"} - found.keys()
        if found.get("issuer") != self.issuer or missing:
            raise ProviderDown(
                f"{self.issuer} says it is {found.get('issuer')!r}: BAWAB_OIDC__ISSUER must be exactly that"
                if found.get("issuer") != self.issuer
                else f"{self.issuer} does not name its {', '.join(sorted(missing))}"
            )
        offered = set(found.get("id_token_signing_alg_values_supported", ["RS256"]))
        found["id_token_signing_alg_values_supported"] = sorted(offered & SIGNATURES)
        return found

    async def fetch_jwk_set(self, force: bool = False) -> Any:
        """Give the provider's keys; raises ProviderDown."""
        if force or "jwks" not in self.server_metadata:
            self.server_metadata["jwks"] = _json(_good(await _ask("GET", self.server_metadata["jwks_uri"])))
        return self.server_metadata["jwks"]


async def _ask(method: str, address: str, **more: Any) -> httpx.Response:
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ProviderDown(f"{address} is not https")
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            return await client.request(method, address, **more)
    except httpx.HTTPError as error:
        raise ProviderDown(f"{address} does not answer ({type(error).__name__})") from error


def _good(answer: httpx.Response) -> httpx.Response:
    if answer.status_code != 200:
        raise ProviderDown(f"{answer.url} answered {answer.status_code}")
    return answer


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        raise ProviderDown(f"{answer.url} answered no JSON") from None
    if not isinstance(found, dict):
        raise ProviderDown(f"{answer.url} answered no JSON object")
    return found
