"""Who manages a channel, read and changed by the role assignments only an Enterprise admin token sees."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Mapping
from typing import Any

from connectors.chat.slack.client import Answer, SlackClient, SlackRefused
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.identity import Identity
from connectors.chat.slack.kept import Kept
from connectors.chat.slack.known_accounts import KnownAccounts
from connectors.errors import MissingScope
from policies.model import Gap, Membership, Role

LIST = "admin.roles.listAssignments"
ADD = "admin.roles.addAssignments"
REMOVE = "admin.roles.removeAssignments"
READ_SCOPE = "admin.roles:read"
WRITE_SCOPE = "admin.roles:write"
# "Channel Manager" in the table of roles at docs.slack.dev, admin.roles.addAssignments.
ROLE = "Rl0A"
# admin.roles.listAssignments gives at most 200 a page.
_PAGE = 200
Managers = Mapping[str, frozenset[str]]


class ChannelManagers:
    """The managers of each channel; without the token for it nobody is said to be one."""

    def __init__(
        self, config: SlackConfig, client: SlackClient, identity: Identity, accounts: KnownAccounts
    ) -> None:
        self._config = config
        self._client = client
        self._identity = identity
        self._accounts = accounts
        self._kept = Kept(config.managers_kept_seconds, self._everywhere)

    async def may(self, scope: str) -> bool:
        """Whether there is an Enterprise admin token with a scope."""
        admin = await self._identity.admin()
        return admin is not None and admin.enterprise_id is not None and admin.may(scope)

    async def with_roles(self, found: AsyncIterator[Membership | Gap]) -> AsyncIterator[Membership | Gap]:
        """Pass a listing on with the managers marked; a gap says where they should be seen and are not."""
        managers = await self._seen()
        async for item in found:
            yield item if isinstance(item, Gap) else await self._marked(item, managers)
        if isinstance(managers, Gap):
            yield managers

    async def of(self, channel_id: str) -> frozenset[str]:
        """Read the managers of one channel now.

        Raises SlackRefused and MissingScope where the token may not, and what the wire raises.
        """
        return (await self._read(entity_ids=channel_id)).get(channel_id, frozenset())

    async def lately(self) -> Managers:
        """Give the managers of all channels from one listing kept for a while; raises as `of` does.

        Enough to tell who is none: only a member can be manager, so whoever becomes one meanwhile loses
        the role with the membership.
        """
        return await self._kept.now()

    async def nobody_else(self, account_id: str, managers: frozenset[str]) -> bool:
        """Whether every other manager's account is closed, so that the channel would be left with none."""
        for other in sorted(managers - {account_id}):
            if (await self._accounts.one(other)).active:
                return False
        return True

    async def add(self, channel_id: str, account_id: str) -> Answer:
        """Make one account manager of one channel."""
        return await self._write(ADD, channel_id, account_id)

    async def remove(self, channel_id: str, account_id: str) -> Answer:
        """Take the role of one account in one channel away."""
        return await self._write(REMOVE, channel_id, account_id)

    async def _write(self, method: str, channel_id: str, account_id: str) -> Answer:
        try:
            return await self._client.call(method, role_id=ROLE, entity_ids=channel_id, user_ids=account_id)
        finally:
            self._kept.forget()

    async def _seen(self) -> Managers | Gap:
        if not await self.may(READ_SCOPE):
            return {}
        try:
            return await self._kept.now()
        except (SlackRefused, MissingScope) as refused:
            return Gap(
                self._config.instance,
                "channel_managers_unseen",
                detail=str(refused),
                remedy="The admin token must belong to an owner or admin of the organisation, with "
                f"{READ_SCOPE}; or look in each channel under About > Managed by",
            )

    async def _marked(self, item: Membership, managers: Managers | Gap) -> Membership:
        here = frozenset() if isinstance(managers, Gap) else managers.get(item.group.id, frozenset())
        if item.account.id not in here:
            return item
        alone = await self.nobody_else(item.account.id, here)
        return dataclasses.replace(item, role=Role.OWNER, sole_owner=alone)

    async def _everywhere(self) -> Managers:
        return await self._read()

    async def _read(self, **which: Any) -> Managers:
        """Read to the last page; a role in a whole workspace stands under that, not under a channel."""
        found: dict[str, set[str]] = {}
        async for page, _ in self._client.pages(
            LIST, "role_assignments", role_ids=ROLE, limit=_PAGE, **which
        ):
            for row in page:
                if isinstance(row, dict) and row.get("role_id") == ROLE:
                    found.setdefault(str(row.get("entity_id")), set()).add(str(row.get("user_id")))
        return {channel: frozenset(users) for channel, users in found.items()}
