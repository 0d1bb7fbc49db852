"""The allow-list of Graph requests, alone or inside a `$batch`: none deletes a person, a group or a team."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from connectors.routes import Access, Judge, Part, Route, Unreadable, find

GRAPH = "graph"
LOGIN = "login"
TOKEN = "login.token"  # noqa: S105 - the name of a route
BATCH = "$batch"
MOST_PARTS = 20
"""Graph takes no more in one `$batch` (concepts/json-batching)."""

# Ids as Graph gives them, decoded once: GUIDs, `19:…@thread.v2`, base64. A dot segment, a slash or a
# percent sign that survives decoding could make a server see another path than the one judged here.
_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._:@=+~-]+")
# Anything else (a method override, for one) could make a part be carried out as something else.
_PART_HEADERS = frozenset({"content-type", "consistencylevel", "prefer"})
NEWER_VALUES = "include-unknown-enum-members"
"""The one preference that leaves: values younger than Graph v1.0 are named, such as shared channels."""
_PART_KEYS = frozenset({"id", "method", "url", "headers", "body", "dependsOn"})


@dataclass(frozen=True, slots=True)
class GraphRoute(Route):
    """A route whose `{segments}` hold ids and nothing else; `permissions`: any one of them is enough."""

    permissions: tuple[str, ...] = ()

    def matches(self, method: str, base: str, path: str) -> bool:
        """Whether a request is this route."""
        # Spelt out, because a slotted dataclass is made anew and `super()` would miss it.
        if not Route.matches(self, method, base, path):
            return False
        return all(_ID.fullmatch(unquote(value)) for value in self.values(path).values())


def unpack(body: bytes) -> Sequence[Part]:
    """Take a `$batch` apart; raises Unreadable for all that Graph might read otherwise than we do."""
    try:
        envelope = json.loads(body, object_pairs_hook=_once_each)
    except (ValueError, RecursionError):
        raise Unreadable("the batch is no JSON, or says a thing twice") from None
    requests = envelope.get("requests") if isinstance(envelope, dict) and len(envelope) == 1 else None
    if not isinstance(requests, list) or not 0 < len(requests) <= MOST_PARTS:
        raise Unreadable(f"the batch holds no list of 1 to {MOST_PARTS} requests")
    return [_part(request) for request in requests]


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that comes twice: two readers could take different ones."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key comes twice")
    return dict(pairs)


def _part(request: Any) -> Part:
    if not isinstance(request, dict) or not set(request) <= _PART_KEYS:
        raise Unreadable("a request in the batch has an unknown form")
    method, url, headers = request.get("method"), request.get("url"), request.get("headers", {})
    if not isinstance(method, str) or not isinstance(url, str) or not isinstance(headers, dict):
        raise Unreadable("a request in the batch has no method, address or headers")
    if not {str(name).lower() for name in headers} <= _PART_HEADERS:
        raise Unreadable("a request in the batch has a header that is not let out")
    if any(str(name).lower() == "prefer" and value != NEWER_VALUES for name, value in headers.items()):
        raise Unreadable("a request in the batch asks for a preference that is not let out")
    # As Graph would be sent it alone; a body that is left out says nothing.
    body = json.dumps(request["body"]).encode() if "body" in request else b""
    return Part(method, path_of(url), body)


def path_of(url: str) -> str:
    """Give the path of a part's address, encoded as it is; raises Unreadable where it is not plainly one."""
    path = url.partition("?")[0]
    plain = path.isascii() and path.isprintable() and not set(path) & set("\\#; ")
    if not plain or not path.startswith("/") or "//" in path:
        raise Unreadable("a request in the batch has no plain relative path")
    if any(unquote(segment) in {".", ".."} for segment in path.split("/")):
        raise Unreadable("a request in the batch has dots for a path segment")
    return path


def route_of(method: str, url: str) -> Route | None:
    """Find the route of a Graph request given relative to the base, for its name and permissions."""
    return find(ROUTES, method, GRAPH, url.partition("?")[0])


def _said(body: bytes) -> dict[str, Any]:
    """Read a body; nothing where it is no JSON object, or could be read in two ways."""
    try:
        data = json.loads(body, object_pairs_hook=_once_each)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _only_disables(body: bytes) -> str:
    said = _said(body)
    disables = set(said) == {"accountEnabled"} and said["accountEnabled"] is False
    return "" if disables else "of an account nothing is changed but that it is disabled"


def _only_makes_owner(body: bytes) -> str:
    said = _said(body)
    owner = said.get("roles") == ["owner"] and set(said) <= {"@odata.type", "roles", "user@odata.bind"}
    return "" if owner else "in a channel nobody is made anything but owner"


def _only_refers(body: bytes) -> str:
    said = _said(body)
    refers = set(said) == {"@odata.id"} and isinstance(said["@odata.id"], str)
    return "" if refers else "a member or owner is named by one reference, and nothing else is said"


def _read(path: str, limit: str, *permissions: str, team: bool = False) -> GraphRoute:
    return _route("GET", path, Access.READ, limit, permissions, team)


def _write(
    method: str, path: str, limit: str, *permissions: str, team: bool = False, judge: Judge | None = None
) -> GraphRoute:
    return _route(method, path, Access.WRITE, limit, permissions, team, judge)


def _route(
    method: str,
    path: str,
    access: Access,
    limit: str,
    permissions: tuple[str, ...],
    team: bool,
    judge: Judge | None = None,
) -> GraphRoute:
    segment = "team" if "{team}" in path else "chat"
    return GraphRoute(
        name=f"{method} {path}",
        methods=frozenset({method}),
        base=GRAPH,
        path=path,
        access=access,
        limit=limit,
        per=((segment, "team_rps"),) if team else (),
        judge=judge,
        permissions=permissions,
    )


