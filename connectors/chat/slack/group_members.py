"""Says who is in a channel or user group: the members' ids, told apart by a directory kept for a minute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from connectors.chat.slack.client import SlackRefused
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.directory import Directory
from connectors.chat.slack.listing import Listing
from connectors.errors import MissingScope
from policies.model import Account, AccountKind, Gap, Group, GroupKind, Membership

# What Slack answers where the bot may not look inside, or the group is gone: no fault of the listing.
_UNREADABLE = frozenset(
    {
        "channel_not_found",
        "fetch_members_failed",
        "method_not_supported_for_channel_type",
        "no_such_subteam",
        "not_in_channel",
    }
)


class KnownAccounts:
    """The directory by id, listed once for many groups; whom it does not list is asked for by id."""

    def __init__(self, config: SlackConfig, directory: Directory) -> None:
        self._config = config
        self._directory = directory
        self._kept: tuple[dict[str, Account], float] | None = None
        self._reading = asyncio.Lock()

    async def get(self, account_id: str) -> Account:
        """Give one account; somebody Slack shows us nothing about is of another organisation."""
        known = await self._now()
        if account_id not in known:
            stranger = Account(self._config.instance, account_id, kind=AccountKind.EXTERNAL)
            known[account_id] = await self._directory.account(account_id) or stranger
        return known[account_id]

    async def _now(self) -> dict[str, Account]:
        async with self._reading:
            if self._kept is None or self._kept[1] < time.monotonic():
                until = time.monotonic() + self._config.accounts_kept_seconds
                listed = {account.id: account async for account in self._directory.all_accounts()}
                self._kept = (listed, until)
            return self._kept[0]


class GroupMembers:
    """`conversations.members` and `usergroups.users.list`, read to the end."""

    def __init__(self, config: SlackConfig, listing: Listing, accounts: KnownAccounts) -> None:
        self._config = config
        self._listing = listing
        self._accounts = accounts

    async def of(self, group: Group) -> AsyncIterator[Membership | Gap]:
        """Yield everybody in the group, bots too, or one gap where the bot may not look.

        Raises where a reading breaks off; ValueError for a group of another workspace.
        """
        if group.instance != self._config.instance:
            raise ValueError(f"{self._config.instance}: {group.id} is a group of {group.instance}")
        try:
            members = await self._ids(group)
        except MissingScope as missing:
            yield self._unseen(group, f"the bot token lacks {missing.needed or 'a scope'}")
            return
        except SlackRefused as refused:
            if refused.error not in _UNREADABLE:
                raise
            yield self._unseen(group, str(refused))
            return
        for account_id in sorted(members):
            yield Membership(await self._accounts.get(account_id), group)

    async def _ids(self, group: Group) -> frozenset[str]:
        if group.kind is GroupKind.USER_GROUP:
            return await self._listing.user_group_ids(group.id)
        return await self._listing.channel_members(group.id)

    def _unseen(self, group: Group, why: str) -> Gap:
        return Gap(
            self._config.instance,
            "members_unseen",
            group_id=group.id,
            detail=why,
            remedy="Invite the bot to the group, or give it the scope that is named",
        )
