"""Microsoft Graph as far as the bench goes there: members of groups, `$batch`, and Entra's quota for writes.

learn.microsoft.com/graph/throttling-limits: 3,000 writes in 150 seconds for one app in one tenant; each part
of a batch counts, and is refused, for itself (concepts/json-batching).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import orjson

from bench.stubs.http import Reply, Request
from bench.stubs.stub import CONTROL, Limit, Stub

WRITE: Limit = (3000, 150.0, 100)
READ: Limit = (3500, 10.0, 3500)
TENANT = "5f0b8a54-1111-4222-8333-444455556666"
OWNER = "00000000-0000-4000-8000-00000000aaaa"
ROLES = ("Group.ReadWrite.All", "GroupMember.ReadWrite.All", "User.ReadWrite.All", "Member.Read.Hidden")


class GraphStub(Stub):
    """One tenant."""

    __slots__ = ("groups",)

    def seed(self, world: Mapping[str, Any]) -> None:
        """`members`: user → groups; another account owns every group."""
        self.groups: dict[str, set[str]] = {}
        for user, groups in world.get("members", {}).items():
            for group in groups:
                self.groups.setdefault(group, set()).add(user)

    def answer(self, request: Request) -> Reply:
        """Answer one request, or every part of a batch."""
        if request.path.startswith(CONTROL):
            return self._control(request)
        if request.path.endswith("/token"):
            return self.said({"access_token": _token(), "token_type": "Bearer", "expires_in": 360000})
        path = request.path.removeprefix("/v1.0")
        if path != "/$batch":
            return self._one(request.verb, path)
        self.ledger.requests["$batch"] += 1
        parts = orjson.loads(request.body)["requests"]
        return self.said({"responses": [self._part(part) for part in parts]})

    def limited(self, wait: float) -> Reply:
        """Refuse for now in Graph's form."""
        body = orjson.dumps({"error": {"code": "TooManyRequests", "message": "Too many requests"}})
        return Reply(429, body, {"Retry-After": str(max(1, int(wait + 0.999)))})

    def _part(self, part: dict[str, Any]) -> dict[str, Any]:
        reply = self._one(part["method"], part["url"].partition("?")[0])
        said: dict[str, Any] = {"id": part["id"], "status": reply.status, "headers": dict(reply.headers)}
        if reply.body:
            said["headers"]["Content-Type"] = "application/json"
            said["body"] = orjson.loads(reply.body)
        return said

    def _one(self, verb: str, path: str) -> Reply:
        segments = path.strip("/").split("/")
        bucket = ("read", READ) if verb == "GET" else ("write", WRITE)
        shape = [segment if place % 2 == 0 else "*" for place, segment in enumerate(segments)]
        method = f"{verb} {'/'.join(shape)}"
        return self.answered(method, lambda now: self._do(verb, segments, now), bucket)

    def _do(self, verb: str, segments: list[str], now: float) -> Reply:
        match verb, segments:
            case "DELETE", ["groups", group, "members", user, "$ref"]:
                return self._remove(group, user, now)
            case "GET", ["groups", _, "owners", *_]:
                return self._list([OWNER], "user")
            case "GET", ["groups", group, ("members" | "transitiveMembers"), *_]:
                return self._list(sorted(self.groups.get(group, ())), "user")
            case "GET", ["users", user, ("memberOf" | "transitiveMemberOf"), *_]:
                return self._list(
                    [group for group, members in self.groups.items() if user in members], "group"
                )
            case "GET", ["users", _, "ownedObjects", *_]:
                return self._list([], "group")
            case "GET", ["users", user]:
                return self.said({"id": user, "accountEnabled": True, "displayName": user})
        error = {"error": {"code": "ResourceNotFound", "message": "/".join(segments)}}
        return self.said(error, 404)

    def _remove(self, group: str, user: str, now: float) -> Reply:
        if user not in self.groups.get(group, ()):
            self.ledger.repeated += f"{user} {group}" in self.ledger.effects
            error = {
                "error": {"code": "Request_ResourceNotFound", "message": f"Resource '{user}' does not exist"}
            }
            return self.said(error, 404)
        self.groups[group].discard(user)
        self.ledger.had_effect(f"{user} {group}", now)
        return Reply(204, b"", delay=self.latency / self.speed)

    def _list(self, ids: list[str], kind: str) -> Reply:
        rows = [{"@odata.type": f"#microsoft.graph.{kind}", "id": one, "displayName": one} for one in ids]
        return self.said({"value": rows})


def _token() -> str:
    """Make a token of the form whose claims an app can read; nobody signs it."""
    claims = {"tid": TENANT, "oid": OWNER, "roles": ROLES}
    parts = (
        base64.urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=")
        for part in ({"alg": "none"}, claims)
    )
    return ".".join([*parts, "x"])
