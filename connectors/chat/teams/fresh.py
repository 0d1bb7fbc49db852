"""What is read right before a removal: owners of groups, members of channels and chats, each once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from connectors.chat.teams.asks import Asks
from connectors.chat.teams.batches import Batches
from connectors.chat.teams.client import Row
from connectors.chat.teams.objects import CHANNELS, roles_of, user_ids
from connectors.contract import Revocation
from connectors.errors import ConnectorError
from policies.model import Group, GroupKind

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

Key = tuple[str, str]
"""(team id, or nothing; group, channel or chat id)."""
IN_TEAMS = CHANNELS | {GroupKind.GROUP_CHAT}
"""Kinds whose memberships have ids of their own; in all others the person's id is enough."""


def key_of(group: Group) -> Key:
    """Give what a group is read by."""
    return (group.parent_id or "", group.id)


class Fresh:
    """The state one `revoke` rests on; every group in it was read after the call began.

    Of a group that was not read nobody is known as owner: only steps of plain members leave it out.
    """

    def __init__(self, read: dict[Key, list[Row] | ConnectorError]) -> None:
        self._read = read
        self._going: dict[Key, set[str]] = {}

    def trouble(self, group: Group) -> ConnectorError | None:
        """Say why a group could not be read."""
        found = self._read.get(key_of(group), [])
        return found if isinstance(found, ConnectorError) else None

    def owners(self, group: Group) -> frozenset[str]:
        """Give the people who own the group."""
        rows = self._rows(group)
        if group.kind in IN_TEAMS:
            owning = (row for row in rows if "owner" in roles_of(row))
            return frozenset(str(row["userId"]) for row in owning if row.get("userId"))
        return user_ids(rows)

    def membership(self, group: Group, account_id: str) -> Row | None:
        """Give the person's own membership of a channel or chat."""
        return next((row for row in self._rows(group) if row.get("userId") == account_id), None)

    def last_owner_goes(self, group: Group, account_id: str) -> bool:
        """Whether nobody would be left owning the group; who is let go here counts as gone from now on."""
        owners, going = self.owners(group), self._going.setdefault(key_of(group), set())
        if account_id not in owners or group.kind is GroupKind.GROUP_CHAT:
            return False
        if owners <= going | {account_id}:
            return True
        going.add(account_id)
        return False

    def _rows(self, group: Group) -> list[Row]:
        found = self._read.get(key_of(group), [])
        return [] if isinstance(found, ConnectorError) else found


async def look(asks: Asks, batches: Batches, steps: Sequence[Revocation]) -> Fresh:
    """Read every group of these steps once, in as few batches as it takes."""
    groups = {key_of(step.membership.group): step.membership.group for step in steps}
    found = await batches.listings([ask_for(asks, group) for group in groups.values()])
    return Fresh(dict(zip(groups, found, strict=True)))


def ask_for(asks: Asks, group: Group) -> RequestInformation:
    """Give the read that tells who may be taken out of a group, and how."""
    if group.kind in CHANNELS:
        return asks.channel_members(group.parent_id or "", group.id)
    if group.kind is GroupKind.GROUP_CHAT:
        return asks.chat_members(group.id)
    return asks.group_owners(group.id)
