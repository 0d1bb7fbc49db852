"""Puts answers of other Bot API servers into the form the SDK counts on; a presence is never invented."""

from __future__ import annotations

from typing import Any

import orjson

# Telegram's own server writes these as numbers, and says what is false; others may not.
_NUMBERS = frozenset(
    {
        "update_id",
        "message_id",
        "date",
        "until_date",
        "migrate_to_chat_id",
        "migrate_from_chat_id",
        "linked_chat_id",
        "pending_update_count",
        "last_error_date",
    }
)
_ANSWERS = frozenset(
    {
        "getMe",
        "getChat",
        "getChatMember",
        "getChatAdministrators",
        "getUpdates",
        "getWebhookInfo",
        "sendMessage",
        "editMessageText",
    }
)
_OF_ADMINS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
_OF_RESTRICTED = (
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_send_messages",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_manage_topics",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_edit_tag",
    "can_react_to_messages",
)
_FALSE_WHERE_MISSING = {
    "administrator": _OF_ADMINS,
    "creator": ("is_anonymous",),
    "restricted": _OF_RESTRICTED,
}
# Younger than many a server; the SDK insists on them, and nothing here reads them.
_OF_CHATS = {"accent_color_id": 0, "max_reaction_count": 0, "accepted_gift_types": None}
_OF_WEBHOOKS = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
NOT_SAID = "restricted, and not said whether inside"
"""A status of our own: somebody restricted of whom the server leaves out `is_member`."""


def spelt(method: str, body: bytes) -> bytes:
    """Give an answer's body as Telegram itself would write it; what is no JSON stays as it is."""
    if method not in _ANSWERS:
        return body
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    data = _of(data)
    result = data.get("result") if isinstance(data, dict) else None
    if isinstance(result, dict) and method == "getChat":
        data["result"] = _OF_CHATS | result
    elif isinstance(result, dict) and method == "getMe":
        data["result"] = result | {"is_bot": True}
    elif isinstance(result, dict) and method == "getWebhookInfo":
        data["result"] = _OF_WEBHOOKS | result
    return orjson.dumps(data)


def _of(value: Any) -> Any:
    if isinstance(value, list):
        return [_of(one) for one in value]
    return _object({name: _of(one) for name, one in value.items()}) if isinstance(value, dict) else value


def _object(row: dict[str, Any]) -> dict[str, Any]:
    # Callback queries have ids that are text; those of people and chats are numbers.
    names = _NUMBERS | ({"id"} if {"first_name", "is_bot", "type"} & row.keys() else set())
    numbers = {name: int(row[name]) for name in names & row.keys() if _is_number(row[name])}
    # A person or bot, who is not a chat: only of bots is it surely said.
    somebody = {"id", "first_name"} <= row.keys() and "type" not in row
    return _member(({"is_bot": False} if somebody else {}) | row | numbers)


def _member(row: dict[str, Any]) -> dict[str, Any]:
    """Complete a member: a right that is not named is not there; being inside is never taken as said."""
    status = row.get("status")
    if "user" not in row or not isinstance(status, str):
        return row
    if status == "restricted" and not isinstance(row.get("is_member"), bool):
        return {"status": NOT_SAID, "user": row["user"]}
    missing = dict.fromkeys(_FALSE_WHERE_MISSING.get(status, ()), False)
    bounded = {"until_date": 0} if status in {"restricted", "kicked"} else {}
    return missing | bounded | row


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and value.removeprefix("-").isdecimal() and value.isascii()
