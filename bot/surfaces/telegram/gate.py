"""Telegram's side of a join request: let in, or turned away."""

from __future__ import annotations

from collections.abc import Awaitable

from bot.people.join_requests import Request, Said
from bot.surfaces.telegram.faults import REFUSALS, is_handled, is_outage
from bot.surfaces.telegram.port import SpeaksTelegram


class TelegramGate:
    """Answers by `approveChatJoinRequest` and `declineChatJoinRequest`; both need can_invite_users."""

    def __init__(self, connector: SpeaksTelegram) -> None:
        self._bot = connector.bot

    async def approve(self, request: Request) -> Said:
        """Let the account in."""
        return await _said(
            self._bot.approve_chat_join_request(int(request.group_id), int(request.account_id))
        )

    async def decline(self, request: Request) -> Said:
        """Turn the account away."""
        return await _said(
            self._bot.decline_chat_join_request(int(request.group_id), int(request.account_id))
        )


async def _said(call: Awaitable[bool]) -> Said:
    try:
        await call
    except REFUSALS as error:
        if is_outage(error):
            raise
        return Said.HANDLED if is_handled(error) else Said.REFUSED
    return Said.DONE
