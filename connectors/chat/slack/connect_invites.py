"""Names the Slack Connect invitations a leaver sent that are still open; the bot ends none of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from connectors.chat.slack.client import SlackClient
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.identity import Identity
from connectors.errors import BadCredentials, ConnectorError, Forbidden
from policies.model import Account, Gap

LIST = "conversations.listConnectInvites"
SCOPE = "conversations.connect:manage"
_PAGE = 500
# Tier 1 allows one call a minute: one answer serves everybody for a while, and nobody waits long for it.
_KEEP_SECONDS = 600.0
_PATIENCE_SECONDS = 5.0


class ConnectInvites:
    """`conversations.listConnectInvites`, asked once in ten minutes."""

    def __init__(self, config: SlackConfig, client: SlackClient, identity: Identity) -> None:
        self._config = config
        self._client = client
        self._identity = identity
        self._kept: tuple[list[Any] | str, float] | None = None
        self._asking = asyncio.Lock()

    async def standing_gaps(self) -> list[Gap]:
        """Give the gap of a workspace whose invitations the bot may not list."""
        bot = await self._identity.bot()
        return [] if bot.may(SCOPE) else [self._unknown(f"the bot token lacks {SCOPE}")]

    async def gaps_of(self, account: Account) -> list[Gap]:
        """Give one gap for each open invitation the account sent, or one that says why they are not known."""
        if gaps := await self.standing_gaps():
            return gaps
        found = await self._invites()
        if isinstance(found, str):
            return [self._unknown(found)]
        return [self._pending(invite) for invite in found if _sender(invite) == account.id]

    async def _invites(self) -> list[Any] | str:
        """Give the open invitations, or why they cannot be read."""
        async with self._asking:
            if self._kept is None or self._kept[1] < time.monotonic():
                self._kept = (await self._ask(), time.monotonic() + _KEEP_SECONDS)
            return self._kept[0]

    async def _ask(self) -> list[Any] | str:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                answer = await self._client.read(LIST, count=_PAGE, team_id=self._config.team_id)
        except (BadCredentials, Forbidden):
            raise
        except (ConnectorError, TimeoutError) as error:
            return str(error) or f"{LIST} gave no answer within {_PATIENCE_SECONDS:.0f} s"
        if (answer.data.get("response_metadata") or {}).get("next_cursor"):
            return f"more than {_PAGE} invitations are open"
        invites = answer.data.get("invites")
        return invites if isinstance(invites, list) else f"{LIST} answered without a list"

    def _pending(self, invite: Mapping[str, Any]) -> Gap:
        channel = invite.get("channel") or {}
        return Gap(
            self._config.instance,
            "connect_invite_pending",
            group_id=str(channel["id"]) if channel.get("id") else None,
            detail=f"an invitation to #{channel.get('name', '?')} this person sent is still open",
            remedy="Revoke it in Slack under Manage > Slack Connect, or tell the channel's owner",
        )

    def _unknown(self, why: str) -> Gap:
        return Gap(
            self._config.instance,
            "connect_invites_unknown",
            detail=why,
            remedy=f"Add the scope {SCOPE} and reinstall the app, or look in Slack under Slack Connect",
        )


def _sender(invite: Any) -> str | None:
    """Who sent an outgoing invitation (docs.slack.dev, conversations.listConnectInvites); else None."""
    if not isinstance(invite, dict) or invite.get("direction") == "incoming":
        return None
    sender = (invite.get("invite") or {}).get("inviting_user") or {}
    return str(sender["id"]) if sender.get("id") else None
