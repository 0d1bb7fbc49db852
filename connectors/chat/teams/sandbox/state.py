"""The sandbox's tenant: people, groups, teams, channels, chats and apps that requests really change."""

from __future__ import annotations

import dataclasses
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

TENANT_ID = "0b1e5a1c-0000-4000-8000-000000000001"
CLIENT_ID = "0b1e5a1c-0000-4000-8000-0000000000a1"
CLIENT_SECRET = "sandbox~app~secret"  # noqa: S105 - opens nothing but this sandbox
APP_OBJECT_ID = "0b1e5a1c-0000-4000-8000-0000000000a2"
ADMIN_ID = "0b1e5a1c-0000-4000-8000-0000000000b1"

PERMISSIONS = (
    "Organization.Read.All",
    "User.Read.All",
    "User-LifeCycleInfo.Read.All",
    "User.RevokeSessions.All",
    "User.EnableDisableAccount.All",
    "GroupMember.ReadWrite.All",
    "Group.ReadWrite.All",
    "Team.ReadBasic.All",
    "TeamMember.ReadWrite.All",
    "Channel.ReadBasic.All",
    "ChannelMember.ReadWrite.All",
    "Chat.ReadBasic.All",
    "ChatMember.ReadWrite.All",
)
"""What an administrator consented to in `base_tenant`; never enough to delete a user."""


def new_id() -> str:
    """Give a fresh object id."""
    return str(uuid.uuid4())


@dataclass(slots=True)
class User:
    """One account of the directory."""

    id: str
    display_name: str = ""
    mail: str | None = None
    user_principal_name: str = ""
    other_mails: list[str] = field(default_factory=list)
    account_enabled: bool = True
    user_type: str = "Member"
    employee_id: str | None = None
    department: str | None = None
    manager_id: str | None = None
    sign_in_sessions_valid_from: datetime = datetime(2020, 1, 1, tzinfo=UTC)
    signed_in_at: datetime | None = datetime(2020, 6, 1, tzinfo=UTC)
    """When the latest session began; it counts for as long as sessions from then on are valid."""
    employee_leave: datetime | None = None

    def __post_init__(self) -> None:
        self.user_principal_name = self.user_principal_name or self.mail or f"{self.id}@sandbox.example"

    @property
    def signed_in(self) -> bool:
        """Whether a session still counts."""
        return self.signed_in_at is not None and self.signed_in_at >= self.sign_in_sessions_valid_from


@dataclass(slots=True)
class ServicePrincipal:
    """An app as the directory sees it; it can own groups."""

    id: str
    app_id: str
    display_name: str = ""


@dataclass(slots=True)
class EntraGroup:
    """One group: a security group unless said otherwise. Members may be users, groups or apps."""

    id: str
    display_name: str = ""
    members: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    """Apart from the members: one can own a group without being in it."""
    group_types: list[str] = field(default_factory=list)
    mail_enabled: bool = False
    security_enabled: bool = True
    synced: bool = False
    """Mastered by a directory on premises (`onPremisesSyncEnabled`)."""
    role_assignable: bool = False
    visibility: str | None = None
    hidden_membership: bool = False
    """Whether its members are shown to nobody without Member.Read.Hidden, not even in a person's own list."""

    @property
    def unified(self) -> bool:
        """Whether it is a Microsoft 365 group."""
        return "Unified" in self.group_types

    @property
    def dynamic(self) -> bool:
        """Whether a rule keeps its members."""
        return "DynamicMembership" in self.group_types


def m365_group(id_: str, name: str, members: list[str], owners: list[str]) -> EntraGroup:
    """Give a Microsoft 365 group."""
    return EntraGroup(
        id_,
        name,
        members,
        owners,
        ["Unified"],
        mail_enabled=True,
        security_enabled=False,
        visibility="Private",
    )


def distribution_list(id_: str, name: str, members: list[str], owners: list[str]) -> EntraGroup:
    """Give a distribution list, which only Exchange may change."""
    return EntraGroup(id_, name, members, owners, mail_enabled=True, security_enabled=False)


