"""One harmless read for each permission that reads: a grant on paper is not yet an open door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.chat.teams.asks import Asks
from connectors.chat.teams.batches import Batches
from connectors.chat.teams.client import rows_of
from connectors.chat.teams.permissions import held
from connectors.chat.teams.refusals import GraphRefused
from connectors.chat.teams.tokens import Token
from connectors.errors import ConnectorError, MissingScope

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

_GROUPS = "GroupMember.ReadWrite.All"
Refused = tuple[str, str, ConnectorError]
"""(permission, what was tried, what Graph said)."""


@dataclass(slots=True)
class _Found:
    token: Token
    refused: list[Refused] = field(default_factory=list)


class Probes:
    """Reads one of each; writes cannot be tried harmlessly, so for those the grant must do."""

    def __init__(self, asks: Asks, batches: Batches) -> None:
        self._asks = asks
        self._batches = batches

    async def refused(self, token: Token) -> list[Refused]:
        """Give what is refused although the token holds the permission; raises Unavailable and the like."""
        asks, found = self._asks, _Found(token)
        user = await self._first(found, "User.Read.All", "listing accounts", lambda: asks.users(top=1))
        group = await self._first(found, _GROUPS, "listing groups", lambda: asks.groups(top=1))
        team = await self._first(found, "Team.ReadBasic.All", "listing teams", lambda: asks.teams(top=1))
        if user is not None:
            what = "listing what somebody is in"
            await self._first(found, _GROUPS, what, lambda: asks.member_of(user))
            what = "listing what somebody is in by way of another group"
            await self._first(found, _GROUPS, what, lambda: asks.transitive_member_of(user))
            what = "listing what somebody owns"
            await self._first(found, "User.Read.All", what, lambda: asks.owned_objects(user))
            what = "listing somebody's group chats"
            await self._first(found, "Chat.ReadBasic.All", what, lambda: asks.group_chats(user, top=1))
        if group is not None:
            what = "reading the owners of a group"
            await self._first(found, _GROUPS, what, lambda: asks.group_owners(group))
        if team is not None:
            await self._of_team(found, team)
        return found.refused

    async def _of_team(self, found: _Found, team: str) -> None:
        asks = self._asks
        what = "reading the members of a team"
        await self._first(found, "TeamMember.ReadWrite.All", what, lambda: asks.team_members(team, top=1))
        what = "listing the channels of a team"
        channel = await self._first(found, "Channel.ReadBasic.All", what, lambda: asks.channels(team))
        if channel is not None:
            what = "reading the members of a channel"
            await self._first(
                found, "ChannelMember.ReadWrite.All", what, lambda: asks.channel_members(team, channel)
            )

    async def _first(
        self, found: _Found, permission: str, what: str, ask: Callable[[], RequestInformation]
    ) -> str | None:
        """Read one page and give its first row's id; what a missing grant explains is said elsewhere."""
        if not held(found.token, permission):
            return None
        (answer,) = await self._batches.read([ask()])
        if isinstance(answer, MissingScope | GraphRefused):
            found.refused.append((permission, what, answer))
            return None
        if isinstance(answer, ConnectorError):
            raise answer
        return next((str(row["id"]) for row in rows_of(answer)), None)
