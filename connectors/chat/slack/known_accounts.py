"""Tells accounts apart by a directory that is listed once for many groups; never to act upon."""

from __future__ import annotations

from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.directory import Directory
from connectors.chat.slack.kept import Kept
from policies.model import Account, AccountKind


class KnownAccounts:
    """The directory by id; whom it does not list is asked for by id."""

    def __init__(self, config: SlackConfig, directory: Directory) -> None:
        self._config = config
        self._directory = directory
        self._kept = Kept(config.accounts_kept_seconds, self._listed)

    async def get(self, account_id: str) -> Account:
        """Give one account, listing all of them where that was not done lately."""
        return await self._from(await self._kept.now(), account_id)

    async def one(self, account_id: str) -> Account:
        """Give one account without listing the others for it."""
        return await self._from(self._kept.known() or {}, account_id)

    async def _from(self, known: dict[str, Account], account_id: str) -> Account:
        """Whom Slack shows us nothing about is of another organisation."""
        if account_id not in known:
            stranger = Account(self._config.instance, account_id, kind=AccountKind.EXTERNAL)
            known[account_id] = await self._directory.account(account_id) or stranger
        return known[account_id]

    async def _listed(self) -> dict[str, Account]:
        return {account.id: account async for account in self._directory.all_accounts()}