@dataclass(slots=True)
class Team:
    """The team over the group of the same id; who is in it is what the group says."""

    id: str
    archived: bool = False


@dataclass(slots=True)
class Channel:
    """One channel. Private and shared ones have members of their own, by id with `owner`, `guest` or ``."""

    id: str
    team_id: str
    display_name: str = ""
    membership_type: str = "standard"
    members: dict[str, str] = field(default_factory=dict)
    shared_with: list[str] = field(default_factory=list)
    """Ids of other teams a shared channel is shared with."""


@dataclass(slots=True)
class Chat:
    """One chat with its members, by id with `owner`, `guest` or ``."""

    id: str
    topic: str | None = None
    chat_type: str = "group"
    members: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class App:
    """One app registration: its secrets, and what an administrator consented to."""

    client_id: str
    object_id: str
    display_name: str = "bawab"
    secrets: list[str] = field(default_factory=list)
    granted: list[str] = field(default_factory=list)
    enabled: bool = True


@dataclass(slots=True)
class Subscription:
    """One subscription to change notifications."""

    id: str
    resource: str
    change_type: str
    notification_url: str
    expires: datetime
    client_state: str | None = None
    lifecycle_notification_url: str | None = None
    application_id: str = CLIENT_ID


Thing = User | ServicePrincipal | EntraGroup | Team | Channel | Chat | App


@dataclass(slots=True)
class Tenant:
    """Everything the sandbox knows, by id."""

    id: str = TENANT_ID
    display_name: str = "Sandbox"
    other_tenants: set[str] = field(default_factory=set)
    """Tenants the app is known in too: a token for one of them is well made and of no use here."""
    users: dict[str, User] = field(default_factory=dict)
    service_principals: dict[str, ServicePrincipal] = field(default_factory=dict)
    groups: dict[str, EntraGroup] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    chats: dict[str, Chat] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)

    def add(self, *things: Thing) -> Tenant:
        """Put things in, each into its own table; a team brings its General channel along."""
        for thing in things:
            if isinstance(thing, App):
                self.apps[thing.client_id] = thing
                continue
            self._table(thing)[thing.id] = thing
            if isinstance(thing, Team):
                general = Channel(f"19:general-{thing.id}@thread.tacv2", thing.id, "General")
                self.channels[general.id] = general
        return self

    def _table(self, thing: Thing) -> dict[str, Any]:
        tables: dict[type[Any], dict[str, Any]] = {
            User: self.users,
            ServicePrincipal: self.service_principals,
            EntraGroup: self.groups,
            Team: self.teams,
            Channel: self.channels,
            Chat: self.chats,
        }
        return tables[type(thing)]

    def app(self) -> App:
        """Give the first app registration: the one under test."""
        return next(iter(self.apps.values()))

    def channels_of(self, team_id: str) -> list[Channel]:
        """Give the channels a team hosts."""
        return [channel for channel in self.channels.values() if channel.team_id == team_id]

    def user_named(self, key: str) -> User | None:
        """Find a user by object id or by user principal name, as Graph's `{id | upn}` does."""
        found = self.users.get(key)
        if found is not None:
            return found
        wanted = key.casefold()
        return next(
            (user for user in self.users.values() if user.user_principal_name.casefold() == wanted), None
        )

    def snapshot(self) -> dict[str, Any]:
        """Give the whole state without apps and their secrets, for tests and the demo."""
        names = ("users", "service_principals", "groups", "teams", "channels", "chats")
        return {
            "tenant_id": self.id,
            **{name: [dataclasses.asdict(one) for one in getattr(self, name).values()] for name in names},
        }


def base_tenant() -> Tenant:
    """Give a tenant with one administrator and the app, to whose permissions was consented."""
    app = App(CLIENT_ID, APP_OBJECT_ID, "bawab", [CLIENT_SECRET], list(PERMISSIONS))
    return Tenant().add(
        app,
        ServicePrincipal(APP_OBJECT_ID, CLIENT_ID, "bawab"),
        User(ADMIN_ID, "Admin", "admin@example.com"),
    )
