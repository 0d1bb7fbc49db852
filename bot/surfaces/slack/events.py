"""Slack's events: somebody joined a channel, a token was revoked, the app was taken out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bot.app import Bawab
from bot.drift.look_now import look_now
from bot.lanes import stumbled
from bot.surfaces.slack.seen import Seen
from connectors.chat.slack import SlackConnector
from connectors.errors import BadCredentials, ConnectorError

# Slack gives up after 3 s and sends the event again (docs.slack.dev, Events API); we give up before.
PATIENCE_SECONDS = 2.5

EVENTS = ("app_home_opened", "app_uninstalled", "member_joined_channel", "tokens_revoked")
"""What the app subscribes to; each has its meaning below."""

_Event = dict[str, Any]
_Meaning = Callable[[_Event, _Event], Awaitable[None]]
"""(event, the body it came in)"""


class Events:
    """One workspace's events. None is believed: each only makes Bawab look, or wait for an operator."""

    def __init__(self, app: Bawab, connector: SlackConnector, patience: float, home_opened: _Meaning) -> None:
        self._app = app
        self._connector = connector
        self._patience = patience
        self._seen = Seen()
        self._meanings: dict[str, _Meaning] = {
            "member_joined_channel": self._joined,
            "tokens_revoked": self._tokens_revoked,
            "app_uninstalled": self._uninstalled,
            "app_home_opened": home_opened,
        }

    async def take(self, event: _Event, body: dict[str, Any]) -> None:
        """Act on an event once; a failed one may come again."""
        meaning, key = self._meanings.get(str(event["type"])), str(body.get("event_id", ""))
        if meaning is None or not self._seen.first(key):
            return
        try:
            async with asyncio.timeout(self._patience):
                await meaning(event, body)
        except BaseException:
            self._seen.forget(key)
            raise

    async def _joined(self, event: _Event, _body: _Event) -> None:
        user, channel = event.get("user"), event.get("channel")
        if isinstance(user, str) and isinstance(channel, str):
            name = self._connector.instance
            await look_now(self._app, name, user, channel, because="member_joined_channel")

    async def _tokens_revoked(self, event: _Event, _body: _Event) -> None:
        """Pause only where a token of ours is among them; other people's tokens are their own business."""
        tokens = event.get("tokens") or {}
        revoked = {str(user) for kind in ("bot", "oauth") for user in tokens.get(kind) or ()}
        try:
            own = await self._connector.own_account_ids()
        except ConnectorError:
            own = frozenset(revoked)  # the token fails already
        if revoked & own:
            await self._pause("Slack says that a token of this app was revoked; install the app again")

    async def _uninstalled(self, _event: _Event, _body: _Event) -> None:
        await self._pause("Slack says that the app was taken out of the workspace; install it again")

    async def _pause(self, why: str) -> None:
        """Stop the lane until a probe finds the token working again."""
        name = self._connector.instance
        error = BadCredentials(f"{name}: {why}, and give Bawab the new token")
        await stumbled(self._app, name, self._connector.capabilities.platform, error)
