"""Reads each group Bawab remembers as it is now, because Telegram lists none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from telegram import ChatFullInfo

from connectors.chat.telegram import gaps
from connectors.chat.telegram.client import Answer
from connectors.chat.telegram.objects import PLATFORM, is_group_id, kind_of
from connectors.chat.telegram.reading import Place, Reading, refused
from connectors.chat.telegram.rights import RESTRICT
from connectors.contract import KnownGroups
from policies.model import Gap, Group, GroupKind


class GroupListing:
    """Two calls per known group: the chat, and the bot's own place in it.

    The count of members is left out: it would cost a third call per group, and nothing rests on it.
    """

    def __init__(self, instance: str, reading: Reading) -> None:
        self._instance = instance
        self._reading = reading

    async def groups(self, known: KnownGroups) -> AsyncIterator[Group | Gap]:
        """Yield each known group once, a gap where it cannot be seen, and the standing gap last."""
        seen: dict[str, Group] = {}
        for group_id in (group.id for group in ours(known, self._instance)):
            async for found in self._group(group_id):
                if isinstance(found, Group):
                    if found.id in seen:
                        continue
                    seen[found.id] = found
                yield found
        for group in seen.values():
            if group.linked_id is not None and group.linked_id not in seen:
                yield gaps.linked_unseen(self._instance, group.linked_id, group.id)
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

    async def _read(self, group_id: str) -> Group | Answer[Any]:
        """Give the group, or the refusal that stands in the way."""
        chat = await self._reading.chat(group_id)
        if chat.value is None:
            return refused(chat)
        kind = kind_of(chat.value)
        if kind is None:
            return Answer(chat.method, chat.exchange, error="not a group")
        place = await self._reading.bot_in(group_id, basic=kind is GroupKind.BASIC_GROUP)
        return refused(place) if place.value is None else self._made(chat.value, kind, place.value)

    def _made(self, chat: ChatFullInfo, kind: GroupKind, place: Place) -> Group:
        return Group(
            instance=self._instance,
            platform=PLATFORM,
            id=str(chat.id),
            name=chat.title or "",
            kind=kind,
            bot_inside=place.inside,
            bot_may_remove=place.may(RESTRICT),
            linked_id=str(chat.linked_chat_id) if chat.linked_chat_id else None,
            self_join=bool(chat.username) and not chat.join_by_request,
        )


def ours(known: KnownGroups, instance: str) -> Iterator[Group]:
    """Give this bot's groups, each id once; what is no group's id never was a Telegram group."""
    groups = {group.id: group for group in known.groups if group.instance == instance}
    return (group for group in groups.values() if is_group_id(group.id))
