"""A thin coat round a sound connector: passes everything on unchanged; each seeded flaw changes one thing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from connectors.contract import (
    NO_GROUPS,
    Capabilities,
    ChatConnector,
    ClosesTheWayBack,
    Closing,
    DeactivatesAccounts,
    EndsSessions,
    Finding,
    KnownGroups,
    ListsMembers,
    Presence,
    Promotion,
    Result,
    Revocation,
    TransfersOwnership,
    WayBack,
)
from policies.model import Account, Gap, Group, Membership, Person
from tests.contract.stage import Stage


class Coat:
    """Passes everything on unchanged; each flaw below changes one thing."""

    def __init__(self, inner: ChatConnector, stage: Stage) -> None:
        self._inner = inner
        self._stage = stage

    @property
    def instance(self) -> str:
        return self._inner.instance

    @property
    def capabilities(self) -> Capabilities:
        return self._inner.capabilities

    async def check(self, known: KnownGroups = NO_GROUPS) -> Sequence[Finding]:
        return await self._inner.check(known)

    async def own_account_ids(self) -> frozenset[str]:
        return await self._inner.own_account_ids()

    def accounts(self, person: Person | None = None) -> AsyncIterator[Account]:
        return self._inner.accounts(person)

    def groups(self, known: KnownGroups = NO_GROUPS) -> AsyncIterator[Group | Gap]:
        return self._inner.groups(known)

    def memberships(self, account: Account, known: KnownGroups) -> AsyncIterator[Membership | Gap]:
        return self._inner.memberships(account, known)

    async def revoke(self, steps: Sequence[Revocation]) -> Sequence[Result]:
        results = await self._inner.revoke([self._step(step) for step in steps])
        return [self._result(result) for result in results]

    async def read_back(self, steps: Sequence[Revocation]) -> Sequence[Presence]:
        return [self._presence(presence) for presence in await self._inner.read_back(steps)]

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _step(self, step: Revocation) -> Revocation:
        return step

    def _result(self, result: Result) -> Result:
        return result

    def _presence(self, presence: Presence) -> Presence:
        return presence

    def members(self, group: Group) -> AsyncIterator[Membership | Gap]:
        return self._lister.members(group)

    async def promote(self, step: Promotion) -> Result:
        return self._result(await self._owner.promote(step))

    async def sole_ownership(self, step: Promotion) -> Presence:
        return await self._owner.sole_ownership(step)

    def ways_back(self, account: Account, groups: Sequence[Group]) -> AsyncIterator[WayBack | Gap]:
        return self._closer.ways_back(account, groups)

    async def close_way_back(self, step: Closing) -> Result:
        return self._result(await self._closer.close_way_back(step))

    async def way_back_open(self, step: Closing) -> Presence:
        return await self._closer.way_back_open(step)

    async def deactivate(self, step_id: str, account: Account) -> Result:
        return self._result(await self._deactivator.deactivate(step_id, account))

    async def account_active(self, step_id: str, account: Account) -> Presence:
        return await self._deactivator.account_active(step_id, account)

    async def end_sessions(self, step_id: str, account: Account) -> Result:
        return self._result(await self._signer.end_sessions(step_id, account))

    async def sessions_open(self, step_id: str, account: Account) -> Presence:
        return await self._signer.sessions_open(step_id, account)

    @property
    def _lister(self) -> ListsMembers:
        assert isinstance(self._inner, ListsMembers)
        return self._inner

    @property
    def _owner(self) -> TransfersOwnership:
        assert isinstance(self._inner, TransfersOwnership)
        return self._inner

    @property
    def _closer(self) -> ClosesTheWayBack:
        assert isinstance(self._inner, ClosesTheWayBack)
        return self._inner

    @property
    def _deactivator(self) -> DeactivatesAccounts:
        assert isinstance(self._inner, DeactivatesAccounts)
        return self._inner

    @property
    def _signer(self) -> EndsSessions:
        assert isinstance(self._inner, EndsSessions)
        return self._inner
