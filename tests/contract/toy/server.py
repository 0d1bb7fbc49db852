"""The toy platform's server: real HTTP on loopback, real state, pages of two, and every fault on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
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


@dataclass(frozen=True, slots=True)
class ToyRoute:
    """One thing the server answers: by which name faults strike it, and what it does."""

    name: str
    method: str
    path: str
    act: Callable[[web.Request, ToyWorld, Fault | None], web.Response]


@dataclass(slots=True)
class ToyGroup:
    """A group: its members by id with their role; hidden ones answer nobody."""

    name: str
    members: dict[str, str]
    default: bool = False
    hidden: bool = False
    link: str = ""
    """Whoever has it walks in; there is one at a time, and it is as good as a key."""
    moved_to: str = ""


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
    later: list[Callable[[], object]] = field(default_factory=list)
    links_made: int = 0

    def fault(self, route: str, group: str) -> Fault | None:
        return self.faults.get((route, group)) or self.faults.get((route, ""))

    def settle(self) -> None:
        for effect in self.later:
            effect()

    def new_link(self, group: ToyGroup) -> None:
        self.links_made += 1
        group.link = f"toy-link-{self.links_made:04d}-7c1d"


def refused(status: int, code: str, **headers: str) -> web.Response:
    return web.json_response({"error": code}, status=status, headers=headers)


def page(request: web.Request, items: list[dict[str, object]], fault: Fault | None) -> web.Response:
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
        return refused(*_STATUS[fault])
    if fault is Fault.RATE_LIMITED:
        return refused(429, "slow_down", **{"Retry-After": str(RETRY_AFTER)})
    if fault in {Fault.EMPTY_ANSWER, Fault.MALFORMED_ANSWER}:
        return web.Response(
            text="" if fault is Fault.EMPTY_ANSWER else '{"items": [', content_type="text/html"
        )
    if fault is Fault.SILENCE:
        await asyncio.sleep(SILENCE_SECONDS)
    if fault in {Fault.SILENCE, Fault.DROPPED}:
        _hang_up(request)
    return None


def bring_about(
    request: web.Request, world: ToyWorld, fault: Fault | None, effect: Callable[[], object]
) -> web.Response:
    """Do it now, later or not at all, as the fault says, and answer that it is done."""
    if fault is Fault.DELAYED:
        world.later.append(effect)
    elif fault is not Fault.KEPT:
        effect()
    if fault is Fault.ANSWER_LOST:
        world.faults.clear()
        _hang_up(request)
    return web.json_response({})


def group_of(request: web.Request, world: ToyWorld) -> ToyGroup | web.Response:
    """Give the group a path names, or what stands in the way of it."""
    group = world.groups.get(request.match_info["group"])
    if group is None or group.hidden:
        return refused(410, "group_gone")
    if group.moved_to:
        return web.json_response({"error": "moved", "to": group.moved_to}, status=409)
    return group


def _remove(request: web.Request, world: ToyWorld, fault: Fault | None) -> web.Response:
    person, group = request.match_info["person"], group_of(request, world)
    if isinstance(group, web.Response):
        return group
    if group.default:
        return refused(409, "default_group")
    if person not in group.members:
        return refused(404, "not_a_member")
    return bring_about(request, world, fault, lambda: group.members.pop(person, None))


def _listing(request: web.Request, world: ToyWorld, fault: Fault | None) -> web.Response:
    return page(request, _items(request, world), fault)


def _items(request: web.Request, world: ToyWorld) -> list[dict[str, object]]:
    if request.path == "/people":
        return [{"id": id_, "name": name} for id_, name in world.people.items()]
    person = request.match_info.get("person")
    seen = [(id_, one) for id_, one in world.groups.items() if not one.hidden and not one.moved_to]
    return [
        {"id": id_, "name": group.name, "default": group.default, "role": group.members.get(person or "")}
        for id_, group in seen
        if person is None or person in group.members
    ]


_ROUTES = (
    ToyRoute("people", "GET", "/people", _listing),
    ToyRoute("groups", "GET", "/groups", _listing),
    ToyRoute("memberships", "GET", "/people/{person}/groups", _listing),
    ToyRoute("remove", "DELETE", "/groups/{group}/members/{person}", _remove),
)


def _app(world: ToyWorld, more: Sequence[ToyRoute] = ()) -> web.Application:
    def guarded(route: ToyRoute) -> Callable[[web.Request], Awaitable[_Answer]]:
        write = route.method != "GET"

        async def handle(request: web.Request) -> _Answer:
            world.calls.append(Call(route.name, write))
            if request.headers.get("Authorization") != f"Bearer {world.token}":
                return refused(401, "bad_token")
            if ("members:write" if write else "members:read") not in world.scopes:
                return refused(403, "missing_scope")
            fault = world.fault(route.name, request.match_info.get("group", ""))
            struck = await _strike(request, fault)
            return route.act(request, world, fault) if struck is None else struck

        return handle

    async def whoami(_: web.Request) -> _Answer:
        return web.json_response({"id": "bot", "scopes": sorted(world.scopes)})

    app = web.Application()
    app.router.add_get("/me", whoami)
    for route in (*_ROUTES, *more):
        app.router.add_route(route.method, route.path, guarded(route))
    return app


@asynccontextmanager
async def serving(world: ToyWorld, more: Sequence[ToyRoute] = ()) -> AsyncIterator[str]:
    """Serve a world on a free loopback port; give its base URL."""
    runner = web.AppRunner(_app(world, more), access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
