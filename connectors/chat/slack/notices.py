"""Writes one direct message to one account, finds it again by its key, and changes what it says."""

from __future__ import annotations

from typing import Any

from connectors.chat.slack.blocks import blocks, fallback
from connectors.chat.slack.client import SlackClient, SlackRefused
from connectors.chat.slack.config import SlackConfig
from connectors.errors import ConnectorError, MissingScope, Unavailable
from connectors.messages import Message, NoticeOutcome, NoticeReceipt
from connectors.wire import AnswerLost, NotSent, RateLimited

EVENT_TYPE = "bawab_notice"
_UNDELIVERABLE = frozenset(
    {
        "account_disabled", "cannot_dm_bot", "channel_not_found", "is_archived", "messages_tab_disabled",
        "method_not_supported_for_channel_type", "user_disabled", "user_not_found", "user_not_visible",
        "users_not_found",
    }
)  # fmt: skip
_UNCHANGEABLE = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "not_in_channel"}
)


class Notices:
    """Direct messages of plain text and buttons: nothing is read as markup, link preview or mention."""

    def __init__(self, config: SlackConfig, client: SlackClient) -> None:
        self._config = config
        self._client = client

    async def notify(self, account_id: str, message: Message, key: str) -> NoticeReceipt:
        """Open the direct message and post; never posts twice by itself."""
        try:
            opened = await self._client.call("conversations.open", users=account_id)
        except AnswerLost as error:
            # Opening has no effect anybody sees, so it is safe to do again.
            return NoticeReceipt(NoticeOutcome.RETRY, detail=str(error))
        except (RateLimited, NotSent) as error:
            return NoticeReceipt(NoticeOutcome.RETRY, detail=str(error), retry_after=error.retry_after)
        if not opened.ok:
            return _refused(opened.error, opened.data.get("needed"))
        return await self._post(str(opened.data["channel"]["id"]), message, key)

    async def find_notice(self, account_id: str, key: str) -> NoticeReceipt:
        """Look through the direct message's history; `unknown` where it cannot be read."""
        try:
            opened = await self._client.call("conversations.open", users=account_id)
            if not opened.ok:
                return NoticeReceipt(NoticeOutcome.UNKNOWN, detail=opened.error)
            reference = await self._search(str(opened.data["channel"]["id"]), key)
        except (AnswerLost, MissingScope, SlackRefused) as error:
            return NoticeReceipt(NoticeOutcome.UNKNOWN, detail=str(error))
        except Unavailable as error:
            return NoticeReceipt(NoticeOutcome.UNKNOWN, detail=str(error), retry_after=error.retry_after)
        if reference is None:
            return NoticeReceipt(NoticeOutcome.RETRY, detail="the history, read to its end, does not hold it")
        return NoticeReceipt(NoticeOutcome.SENT, reference=reference)

    async def update_notice(self, reference: str, message: Message, key: str) -> NoticeReceipt:
        """Show other words and buttons in a message; where the answer is lost it may simply be done again."""
        channel, _, stamp = reference.partition(":")
        if not stamp:
            return NoticeReceipt(NoticeOutcome.UNDELIVERABLE, detail="no message to change is known")
        try:
            changed = await self._client.call("chat.update", channel=channel, ts=stamp, **_said(message, key))
        except AnswerLost as error:
            return NoticeReceipt(NoticeOutcome.RETRY, reference, str(error))
        except (RateLimited, NotSent) as error:
            return NoticeReceipt(NoticeOutcome.RETRY, reference, str(error), error.retry_after)
        if not changed.ok:
            return _refused(changed.error, changed.data.get("needed"))
        return NoticeReceipt(NoticeOutcome.SENT, reference)

    async def _post(self, channel: str, message: Message, key: str) -> NoticeReceipt:
        try:
            posted = await self._client.call(
                "chat.postMessage",
                channel=channel,
                mrkdwn=False,
                unfurl_links=False,
                unfurl_media=False,
                **_said(message, key),
            )
        except AnswerLost as error:
            return NoticeReceipt(NoticeOutcome.UNKNOWN, reference=channel, detail=str(error))
        except (RateLimited, NotSent) as error:
            return NoticeReceipt(NoticeOutcome.RETRY, detail=str(error), retry_after=error.retry_after)
        if not posted.ok:
            return _refused(posted.error, posted.data.get("needed"))
        return NoticeReceipt(NoticeOutcome.SENT, reference=f"{channel}:{posted.data.get('ts', '')}")

    async def _search(self, channel: str, key: str) -> str | None:
        pages = self._client.pages(
            "conversations.history",
            "messages",
            channel=channel,
            include_all_metadata=True,
            limit=self._config.page_size,
        )
        async for messages, _ in pages:
            for message in messages:
                metadata = message.get("metadata") or {}
                payload = metadata.get("event_payload") or {}
                if metadata.get("event_type") == EVENT_TYPE and payload.get("key") == key:
                    return f"{channel}:{message.get('ts', '')}"
        return None


def escaped(text: str) -> str:
    """Escape the three characters Slack reads as control sequences (mentions, links)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _said(message: Message, key: str) -> dict[str, Any]:
    """Give what is shown, and the key it is found again by."""
    return {
        "text": escaped(fallback(message)),
        "blocks": blocks(message),
        "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": key}},
    }


def _refused(error: str, needed: object) -> NoticeReceipt:
    if error in _UNDELIVERABLE | _UNCHANGEABLE:
        return NoticeReceipt(NoticeOutcome.UNDELIVERABLE, detail=error)
    if error == "missing_scope":
        raise MissingScope(
            f"notices need the scope {needed}; add it and reinstall the app", needed=str(needed)
        )
    raise ConnectorError(f"Slack refused the notice: {error}")
