"""Walks the private and shared channels of teams: Graph lists no channels by person."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from http import HTTPStatus

from connectors.chat.teams import objects
from connectors.chat.teams.asks import Asks
from connectors.chat.teams.batches import Batches
from connectors.chat.teams.client import GraphClient, Row
from connectors.chat.teams.optional import remedy
from connectors.chat.teams.refusals import GraphRefused
from connectors.errors import ConnectorError, MissingScope
from policies.model import Account, Gap, Group, Membership, Role

CHANNELS_REMEDY = (
    "Grant Team.ReadBasic.All, Channel.ReadBasic.All and ChannelMember.ReadWrite.All with admin consent, "
    "under Entra admin center > App registrations > the app > API permissions."
)
FOREIGN_REMEDY = "Ask the other organisation to remove the person from its shared channel."


class ChannelWalk:
    """Channels of teams, twenty teams and then twenty channels to a request."""

    def __init__(self, client: GraphClient, asks: Asks, batches: Batches) -> None:
        self._client = client
        self._asks = asks
        self._batches = batches

    @property
    def _instance(self) -> str:
        return self._client.config.instance

    async def of(
        self, account: Account, own_teams: Mapping[str, str], associated: list[Row] | ConnectorError
    ) -> AsyncIterator[Membership | Gap]:
        """Yield the channels an account is in; `own_teams`: id → name."""
        teams = dict(own_teams)
        if isinstance(associated, ConnectorError):
            yield _gap(self._instance, None, associated)
        else:
            for row in associated:
                if self._client.is_foreign(row.get("tenantId")):
                    yield _foreign(self._instance, row)
                else:
                    teams.setdefault(str(row["id"]), str(row.get("displayName") or row["id"]))
        channels: list[Group] = []
        async for item in self.channels(teams):
            if isinstance(item, Gap):
                yield item
            else:
                channels.append(item)
        async for found in self._inside(account, channels):
            yield found

    async def channels(self, teams: Mapping[str, str]) -> AsyncIterator[Group | Gap]:
        """Yield the private and shared channels these teams host, each once; gaps where not readable."""
        found = await self._batches.listings([self._asks.channels(team_id) for team_id in teams])
        seen: set[str] = set()
        for (team_id, name), rows in zip(teams.items(), found, strict=True):
            if isinstance(rows, ConnectorError):
                if not _gone(rows):
                    yield _gap(self._instance, team_id, rows)
                continue
            for row in rows:
                channel = objects.channel_of(self._instance, team_id, name, row)
                if channel is not None and channel.id not in seen:
                    seen.add(channel.id)
                    yield channel

    async def _inside(self, account: Account, channels: Sequence[Group]) -> AsyncIterator[Membership | Gap]:
        asks = [self._asks.channel_members(group.parent_id or "", group.id) for group in channels]
        for group, rows in zip(channels, await self._batches.listings(asks), strict=True):
            if isinstance(rows, ConnectorError):
                if not _gone(rows):
                    yield _gap(self._instance, group.id, rows)
                continue
            mine = next((row for row in rows if row.get("userId") == account.id), None)
            if mine is not None:
                role = objects.role_of(mine)
                owners = [row for row in rows if objects.role_of(row) is Role.OWNER]
                yield Membership(account, group, role, sole_owner=owners == [mine])


def _gone(error: ConnectorError) -> bool:
    """A team or channel deleted while it was read is not in anybody's way; one that cannot be asked is."""
    return isinstance(error, GraphRefused) and error.status == HTTPStatus.NOT_FOUND and not error.not_offered


def _gap(instance: str, group_id: str | None, why: ConnectorError) -> Gap:
    """Say that channels cannot be read; raises `why` where it may pass by itself."""
    if isinstance(why, MissingScope | GraphRefused):
        return Gap(instance, "channels_unreadable", group_id, str(why), remedy(why, CHANNELS_REMEDY))
    raise why


def _foreign(instance: str, row: Row) -> Gap:
    name = str(row.get("displayName") or row["id"])
    detail = f"a channel of {name}, which another organisation hosts"
    return Gap(instance, "shared_channel_elsewhere", str(row["id"]), detail, FOREIGN_REMEDY)
