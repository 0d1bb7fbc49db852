"""Writes one direct message to one account, and changes it; Telegram offers no way to find it again."""

from __future__ import annotations

from typing import Any

from telegram import InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import MessageLimit

from connectors.chat.telegram.answers import unchangeable, unchanged, undeliverable
from connectors.chat.telegram.client import Answer, TelegramClient
from connectors.chat.telegram.keyboard import keyboard
from connectors.chat.telegram.objects import is_user_id
from connectors.errors import ConnectorError, NotSupported, Unavailable
from connectors.messages import Message, NoticeOutcome, NoticeReceipt
from connectors.wire import AnswerLost

SEND = "sendMessage"
EDIT = "editMessageText"
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Notices:
    """Plain text and buttons: nothing in it is read as markup or link preview."""

    def __init__(self, client: TelegramClient) -> None:
        self._client = client

    async def notify(self, account_id: str, message: Message, key: str) -> NoticeReceipt:  # noqa: ARG002 - the contract's form
        """Send once, to a person and never to a group; a bot's message carries no key of ours.

        What is too long for one message goes in parts, the buttons under the last.
        """
        if not is_user_id(account_id):
            return NoticeReceipt(NoticeOutcome.UNDELIVERABLE, detail="not the numeric id of an account")
        parts, sent = parts_of(message.text), list[str]()
        for number, part in enumerate(parts, start=1):
            buttons = keyboard(message) if number == len(parts) else None
            receipt = await self._send(account_id, part, buttons, quiet=message.quiet)
            if receipt.outcome is not NoticeOutcome.SENT:
                # Sending all of it again would say the beginning twice.
                broken = f"part {number} of {len(parts)}: {receipt.detail}"
                lost = NoticeReceipt(NoticeOutcome.UNKNOWN, reference=",".join(sent), detail=broken)
                return lost if sent else receipt
            sent.append(receipt.reference)
        return NoticeReceipt(NoticeOutcome.SENT, reference=",".join(sent))

    async def update_notice(self, account_id: str, reference: str, message: Message) -> NoticeReceipt:
        """Show other words and buttons in a message; one that was sent in parts stays as it is."""
        parts = parts_of(message.text)
        if not reference.isdecimal() or len(parts) != 1 or not is_user_id(account_id):
            return NoticeReceipt(NoticeOutcome.UNDELIVERABLE, detail="a message in parts is not changed")
        call = self._client.bot.edit_message_text(
            parts[0],
            chat_id=int(account_id),
            message_id=int(reference),
            link_preview_options=_NO_PREVIEW,
            reply_markup=keyboard(message),
        )
        try:
            changed = await self._client.ask(EDIT, call)
        except AnswerLost as error:
            # The same words a second time change nothing.
            return NoticeReceipt(NoticeOutcome.RETRY, reference, str(error))
        except Unavailable as error:
            return NoticeReceipt(NoticeOutcome.RETRY, reference, str(error), error.retry_after)
        return _changed(changed, reference)

    async def _send(
        self, account_id: str, text: str, buttons: InlineKeyboardMarkup | None, *, quiet: bool
    ) -> NoticeReceipt:
        call = self._client.bot.send_message(
            int(account_id),
            text,
            link_preview_options=_NO_PREVIEW,
            disable_notification=quiet,
            reply_markup=buttons,
        )
        try:
            sent = await self._client.ask(SEND, call)
        except AnswerLost as error:
            return NoticeReceipt(NoticeOutcome.UNKNOWN, detail=str(error))
        except Unavailable as error:
            return NoticeReceipt(NoticeOutcome.RETRY, detail=str(error), retry_after=error.retry_after)
        if sent.value is not None:
            return NoticeReceipt(NoticeOutcome.SENT, reference=str(sent.value.message_id))
        if undeliverable(sent.error):
            return NoticeReceipt(NoticeOutcome.UNDELIVERABLE, detail=sent.error)
        raise ConnectorError(f"Telegram refused the notice: {sent.error}")

    def find_notice(self, account_id: str, key: str) -> NoticeReceipt:  # noqa: ARG002 - the contract's form
        """Raise NotSupported: a bot can neither search nor read back what it sent."""
        raise NotSupported("Telegram lets no bot search its messages; nobody can know")


def _changed(changed: Answer[Any], reference: str) -> NoticeReceipt:
    if changed.value is not None or unchanged(changed.error):
        return NoticeReceipt(NoticeOutcome.SENT, reference)
    if unchangeable(changed.error) or undeliverable(changed.error):
        return NoticeReceipt(NoticeOutcome.UNDELIVERABLE, reference, changed.error)
    raise ConnectorError(f"Telegram refused to change the notice: {changed.error}")


def parts_of(text: str, most: int = MessageLimit.MAX_TEXT_LENGTH) -> list[str]:
    """Cut a text at line ends into parts Telegram takes; a line longer than that is cut inside."""
    parts = [""]
    for line in text.splitlines(keepends=True):
        for piece in (line[start : start + most] for start in range(0, len(line), most)):
            if len(parts[-1]) + len(piece) > most:
                parts.append("")
            parts[-1] += piece
    # Telegram refuses a message of white space.
    return [part for part in parts if part.strip()] or [text]
