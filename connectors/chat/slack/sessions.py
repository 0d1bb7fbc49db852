"""Reads whether an account still has sessions open: none only where Slack itself says so."""

from __future__ import annotations

from typing import Any

from connectors.chat.slack import evidence
from connectors.chat.slack.client import SlackClient, SlackRefused
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.identity import Identity
from connectors.contract import Presence, Sight
from connectors.errors import BadCredentials, ConnectorError, Forbidden
from connectors.wire import Exchange
from policies.model import Account

LIST = "admin.users.session.list"
SCOPE = "admin.users:read"
# Documented among the errors of the method at docs.slack.dev, yet it is the answer hoped for.
_NONE_LEFT = "no_active_sessions"
_PAGE = 1000


class Sessions:
    """`admin.users.session.list`, by the admin token, for one account in one workspace."""

    def __init__(self, config: SlackConfig, client: SlackClient, identity: Identity) -> None:
        self._config = config
        self._client = client
        self._identity = identity

    async def sessions_open(self, step_id: str, account: Account) -> Presence:
        """Give `absent` where no session is left; `unreadable`, never `absent`, where that cannot be read."""
        try:
            admin = await self._identity.admin()
            if admin is None or not admin.may(SCOPE):
                return _unreadable(step_id, f"no admin token with {SCOPE}")
            return await self._read(step_id, account)
        except SlackRefused as refused:
            if refused.error == _NONE_LEFT:
                return Presence(step_id, Sight.ABSENT, evidence.observed(LIST, ("error", _NONE_LEFT)))
            return _unreadable(step_id, str(refused))
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return _unreadable(step_id, str(error))

    async def _read(self, step_id: str, account: Account) -> Presence:
        """Read page by page, to the first session of this account or to the end."""
        pages = self._client.pages(
            LIST, "active_sessions", team_id=await self._team(), user_id=account.id, limit=_PAGE
        )
        rows, read = 0, 0
        last: Exchange | None = None
        async for page, last in pages:
            read += 1
            rows += len(page)
            if any(_is_of(row, account) for row in page):
                proof = evidence.seen(last, ("sessions", "open"))
                return Presence(step_id, Sight.PRESENT, proof)
        if rows or read != 1 or last is None:
            return _unreadable(step_id, f"{rows} sessions on {read} pages, none of them of {account.id}")
        return Presence(step_id, Sight.ABSENT, evidence.seen(last, ("sessions", "none")))

    async def _team(self) -> str:
        """The method wants a workspace with every person."""
        return self._config.team_id or (await self._identity.bot()).team_id


def _is_of(row: Any, account: Account) -> bool:
    return isinstance(row, dict) and row.get("user_id") == account.id


def _unreadable(step_id: str, why: str) -> Presence:
    return Presence(step_id, Sight.UNREADABLE, evidence.without_call(LIST), why)
