"""The real Teams connector against the Graph sandbox, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from connectors.chat.teams.config import TeamsConfig
from connectors.chat.teams.connector import TeamsConnector
from connectors.chat.teams.sandbox import (
    ADMIN_ID,
    APP_OBJECT_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    TENANT_ID,
    Channel,
    Chat,
    EntraGroup,
    Sandbox,
    Team,
    Tenant,
    User,
    base_tenant,
    create_sandbox,
    m365_group,
)
from connectors.contract import ChatConnector, Promotion, Revocation
from connectors.sandboxing import server_for
from policies.model import Account, Group, GroupKind, Membership, Person, Role
from tests.contract.serving import started
from tests.contract.stage import PATIENCE, SOUND, Call, Cast, Fault, Flaw, Need, Place
from tests.contract.teams.faults import FAULTS, inject

INSTANCE = "acme"


def object_id(number: int) -> str:
    return f"5a5a5a5a-0000-4000-8000-{number:012d}"


ANA, NAMESAKE, OMAR = object_id(1), object_id(2), object_id(3)
M365, TEAM, SECURITY, HOST, OWNED, OUTSIDE, BOTH, HIDDEN = (object_id(number) for number in range(11, 19))
CHANNEL, CHAT = "19:private@thread.tacv2", "19:chat@thread.v2"
TRIO = (ANA, NAMESAKE, OMAR)
ORDINARY = (M365, TEAM, SECURITY, CHANNEL, CHAT)
_CHANNEL_KINDS = {"private": GroupKind.PRIVATE_CHANNEL, "shared": GroupKind.SHARED_CHANNEL}


def tenant() -> Tenant:
    """Two people of one name, groups of every kind over several pages, owners apart from members."""
    made = base_tenant().add(
        User(ANA, "Ana Quispe", "ana@example.com"),
        User(NAMESAKE, "Ana Quispe", "ana.quispe@example.com"),
        User(OMAR, "عمر", "omar@example.com"),
        m365_group(M365, "m365", list(TRIO), [OMAR]),
        m365_group(TEAM, "team", list(TRIO), [OMAR]),
        EntraGroup(SECURITY, "security", list(TRIO)),
        m365_group(HOST, "host", list(TRIO), [OMAR]),
        m365_group(OWNED, "owned", list(TRIO), [ANA]),
        m365_group(OUTSIDE, "outside", [NAMESAKE, OMAR], [OMAR]),
        # Owner and member both: neither may be left behind.
        m365_group(BOTH, "both", list(TRIO), [ANA, OMAR]),
        EntraGroup(HIDDEN, "hidden", list(TRIO), hidden_membership=True),
        Team(TEAM),
        Team(HOST),
        # In another team than the ordinary one: leaving a team takes its private channels along.
        Channel(CHANNEL, HOST, "private", "private", {OMAR: "owner", ANA: "", NAMESAKE: ""}),
        Chat(CHAT, "chat", "group", dict.fromkeys(TRIO, "owner")),
    )
    # All but what would show the hidden group's members.
    made.app().granted = [scope.name for scope in _CAPABILITIES.scopes if scope.name != "Member.Read.Hidden"]
    return made


def cast() -> Cast:
    return Cast(
        person=Person("E7", "Ana Quispe", account_ids=((INSTANCE, ANA),)),
        leaver=Account(INSTANCE, ANA, "Ana Quispe", email="ana@example.com"),
        namesake=Account(INSTANCE, NAMESAKE, "Ana Quispe", email="ana.quispe@example.com"),
        everybody=frozenset({ADMIN_ID, *TRIO}),
        groups=ORDINARY,
        outside=OUTSIDE,
        bot=Account(INSTANCE, APP_OBJECT_ID, "bawab"),
        owned=OWNED,
        hidden=frozenset({HIDDEN}),
        # Graph lists no chats to an app; each person's own list has them.
        unlisted=frozenset({CHAT}),
        successor=Account(INSTANCE, OMAR, "عمر"),
        # A token, one batch with the first pages, and the pages that follow them.
        read_back_calls=8,
    )


def teams_config(url: str, *, read_only: bool = False, patience: float = PATIENCE) -> TeamsConfig:
    return TeamsConfig(
        instance=INSTANCE,
        tenant_id=TENANT_ID,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        base_url=f"{url}/v1.0",
        login_url=url,
        pace_scale=0.0,
        timeout_seconds=patience,
        backoff_seconds=0.001,
        read_tries=1,
        longest_read_wait_seconds=1.0,
        read_only=read_only,
        page_size=2,
    )


_CAPABILITIES = TeamsConnector(teams_config("http://127.0.0.1:9")).capabilities


class TeamsStage:
    """One sandbox with its connector."""

    def __init__(self, sandbox: Sandbox, config: TeamsConfig) -> None:
        self.sandbox = sandbox
        self.config = config
        self.connector: ChatConnector = TeamsConnector(config)
        self.cast = cast()
        self.secrets = frozenset({CLIENT_SECRET})

    def revocation(self, group_id: str, account: Account | None = None) -> Revocation:
        who = account or self.cast.leaver
        membership = Membership(who, self._group(group_id), self._role(group_id, who.id))
        return Revocation(f"step-{group_id}", who.id, membership)

    def _group(self, group_id: str) -> Group:
        tenant = self.sandbox.tenant
        channel = tenant.channels.get(group_id)
        if channel is not None:
            kind = _CHANNEL_KINDS[channel.membership_type]
            return Group(INSTANCE, "teams", group_id, channel.display_name, kind, parent_id=channel.team_id)
        if group_id in tenant.chats:
            return Group(INSTANCE, "teams", group_id, "chat", GroupKind.GROUP_CHAT)
        return Group(INSTANCE, "teams", group_id, "group", self._kind(group_id))

    def _kind(self, group_id: str) -> GroupKind:
        if group_id in self.sandbox.tenant.teams:
            return GroupKind.TEAM
        group = self.sandbox.tenant.groups.get(group_id)
        return GroupKind.SECURITY_GROUP if group and not group.unified else GroupKind.M365_GROUP

    def _role(self, group_id: str, account_id: str) -> Role:
        group = self.sandbox.tenant.groups.get(group_id)
        return Role.OWNER if group and account_id in group.owners else Role.MEMBER

    async def truth(self) -> Mapping[str, frozenset[str]]:
        """Owners count as inside, members or not; standard channels are their team."""
        tenant = self.sandbox.tenant
        groups = {id_: frozenset([*one.members, *one.owners]) for id_, one in tenant.groups.items()}
        own = {id_: one for id_, one in tenant.channels.items() if one.membership_type != "standard"}
        channels = {id_: frozenset(channel.members) for id_, channel in own.items()}
        return groups | channels | {id_: frozenset(chat.members) for id_, chat in tenant.chats.items()}

    def promotion(self, group_id: str, successor: Account) -> Promotion:
        group = self._group(group_id)
        return Promotion(f"promote-{group_id}", successor, group, self.cast.leaver.id)

    async def owners(self) -> Mapping[str, frozenset[str]]:
        """Apps are no owners that count."""
        tenant = self.sandbox.tenant
        users = frozenset(tenant.users)
        groups = {id_: users & frozenset(one.owners) for id_, one in tenant.groups.items()}
        owning = {
            id_: frozenset(user for user, role in one.members.items() if role == "owner")
            for id_, one in tenant.channels.items()
        }
        return groups | owning

    async def open_accounts(self) -> frozenset[str]:
        return frozenset(id_ for id_, user in self.sandbox.tenant.users.items() if user.account_enabled)

    async def signed_in(self) -> frozenset[str]:
        return frozenset(id_ for id_, user in self.sandbox.tenant.users.items() if user.signed_in)

    async def calls(self) -> Sequence[Call]:
        """A batch is one request; it writes where any part does."""
        journal = self.sandbox.journal
        writing = {entry.part_of for entry in journal if entry.write}
        whole = [(position, entry) for position, entry in enumerate(journal) if entry.part_of is None]
        return [Call(entry.name, entry.write or position in writing) for position, entry in whole]

    async def inject(self, fault: Fault, place: Place, group: str | None = None) -> None:
        inject(self.sandbox, fault, place, group)

    async def settle(self) -> None:
        self.sandbox.settle()

    async def deactivate(self, account: Account) -> None:
        self.sandbox.tenant.users[account.id].account_enabled = False

    async def rename(self) -> None:
        self.sandbox.tenant.users[ANA].display_name = "Ana Quispe-Rojas"
        self.sandbox.tenant.groups[M365].display_name = "renamed"

    async def withhold_scope(self, name: str) -> None:
        self.sandbox.withdraw_consent(name)


class TeamsHarness:
    """Starts a fresh sandbox for every check."""

    name = "teams"
    capabilities = _CAPABILITIES
    declares = frozenset(
        {Need.OWNERS, Need.HIDDEN_GROUPS, Need.OWN_ACCOUNT, Need.RENAMES, Need.LISTS_MEMBERS}
    )
    faults = FAULTS

    @asynccontextmanager
    async def stage(
        self, *, read_only: bool = False, patience: float = PATIENCE, flaw: Flaw = SOUND
    ) -> AsyncIterator[TeamsStage]:
        sandbox = create_sandbox(tenant(), page_cap=2)
        server, listening, url = server_for(sandbox)
        async with started(server, listening):
            dry = read_only and not flaw.ignores_read_only
            stage = TeamsStage(sandbox, teams_config(url, read_only=dry, patience=patience))
            stage.connector = flaw.wrap(stage.connector, stage)
            try:
                yield stage
                assert sandbox.destructive() == [], "nobody may ever ask to delete a person, group or channel"
            finally:
                await stage.connector.aclose()
