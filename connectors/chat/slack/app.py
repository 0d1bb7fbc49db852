"""What people meet in Slack needs of the platform: websockets to hear it by, views, answers, who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from connectors.chat.slack.client import Answer, SlackClient, SlackRefused
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.directory import Directory
from connectors.chat.slack.identity import Identity
from connectors.errors import ConnectorError, Forbidden
from policies.model import Account

View = Mapping[str, Any]
"""A view in Block Kit: docs.slack.dev/reference/views."""
HEARTBEAT_SECONDS = 10.0
"""Between two pings of ours; a websocket that answers none is closed and opened anew."""
LARGEST_MESSAGE = 1024 * 1024
"""Bytes; Slack bounds a view at 250 kB."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A view as Slack holds it; an update that names an older hash is refused."""

    id: str
    hash: str


class AppSide:
    """The calls of the Slack app; each goes through the wire like any other."""

    def __init__(
        self, config: SlackConfig, client: SlackClient, identity: Identity, directory: Directory
    ) -> None:
        self._config = config
        self._client = client
        self._identity = identity
        self._directory = directory

    async def open_socket(self) -> aiohttp.ClientWebSocketResponse:
        """Open a websocket where Slack says; raises BadCredentials, Unavailable, Forbidden (another host)."""
        answer = await self._client.read("apps.connections.open")
        try:
            return await self._client.wire.session.ws_connect(
                str(answer.data.get("url", "")), heartbeat=HEARTBEAT_SECONDS, max_msg_size=LARGEST_MESSAGE
            )
        except (aiohttp.ClientError, ValueError) as error:
            # The address holds a ticket, so nobody may quote it.
            raise ConnectorError(
                f"{self._config.instance}: no websocket opened where Slack said ({type(error).__name__})"
            ) from None

    async def open_view(self, trigger_id: str, view: View) -> Shown:
        """Show a modal; within 3 s of what the person did. Raises SlackRefused (`expired_trigger_id`)."""
        return _shown(await self._told("views.open", trigger_id=trigger_id, view=view))

    async def update_view(self, view_id: str, view: View, *, hash: str | None = None) -> Shown:  # noqa: A002 - Slack's name
        """Replace a view; with a hash, only the one it belongs to. Raises SlackRefused (`hash_conflict`)."""
        return _shown(await self._told("views.update", view_id=view_id, hash=hash, view=view))

    async def publish_home(self, account_id: str, view: View) -> None:
        """Show somebody their Home tab."""
        await self._told("views.publish", user_id=account_id, view=view)

    async def answer(self, response_url: str, said: Mapping[str, Any]) -> None:
        """Answer a command or a button where Slack said; five times within half an hour.

        Raises SlackRefused where that is over, Forbidden for an address that is not Slack's.
        """
        base = self._config.hooks_base
        if not response_url.startswith((f"{base}commands/", f"{base}actions/")):
            raise Forbidden(f"{self._config.instance}: an answer was asked for elsewhere; nothing was sent")
        async with self._client.wire.session.post(response_url, json=dict(said)) as answer:
            if answer.status != 200:
                raise SlackRefused("response_url", f"HTTP {answer.status}")

    async def account(self, account_id: str) -> Account | None:
        """Read one account as it is now; None where Slack knows none."""
        return await self._directory.account(account_id)

    async def is_ours(self, *ids: str | None) -> bool:
        """Whether one of these ids (workspace, organisation) is where the bot token belongs."""
        bot = await self._identity.bot()
        return any(given and given in (bot.team_id, bot.enterprise_id) for given in ids)

    async def _told(self, method: str, **params: Any) -> Answer:
        answer = await self._client.call(method, **params)
        if not answer.ok:
            raise SlackRefused(method, answer.error)
        return answer


def _shown(answer: Answer) -> Shown:
    view = answer.data.get("view") or {}
    return Shown(str(view.get("id", "")), str(view.get("hash", "")))
