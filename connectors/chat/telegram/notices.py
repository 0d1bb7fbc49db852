"""Writes one direct message to one account; Telegram offers no way to find it again."""

from __future__ import annotations

from telegram import LinkPreviewOptions
from telegram.constants import MessageLimit

from connectors.chat.telegram.answers import undeliverable
from connectors.chat.telegram.client import TelegramClient
from connectors.chat.telegram.objects import is_user_id
from connectors.contract import NoticeOutcome, NoticeReceipt
from connectors.errors import ConnectorError, Unavailable
from connectors.wire import AnswerLost

SEND = "sendMessage"


class Notices:
    """Plain text: nothing in it is read as markup or link preview."""

    def __init__(self, client: TelegramClient) -> None:
        self._client = client

    async def notify(self, account_id: str, text: str, key: str) -> NoticeReceipt:  # noqa: ARG002 - the contract's form
        """Send once, to a person and never to a group; a bot's message carries no key of ours."""
        if not is_user_id(account_id):
            return NoticeReceipt(NoticeOutcome.UNDELIVERABLE, detail="not the numeric id of an account")
        parts = parts_of(text)
        receipt = await self._send(account_id, parts[0])
        for number, part in enumerate(parts[1:], start=2):
            if receipt.outcome is not NoticeOutcome.SENT:
                break
            following = await self._send(account_id, part)
            if following.outcome is not NoticeOutcome.SENT:
                # Sending all of it again would say the beginning twice.
                detail = f"part {number} of {len(parts)}: {following.detail}"
                return NoticeReceipt(NoticeOutcome.UNKNOWN, reference=receipt.reference, detail=detail)
        return receipt

    async def _send(self, account_id: str, text: str) -> NoticeReceipt:
        plain = LinkPreviewOptions(is_disabled=True)
        try:
            sent = await self._client.ask(
                SEND, self._client.bot.send_message(int(account_id), text, link_preview_options=plain)
            )
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
        """Give `unknown`: a bot can neither search nor read back what it sent."""
        return NoticeReceipt(
            NoticeOutcome.UNKNOWN, detail="Telegram lets no bot search its messages; nobody can know"
        )


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
