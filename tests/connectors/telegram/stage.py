"""A Telegram with a few people and groups, a connector on it, and short ways to ask for things."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from connectors.chat.telegram import TelegramConfig, TelegramConnector
from connectors.chat.telegram.sandbox import (
    BOT_ADMIN,
    BOT_ID,
    BOT_TOKEN,
    OWNER_ID,
    Chat,
    Sandbox,
    Status,
    World,
    base_world,
    create_sandbox,
    running_sandbox,
)
from connectors.contract import KnownGroups, Presence, Result, Revocation
from policies.model import Account, Gap, Group, GroupKind, Manner, Membership

INSTANCE = "tg"
ANA, OMAR, ZAID, STRANGER = 7001, 7002, 7003, 7999
SUPER, BASIC, CHANNEL, WITHOUT_RIGHTS, WITHOUT_BOT, DISCUSSION = (
    -1000000000101,
    -102,
    -1000000000103,
    -1000000000104,
    -1000000000105,
    -1000000000106,
)
ORDINARY = (SUPER, BASIC, CHANNEL)
_KINDS = {
    "group": GroupKind.BASIC_GROUP,
    "supergroup": GroupKind.SUPERGROUP,
    "channel": GroupKind.BROADCAST_CHANNEL,
}


class Later(StrEnum):
    """Statuses a later version of Telegram might know."""

    SLEEPING = "sleeping"


@dataclass(slots=True)
class Stage:
    """A running sandbox and a connector on it."""

    sandbox: Sandbox
    telegram: TelegramConnector
    url: str
    writes: frozenset[str] = field(
        default=frozenset({"banChatMember", "unbanChatMember", "promoteChatMember", "exportChatInviteLink"})
    )

    @property
    def world(self) -> World:
        return self.sandbox.world

    def chat(self, chat_id: int) -> Chat:
        return self.world.chats[chat_id]

    def status(self, chat_id: int, user_id: int = ANA) -> Status:
        return self.chat(chat_id).member(user_id).status

    def group(self, chat_id: int) -> Group:
        chat = self.chat(chat_id)
        return Group(INSTANCE, "telegram", str(chat_id), chat.title, _KINDS[chat.type])

    def known(self, *chat_ids: int) -> KnownGroups:
        return KnownGroups(tuple(self.group(chat_id) for chat_id in chat_ids or self.world.chats))

    def step(self, chat_id: int, user_id: int = ANA, manner: Manner = Manner.BAR) -> Revocation:
        membership = Membership(account(user_id), self.group(chat_id))
        return Revocation(f"step-{chat_id}", str(user_id), membership, manner)

    async def revoke(self, chat_id: int, user_id: int = ANA, manner: Manner = Manner.BAR) -> Result:
        (result,) = await self.telegram.revoke([self.step(chat_id, user_id, manner)])
        return result

    async def read_back(self, chat_id: int, user_id: int = ANA) -> Presence:
        (presence,) = await self.telegram.read_back([self.step(chat_id, user_id)])
        return presence

    async def memberships(self, *chat_ids: int, user_id: int = ANA) -> tuple[list[Membership], list[Gap]]:
        found = [m async for m in self.telegram.memberships(account(user_id), self.known(*chat_ids))]
        return [m for m in found if isinstance(m, Membership)], [m for m in found if isinstance(m, Gap)]

    async def groups(self, *chat_ids: int) -> tuple[list[Group], list[Gap]]:
        found = [g async for g in self.telegram.groups(self.known(*chat_ids))]
        return [g for g in found if isinstance(g, Group)], [g for g in found if isinstance(g, Gap)]

    def wrote(self) -> list[str]:
        """Give the names of the writes that arrived, in order."""
        return [entry.method for entry in self.sandbox.journal if entry.method in self.writes]


def account(user_id: int) -> Account:
    return Account(INSTANCE, str(user_id))


def world() -> World:
    """Ana, Omar and Zaid in one of each sort; the bot an admin, but for one group and one it is not in."""
    made = base_world()
    for name, id_ in (("Ana", ANA), ("Omar", OMAR), ("Zaid", ZAID), ("Stranger", STRANGER)):
        made.add_user(name, id_=id_)
    people = (ANA, OMAR, ZAID)
    for type_, title, id_, bots in (
        ("supergroup", "Sales", SUPER, {BOT_ID: BOT_ADMIN}),
        ("group", "Old", BASIC, {BOT_ID: BOT_ADMIN}),
        ("channel", "News", CHANNEL, {BOT_ID: BOT_ADMIN}),
        ("supergroup", "No rights", WITHOUT_RIGHTS, {BOT_ID: None}),
        ("supergroup", "No bot", WITHOUT_BOT, {}),
    ):
        made.add_chat(type_, title, OWNER_ID, members=people, bots=bots, id_=id_)
    return made


def config(url: str, **changes: Any) -> TelegramConfig:
    """A configuration for a sandbox: unpaced, quick to give up."""
    quick = TelegramConfig(
        INSTANCE, BOT_TOKEN, base_url=url, pace_scale=0.0, timeout_seconds=30.0, backoff_seconds=0.001
    )
    return dataclasses.replace(quick, **changes)


@asynccontextmanager
async def staged(
    of: World | None = None, *, sandbox: Sandbox | None = None, **changes: Any
) -> AsyncIterator[Stage]:
    """Run a sandbox and a connector on it while the block runs."""
    sandbox = sandbox or create_sandbox(of or world())
    async with running_sandbox(sandbox) as url:
        telegram = TelegramConnector(config(url, **changes))
        try:
            yield Stage(sandbox, telegram, url)
        finally:
            await telegram.aclose()
