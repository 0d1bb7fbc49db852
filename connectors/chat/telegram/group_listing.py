"""Reads each group Bawab remembers as it is now, because Telegram lists none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from telegram import ChatFullInfo

from connectors.chat.telegram import gaps
from connectors.chat.telegram.answers import NOT_A_PARTICIPANT
from connectors.chat.telegram.client import Answer
from connectors.chat.telegram.objects import PLATFORM, PRESENT, is_group_id, kind_of, may, standing_of
from connectors.chat.telegram.reading import Reading
from connectors.chat.telegram.rights import RESTRICT
from connectors.contract import KnownGroups
from policies.model import Gap, Group, GroupKind


@dataclass(frozen=True, slots=True)
class _Bot:
    """What the bot is in one chat."""

    inside: bool
    may_remove: bool


class GroupListing:
    """Two calls per known group: the chat, and the bot's own place in it.

    The count of members is left out: it would cost a third call per group, and nothing rests on it.
    """

    def __init__(self, instance: str, reading: Reading) -> None:
        self._instance = instance
        self._reading = reading

    async def groups(self, known: KnownGroups) -> AsyncIterator[Group | Gap]:
        """Yield each known group once, a gap where it cannot be seen, and the standing gap last."""
        seen: set[str] = set()
        for group_id in ours(known, self._instance):
            async for found in self._group(group_id):
                if isinstance(found, Gap) or found.id not in seen:
                    yield found
                if isinstance(found, Group):
                    seen.add(found.id)
        yield gaps.learnt_only(self._instance)

    async def _group(self, group_id: str, *, follow: bool = True) -> AsyncIterator[Group | Gap]:
        read = await self._read(group_id)
        if isinstance(read, Group):
            yield read
        elif read.moved_to is None or not follow:
            yield gaps.of_refusal(self._instance, group_id, read.method, read.error)
        else:
            yield gaps.moved(self._instance, group_id, read.moved_to)
            async for found in self._group(read.moved_to, follow=False):
                yield found

    async def _read(self, group_id: str) -> Group | Answer[None]:
        """Give the group, or the refusal that stands in the way."""
        chat = await self._reading.chat(group_id)
        if chat.value is None:
            return _refusal(chat)
        kind = kind_of(chat.value)
        if kind is None:
            return Answer(chat.method, chat.exchange, error="not a group")
        bot = await self._bot_in(group_id, kind)
        return bot if isinstance(bot, Answer) else self._made(chat.value, kind, bot)

    async def _bot_in(self, group_id: str, kind: GroupKind) -> _Bot | Answer[None]:
        """Read what the bot is in a chat.

        Of a basic group the admins are asked for: one that was upgraded still answers for the bot itself,
        and says only there that it has moved. Only whoever is inside gets that answer.
        """
        own = str((await self._reading.me()).id)
        if kind is GroupKind.BASIC_GROUP:
            admins = await self._reading.administrators(group_id)
            if admins.value is None:
                return _refusal(admins)
            mine = [admin for admin in admins.value if str(admin.user.id) == own]
            return _Bot(inside=True, may_remove=any(may(one, RESTRICT) for one in mine))
        seen = await self._reading.member(group_id, own)
        if seen.value is None:
            outside = seen.error == NOT_A_PARTICIPANT
            return _Bot(inside=False, may_remove=False) if outside else _refusal(seen)
        return _Bot(inside=standing_of(seen.value) in PRESENT, may_remove=may(seen.value, RESTRICT))

    def _made(self, chat: ChatFullInfo, kind: GroupKind, bot: _Bot) -> Group:
        return Group(
            instance=self._instance,
            platform=PLATFORM,
            id=str(chat.id),
            name=chat.title or "",
            kind=kind,
            bot_inside=bot.inside,
            bot_may_remove=bot.may_remove,
            linked_id=str(chat.linked_chat_id) if chat.linked_chat_id else None,
            self_join=bool(chat.username) and not chat.join_by_request,
        )


def ours(known: KnownGroups, instance: str) -> Iterator[str]:
    """Give the ids of this bot's groups, each once; what is no group id was never a Telegram group."""
    ids = dict.fromkeys(group.id for group in known.groups if group.instance == instance)
    return (group_id for group_id in ids if is_group_id(group_id))


def _refusal(answer: Answer[Any]) -> Answer[None]:
    return Answer(answer.method, answer.exchange, error=answer.error, moved_to=answer.moved_to)
