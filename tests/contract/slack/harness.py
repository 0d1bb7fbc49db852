"""The real Slack connector against the Slack sandbox, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.connector import SlackConnector
from connectors.chat.slack.routes import METHODS
from connectors.chat.slack.sandbox import (
    ADMIN_ID,
    ADMIN_TOKEN,
    BOT_ID,
    BOT_TOKEN,
    GENERAL_ID,
    Channel,
    InviteRequest,
    RoleAssignment,
    Sandbox,
    User,
    UserGroup,
    Workspace,
    base_workspace,
    create_sandbox,
)
from connectors.chat.slack.sandbox.state import RequestState
from connectors.contract import ChatConnector, Promotion, Revocation
from connectors.sandboxing import server_for
from connectors.wire import Access
from policies.model import Account, Group, GroupKind, Membership, Person
from tests.contract.serving import started
from tests.contract.slack.faults import FAULTS, inject
from tests.contract.stage import PATIENCE, SOUND, Call, Cast, Fault, Flaw, Need, Place

INSTANCE = "acme"
ORDINARY = ("CONE", "CTWO", "CTHREE", "CFOUR", "CFIVE")
TRIO = ["UANA", "UANA2", "UOMAR"]


def workspace() -> Workspace:
    """Two people of one name, channels over several pages, user groups, and a channel the bot cannot see."""
    made = base_workspace().add(
        User("UANA", "Ana Quispe", "ana@example.com"),
        User("UANA2", "Ana Quispe", "ana.quispe@example.com"),
        User("UOMAR", "عمر", "omar@example.com"),
        *(Channel(id_, id_.lower(), [BOT_ID, *TRIO], is_private=id_ == "CTWO") for id_ in ORDINARY),
        Channel("COUTSIDE", "outside", [BOT_ID, "UANA2", "UOMAR"]),
        Channel("COWNED", "owned", [BOT_ID, *TRIO]),
        RoleAssignment("UANA", "COWNED"),
        InviteRequest("IR1", ["UANA"], channel="CONE", shared=True),
        InviteRequest("IR2", ["UANA"]),
        InviteRequest("IR3", ["UOMAR"]),
        Channel("CHIDDEN", "hidden", list(TRIO), is_private=True),
        UserGroup("SALL", "all", list(TRIO)),
        UserGroup("SALONE", "alone", ["UANA"]),
    )
    made.channels[GENERAL_ID].members += TRIO
    # Without it the admin token would remove people from channels the bot is not in.
    made.tokens[ADMIN_TOKEN].scopes.remove("admin.conversations:write")
    return made


def cast() -> Cast:
    return Cast(
        person=Person("E7", "Ana Quispe", account_ids=((INSTANCE, "UANA"),)),
        leaver=Account(INSTANCE, "UANA", "Ana Quispe", email="ana@example.com"),
        namesake=Account(INSTANCE, "UANA2", "Ana Quispe", email="ana.quispe@example.com"),
        everybody=frozenset({BOT_ID, ADMIN_ID, *TRIO}),
        groups=ORDINARY,
        outside="COUTSIDE",
        bot=Account(INSTANCE, BOT_ID, "bawab"),
        default=GENERAL_ID,
        owned="COWNED",
        successor=Account(INSTANCE, "UOMAR", "عمر"),
        user_group="SALL",
        user_group_alone="SALONE",
        hidden=frozenset({"CHIDDEN"}),
        # auth.test, users.info, and four pages of users.conversations.
        read_back_calls=6,
    )


def slack_config(url: str, *, read_only: bool = False, patience: float = PATIENCE) -> SlackConfig:
    return SlackConfig(
        instance=INSTANCE,
        bot_token=BOT_TOKEN,
        admin_token=ADMIN_TOKEN,
        base_url=f"{url}/api/",
        scim_url=f"{url}/scim/v1/",
        pace_scale=0.0,
        timeout_seconds=patience,
        backoff_seconds=0.001,
        read_tries=1,
        longest_read_wait_seconds=1.0,
        read_only=read_only,
        page_size=2,
    )


class SlackStage:
    """One sandbox with its connector."""

    def __init__(self, sandbox: Sandbox, config: SlackConfig) -> None:
        self.sandbox = sandbox
        self.config = config
        self.connector: ChatConnector = SlackConnector(config)
        self.cast = cast()
        self.secrets = frozenset({BOT_TOKEN, ADMIN_TOKEN})

    def revocation(self, group_id: str, account: Account | None = None) -> Revocation:
        who = account or self.cast.leaver
        group = Group(INSTANCE, "slack", group_id, group_id.lower(), self._kind(group_id))
        return Revocation(f"step-{group_id}", who.id, Membership(who, group))

    def _kind(self, group_id: str) -> GroupKind:
        if group_id.startswith("S"):
            return GroupKind.USER_GROUP
        channel = self.sandbox.workspace.channels.get(group_id)
        return GroupKind.PRIVATE_CHANNEL if channel and channel.is_private else GroupKind.PUBLIC_CHANNEL

    def promotion(self, group_id: str, successor: Account) -> Promotion:
        group = Group(INSTANCE, "slack", group_id, group_id.lower(), self._kind(group_id))
        return Promotion(f"promote-{group_id}", successor, group, self.cast.leaver.id)

    async def owners(self) -> Mapping[str, frozenset[str]]:
        world = self.sandbox.workspace
        return {
            id_: frozenset(role.user for role in world.roles if role.entity == id_) for id_ in world.channels
        }

    async def ways_in(self) -> frozenset[str]:
        asked = self.sandbox.workspace.invite_requests
        mine = (one for one in asked if one.requesters == [self.cast.leaver.id])
        return frozenset(one.id for one in mine if one.state is not RequestState.DENIED)

    async def links(self) -> frozenset[str]:
        # A request is denied by its id, which opens nothing.
        return frozenset()

    async def open_accounts(self) -> frozenset[str]:
        return frozenset(id_ for id_, user in self.sandbox.workspace.users.items() if not user.deleted)

    async def signed_in(self) -> frozenset[str]:
        return frozenset(id_ for id_, user in self.sandbox.workspace.users.items() if user.sessions)

    async def truth(self) -> Mapping[str, frozenset[str]]:
        world = self.sandbox.workspace
        channels = {id_: frozenset(channel.members) for id_, channel in world.channels.items()}
        return channels | {id_: frozenset(group.users) for id_, group in world.user_groups.items()}

    async def calls(self) -> Sequence[Call]:
        return [
            Call(entry.method, METHODS[entry.method].access is Access.WRITE) for entry in self.sandbox.journal
        ]

    async def inject(self, fault: Fault, place: Place, group: str | None = None) -> None:
        inject(self.sandbox, fault, place, group)

    async def settle(self) -> None:
        for _, effect in self.sandbox.pending.due:
            effect()

    async def deactivate(self, account: Account) -> None:
        self.sandbox.workspace.users[account.id].deleted = True

    async def rename(self) -> None:
        self.sandbox.workspace.users["UANA"].name = "Ana Quispe-Rojas"
        self.sandbox.workspace.channels["CONE"].name = "renamed"

    async def withhold_scope(self, name: str) -> None:
        self.sandbox.workspace.tokens[BOT_TOKEN].scopes.remove(name)


class SlackHarness:
    """Starts a fresh sandbox for every check."""

    name = "slack"
    capabilities = SlackConnector(slack_config("http://127.0.0.1:9")).capabilities
    declares = frozenset(
        {
            Need.DEFAULT_GROUP,
            Need.HIDDEN_GROUPS,
            Need.OWN_ACCOUNT,
            Need.OWNERS,
            Need.RENAMES,
            Need.LISTS_MEMBERS,
        }
    )
    faults = FAULTS

    @asynccontextmanager
    async def stage(
        self, *, read_only: bool = False, patience: float = PATIENCE, flaw: Flaw = SOUND
    ) -> AsyncIterator[SlackStage]:
        sandbox = create_sandbox(workspace())
        server, listening, url = server_for(sandbox)
        async with started(server, listening):
            dry = read_only and not flaw.ignores_read_only
            stage = SlackStage(sandbox, slack_config(url, read_only=dry, patience=patience))
            stage.connector = flaw.wrap(stage.connector, stage)
            try:
                yield stage
            finally:
                await stage.connector.aclose()
