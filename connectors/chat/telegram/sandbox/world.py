"""The sandbox's world: what people, not bots, do in Telegram, each act with the updates it causes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from connectors.chat.telegram.sandbox import shapes
from connectors.chat.telegram.sandbox.register import CHANNEL_PREFIX, FIRST_GROUP, FIRST_PERSON, Register
from connectors.chat.telegram.sandbox.rights import BOT_ADMIN
from connectors.chat.telegram.sandbox.state import (
    LEFT,
    Bot,
    Chat,
    InviteLink,
    JoinRequest,
    Member,
    Status,
    User,
)


class CannotJoin(Exception):
    """Telegram does not let this person in by this way."""


class World(Register):
    """People act here; bots act over HTTP. Chats and users are named by their ids."""

    def add_user(self, first_name: str, *, id_: int | None = None, **fields: Any) -> User:
        """Let somebody have an account."""
        user = User(id_ or FIRST_PERSON + len(self.users), first_name, **fields)
        self.users[user.id] = user
        return user

    def add_bot(self, token: str, username: str) -> Bot:
        """Let a bot exist; its id is the token's first part."""
        user = User(int(token.partition(":")[0]), username, username=username, is_bot=True)
        self.users[user.id] = user
        bot = self.bots[token] = Bot(user.id, token)
        bot.met.add(user.id)
        return bot

    def add_chat(
        self,
        type_: str,
        title: str,
        creator: int | None,
        *,
        members: Iterable[int] = (),
        admins: Mapping[int, frozenset[str]] | None = None,
        bots: Mapping[int, frozenset[str] | None] | None = None,
        id_: int | None = None,
        username: str = "",
    ) -> Chat:
        """Let a chat exist since long ago, `admins` by its creator's hand; a bot with None is a member.

        No creator: theirs was an account deleted since.
        """
        number = FIRST_GROUP + len(self.chats)
        chat = Chat(id_ or (-number if type_ == "group" else CHANNEL_PREFIX - number), type_, title, username)
        self.chats[chat.id] = chat
        if creator is not None:
            self.settle_in(chat, creator, Member(Status.CREATOR))
        for user in members:
            self.settle_in(chat, user, Member())
        for user, rights in {**(admins or {}), **(bots or {})}.items():
            made = Member() if rights is None else Member(Status.ADMINISTRATOR, rights, creator)
            self.settle_in(chat, user, made)
        return chat

    def person_joins(self, chat: int, user: int, link: InviteLink | None = None) -> None:
        """Let somebody walk in by a link, or by the public name where there is one; may raise CannotJoin."""
        place = self._enterable(chat, user, link)
        if link is not None and link.creates_join_request:
            self._ask(place, user, link)
            return
        if link is not None:
            link.used += 1
        self.change(place, user, user, Member(), link)

    def person_asks_to_join(self, chat: int, user: int, link: InviteLink | None = None) -> JoinRequest:
        """Let somebody ask to be let in; the bots who may invite are told."""
        return self._ask(self._enterable(chat, user, link, asks=True), user, link)

    def person_added(self, chat: int, user: int, by: int) -> None:
        """Let a member add somebody; whoever may restrict may thereby undo a ban."""
        place = self.chats[chat]
        if place.member(user).status is Status.KICKED and not place.member(by).may("can_restrict_members"):
            raise CannotJoin("USER_KICKED")
        self.change(place, by, user, Member())

    def person_leaves(self, chat: int, user: int) -> None:
        """Let somebody go of their own will."""
        self.change(self.chats[chat], user, user, LEFT)

    def person_removed(self, chat: int, user: int, by: int, *, bar: bool = True) -> None:
        """Let an administrator put somebody out."""
        place = self.chats[chat]
        barred = bar and place.type != "group"
        self.change(place, by, user, Member(Status.KICKED, is_member=False) if barred else LEFT)

    def person_promoted(self, chat: int, user: int, by: int, rights: frozenset[str] | None = None) -> None:
        """Let an administrator make somebody an administrator."""
        given = BOT_ADMIN if rights is None else rights
        self.change(self.chats[chat], by, user, Member(Status.ADMINISTRATOR, given, by))

    def person_demoted(self, chat: int, user: int, by: int) -> None:
        """Let an administrator take another's rights away."""
        self.change(self.chats[chat], by, user, Member())

    def person_restricted(self, chat: int, user: int, by: int) -> None:
        """Let an administrator leave somebody inside with less than others may do."""
        self.change(self.chats[chat], by, user, Member(Status.RESTRICTED))

    def chat_renamed(self, chat: int, title: str, by: int) -> None:
        """Let somebody give a chat another name."""
        self.chats[chat].title = title
        self.say(self.chats[chat], by, new_chat_title=title)

    def person_writes_in(self, chat: int, user: int, text: str) -> None:
        """Let somebody write in a chat; of that a bot that is no administrator gets only commands."""
        place = self.chats[chat]
        commands = _commands_in(text)
        self.say(
            place,
            user,
            heard=lambda bot: bool(commands) or place.member(bot.user).is_admin,
            text=text,
            **commands,
        )

    def owner_changes(self, chat: int, to: int) -> None:
        """Let the owner give the chat away and stay as an administrator."""
        place = self.chats[chat]
        old = next(user for user, member in place.members.items() if member.status is Status.CREATOR)
        self.change(place, old, to, Member(Status.CREATOR))
        self.change(place, old, old, Member(Status.ADMINISTRATOR, place.all_rights, to))

    def bot_added(
        self, chat: int, by: int, rights: frozenset[str] | None = None, bot: int | None = None
    ) -> None:
        """Let somebody add the bot: as a member, or as an administrator with these rights."""
        member = Member() if rights is None else Member(Status.ADMINISTRATOR, rights, by)
        self.change(self.chats[chat], by, self.bot(bot).user, member)

    def bot_removed(self, chat: int, by: int, bot: int | None = None) -> None:
        """Let somebody put the bot out."""
        self.change(self.chats[chat], by, self.bot(bot).user, Member(Status.KICKED, is_member=False))

    def bot_demoted(
        self, chat: int, by: int, rights: frozenset[str] = frozenset(), bot: int | None = None
    ) -> None:
        """Leave the bot only these rights; with none it is a plain member again."""
        place, user = self.chats[chat], self.bot(bot).user
        kept = replace(place.member(user), status=Status.ADMINISTRATOR, rights=rights)
        self.change(place, by, user, kept if rights else Member())

    def upgrade_to_supergroup(self, chat: int) -> int:
        """Let a basic group become a supergroup: everybody moves, bots are told; gives the new id."""
        old = self.chats[chat]
        owner = next(user for user, member in old.members.items() if member.status is Status.CREATOR)
        new = Chat(CHANNEL_PREFIX - FIRST_GROUP - len(self.chats), "supergroup", old.title)
        self.chats[new.id] = new
        for user, member in old.members.items():
            if member.inside:
                self.settle_in(new, user, member)
        self.say(old, owner, migrate_to_chat_id=new.id)
        self.say(new, owner, migrate_from_chat_id=old.id)
        old.migrated_to = new.id
        return new.id

    def delete_chat(self, chat: int) -> None:
        """Let the owner delete a chat for everybody."""
        self.chats[chat].deleted = True
        self.chats[chat].members.clear()

    def link_discussion(self, channel: int, group: int) -> None:
        """Make a supergroup the discussion group of a channel."""
        self.chats[channel].linked, self.chats[group].linked = group, channel

    def person_writes(self, user: int, text: str, bot: int | None = None) -> None:
        """Let somebody write to the bot in private; the first message is pressing Start."""
        self._private(user, bot, text=text, **_commands_in(text))

    def person_shares_contact(self, user: int, of: int | None = None, bot: int | None = None) -> None:
        """Let somebody share their own contact with the bot, or another's."""
        owner = self.users[of or user]
        contact = {"phone_number": owner.phone, "first_name": owner.first_name, "user_id": owner.id}
        self._private(user, bot, contact=contact)

    def person_presses(self, user: int, data: str, message: int, bot: int | None = None) -> None:
        """Let somebody press a button under a message the bot wrote to them."""
        who = self.bot(bot)
        self.presses += 1
        query = f"{user}{self.presses}"
        who.pressed.add(query)
        me, chat = shapes.user_shape(self.users[who.user]), shapes.private_chat_shape(self.users[user])
        said = {"id": query, "from": shapes.user_shape(self.users[user]), "chat_instance": str(user)}
        shown: shapes.Json = {"message_id": message, "from": me, "chat": chat, "date": self.date()}
        for sent in who.outbox:
            if (sent.message_id, sent.chat) == (message, user):
                shown["text"] = sent.text
                if "inline_keyboard" in sent.reply_markup:
                    shown["reply_markup"] = json.loads(sent.reply_markup)
        said["message"] = shown
        who.inbox.push("callback_query", said | {"data": data})

    def person_blocks(self, user: int, bot: int | None = None) -> None:
        """Let somebody stop the bot."""
        who = self.bot(bot)
        who.blocked_by.add(user)
        self._private_status(who, user, Status.MEMBER, Status.KICKED)

    def person_deletes_account(self, user: int) -> None:
        """Let an account be deleted: it leaves every chat, and only its id remains."""
        for chat in self.chats.values():
            if chat.member(user).inside:
                self.change(chat, user, user, LEFT)
        self.users[user].deleted = True

    def _ask(self, place: Chat, user: int, link: InviteLink | None) -> JoinRequest:
        request = place.requests[user] = JoinRequest(user, self.date(), link)
        for bot in self.bots_in(place):
            if place.member(bot.user).may("can_invite_users"):
                said = {
                    "chat": shapes.chat_shape(place),
                    "from": shapes.user_shape(self.users[user]),
                    "user_chat_id": user,
                    "date": request.date,
                }
                if link is not None:
                    whole = link.creator == bot.user
                    said["invite_link"] = shapes.link_shape(link, self.users[link.creator], whole=whole)
                bot.met.add(user)
                bot.inbox.push("chat_join_request", said)
        return request

    def _enterable(self, chat: int, user: int, link: InviteLink | None, *, asks: bool = False) -> Chat:
        place = self.chats[chat]
        if place.member(user).status is Status.KICKED:
            raise CannotJoin("the person is barred from the chat")
        if place.deleted or place.migrated_to is not None:
            raise CannotJoin("CHANNEL_PRIVATE")
        if link is None and not (place.username or asks):
            raise CannotJoin("a private chat is entered by a link")
        if link is not None and not self._leads_in(place, link):
            raise CannotJoin("INVITE_HASH_EXPIRED")
        return place

    def _leads_in(self, place: Chat, link: InviteLink) -> bool:
        known = any(link is one for one in place.links) and not link.is_revoked
        late = 0 < link.expire_date <= self.now()
        return known and not late and not 0 < link.member_limit <= link.used

    def _private(self, user: int, bot: int | None, **content: Any) -> None:
        who = self.bot(bot)
        if user in who.blocked_by:
            who.blocked_by.discard(user)
            self._private_status(who, user, Status.KICKED, Status.MEMBER)
        who.started.add(user)
        who.met.add(user)
        who.messages += 1
        said = {
            "message_id": who.messages,
            "from": shapes.user_shape(self.users[user]),
            "chat": shapes.private_chat_shape(self.users[user]),
            "date": self.date(),
        }
        who.inbox.push("message", said | content)

    def _private_status(self, bot: Bot, user: int, old: Status, new: Status) -> None:
        me = shapes.user_shape(self.users[bot.user])
        said = {
            "chat": shapes.private_chat_shape(self.users[user]),
            "from": shapes.user_shape(self.users[user]),
            "date": self.date(),
            "old_chat_member": _in_private(me, old),
            "new_chat_member": _in_private(me, new),
        }
        bot.inbox.push("my_chat_member", said)


def _in_private(me: shapes.Json, status: Status) -> shapes.Json:
    return {"user": me, "status": status.value} | ({"until_date": 0} if status is Status.KICKED else {})


def _commands_in(text: str) -> dict[str, Any]:
    """Mark a command at the start as Telegram marks it."""
    if not text.startswith("/"):
        return {}
    length = len(text.split(maxsplit=1)[0].encode("utf-16-le")) // 2
    return {"entities": [{"offset": 0, "length": length, "type": "bot_command"}]}
