"""Ways to spoil a sound connector, each a thin coat round it with one bug sewn in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from connectors.contract import (
    NO_GROUPS,
    ChatConnector,
    Evidence,
    Finding,
    KnownGroups,
    Outcome,
    Presence,
    Quality,
    Result,
    Revocation,
    Sight,
)
from connectors.errors import BadCredentials, ConnectorError
from policies.model import Account, Gap, Membership, Refusal, Role
from tests.contract.coat import Coat
from tests.contract.stage import Stage


class FirstPageOnly(Coat):
    """Gives the first page of memberships for all of them."""

    async def memberships(self, account: Account, known: KnownGroups) -> AsyncIterator[Membership | Gap]:
        read = [item async for item in self._inner.memberships(account, known)]
        kept = 0
        for item in read:
            kept += isinstance(item, Membership)
            if isinstance(item, Gap) or kept <= 2:
                yield item


class HalfAListing(Coat):
    """Swallows an error in the middle of a listing and gives what it has."""

    async def memberships(self, account: Account, known: KnownGroups) -> AsyncIterator[Membership | Gap]:
        try:
            async for item in self._inner.memberships(account, known):
                yield item
        except ConnectorError:
            return


class ForgetsTheGaps(Coat):
    """Leaves out what could not be read."""

    async def memberships(self, account: Account, known: KnownGroups) -> AsyncIterator[Membership | Gap]:
        async for item in self._inner.memberships(account, known):
            if not isinstance(item, Gap):
                yield item


class NamesAsIds(Coat):
    """Takes a group's name for its id."""

    async def memberships(self, account: Account, known: KnownGroups) -> AsyncIterator[Membership | Gap]:
        async for item in self._inner.memberships(account, known):
            if isinstance(item, Membership):
                yield replace(item, group=replace(item.group, id=item.group.name))
            else:
                yield item


class WrongPerson(Coat):
    """Removes the namesake."""

    def _step(self, step: Revocation) -> Revocation:
        if step.account_id != self._stage.cast.leaver.id or step.account_id != step.membership.account.id:
            return step
        other = self._stage.cast.namesake
        return replace(step, account_id=other.id, membership=replace(step.membership, account=other))


class ActsOnTheEmail(Coat):
    """Looks the person up by e-mail at the moment of the call."""

    def _step(self, step: Revocation) -> Revocation:
        other = self._stage.cast.namesake
        if step.membership.account.email != other.email or step.account_id != step.membership.account.id:
            return step
        return replace(step, account_id=other.id, membership=replace(step.membership, account=other))


class BelievesEitherId(Coat):
    """Does not compare the two ids of a step."""

    def _step(self, step: Revocation) -> Revocation:
        account = replace(step.membership.account, id=step.account_id)
        return replace(step, membership=replace(step.membership, account=account))


class ForgetsTheLastOwner(Coat):
    """Leaves the owner out of its guard."""

    def _step(self, step: Revocation) -> Revocation:
        return replace(step, membership=replace(step.membership, role=Role.MEMBER, sole_owner=False))


class DoesNotKnowItself(Coat):
    """Has no idea which account is its own."""

    async def own_account_ids(self) -> frozenset[str]:
        return frozenset()


class TakesAnyBatch(Coat):
    """Takes more steps than it declares."""

    async def revoke(self, steps: Sequence[Revocation]) -> Sequence[Result]:
        size = self.capabilities.batch
        parts = [await self._inner.revoke(steps[at : at + size]) for at in range(0, len(steps), size)]
        return [result for part in parts for result in part]


class StopsAtTheFirstFailure(Coat):
    """One refused group stops everything after it, as a loop with `return` does."""

    _stopped: Result | None = None

    async def revoke(self, steps: Sequence[Revocation]) -> Sequence[Result]:
        if len(steps) > self.capabilities.batch:
            return await self._inner.revoke(steps)
        results: list[Result] = []
        for step in steps:
            results.append(self._left(step, self._stopped) or await self._next(step, results))
            if results[-1].outcome is Outcome.REFUSED:
                self._stopped = results[-1]
        return results

    def _left(self, step: Revocation, last: Result | None) -> Result | None:
        return last and replace(last, step_id=step.step_id, outcome=Outcome.UNAVAILABLE, refusal=None)

    async def _next(self, step: Revocation, before: Sequence[Result]) -> Result:
        try:
            (result,) = await self._inner.revoke([step])
        except ConnectorError:
            # Right about exceptions, so that this coat is wrong in one way only.
            if not before:
                raise
            return replace(before[-1], step_id=step.step_id, outcome=Outcome.UNAVAILABLE, refusal=None)
        return result


class WrongOrder(Coat):
    """Gives the answers in the order they happened to come."""

    async def revoke(self, steps: Sequence[Revocation]) -> Sequence[Result]:
        return list(reversed(await self._inner.revoke(steps)))

    async def read_back(self, steps: Sequence[Revocation]) -> Sequence[Presence]:
        return list(reversed(await self._inner.read_back(steps)))


