"""A server that answers what Microsoft's reference shows, page by page, and knows nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.chat.teams import TeamsConfig, TeamsConnector
from connectors.chat.teams.sandbox import running_sandbox

TENANT = "6e5147da-6a35-4275-b3f3-fc069456b6eb"
INSTANCE = "contoso"
Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]]
"""(status, body, headers)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that arrived, by itself or as a part."""

    name: str
    body: Any
    headers: dict[str, str]


@dataclass(slots=True)
class Documented:
    """Replies by `METHOD /path`; the last one of a list stays."""

    replies: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    batches: list[list[Reply]] = field(default_factory=list)
    """Whole answers to the next batches, by place; where there are none, parts are answered like requests."""
    access_token: str = "opaque"
    transports: dict[tuple[str, int], asyncio.Transport] = field(default_factory=dict)
    asgi: Starlette = field(init=False)

    def __post_init__(self) -> None:
        methods = ["GET", "POST", "PATCH", "DELETE"]
        self.asgi = Starlette(routes=[Route("/{path:path}", self._answer, methods=methods)])

    def shows(self, name: str, *replies: Reply) -> None:
        """Answer a request in these ways, one after the other."""
        self.replies[name] = list(replies)

    def names(self) -> list[str]:
        return [one.name for one in self.asked]

    def cut_all(self) -> None:
        """Cut every open connection."""
        for transport in list(self.transports.values()):
            transport.abort()

    async def _answer(self, request: Request) -> Response:
        path = unquote(request.url.path)
        if path.endswith("/oauth2/v2.0/token"):
            token = {"token_type": "Bearer", "expires_in": 3599, "access_token": self.access_token}
            return JSONResponse(token)
        body = json.loads(await request.body() or b"null")
        base = f"http://{request.headers['host']}/v1.0"
        path = path.removeprefix("/v1.0")
        if path == "/$batch" and "POST /$batch" not in self.replies:
            return JSONResponse({"responses": self._parts(body["requests"], base)})
        status, data, headers = self._reply(request.method, path, body, dict(request.headers), base)
        return _plain(status, headers) if data is None else JSONResponse(data, status, headers)

    def _parts(self, requests: Sequence[dict[str, Any]], base: str) -> list[dict[str, Any]]:
        """Answer each part, the last first: Graph promises no order."""
        given = self.batches.pop(0) if self.batches else None
        rows = []
        for place, part in enumerate(requests):
            path = unquote(part["url"].partition("?")[0])
            reply = self._reply(part["method"], path, part.get("body"), part.get("headers", {}), base)
            if given is not None:
                reply = _whole(given[place])
            row = {"id": part["id"], "status": reply[0], "headers": reply[2]}
            rows.append(row if reply[1] is None else row | {"body": reply[1]})
        return rows[::-1]

    def _reply(
        self, method: str, path: str, body: Any, headers: dict[str, str], base: str
    ) -> tuple[int, Any, dict[str, str]]:
        name = f"{method} {path}"
        self.asked.append(Asked(name, body, headers))
        replies = self.replies.get(name)
        if not replies:
            return 404, error("Request_ResourceNotFound", f"Resource {path} does not exist."), {}
        status, data, more = _whole(replies.pop(0) if len(replies) > 1 else replies[0])
        return status, json.loads(json.dumps(data).replace("https://graph.microsoft.com/v1.0", base)), more


def _whole(reply: Reply) -> tuple[int, Any, dict[str, str]]:
    return reply if len(reply) == 3 else (*reply, {})


def _plain(status: int, headers: dict[str, str]) -> Response:
    return Response(status_code=status, headers=headers)


def error(code: str, message: str) -> dict[str, Any]:
    """Give an error in the form of concepts/errors."""
    inner = {"date": "2020-08-18T12:51:51", "request-id": "94fb3b52-452a-4535-a601-69e0a90e3aa2"}
    return {"error": {"code": code, "message": message, "innerError": inner}}


@asynccontextmanager
async def documented() -> AsyncIterator[tuple[Documented, TeamsConnector]]:
    """Run a server without any reply yet, and a connector on it."""
    server = Documented()
    async with running_sandbox(server) as url:
        teams = TeamsConnector(
            TeamsConfig(
                INSTANCE, TENANT, "client", "a-secret-for-tests", base_url=f"{url}/v1.0", login_url=url,
                pace_scale=0.0, timeout_seconds=30.0, backoff_seconds=0.001,
            )
        )  # fmt: skip
        try:
            yield server, teams
        finally:
            await teams.aclose()
