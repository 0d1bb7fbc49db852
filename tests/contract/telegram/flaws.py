"""Ways to be wrong where groups are only remembered, and where barring is not the same as taking out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from connectors.contract import NO_GROUPS, KnownGroups, Revocation
from policies.model import Account, Gap, Group, Manner, Membership
from tests.contract.coat import Coat


class BarsNobody(Coat):
    """Only takes people out, so that every link still leads them in."""

    def _step(self, step: Revocation) -> Revocation:
        return replace(step, manner=Manner.KICK)


class BarsEverybody(Coat):
    """Bars also those who only move on and may be asked back."""

    def _step(self, step: Revocation) -> Revocation:
        return replace(step, manner=Manner.BAR)


class ForgetsWhatIsKnown(Coat):
    """Does not look at the groups it is reminded of."""

    def memberships(self, account: Account, known: KnownGroups) -> AsyncIterator[Membership | Gap]:  # noqa: ARG002 - the bug
        return super().memberships(account, NO_GROUPS)


class RepeatsWhatItIsTold(Coat):
    """Gives the groups as they were remembered, and asks nobody."""

    async def groups(self, known: KnownGroups = NO_GROUPS) -> AsyncIterator[Group | Gap]:
        for group in known.groups:
            yield group


class RemembersByItself(Coat):
    """Gives groups nobody reminded it of."""

    async def groups(self, known: KnownGroups = NO_GROUPS) -> AsyncIterator[Group | Gap]:
        async for item in super().groups(known if known.groups else self._stage.cast.known):
            yield item


class ForgetsAGroup(Coat):
    """Loses one remembered group without a word."""

    async def groups(self, known: KnownGroups = NO_GROUPS) -> AsyncIterator[Group | Gap]:
        async for item in super().groups(KnownGroups(known.groups[1:])):
            yield item
