"""Says who is in a channel or user group: the ids as listed, told apart by a directory kept for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from connectors.chat.slack.client import SlackRefused
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.known_accounts import KnownAccounts
from connectors.chat.slack.listing import Listing
from connectors.errors import MissingScope
from policies.model import Account, Gap, Group, GroupKind, Membership

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
        found = await self._ids(group, self._listing.user_group_ids)
        if isinstance(found, Gap):
            yield found
            return
        for account_id in sorted(found):
            yield Membership(await self._accounts.get(account_id), group)

    async def by_id(self, group: Group) -> AsyncIterator[Membership | Gap]:
        """Yield the same without asking what the accounts are, user groups as one listing shows them all.

        Raises the same.
        """
        found = await self._ids(group, self._listing.user_group_as_listed)
        if isinstance(found, Gap):
            yield found
            return
        for account_id in sorted(found):
            yield Membership(Account(self._config.instance, account_id), group)

    async def _ids(
        self, group: Group, of_user_group: Callable[[str], Awaitable[frozenset[str]]]
    ) -> frozenset[str] | Gap:
        if group.instance != self._config.instance:
            raise ValueError(f"{self._config.instance}: {group.id} is a group of {group.instance}")
        try:
            if group.kind is GroupKind.USER_GROUP:
                return await of_user_group(group.id)
            return await self._listing.channel_members(group.id)
        except MissingScope as missing:
            return self._unseen(group, f"the bot token lacks {missing.needed or 'a scope'}")
        except SlackRefused as refused:
            if refused.error not in _UNREADABLE:
                raise
            return self._unseen(group, str(refused))

    def _unseen(self, group: Group, why: str) -> Gap:
        return Gap(
            self._config.instance,
            "members_unseen",
            group_id=group.id,
            detail=why,
            remedy="Invite the bot to the group, or give it the scope that is named",
        )
