"""A workspace with a few people and groups, a connector on it, and short ways to ask for things."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from connectors.chat.slack import SlackConfig, SlackConnector
from connectors.chat.slack.sandbox import (
    ADMIN_ID,
    ADMIN_TOKEN,
    BOT_ID,
    BOT_TOKEN,
    GENERAL_ID,
    Channel,
    Sandbox,
    User,
    UserGroup,
    Workspace,
    base_workspace,
    create_sandbox,
    running_sandbox,
)
from connectors.contract import KnownGroups, Presence, Result, Revocation
from policies.model import Account, Gap, Group, GroupKind, Membership

INSTANCE = "hq"


@dataclass(slots=True)
class Stage:
    """A running sandbox and a connector on it."""

    sandbox: Sandbox
    slack: SlackConnector
    url: str

    async def account(self, account_id: str = "U1") -> Account:
        return next(
            account for account in [a async for a in self.slack.accounts()] if account.id == account_id
        )

    async def memberships(self, account_id: str = "U1") -> dict[str, Membership]:
        account = await self.account(account_id)
        found = [m async for m in self.slack.memberships(account, KnownGroups())]
        return {m.group.id: m for m in found if isinstance(m, Membership)}

    async def revoke(self, group_id: str, **changes: Any) -> Result:
        return (await self.slack.revoke([step(group_id, **changes)]))[0]

    async def read_back(self, group_id: str, **changes: Any) -> Presence:
        return (await self.slack.read_back([step(group_id, **changes)]))[0]

    def members(self, channel_id: str) -> list[str]:
        return self.sandbox.workspace.channels[channel_id].members


_KINDS = {"G": GroupKind.PRIVATE_CHANNEL, "S": GroupKind.USER_GROUP, "M": GroupKind.GROUP_CHAT}


def step(
    group_id: str,
    account_id: str = "U1",
    kind: GroupKind | None = None,
    said_id: str | None = None,
    may_join: bool = False,
) -> Revocation:
    """A step as a plan would hold it; the kind follows from the id's first letter."""
    group = Group(
        INSTANCE, "slack", group_id, group_id, kind or _KINDS.get(group_id[0], GroupKind.PUBLIC_CHANNEL)
    )
    return Revocation(
        f"step-{group_id}",
        said_id or account_id,
        Membership(Account(INSTANCE, account_id), group),
        may_join=may_join,
    )


def workspace() -> Workspace:
    """Ana (U1) in one of each: public, private, archived, Connect, group chat, user group, unseen private."""
    world = base_workspace().add(
        User("U1", "ana", "ana@example.com"),
        User("U2", "badr", "badr@example.com"),
        Channel("C1", "sales", ["U1", "U2", BOT_ID], "U2"),
        Channel("C2", "open-without-bot", ["U1", "U2"]),
        Channel("CARCHIVED", "old", ["U1", BOT_ID], is_archived=True),
        Channel("CSHARED", "partners", ["U1", BOT_ID], is_ext_shared=True),
        Channel("G1", "board", ["U1", "U2", BOT_ID], is_private=True),
        Channel("G2", "unseen", ["U1", "U2"], is_private=True),
        Channel("M1", "mpdm-ana--badr", ["U1", "U2", BOT_ID], is_mpim=True),
        UserGroup("S1", "sales-team", ["U1", "U2"]),
    )
    world.channels[GENERAL_ID].members += ["U1", "U2"]
    return world


def config(url: str, **changes: Any) -> SlackConfig:
    """A configuration for a sandbox: unpaced, quick to give up."""
    quick = SlackConfig(
        INSTANCE,
        BOT_TOKEN,
        base_url=f"{url}/api/",
        scim_url=f"{url}/scim/v1/",
        pace_scale=0.0,
        timeout_seconds=5.0,
        backoff_seconds=0.001,
    )
    return dataclasses.replace(quick, **changes)


@asynccontextmanager
async def staged(
    world: Workspace | None = None, *, admin: bool = False, sandbox: Sandbox | None = None, **changes: Any
) -> AsyncIterator[Stage]:
    """Run a sandbox and a connector on it while the block runs."""
    sandbox = sandbox or create_sandbox(world or workspace())
    async with running_sandbox(sandbox) as url:
        token = {"admin_token": ADMIN_TOKEN} if admin else {}
        slack = SlackConnector(config(url, **token, **changes))
        try:
            yield Stage(sandbox, slack, url)
        finally:
            await slack.aclose()


def gaps(found: list[Any]) -> Iterator[Gap]:
    """Give the gaps of a listing."""
    return (item for item in found if isinstance(item, Gap))


__all__ = ["ADMIN_ID", "BOT_ID", "GENERAL_ID"]
