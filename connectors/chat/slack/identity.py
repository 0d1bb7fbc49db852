"""Who the tokens are: their users, workspace and granted scopes, asked once by `auth.test`."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.chat.slack.client import SCOPES_HEADER, Answer, SlackClient
from connectors.chat.slack.config import SlackConfig


@dataclass(frozen=True, slots=True)
class TokenOwner:
    """What `auth.test` says of one token; `scopes` is None where the server sends no scope header."""

    user_id: str
    team_id: str
    team: str
    enterprise_id: str | None
    scopes: frozenset[str] | None

    def may(self, scope: str) -> bool:
        """Whether the token has a scope; where that is unknown, Slack itself will say."""
        return self.scopes is None or scope in self.scopes


class Identity:
    """Asks once per token and remembers, until a token is refused or `forget` is said."""

    def __init__(self, config: SlackConfig, client: SlackClient) -> None:
        self._config = config
        self._client = client
        self._owners: dict[bool, TokenOwner] = {}
        client.on_bad_credentials = self.forget

    async def bot(self) -> TokenOwner:
        """Give the owner of the bot token."""
        return await self._owner(admin=False)

    async def admin(self) -> TokenOwner | None:
        """Give the owner of the admin token, or None where there is no such token."""
        return await self._owner(admin=True) if self._config.admin_token else None

    async def own_account_ids(self) -> frozenset[str]:
        """Give the accounts behind the tokens, which are never targets."""
        owners = [await self.bot(), await self.admin()]
        return frozenset(owner.user_id for owner in owners if owner is not None and owner.user_id)

    def known(self, *, admin: bool) -> TokenOwner | None:
        """Give what is already known, without asking."""
        return self._owners.get(admin)

    def forget(self) -> None:
        """Ask again next time."""
        self._owners.clear()

    async def _owner(self, *, admin: bool) -> TokenOwner:
        if admin not in self._owners:
            self._owners[admin] = _owner_of(await self._client.read("auth.test", admin=admin))
        return self._owners[admin]


def _owner_of(answer: Answer) -> TokenOwner:
    header = answer.exchange.headers.get(SCOPES_HEADER)
    granted = (
        None if header is None else frozenset(part.strip() for part in header.split(",") if part.strip())
    )
    data = answer.data
    return TokenOwner(
        user_id=str(data.get("user_id") or ""),
        team_id=str(data.get("team_id") or ""),
        team=str(data.get("team") or ""),
        enterprise_id=str(data["enterprise_id"]) if data.get("enterprise_id") else None,
        scopes=granted,
    )
