"""Lists accounts: all of them page by page, or those one person may have."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any

from connectors.chat.slack.client import SlackClient, SlackRefused
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.identity import Identity
from connectors.chat.slack.objects import account_of
from connectors.errors import ConnectorError
from connectors.pooling import Pool
from connectors.together import abreast
from policies.model import Account, Person

PEOPLE_PAGE = 200
"""Slack's own advice for users.list (docs.slack.dev/reference/methods/users.list)."""
ABREAST = 8
_NOT_FOUND = frozenset({"user_not_found", "users_not_found", "user_not_visible"})


class Directory:
    """The accounts of one workspace."""

    def __init__(self, config: SlackConfig, client: SlackClient, identity: Identity) -> None:
        self._config = config
        self._client = client
        self._identity = identity
        self._pool: Pool[str, Account | ConnectorError | None] = Pool(self._many, str)
        self._pages: int | None = None
        """How many pages the last listing of everybody had; None while none was read."""

    async def all_accounts(self) -> AsyncIterator[Account]:
        """Yield every account, deactivated ones and bots too; complete, or raises."""
        home = await self._identity.bot()
        pages = self._client.pages(
            "users.list",
            "members",
            limit=min(PEOPLE_PAGE, self._config.page_size),
            team_id=self._config.team_id,
        )
        read = 0
        async for users, _ in pages:
            read += 1
            for user in users:
                yield account_of(self._config.instance, user, home)
        self._pages = read

    async def accounts_of(self, person: Person) -> AsyncIterator[Account]:
        """Yield the accounts HR states by id; only where it states none, the one with the person's e-mail."""
        stated = [id_ for instance, id_ in person.account_ids if instance == self._config.instance]
        if stated:
            for account_id in stated:
                if (account := await self.account(account_id)) is not None:
                    yield account
        elif person.email:
            found = await self._lookup("users.lookupByEmail", email=person.email)
            if found is not None:
                yield found

    async def account(self, account_id: str) -> Account | None:
        """Read one account; None where Slack does not know the id.

        Whoever else is asked for in the same moment is read along, from one listing of everybody where
        that is known to be fewer calls.
        """
        (found,) = await self._pool.read([account_id])
        if isinstance(found, ConnectorError):
            raise found
        return found

    async def _many(self, ids: Sequence[str]) -> list[Account | ConnectorError | None]:
        listed: dict[str, Account] = {}
        if self._pages is not None and self._pages < len(ids):
            listed = {account.id: account async for account in self.all_accounts()}
        return await abreast([partial(self._one, account_id, listed) for account_id in ids], ABREAST)

    async def _one(self, account_id: str, listed: Mapping[str, Account]) -> Account | ConnectorError | None:
        """Read one by its id, unless it was just listed; its own failure is not the others'."""
        if account_id in listed:
            return listed[account_id]
        try:
            return await self._lookup("users.info", user=account_id)
        except ConnectorError as error:
            return error

    async def _lookup(self, method: str, **params: Any) -> Account | None:
        home = await self._identity.bot()
        try:
            answer = await self._client.read(method, **params)
        except SlackRefused as refused:
            if refused.error in _NOT_FOUND:
                return None
            raise
        return account_of(self._config.instance, answer.data["user"], home)
