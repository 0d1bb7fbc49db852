"""The one register of who is where: every change goes through it, and the bots concerned are told."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.chat.telegram.sandbox import shapes
from connectors.chat.telegram.sandbox.state import Bot, Chat, InviteLink, Member, User

FIRST_PERSON = 5_000_001
FIRST_GROUP = 4_000_001
CHANNEL_PREFIX = -1_000_000_000_000
"""A supergroup's or channel's id for bots is this minus its own number."""


@dataclass(slots=True)
class Register:
    """Users, bots and chats by id; `change` is the only way by which a membership changes."""

    users: dict[int, User] = field(default_factory=dict)
    bots: dict[str, Bot] = field(default_factory=dict)
    """By token."""
    chats: dict[int, Chat] = field(default_factory=dict)
    now: Callable[[], float] = time.time
    links_made: int = 0
    presses: int = 0

    def bot(self, user: int | None = None) -> Bot:
        """Give a bot by its account; the first one where none is named."""
        return next(bot for bot in self.bots.values() if user in (None, bot.user))

    def bots_in(self, chat: Chat) -> list[Bot]:
        """Give the bots inside a chat."""
        return [bot for bot in self.bots.values() if chat.member(bot.user).inside]

    def date(self) -> int:
        """Give the time as updates write it."""
        return int(self.now())

    def new_link(self, chat: Chat, creator: int, **fields: Any) -> InviteLink:
        """Make a link into a chat."""
        link = self.unlisted_link(chat, creator, **fields)
        chat.links.append(link)
        return link

    def unlisted_link(self, chat: Chat, creator: int, **fields: Any) -> InviteLink:
        """Make a link no other link resembles, which leads nowhere until it stands in the chat's list."""
        self.links_made += 1
        secret = hashlib.sha256(f"{chat.id} {self.links_made}".encode()).hexdigest()[:16]
        return InviteLink(f"https://t.me/+{secret}", creator, **fields)

    def primary_link(self, chat: Chat, admin: int) -> InviteLink:
        """Give an administrator's own primary link, made on first use as Telegram does."""
        for link in chat.links:
            if link.creator == admin and link.is_primary and not link.is_revoked:
                return link
        return self.new_link(chat, admin, is_primary=True)

    def settle_in(self, chat: Chat, user: int, member: Member) -> None:
        """Put somebody into a chat without a word to anybody, as if it had happened long ago."""
        chat.members[user] = member
        self._meet(chat)

    def change(
        self,
        chat: Chat,
        actor: int,
        user: int,
        new: Member,
        link: InviteLink | None = None,
        *,
        via_request: bool = False,
    ) -> None:
        """Change what somebody is in a chat, and tell every bot that would be told."""
        old = chat.member(user)
        if old == new:
            return
        seen_before = {bot.user: self._seen(bot, chat, user) for bot in self.bots.values()}
        chat.members[user] = new
        self._meet(chat)
        for bot in self.bots.values():
            kind = self._told_as(bot, chat, user)
            if kind:
                said = self._event(bot, chat, actor, link, via_request=via_request)
                said |= {
                    "old_chat_member": seen_before[bot.user],
                    "new_chat_member": self._seen(bot, chat, user),
                }
                bot.inbox.push(kind, said)
        self._service_messages(chat, actor, user, old, new)

    def say(
        self, chat: Chat, actor: int, *, heard: Callable[[Bot], bool] | None = None, **content: Any
    ) -> None:
        """Write a message into a chat, to be read by the bots inside; a service message by all of them."""
        chat.messages += 1
        kind = "channel_post" if chat.type == "channel" else "message"
        sender = {} if chat.type == "channel" else {"from": shapes.user_shape(self.users[actor])}
        base = {"message_id": chat.messages, "date": self.date(), "chat": shapes.chat_shape(chat)}
        for bot in self.bots_in(chat):
            if heard is None or heard(bot):
                bot.inbox.push(kind, base | sender | content)

    def _seen(self, bot: Bot, chat: Chat, user: int) -> shapes.Json:
        editable = chat.can_edit(bot.user, user)
        return shapes.member_shape(chat, self.users[user], chat.member(user), can_be_edited=editable)

    def _told_as(self, bot: Bot, chat: Chat, user: int) -> str | None:
        """Say as which update a bot learns of a change: of its own always, of others as administrator."""
        if bot.user == user:
            return "my_chat_member"
        return "chat_member" if chat.member(bot.user).is_admin else None

    def _event(
        self, bot: Bot, chat: Chat, actor: int, link: InviteLink | None, *, via_request: bool
    ) -> shapes.Json:
        said: shapes.Json = {"chat": shapes.chat_shape(chat), "from": shapes.user_shape(self.users[actor])}
        said["date"] = self.date()
        if link is not None:
            whole = link.creator == bot.user
            said["invite_link"] = shapes.link_shape(link, self.users[link.creator], whole=whole)
        return said | ({"via_join_request": True} if via_request else {})

    def _service_messages(self, chat: Chat, actor: int, user: int, old: Member, new: Member) -> None:
        if chat.type == "channel" or old.inside == new.inside:
            return
        shape = shapes.user_shape(self.users[user])
        if new.inside:
            self.say(chat, actor, new_chat_participant=shape, new_chat_member=shape, new_chat_members=[shape])
        else:
            self.say(chat, actor, left_chat_participant=shape, left_chat_member=shape)

    def _meet(self, chat: Chat) -> None:
        """Let the bots inside a group know everybody they can see; in a channel, only as administrators."""
        for bot in self.bots_in(chat):
            if chat.type != "channel" or chat.member(bot.user).is_admin:
                bot.met |= chat.inside()
