"""Identity providers on loopback: one that is certified and not ours, and one that lies."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.setting_parts import OidcSettings
from policies.roles import Role
from tests.bot.surfaces.web.stage import Server

SCRIPT = Path(__file__).with_name("provider.mjs")
CLIENT, SECRET = "bawab", "s3cr%t+&/=~:"
GROUPS = {"people-team": [Role.HR], "it-team": [Role.IT], "auditors": [Role.AUDITOR]}
_ACTION, _HIDDEN = re.compile(r'action="([^"]+)"'), re.compile(r'name="([^"]+)" value="([^"]*)"')


def free_port() -> int:
    """Give a port of loopback that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def told(port: int, **more: Any) -> dict[str, OidcSettings]:
    """Give the settings for a provider on this port, as `company` takes them."""
    values = {"issuer": f"http://127.0.0.1:{port}", "client_id": CLIENT, "client_secret": SECRET, **more}
    return {"oidc": OidcSettings.model_validate({"groups": GROUPS, **values})}


@asynccontextmanager
async def certified(
    port: int, console: str, people: Mapping[str, Mapping[str, Any]], *, lean: bool = False
) -> AsyncIterator[None]:
    """Run npm's oidc-provider; skips where $BAWAB_OIDC_PROVIDER names no folder that has it."""
    folder = os.environ.get("BAWAB_OIDC_PROVIDER")
    if not folder:
        pytest.skip("needs npm's oidc-provider 9; name its folder in BAWAB_OIDC_PROVIDER")
    facts = {
        "issuer": f"http://127.0.0.1:{port}",
        "port": port,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "console": console,
        "people": people,
        "lean": lean,
    }
    library = f"{folder}/node_modules/oidc-provider/lib/index.js"
    process = await asyncio.create_subprocess_exec(
        "node",
        str(SCRIPT),
        env=os.environ | {"LIBRARY": library, "TOLD": json.dumps(facts)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        line = b""
        while line != b"ready\n":
            line = await asyncio.wait_for(process.stdout.readline(), timeout=60)
            assert line, "the provider ended by itself"
        yield
    finally:
        process.kill()
        await process.wait()


async def log_in(client: httpx.AsyncClient, page: httpx.Response, who: str) -> httpx.Response:
    """Fill in the provider's own pages: who one is, then what one agrees to; gives where that leads."""
    for _ in range(2):
        action = _ACTION.search(page.text)
        if action is None or str(page.url).startswith(str(client.base_url)):
            break
        sent = {name: unescape(value) for name, value in _HIDDEN.findall(page.text)}
        page = await client.post(
            urljoin(str(page.url), unescape(action[1])), data={**sent, "login": who, "password": "x"}
        )
    return page


class Liar:
    """A provider that answers as it is told to: `lie` names what is wrong with its id_token."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.lie = ""
        self.nonce = ""
        self.claims: dict[str, Any] = {"sub": "s-1", "name": "Noura", "groups": ["people-team"]}
        self._key = RSAKey.generate_key(2048, {"kid": "one"})
        self._other = RSAKey.generate_key(2048, {"kid": "one"})

    def routes(self) -> list[Route]:
        """Give what it answers to."""
        return [
            Route("/.well-known/openid-configuration", self._configuration),
            Route("/jwks", self._jwks),
            Route("/token", self._token, methods=["POST"]),
            Route("/userinfo", self._userinfo),
        ]

    async def _configuration(self, _request: Request) -> JSONResponse:
        issuer = "http://127.0.0.1:1" if self.lie == "issuer of the configuration" else self.issuer
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/jwks",
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            }
        )

    async def _jwks(self, _request: Request) -> JSONResponse:
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})

    async def _userinfo(self, _request: Request) -> JSONResponse:
        return JSONResponse(
            {"sub": "s-2" if self.lie == "person of the userinfo" else "s-1", "email": "n@x.test"}
        )

    async def _token(self, _request: Request) -> JSONResponse:
        if self.lie == "no id_token":
            return JSONResponse({"access_token": "a", "token_type": "Bearer"})
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": self._id_token()})

    def _id_token(self) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
        }
        claims |= self.claims
        lies: dict[str, dict[str, Any]] = {
            "nonce": {"nonce": "another"},
            "no nonce": {"nonce": None},
            "audience": {"aud": "another-client"},
            "issuer": {"iss": "https://elsewhere.test"},
            "time": {"iat": now - 900, "exp": now - 600},
        }
        claims |= lies.get(self.lie, {})
        if self.lie == "no nonce":
            del claims["nonce"]
        return self._signed(claims)

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.lie == "a shared secret for a key":
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET.encode() * 3))
        if self.lie == "no signature":
            return f"{_plain({'alg': 'none'})}.{_plain(claims)}."
        key = self._other if self.lie == "key" else self._key
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)


def _plain(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


@asynccontextmanager
async def lying(port: int) -> AsyncIterator[Liar]:
    """Serve a liar."""
    liar = Liar(port)
    taken = socket.create_server(("127.0.0.1", port))
    server = Server(uvicorn.Config(Starlette(routes=liar.routes()), lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve(sockets=[taken]))
    try:
        yield liar
    finally:
        server.should_exit = True
        await serving
        taken.close()
