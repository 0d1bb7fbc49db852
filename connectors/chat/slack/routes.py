"""The allow-list: every Slack method this connector may call, with its HTTP verb, tier and token."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.wire import Access, Route

API = "api"
SCIM = "scim"
HOOKS = "hooks"
"""Where answers to commands and buttons go: the `response_url` that came with them."""
SOCKETS = "sockets"
"""Where `apps.connections.open` says that a websocket is to be opened."""


@dataclass(frozen=True, slots=True)
class Method:
    """One Web API method as documented: verb, read or write, rate limit, which token calls it."""

    name: str
    verb: str
    access: Access
    limit: str
    admin: bool = False
    app: bool = False
    """Called with the app-level token (xapp-…)."""

    def route(self) -> Route:
        """Give the wire's form; Slack takes GET and POST alike for every method, so both are let out."""
        return Route(
            name=self.name,
            methods=frozenset({"GET", "POST"} if self.access is Access.READ else {"POST"}),
            base=API,
            path=self.name,
            access=self.access,
            limit=self.limit,
        )


_METHODS = (
    Method("auth.test", "POST", Access.READ, "t5"),
    Method("team.info", "GET", Access.READ, "t3"),
    Method("users.list", "GET", Access.READ, "t2"),
    Method("users.info", "GET", Access.READ, "t4"),
    Method("users.lookupByEmail", "GET", Access.READ, "t3"),
    Method("users.conversations", "GET", Access.READ, "t3"),
    Method("conversations.list", "GET", Access.READ, "t2"),
    Method("conversations.info", "GET", Access.READ, "t3"),
    Method("conversations.members", "GET", Access.READ, "t4"),
    Method("conversations.history", "GET", Access.READ, "t3"),
    Method("usergroups.list", "GET", Access.READ, "t2"),
    Method("usergroups.users.list", "GET", Access.READ, "t2"),
    Method("conversations.kick", "POST", Access.WRITE, "t3"),
    Method("conversations.join", "POST", Access.WRITE, "t3"),
    Method("conversations.open", "POST", Access.WRITE, "t3"),
    Method("usergroups.users.update", "POST", Access.WRITE, "t2"),
    Method("chat.postMessage", "POST", Access.WRITE, "post"),
    Method("chat.update", "POST", Access.WRITE, "t3"),
    Method("views.open", "POST", Access.WRITE, "t4"),
    Method("views.update", "POST", Access.WRITE, "t4"),
    Method("views.publish", "POST", Access.WRITE, "t4"),
    Method("apps.connections.open", "POST", Access.READ, "t3", app=True),
    Method("conversations.invite", "POST", Access.WRITE, "t3"),
    Method("conversations.requestSharedInvite.list", "POST", Access.READ, "t2"),
    Method("conversations.requestSharedInvite.deny", "POST", Access.WRITE, "t2"),
    Method("admin.inviteRequests.list", "POST", Access.READ, "t2", admin=True),
    Method("admin.inviteRequests.approved.list", "POST", Access.READ, "t2", admin=True),
    Method("admin.inviteRequests.deny", "POST", Access.WRITE, "t2", admin=True),
    Method("admin.roles.listAssignments", "GET", Access.READ, "t3", admin=True),
    Method("admin.roles.addAssignments", "POST", Access.WRITE, "t2", admin=True),
    Method("admin.roles.removeAssignments", "POST", Access.WRITE, "t2", admin=True),
    Method("admin.conversations.search", "POST", Access.READ, "t2", admin=True),
    Method("admin.conversations.kick", "POST", Access.WRITE, "t2", admin=True),
    Method("conversations.listConnectInvites", "POST", Access.READ, "t1"),
    Method("admin.users.session.list", "POST", Access.READ, "t2", admin=True),
    Method("admin.users.session.reset", "POST", Access.WRITE, "t2", admin=True),
    Method("admin.users.session.resetBulk", "POST", Access.WRITE, "t2", admin=True),
    Method("admin.users.deactivate", "POST", Access.WRITE, "t2", admin=True),
)
METHODS = {method.name: method for method in _METHODS}

SCIM_DEACTIVATE = "scim.users.patch"
# DELETE is left out on purpose: at Slack it deactivates, elsewhere the same call erases.
_SCIM_ROUTES = (Route(SCIM_DEACTIVATE, frozenset({"PATCH"}), SCIM, "Users/{id}", Access.WRITE, "scim_write"),)

_HOOK_ROUTES = tuple(
    Route(
        f"response_url.{kind}",
        frozenset({"POST"}),
        HOOKS,
        f"{kind}/{{team}}/{{id}}/{{secret}}",
        Access.WRITE,
        "hook",
    )
    for kind in ("commands", "actions")
)
_SOCKET_ROUTES = tuple(
    Route("socket_mode", frozenset({"GET"}), SOCKETS, path, Access.READ, "t3", upgrade=True)
    for path in ("link/", "link")
)

ROUTES: tuple[Route, ...] = (
    *(method.route() for method in _METHODS),
    *_SCIM_ROUTES,
    *_HOOK_ROUTES,
    *_SOCKET_ROUTES,
)
