"""Everything one account is in: groups and teams by either role, nested ones, channels, group chats."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from connectors.chat.teams import objects
from connectors.chat.teams.asks import Asks
from connectors.chat.teams.batches import Batches
from connectors.chat.teams.client import Answer, GraphClient, Row
from connectors.chat.teams.nesting import Nesting
from connectors.chat.teams.optional import Optional, lacking, remedy
from connectors.chat.teams.permissions import HIDDEN, held
from connectors.chat.teams.refusals import GraphRefused
from connectors.chat.teams.walk import ChannelWalk
from connectors.errors import ConnectorError, MissingScope
from connectors.sights import Sights
from policies.model import Account, Gap, Membership, Refusal, Role

CHATS_REMEDY = (
    "Grant Chat.ReadBasic.All and ChatMember.ReadWrite.All with admin consent; where Graph still refuses "
    "them to an app, a person leaves group chats only by hand, or with the account."
)

HIDDEN_REMEDY = (
    f"Grant {HIDDEN} with admin consent: without it Graph leaves groups that hide their members out of "
    "what a person is in, and says nothing."
)


@dataclass(slots=True)
class _Seen:
    """The directory groups of one account."""

    direct: dict[str, Row] = field(default_factory=dict)
    owned: dict[str, Row] = field(default_factory=dict)
    through: dict[str, Row] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)


class Memberships:
    """Reads one account's groups; complete over what is readable, or raises."""

    def __init__(self, client: GraphClient, asks: Asks, batches: Batches, sights: Sights) -> None:
        self._client = client
        self._asks = asks
        self._batches = batches
        self._sights = sights
        self._walk = ChannelWalk(client, asks, batches)
        self._nesting = Nesting(asks, batches)
        self._optional = Optional(asks, batches)

    @property
    def _instance(self) -> str:
        return self._client.config.instance

    async def of(self, account: Account) -> AsyncIterator[Membership | Gap]:
        """Yield every membership, then what could not be read."""
        readings = await self._batches.listings(
            [
                self._asks.member_of(account.id),
                self._asks.transitive_member_of(account.id),
                self._asks.owned_objects(account.id),
                self._asks.associated_teams(account.id),
                self._asks.group_chats(account.id),
            ]
        )
        direct, transitive, owned, teams, chats = readings
        seen = await self._seen(account, _must(direct), transitive, owned)
        async for membership in self._of_groups(account, seen):
            yield membership
        named = {id_: str(row.get("displayName") or id_) for id_, row in (seen.direct | seen.owned).items()}
        own_teams = {id_: named[id_] for id_, row in (seen.direct | seen.owned).items() if _is_team(row)}
        async for channel in self._walk.of(account, own_teams, teams):
            yield channel
        for chat in self._of_chats(account, await self._listed(account, chats)):
            yield chat
        for gap in seen.gaps:
            yield gap
        token = self._client.tokens.known
        if token is not None and not held(token, HIDDEN):
            detail = f"the app lacks {HIDDEN}"
            yield Gap(self._instance, "hidden_memberships_unseen", detail=detail, remedy=HIDDEN_REMEDY)

    async def _seen(
        self,
        account: Account,
        direct: list[Row],
        transitive: list[Row] | ConnectorError,
        owned: list[Row] | ConnectorError,
    ) -> _Seen:
        """Sort the directory groups; a server may lack all but the direct ones, and that is said."""
        gaps: list[Gap] = []
        nested = await self._optional.settle(
            account.id, self._asks.transitive_member_of(account.id), transitive
        )
        if isinstance(nested, GraphRefused):
            gaps.append(lacking(self._instance, "nested_groups_unseen", nested))
            nested = []
        own = await self._optional.settle(account.id, self._asks.owned_objects(account.id), owned)
        direct = await self._typed(direct)
        if isinstance(own, GraphRefused):
            gaps.append(lacking(self._instance, "owned_groups_unseen", own))
            own = await self._owned_of(account.id, direct)
        return _sorted(direct, await self._typed(nested), await self._typed(own), gaps)

    async def _owned_of(self, account_id: str, direct: Sequence[Row]) -> list[Row]:
        """Give those of somebody's groups whose owners name them, where ownership cannot be listed."""
        groups = [row for row in direct if objects.is_group(row)]
        found = await self._batches.listings([self._asks.group_owners(str(row["id"])) for row in groups])
        pairs = zip(groups, found, strict=True)
        return [row for row, owners in pairs if account_id in objects.user_ids(_must(owners))]

    async def _typed(self, rows: Sequence[Row]) -> list[Row]:
        """Find out what objects without a type are: a group is known under its id, other things are not."""
        unclear = [str(row["id"]) for row in rows if objects.has_no_type(row)]
        found = await self._batches.read([self._asks.group(id_) for id_ in unclear])
        groups = [_must_be_known(answer) for answer in found]
        return [row for row in rows if not objects.has_no_type(row)] + [row for row in groups if row]

    async def _listed(
        self, account: Account, chats: list[Row] | ConnectorError
    ) -> list[Row] | ConnectorError:
        """Tell a server without chats from a person it does not know."""
        if isinstance(chats, GraphRefused) and chats.status == HTTPStatus.NOT_FOUND:
            return await self._optional.settle(account.id, self._asks.group_chats(account.id), chats)
        return chats

    async def _of_groups(self, account: Account, seen: _Seen) -> AsyncIterator[Membership]:
        sole = await self._solely_owned(account.id, list(seen.owned))
        for id_, row in (seen.owned | seen.direct).items():
            role = Role.OWNER if id_ in seen.owned else Role.MEMBER
            group = objects.group_of(self._instance, row)
            # What somebody owns could not be listed at all where a gap says so.
            if role is Role.MEMBER and not seen.gaps:
                self._sights.saw(id_, account.id, role.value)
            yield Membership(account, group, role, sole_owner=id_ in sole)
        inner = await self._nesting.inner_groups(set(seen.direct), seen.through)
        for id_, row in seen.through.items():
            group = objects.group_of(self._instance, row)
            yield Membership(account, group, refusal=Refusal.NESTED, through=inner.get(id_))

    async def _solely_owned(self, account_id: str, group_ids: Sequence[str]) -> set[str]:
        """Give the groups that have no other person as owner: an app among the owners does not count."""
        found = await self._batches.listings([self._asks.group_owners(id_) for id_ in group_ids])
        return {
            id_
            for id_, rows in zip(group_ids, found, strict=True)
            if objects.user_ids(_must(rows)) == {account_id}
        }

    def _of_chats(self, account: Account, chats: list[Row] | ConnectorError) -> Sequence[Membership | Gap]:
        if isinstance(chats, ConnectorError):
            return [chats_gap(self._instance, chats)]
        return [
            Membership(account, objects.chat_of(self._instance, chat))
            for chat in chats
            if chat.get("chatType") == "group"
        ]


