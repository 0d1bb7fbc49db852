"""The sandbox's workspace: people, channels, user groups, tokens and preferences that calls really change."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from connectors.chat.slack.sandbox.surface import Surface

BOT_TOKEN = "xoxb-sandbox-bot"  # noqa: S105 - opens nothing but this sandbox
APP_TOKEN = "xapp-sandbox-app"  # noqa: S105 - opens nothing but this sandbox
ADMIN_TOKEN = "xoxp-sandbox-admin"  # noqa: S105 - opens nothing but this sandbox
BOT_ID = "UBOT"
ADMIN_ID = "UADMIN"
GENERAL_ID = "CGENERAL"
CHANNEL_MANAGER = "Rl0A"

BOT_SCOPES = (
    "channels:read",
    "groups:read",
    "mpim:read",
    "users:read",
    "users:read.email",
    "usergroups:read",
    "team:read",
    "channels:manage",
    "groups:write",
    "usergroups:write",
    "channels:join",
    "chat:write",
    "im:write",
    "im:history",
    "conversations.connect:manage",
    "commands",
)
ADMIN_SCOPES = (
    "admin",
    "admin.users:read",
    "admin.users:write",
    "admin.conversations:read",
    "admin.conversations:write",
    "admin.invites:read",
    "admin.invites:write",
    "admin.roles:read",
    "admin.roles:write",
)


@dataclass(slots=True)
class User:
    """One account."""

    id: str
    name: str = ""
    email: str = ""
    team_id: str = ""
    deleted: bool = False
    is_bot: bool = False
    is_admin: bool = False
    is_primary_owner: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    sessions: int = 1


@dataclass(slots=True)
class Channel:
    """One conversation of any kind; `im` are the direct messages notices go to."""

    id: str
    name: str = ""
    members: list[str] = field(default_factory=list)
    creator: str = ""
    is_private: bool = False
    is_mpim: bool = False
    is_im: bool = False
    is_general: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False
    messages: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class UserGroup:
    """One user group ("subteam")."""

    id: str
    handle: str = ""
    users: list[str] = field(default_factory=list)
    disabled: bool = False
    auto_type: str | None = None
    auto_provision: bool = False
    created_by: str = ""


@dataclass(slots=True)
class ConnectInvite:
    """One invitation to a shared channel that nobody has answered yet."""

    id: str
    channel: str
    inviting_user: str
    direction: str = "outgoing"


class RequestState(StrEnum):
    """What became of a request, in the words of Slack's filters."""

    OPEN = "open"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"


@dataclass(slots=True)
class InviteRequest:
    """One request to invite an address; `shared`: into a channel from outside, else into the workspace."""

    id: str
    requesters: list[str]
    email: str = "somebody@example.net"
    channel: str = ""
    shared: bool = False
    state: RequestState = RequestState.OPEN
    date_created: int = 1700000000


@dataclass(slots=True)
class RoleAssignment:
    """One role of one account in a channel, workspace or organisation."""

    user: str
    entity: str
    role: str = CHANNEL_MANAGER
    date_create: int = 1700000000


@dataclass(slots=True)
class Token:
    """One token: whose it is, what it may, whether it still counts."""

    value: str
    user: str
    scopes: list[str]
    revoked: bool = False

    @property
    def is_bot(self) -> bool:
        """Bot tokens start with xoxb."""
        return self.value.startswith("xoxb-")

    @property
    def is_app(self) -> bool:
        """App-level tokens start with xapp."""
        return self.value.startswith("xapp-")


Thing = User | Channel | UserGroup | Token | ConnectInvite | RoleAssignment | InviteRequest


@dataclass(slots=True)
class Preferences:
    """Workspace preferences no API shows: who may remove people, who may edit user groups."""

    everyone_may_kick: bool = True
    everyone_may_edit_user_groups: bool = True
    deactivation_keeps_memberships: bool = False
    """Undocumented for Slack, so the sandbox can behave either way."""
    plan_has_user_groups: bool = True
    has_role_api: bool = True
    has_invite_request_api: bool = True
    connect_requests_governed: bool = True
    """Whether requests to invite outsiders wait for an admin; else listing them is a restricted action."""


@dataclass(slots=True)
class Workspace:
    """Everything the sandbox knows, by id."""

    team_id: str = "T0SANDBOX"
    team: str = "Sandbox"
    enterprise_id: str | None = "E0SANDBOX"
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    user_groups: dict[str, UserGroup] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    connect_invites: list[ConnectInvite] = field(default_factory=list)
    roles: list[RoleAssignment] = field(default_factory=list)
    invite_requests: list[InviteRequest] = field(default_factory=list)
    prefs: Preferences = field(default_factory=Preferences)
    surface: Surface = field(default_factory=Surface)

    def add(self, *things: Thing) -> Workspace:
        """Put things in, each into its own table; give the workspace back."""
        for thing in things:
            match thing:
                case User():
                    thing.team_id = thing.team_id or self.team_id
                    self.users[thing.id] = thing
                case Channel():
                    self.channels[thing.id] = thing
                case UserGroup():
                    self.user_groups[thing.id] = thing
                case Token():
                    self.tokens[thing.value] = thing
                case _:
                    self._note(thing)
        return self

    def _note(self, thing: ConnectInvite | RoleAssignment | InviteRequest) -> None:
        match thing:
            case ConnectInvite():
                self.connect_invites.append(thing)
            case RoleAssignment():
                self.roles.append(thing)
            case InviteRequest():
                self.invite_requests.append(thing)

    def snapshot(self) -> dict[str, Any]:
        """Give the whole state without tokens, for tests and the demo."""
        return {
            "team_id": self.team_id,
            "users": [dataclasses.asdict(user) for user in self.users.values()],
            "channels": [dataclasses.asdict(channel) for channel in self.channels.values()],
            "user_groups": [dataclasses.asdict(group) for group in self.user_groups.values()],
            "roles": [dataclasses.asdict(role) for role in self.roles],
        }


def base_workspace() -> Workspace:
    """Give a workspace with the bot, an organisation admin, both tokens and #general."""
    return Workspace().add(
        User(BOT_ID, "bawab", is_bot=True),
        User(ADMIN_ID, "admin", "admin@example.com", is_admin=True),
        Token(BOT_TOKEN, BOT_ID, list(BOT_SCOPES)),
        Token(ADMIN_TOKEN, ADMIN_ID, list(ADMIN_SCOPES)),
        Token(APP_TOKEN, BOT_ID, ["connections:write"]),
        Channel(GENERAL_ID, "general", [BOT_ID, ADMIN_ID], ADMIN_ID, is_general=True),
    )


def from_seed(seed: dict[str, Any]) -> Workspace:
    """Build a workspace from a JSON seed.

    It may hold `users`, `channels`, `user_groups`, `roles`, `tokens`, `prefs` and the team's fields.
    What the seed leaves out comes from `base_workspace`; every seeded user joins #general.
    """
    workspace = base_workspace()
    for name in ("team_id", "team", "enterprise_id"):
        if name in seed:
            setattr(workspace, name, seed[name])
    for user in workspace.users.values():
        user.team_id = workspace.team_id
    kinds = (
        ("users", User),
        ("channels", Channel),
        ("user_groups", UserGroup),
        ("roles", RoleAssignment),
        ("tokens", Token),
    )
    for key, kind in kinds:
        workspace.add(*(kind(**row) for row in seed.get(key, ())))
    workspace.prefs = Preferences(**seed.get("prefs", {}))
    general = workspace.channels[GENERAL_ID].members
    general += [row["id"] for row in seed.get("users", ()) if row["id"] not in general]
    return workspace