class LosesWhatWasDone(Coat):
    """Raises in the middle of a call, though something was sent."""

    async def revoke(self, steps: Sequence[Revocation]) -> Sequence[Result]:
        results = await self._inner.revoke(steps)
        if any(result.outcome is Outcome.UNAVAILABLE for result in results):
            raise BadCredentials("the token was refused; put a new one in the settings")
        return results


class LostIsAFailure(Coat):
    """Reads a lost answer as a failure."""

    def _result(self, result: Result) -> Result:
        if result.outcome is not Outcome.UNKNOWN:
            return result
        return replace(result, outcome=Outcome.REFUSED, refusal=Refusal.UNEXPECTED)


class LostIsASuccess(Coat):
    """Reads a lost answer as a success."""

    def _result(self, result: Result) -> Result:
        return replace(result, outcome=Outcome.REVOKED) if result.outcome is Outcome.UNKNOWN else result


class LimitIsARefusal(Coat):
    """Gives up where it is only asked to wait."""

    def _result(self, result: Result) -> Result:
        if result.outcome is not Outcome.RATE_LIMITED:
            return result
        return replace(result, outcome=Outcome.REFUSED, refusal=Refusal.NO_RIGHT, retry_after=None)


class DefaultGroupIsDone(Coat):
    """Reports the group nobody can leave as left."""

    def _result(self, result: Result) -> Result:
        if result.refusal is not Refusal.DEFAULT_GROUP:
            return result
        return replace(result, outcome=Outcome.REVOKED, refusal=None)


class OutsideIsAbsent(Coat):
    """Takes "not in the group", said of the bot, for the person's absence."""

    def _result(self, result: Result) -> Result:
        if result.refusal is not Refusal.BOT_NOT_IN_GROUP:
            return result
        return replace(result, outcome=Outcome.SAID_ABSENT, refusal=None)


class AllRefusalsAreOne(Coat):
    """Has one word for every refusal by the platform."""

    def _result(self, result: Result) -> Result:
        platforms = {Refusal.NO_RIGHT, Refusal.MISSING_SCOPE, Refusal.GROUP_GONE}
        return replace(result, refusal=Refusal.UNEXPECTED) if result.refusal in platforms else result


class TokenInEvidence(Coat):
    """Keeps the request's header as evidence."""

    def _result(self, result: Result) -> Result:
        token = min(self._stage.secrets)
        facts = (*result.evidence.facts, ("authorization", f"Bearer {token}"))
        return replace(result, evidence=replace(result.evidence, facts=facts))


class TokenInException(Coat):
    """Names the token it was refused."""

    async def revoke(self, steps: Sequence[Revocation]) -> Sequence[Result]:
        try:
            return await self._inner.revoke(steps)
        except BadCredentials as error:
            raise BadCredentials(f"{error}: {min(self._stage.secrets)}") from None


class BadTokenIsARefusal(Coat):
    """Reads a dead token as one group's refusal, so the lane runs on."""

    async def revoke(self, steps: Sequence[Revocation]) -> Sequence[Result]:
        try:
            return await self._inner.revoke(steps)
        except BadCredentials:
            seen = Evidence(Quality.ACKNOWLEDGED, datetime.now(UTC), "revoke")
            return [Result(step.step_id, Outcome.REFUSED, seen, Refusal.NO_RIGHT) for step in steps]


class TrustsTheAck(Coat):
    """Takes the platform's OK for the read-back."""

    def __init__(self, inner: ChatConnector, stage: Stage) -> None:
        super().__init__(inner, stage)
        self._acknowledged: set[str] = set()

    def _result(self, result: Result) -> Result:
        if result.outcome is Outcome.REVOKED:
            self._acknowledged.add(result.step_id)
        return result

    def _presence(self, presence: Presence) -> Presence:
        return replace(presence, sight=Sight.ABSENT) if presence.step_id in self._acknowledged else presence


class UnreadableIsAbsent(Coat):
    """Reads a refused reading as an absence."""

    def _presence(self, presence: Presence) -> Presence:
        if presence.sight is not Sight.UNREADABLE:
            return presence
        return replace(presence, sight=Sight.ABSENT)


class LockedOutIsAbsent(Coat):
    """Takes a closed account for a membership that ended; it may come back with the account."""

    def _presence(self, presence: Presence) -> Presence:
        if presence.sight is not Sight.LOCKED_OUT:
            return presence
        return replace(presence, sight=Sight.ABSENT)


class ReadsGroupByGroup(Coat):
    """Reads a person's memberships again for every group."""

    async def read_back(self, steps: Sequence[Revocation]) -> Sequence[Presence]:
        return [presence for step in steps for presence in await self._inner.read_back([step])]


class ClaimsToHaveSeen(Coat):
    """Calls every reading an observation."""

    def _presence(self, presence: Presence) -> Presence:
        return replace(presence, evidence=replace(presence.evidence, quality=Quality.OBSERVED))


class SaysNothingIsMissing(Coat):
    """Finds everything in order."""

    async def check(self, known: KnownGroups = NO_GROUPS) -> Sequence[Finding]:  # noqa: ARG002
        return ()