def chats_gap(instance: str, why: ConnectorError) -> Gap:
    """Say that group chats cannot be read; raises `why` where it may pass by itself."""
    if isinstance(why, MissingScope | GraphRefused):
        return Gap(instance, "chats_unreadable", detail=str(why), remedy=remedy(why, CHATS_REMEDY))
    raise why


def _sorted(direct: Sequence[Row], transitive: Sequence[Row], owned: Sequence[Row], gaps: list[Gap]) -> _Seen:
    seen = _Seen(
        direct={str(row["id"]): row for row in direct if objects.is_group(row)},
        owned={str(row["id"]): row for row in owned if objects.is_group(row)},
        gaps=gaps,
    )
    nested = (row for row in transitive if objects.is_group(row) and row["id"] not in seen.direct)
    seen.through = {str(row["id"]): row for row in nested if row["id"] not in seen.owned}
    return seen


def _must_be_known(found: Answer | ConnectorError) -> Row | None:
    """Give a group read by its id; None where the id is of something else."""
    if isinstance(found, GraphRefused) and found.status == HTTPStatus.NOT_FOUND:
        return None
    if isinstance(found, ConnectorError):
        raise found
    return {**found.data, "@odata.type": objects.GROUP_TYPE}


def _must(found: list[Row] | ConnectorError) -> list[Row]:
    if isinstance(found, ConnectorError):
        raise found
    return found


def _is_team(row: Row) -> bool:
    return "Team" in (row.get("resourceProvisioningOptions") or ())
