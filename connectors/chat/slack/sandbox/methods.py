"""Which methods the sandbox knows, with their rate tiers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.chat.slack.sandbox import (
    admin,
    conversations,
    invite_requests,
    messages,
    roles,
    user_groups,
    views,
)
from connectors.chat.slack.sandbox.call import Call

Handler = Callable[[Call], dict[str, Any]]

METHODS: dict[str, tuple[Handler, str]] = {
    "auth.test": (conversations.auth_test, "t5"),
    "team.info": (conversations.team_info, "t3"),
    "users.list": (conversations.users_list, "t2"),
    "users.info": (conversations.users_info, "t4"),
    "users.lookupByEmail": (conversations.users_lookup_by_email, "t3"),
    "users.conversations": (conversations.users_conversations, "t3"),
    "conversations.list": (conversations.conversations_list, "t2"),
    "conversations.info": (conversations.conversations_info, "t3"),
    "conversations.members": (conversations.conversations_members, "t4"),
    "conversations.kick": (conversations.conversations_kick, "t3"),
    "conversations.join": (conversations.conversations_join, "t3"),
    "conversations.invite": (conversations.conversations_invite, "t3"),
    "conversations.open": (messages.conversations_open, "t3"),
    "conversations.history": (messages.conversations_history, "t3"),
    "chat.postMessage": (messages.chat_post_message, "post"),
    "chat.update": (messages.chat_update, "t3"),
    "views.open": (views.views_open, "t4"),
    "views.update": (views.views_update, "t4"),
    "views.publish": (views.views_publish, "t4"),
    "apps.connections.open": (views.apps_connections_open, "t3"),
    "usergroups.list": (user_groups.usergroups_list, "t2"),
    "usergroups.users.list": (user_groups.usergroups_users_list, "t2"),
    "usergroups.users.update": (user_groups.usergroups_users_update, "t2"),
    "conversations.requestSharedInvite.list": (invite_requests.connect_list, "t2"),
    "conversations.requestSharedInvite.deny": (invite_requests.connect_deny, "t2"),
    "admin.inviteRequests.list": (invite_requests.workspace_list, "t2"),
    "admin.inviteRequests.approved.list": (invite_requests.approved_list, "t2"),
    "admin.inviteRequests.deny": (invite_requests.workspace_deny, "t2"),
    "admin.roles.listAssignments": (roles.list_assignments, "t3"),
    "admin.roles.addAssignments": (roles.add_assignments, "t2"),
    "admin.roles.removeAssignments": (roles.remove_assignments, "t2"),
    "admin.conversations.search": (admin.conversations_search, "t2"),
    "admin.conversations.kick": (admin.conversations_kick, "t2"),
    "conversations.listConnectInvites": (conversations.list_connect_invites, "t1"),
    "admin.users.session.list": (admin.session_list, "t2"),
    "admin.users.session.reset": (admin.session_reset, "t2"),
    "admin.users.session.resetBulk": (admin.session_reset_bulk, "t2"),
    "admin.users.deactivate": (admin.users_deactivate, "t2"),
}
