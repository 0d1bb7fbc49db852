"""Lists channels, user groups and one account's memberships, and says as gaps what cannot be seen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from connectors.chat.slack.answers import NOT_THERE
from connectors.chat.slack.client import SlackClient, SlackRefused
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.connect_invites import ConnectInvites
from connectors.chat.slack.identity import Identity
from connectors.chat.slack.kept import Kept
from connectors.chat.slack.objects import channel_of, user_group_of
from connectors.errors import MissingScope
from policies.model import Account, Gap, Group, Membership

_TYPES = (("public_channel", "channels:read"), ("private_channel", "groups:read"), ("mpim", "mpim:read"))
_KIND_WORDS = {
    "public_channel": "public channels",
    "private_channel": "private channels",
    "mpim": "group direct messages",
}
# admin.conversations.search gives at most 20 a page.
_SEARCH_PAGE = 20


@dataclass(slots=True)
class UserGroupLists:
    """`usergroups.list` as it was at one moment; `users` fills up where Slack left members out."""

    rows: list[dict[str, Any] | Gap]
    users: dict[str, list[str]] = field(default_factory=dict)


class Listing:
    """What one workspace's bot can see of groups and memberships."""

    def __init__(
        self, config: SlackConfig, client: SlackClient, identity: Identity, invites: ConnectInvites
    ) -> None:
        self._config = config
        self._client = client
        self._identity = identity
        self._invites = invites
        self.by_members_only = False
        """Whether the server turned out to have no users.conversations; Slack itself has."""
        self._kept = Kept(config.user_groups_kept_seconds, self._read_user_groups)

    async def groups(self) -> AsyncIterator[Group | Gap]:
        """Yield every channel and user group the bot sees, then the standing gaps."""
        seen: set[str] = set()
        anywhere = await self._acts_anywhere()
        async for channel in self.channels():
            seen.add(str(channel["id"]))
            inside = None if anywhere else _inside(channel)
            yield channel_of(self._config.instance, channel, bot_inside=inside)
        self.forget_user_groups()
        for item in (await self._kept.now()).rows:
            yield item if isinstance(item, Gap) else user_group_of(self._config.instance, item)
        async for gap in self.gaps(seen):
            yield gap

    async def _acts_anywhere(self) -> bool:
        """Whether the bot need not be in a public channel: it may join, or an Enterprise admin removes."""
        admin = await self._identity.admin()
        if admin is None or admin.enterprise_id is None:
            return self._config.may_join_public
        return self._config.may_join_public or admin.may("admin.conversations:write")

    async def channels(self) -> AsyncIterator[dict[str, Any]]:
        """Yield every channel object `conversations.list` shows the bot, archived ones too."""
        pages = self._client.pages(
            "conversations.list",
            "channels",
            types=await self._types(),
            limit=self._config.page_size,
            team_id=self._config.team_id,
        )
        async for page, _ in pages:
            for channel in page:
                yield channel

    async def memberships(self, account: Account) -> AsyncIterator[Membership | Gap]:
        """Yield every channel and user group the account is in, as far as readable; complete, or raises."""
        async for channel in self.channels_of(account.id):
            yield Membership(account, channel_of(self._config.instance, channel))
        lists = await self._kept.now()
        for item in lists.rows:
            if isinstance(item, Gap):
                yield item
            elif account.id in await self._users_of(item, lists):
                yield Membership(account, user_group_of(self._config.instance, item))
        for gap in [*await self._standing_gaps(), *await self._invites.gaps_of(account)]:
            yield gap

    async def channels_of(self, account_id: str | None) -> AsyncIterator[dict[str, Any]]:
        """Yield the channel objects of one account (None: the bot's own)."""
        async for page in self._channel_pages(account_id):
            for channel in page:
                yield channel

    async def _channel_pages(self, account_id: str | None) -> AsyncIterator[list[dict[str, Any]]]:
        if self.by_members_only:
            yield await self._channels_by_members(account_id)
            return
        pages = self._client.pages(
            "users.conversations",
            "channels",
            user=account_id,
            types=await self._types(),
            limit=self._config.page_size,
            team_id=self._config.team_id,
        )
        try:
            async for page, _ in pages:
                yield page
        except SlackRefused as refused:
            # Nothing was yielded yet: a server without the method refuses its first page.
            if refused.error != "unknown_method":
                raise
            self.by_members_only = True
            yield await self._channels_by_members(account_id)

    async def _channels_by_members(self, account_id: str | None) -> list[dict[str, Any]]:
        """The long way, for servers without users.conversations: the members of every channel seen."""
        whose = account_id or (await self._identity.bot()).user_id
        return [
            channel
            async for channel in self.channels()
            if whose in await self.channel_members(str(channel["id"]))
        ]

    async def channel_members(self, channel_id: str) -> frozenset[str]:
        """Read the members of one channel to the end."""
        members: set[str] = set()
        async for page, _ in self._client.pages(
            "conversations.members", "members", channel=channel_id, limit=self._config.page_size
        ):
            members.update(str(user) for user in page)
        return frozenset(members)

    async def channel_ids_of(self, account_id: str | None) -> frozenset[str]:
        """Read the ids of one account's channels to the end."""
        return frozenset([str(channel["id"]) async for channel in self.channels_of(account_id)])

    async def gaps(self, seen: set[str]) -> AsyncIterator[Gap]:
        """Yield the gaps of this workspace; with an Enterprise admin token, unseen channels one by one."""
        for gap in [*await self._standing_gaps(), *await self._invites.standing_gaps()]:
            yield gap
        admin = await self._identity.admin()
        if admin is None or not admin.may("admin.conversations:read"):
            return
        try:
            async for channel in self._private_channels():
                if str(channel["id"]) not in seen:
                    yield self._unseen(channel)
        except SlackRefused as refused:
            if refused.error not in NOT_THERE:
                raise

    async def _standing_gaps(self) -> list[Gap]:
        """The gap that is always there, and one for each kind the bot's scopes hide."""
        bot = await self._identity.bot()
        gaps = [
            Gap(
                self._config.instance,
                "private_channels_unseen",
                detail="Slack shows a bot only the private channels it is in",
                remedy="Invite the bot to private channels it should look after",
            )
        ]
        gaps += [
            Gap(
                self._config.instance,
                "group_kind_unseen",
                detail=f"{_KIND_WORDS[kind]} cannot be seen: the bot token lacks {scope}",
                remedy=f"Add the scope {scope} and reinstall the app",
            )
            for kind, scope in _TYPES
            if not bot.may(scope)
        ]
        return gaps

    async def _types(self) -> str:
        """The kinds the token may list; without channels:read nothing can be called complete."""
        bot = await self._identity.bot()
        if not bot.may("channels:read"):
            raise MissingScope(
                f"{self._config.instance}: the bot token lacks channels:read; add it and reinstall the app",
                needed="channels:read",
                provided=",".join(sorted(bot.scopes or ())),
            )
        return ",".join(kind for kind, scope in _TYPES if bot.may(scope))

    def forget_user_groups(self) -> None:
        """Read the user groups again next time; said before and after every write to one."""
        self._kept.forget()

    async def _read_user_groups(self) -> UserGroupLists:
        return UserGroupLists(await self._user_group_rows())

    async def _user_group_rows(self) -> list[dict[str, Any] | Gap]:
        """Read every user group with its members; a gap stands in where they cannot be seen."""
        try:
            answer = await self._client.read(
                "usergroups.list", include_users=True, include_disabled=True, team_id=self._config.team_id
            )
        except MissingScope as missing:
            return [self._user_groups_unseen(f"the bot token lacks {missing.needed or 'usergroups:read'}")]
        except SlackRefused as refused:
            if refused.error == "plan_upgrade_required":
                return []  # the plan has no user groups, so there is nothing to see
            if refused.error not in NOT_THERE:
                raise
            return [self._user_groups_unseen(refused.error)]
        return list(answer.data.get("usergroups", ()))

    async def _users_of(self, subteam: dict[str, Any], lists: UserGroupLists) -> list[str]:
        """Give a user group's members, asked one by one only where the listing left some out."""
        users = subteam.get("users")
        if isinstance(users, list) and len(users) >= int(subteam.get("user_count") or 0):
            return [str(user) for user in users]
        group_id = str(subteam["id"])
        if group_id not in lists.users:
            lists.users[group_id] = await self.user_group_members(group_id)
        return lists.users[group_id]

    async def user_group_as_listed(self, group_id: str) -> frozenset[str]:
        """Give the members of one user group by a listing of all that was made lately; never to act upon."""
        lists = await self._kept.now()
        for item in lists.rows:
            if not isinstance(item, Gap) and str(item["id"]) == group_id:
                return frozenset(await self._users_of(item, lists))
        return await self.user_group_ids(group_id)

    async def user_group_members(self, group_id: str) -> list[str]:
        """Read the members of one user group, disabled or not."""
        answer = await self._client.read(
            "usergroups.users.list",
            usergroup=group_id,
            include_disabled=True,
            team_id=self._config.team_id,
        )
        users = answer.data.get("users")
        if not isinstance(users, list):
            raise SlackRefused("usergroups.users.list", "answer_without_users")
        return [str(user) for user in users]

    async def user_group_ids(self, group_id: str) -> frozenset[str]:
        """Read the members of one user group as a set."""
        return frozenset(await self.user_group_members(group_id))

    async def _private_channels(self) -> AsyncIterator[dict[str, Any]]:
        pages = self._client.pages(
            "admin.conversations.search",
            "conversations",
            search_channel_types="private",
            limit=_SEARCH_PAGE,
            team_ids=self._config.team_id,
        )
        async for page, _ in pages:
            for channel in page:
                yield channel

    def _unseen(self, channel: dict[str, Any]) -> Gap:
        return Gap(
            self._config.instance,
            "private_channel_unseen",
            group_id=str(channel["id"]),
            detail=f"private channel {channel.get('name', '')!r}: the bot is not in it",
            remedy="Invite the bot to the channel",
        )

    def _user_groups_unseen(self, why: str) -> Gap:
        return Gap(
            self._config.instance,
            "user_groups_unseen",
            detail=why,
            remedy="Add the scope usergroups:read and reinstall the app",
        )


def _inside(channel: dict[str, Any]) -> bool | None:
    """`is_member` of conversations.list: whether the asking bot is in it; None where it is not said."""
    inside = channel.get("is_member")
    return inside if isinstance(inside, bool) else None
