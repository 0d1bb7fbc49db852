"""Writes one direct message to one account; Telegram offers no way to find it again."""

from __future__ import annotations

from telegram import LinkPreviewOptions

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
