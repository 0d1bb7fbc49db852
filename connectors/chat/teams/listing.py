"""Lists every group of the tenant, and the private and shared channels of its teams."""

from __future__ import annotations

from collections.abc import AsyncIterator

from connectors.chat.teams import objects
from connectors.chat.teams.asks import Asks
from connectors.chat.teams.batches import Batches
from connectors.chat.teams.client import GraphClient
from connectors.chat.teams.walk import ChannelWalk
from policies.model import Gap, Group, GroupKind

_CHATS_REMEDY = "Nothing to mend: Graph lists group chats by person, so they are found when somebody leaves."


class Listing:
    """The groups of one tenant; complete, or raises."""

    def __init__(self, client: GraphClient, asks: Asks, batches: Batches) -> None:
        self._client = client
        self._asks = asks
        self._walk = ChannelWalk(client, asks, batches)

    async def groups(self) -> AsyncIterator[Group | Gap]:
        """Yield groups and teams, then the channels of the teams, then what no listing shows."""
        instance = self._client.config.instance
        teams: dict[str, str] = {}
        async for page, _ in self._client.pages(self._asks.groups()):
            for row in page:
                group = objects.group_of(instance, row)
                if group.kind is GroupKind.TEAM:
                    teams[group.id] = group.name
                yield group
        async for channel in self._walk.channels(teams):
            yield channel
        detail = "group chats cannot be listed for a whole tenant"
        yield Gap(instance, "group_chats_unlisted", detail=detail, remedy=_CHATS_REMEDY)
