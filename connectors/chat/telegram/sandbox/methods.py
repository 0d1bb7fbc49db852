"""The methods the sandbox answers, by the name the documentation gives them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from connectors.chat.telegram.sandbox import chats, members, polling
from connectors.chat.telegram.sandbox.call import Call

Handler = Callable[[Call], Any | Awaitable[Any]]
METHODS: dict[str, Handler] = {
    "getMe": chats.get_me,
    "getChat": chats.get_chat,
    "getChatMember": chats.get_chat_member,
    "getChatAdministrators": chats.get_chat_administrators,
    "getChatMemberCount": chats.get_chat_member_count,
    "banChatMember": members.ban_chat_member,
    "unbanChatMember": members.unban_chat_member,
    "promoteChatMember": members.promote_chat_member,
    "getUpdates": polling.get_updates,
}
BY_NAME = {name.lower(): name for name in METHODS}
"""Names are matched in whatever case, as the real server does."""
