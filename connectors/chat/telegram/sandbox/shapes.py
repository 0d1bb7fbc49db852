"""The Bot API's objects as the real server writes them: which fields stand where, and which are left out."""

from __future__ import annotations

from typing import Any

from connectors.chat.telegram.sandbox.rights import PERMISSIONS, RIGHTS
from connectors.chat.telegram.sandbox.state import Chat, InviteLink, Member, Status, User

Json = dict[str, Any]
NO_GIFTS = dict.fromkeys(
    (
        "unlimited_gifts",
        "limited_gifts",
        "unique_gifts",
        "premium_subscription",
        "gifts_from_channels",
    ),
    False,
)


def user_shape(user: User) -> Json:
    """Give a `User`; a deleted account keeps its id and loses its name."""
    shape: Json = {
        "id": user.id,
        "is_bot": user.is_bot,
        "first_name": "" if user.deleted else user.first_name,
    }
    for name in ("last_name", "username", "language_code"):
        if getattr(user, name) and not user.deleted:
            shape[name] = getattr(user, name)
    return shape


def me_shape(user: User) -> Json:
    """Give the `User` of getMe, with what the bot is set up for."""
    return user_shape(user) | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "supports_guest_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
        "can_manage_bots": False,
    }


def private_chat_shape(user: User) -> Json:
    """Give the `Chat` of a conversation with one person."""
    shape = user_shape(user)
    kept = {name: shape[name] for name in ("id", "first_name", "last_name", "username") if name in shape}
    return kept | {"type": "private"}


def chat_shape(chat: Chat) -> Json:
    """Give a `Chat` as it stands in updates and messages."""
    shape: Json = {"id": chat.id, "title": chat.title, "type": chat.type}
    if chat.username:
        shape["username"] = chat.username
    if chat.type == "group":
        shape |= {"all_members_are_administrators": False, "accepted_gift_types": dict(NO_GIFTS)}
    return shape


def full_chat_shape(chat: Chat, invite_link: str | None) -> Json:
    """Give a `ChatFullInfo`."""
    shape = chat_shape(chat) | {"accepted_gift_types": dict(NO_GIFTS), "max_reaction_count": 11}
    shape["accent_color_id"] = abs(chat.id) % 7
    if chat.username:
        shape["active_usernames"] = [chat.username]
    if invite_link:
        shape["invite_link"] = invite_link
    if chat.type != "channel":
        shape["permissions"] = _permissions()
    if chat.linked is not None:
        shape["linked_chat_id"] = chat.linked
    if chat.hidden_members:
        shape["has_hidden_members"] = True
    return shape


def full_private_shape(user: User) -> Json:
    """Give the `ChatFullInfo` of a conversation with one person."""
    colours: Json = {"accent_color_id": user.id % 7, "max_reaction_count": 11}
    return private_chat_shape(user) | colours | {"accepted_gift_types": dict(NO_GIFTS)}


def member_shape(chat: Chat, user: User, member: Member, *, can_be_edited: bool) -> Json:
    """Give a `ChatMember`, as the bot asking sees it."""
    shape: Json = {"user": user_shape(user), "status": member.status.value}
    match member.status:
        case Status.CREATOR:
            shape["is_anonymous"] = "is_anonymous" in member.rights
        case Status.ADMINISTRATOR:
            shape["can_be_edited"] = can_be_edited
            shape |= {right: right in member.rights for right in RIGHTS[chat.type]}
            shape["can_manage_voice_chats"] = "can_manage_video_chats" in member.rights
        case Status.RESTRICTED if chat.type == "supergroup":
            shape |= {"until_date": member.until, **dict.fromkeys(PERMISSIONS, False)}
            shape |= {"can_send_media_messages": False, "is_member": member.is_member}
        case Status.KICKED:
            shape["until_date"] = member.until
        case _:
            pass
    return shape


def link_shape(link: InviteLink, creator: User, pending: int = 0, *, whole: bool = True) -> Json:
    """Give a `ChatInviteLink`; in updates about other administrators' links the end of the link is hidden."""
    shape: Json = {"invite_link": link.url if whole else link.url[: len(link.url) - 8] + "..."}
    if link.name:
        shape["name"] = link.name
    shape["creator"] = user_shape(creator)
    for name, value in (("expire_date", link.expire_date), ("member_limit", link.member_limit)):
        if value:
            shape[name] = value
    if pending:
        shape["pending_join_request_count"] = pending
    flags = ("creates_join_request", "is_primary", "is_revoked")
    return shape | {name: getattr(link, name) for name in flags}


def _permissions() -> Json:
    held_back = {"can_change_info", "can_pin_messages"}
    return {name: name not in held_back for name in PERMISSIONS} | {"can_send_media_messages": True}