_GROUP_READ = ("GroupMember.Read.All", "GroupMember.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All")
_USER_READ = ("User.Read.All", "User.ReadWrite.All")
_GROUP_WRITE = ("GroupMember.ReadWrite.All", "Group.ReadWrite.All")
_OWNER_WRITE = ("Group.ReadWrite.All",)
_TEAM_READ = ("Team.ReadBasic.All",)
_TEAM_WRITE = ("TeamMember.ReadWrite.All",)
_CHANNEL_READ = ("Channel.ReadBasic.All",)
_CHANNEL_MEMBER_READ = ("ChannelMember.Read.All", "ChannelMember.ReadWrite.All")
_CHANNEL_WRITE = ("ChannelMember.ReadWrite.All",)
_CHAT_READ = ("Chat.ReadBasic.All", "Chat.Read.All", "Chat.ReadWrite.All")
_CHAT_MEMBER_READ = ("ChatMember.Read.All", "ChatMember.ReadWrite.All", "Chat.Read.All", "Chat.ReadWrite.All")
_CHAT_WRITE = ("ChatMember.ReadWrite.All", "Chat.ReadWrite.All")
_CHANNEL_MEMBERS = "/teams/{team}/channels/{channel}/members"

# Permissions: "Application" in the permissions table of each method at learn.microsoft.com/graph/api.
_READS = (
    _read("/organization", "identity_read", "Organization.Read.All"),
    _read("/users", "identity_read", *_USER_READ),
    _read("/users/{user}", "identity_read", *_USER_READ),
    _read("/users/{user}/memberOf", "identity_read", *_GROUP_READ),
    _read("/users/{user}/transitiveMemberOf", "identity_read", *_GROUP_READ),
    _read("/users/{user}/ownedObjects", "identity_read", *_USER_READ),
    _read("/users/{user}/teamwork/associatedTeams", "teams_read", *_TEAM_READ),
    _read("/users/{user}/chats", "teams_read", *_CHAT_READ),
    _read("/groups", "identity_read", *_GROUP_READ),
    _read("/groups/{group}", "identity_read", *_GROUP_READ),
    _read("/groups/{group}/members", "identity_read", *_GROUP_READ),
    _read("/groups/{group}/transitiveMembers", "identity_read", *_GROUP_READ),
    _read("/groups/{group}/owners", "identity_read", *_GROUP_READ),
    _read("/teams", "teams_read", *_TEAM_READ),
    _read("/teams/{team}/members", "teams_members", "TeamMember.Read.All", *_TEAM_WRITE, team=True),
    _read("/teams/{team}/channels", "teams_members", *_CHANNEL_READ, team=True),
    _read(_CHANNEL_MEMBERS, "teams_members", *_CHANNEL_MEMBER_READ, team=True),
    _read("/chats/{chat}/members", "teams_read", *_CHAT_MEMBER_READ, team=True),
)
_WRITES = (
    _write("DELETE", "/groups/{group}/members/{object}/$ref", "identity_write", *_GROUP_WRITE),
    _write("DELETE", "/groups/{group}/owners/{object}/$ref", "identity_write", *_OWNER_WRITE),
    _write("POST", "/groups/{group}/members/$ref", "identity_write", *_GROUP_WRITE, judge=_only_refers),
    _write("POST", "/groups/{group}/owners/$ref", "identity_write", *_OWNER_WRITE, judge=_only_refers),
    _write("POST", "/teams/{team}/members/remove", "teams_write", *_TEAM_WRITE, team=True),
    _write("POST", _CHANNEL_MEMBERS, "teams_write", *_CHANNEL_WRITE, team=True, judge=_only_makes_owner),
    _write(
        "PATCH",
        _CHANNEL_MEMBERS + "/{membership}",
        "teams_write",
        *_CHANNEL_WRITE,
        team=True,
        judge=_only_makes_owner,
    ),
    _write("DELETE", _CHANNEL_MEMBERS + "/{membership}", "teams_write", *_CHANNEL_WRITE, team=True),
    _write("DELETE", "/chats/{chat}/members/{membership}", "teams_write", *_CHAT_WRITE, team=True),
    # Ends or prolongs what Graph tells us, and nothing else.
    _write("POST", "/subscriptions", "identity_write"),
    _write("PATCH", "/subscriptions/{subscription}", "identity_write"),
    _write("DELETE", "/subscriptions/{subscription}", "identity_write"),
    _write(
        "PATCH",
        "/users/{user}",
        "identity_write",
        "User.EnableDisableAccount.All",
        "User.ReadWrite.All",
        judge=_only_disables,
    ),
    _write(
        "POST",
        "/users/{user}/revokeSignInSessions",
        "identity_write",
        "User.RevokeSessions.All",
        "User.ReadWrite.All",
        "Directory.ReadWrite.All",
    ),
)
_CARRIER = Route(
    BATCH, frozenset({"POST"}), GRAPH, "/$batch", Access.READ, "identity_read", (), unpack
)  # read or write as its parts are
# A dry run must sign in too, and asking for a token changes nothing.
_SIGN_IN = Route(TOKEN, frozenset({"POST"}), LOGIN, "{tenant}/oauth2/v2.0/token", Access.READ, "login")

ROUTES: tuple[Route, ...] = (*_READS, *_WRITES, _CARRIER, _SIGN_IN)
