"""The real Telegram connector against the Telegram sandbox, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from connectors.chat.telegram import TelegramConfig, TelegramConnector
from connectors.chat.telegram.routes import METHODS
from connectors.chat.telegram.sandbox import (
    BOT_ADMIN,
    BOT_ID,
    BOT_TOKEN,
    OWNER_ID,
    CannotJoin,
    Sandbox,
    World,
    base_world,
    create_sandbox,
)
from connectors.contract import ChatConnector, KnownGroups, Promotion, Revocation
from connectors.sandboxing import server_for
from connectors.wire import Access
from policies.model import Account, Group, GroupKind, Manner, Membership, Person, Role
from tests.contract.serving import started
from tests.contract.stage import PATIENCE, SOUND, Call, Cast, Fault, Flaw, Need, Place
from tests.contract.telegram.faults import FAULTS, inject

INSTANCE = "acme"
ANA, ANA_2, OMAR = 5_100_001, 5_100_002, 5_100_003
TRIO = (ANA, ANA_2, OMAR)
BASIC = -4100003
ORDINARY = (-1001000000001, -1001000000002, BASIC, -1001000000004, -1001000000005)
OUTSIDE, OWNED, HIDDEN = -1001000000011, -1001000000012, -1001000000013
KINDS = {
    "group": GroupKind.BASIC_GROUP,
    "supergroup": GroupKind.SUPERGROUP,
    "channel": GroupKind.BROADCAST_CHANNEL,
}


def world() -> World:
    """Two people of one name in groups of every kind, and a group the bot was never in."""
    made = base_world()
    made.add_user("Ana", id_=ANA, last_name="Quispe")
    made.add_user("Ana", id_=ANA_2, last_name="Quispe")
    made.add_user("عمر", id_=OMAR)
    kinds = ("supergroup", "channel", "group", "supergroup", "supergroup")
    bots = {BOT_ID: BOT_ADMIN}
    for id_, kind in zip(ORDINARY, kinds, strict=True):
        made.add_chat(kind, f"Group {id_}", OWNER_ID, members=TRIO, bots=bots, id_=id_)
    made.add_chat("supergroup", "Outside", OWNER_ID, members=(ANA_2, OMAR), bots=bots, id_=OUTSIDE)
    made.add_chat("supergroup", "Ana's", None, members=TRIO, bots=bots, id_=OWNED)
    made.person_promoted(OWNED, ANA, BOT_ID, BOT_ADMIN)
    made.add_chat("supergroup", "Hidden", OWNER_ID, members=TRIO, id_=HIDDEN)
    for chat in made.chats.values():
        # Every administrator who may invite has a link; a bot has one from its first look on.
        made.primary_link(chat, BOT_ID if chat.member(BOT_ID).is_admin else OWNER_ID)
    return made


def _group(made: World, id_: int) -> Group:
    chat = made.chats[id_]
    return Group(INSTANCE, "telegram", str(id_), chat.title, KINDS[chat.type])


def cast() -> Cast:
    remembered = world()
    return Cast(
        person=Person("E7", "Ana Quispe", account_ids=((INSTANCE, str(ANA)),)),
        leaver=Account(INSTANCE, str(ANA), "Ana Quispe", email="ana@example.com"),
        namesake=Account(INSTANCE, str(ANA_2), "Ana Quispe", email="ana.quispe@example.com"),
        everybody=frozenset(),
        groups=tuple(map(str, ORDINARY)),
        outside=str(OUTSIDE),
        bot=Account(INSTANCE, str(BOT_ID), "bawab_bot"),
        owned=str(OWNED),
        hidden=frozenset({str(HIDDEN)}),
        known=KnownGroups(tuple(_group(remembered, id_) for id_ in (*ORDINARY, OUTSIDE, OWNED))),
        successor=Account(INSTANCE, str(OMAR), "عمر"),
        read_back_calls=len(ORDINARY),
    )


def telegram_config(url: str, *, read_only: bool = False, patience: float = PATIENCE) -> TelegramConfig:
    return TelegramConfig(
        instance=INSTANCE,
        bot_token=BOT_TOKEN,
        base_url=url,
        pace_scale=0.0,
        timeout_seconds=patience,
        backoff_seconds=0.001,
        read_tries=1,
        longest_read_wait_seconds=1.0,
        read_only=read_only,
    )


class TelegramStage:
    """One sandbox with its connector."""

    def __init__(self, sandbox: Sandbox, config: TelegramConfig) -> None:
        self.sandbox = sandbox
        self.config = config
        self.connector: ChatConnector = TelegramConnector(config)
        self.cast = cast()
        self.secrets = frozenset({BOT_TOKEN, BOT_TOKEN.partition(":")[2]})

    def revocation(self, group_id: str, account: Account | None = None) -> Revocation:
        who = account or self.cast.leaver
        chat = self.sandbox.world.chats[int(group_id)]
        member = chat.member(int(who.id))
        role = Role.OWNER if member.may("can_promote_members") else Role.MEMBER
        # Leavers are barred, and whoever only moves on is not: every other group stands for one of them.
        manner = Manner.BAR if int(group_id) % 2 else Manner.KICK
        held = Membership(who, _group(self.sandbox.world, int(group_id)), role)
        return Revocation(f"step-{group_id}", who.id, held, manner)

    def promotion(self, group_id: str, successor: Account) -> Promotion:
        group = _group(self.sandbox.world, int(group_id))
        return Promotion(f"promote-{group_id}", successor, group, self.cast.leaver.id)

    async def owners(self) -> Mapping[str, frozenset[str]]:
        chats = self.sandbox.world.chats.values()
        return {
            str(chat.id): frozenset(str(id_) for id_, member in chat.members.items() if member.is_admin)
            for chat in chats
        }

    async def ways_in(self) -> frozenset[str]:
        chats = self.sandbox.world.chats
        links = (link for id_ in ORDINARY for link in chats[id_].links)
        return frozenset(link.url for link in links if link.creator == BOT_ID and not link.is_revoked)

    async def links(self) -> frozenset[str]:
        chats = self.sandbox.world.chats.values()
        return frozenset(link.url for chat in chats for link in chat.links if not link.is_revoked)

    async def comes_in(self, group_id: str, account: Account) -> bool:
        """By the owner's own link, which no bot can close."""
        chat = self.sandbox.world.chats[int(group_id)]
        with suppress(CannotJoin):
            self.sandbox.world.person_joins(
                chat.id, int(account.id), self.sandbox.world.primary_link(chat, OWNER_ID)
            )
        return int(account.id) in chat.inside()

    @property
    def movable(self) -> str:
        return str(BASIC)

    async def move(self) -> str:
        return str(self.sandbox.world.upgrade_to_supergroup(BASIC))

    async def truth(self) -> Mapping[str, frozenset[str]]:
        chats = self.sandbox.world.chats.values()
        return {str(chat.id): frozenset(map(str, chat.inside())) for chat in chats}

    async def calls(self) -> Sequence[Call]:
        return [
            Call(entry.method, METHODS[entry.method].access is Access.WRITE) for entry in self.sandbox.journal
        ]

    async def inject(self, fault: Fault, place: Place, group: str | None = None) -> None:
        inject(self.sandbox, fault, place, group)

    async def settle(self) -> None:
        self.sandbox.settle()

    async def deactivate(self, account: Account) -> None:
        raise NotImplementedError(f"{account.id} is a person's own account; the manifest does not claim it")

    async def rename(self) -> None:
        self.sandbox.world.users[ANA].last_name = "Quispe-Rojas"
        self.sandbox.world.chats[ORDINARY[0]].title = "Renamed"

    async def withhold_scope(self, name: str) -> None:
        for chat in self.sandbox.world.chats.values():
            if chat.member(BOT_ID).is_admin:
                kept = chat.member(BOT_ID).rights - {name}
                self.sandbox.world.bot_demoted(chat.id, OWNER_ID, kept)


class TelegramHarness:
    """Starts a fresh sandbox for every check."""

    name = "telegram"
    capabilities = TelegramConnector(telegram_config("http://127.0.0.1:9")).capabilities
    declares = frozenset(
        {Need.OWNERS, Need.HIDDEN_GROUPS, Need.OWN_ACCOUNT, Need.RENAMES, Need.MOVES, Need.BARS},
    )
    faults = FAULTS

    @asynccontextmanager
    async def stage(
        self, *, read_only: bool = False, patience: float = PATIENCE, flaw: Flaw = SOUND
    ) -> AsyncIterator[TelegramStage]:
        sandbox = create_sandbox(world())
        server, listening, url = server_for(sandbox)
        async with started(server, listening):
            dry = read_only and not flaw.ignores_read_only
            stage = TelegramStage(sandbox, telegram_config(url, read_only=dry, patience=patience))
            stage.connector = flaw.wrap(stage.connector, stage)
            try:
                yield stage
            finally:
                await stage.connector.aclose()
