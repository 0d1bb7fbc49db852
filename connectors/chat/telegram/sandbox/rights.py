"""What an administrator can be allowed, by kind of chat, and what members may, in the Bot API's names."""

from __future__ import annotations

EVERYWHERE = (
    "can_manage_chat",
    "can_change_info",
    "can_delete_messages",
    "can_invite_users",
    "can_restrict_members",
    "can_promote_members",
    "can_manage_video_chats",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "is_anonymous",
)
RIGHTS = {
    "group": (*EVERYWHERE, "can_pin_messages", "can_manage_tags"),
    "supergroup": (*EVERYWHERE, "can_pin_messages", "can_manage_topics", "can_manage_tags"),
    "channel": (*EVERYWHERE, "can_post_messages", "can_edit_messages", "can_manage_direct_messages"),
}
"""chat type → the rights an administrator is shown with there (as json_store_administrator_rights has it)."""
ALL_RIGHTS = frozenset(right for rights in RIGHTS.values() for right in rights)
PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)
BOT_ADMIN = frozenset({"can_manage_chat", "can_restrict_members", "can_invite_users", "can_promote_members"})
"""What Bawab's bot is given where nothing else is said: all it needs, and no more."""
