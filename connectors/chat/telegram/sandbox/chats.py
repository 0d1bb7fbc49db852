"""What a bot may read: itself, chats, members one by one, administrators, and how many are in a chat."""

from __future__ import annotations

from typing import Any

from connectors.chat.telegram.sandbox import shapes
from connectors.chat.telegram.sandbox.call import Access, Call, Refused
from connectors.chat.telegram.sandbox.state import Chat, User

MOST_ADMINISTRATORS = 100


def get_me(call: Call) -> shapes.Json:
    """Give the bot's own account."""
    return shapes.me_shape(call.world.users[call.me])


def get_chat(call: Call) -> shapes.Json:
    """Give a chat; the bot's own primary link only where it may invite."""
    person = private_person(call)
    if person is not None:
        return shapes.full_private_shape(person)
    chat = call.chat(Access.READ)
    invites = call.mine(chat).inside and call.mine(chat).may("can_invite_users")
    return shapes.full_chat_shape(chat, call.world.primary_link(chat, call.me).url if invites else None)


def get_chat_member(call: Call) -> shapes.Json:
    """Give what one account is in a chat."""
    user_id = call.user_id()
    chat = call.chat(Access.READ if user_id == call.me else Access.MEMBERS)
    user = call.known_person(chat, user_id)
    members_readable(call, chat)
    if chat.hidden_members and user_id != call.me and not call.mine(chat).is_admin:
        raise Refused("Bad Request: CHAT_ADMIN_REQUIRED")
    return _member(call, chat, user)


def get_chat_administrators(call: Call) -> list[shapes.Json]:
    """Give the owner and the administrators; other bots only where asked for."""
    if private_person(call) is not None:
        raise Refused("Bad Request: there are no administrators in the private chat")
    chat = call.chat(Access.MEMBERS)
    members_readable(call, chat)
    admins = [call.world.users[id_] for id_, member in chat.members.items() if member.is_admin]
    shown = [user for user in admins if not user.is_bot or user.id == call.me or call.flag("return_bots")]
    return [_member(call, chat, user) for user in shown[:MOST_ADMINISTRATORS]]


def get_chat_member_count(call: Call) -> int:
    """Give how many are in a chat, bots too."""
    if private_person(call) is not None:
        return 2
    return len(call.chat(Access.MEMBERS).inside())


def members_readable(call: Call, chat: Chat) -> None:
    """Refuse to say who reads a channel to whoever does not administer it."""
    if chat.type == "channel" and not call.mine(chat).is_admin:
        raise Refused("Bad Request: member list is inaccessible")


def private_person(call: Call) -> User | None:
    """Give the person of a private chat the bot knows; None where another sort of chat is meant."""
    wanted: Any = call.text("chat_id")
    if not wanted.isdigit() or int(wanted) not in call.bot.met:
        return None
    return call.world.users.get(int(wanted))


def _member(call: Call, chat: Chat, user: User) -> shapes.Json:
    editable = user.id != call.me and chat.can_edit(call.me, user.id)
    return shapes.member_shape(chat, user, chat.member(user.id), can_be_edited=editable)
