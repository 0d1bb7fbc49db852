"""A connector as far as a comparison reads it: itself, or answered from groups that were read before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from bot.app import Bawab
from bot.values import group_from_plain
from connectors.contract import (
    NO_GROUPS,
    Capabilities,
    ChatConnector,
    Finding,
    KnownGroups,
    Presence,
    Result,
    Revocation,
)
from connectors.errors import Forbidden, Unavailable
from connectors.lately import as_it_is_now
from policies.model import Account, Gap, Group, Membership, Person, Role


class Reader:
    """Hands on what a plan reads, and nothing that writes; no way back is looked for either."""

    def __init__(self, connector: ChatConnector) -> None:
        self._inner = connector

    @property
    def instance(self) -> str:
        """The connector's own."""
        return self._inner.instance

    @property
    def capabilities(self) -> Capabilities:
        """The connector's own."""
        return self._inner.capabilities

    async def check(self, known: KnownGroups = NO_GROUPS) -> Sequence[Finding]:
        """Hand on."""
        return await self._inner.check(known)

    async def own_account_ids(self) -> frozenset[str]:
        """Hand on."""
        return await self._inner.own_account_ids()

    async def accounts(self, person: Person | None = None) -> AsyncIterator[Account]:
        """Hand on; one person's as they are now: who was closed since a listing has not come back."""
        if person is None:
            async for account in self._inner.accounts():
                yield account
            return
        with as_it_is_now():
            found = [account async for account in self._inner.accounts(person)]
        for account in found:
            yield account

    def groups(self, known: KnownGroups = NO_GROUPS) -> AsyncIterator[Group | Gap]:
        """Hand on."""
        return self._inner.groups(known)

    def memberships(self, account: Account, known: KnownGroups) -> AsyncIterator[Membership | Gap]:
        """Hand on."""
        return self._inner.memberships(account, known)

    async def revoke(self, steps: Sequence[Revocation]) -> Sequence[Result]:
        """Refuse: a comparison takes nobody out."""
        raise Forbidden(f"{self.instance}: a comparison of {len(steps)} memberships writes nothing")

    async def read_back(self, steps: Sequence[Revocation]) -> Sequence[Presence]:
        """Hand on."""
        return await self._inner.read_back(steps)

    async def aclose(self) -> None:
        """Leave the connector open: it belongs to somebody else."""


@runtime_checkable
class ListsMembersById(Protocol):
    """Can say who is in a group by the accounts' ids alone, where what they are would cost more calls."""

    def members_by_id(self, group: Group) -> AsyncIterator[Membership | Gap]:
        """Yield everybody in the group as `members` does, of each account no more than its id."""
        ...


@dataclass(frozen=True, slots=True)
class GroupRead:
    """One group of the index: who of the people compared is in it, or why that is not known."""

    group: Group
    state: str
    """waiting | read | unreadable"""
    members: Mapping[str, Mapping[str, Any]]
    """Account id → role and the like, of those that are compared."""
    problem: str = ""


def member_to_plain(membership: Membership) -> dict[str, Any]:
    """Give what an index keeps of a membership, beside whose it is and where."""
    return {"role": membership.role.value, "sole_owner": membership.sole_owner, "through": membership.through}


def group_read(state: str, found: Mapping[str, Any], problem: str) -> GroupRead:
    """Read back what is stored of one group; raises ValueError where that is no group."""
    group = group_from_plain(found["group"])
    if group is None:
        raise ValueError("an item of a reconciliation holds no group")
    return GroupRead(group, state, found.get("members") or {}, problem)


class MemberIndex(Reader):
    """Answers for the accounts it covers from groups read one by one; asks the connector for any other."""

    def __init__(
        self,
        connector: ChatConnector,
        covered: frozenset[str],
        groups: Sequence[GroupRead],
        *,
        gaps: Sequence[Gap] = (),
        list_accounts: bool = False,
    ) -> None:
        super().__init__(connector)
        self._covered = covered
        self._groups = groups
        self._gaps = gaps
        self._list_accounts = list_accounts
        self._listed: dict[str, Account] | None = None

    async def accounts(self, person: Person | None = None) -> AsyncIterator[Account]:
        """Yield accounts by their ids: from one listing of all where that was chosen, else as linked.

        What the groups say is looked at closer before it counts, and then the accounts are asked for.
        """
        wanted = {account for at, account in person.account_ids if at == self.instance} if person else set()
        if person is None or not wanted or not wanted <= self._covered:
            async for account in self._inner.accounts(person):
                yield account
        elif self._list_accounts:
            listed = await self._directory()
            for account_id in sorted(wanted & listed.keys()):
                yield listed[account_id]
        else:
            for account in stand_ins(self.instance, person):
                yield account

    async def _directory(self) -> dict[str, Account]:
        if self._listed is None:
            listed = {account.id: account async for account in self._inner.accounts()}
            self._listed = {account_id: listed[account_id] for account_id in self._covered & listed.keys()}
        return self._listed

    async def memberships(self, account: Account, known: KnownGroups) -> AsyncIterator[Membership | Gap]:
        """Yield what the groups say of the account, and their gaps; raises where one is not read yet."""
        if account.id not in self._covered:
            async for found in self._inner.memberships(account, known):
                yield found
            return
        if any(row.state == "waiting" for row in self._groups):
            raise Unavailable(f"{self.instance}: not every group has been read yet; go on reading")
        for row in self._groups:
            if row.state == "unreadable":
                yield Gap(self.instance, "members_unseen", group_id=row.group.id, detail=row.problem)
            elif (kept := row.members.get(account.id)) is not None:
                sole, through = bool(kept["sole_owner"]), kept["through"]
                yield Membership(account, row.group, Role(kept["role"]), sole_owner=sole, through=through)
        for gap in self._gaps:
            yield gap


def stand_ins(instance: str, person: Person) -> list[Account]:
    """Give a person's accounts by their ids alone, as ordinary open ones; never to act upon."""
    return [Account(instance, account_id) for at, account_id in person.account_ids if at == instance]


def reading(app: Bawab, instance: str, reader: Reader | None = None) -> Bawab:
    """Give Bawab with one connector behind a reader, for a Drafter that only compares."""
    return replace(app, chat={**app.chat, instance: reader or Reader(app.chat[instance])})
