"""What an update of Telegram means; pure, and nothing of a message's own words is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from telegram import (
    CallbackQuery,
    Chat,
    ChatJoinRequest,
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberOwner,
    ChatMemberUpdated,
    Message,
    Update,
    User,
)

from policies.model import Group, GroupKind

ALLOWED_UPDATES = ("my_chat_member", "chat_member", "chat_join_request", "message", "callback_query")
"""All that Bawab asks for. `chat_member` comes only where it is named, and the bot is an admin."""
PLATFORM = "telegram"
_KINDS = {
    Chat.GROUP: GroupKind.BASIC_GROUP,
    Chat.SUPERGROUP: GroupKind.SUPERGROUP,
    Chat.CHANNEL: GroupKind.BROADCAST_CHANNEL,
}
_OUT = frozenset({ChatMember.LEFT, ChatMember.BANNED})


@dataclass(frozen=True, slots=True)
class BotInside:
    """The bot is in a group, with these rights."""

    group: Group


@dataclass(frozen=True, slots=True)
class GroupSeen:
    """A group told of itself; of the bot's rights nothing was said."""

    group: Group


@dataclass(frozen=True, slots=True)
class BotOutside:
    """The bot is no longer in a group."""

    group_id: str
    why: str
    """Telegram's own word: left or kicked."""


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """An account stands so in a group; `joined` where it was not in it before."""

    group: Group
    account_id: str
    status: str
    joined: bool


@dataclass(frozen=True, slots=True)
class GroupMoved:
    """A basic group became a supergroup and goes by another id."""

    old_id: str
    new_id: str


@dataclass(frozen=True, slots=True)
class AsksToJoin:
    """An account asks to be let into a group."""

    group: Group
    account_id: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Started:
    """Somebody pressed Start, in private, with a code or without."""

    account_id: str
    code: str = field(repr=False)
    language: str | None


@dataclass(frozen=True, slots=True)
class SharedContact:
    """Somebody shared a contact in private; `own` only where Telegram says that it is the sender's."""

    account_id: str
    phone: str = field(repr=False)
    own: bool
    language: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody wrote a command in private; what follows it is all that is kept of their words."""

    account_id: str
    command: str
    """Without the slash and the bot's name, in lower case."""
    words: str = field(repr=False)
    language: str | None


@dataclass(frozen=True, slots=True)
class AskedInGroup:
    """Somebody wrote a command where others read along."""

    group: Group
    account_id: str
    command: str
    to: str
    """The bot it was addressed to, without the @; empty where no bot was named."""
    language: str | None


@dataclass(frozen=True, slots=True)
class Pressed:
    """Somebody pressed a button under a message of the bot in their private chat."""

    account_id: str
    query_id: str
    data: str = field(repr=False)
    message_id: str
    language: str | None
    text: str = field(default="", repr=False)
    """The bot's own words above the buttons."""
    left: tuple[tuple[tuple[str, str], ...], ...] = field(default=(), repr=False)
    """(label, data) of the buttons that stand for something else, by row."""


OfGroup = BotInside | GroupSeen | BotOutside | PersonSeen | GroupMoved
OfPerson = Started | SharedContact | Asked | AskedInGroup | Pressed
Meaning = OfGroup | AsksToJoin | OfPerson


def meanings(update: Update, instance: str) -> Iterator[Meaning]:
    """Give all that an update means, in order; nothing for what does not concern groups or enrolment."""
    if update.my_chat_member is not None:
        yield from _of_bot(update.my_chat_member, instance)
    if update.chat_member is not None:
        yield from _of_person(update.chat_member, instance)
    if update.chat_join_request is not None:
        yield from _of_request(update.chat_join_request, instance)
    if update.message is not None:
        yield from _of_message(update.message, instance)
    if update.callback_query is not None:
        yield from _of_press(update.callback_query)


def group_of(chat: Chat, instance: str) -> Group | None:
    """Give a chat as a group; None for a private one."""
    kind = _KINDS.get(chat.type)
    if kind is None:
        return None
    return Group(instance, PLATFORM, str(chat.id), chat.title or "", kind)


def _of_bot(change: ChatMemberUpdated, instance: str) -> Iterator[Meaning]:
    group, now = group_of(change.chat, instance), change.new_chat_member
    if group is None:
        return
    if not _inside(now):
        yield BotOutside(group.id, str(now.status))
        return
    yield BotInside(_with_rights(group, now))


