"""Answers to commands and presses: shown to one person alone, or in the place of the message pressed."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from bot.locale import Translator
from bot.surfaces.slack.kit import Block, sure
from connectors.chat.slack import SlackConnector
from connectors.chat.slack.blocks import blocks, fallback
from connectors.chat.slack.notices import escaped
from connectors.errors import ConnectorError
from connectors.messages import Message, Passage
from connectors.wire import AnswerLost

logger = structlog.get_logger(__name__)


class Replies:
    """Says things where Slack said that they are to be said; one that gets lost is asked for again."""

    def __init__(self, connector: SlackConnector) -> None:
        self._connector = connector

    async def only_you(self, response_url: str, message: Message, t: Translator) -> None:
        """Answer so that nobody but the asker sees it."""
        await self._say(response_url, message, t, response_type="ephemeral", replace_original=False)

    async def line(self, response_url: str, text: str, t: Translator) -> None:
        """Answer the asker in one paragraph."""
        await self.only_you(response_url, Message((Passage(text),), t.language), t)

    async def instead(self, response_url: str, message: Message, t: Translator) -> None:
        """Show other words and buttons in the message that was pressed."""
        await self._say(response_url, message, t, replace_original=True)

    async def blocks_instead(self, response_url: str, shown: list[Block], text: str) -> None:
        """Show these blocks in the place of the message that was pressed; `text` is read out."""
        await self._send(response_url, {"text": escaped(text), "blocks": shown, "replace_original": True})

    async def _say(self, response_url: str, message: Message, t: Translator, **how: object) -> None:
        said = {"text": escaped(fallback(message)), "blocks": sure(blocks(message), t), **how}
        await self._send(response_url, said)

    async def _send(self, response_url: str, said: Mapping[str, object]) -> None:
        if not response_url:
            return
        try:
            await self._connector.app_side.answer(response_url, said)
        except (ConnectorError, AnswerLost) as error:
            logger.warning("slack_answer_lost", instance=self._connector.instance, error=type(error).__name__)
