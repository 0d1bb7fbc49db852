"""Lists accounts: all of them page by page, or those one person may have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from connectors.chat.slack.client import SlackClient, SlackRefused
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.identity import Identity
from connectors.chat.slack.objects import account_of
from policies.model import Account, Person

PEOPLE_PAGE = 200
"""Slack's own advice for users.list (docs.slack.dev/reference/methods/users.list)."""
_NOT_FOUND = frozenset({"user_not_found", "users_not_found", "user_not_visible"})


class Directory:
    """The accounts of one workspace."""

    def __init__(self, config: SlackConfig, client: SlackClient, identity: Identity) -> None:
        self._config = config
        self._client = client
        self._identity = identity

    async def all_accounts(self) -> AsyncIterator[Account]:
        """Yield every account, deactivated ones and bots too; complete, or raises."""
        home = await self._identity.bot()
        pages = self._client.pages(
            "users.list",
            "members",
            limit=min(PEOPLE_PAGE, self._config.page_size),
            team_id=self._config.team_id,
        )
        async for users, _ in pages:
            for user in users:
                yield account_of(self._config.instance, user, home)

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
        """Read one account; None where Slack does not know the id."""
        return await self._lookup("users.info", user=account_id)

    async def _lookup(self, method: str, **params: Any) -> Account | None:
        home = await self._identity.bot()
        try:
            answer = await self._client.read(method, **params)
        except SlackRefused as refused:
            if refused.error in _NOT_FOUND:
                return None
            raise
        return account_of(self._config.instance, answer.data["user"], home)