def _with_rights(group: Group, now: ChatMember) -> Group:
    owner = isinstance(now, ChatMemberOwner)
    may = owner or (isinstance(now, ChatMemberAdministrator) and bool(now.can_restrict_members))
    names = {name: getattr(group, name) for name in ("instance", "platform", "id", "name", "kind")}
    return Group(**names, bot_inside=True, bot_may_remove=may)


def _of_person(change: ChatMemberUpdated, instance: str) -> Iterator[Meaning]:
    group, now = group_of(change.chat, instance), change.new_chat_member
    if group is not None:
        joined = _inside(now) and not _inside(change.old_chat_member)
        yield PersonSeen(group, str(now.user.id), str(now.status), joined)


def _inside(member: ChatMember) -> bool:
    """Somebody restricted may be inside or outside; everybody else is what their status says."""
    if member.status == ChatMember.RESTRICTED:
        return bool(getattr(member, "is_member", False))
    return member.status not in _OUT


def _of_request(request: ChatJoinRequest, instance: str) -> Iterator[Meaning]:
    group = group_of(request.chat, instance)
    if group is not None:
        yield AsksToJoin(group, str(request.from_user.id), request.date)


def _of_message(message: Message, instance: str) -> Iterator[Meaning]:
    group, sender = group_of(message.chat, instance), message.from_user
    if group is not None:
        yield from _in_group(message, group)
    elif message.chat.type == Chat.PRIVATE and sender is not None and not sender.is_bot:
        yield from _in_private(message, sender)


def _in_group(message: Message, group: Group) -> Iterator[Meaning]:
    if message.migrate_to_chat_id is not None:
        yield GroupMoved(group.id, str(message.migrate_to_chat_id))
        return
    if message.migrate_from_chat_id is not None:
        yield GroupMoved(str(message.migrate_from_chat_id), group.id)
    yield GroupSeen(group)
    yield from _command_in_group(message, group)
    for user in message.new_chat_members or ():
        if not user.is_bot:
            yield PersonSeen(group, str(user.id), str(ChatMember.MEMBER), joined=True)
    left = message.left_chat_member
    if left is not None and not left.is_bot:
        yield PersonSeen(group, str(left.id), str(ChatMember.LEFT), joined=False)


def _in_private(message: Message, sender: User) -> Iterator[Meaning]:
    first, rest = _cut(message.text)
    if message.contact is not None:
        own = message.contact.user_id == sender.id
        yield SharedContact(str(sender.id), message.contact.phone_number, own, sender.language_code)
    elif first.partition("@")[0] == "/start":
        yield Started(str(sender.id), _cut(rest)[0], sender.language_code)
    elif first.startswith("/"):
        yield Asked(str(sender.id), _command(first), rest, sender.language_code)


def _command_in_group(message: Message, group: Group) -> Iterator[Meaning]:
    """A command of a person; one that an anonymous admin or a channel wrote names nobody."""
    sender, first = message.from_user, _cut(message.text)[0]
    if sender is None or sender.is_bot or message.sender_chat is not None or not first.startswith("/"):
        return
    to, command = first.partition("@")[2].strip(), _command(first)
    if command != "start":  # how a bot is added by a link, with its own word behind it
        yield AskedInGroup(group, str(sender.id), command, to, sender.language_code)


def _cut(text: str | None) -> tuple[str, str]:
    """Give the first word and the rest; a new line parts them as a space does."""
    first, _, rest = " ".join((text or "").split(maxsplit=1)).partition(" ")
    return first, rest.strip()


def _command(first: str) -> str:
    return first.partition("@")[0].removeprefix("/").strip().lower()


def _of_press(query: CallbackQuery) -> Iterator[Meaning]:
    """Only under a message in the presser's own private chat: the bot puts buttons nowhere else."""
    message, sender = query.message, query.from_user
    if message is None or not query.data or message.chat.id != sender.id or sender.is_bot:
        return
    whole = message if isinstance(message, Message) else None
    yield Pressed(
        account_id=str(sender.id),
        query_id=query.id,
        data=query.data,
        message_id=str(message.message_id),
        language=sender.language_code,
        text=(whole.text or "") if whole is not None else "",
        left=tuple(_left(whole, query.data)) if whole is not None else (),
    )


def _left(message: Message, data: str) -> Iterator[tuple[tuple[str, str], ...]]:
    """Give the rows without what was pressed and its alternatives, which carry the same value."""
    value = data.partition(":")[2]
    for row in message.reply_markup.inline_keyboard if message.reply_markup is not None else ():
        kept = [(button.text, str(button.callback_data)) for button in row if button.callback_data]
        others = tuple(pair for pair in kept if pair[1].partition(":")[2] != value)
        if others:
            yield others
