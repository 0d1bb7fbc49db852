"""The bot's side of a private chat: says something, changes what it said, answers a press."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from telegram import LinkPreviewOptions
from telegram.constants import CallbackQueryLimit
from telegram.error import TelegramError

from bot.surfaces.telegram.port import SpeaksTelegram
from bot.surfaces.telegram.reading import UNREADABLE
from connectors.chat.telegram.keyboard import keyboard
from connectors.chat.telegram.notices import parts_of
from connectors.errors import ConnectorError
from connectors.messages import Message
from connectors.wire import AnswerLost

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class PrivateChat:
    """What is said here is an answer: where it cannot be delivered now, the person asks again."""

    def __init__(self, connector: SpeaksTelegram) -> None:
        self._bot = connector.bot

    async def say(self, account_id: str, message: Message) -> str | None:
        """Send a message, in parts where it is long, the buttons under the last; gives that one's id."""
        sent, parts = None, parts_of(message.text)
        for number, part in enumerate(parts, 1):
            buttons = keyboard(message) if number == len(parts) else None
            call = self._bot.send_message(
                int(account_id), part, link_preview_options=_NO_PREVIEW, reply_markup=buttons
            )
            sent = await _tried(call)
            if sent is None:
                return None
        return str(sent.message_id) if sent is not None else None

    async def change(self, account_id: str, message_id: str, message: Message) -> None:
        """Show other words and buttons in a message; where that cannot be, say them anew."""
        parts = parts_of(message.text)
        if len(parts) == 1:
            call = self._bot.edit_message_text(
                parts[0],
                chat_id=int(account_id),
                message_id=int(message_id),
                link_preview_options=_NO_PREVIEW,
                reply_markup=keyboard(message),
            )
            if await _tried(call) is not None:
                return
        await self.say(account_id, message)

    async def answer(self, query_id: str, said: str = "") -> None:
        """End the wait of whoever pressed a button, with a line that fades or, if long, a window."""
        most = int(CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH)
        short = said if len(said) <= most else said[: most - 1] + "…"
        await _tried(self._bot.answer_callback_query(query_id, short or None, show_alert=len(short) > 60))

    async def line(self, chat_id: str, text: str) -> None:
        """Say one line in a group."""
        await _tried(self._bot.send_message(int(chat_id), text, disable_notification=True))


async def _tried(call: Awaitable[Any]) -> Any | None:
    try:
        return await call
    except TelegramError as error:
        # Pressed twice, the same words change nothing: that is no failure.
        return error if "not modified" in str(error) else None
    except (ConnectorError, AnswerLost, *UNREADABLE):
        return None
