"""The rights an admin can have, by the names Telegram gives them."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

from telegram import Bot, ChatMember, ChatMemberAdministrator

from connectors.chat.telegram.objects import is_basic, may
from policies.model import Group

RESTRICT = "can_restrict_members"
INVITE = "can_invite_users"
PROMOTE = "can_promote_members"

ALL_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    RESTRICT,
    PROMOTE,
    "can_change_info",
    INVITE,
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_post_messages",
    "can_edit_messages",
    "can_pin_messages",
    "can_manage_topics",
)
# All false is how a demotion is written.
NO_RIGHTS: dict[str, bool] = dict.fromkeys(("is_anonymous", *ALL_RIGHTS), False)


def rights_of(member: ChatMember) -> tuple[str, ...]:
    """Give the rights a bot can pass on: nobody can grant what they do not have."""
    return tuple(right for right in ALL_RIGHTS if may(member, right))


def may_demote(member: ChatMember, group: Group) -> bool:
    """Whether the bot may take an admin's rights away; in a basic group no bot may (`promoteChatMember`)."""
    return isinstance(member, ChatMemberAdministrator) and member.can_be_edited and not is_basic(group)


def promotion(bot: Bot, group_id: str, user_id: str, rights: Mapping[str, bool]) -> Awaitable[bool]:
    """Make the SDK's call that gives an account exactly these rights."""
    granted: dict[str, Any] = dict(rights)
    return bot.promote_chat_member(int(group_id), int(user_id), **granted)
