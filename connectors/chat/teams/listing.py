"""Lists every group of the tenant, and the private and shared channels of its teams."""

from __future__ import annotations

from collections.abc import AsyncIterator

from connectors.chat.teams import objects
from connectors.chat.teams.asks import Asks
from connectors.chat.teams.batches import Batches
from connectors.chat.teams.client import GraphClient, Row
from connectors.chat.teams.permissions import HIDDEN, sees_hidden
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
        async for item in self.directory():
            if isinstance(item, Group) and item.kind is GroupKind.TEAM:
                teams[item.id] = item.name
            yield item
        async for channel in self._walk.channels(teams):
            yield channel
        detail = "group chats cannot be listed for a whole tenant"
        yield Gap(instance, "group_chats_unlisted", detail=detail, remedy=_CHATS_REMEDY)

    async def directory(self) -> AsyncIterator[Group | Gap]:
        """Yield groups and teams only, and a gap for each that hides its members from this app."""
        async for page, _ in self._client.pages(self._asks.groups()):
            for row in page:
                yield objects.group_of(self._client.config.instance, row)
                if (hidden := self._hidden(row)) is not None:
                    yield hidden

    def _hidden(self, row: Row) -> Gap | None:
        """Say that a group hides its members from this app, memberships of a person included."""
        if not objects.hides_members(row) or sees_hidden(self._client.tokens.known):
            return None
        detail = f"{row.get('displayName')} hides its members, and the app is not seen to hold {HIDDEN}"
        return Gap(
            self._client.config.instance, "members_unreadable", str(row["id"]), detail, f"Grant {HIDDEN}."
        )
