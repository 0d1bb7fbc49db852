"""Ways to spoil what only some connectors can: members, owners, ways back, accounts, moved groups."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from connectors.contract import (
    ChatConnector,
    Closing,
    Evidence,
    Outcome,
    Presence,
    Promotion,
    Quality,
    Result,
    Sight,
    WayBack,
)
from connectors.errors import ConnectorError
from policies.model import Account, Gap, Group, Membership, Refusal, Role
from tests.contract.coat import Coat
from tests.contract.stage import KnowsWaysBack, Stage


def _claimed(step_id: str) -> Result:
    """Give a success nobody asked the platform for."""
    return Result(step_id, Outcome.REVOKED, Evidence(Quality.ACKNOWLEDGED, datetime.now(UTC), "nothing"))


class FirstPageOfMembers(Coat):
    """Gives the first page of a group for all of it."""

    async def members(self, group: Group) -> AsyncIterator[Membership | Gap]:
        read = [item async for item in super().members(group)]
        for item in read[:2]:
            yield item


class HalfTheMembers(Coat):
    """Swallows an error in the middle of a group and gives what it has."""

    async def members(self, group: Group) -> AsyncIterator[Membership | Gap]:
        try:
            async for item in super().members(group):
                if isinstance(item, Membership):
                    yield item
        except ConnectorError:
            return


class EverybodyIsAMember(Coat):
    """Sees no owner in the list of a group."""

    async def members(self, group: Group) -> AsyncIterator[Membership | Gap]:
        async for item in super().members(group):
            yield replace(item, role=Role.ADMIN) if isinstance(item, Membership) else item


class PromotesTheNamesake(Coat):
    """Makes an owner of whoever comes to hand."""

    async def promote(self, step: Promotion) -> Result:
        if step.account.id == step.leaver_id:
            return await super().promote(step)
        return await super().promote(replace(step, account=self._stage.cast.namesake))


class AnySuccessorWillDo(Coat):
    """Does not look whether the successor is the leaver."""

    async def promote(self, step: Promotion) -> Result:
        return await super().promote(replace(step, leaver_id="nobody"))


class ClaimsThePromotion(Coat):
    """Says that it promoted somebody, and sends nothing."""

    async def promote(self, step: Promotion) -> Result:
        return await super().promote(step) if step.account.id == step.leaver_id else _claimed(step.step_id)


class ThrowsTheLeaverOutAtOnce(Coat):
    """Takes the leaver out in the same breath as it promotes the successor."""

    async def promote(self, step: Promotion) -> Result:
        result = await super().promote(step)
        if result.outcome in {Outcome.REVOKED, Outcome.SAID_ABSENT}:
            later = self._stage.revocation(step.group.id)
            held = replace(later.membership, role=Role.MEMBER, sole_owner=False)
            await self._inner.revoke([replace(later, membership=held)])
        return result


class BelievesThePromotion(Coat):
    """Takes the platform's OK for the owners' list."""

    def __init__(self, inner: ChatConnector, stage: Stage) -> None:
        super().__init__(inner, stage)
        self._acknowledged: set[str] = set()

    async def promote(self, step: Promotion) -> Result:
        result = await super().promote(step)
        if result.outcome is Outcome.REVOKED:
            self._acknowledged.add(step.step_id)
        return result

    async def sole_ownership(self, step: Promotion) -> Presence:
        seen = await super().sole_ownership(step)
        return replace(seen, sight=Sight.ABSENT) if step.step_id in self._acknowledged else seen


class UnseenOwnersAreEnough(Coat):
    """Takes owners that cannot be read for owners that are there."""

    async def sole_ownership(self, step: Promotion) -> Presence:
        seen = await super().sole_ownership(step)
        return replace(seen, sight=Sight.ABSENT) if seen.sight is Sight.UNREADABLE else seen


class ForgetsTheOtherWays(Coat):
    """Finds one way back, and looks for no other."""

    async def ways_back(self, account: Account, groups: Sequence[Group]) -> AsyncIterator[WayBack | Gap]:
        found = [item async for item in super().ways_back(account, groups)]
        ways = [item for item in found if isinstance(item, WayBack)]
        for item in found:
            if isinstance(item, Gap) or item is ways[0]:
                yield item


class WaysWithoutARemedy(Coat):
    """Says that people must close something, and not how."""

    async def ways_back(self, account: Account, groups: Sequence[Group]) -> AsyncIterator[WayBack | Gap]:
        async for item in super().ways_back(account, groups):
            yield replace(item, remedy="") if isinstance(item, Gap) else item


class RenewsAtEveryLook(Coat):
    """Closes a way back by looking at it, as whoever asks for a link with the wrong method does."""

    async def ways_back(self, account: Account, groups: Sequence[Group]) -> AsyncIterator[WayBack | Gap]:
        found = [item async for item in super().ways_back(account, groups)]
        for item in found:
            if isinstance(item, WayBack):
                await super().close_way_back(Closing("look", account, item))
        async for item in super().ways_back(account, groups):
            yield item


class ClaimsTheClosing(Coat):
    """Says that it closed a way back, and sends nothing."""

    async def close_way_back(self, step: Closing) -> Result:
        return _claimed(step.step_id)


class BelievesTheClosing(Coat):
    """Takes the platform's OK for a look at the link."""

    def __init__(self, inner: ChatConnector, stage: Stage) -> None:
        super().__init__(inner, stage)
        self._acknowledged: set[str] = set()

    async def close_way_back(self, step: Closing) -> Result:
        result = await super().close_way_back(step)
        if result.outcome is Outcome.REVOKED:
            self._acknowledged.add(step.step_id)
        return result

    async def way_back_open(self, step: Closing) -> Presence:
        seen = await super().way_back_open(step)
        return replace(seen, sight=Sight.ABSENT) if step.step_id in self._acknowledged else seen


