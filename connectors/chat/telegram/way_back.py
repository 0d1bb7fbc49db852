"""Renews the bot's own invite link of a group, so that the one a leaver may have kept leads nowhere."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence

from telegram import ChatFullInfo

from connectors.chat.telegram import evidence, gaps
from connectors.chat.telegram.client import Answer, TelegramClient
from connectors.chat.telegram.objects import is_group_id
from connectors.chat.telegram.reading import CHAT, Reading
from connectors.contract import Closing, Outcome, Presence, Quality, Result, Sight, WayBack, WayKind
from connectors.errors import BadCredentials, ConnectorError, Forbidden, Unavailable
from connectors.wire import AnswerLost
from policies.model import Account, Gap, Group, Refusal

EXPORT = "exportChatInviteLink"
PRIMARY = "primary"


class WaysBack:
    """Every admin has links of their own; a bot sees and renews only its own, the others are gaps.

    `getChat` makes the bot's primary link where there is none yet, so a group where the bot may invite
    always has one. A link is a secret: only its fingerprint is kept.
    """

    def __init__(self, instance: str, client: TelegramClient, reading: Reading) -> None:
        self._instance = instance
        self._client = client
        self._reading = reading

    async def ways_back(self, account: Account, groups: Sequence[Group]) -> AsyncIterator[WayBack | Gap]:  # noqa: ARG002 - links lead anybody in
        """Yield the bot's link of each group where it may invite, and the gaps of each."""
        for group in {group.id: group for group in groups if group.instance == self._instance}.values():
            async for found in self._ways(group):
                yield found

    async def _ways(self, group: Group) -> AsyncIterator[WayBack | Gap]:
        if not is_group_id(group.id):
            return
        chat = await self._reading.chat(group.id)
        if chat.moved_to is not None:
            yield gaps.moved(self._instance, group.id, chat.moved_to)
        elif chat.value is None:
            yield gaps.of_refusal(self._instance, group.id, CHAT, chat.error)
        else:
            if mark := fingerprint(chat.value):
                yield WayBack(PRIMARY, WayKind.INVITE_LINK, group, mark)
            if chat.value.username:
                yield gaps.public(self._instance, group.id)
            yield gaps.others_links(self._instance, group.id)

    async def close(self, step: Closing) -> Result:
        """Renew the link once; raises BadCredentials and Forbidden, and only where nothing was sent."""
        group = step.way.group
        if group is None or group.instance != self._instance:
            return evidence.local_refusal(step.step_id, Refusal.NOT_MANAGED, "other_instance")
        if not is_group_id(group.id):
            return evidence.local_refusal(step.step_id, Refusal.GROUP_GONE, "not_a_group_id")
        try:
            return await self._close(step, group)
        except (AnswerLost, Unavailable) as error:
            return evidence.not_answered(step.step_id, EXPORT, error)

    async def _close(self, step: Closing, group: Group) -> Result:
        chat = await self._reading.chat(group.id)
        if chat.value is None:
            return evidence.result_of_error(step.step_id, chat)
        mark = fingerprint(chat.value)
        if mark and mark != step.way.mark:
            proof = evidence.evidence_of(chat.exchange, Quality.OBSERVED, ("link", "another one already"))
            return Result(step.step_id, Outcome.SAID_ABSENT, proof, detail="the link was renewed already")
        answer = await self._client.ask(EXPORT, self._client.bot.export_chat_invite_link(int(group.id)))
        if not answer.value:
            return evidence.result_of_error(step.step_id, answer)
        # The new link is a secret, and is forgotten here.
        return Result(
            step.step_id, Outcome.REVOKED, evidence.evidence_of(answer.exchange, Quality.ACKNOWLEDGED)
        )

    async def still_open(self, step: Closing) -> Presence:
        """Give `absent` where the bot's link is seen to be another; `unreadable` where none is shown."""
        group = step.way.group
        if group is None or not is_group_id(group.id):
            return evidence.unreadable(step.step_id, "local", "not the numeric id of a group")
        try:
            chat = await self._reading.chat(group.id)
            if chat.moved_to is not None:
                chat = await self._reading.chat(chat.moved_to)
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return evidence.unreadable(step.step_id, CHAT, str(error))
        return _judged(step, chat)


def fingerprint(chat: ChatFullInfo) -> str:
    """Give a mark of the bot's own link that does not tell the link; empty where it has none."""
    return hashlib.sha256(chat.invite_link.encode()).hexdigest()[:16] if chat.invite_link else ""


def _judged(step: Closing, chat: Answer[ChatFullInfo]) -> Presence:
    if chat.value is None:
        return evidence.unreadable(step.step_id, CHAT, chat.error)
    mark = fingerprint(chat.value)
    if not mark:
        return evidence.unreadable(step.step_id, CHAT, "Telegram no longer shows the bot a link of its own")
    same = mark == step.way.mark
    proof = evidence.evidence_of(chat.exchange, Quality.OBSERVED, ("link", "the same" if same else "another"))
    return Presence(step.step_id, Sight.PRESENT if same else Sight.ABSENT, proof)
