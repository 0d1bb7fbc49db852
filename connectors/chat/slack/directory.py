"""Lists accounts: all of them page by page, or those one person may have."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from connectors.chat.slack.client import SlackClient, SlackRefused
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.identity import Identity
from connectors.chat.slack.objects import account_of
from connectors.errors import ConnectorError
from connectors.lately import must_be_now
from connectors.pooling import Pool
from connectors.together import abreast
from policies.model import Account, Person

PEOPLE_PAGE = 200
"""Slack's own advice for users.list (docs.slack.dev/reference/methods/users.list)."""
ABREAST = 8
_NOT_FOUND = frozenset({"user_not_found", "users_not_found", "user_not_visible"})
_Found = Account | ConnectorError | None


@dataclass(frozen=True, slots=True)
class _Listed:
    """The last complete listing of everybody, when it began, and of how many pages; None: there was none."""

    accounts: Mapping[str, Account] = field(default_factory=dict)
    began: float = 0.0
    pages: int | None = None

    def active(self, account_id: str, seconds: float) -> Account | None:
        """Give one that it shows active, if it is no older than that: of others more is to be known."""
        if time.monotonic() - self.began >= seconds:
            return None
        found = self.accounts.get(account_id)
        return found if found is not None and found.active else None


@dataclass(slots=True)
class _Asked:
    """How many were asked for one by one within a time, since the last listing."""

    count: int = 0
    since: float = 0.0

    def within(self, seconds: float) -> int:
        """Give how many."""
        return self.count if time.monotonic() - self.since < seconds else 0

    def add(self, more: int, seconds: float) -> None:
        """Count some more; the time begins anew where it is over."""
        if not self.within(seconds):
            self.count, self.since = 0, time.monotonic()
        self.count += more


class Directory:
    """The accounts of one workspace."""

    def __init__(self, config: SlackConfig, client: SlackClient, identity: Identity) -> None:
        self._config = config
        self._client = client
        self._identity = identity
        self._now: Pool[str, _Found] = Pool(self._read_now, str)
        self._lately: Pool[str, _Found] = Pool(self._read_lately, str)
        self._listed = _Listed()
        self._asked = _Asked()
        self._listing = asyncio.Lock()

    async def all_accounts(self) -> AsyncIterator[Account]:
        """Yield every account, deactivated ones and bots too; complete, or raises."""
        home = await self._identity.bot()
        began, listed = time.monotonic(), dict[str, Account]()
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
                account = account_of(self._config.instance, user, home)
                listed[account.id] = account
                yield account
        self._listed = _Listed(listed, began, read)
        self._asked = _Asked()

    async def accounts_of(self, person: Person) -> AsyncIterator[Account]:
        """Yield the accounts HR states by id; only where it states none, the one with the person's e-mail.

        To plan by: a listing of everybody made lately stands for those whom it shows active, except where
        something is to be said of the account itself.
        """
        stated = [id_ for instance, id_ in person.account_ids if instance == self._config.instance]
        for found in await (self._now if must_be_now() else self._lately).read(stated):
            if isinstance(found, ConnectorError):
                raise found
            if found is not None:
                yield found
        if not stated and person.email:
            by_address = await self._lookup("users.lookupByEmail", email=person.email)
            if by_address is not None:
                yield by_address

    async def account(self, account_id: str) -> Account | None:
        """Read one account now; None where Slack does not know the id.

        Whoever else is asked for in the same moment is read along, from one listing of everybody where
        that is known to be fewer calls.
        """
        (found,) = await self._now.read([account_id])
        if isinstance(found, ConnectorError):
            raise found
        return found

    async def _read_now(self, ids: Sequence[str]) -> list[_Found]:
        listed: Mapping[str, Account] = {}
        if self._listed.pages is not None and self._listed.pages < len(ids):
            listed = {account.id: account async for account in self.all_accounts()}
        return await self._each(ids, listed)

    async def _read_lately(self, ids: Sequence[str]) -> list[_Found]:
        """Read from a listing that still stands, or is worth making; whoever it cannot answer for, by id."""
        if len(self._left(ids)) > 1:  # nobody waits for a listing alone: they may be urgent
            async with self._listing:
                if self._worth_listing(len(self._left(ids))):
                    return await self._each(ids, {one.id: one async for one in self.all_accounts()})
        left = self._left(ids)
        self._asked.add(len(left), self._config.directory_kept_seconds)
        return await self._each(ids, {id_: self._listed.accounts[id_] for id_ in ids if id_ not in left})

    def _left(self, ids: Sequence[str]) -> list[str]:
        for_long = self._config.directory_kept_seconds
        return [account_id for account_id in ids if self._listed.active(account_id, for_long) is None]

    def _worth_listing(self, left: int) -> bool:
        """Whether asking by id has cost lately, or would now cost, more calls than a listing of everybody."""
        pages, asked = self._listed.pages, self._asked.within(self._config.directory_kept_seconds)
        return pages is not None and left > 1 and asked + left > pages

    async def _each(self, ids: Sequence[str], listed: Mapping[str, Account]) -> list[_Found]:
        return await abreast([partial(self._one, account_id, listed) for account_id in ids], ABREAST)

    async def _one(self, account_id: str, listed: Mapping[str, Account]) -> _Found:
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
