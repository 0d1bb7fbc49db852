"""Slack's events: somebody joined a channel, a token was revoked, the app was taken out."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.app import Bawab
from bot.drift.look_now import look_now
from bot.lanes import stumbled
from bot.surfaces.slack.seen import Seen
from connectors.chat.slack import SlackConnector
from connectors.errors import BadCredentials, ConnectorError

# Slack gives up after 3 s and sends the event again (docs.slack.dev, Events API); we give up before.
PATIENCE_SECONDS = 2.5

_Event = dict[str, Any]
_Meaning = Callable[[_Event], Awaitable[None]]


class Events:
    """One workspace's events. None is believed: each only makes Bawab look, or wait for an operator."""

    def __init__(self, app: Bawab, connector: SlackConnector, patience: float = PATIENCE_SECONDS) -> None:
        self._app = app
        self._connector = connector
        self._patience = patience
        self._seen = Seen()
        self._meanings: dict[str, _Meaning] = {
            "member_joined_channel": self._joined,
            "tokens_revoked": self._tokens_revoked,
            "app_uninstalled": self._uninstalled,
        }

    def bolt(self, signing_secret: str) -> AsyncApp:
        """Give the Bolt app; an event is answered once it is stored, so a failure has Slack send it again."""
        logger = logging.getLogger("bawab.slack.events")
        # Bolt's warnings quote the bodies of requests, and bodies may hold messages.
        logger.setLevel(logging.ERROR)
        app = AsyncApp(
            name="bawab",
            logger=logger,
            client=self._connector.web_client,
            signing_secret=signing_secret,
            authorize=_nobody_asked,
            process_before_response=True,
            ignoring_self_events_enabled=False,
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        # Every event: one without a listener is answered 404, and Slack stops telling whoever fails.
        app.event(re.compile(".+"))(self._take)
        return app

    async def _take(self, event: _Event, body: dict[str, Any]) -> None:
        """Act on an event once; a failed one may come again."""
        meaning, key = self._meanings.get(str(event["type"])), str(body.get("event_id", ""))
        if meaning is None or not self._seen.first(key):
            return
        try:
            async with asyncio.timeout(self._patience):
                await meaning(event)
        except BaseException:
            self._seen.forget(key)
            raise

    async def _joined(self, event: _Event) -> None:
        user, channel = event.get("user"), event.get("channel")
        if isinstance(user, str) and isinstance(channel, str):
            name = self._connector.instance
            await look_now(self._app, name, user, channel, because="member_joined_channel")

    async def _tokens_revoked(self, event: _Event) -> None:
        """Pause only where a token of ours is among them; other people's tokens are their own business."""
        tokens = event.get("tokens") or {}
        revoked = {str(user) for kind in ("bot", "oauth") for user in tokens.get(kind) or ()}
        try:
            own = await self._connector.own_account_ids()
        except ConnectorError:
            own = frozenset(revoked)  # the token fails already
        if revoked & own:
            await self._pause("Slack says that a token of this app was revoked; install the app again")

    async def _uninstalled(self, event: _Event) -> None:  # noqa: ARG002 - says nothing more
        await self._pause("Slack says that the app was taken out of the workspace; install it again")

    async def _pause(self, why: str) -> None:
        """Stop the lane until a probe finds the token working again."""
        name = self._connector.instance
        error = BadCredentials(f"{name}: {why}, and give Bawab the new token")
        await stumbled(self._app, name, self._connector.capabilities.platform, error)


async def _nobody_asked() -> AuthorizeResult:
    """Events need no token of their own: their signature is their proof, and Slack is asked nothing."""
    return AuthorizeResult(enterprise_id=None, team_id=None)
