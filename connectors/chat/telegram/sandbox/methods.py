"""The methods the sandbox answers, by the name the documentation gives them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from connectors.chat.telegram.sandbox import chats, links, members, messages, polling, webhooks
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
    "exportChatInviteLink": links.export_chat_invite_link,
    "createChatInviteLink": links.create_chat_invite_link,
    "revokeChatInviteLink": links.revoke_chat_invite_link,
    "approveChatJoinRequest": links.approve_chat_join_request,
    "declineChatJoinRequest": links.decline_chat_join_request,
    "sendMessage": messages.send_message,
    "editMessageText": messages.edit_message_text,
    "answerCallbackQuery": messages.answer_callback_query,
    "setMyCommands": messages.set_my_commands,
    "getUpdates": polling.get_updates,
    "setWebhook": webhooks.set_webhook,
    "deleteWebhook": webhooks.delete_webhook,
    "getWebhookInfo": webhooks.get_webhook_info,
}
BY_NAME = {name.lower(): name for name in METHODS}
"""Names are matched in whatever case, as the real server does."""
