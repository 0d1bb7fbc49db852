"""Who is in one group, team, channel or chat: owners too, and those who are in through an inner group."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus

from connectors.chat.teams import objects
from connectors.chat.teams.asks import USER, Asks
from connectors.chat.teams.batches import Batches
from connectors.chat.teams.client import GraphClient, Row
from connectors.chat.teams.fresh import IN_TEAMS, ask_for
from connectors.chat.teams.refusals import GraphRefused
from connectors.errors import ConnectorError, MissingScope
from policies.model import Account, Gap, Group, GroupKind, Membership, Refusal, Role

_REMEDY = (
    "Grant the permissions that `bawab check` names; a group that hides its members also needs "
    "Member.Read.Hidden."
)


class Members:
    """The inverse of memberships: complete, a gap where a group cannot be read, or it raises."""

    def __init__(self, client: GraphClient, asks: Asks, batches: Batches) -> None:
        self._client = client
        self._asks = asks
        self._batches = batches

    async def of(self, group: Group) -> AsyncIterator[Membership | Gap]:
        """Yield everybody in the group."""
        if group.kind in IN_TEAMS:
            (rows,) = await self._batches.listings([ask_for(self._asks, group)])
            for item in self._conversation(group, rows):
                yield item
            return
        asks = [self._asks.group_members(group.id, USER), self._asks.group_owners(group.id, USER)]
        direct, owners = await self._batches.listings(asks)
        for reading in (direct, owners):
            if isinstance(reading, ConnectorError):
                yield self._gap(group, reading)
                return
        if isinstance(direct, list) and isinstance(owners, list):
            async for item in self._directory(group, direct, owners):
                yield item

    def _conversation(self, group: Group, rows: list[Row] | ConnectorError) -> Sequence[Membership | Gap]:
        if isinstance(rows, ConnectorError):
            return [self._gap(group, rows)]
        home = self._client.home_tenant
        people = [row for row in rows if row.get("userId")]
        owning = [row for row in people if objects.role_of(row) is Role.OWNER]
        # Everybody in a group chat is called an owner, which means nothing there.
        chat = group.kind is GroupKind.GROUP_CHAT
        return [
            Membership(
                objects.account_of_member(self._client.config.instance, home, row),
                group,
                Role.MEMBER if chat else objects.role_of(row),
                sole_owner=not chat and owning == [row],
            )
            for row in people
        ]

    async def _directory(
        self, group: Group, direct: Sequence[Row], owners: Sequence[Row]
    ) -> AsyncIterator[Membership | Gap]:
        owning = objects.user_ids(owners)
        people = {str(row["id"]): row for row in [*owners, *direct] if objects.is_user(row)}
        for id_, row in people.items():
            role = Role.OWNER if id_ in owning else Role.MEMBER
            yield Membership(self._account(row), group, role, sole_owner=owning == {id_})
        inner = [str(row["id"]) for row in direct if objects.is_group(row)]
        seen = set(people)
        found = await self._batches.listings([self._asks.transitive_members(id_) for id_ in inner])
        for id_, rows in zip(inner, found, strict=True):
            if isinstance(rows, ConnectorError):
                yield self._gap(group, rows)
                continue
            for row in rows:
                if objects.is_user(row) and row["id"] not in seen:
                    seen.add(str(row["id"]))
                    yield Membership(self._account(row), group, refusal=Refusal.NESTED, through=id_)

    def _account(self, row: Row) -> Account:
        return objects.account_of(self._client.config.instance, row)

    def _gap(self, group: Group, why: ConnectorError) -> Gap:
        """Say that the group cannot be read; raises `why` where it may pass by itself."""
        if isinstance(why, GraphRefused) and why.status == HTTPStatus.NOT_FOUND:
            return Gap(group.instance, "group_gone", group.id, str(why), "The group no longer exists.")
        if isinstance(why, MissingScope | GraphRefused):
            return Gap(group.instance, "members_unreadable", group.id, str(why), _REMEDY)
        raise why
