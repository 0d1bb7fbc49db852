"""A proxy before a Slack: it holds each request to the published contract, limits and loses answers."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.chat.slack.sandbox.limits import Limiter, LimitManner, Limits
from connectors.sandboxing import cut, running_sandbox

SPECS = Path(os.environ.get("BAWAB_SPECS", Path(__file__).parents[4] / "shared" / "specs"))
REFERENCE = SPECS / "slack" / "slack_methods.json"
KICK = "conversations.kick"
_HANDED_ON = ("authorization", "content-type")
# What one method may be called in a minute, by the tier its page names; "special" is taken as tier 4.
_TIERS = {"t1": 1, "t2": 20, "t3": 50, "t4": 100, "t5": 100}
_REFUSED_SECONDS = 0.05


def reference() -> dict[str, Any]:
    """Give Slack's published methods, or nothing where they are not at hand."""
    if not REFERENCE.is_file():
        return {}
    methods: dict[str, Any] = json.loads(REFERENCE.read_text(encoding="utf-8"))["methods"]
    return methods


@dataclass(slots=True)
class Proxy:
    """What passed, what broke the contract, and what was answered to whom, lost answers included."""

    backend: str
    """The Slack behind, up to and including `/api/`."""
    lose_every: int = 0
    """Every so many answers one is lost after the request had its effect; 0: none."""
    minute: float | None = None
    """How long a minute of the rate limits lasts here, in seconds; None: no limits."""
    violations: list[str] = field(default_factory=list)
    answered: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    """(method, arguments, answer) of everything that reached the Slack behind."""
    lost: Counter[str] = field(default_factory=Counter)
    refuse: Counter[str] = field(default_factory=Counter)
    """So many calls of a method are refused for their pace whatever it is: ours depends on the machine."""
    refused: int = 0
    transports: dict[tuple[str, int], asyncio.Transport] = field(default_factory=dict)
    limiter: Limiter = field(init=False)
    asgi: Starlette = field(init=False)
    _session: aiohttp.ClientSession | None = None
    _reference: Mapping[str, Any] = field(default_factory=reference)

    def __post_init__(self) -> None:
        manner = LimitManner.OFF if self.minute is None else LimitManner.TOKEN_BUCKET
        self.limiter = Limiter(Limits(manner, minute=self.minute or 60.0, per_minute=_TIERS))
        self.asgi = Starlette(routes=[Route("/api/{method}", self._pass, methods=["GET", "POST"])])

    def effective_kicks(self) -> list[tuple[str, str]]:
        """Give (channel, user) of every kick the Slack behind carried out, in order."""
        return [
            (arguments["channel"], arguments["user"])
            for method, arguments, answer in self.answered
            if method == KICK and answer.get("ok") is True
        ]

    def cut_all(self) -> None:
        """Cut every open connection."""
        cut(self.transports)

    async def _pass(self, request: Request) -> Response:
        method, body = request.path_params["method"], await request.body()
        arguments = _arguments(request, body)
        wrong = self._wrong(request, method, arguments)
        if wrong:
            self.violations += [f"{method}: {one}" for one in wrong]
            return JSONResponse({"ok": False, "error": "invalid_arguments"}, status_code=400)
        wait = self._wait_for(method)
        if wait is not None:
            self.refused += 1
            return Response(status_code=429, headers={"Retry-After": f"{wait:.3f}"})
        status, answer = await self._forward(request, method, body)
        self.answered.append((method, arguments, answer))
        if self.lose_every and len(self.answered) % self.lose_every == 0:
            self.lost[method] += 1
            await self._lose(request)
        return JSONResponse(answer, status_code=status)

    def _wait_for(self, method: str) -> float | None:
        """Give the seconds to wait for one's turn; None where it has come."""
        if self.refuse[method] > 0:
            self.refuse[method] -= 1
            return _REFUSED_SECONDS
        return self.limiter.wait_for(method, self._reference.get(method, {}).get("rate_limits", "t3"))

    def _wrong(self, request: Request, method: str, arguments: Mapping[str, str]) -> list[str]:
        """Say what of a request is not as published; a method without a page is not judged."""
        if not request.headers.get("authorization", "").startswith("Bearer xox"):
            return ["no bearer token"]
        documented = self._reference.get(method)
        if documented is None:
            return []
        wrong = []
        if request.method not in ("POST", documented["http_method"]):
            wrong.append(f"asked by {request.method}")
        schema = documented["args"]
        wrong += [f"not documented: {name}" for name in arguments if name not in schema["properties"]]
        needed = set(schema["required"]) - {"token"}
        wrong += [f"required: {name}" for name in sorted(needed - arguments.keys())]
        kinds = {name: schema["properties"].get(name, {}).get("type") for name in arguments}
        return wrong + [
            f"{name}={arguments[name]!r} is no {kind}"
            for name, kind in kinds.items()
            if not _is_a(arguments[name], kind)
        ]

    async def _forward(self, request: Request, method: str, body: bytes) -> tuple[int, Any]:
        assert self._session is not None
        headers = {name: request.headers[name] for name in _HANDED_ON if name in request.headers}
        url = f"{self.backend}{method}"
        asked = self._session.request(
            request.method, url, params=dict(request.query_params), data=body, headers=headers
        )
        async with asked as answer:
            return answer.status, await answer.json()

    async def _lose(self, request: Request) -> None:
        assert request.client is not None
        self.transports[(request.client.host, request.client.port)].abort()
        while (await request.receive())["type"] != "http.disconnect":
            pass


def _arguments(request: Request, body: bytes) -> dict[str, str]:
    given = dict(request.query_params)
    if "json" in request.headers.get("content-type", ""):
        loaded = json.loads(body or b"{}")
        return given | {name: _text(value) for name, value in loaded.items()}
    return given | dict(parse_qsl(body.decode()))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _is_a(value: str, kind: str | None) -> bool:
    if kind == "integer":
        return value.isascii() and value.isdigit()
    if kind == "boolean":
        return value in ("true", "false", "1", "0")
    return True


@asynccontextmanager
async def standing_before(backend: str, **how: Any) -> AsyncIterator[tuple[Proxy, str]]:
    """Run a proxy before a Slack whose Web API is at `backend`; gives it and its own Web API's URL."""
    proxy = Proxy(backend, **how)
    async with aiohttp.ClientSession() as session:
        proxy._session = session
        async with running_sandbox(proxy) as url:
            yield proxy, f"{url}/api/"
