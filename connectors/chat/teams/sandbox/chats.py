"""The sandbox's chats, and what of Teams hangs on a user: their teams and their chats."""

from __future__ import annotations

from connectors.chat.teams.sandbox import errors
from connectors.chat.teams.sandbox.call import NO_CONTENT, Answer, Call
from connectors.chat.teams.sandbox.conversation import (
    bound_user,
    own_members,
    role_in,
    rows_of,
    shown_member,
    team_members,
    whose,
)
from connectors.chat.teams.sandbox.errors import GraphError
from connectors.chat.teams.sandbox.odata import Row, selected
from connectors.chat.teams.sandbox.operations import Operation
from connectors.chat.teams.sandbox.state import Chat
from connectors.chat.teams.sandbox.teams import READ as READ_TEAMS
from connectors.chat.teams.sandbox.teams import shown_team

READ = ("Chat.ReadBasic.All", "Chat.Read.All", "Chat.ReadWrite.All")
READ_MEMBERS = ("ChatMember.Read.All", "ChatMember.ReadWrite.All", "Chat.Read.All", "Chat.ReadWrite.All")
WRITE_MEMBERS = ("ChatMember.ReadWrite.All", "Chat.ReadWrite.All")


def joined_teams(call: Call) -> Answer:
    """Direct memberships only, whole and without query options."""
    user = call.user().id
    return Answer(200, {"value": [shown_team(call, id_) for id_ in _teams_of(call, user)]})


def associated_teams(call: Call) -> Answer:
    """Give the joined teams and the hosts of shared channels the person is in."""
    user = call.user().id
    channels = call.tenant.channels.values()
    hosts = [
        one.team_id for one in channels if one.membership_type == "shared" and user in own_members(call, one)
    ]
    rows = [shown_team(call, id_) for id_ in dict.fromkeys([*_teams_of(call, user), *hosts])]
    kind = "#microsoft.graph.associatedTeamInfo"
    keep = ("id", "displayName", "tenantId")
    return call.page([{"@odata.type": kind, **{key: row[key] for key in keep}} for row in rows])


def chats_of(call: Call) -> Answer:
    user = call.user().id
    found = [chat for chat in call.tenant.chats.values() if user in own_members(call, chat)]
    return call.page([_shown(call, chat) for chat in found], default=20, most=50)


def get_chat(call: Call) -> Answer:
    return Answer(200, selected(_shown(call, _chat(call)), call.query))


def list_members(call: Call) -> Answer:
    chat = _chat(call)
    return call.page(rows_of(call, chat.id, own_members(call, chat)))


def add_member(call: Call) -> Answer:
    chat, id_, role = _changeable(call), bound_user(call, call.data()), role_in(call.data())
    call.bring_about(lambda: call.world.join_chat(chat.id, id_, role))
    return Answer(201, shown_member(chat.id, id_, role, call.tenant))


def remove_member(call: Call) -> Answer:
    chat = _changeable(call)
    id_ = whose(call, chat.id, chat.members)
    call.bring_about(lambda: call.world.leave_chat(chat.id, id_))
    return Answer(NO_CONTENT)


def _chat(call: Call) -> Chat:
    chat = call.tenant.chats.get(call.values["chat"])
    if chat is None:
        raise errors.not_found("Could not find resource")
    return chat


def _changeable(call: Call) -> Chat:
    """Give a chat whose members can change; the refusal's words are not documented."""
    chat = _chat(call)
    if chat.chat_type != "group":
        raise GraphError(400, "BadRequest", f"Members of a chat of type {chat.chat_type} do not change.")
    return chat


def _shown(call: Call, chat: Chat) -> Row:
    row: Row = {"id": chat.id, "topic": chat.topic, "chatType": chat.chat_type, "tenantId": call.tenant.id}
    if "members" in call.query.get("$expand", ""):
        row["members"] = rows_of(call, chat.id, own_members(call, chat))
    return row


def _teams_of(call: Call, user_id: str) -> list[str]:
    groups = call.tenant.groups
    return [id_ for id_ in call.tenant.teams if user_id in team_members(call, groups[id_])]


_CHAT = "/chats/{chat}"
_USER = "/users/{user}"

OPERATIONS = (
    Operation("GET", f"{_USER}/joinedTeams", joined_teams, READ_TEAMS, teams=True),
    Operation("GET", f"{_USER}/teamwork/associatedTeams", associated_teams, READ_TEAMS, teams=True),
    Operation("GET", f"{_USER}/chats", chats_of, READ, teams=True),
    Operation("GET", _CHAT, get_chat, READ, teams=True),
    Operation("GET", f"{_CHAT}/members", list_members, READ_MEMBERS, teams=True),
    Operation("POST", f"{_CHAT}/members", add_member, WRITE_MEMBERS, teams=True),
    Operation("DELETE", f"{_CHAT}/members/{{membership}}", remove_member, WRITE_MEMBERS, teams=True),
)
