"""The app's access token: fetched with its own secret through the wire, kept until shortly before its end."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from yarl import URL

from connectors.chat.teams.config import TeamsConfig
from connectors.errors import BadCredentials, Unavailable
from connectors.redaction import Redactor
from connectors.wire import Wire

SCOPE = "https://graph.microsoft.com/.default"
# Shorter than what is left of it when a token is used last: a call must not outlive its token.
_MARGIN_SECONDS = 300.0
_JWT = re.compile(r"eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?")
_AADSTS = re.compile(r"AADSTS\d+")
_REMEDIES = {
    "AADSTS7000215": "the client secret is wrong: create one under Entra admin center > App registrations > "
    "the app > Certificates & secrets, and give its value, not its id",
    "AADSTS7000222": "the client secret has expired: create a new one under Entra admin center > App "
    "registrations > the app > Certificates & secrets",
    "AADSTS700016": "the app is not known in this tenant: compare client_id and tenant_id with Entra admin "
    "center > App registrations > the app > Overview",
    "AADSTS7000112": "the app is disabled: Entra admin center > Enterprise applications > the app > "
    "Properties > Enabled for users to sign-in",
    "AADSTS90002": "no such tenant: compare tenant_id with Entra admin center > Overview",
}
_PASSING = frozenset({"temporarily_unavailable", "server_error"})


class WrongTenant(BadCredentials):
    """The app belongs to another tenant than the one configured."""


class TeamsRedactor(Redactor):
    """Also blanks whatever is shaped like one of Microsoft's access tokens."""

    def __call__(self, text: str) -> str:
        """Give the text with every secret and token replaced."""
        return _JWT.sub("[redacted]", Redactor.__call__(self, text))


@dataclass(frozen=True, slots=True)
class Token:
    """One token and what it says of the app; nothing of it is shown."""

    value: str
    until: float
    """On the monotonic clock."""
    tenant_id: str
    """Empty where the token cannot be read, as its form is not promised."""
    object_id: str
    """The app's service principal."""
    roles: frozenset[str] | None
    """The application permissions granted; None where the token cannot be read."""

    def __repr__(self) -> str:
        return "Token([redacted])"

    def may(self, *any_of: str) -> bool:
        """Whether one of these permissions is granted; where that is unknown, Graph itself will say."""
        return self.roles is None or not any_of or not self.roles.isdisjoint(any_of)


class Tokens:
    """One token at a time; whoever comes while one is fetched waits for it."""

    def __init__(self, config: TeamsConfig, wire: Wire, redact: Redactor) -> None:
        self._config = config
        self._wire = wire
        self._redact = redact
        self._turn = asyncio.Lock()
        self._token: Token | None = None

    @property
    def known(self) -> Token | None:
        """What is already known, without asking."""
        return self._token

    def forget(self, token: Token | None = None) -> None:
        """Fetch a new one next time; with `token`, only where it is still the one in use."""
        if token is None or token is self._token:
            self._token = None

    async def token(self) -> Token:
        """Give a token that still counts.

        Raises BadCredentials where Entra refuses the app or the tenant is another one, else Unavailable.
        """
        async with self._turn:
            if self._token is None or self._token.until <= time.monotonic():
                self._token = None
                self._token = self._checked(await self._fetch())
            return self._token

    def _checked(self, token: Token) -> Token:
        wanted = self._config.tenant_id
        # A domain name is a lawful tenant_id too, but a token names the tenant by its id only.
        if token.tenant_id and is_guid(wanted) and token.tenant_id.lower() != wanted.lower():
            raise other_tenant(self._config, token.tenant_id)
        return token

    async def _fetch(self) -> Token:
        asked = time.monotonic()
        status, data = await self._post()
        value = data.get("access_token")
        if status == 200 and isinstance(value, str) and value:
            return _token_of(value, asked + _lifetime(data))
        if status == 200:
            raise Unavailable(f"{self._config.instance}: Entra answered without a token; try again")
        raise self._refused(status, data)

    async def _post(self) -> tuple[int, Mapping[str, Any]]:
        base = self._config.login_url.rstrip("/")
        form = {
            "grant_type": "client_credentials",
            "client_id": self._config.client_id,
            "client_secret": self._config.client_secret,
            "scope": SCOPE,
        }
        url = URL(base) / self._config.tenant_id / "oauth2" / "v2.0" / "token"
        async with self._wire.session.post(url, data=form, allow_redirects=False) as response:
            data = orjson.loads(await response.read())
            return response.status, data if isinstance(data, dict) else {}

    def _refused(self, status: int, data: Mapping[str, Any]) -> Exception:
        error = str(data.get("error") or f"HTTP {status}")
        found = _AADSTS.search(str(data.get("error_description", "")))
        number = found[0] if found else ""
        said = self._redact(f"{error} {number}".strip())
        if error in _PASSING:
            return Unavailable(f"{self._config.instance}: Entra gives no token now ({said}); try again")
        remedy = _REMEDIES.get(number, "look the code up at login.microsoftonline.com/error and mend the app")
        return BadCredentials(f"{self._config.instance}: Entra refuses the app ({said}); {remedy}")


def other_tenant(config: TeamsConfig, found: str) -> WrongTenant:
    """Say that the app signs in to another tenant than the one configured."""
    return WrongTenant(
        f"{config.instance}: the token belongs to tenant {found}, not {config.tenant_id} as configured; "
        "nothing was done. Correct tenant_id, or give the app registered in that tenant"
    )


def _token_of(value: str, until: float) -> Token:
    claims = _claims(value)
    roles = claims.get("roles", [])
    return Token(
        value=value,
        until=until,
        tenant_id=str(claims.get("tid") or ""),
        object_id=str(claims.get("oid") or ""),
        roles=frozenset(map(str, roles)) if claims and isinstance(roles, list) else None,
    )


def _claims(value: str) -> Mapping[str, Any]:
    """Read a token's claims; none where it is of another form, which Microsoft reserves the right to."""
    try:
        middle = value.split(".")[1]
        claims = orjson.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}


def _lifetime(data: Mapping[str, Any]) -> float:
    """Give the seconds a token may be used: what Entra says, less a margin that short ones keep half of."""
    try:
        said = float(data.get("expires_in", 0))
    except (TypeError, ValueError):
        said = 0.0
    return said - min(_MARGIN_SECONDS, said / 2)


def is_guid(text: str) -> bool:
    """Whether a text is an id as Entra writes them."""
    return re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text) is not None
