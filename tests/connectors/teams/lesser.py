"""A Graph somebody else might write: it keeps people and groups, and may lack whatever is not essential."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
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

TENANT = "11111111-2222-4333-8444-555555555555"
ANA, OMAR, BOSS = "u-ana", "u-omar", "u-boss"
PLAIN, TEAM, OWNED, INNER, OUTER = "g-plain", "g-team", "g-owned", "g-inner", "g-outer"
Answer = tuple[int, Any]


@dataclass(slots=True)
class Lesser:
    """The state, and what is lacking: parts of paths such as `ownedObjects`, said in one of several ways."""

    lacks: frozenset[str] = frozenset()
    manner: Answer = (404, {"error": {"code": "UnknownSegment", "message": "no such function here"}})
    typed: bool = True
    members: dict[str, list[str]] = field(
        default_factory=lambda: {
            PLAIN: [ANA, OMAR],
            TEAM: [ANA, OMAR, BOSS],
            OWNED: [ANA],
            INNER: [ANA],
            OUTER: [INNER],
        }
    )
    owners: dict[str, list[str]] = field(
        default_factory=lambda: {PLAIN: [BOSS], TEAM: [BOSS, ANA], OWNED: [ANA]}
    )
    asked: list[str] = field(default_factory=list)
    transports: dict[tuple[str, int], asyncio.Transport] = field(default_factory=dict)
    asgi: Starlette = field(init=False)

    def __post_init__(self) -> None:
        methods = ["GET", "POST", "PATCH", "DELETE"]
        self.asgi = Starlette(routes=[Route("/{path:path}", self._serve, methods=methods)])

    def cut_all(self) -> None:
        """Cut every open connection."""
        for transport in list(self.transports.values()):
            transport.abort()

    def is_in(self, who: str, group: str) -> bool:
        """Whether a user or group is in a group, by whatever groups in between."""
        inside = self.members.get(group, [])
        return who in inside or any(self.is_in(who, inner) for inner in inside if inner in self.members)

    async def _serve(self, request: Request) -> Response:
        if request.url.path.endswith("/token"):
            return JSONResponse({"access_token": "as-opaque-as-can-be", "expires_in": 3600})
        body = json.loads(await request.body() or b"null")
        path = unquote(request.url.path).removeprefix("/v1.0")
        if path == "/$batch" and "$batch" not in self.lacks:
            parts = []
            for part in body["requests"]:
                status, data = self._answer(part["method"], unquote(part["url"]).partition("?")[0])
                parts.append({"id": part["id"], "status": status, **({"body": data} if data else {})})
            return JSONResponse({"responses": parts})
        status, data = self._answer(request.method, path)
        return Response(status_code=status) if data is None else JSONResponse(data, status)

    def _answer(self, method: str, path: str) -> Answer:
        self.asked.append(f"{method} {path}")
        if any(part in path.split("/") or path.endswith(part) for part in self.lacks):
            return self.manner
        for pattern, handler in _TABLE:
            if (met := re.fullmatch(pattern, f"{method} {path}")) is not None:
                return handler(self, *met.groups())
        return _missing(path)

    # What is kept

    def _group(self, id_: str) -> Answer:
        return (200, self._shown(id_)) if id_ in self.members else _missing(id_)

    def _shown(self, id_: str) -> dict[str, Any]:
        if id_ not in self.members:
            return {"id": id_, "displayName": id_} | self._type("user")
        marks = {"groupTypes": ["Unified"]} if self.typed else {}
        team = {"resourceProvisioningOptions": ["Team"]} if id_ == TEAM else {}
        return {"id": id_, "displayName": id_} | (marks | team if self.typed else {}) | self._type("group")

    def _type(self, name: str) -> dict[str, str]:
        return {"@odata.type": f"#microsoft.graph.{name}"} if self.typed else {}

    def _rows(self, ids: list[str]) -> Answer:
        return 200, {"value": [self._shown(id_) for id_ in ids]}

    def _in(self, kept: dict[str, list[str]], user: str) -> Answer:
        return self._rows([id_ for id_, people in kept.items() if user in people])

    def _remove(self, kept: dict[str, list[str]], id_: str, user: str) -> Answer:
        if user not in kept.get(id_, ()):
            return _missing(user)
        kept[id_].remove(user)
        return 204, None

    def _user(self, id_: str) -> Answer:
        known = {one for people in (*self.members.values(), *self.owners.values()) for one in people}
        return (200, self._shown(id_)) if id_ in {*known, ANA, OMAR} - set(self.members) else _missing(id_)


def _missing(what: str) -> Answer:
    return 404, {
        "error": {"code": "Request_ResourceNotFound", "message": f"Resource '{what}' does not exist."}
    }


_TABLE: list[tuple[str, Callable[..., Answer]]] = [
    (r"GET /organization", lambda _: (200, {"value": [{"id": TENANT}]})),
    (r"GET /users", lambda me: me._rows([ANA, OMAR, BOSS])),
    (r"GET /groups", lambda me: me._rows(list(me.members))),
    (r"GET /teams", lambda me: me._rows([TEAM])),
    (r"GET /users/([^/]+)", lambda me, id_: me._user(id_)),
    (r"GET /users/([^/]+)/memberOf", lambda me, id_: me._in(me.members, id_)),
    (
        r"GET /users/([^/]+)/transitiveMemberOf",
        lambda me, id_: me._rows([group for group in me.members if me.is_in(id_, group)]),
    ),
    (r"GET /users/([^/]+)/ownedObjects", lambda me, id_: me._in(me.owners, id_)),
    (r"GET /users/([^/]+)/teamwork/associatedTeams", lambda me, _: me._rows([TEAM])),
    (r"GET /users/([^/]+)/chats", lambda _, __: (200, {"value": []})),
    (r"GET /groups/([^/]+)", lambda me, id_: me._group(id_)),
    (r"GET /groups/([^/]+)/members", lambda me, id_: me._rows(me.members[id_])),
    (r"GET /teams/([^/]+)/members", lambda _, __: (200, {"value": []})),
    (r"GET /teams/([^/]+)/channels", lambda _, __: (200, {"value": []})),
    (r"GET /groups/([^/]+)/owners", lambda me, id_: me._rows(me.owners.get(id_, []))),
    (r"DELETE /groups/([^/]+)/members/([^/]+)/\$ref", lambda me, g, u: me._remove(me.members, g, u)),
    (r"DELETE /groups/([^/]+)/owners/([^/]+)/\$ref", lambda me, g, u: me._remove(me.owners, g, u)),
]


@asynccontextmanager
async def lesser(
    *lacks: str, manner: Answer | None = None, typed: bool = True, **changes: Any
) -> AsyncIterator[tuple[Lesser, TeamsConnector]]:
    """Run a server that lacks these, and a connector on it."""
    server = Lesser(frozenset(lacks), typed=typed)
    server.manner = manner or server.manner
    async with running_sandbox(server) as url:
        given: dict[str, Any] = {"base_url": f"{url}/v1.0", "login_url": url, "tenant_id": TENANT, **changes}
        teams = TeamsConnector(
            TeamsConfig(
                instance="less", client_id="c", client_secret="a-secret-for-tests", pace_scale=0.0,
                timeout_seconds=30.0, backoff_seconds=0.001, **given,
            )
        )  # fmt: skip
        try:
            yield server, teams
        finally:
            await teams.aclose()
