"""The toy platform's server: real HTTP on loopback, real state, pages of two, and every fault on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.contract.stage import RETRY_AFTER, Call, Fault

PAGE = 2
SILENCE_SECONDS = 5.0
_Answer = web.StreamResponse
_STATUS = {
    Fault.NO_RIGHT: (403, "forbidden"),
    Fault.MISSING_SCOPE: (403, "missing_scope"),
    Fault.BOT_NOT_IN_GROUP: (403, "not_in_group"),
    Fault.GROUP_GONE: (410, "group_gone"),
    Fault.TOKEN_REVOKED: (401, "bad_token"),
    Fault.UNREADABLE: (403, "forbidden"),
    Fault.SERVER_ERROR: (500, "broken"),
}


@dataclass(slots=True)
class ToyGroup:
    """A group: its members by id with their role; hidden ones answer nobody."""

    name: str
    members: dict[str, str]
    default: bool = False
    hidden: bool = False


@dataclass(slots=True)
class ToyWorld:
    """Everything the toy server knows, and everything it saw."""

    token: str
    people: dict[str, str]
    groups: dict[str, ToyGroup]
    scopes: set[str] = field(default_factory=lambda: {"members:read", "members:write"})
    faults: dict[tuple[str, str], Fault] = field(default_factory=dict)
    """(route, group id or "") → what goes wrong there."""
    calls: list[Call] = field(default_factory=list)
    later: list[tuple[str, str]] = field(default_factory=list)

    def fault(self, route: str, group: str) -> Fault | None:
        return self.faults.get((route, group)) or self.faults.get((route, ""))

    def settle(self) -> None:
        for group, person in self.later:
            self.groups[group].members.pop(person, None)


def _error(status: int, code: str, **headers: str) -> web.Response:
    return web.json_response({"error": code}, status=status, headers=headers)


def _page(request: web.Request, items: list[dict[str, object]], fault: Fault | None) -> web.Response:
    start = int(request.query.get("from", "0"))
    if fault is Fault.PAGE_MISSING and start:
        _hang_up(request)
    rest = start + PAGE < len(items)
    return web.json_response({"items": items[start : start + PAGE], "next": start + PAGE if rest else None})


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError


async def _strike(request: web.Request, fault: Fault | None) -> web.Response | None:
    """Do what happens before any effect; None where the request goes on."""
    if fault in _STATUS:
        return _error(*_STATUS[fault])
    if fault is Fault.RATE_LIMITED:
        return _error(429, "slow_down", **{"Retry-After": str(RETRY_AFTER)})
    if fault in {Fault.EMPTY_ANSWER, Fault.MALFORMED_ANSWER}:
        return web.Response(
            text="" if fault is Fault.EMPTY_ANSWER else '{"items": [', content_type="text/html"
        )
    if fault is Fault.SILENCE:
        await asyncio.sleep(SILENCE_SECONDS)
    if fault in {Fault.SILENCE, Fault.DROPPED}:
        _hang_up(request)
    return None


def _remove(request: web.Request, world: ToyWorld, fault: Fault | None) -> web.Response:
    group, person = request.match_info["group"], request.match_info["person"]
    kept = world.groups.get(group)
    if kept is None:
        return _error(410, "group_gone")
    if kept.default:
        return _error(409, "default_group")
    if person not in kept.members:
        return _error(404, "not_a_member")
    if fault is Fault.DELAYED:
        world.later.append((group, person))
    elif fault is not Fault.KEPT:
        del kept.members[person]
    if fault is Fault.ANSWER_LOST:
        world.faults.clear()
        _hang_up(request)
    return web.json_response({})


def _items(request: web.Request, world: ToyWorld) -> list[dict[str, object]]:
    if request.path == "/people":
        return [{"id": id_, "name": name} for id_, name in world.people.items()]
    person = request.match_info.get("person")
    seen = [(id_, group) for id_, group in world.groups.items() if not group.hidden]
    return [
        {"id": id_, "name": group.name, "default": group.default, "role": group.members.get(person or "")}
        for id_, group in seen
        if person is None or person in group.members
    ]


def _app(world: ToyWorld) -> web.Application:
    def guarded(route: str, scope: str, write: bool) -> Callable[[web.Request], Awaitable[_Answer]]:
        async def handle(request: web.Request) -> _Answer:
            world.calls.append(Call(route, write))
            if request.headers.get("Authorization") != f"Bearer {world.token}":
                return _error(401, "bad_token")
            if scope not in world.scopes:
                return _error(403, "missing_scope")
            fault = world.fault(route, request.match_info.get("group", ""))
            struck = await _strike(request, fault)
            if struck is not None:
                return struck
            return _remove(request, world, fault) if write else _page(request, _items(request, world), fault)

        return handle

    async def whoami(_: web.Request) -> _Answer:
        return web.json_response({"id": "bot", "scopes": sorted(world.scopes)})

    app = web.Application()
    app.router.add_get("/me", whoami)
    app.router.add_get("/people", guarded("people", "members:read", False))
    app.router.add_get("/groups", guarded("groups", "members:read", False))
    app.router.add_get("/people/{person}/groups", guarded("memberships", "members:read", False))
    app.router.add_delete("/groups/{group}/members/{person}", guarded("remove", "members:write", True))
    return app


@asynccontextmanager
async def serving(world: ToyWorld) -> AsyncIterator[str]:
    """Serve a world on a free loopback port; give its base URL."""
    runner = web.AppRunner(_app(world), access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
