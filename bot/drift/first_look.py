"""A first look at one person: what they are in, without asking what their accounts are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from bot.drift.member_index import Reader, stand_ins
from connectors.contract import ChatConnector, KnownGroups
from policies.model import Account, Gap, Membership, Person


class FirstLook(Reader):
    """Accounts by their linked ids alone until `closer` is said; what each is in is read once for both looks.

    An account of which nothing more is known counts as an ordinary open one: it is kept from no removal, so
    that a comparison shows rather too much than too little, and whatever it shows is looked at closer.
    """

    def __init__(self, connector: ChatConnector, person_id: str) -> None:
        super().__init__(connector)
        self._person_id = person_id
        self._read: dict[str, list[Membership | Gap]] = {}
        self._closer = False

    def closer(self) -> None:
        """Ask the platform what the accounts are from now on."""
        self._closer = True

    @property
    def doubtful(self) -> bool:
        """Whether an account was shown in nothing: it may be closed, or gone, and hide what it is in."""
        return not all(any(isinstance(one, Membership) for one in found) for found in self._read.values())

    async def accounts(self, person: Person | None = None) -> AsyncIterator[Account]:
        """Yield the person's linked accounts; asked for where a closer look is taken, and of anybody else.

        Whoever could take a group over is somebody else: nobody takes over by an account that may be closed.
        """
        if self._closer or person is None or person.id != self._person_id:
            async for account in super().accounts(person):
                yield account
            return
        for account in stand_ins(self.instance, person):
            yield account

    async def memberships(self, account: Account, known: KnownGroups) -> AsyncIterator[Membership | Gap]:
        """Yield what the account is in, read once; raises what the connector raises."""
        if account.id not in self._read:
            self._read[account.id] = [found async for found in self._inner.memberships(account, known)]
        for found in self._read[account.id]:
            yield replace(found, account=account) if isinstance(found, Membership) else found