class UnseenWaysAreClosed(Coat):
    """Takes a link that cannot be read for one that is gone."""

    async def way_back_open(self, step: Closing) -> Presence:
        seen = await super().way_back_open(step)
        return replace(seen, sight=Sight.ABSENT) if seen.sight is Sight.UNREADABLE else seen


class LinkInEvidence(Coat):
    """Keeps the new link, for whoever may need it."""

    async def close_way_back(self, step: Closing) -> Result:
        result = await super().close_way_back(step)
        assert isinstance(self._stage, KnowsWaysBack)
        facts = (*result.evidence.facts, ("link", min(await self._stage.links(), default="")))
        return replace(result, evidence=replace(result.evidence, facts=facts))


class LinkInTheMark(Coat):
    """Remembers the link itself where a fingerprint would do."""

    async def ways_back(self, account: Account, groups: Sequence[Group]) -> AsyncIterator[WayBack | Gap]:
        assert isinstance(self._stage, KnowsWaysBack)
        links = sorted(await self._stage.links())
        async for item in super().ways_back(account, groups):
            yield replace(item, name=links[0]) if isinstance(item, WayBack) else item


class MovedIsGone(Coat):
    """Gives up a group that only has another id now."""

    def _result(self, result: Result) -> Result:
        if result.outcome is not Outcome.MOVED:
            return result
        return replace(result, outcome=Outcome.REFUSED, refusal=Refusal.GROUP_GONE, new_group_id=None)


class ClosesTheNamesakesAccount(Coat):
    """Closes the account of the other person of that name."""

    async def deactivate(self, step_id: str, account: Account) -> Result:  # noqa: ARG002 - that is the bug
        return await super().deactivate(step_id, self._stage.cast.namesake)


class ClosedBecauseAsked(Coat):
    """Never looks whether the account is really closed."""

    asked = False

    async def deactivate(self, step_id: str, account: Account) -> Result:
        self.asked = True
        return await super().deactivate(step_id, account)

    async def account_active(self, step_id: str, account: Account) -> Presence:
        seen = await super().account_active(step_id, account)
        return replace(seen, sight=Sight.ABSENT) if self.asked else seen


class SignsOutTheNamesake(Coat):
    """Ends the sessions of the other person of that name."""

    async def end_sessions(self, step_id: str, account: Account) -> Result:  # noqa: ARG002 - that is the bug
        return await super().end_sessions(step_id, self._stage.cast.namesake)


class SignedOutBecauseAsked(Coat):
    """Never looks whether a session is left."""

    async def sessions_open(self, step_id: str, account: Account) -> Presence:
        return replace(await super().sessions_open(step_id, account), sight=Sight.ABSENT)


class TheSecondTimeIsAFailure(Coat):
    """Takes "it is so already" for a refusal."""

    def __init__(self, inner: ChatConnector, stage: Stage) -> None:
        super().__init__(inner, stage)
        self._done: set[str] = set()

    def _result(self, result: Result) -> Result:
        if result.step_id in self._done:
            return replace(result, outcome=Outcome.REFUSED, refusal=Refusal.UNEXPECTED)
        if result.outcome is Outcome.REVOKED:
            self._done.add(result.step_id)
        return result
