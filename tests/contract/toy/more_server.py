"""What the toy server can do beside removing: list who is in a group, make owners, and renew links."""

from __future__ import annotations

from aiohttp import web

from tests.contract.stage import Fault
from tests.contract.toy.server import ToyRoute, ToyWorld, bring_about, group_of, page, refused


def _members(request: web.Request, world: ToyWorld, fault: Fault | None) -> web.Response:
    group = group_of(request, world)
    if isinstance(group, web.Response):
        return group
    return page(request, [{"id": id_, "role": role} for id_, role in group.members.items()], fault)


def _promote(request: web.Request, world: ToyWorld, fault: Fault | None) -> web.Response:
    person, group = request.match_info["person"], group_of(request, world)
    if isinstance(group, web.Response):
        return group
    if person not in group.members:
        return refused(404, "not_a_member")
    return bring_about(request, world, fault, lambda: group.members.update({person: "owner"}))


def _link(request: web.Request, world: ToyWorld, _: Fault | None) -> web.Response:
    group = group_of(request, world)
    return group if isinstance(group, web.Response) else web.json_response({"link": group.link})


def _renew(request: web.Request, world: ToyWorld, fault: Fault | None) -> web.Response:
    group = group_of(request, world)
    if isinstance(group, web.Response):
        return group
    return bring_about(request, world, fault, lambda: world.new_link(group))


MORE_ROUTES = (
    ToyRoute("members", "GET", "/groups/{group}/members", _members),
    ToyRoute("promote", "PUT", "/groups/{group}/owners/{person}", _promote),
    ToyRoute("link", "GET", "/groups/{group}/link", _link),
    ToyRoute("renew", "POST", "/groups/{group}/link", _renew),
)
