"""Lists accounts: all of them page by page, or those one person may have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus

from connectors.chat.teams.asks import Asks
from connectors.chat.teams.batches import Batches
from connectors.chat.teams.client import Answer, GraphClient
from connectors.chat.teams.objects import account_of
from connectors.chat.teams.refusals import GraphRefused
from connectors.errors import ConnectorError
from policies.model import Account, Person


class Directory:
    """The accounts of one tenant, guests too."""

    def __init__(self, client: GraphClient, asks: Asks, batches: Batches) -> None:
        self._client = client
        self._asks = asks
        self._batches = batches

    @property
    def _instance(self) -> str:
        return self._client.config.instance

    async def all_accounts(self) -> AsyncIterator[Account]:
        """Yield every account, disabled ones too; complete, or raises."""
        async for page, _ in self._client.pages(self._asks.users()):
            for user in page:
                yield account_of(self._instance, user)

    async def accounts_of(self, person: Person) -> AsyncIterator[Account]:
        """Yield the accounts HR states by id; only where it states none, those with the person's e-mail."""
        stated = [id_ for instance, id_ in person.account_ids if instance == self._instance]
        if stated:
            for found in await self._batches.read([self._asks.user(id_) for id_ in stated]):
                if (account := self._known(found)) is not None:
                    yield account
        elif person.email:
            async for page, _ in self._client.pages(self._asks.users(mail=person.email)):
                for user in page:
                    yield account_of(self._instance, user)

    async def account(self, account_id: str) -> Account | None:
        """Read one account; None where the tenant does not know the id."""
        (found,) = await self._batches.read([self._asks.user(account_id)])
        return self._known(found)

    def _known(self, found: Answer | ConnectorError) -> Account | None:
        if isinstance(found, GraphRefused) and found.status == HTTPStatus.NOT_FOUND:
            return None
        if isinstance(found, ConnectorError):
            raise found
        return account_of(self._instance, found.data)
